"""Read the items of a Zotero library and their files, from a copy of the database, which Zotero keeps locked.

The tables read here are the same in Zotero 5 to 8.
"""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ...errors import SourceError
from ...text.html_tags import untagged
from ...types import Failure
from ..metadata import arxiv_number, metadata_fields
from ..sources import Item
from .attachments import can_hold_text, existing_file, file_name, text_files
from .snapshot import sqlite_snapshot

DATABASE = "zotero.sqlite"
_MIN_SCHEMA = 80  # Zotero 5, the first with `parentItemID` in its attachments
_IMPORTED, _LINKED = (0, 1), 2
_PROFILES = (".zotero/zotero", "Library/Application Support/Zotero/Profiles", "AppData/Roaming/Zotero/Zotero/Profiles")
_TITLE_FIELDS = "title caseName nameOfAct subject".split()
_DATE_FIELDS = "date dateDecided dateEnacted issueDate".split()
_VENUE_FIELDS = (
    "publicationTitle bookTitle proceedingsTitle encyclopediaTitle dictionaryTitle websiteTitle blogTitle forumTitle "
    "conferenceName journalAbbreviation university institution repository publisher"
).split()

_ITEMS = """
    SELECT itemID, key, libraryID, dateAdded, linkMode, path FROM items
    JOIN itemTypes USING (itemTypeID) JOIN libraries USING (libraryID) LEFT JOIN itemAttachments USING (itemID)
    WHERE itemID NOT IN (SELECT itemID FROM deletedItems) AND type != 'feed' AND parentItemID IS NULL
    AND typeName NOT IN ('note', 'annotation') AND (typeName != 'attachment' OR path IS NOT NULL)
    ORDER BY itemID"""
_FILES = """
    SELECT key, linkMode, path FROM itemAttachments JOIN items USING (itemID)
    WHERE parentItemID = ? AND path IS NOT NULL AND itemID NOT IN (SELECT itemID FROM deletedItems) ORDER BY itemID"""
_FIELDS = """
    SELECT fieldName, value FROM itemData JOIN fields USING (fieldID) JOIN itemDataValues USING (valueID)
    WHERE itemID = ?"""
_CREATORS = """
    SELECT creatorType, firstName, lastName FROM itemCreators
    JOIN creators USING (creatorID) JOIN creatorTypes USING (creatorTypeID) WHERE itemID = ? ORDER BY orderIndex"""
_TAGS = "SELECT name FROM itemTags JOIN tags USING (tagID) WHERE itemID = ? ORDER BY name"


class _Row(NamedTuple):
    """An item, or a standalone file, which has a `mode` and `path`."""

    number: int
    key: str
    library: int
    added: str
    mode: int | None
    path: str | None


@dataclass(frozen=True, slots=True)
class _Library:
    folder: Path
    database: sqlite3.Connection
    paths: Mapping[int, str]  # collection id -> path
    groups: Mapping[int, int]  # library id -> group id
    citekeys: Mapping[tuple[int, str], str]  # (library id, item key) -> citekey
    linked_folder: Path | None
    failures: list[Failure]


