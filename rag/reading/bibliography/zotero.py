"""A Zotero library, read only: its items and their files, from a copy of the database that Zotero itself keeps locked.

Written for the tables of Zotero 5 to 8, which differ in nothing that is read here.
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ...errors import SourceError
from ...types import Failure
from ..sources import Item, arxiv_number, details
from .attachments import files_of, found, holds_text, last_part
from .sqlite_snapshot import copied
from .tags import untagged
from .zotero_extras import citekeys_of, linked_from

DATABASE = "zotero.sqlite"
_FIRST_VERSION = 80  # of the tables, in which an attachment has a `parentItemID`: Zotero 5
_IMPORTED, _LINKED = (0, 1), 2
_TITLE = "title caseName nameOfAct subject".split()
_DATE = "date dateDecided dateEnacted issueDate".split()
_VENUE = (
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
    """An item, or with a mode and a path a file that stands alone."""

    number: int
    key: str
    library: int
    added: str
    mode: int | None
    path: str | None


@dataclass(frozen=True, slots=True)
class _Library:
    """What it takes to describe an item: collections' paths and groups' numbers by their own, citekeys by item."""

    folder: Path
    database: sqlite3.Connection
    paths: Mapping[int, str]
    groups: Mapping[int, int]
    citekeys: Mapping[tuple[int, str], str]
    linked_from: Path | None
    failures: list[Failure]


def is_zotero(folder: Path) -> bool:
    """Whether a folder is Zotero's: its database beside storage/, or alone but with Zotero's tables."""
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
    """The items of a Zotero folder and of its groups, as they came into it, and what cannot be followed.

    With `collections` only the items in these, with `without` none of those: names ("Chapter 2") or paths
    ("Thesis/Chapter 2"), in any case of letters; what is in a collection's own collections is in it. A file without an
    item around it is an item with an empty title.

    Raises:
        SourceError: the database cannot be read, or there is no such collection.
    """
    failures: list[Failure] = []
    citekeys = citekeys_of(folder / "better-bibtex.sqlite", failures)
    with copied(folder / DATABASE) as database:
        try:
            paths = _paths(database)
            groups = dict(database.execute("SELECT libraryID, groupID FROM groups"))
            library = _Library(folder, database, paths, groups, citekeys, linked_from(folder), failures)
            wanted, unwanted = _numbers(paths, collections), _numbers(paths, without)
            items = [
                _item(library, row, {paths[n] for n in shelves if n in paths})
                for row, shelves in _shelved(database)
                if (wanted & shelves or not collections)
                and not unwanted & shelves
                and (row.path is None or holds_text(row.path))
            ]
        except sqlite3.DatabaseError as error:
            raise SourceError(_trouble(database, error)) from error
    return items, failures


def _shelved(database: sqlite3.Connection) -> Iterator[tuple[_Row, set[int]]]:
    """Every item, or file that stands alone, with the numbers of the collections that it is in."""
    shelves: dict[int, set[int]] = {}
    for number, collection in database.execute("SELECT itemID, collectionID FROM collectionItems"):
        shelves.setdefault(number, set()).add(collection)
    for row in map(_Row._make, database.execute(_ITEMS).fetchall()):
        yield row, shelves.get(row.number, set())


def _item(library: _Library, row: _Row, paths: set[str]) -> Item:
    number, key, place, added, mode, path = row
    execute = library.database.execute
    alone = path is not None
    fields = {} if alone else {name: str(value) for name, value in execute(_FIELDS, [number])}
    attached = [(key, mode, path)] if alone else execute(_FILES, [number]).fetchall()
    files, missing = files_of(file for each in attached for file in _file(library, *each))
    known = details(
        {
            "authors": _authors(execute(_CREATORS, [number]).fetchall()),
            "year": _first(fields, _DATE),
            "venue": untagged(_first(fields, _VENUE)),
            "doi": fields.get("DOI") or _extra(fields, "DOI"),
            "arxiv_id": _arxiv(fields),
            "url": fields.get("url"),
            "citekey": fields.get("citationKey")
            or _extra(fields, "Citation Key")
            or library.citekeys.get((place, key)),
            "tags": [tag for (tag,) in execute(_TAGS, [number])],
        }
    )
    known["collections"] = tuple(sorted(paths))
    where = f"groups/{library.groups[place]}" if place in library.groups else "library"
    known["zotero"] = f"zotero://select/{where}/items/{key}"
    return Item(
        key=key,
        title=" ".join(untagged(_first(fields, _TITLE)).split()),
        details=known,
        abstract=untagged(fields.get("abstractNote", "")) or None,
        files=files,
        missing=missing,
        added=f"{added.replace(' ', 'T')}Z" if added else "",
    )


def _file(library: _Library, key: str, mode: int, path: str) -> Iterator[tuple[str, Path | None]]:
    """The name and place of an attachment; nothing for a link to the web, or a path out of the folder it belongs in."""
    kind, colon, rest = path.partition(":")
    if mode == _LINKED and kind != "attachments":
        yield last_part(path), found(library.folder, path)
    elif colon and (mode in _IMPORTED or mode == _LINKED):
        folder = library.linked_from if mode == _LINKED else library.folder / "storage" / key
        if ".." in re.split(r"[/\\]", rest) or (Path("x") / rest).anchor or not key.isalnum():
            reason = f"the attachment {key!r} names a file outside its folder, {rest!r}, which is not read"
            library.failures.append(Failure(DATABASE, None, reason))
        else:
            yield last_part(rest), found(folder, rest) if folder else None


def _authors(creators: Sequence[tuple[str, str | None, str | None]]) -> list[str]:
    """The authors' names; where there are none, those of the first creator's kind, such as editors."""
    kinds = [kind for kind, _, _ in creators]
    chosen = "author" if "author" in kinds else next(iter(kinds), "")
    return [" ".join(filter(None, names)) for kind, *names in creators if kind == chosen]


def _first(fields: Mapping[str, str], names: Sequence[str]) -> str:
    return next((fields[name] for name in names if fields.get(name)), "")


def _extra(fields: Mapping[str, str], label: str) -> str | None:
    """What a line `Label: value` of the field `extra` says."""
    line = re.search(rf"(?im)^{label}:[ \t]*(\S+)", fields.get("extra", ""))
    return line[1] if line else None


def _arxiv(fields: Mapping[str, str]) -> str | None:
    names = ("archiveID", "extra", "DOI", "url", "publicationTitle")
    return next((number for name in names if (number := arxiv_number(fields.get(name, "")))), None)


def _paths(database: sqlite3.Connection) -> dict[int, str]:
    """Each collection's number and path; what is in the bin, or within something there, is left out."""
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


