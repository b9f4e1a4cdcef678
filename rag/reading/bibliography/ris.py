"""RIS: records to items and papers, in the forms that programs write them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import SourceError, reason
from ...types import Failure
from ..sources import Item, Reading, arxiv_number, decoded, details, papers_in
from .attachments import files_of, first_found, last_part, named_files
from .names import ris_names
from .tags import untagged

_TITLES = ("primary_title", "title", "short_title", "translated_title", "book_title", "unpublished_title")
_VENUES = ("alternate_title3", "secondary_title", "journal_name", "alternate_title2", "alternate_title1", "book_title")
_DATES = ("year", "publication_year", "date")
_MANY = ("AB", "N2", "ED", "L1", "L2", "L4", "LK")  # tags that may repeat, besides the library's
_FILES = ("file_attachments1", "file_attachments2", "figure", "link_to_pdf", "urls", "link_to_fulltext")


def read_ris(path: Path, name: str, *, outside: bool = True) -> Reading:
    """Return the papers that a RIS file's abstracts make, but for records whose files are there: these are papers.

    Raises:
        SourceError: the file is no text, or without any record.
    """
    items, failures = ris_items(path, name, outside=outside)
    if not items and not failures:
        raise SourceError("there is no paper in it")
    return papers_in(items, failures, name, "record", "records")


def ris_items(path: Path, name: str = "", *, outside: bool = True) -> tuple[list[Item], list[Failure]]:
    """Return the records of a RIS file, and what of it is broken; `name` (else the file's own) stands in failures.

    Paths in L1, L2, LK and UR are taken from the folder of the file, EndNote's `internal-pdf:` ones from its `.Data`
    folder. Without `outside` only files in the folder count.

    Raises:
        SourceError: the file is no text.
    """
    import rispy
    from rispy.config import LIST_TYPE_TAGS

    items: list[Item] = []
    failures: list[Failure] = []
    folders = [path.parent, path.parent / f"{path.stem}.Data" / "PDF"]
    for line, record in _records(_regular(decoded(path))):
        try:
            entries = rispy.loads(record, mapping=_mapping(), list_tags=[*LIST_TYPE_TAGS, *_MANY])
        except (OSError, ValueError, KeyError, IndexError, TypeError) as error:
            failures.append(Failure(name or path.name, line, f"a broken record: {reason(error)}"))
            continue
        if not entries:
            failures.append(Failure(name or path.name, line, "no RIS record: a record begins with a line `TY  - `"))
        items += [_item(entry, line, folders, outside) for entry in entries]
    return items, failures


@functools.cache
def _mapping() -> dict[str, str]:
    """Return the library's names for tags, and those of tags that it does not know."""
    from rispy.config import TAG_KEY_MAPPING

    more = {"LK": "link_to_fulltext", "BT": "book_title", "CT": "unpublished_title", "ED": "editors"}
    return {**TAG_KEY_MAPPING, **more}


def _regular(text: str) -> str:
    """Return the text with its tags as the format has them; some programs write `TY - `, `ty  - ` or `TY  -`."""
    first = re.search(r"(?mi)^[ \t]*ty([ \t]*)-", text)
    if not first:
        return text
    letters = "[A-Za-z][A-Za-z0-9]" if first[0].strip()[:2] != "TY" else "[A-Z][A-Z0-9]"
    blanks = r"[ \t]{0,4}" if not first[1] else r"[ \t]{1,4}"

    def tag(match: re.Match[str]) -> str:
        known = match[1].upper() in _mapping()
        return f"{match[1].upper()}  - " if known else match[0]

    return re.sub(rf"(?m)^[ \t]{{0,4}}({letters}){blanks}-[ \t]?", tag, text)


def _records(text: str) -> Iterator[tuple[int, str]]:
    """Yield each record with its line: a broken one, or one without its end, must not take the others with it."""
    line, before = 1, 0
    for match in re.finditer(r"(?ms)(\S.*?)(?:^ER  -[^\n]*|(?=^TY  -)|\Z)", text):
        line, before = line + text.count("\n", before, match.start()), match.start()
        if re.search(r"(?m)^[A-Z][A-Z0-9]  -", match[1]):  # else a line or two of the database that wrote the file
            filled = re.sub(r"(?m)^[A-Z][A-Z0-9]  - *\n(?=[A-Z][A-Z0-9]  -)", "", match[1].rstrip())
            yield line, filled + "\nER  - \n"


def _item(entry: dict[str, Any], line: int, folders: Sequence[Path], outside: bool) -> Item:
    abstract = " ".join(entry.get("abstract") or entry.get("notes_abstract") or [])
    people = [*entry.get("first_authors", []), *entry.get("authors", [])]
    people = people or [*entry.get("secondary_authors", []), *entry.get("editors", [])]
    title, titled = next(((str(entry[name]), name) for name in _TITLES if entry.get(name)), ("", ""))
    links = [link for name in _FILES for link in _texts(entry.get(name))]
    url = next((link for link in _texts(entry.get("urls")) if not _is_file(link)), None)
    numbers = (arxiv_number(str(value)) for name, value in entry.items() if name not in ("abstract", "notes_abstract"))
    known = details(
        {
            "authors": [name for person in people for name in ris_names(person)],
            "year": next((said for said in map(entry.get, _DATES) if said and re.search(r"\d{4}", said)), None),
            "venue": untagged(next((str(entry[name]) for name in _VENUES if entry.get(name) and name != titled), "")),
            "doi": entry.get("doi"),
            "arxiv_id": next(filter(None, numbers), None),
            "url": url,
            "citekey": entry.get("id"),
            "tags": [tag.strip() for words in entry.get("keywords", []) for tag in untagged(words).split(";")],
        }
    )
    named = [names for link in links if _is_file(link) for names in named_files(link.removeprefix("internal-pdf://"))]
    files, missing = files_of((last_part(names[0]), first_found(names, folders, outside)) for names in named)
    return Item(
        key=entry.get("id") or "",
        title=untagged(title),
        details=known,
        abstract=untagged(str(abstract)) or None,
        files=files,
        missing=missing,
        line=line,
    )


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)] if value else []


def _is_file(link: str) -> bool:
    return not re.match(r"(?!file:|internal-pdf:)[A-Za-z][A-Za-z+.-]+:", link.strip()) and not link.startswith("www.")