def is_zotero(folder: Path) -> bool:
    """Return whether a folder has Zotero's database and storage/, or a database with Zotero's tables."""
    database = folder / DATABASE
    if not database.is_file() or (folder / "storage").is_dir():
        return database.is_file()
    try:  # `immutable` neither waits for Zotero's lock nor writes anything
        with closing(sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro&immutable=1", uri=True)) as tables:
            names = {name for (name,) in tables.execute("SELECT name FROM sqlite_master")}
    except sqlite3.Error:
        return False
    return {"items", "itemData", "itemAttachments"} <= names


def read_zotero(
    folder: Path, collections: Sequence[str] = (), without: Sequence[str] = ()
) -> tuple[list[Item], list[Failure]]:
    """Return the items of a Zotero folder and its groups in the order they were added, and the failures.

    `collections` limits the items and `without` excludes some, by name ("Chapter 2") or path ("Thesis/Chapter 2"),
    ignoring case and including subcollections. A standalone file becomes an item with an empty title. Raise
    SourceError if the database cannot be read, or there is no such collection.
    """
    failures: list[Failure] = []
    citekeys = better_bibtex_citekeys(folder / "better-bibtex.sqlite", failures)
    with sqlite_snapshot(folder / DATABASE) as database:
        try:
            paths = _paths(database)
            groups = dict(database.execute("SELECT libraryID, groupID FROM groups"))
            library = _Library(folder, database, paths, groups, citekeys, linked_files_folder(folder), failures)
            wanted, unwanted = _collection_ids(paths, collections), _collection_ids(paths, without)
            items = [
                _item(library, row, {paths[n] for n in ids if n in paths})
                for row, ids in _rows(database)
                if (wanted & ids or not collections)
                and not unwanted & ids
                and (row.path is None or can_hold_text(row.path))
            ]
        except sqlite3.DatabaseError as error:
            raise SourceError(_explain(database, error)) from error
    return items, failures


def _rows(database: sqlite3.Connection) -> Iterator[tuple[_Row, set[int]]]:
    """Yield every item and standalone file with the ids of its collections."""
    collections: dict[int, set[int]] = {}
    for item, collection in database.execute("SELECT itemID, collectionID FROM collectionItems"):
        collections.setdefault(item, set()).add(collection)
    for row in map(_Row._make, database.execute(_ITEMS).fetchall()):
        yield row, collections.get(row.number, set())


def _item(library: _Library, row: _Row, paths: set[str]) -> Item:
    number, key, library_id, added, mode, path = row
    execute = library.database.execute
    alone = path is not None
    fields = {} if alone else {name: str(value) for name, value in execute(_FIELDS, [number])}
    attached = [(key, mode, path)] if alone else execute(_FILES, [number]).fetchall()
    files, missing = text_files(file for each in attached for file in _file(library, *each))
    metadata = metadata_fields(
        {
            "authors": _authors(execute(_CREATORS, [number]).fetchall()),
            "year": _first(fields, _DATE_FIELDS),
            "venue": untagged(_first(fields, _VENUE_FIELDS)),
            "doi": fields.get("DOI") or _extra(fields, "DOI"),
            "arxiv_id": _arxiv(fields),
            "url": fields.get("url"),
            "citekey": fields.get("citationKey")
            or _extra(fields, "Citation Key")
            or library.citekeys.get((library_id, key)),
            "tags": [tag for (tag,) in execute(_TAGS, [number])],
        }
    )
    metadata["collections"] = tuple(sorted(paths))
    where = f"groups/{library.groups[library_id]}" if library_id in library.groups else "library"
    metadata["zotero"] = f"zotero://select/{where}/items/{key}"
    return Item(
        key=key,
        title=" ".join(untagged(_first(fields, _TITLE_FIELDS)).split()),
        details=metadata,
        abstract=untagged(fields.get("abstractNote", "")) or None,
        files=files,
        missing=missing,
        added=f"{added.replace(' ', 'T')}Z" if added else "",
    )


def _file(library: _Library, key: str, mode: int, path: str) -> Iterator[tuple[str, Path | None]]:
    """Yield the name and path of an attachment; nothing for a web link, or a path outside the attachment's folder."""
    kind, colon, rest = path.partition(":")
    if mode == _LINKED and kind != "attachments":
        yield file_name(path), existing_file(library.folder, path)
    elif colon and (mode in _IMPORTED or mode == _LINKED):
        folder = library.linked_folder if mode == _LINKED else library.folder / "storage" / key
        if ".." in re.split(r"[/\\]", rest) or (Path("x") / rest).anchor or not key.isalnum():
            reason = f"the attachment {key!r} names a file outside its folder, {rest!r}, which is not read"
            library.failures.append(Failure(DATABASE, None, reason))
        else:
            yield file_name(rest), existing_file(folder, rest) if folder else None


def _authors(creators: Sequence[tuple[str, str | None, str | None]]) -> list[str]:
    """Return the authors' names; if there are none, the creators of the first creator's type, such as editors."""
    kinds = [kind for kind, _, _ in creators]
    chosen = "author" if "author" in kinds else next(iter(kinds), "")
    return [" ".join(filter(None, names)) for kind, *names in creators if kind == chosen]


def _first(fields: Mapping[str, str], names: Sequence[str]) -> str:
    return next((fields[name] for name in names if fields.get(name)), "")


def _extra(fields: Mapping[str, str], label: str) -> str | None:
    """Return the value of a line `Label: value` in the field `extra`."""
    line = re.search(rf"(?im)^{label}:[ \t]*(\S+)", fields.get("extra", ""))
    return line[1] if line else None


def _arxiv(fields: Mapping[str, str]) -> str | None:
    names = ("archiveID", "extra", "DOI", "url", "publicationTitle")
    return next((number for name in names if (number := arxiv_number(fields.get(name, "")))), None)


def _paths(database: sqlite3.Connection) -> dict[int, str]:
    """Return each collection's id and path, except for collections in the bin and their subcollections."""
    rows = {
        n: rest
        for n, *rest in database.execute("SELECT collectionID, parentCollectionID, collectionName FROM collections")
    }
    if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'deletedCollections'").fetchone():
        for (number,) in database.execute("SELECT collectionID FROM deletedCollections"):
            rows.pop(number, None)
    paths = {}
    for number in rows:
        names: list[str] = []
        at: int | None = number
        while at in rows and len(names) < len(rows):
            at, name = rows[at]
            names.insert(0, name)
        if at is None:
            paths[number] = "/".join(names)
    return paths


def _collection_ids(paths: Mapping[int, str], names: Sequence[str]) -> set[int]:
    """Return the ids of the collections of these names or paths, and of their subcollections."""
    ids: set[int] = set()
    for name in names:
        folded = name.strip().strip("/").casefold()
        matches = {p for p in paths.values() if folded in (p.casefold(), p.casefold().rpartition("/")[2])}
        if not matches:
            known = ", ".join(sorted(set(paths.values()))) or "none"
            raise SourceError(f"there is no collection {name!r} in Zotero; its collections are: {known}")
        ids |= {n for n, path in paths.items() if any(f"{path}/".startswith(f"{p}/") for p in matches)}
    return ids


def _explain(database: sqlite3.Connection, error: sqlite3.DatabaseError) -> str:
    """Return a message that says what is wrong with a database, and what to do."""
    try:
        row = database.execute("SELECT version FROM version WHERE schema = 'userdata'").fetchone()
    except sqlite3.DatabaseError:
        row = None
    if not row:
        return (
            f"{DATABASE} is damaged or not a Zotero database ({error}); close Zotero and try again, or replace it with "
            f"{DATABASE}.bak"
        )
    if row[0] < _MIN_SCHEMA:
        return f"{DATABASE} is from a Zotero before 5 (tables {row[0]}); open it once in a newer Zotero, then try again"
    return (
        f"{DATABASE} (tables {row[0]}) does not have the tables of Zotero 5 to 8 ({error}); open it in Zotero, or "
        "export the library as BibTeX with its files and add that"
    )


def better_bibtex_citekeys(file: Path, failures: list[Failure]) -> dict[tuple[int, str], str]:
    """Return the citekeys in Better BibTeX's database by library id and item key; older versions keep JSON in it."""
    if not file.is_file():
        return {}
    try:
        with sqlite_snapshot(file) as database:
            if database.execute("SELECT 1 FROM sqlite_master WHERE name = 'citationkey'").fetchone():
                rows = database.execute("SELECT libraryID, itemKey, citationKey FROM citationkey").fetchall()
            else:
                ((data,),) = database.execute("SELECT data FROM 'better-bibtex' WHERE name = 'better-bibtex.citekey'")
                rows = [(row["libraryID"], row["itemKey"], row["citekey"]) for row in json.loads(data)["data"]]
    except (SourceError, sqlite3.DatabaseError, ValueError, KeyError, TypeError) as error:
        failures.append(Failure(file.name, None, f"the citekeys of Better BibTeX cannot be read ({error})"))
        return {}
    return {(library, key): citekey for library, key, citekey in rows}


def linked_files_folder(folder: Path) -> Path | None:
    """Return the base folder of linked files: a setting of the Zotero profile that uses this folder."""
    for file in (folder / "prefs.js", folder.parent / "prefs.js"):
        if base := _settings(file).get("baseAttachmentPath"):
            return Path(base)
    for place in _PROFILES:
        for file in sorted((Path.home() / place).glob("*/prefs.js")):
            settings = _settings(file)
            data = Path(settings.get("dataDir") or Path.home() / "Zotero")
            if settings.get("baseAttachmentPath") and data.resolve() == folder.resolve():
                return Path(settings["baseAttachmentPath"])
    return None


def _settings(file: Path) -> dict[str, str]:
    try:
        text = file.read_text("utf-8", "replace")
    except OSError:  # unreadable: linked files then count as missing
        return {}
    pairs = re.findall(r'^user_pref\("extensions\.zotero\.(\w+)", "((?:[^"\\]|\\.)*)"\)', text, re.M)
    return {name: re.sub(r"\\(.)", r"\1", value) for name, value in pairs}
