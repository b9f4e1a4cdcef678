"""Bibliographies to items and papers: BibTeX with the files that it names, and RIS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import SourceError, reason
from ..readable import readable
from ..types import Failure
from .attachments import files_of, found, holds_text, last_part
from .encodings import bibtex_encoding
from .sources import Item, Reading, decoded, details, keep


def read_bibtex(path: Path, name: str, *, outside: bool = True) -> Reading:
    """The papers that a BibTeX file's abstracts make, but for entries whose files are there: these are the papers.

    An entry with neither abstract nor file is a failure. `outside` is as in `bibtex_items`.

    Raises:
        SourceError: the file is no text, or without any entry.
    """
    items, failures = bibtex_items(path, name, outside=outside)
    if not items and not failures:
        raise SourceError("there is no entry in it")
    reading = Reading(failures=failures)
    for item in items:
        if item.files:
            continue
        if item.abstract:
            keep(reading, name, item.line or 0, item.title, item.abstract, item.details)
        else:
            lost = f" and its file {item.missing[0]!r} is not there" if item.missing else ""
            reason = f"the entry {item.key!r} has no abstract{lost}, so there is nothing to search"
            reading.failures.append(Failure(name, item.line, reason))
    return reading


def bibtex_items(path: Path, name: str = "", *, outside: bool = True) -> tuple[list[Item], list[Failure]]:
    """The entries of a BibTeX file, and what of it is broken; `name` (else the file's own) stands in failures.

    A path in a `file` field is taken from the folder of the .bib, and from the ones that JabRef notes in it. Without
    `outside` only files in the .bib's folder count, as they should where somebody else wrote the file.

    Raises:
        SourceError: the file is no text.
    """
    import logging

    import bibtexparser

    logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what it warns of is reported below
    library = bibtexparser.parse_string(decoded(path, bibtex_encoding), append_middleware=[])
    failures = []
    for block in library.failed_blocks:
        reason = getattr(block.error, "abort_reason", str(block.error)).partition(". Note:")[0].strip()
        if type(block).__name__ == "DuplicateBlockKeyBlock":
            reason = f"the key {getattr(block, 'key', '')!r} was used before"
        failures.append(Failure(name or path.name, (block.start_line or 0) + 1, f"a broken entry: {reason}"))
    folders = [path.parent]
    for comment in library.comments:
        if noted := re.match(r"jabref-meta: *fileDirectory[^:]*:(.*?);?\s*$", comment.comment, re.S):
            folders.append(path.parent / _unescaped(noted[1].strip()))
    return [_bibtex_item(entry, folders, outside) for entry in library.entries], failures


def _bibtex_item(entry: Any, folders: list[Path], outside: bool) -> Item:
    raw = {field.key.lower(): str(field.value) for field in entry.fields}
    # Braces group and protect capitals here, whatever stands in them.
    fields = {key: re.sub("[{}]", "", readable(" ".join(value.split()))) for key, value in raw.items()}
    known = details(
        {
            "authors": _bibtex_names(fields.get("author", "")),
            "year": fields.get("year") or fields.get("date"),
            "venue": fields.get("journal") or fields.get("journaltitle") or fields.get("booktitle"),
            "doi": fields.get("doi"),
            "arxiv_id": fields.get("eprint")
            if "arxiv" in fields.get("archiveprefix", fields.get("eprinttype", "")).lower()
            else None,
            "url": fields.get("url"),
            "citekey": entry.key,
            "tags": [k.strip() for k in re.split(r"[,;]", fields.get("keywords", ""))],
        }
    )
    known["collections"] = tuple(filter(None, (group.strip() for group in fields.get("groups", "").split(","))))
    added = next((fields[key] for key in ("date-added", "dateadded", "creationdate", "timestamp") if key in fields), "")
    time = re.match(r"(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d)?))?", added)
    files, missing = files_of(
        (last_part(names[0]), _first_found(names, folders, outside)) for names in _named_files(raw.get("file", ""))
    )
    return Item(
        key=entry.key,
        title=fields.get("title", ""),
        details=known,
        abstract=fields.get("abstract") or None,
        files=files,
        missing=missing,
        added="T".join(filter(None, time.groups())) if time else "",
        line=(entry.start_line or 0) + 1,
    )


def _named_files(field: str) -> Iterator[list[str]]:
    """What each file in a `file` field may be called, likeliest first.

    JabRef, Zotero and Mendeley write `what it is:path:type`, several with semicolons between; Better BibTeX may write
    paths alone. Colons and semicolons of a path stand behind a backslash, except where they do not.
    """
    field = re.sub(r"\s*\n\s*", " ", field.replace(r"$\backslash$", "\\")).strip()
    for piece in re.split(r"(?<!\\);", field):
        parts = re.split(r"(?<!\\):", piece)
        middle = [":".join(parts[1:-1])] if len(parts) > 2 else []
        names = [part.strip() for part in [*middle, piece, *parts] if holds_text(part.strip())]
        if names and not re.search(r"\bhttps?\\?:", piece):
            # Mendeley writes letters with accents as LaTeX has them.
            yield [*map(_unescaped, names), *(readable(re.sub(r"\\([:;])", r"\1", name)) for name in names)]


def _unescaped(path: str) -> str:
    """A path without the backslashes and braces before signs; those of Windows stand before letters."""
    if path.startswith("\\\\"):  # on another machine, and it must go on to look so
        return path
    return re.sub(r"\\([^A-Za-z0-9])", r"\1", re.sub(r"\{(\\[^A-Za-z0-9{}])\}", r"\1", path))


def _first_found(names: list[str], folders: list[Path], outside: bool) -> Path | None:
    root = folders[0].resolve()
    for name in names:
        # Mendeley leaves the first slash of a path out.
        for folder in [*folders, *([Path(root.anchor)] if outside else [])]:
            file = found(folder, name)
            if file and (outside or file.resolve().is_relative_to(root)):
                return file
    return None


def _bibtex_names(names: str) -> list[str]:
    """`Doe, Jane and John Roe` as readers write names."""
    people = [name.strip() for name in re.split(r"\s+and\s+", names) if name.strip()]
    return [" ".join(reversed([part.strip() for part in p.split(",", 1)])) if "," in p else p for p in people]


def read_ris(path: Path, name: str) -> Reading:
    """The papers that a RIS file's abstracts make.

    Raises:
        SourceError: the file is no text.
    """
    import rispy

    reading = Reading()
    text = decoded(path)
    line, before = 1, 0
    # Each record by itself: a broken one, or one without its end, must not take the others with it.
    for match in re.finditer(r"(?ms)(\S.*?)(?:^ER  -[^\n]*|(?=^TY  -)|\Z)", text):
        line, before = line + text.count("\n", before, match.start()), match.start()
        if not re.search(r"(?m)^[A-Z][A-Z0-9]  -", match[1]):
            continue  # a line or two of the database that wrote the file
        try:
            entries = rispy.loads(match[1].rstrip() + "\nER  - \n")
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            reading.failures.append(Failure(name, line, f"a broken record: {reason(error)}"))
            continue
        if not entries:
            reading.failures.append(Failure(name, line, "no RIS record: a record begins with a line `TY  - `"))
        for entry in entries:
            abstract = entry.get("abstract") or entry.get("notes_abstract") or ""
            title = entry.get("primary_title") or entry.get("title") or ""
            if not abstract:
                reading.failures.append(
                    Failure(name, line, f"the record {title!r} has no abstract, so there is nothing to search")
                )
                continue
            people = [*entry.get("first_authors", []), *entry.get("authors", [])]
            known = details(
                {
                    "authors": _bibtex_names(" and ".join(people)),
                    "year": entry.get("year") or entry.get("publication_year") or entry.get("date"),
                    "venue": entry.get("journal_name") or entry.get("secondary_title") or entry.get("alternate_title3"),
                    "doi": entry.get("doi"),
                    "url": next(iter(entry.get("urls", [])), None),
                    "citekey": entry.get("id"),
                    "tags": entry.get("keywords", []),
                }
            )
            keep(reading, name, line, title, abstract, known)
    return reading
