"""What every reader of sources needs: readings and items, papers from titles and texts, decoded texts, metadata."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from ..errors import SourceError
from ..text.cleaning import clean
from ..text.readable import readable
from ..types import Failure, Paper, Section
from .bibliography.tags import untagged
from .encodings import encoding_of

MAX_TEXT_BYTES = 20_000_000  # a long book is 5 MB; what is larger is a log or a dump
_MAX_TITLE = 500
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ft", "ﬆ": "st"})


@dataclass(slots=True)
class Reading:
    """What a file gave: its papers in order, and what could not be read."""

    papers: list[Paper] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Item:
    """What a bibliography says of one work, and the files it names.

    `key` is the citekey or Zotero's item key; `details` are fields of a Paper other than title and text; `files` are
    there, `missing` are the names of attachments that are not; `added` is an ISO time, "" where unknown.
    """

    key: str
    title: str
    details: dict[str, Any]
    abstract: str | None
    files: tuple[Path, ...]
    missing: tuple[str, ...]
    added: str = ""
    line: int | None = None


_ARXIV = re.compile(
    r"arxiv(?:\.org/(?:abs|pdf|html)/|(?:\s+(?:e-?print|preprint))?[.:,\s]\s*(?:(?:abs|arxiv)[/:]\s*)?)"
    r"(\d{4}\.\d{4,5}(?:v\d+)?|[a-z-]+(?:\.[A-Z]{2})?/\d{7}(?:v\d+)?)(?!\d)",
    re.IGNORECASE,
)


def arxiv_number(text: str) -> str | None:
    """Return the number on arXiv that a text names: `arXiv preprint arXiv:2102.00002`, `http://arxiv.org/abs/...`."""
    number = _ARXIV.search(text)
    return number[1] if number else None


def papers_in(items: Sequence[Item], failures: list[Failure], name: str, one: str, many: str) -> Reading:
    """Return the papers that the abstracts of a bibliography's items make; items with files of their own make none.

    `failures` are those met so far, `name` is the file's in further ones, `one` and `many` are what its items are
    called.
    """
    reading = Reading(failures=failures)
    empty = []
    for item in items:
        if item.files:
            continue
        if item.abstract:
            keep(reading, name, item.line or 0, item.title, item.abstract, item.details)
        else:
            empty.append(item)
    reading.failures += _without_text(name, empty, one, many)
    reading.failures.sort(key=lambda failure: failure.line or 0)
    return reading


def _without_text(name: str, items: Sequence[Item], one: str, many: str) -> list[Failure]:
    """Return one failure for the items of a file that have neither an abstract nor a file that is there."""
    if not items:
        return []
    first = items[0]
    called = repr(first.key or first.title)
    lost = next((item for item in items if item.missing), None)
    if len(items) == 1:
        files = f"and its file {lost.missing[0]!r} is not there" if lost else "and no file"
        reason = f"the {one} {called} has no abstract {files}, so there is nothing to search"
    else:
        files = f" (of some the file is not there: {lost.missing[0]!r})" if lost else ""
        reason = (
            f"{len(items):,} {many} have no abstract and no file{files}, so there is nothing to search; the first is "
            f"{called}"
        )
    return [Failure(name, first.line, reason)]


Part = tuple[str | None, str] | tuple[str | None, str, str]
"""A section's heading, its text and, where the heading does not tell it, its kind (see types.Section)."""


def make_paper(title: str, body: str, *, sections: Sequence[Part] | None = None, **details: Any) -> Paper:
    """A paper whose text is the title, a blank line, and the body or the sections one after another.

    Raises:
        SourceError: there is no title or no text.
    """
    title = " ".join(_searchable(title).split())[:_MAX_TITLE].strip()
    parts = [
        (_searchable(heading) if heading else heading, _searchable(part).strip(), kind)
        for heading, part, kind in _with_kinds(sections or [(None, body)])
    ]
    parts = [(heading, part, kind) for heading, part, kind in parts if part]
    if not title:
        raise SourceError("it has a text but no title")
    if not any(character.isalnum() for _, part, _ in parts for character in part):
        raise SourceError(f"the title {title!r} has no text")
    text = title
    spans = []
    for heading, part, kind in parts:
        text += "\n\n"
        spans.append(Section(heading, len(text), len(text) + len(part), kind))
        text += part
    told = any(heading or kind != "body" for heading, _, kind in parts)
    return Paper(title=title, text=text, sections=tuple(spans) if told else (), **details)


def _searchable(text: str) -> str:
    """Return the text without what is not seen, its ligatures as the letters that people type."""
    return clean(text).translate(_LIGATURES)


