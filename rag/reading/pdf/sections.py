"""Assign paragraphs to sections, and write them as one text."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import partial
from itertools import groupby
from operator import add
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...types import Page, Section, Table
from .headings import is_known_heading, section_kind
from .hyphenation import join_lines
from .paragraphs import Paragraph
from .placed_text import PlacedText, join_texts
from .table_text import write_table

_RUN_IN_ABSTRACT = re.compile(r"(abstract|summary)\s*[.:—–-]+\s*(?=\S)", re.I)
_YEAR = re.compile(r"\b(1[89]|20)\d\d[a-z]?\b")
_CITATION_PART = re.compile(r"\b[A-Z]\.|\bet al|\bdoi|https?:|\bIn Proc|\bpp?\.|\d+\(\d+\)")

Assigned = tuple[str | None, str, Paragraph]  # the section's title and kind


def assign_sections(paragraphs: Sequence[Paragraph]) -> list[Assigned]:
    """Return each paragraph with its section's title and kind, without the headings themselves."""
    out: list[Assigned] = []
    title: str | None = None
    kind, after_references = "body", False
    known = (p.kind == "heading" and is_known_heading(p.lines[0].text) for p in paragraphs)
    first_known = next((at for at, is_known in enumerate(known) if is_known), 0)
    for at, paragraph in enumerate(paragraphs):
        if paragraph.kind == "heading" and at < first_known:
            paragraph.kind = "text"  # names and places in large type
        if paragraph.kind == "heading":
            title = " ".join(join_lines(paragraph.lines, Counter()).text.split())
            kind = section_kind(title, after_references)
            after_references |= kind == "references"
            continue
        if paragraph.kind != "text":
            out.append((paragraph.label, paragraph.kind, paragraph))
            continue
        late = at > len(paragraphs) * 0.4
        if not after_references and kind == "body" and late and _is_reference_list(paragraphs[at:]):
            kind, after_references = "references", True
        if kind == "body" and all(k != "abstract" for _, k, _ in out):
            run_in = _RUN_IN_ABSTRACT.match(paragraph.lines[0].text)
            title, kind = (run_in[1], "abstract") if run_in else (title, kind)
        out.append((title, kind, paragraph))
    return out


def _is_reference_list(paragraphs: Sequence[Paragraph]) -> bool:
    """Return whether the next paragraphs are entries of a reference list without a heading."""
    texts = [" ".join(line.text for line in p.lines) for p in paragraphs if p.kind == "text"][:6]
    entries = [len(t) < 700 and bool(_YEAR.search(t)) and len(_CITATION_PART.findall(t)) > 1 for t in texts]
    return len(texts) >= 4 and entries[0] and sum(entries) >= 0.8 * len(entries)


class Written(NamedTuple):
    """One text, with its sections and tables as spans of it."""

    text: PlacedText
    sections: tuple[Section, ...]
    tables: tuple[Table, ...]


def write_sections(paragraphs: Sequence[Assigned], words: Counter[str]) -> Written:
    """Join the paragraphs with blank lines between them."""
    texts: list[PlacedText] = []
    sections: list[Section] = []
    tables: list[Table] = []
    start = 0
    for title, kind, paragraph in paragraphs:
        if paragraph.table:
            text, title, table = write_table(paragraph.table, words)
            tables.append(table.moved(partial(add, start)))
        else:
            text = join_lines(paragraph.lines, words)
        if not text.text:
            continue
        end = start + len(text.text)
        last = sections[-1] if sections else None
        if last and (last.title, last.kind) == (title, kind) and kind not in ("table", "caption", "footnote"):
            sections[-1] = Section(title, last.start, end, kind)
        else:
            sections.append(Section(title, start, end, kind))
        texts.append(text)
        start = end + 2
    return Written(join_texts(texts, "\n\n"), tuple(sections), tuple(tables))


def page_spans(pages: NDArray[np.int32], labels: dict[int, str | None]) -> tuple[Page, ...]:
    """Return the spans of each page in a text, given the page number of every character; 0 if it is on none."""
    printed = ((number, at) for at, number in enumerate(pages.tolist()) if number)
    spans: list[Page] = []
    for number, group in groupby(printed, key=lambda each: each[0]):
        places = [at for _, at in group]
        spans.append(Page(number, labels.get(number), places[0], places[-1] + 1))
    return tuple(spans)
