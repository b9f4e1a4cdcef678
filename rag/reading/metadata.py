"""Normalise loosely structured metadata into the fields of a paper."""

import re
from datetime import date
from typing import Any

from ..text.cleaning import clean
from ..text.html_tags import untagged
from ..text.readable import readable
from .bibliography.names import stated_names, western

_MAX_VALUE = 500  # characters
_ARXIV = re.compile(
    r"arxiv(?:\.org/(?:abs|pdf|html)/|(?:\s+(?:e-?print|preprint))?[.:,\s]\s*(?:(?:abs|arxiv)[/:]\s*)?)"
    r"(\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+(?:\.[A-Z]{2})?/\d{7}(?:v\d+)?)(?!\d)",
    re.IGNORECASE,
)
_GIVEN_AND_FAMILY = (("given", "family"), ("first", "last"), ("firstName", "lastName"), ("given_name", "family_name"))


def arxiv_number(text: str) -> str | None:
    """Return the arXiv number in a text: `arXiv preprint arXiv:2102.00002`, `http://arxiv.org/abs/...`."""
    number = _ARXIV.search(text)
    return number[1] if number else None


def metadata_fields(raw: dict[str, Any]) -> dict[str, Any]:
    """Return the metadata fields of a Paper from those of a record; invalid values are left out."""

    def text(key: str) -> str | None:
        value = raw.get(key)
        return readable(_one_line(value))[:_MAX_VALUE] or None if isinstance(value, (str, int)) else None

    def verbatim(key: str) -> str | None:
        value = raw.get(key)
        return _one_line(value)[:_MAX_VALUE] or None if isinstance(value, (str, int)) else None

    doi, arxiv = verbatim("doi"), verbatim("arxiv_id")
    return {
        "authors": _texts(raw.get("authors")) or _texts(raw.get("author")),
        "year": _year(raw.get("year") or raw.get("date")),
        "venue": text("venue") or text("journal"),
        "doi": re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", doi, flags=re.I) if doi else None,
        "arxiv_id": re.sub(r"^(?:https?://arxiv\.org/abs/|arxiv:\s*)", "", arxiv, flags=re.I) if arxiv else None,
        "url": verbatim("url"),
        "citekey": verbatim("citekey"),
        "tags": _texts(raw.get("tags")),
    }


def with_authors(record: dict[str, Any]) -> dict[str, Any]:
    """Return a JSON or YAML record with its authors as a list of names, given names first."""
    authors = record.get("authors") or record.get("author") or []
    if isinstance(authors, str):
        return {**record, "authors": stated_names(authors)}
    people = [authors] if isinstance(authors, dict) else authors
    if not isinstance(people, list):
        return record
    return {**record, "authors": [western(name) for person in people if (name := _person_name(person))]}


def _person_name(person: Any) -> str | None:
    """Return the name from a string, `{"name": ...}`, or `{"given": ..., "family": ...}`."""
    if not isinstance(person, dict):
        return str(person) if isinstance(person, (str, int, float)) else None
    for given, family in _GIVEN_AND_FAMILY:
        if isinstance(person.get(family), str):
            return f"{person[given]} {person[family]}" if isinstance(person.get(given), str) else str(person[family])
    name = person.get("name") or person.get("literal")
    return _person_name(name) if isinstance(name, (str, dict)) else None


def _year(value: Any) -> int | None:
    # str() of a container could be far longer than the file it was read from.
    year = (
        re.search(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)", str(value)) if isinstance(value, (str, int, float, date)) else None
    )
    return int(year[0]) if year else None


def _texts(value: Any) -> tuple[str, ...]:
    items = re.split(r"\s*;\s*|\s+and\s+", value) if isinstance(value, str) else value
    if not isinstance(items, (list, tuple)):
        return ()
    names = [item.get("name", "") if isinstance(item, dict) else item for item in items]
    lines = (readable(_one_line(name)) for name in names if isinstance(name, (str, int, float)))
    return tuple(dict.fromkeys(filter(None, lines)))


def _one_line(value: str | float) -> str:
    return " ".join(untagged(clean(str(value))).split())