_NUMBER = r"(?:(?:\d+(?:\.\d+)*|[IVX]+|[A-Z])[.:)]?\s+)?"  # 7, 7., 7.1, VII., A
_KINDS = {
    kind: re.compile(rf"{_NUMBER}(?:{words})\W*", re.IGNORECASE)
    for kind, words in {
        "abstract": "abstract",
        "references": r"references(?: cited| and notes)?|reference list|bibliography|(?:literature|works) cited",
        "acknowledgements": r"acknowledge?ments?(?: and .*)?",
        "appendix": r"(?:appendix|appendices|supplementary (?:material|information)s?)\b.*",
    }.items()
}
_LETTERED = re.compile(r"[A-Z](?:\.\d+)*[.:)]?\s+\S")  # A.2 Proofs


def kind_of(heading: str | None, before: str = "body") -> str:
    """The kind of a section by its heading, numbered or not: `7 References` is references, `Methods` is body.

    `before` is the kind of the section before it: after the references, `A Proofs` begins an appendix, and what follows
    an appendix belongs to it.
    """
    heading = (heading or "").strip()
    for kind, words in _KINDS.items():
        if words.fullmatch(heading):
            return kind
    if before == "appendix" or (before == "references" and _LETTERED.match(heading)):
        return "appendix"
    return "body"


def _with_kinds(sections: Sequence[Part]) -> Iterator[tuple[str | None, str, str]]:
    kind = "body"
    for part in sections:
        kind = part[2] if len(part) == 3 else kind_of(part[0], kind)
        yield part[0], part[1], kind


def decoded(path: Path, declaration: Callable[[bytes], str | None] | None = None) -> str:
    """Return the text of a file with \\n line ends; see `decode`.

    Args:
        declaration: finds the encoding that the format lets a file declare.

    Raises:
        SourceError: the file is too large, or no text.
    """
    size = path.stat().st_size
    if size > MAX_TEXT_BYTES:
        raise SourceError(
            f"it has {size / 1e6:.0f} MB; texts above {MAX_TEXT_BYTES / 1e6:.0f} MB are not read as papers"
        )
    raw = path.read_bytes()
    return decode(raw, declaration(raw) if declaration else None)


def decode(raw: bytes, declared: str | None = None) -> str:
    """Return the text of bytes in the encoding that they have a mark of, that is declared, or that they look like.

    Args:
        declared: a label such as `windows-1251`; a wrong one is ignored.

    Raises:
        SourceError: they are no text.
    """
    codec = encoding_of(raw, declared)
    broken = 0
    try:
        text = raw.decode(codec)
    except UnicodeDecodeError:
        text = raw.decode(codec, errors="replace")
        broken = text.count("\ufffd")
    head = text[:100_000]
    odd = sum(unicodedata.category(c) in ("Cc", "Cn") and not c.isspace() for c in head)
    # One broken character is no sign of anything: there a file was cut off.
    if odd > len(head) / 100 or broken > max(1, len(text) / 100):
        raise SourceError("its bytes are no text in any encoding that is known")
    return clean(text.replace("\f", "\n\n"))


def keep(reading: Reading, name: str, line: int, title: str, body: str, details: dict[str, Any]) -> None:
    """Add a paper to a reading, or the reason why there is none."""
    try:
        reading.papers.append(make_paper(title, body, **details))
    except SourceError as error:
        reading.failures.append(Failure(name, line, str(error)))


def details(raw: dict[str, Any]) -> dict[str, Any]:
    """A paper's metadata from loosely written fields; what makes no sense is left out."""

    def text(key: str) -> str | None:
        value = raw.get(key)
        return _one_line(value)[:500] or None if isinstance(value, (str, int)) else None

    def verbatim(key: str) -> str | None:
        value = raw.get(key)
        return _unmarked(value)[:500] or None if isinstance(value, (str, int)) else None

    def texts(key: str) -> tuple[str, ...]:
        value = raw.get(key) or []
        items = re.split(r"\s*;\s*|\s+and\s+", value) if isinstance(value, str) else value
        if not isinstance(items, (list, tuple)):
            return ()
        named = [item.get("name", "") if isinstance(item, dict) else item for item in items]
        return tuple(dict.fromkeys(filter(None, (_one_line(n) for n in named if isinstance(n, (str, int, float))))))

    said = raw.get("year") or raw.get("date")  # a container's text may be far longer than what it was read from
    year = (
        re.search(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)", str(said)) if isinstance(said, (str, int, float, date)) else None
    )
    doi = verbatim("doi")
    arxiv = verbatim("arxiv_id")
    return {
        "authors": texts("authors") or texts("author"),
        "year": int(year[0]) if year else None,
        "venue": text("venue") or text("journal"),
        "doi": re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", doi, flags=re.I) if doi else None,
        "arxiv_id": re.sub(r"^(?:https?://arxiv\.org/abs/|arxiv:\s*)", "", arxiv, flags=re.I) if arxiv else None,
        "url": verbatim("url"),
        "citekey": verbatim("citekey"),
        "tags": texts("tags"),
    }


def _one_line(value: str | float) -> str:
    return readable(_unmarked(value))


def _unmarked(value: str | float) -> str:
    return " ".join(untagged(clean(str(value))).split())