def _numbers(paths: Mapping[int, str], names: Sequence[str]) -> set[int]:
    """The numbers of the collections of these names or paths, and of those within."""
    numbers: set[int] = set()
    for name in names:
        folded = name.strip().strip("/").casefold()
        meant = {p for p in paths.values() if folded in (p.casefold(), p.casefold().rpartition("/")[2])}
        if not meant:
            known = ", ".join(sorted(set(paths.values()))) or "none"
            raise SourceError(f"there is no collection {name!r} in Zotero; its collections are: {known}")
        numbers |= {n for n, path in paths.items() if any(f"{path}/".startswith(f"{p}/") for p in meant)}
    return numbers


def _trouble(database: sqlite3.Connection, error: sqlite3.DatabaseError) -> str:
    """What is wrong with a database whose tables are not as they should be, and what to do."""
    try:
        row = database.execute("SELECT version FROM version WHERE schema = 'userdata'").fetchone()
    except sqlite3.DatabaseError:
        row = None
    if not row:
        return (
            f"{DATABASE} is damaged or no database of Zotero ({error}); close Zotero and try again, or put "
            f"{DATABASE}.bak in its place"
        )
    if row[0] < _FIRST_VERSION:
        return f"{DATABASE} is of a Zotero before 5 (tables {row[0]}); open it once with a newer Zotero, then try again"
    return (
        f"{DATABASE} (tables {row[0]}) cannot be read as Zotero 5 to 8 write it ({error}); check it in Zotero, or "
        "export the library as BibTeX with its files and add that"
    )
