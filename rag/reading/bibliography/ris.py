"""Parse RIS records, in the variants that programs write, into items."""

import functools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ...errors import SourceError
from ...text.html_tags import untagged
from ...types import Failure
from ..encodings import read_text
from ..failures import translate_errors
from ..metadata import arxiv_number, metadata_fields
from ..sources import Item
from .attachments import named_text_files, parse_file_field
from .names import ris_names

_TITLES = ("primary_title", "title", "short_title", "translated_title", "book_title", "unpublished_title")
_VENUES = ("alternate_title3", "secondary_title", "journal_name", "alternate_title2", "alternate_title1", "book_title")
_DATES = ("year", "publication_year", "date")
_REPEATABLE = ("AB", "N2", "ED", "L1", "L2", "L4", "LK")  # tags that may repeat, besides rispy's
_FILES = ("file_attachments1", "file_attachments2", "figure", "link_to_pdf", "urls", "link_to_fulltext")


def ris_items(path: Path, name: str = "", *, outside: bool = True) -> tuple[list[Item], list[Failure]]:
    """Return the items of a RIS file, and failures for broken records; see `bibliography_items`.

    File names in L1, L2, LK and UR are relative to the folder of the file, and EndNote's `internal-pdf:` names to its
    `.Data` folder. Raise SourceError if the file is not text.
    """
    import rispy
    from rispy.config import LIST_TYPE_TAGS

    items: list[Item] = []
    failures: list[Failure] = []
    folders = [path.parent, path.parent / f"{path.stem}.Data" / "PDF"]
    for line, record in _records(_normalised(read_text(path))):
        try:
            with translate_errors("rispy"):
                entries = rispy.loads(record, mapping=_mapping(), list_tags=[*LIST_TYPE_TAGS, *_REPEATABLE])
        except SourceError as error:
            failures.append(Failure(name or path.name, line, str(error)))
            continue
        if not entries:
            failures.append(Failure(name or path.name, line, "not a RIS record: a record begins with a line `TY  - `"))
        items += [_item(entry, line, folders, outside) for entry in entries]
    return items, failures


@functools.cache
def _mapping() -> dict[str, str]:
    """Return rispy's names for tags, extended by tags that it does not know."""
    from rispy.config import TAG_KEY_MAPPING

    more = {"LK": "link_to_fulltext", "BT": "book_title", "CT": "unpublished_title", "ED": "editors"}
    return {**TAG_KEY_MAPPING, **more}


def _normalised(text: str) -> str:
    """Return the text with its tags in standard form; some programs write `TY - `, `ty  - ` or `TY  -`."""
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
    """Yield each record with its line number, so that a broken or unterminated one does not affect the others."""
    line, before = 1, 0
    for match in re.finditer(r"(?ms)(\S.*?)(?:^ER  -[^\n]*|(?=^TY  -)|\Z)", text):
        line, before = line + text.count("\n", before, match.start()), match.start()
        if re.search(r"(?m)^[A-Z][A-Z0-9]  -", match[1]):  # else lines that a database added
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
    metadata = metadata_fields(
        {
            "authors": [name for person in people for name in ris_names(person)],
            "year": next((date for date in map(entry.get, _DATES) if date and re.search(r"\d{4}", date)), None),
            "venue": untagged(next((str(entry[name]) for name in _VENUES if entry.get(name) and name != titled), "")),
            "doi": entry.get("doi"),
            "arxiv_id": next(filter(None, numbers), None),
            "url": url,
            "citekey": entry.get("id"),
            "tags": [tag.strip() for words in entry.get("keywords", []) for tag in untagged(words).split(";")],
        }
    )
    files = [link.removeprefix("internal-pdf://") for link in links if _is_file(link)]
    named = [names for file in files for names in parse_file_field(file)]
    existing, missing = named_text_files(named, folders, outside)
    return Item(
        key=entry.get("id") or "",
        title=untagged(title),
        details=metadata,
        abstract=untagged(str(abstract)) or None,
        files=existing,
        missing=missing,
        line=line,
    )


def _texts(value: Any) -> list[str]:
    return [str(each) for each in value] if isinstance(value, list) else [str(value)] if value else []


def _is_file(link: str) -> bool:
    return not re.match(r"(?!file:|internal-pdf:)[A-Za-z][A-Za-z+.-]+:", link.strip()) and not link.startswith("www.")
