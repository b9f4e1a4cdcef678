"""Join paragraphs into one text, with sections and pages as spans of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import partial
from operator import add
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...types import Page, Section, Table
from .hyphenation import join_lines
from .placed_text import PlacedText, join_texts
from .section_kinds import Assigned
from .table_text import write_table


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
    """Return the spans of each page in a text, given the page number of every character (0 for none)."""
    places = np.flatnonzero(pages)
    numbers = pages[places]
    changes = np.flatnonzero(numbers[1:] != numbers[:-1]) + 1
    return tuple(
        Page(int(pages[group[0]]), labels.get(int(pages[group[0]])), int(group[0]), int(group[-1]) + 1)
        for group in np.split(places, changes)
        if len(group)
    )
