"""Turn the lines of a document into one text in reading order, with sections and the position of every character."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from ...types import Page, Section, Table
from .blocks import find_blocks, last_table
from .columns import measure
from .continued_tables import join_tables
from .hyphenation import count_words
from .joining import join_paragraphs
from .lines import Line, PageLines
from .paragraphs import Paragraph, mark_headings, split_block
from .placed_text import PlacedText
from .rotation import is_mostly_rotated, rotate_back, upright_pages
from .running_heads import remove_running_heads
from .section_kinds import assign_sections
from .sections import page_spans, write_sections
from .tables import PrintedTable, are_tables_below


class Layout(NamedTuple):
    """A document's text, its sections, its tables and the spans of its pages."""

    text: PlacedText
    sections: tuple[Section, ...]
    tables: tuple[Table, ...]
    pages: tuple[Page, ...]


def arrange(pages: Sequence[PageLines], title: Iterable[Line] = ()) -> Layout:
    """Arrange the text of pages, without the title, running heads and labels inside figures."""
    title_ids = {id(line) for line in title}
    upright = _upright(pages, title_ids)
    typography = measure([page for _, page in upright])
    paragraphs: list[Paragraph] = []
    without_heads = remove_running_heads([page for _, page in upright])
    typography = typography._replace(tables_below=are_tables_below(without_heads, typography))
    open_table: PrintedTable | None = None
    for page in without_heads:
        blocks = find_blocks(page, typography, open_table)
        open_table = last_table(blocks)
        for block in blocks:
            block.lines = [line for line in block.lines if id(line) not in title_ids]
            if block.lines:
                paragraphs += split_block(block, typography)
    mark_headings(paragraphs, typography)
    joined = join_tables(join_paragraphs(paragraphs))
    text, sections, tables = write_sections(assign_sections(joined, typography.size), count_words(pages))
    text = _as_shown(text, upright)
    return Layout(text, sections, tables, page_spans(text.pages, {page.number: page.label for page in pages}))


def _upright(pages: Sequence[PageLines], title_ids: set[int]) -> list[tuple[int, PageLines]]:
    """Return the pages with their numbers; a mostly rotated page becomes upright pages with new numbers."""
    out: list[tuple[int, PageLines]] = []
    next_number = max((page.number for page in pages), default=0) + 1
    for page in pages:
        parts = [page]
        if is_mostly_rotated(page):
            lines = tuple(line for line in page.lines if id(line) not in title_ids)
            parts = upright_pages(replace(page, lines=lines), next_number)
            next_number += len(parts)
        out += [(page.number, part) for part in parts]
    return out


def _as_shown(text: PlacedText, upright: Sequence[tuple[int, PageLines]]) -> PlacedText:
    """Return the text with boxes and page numbers converted back to the pages as shown."""
    boxes, pages = text.boxes.copy(), text.pages.copy()
    for number, page in upright:
        if page.number != number:
            at = text.pages == page.number
            boxes[at], pages[at] = rotate_back(text.boxes[at], page), number
    return PlacedText(text.text, boxes, pages)
