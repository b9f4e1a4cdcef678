"""Define what readers return, and build papers from titles and sections."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import SourceError
from ..text.cleaning import clean
from ..text.kinds import APPENDIX, BODY, REFERENCES, TABLE, heading_kind
from ..text.paragraph_kinds import kinds_of_paragraphs, section_title
from ..types import Failure, Paper, Section
from .tables import TableText

_MAX_TITLE = 500
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "ft", "ﬆ": "st"})
_LETTERED = re.compile(r"[A-Z](?:\.\d+)*[.:)]?\s+\S")  # A.2 Proofs


class Part(NamedTuple):
    """A section: its heading, its text or table, and its kind (see types.Section) unless the heading determines it."""

    heading: str | None
    text: str
    kind: str | None = None
    table: TableText | None = None


@dataclass(slots=True)
class Reading:
    """The papers in a file, in order, and the failures."""

    papers: list[Paper] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)

    def add(self, name: str, line: int, title: str, body: str, metadata: dict[str, Any]) -> None:
        """Add a paper, or a failure if there is no title or text."""
        try:
            self.papers.append(make_paper(title, body, **metadata))
        except SourceError as error:
            self.failures.append(Failure(name, line, str(error)))


@dataclass(frozen=True, slots=True)
class Item:
    """A bibliography item, and the files it names.

    `key` is the citekey or Zotero's item key. `details` are fields of a Paper other than title and text. `files` are
    the existing attachments, `missing` the names of the others. `added` is an ISO time, "" if unknown.
    """

    key: str
    title: str
    details: dict[str, Any]
    abstract: str | None
    files: tuple[Path, ...]
    missing: tuple[str, ...]
    added: str = ""
    line: int | None = None


def make_paper(title: str, body: str, *, sections: Sequence[tuple[Any, ...]] | None = None, **details: Any) -> Paper:
    """Return a paper whose text is the title, a blank line, and the body or the sections (each a `Part`).

    Raise SourceError if there is no title or no text.
    """
    title = " ".join(_searchable(title).split())[:_MAX_TITLE].strip()
    if not title:
        raise SourceError("it has a text but no title")
    texts, tables = [title], []
    spans: list[Section] = []
    end = len(title)
    parts = _with_kinds([Part(*each) for each in sections]) if sections else iter([(Part(None, body), BODY)])
    for part, kind in parts:
        start = end + 2
        text, table = part.table.written(_searchable, start) if part.table else (_searchable(part.text).strip(), None)
        if not text:
            continue
        texts.append(text)
        tables += [table] if table else []
        end = start + len(text)
        spans.append(Section(_searchable(part.heading) if part.heading else part.heading, start, end, kind))
    if not any(character.isalnum() for text in texts[1:] for character in text):
        raise SourceError(f"the title {title!r} has no text")
    has_sections = any(each.title or each.kind != "body" for each in spans)
    return Paper(
        title=title,
        text="\n\n".join(texts),
        sections=tuple(spans) if has_sections else (),
        tables=tuple(tables),
        **details,
    )


def section_kind(heading: str | None, before: str = "body") -> str:
    """Return the kind of a section from its heading, numbered or not: `7 References` is references, `Methods` is body.

    `before` is the kind of the previous section: after the references, `A Proofs` starts an appendix, and everything
    after that is part of the appendix.
    """
    heading = (heading or "").strip()
    if (kind := heading_kind(heading)) and kind != BODY:
        return kind
    if before == APPENDIX or (before == REFERENCES and _LETTERED.match(heading)):
        return APPENDIX
    return BODY


def _with_kinds(sections: Sequence[Part]) -> Iterator[tuple[Part, str]]:
    """Yield the parts with their kinds; the part after a table has the kind of the one before it.

    Paragraphs whose kind differs from their section's become separate parts.
    """
    kind = BODY
    parts: list[tuple[Part, str]] = []
    for part in sections:
        if part.table:
            parts.append((part, TABLE))
            continue
        kind = part.kind or section_kind(part.heading, kind)
        paragraphs = [part.text] if kind == TABLE else part.text.split("\n\n")
        parts += [(Part(part.heading, paragraph), kind) for paragraph in paragraphs]
    kinds = kinds_of_paragraphs([(part.text, kind) for part, kind in parts])
    titled = [
        (part if part.table else Part(section_title(part.heading, kind, new), part.text), new)
        for (part, kind), new in zip(parts, kinds, strict=True)
    ]
    for (_, _, kind), group in groupby(titled, key=lambda each: (each[0].heading, id(each[0].table), each[1])):
        same = [part for part, _ in group]
        yield same[0]._replace(text="\n\n".join(part.text for part in same)), kind


def _searchable(text: str) -> str:
    """Return clean text, with ligatures replaced by letters."""
    return clean(text).translate(_LIGATURES)
