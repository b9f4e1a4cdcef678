"""Find the tables of a page with their captions and notes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from .captions import figure_lettering, find_captions, is_caption_of, join_pictures
from .columns import Block, Typography
from .lines import Line, PageLines
from .table_regions import (
    continued_frame,
    count_sides,
    extend_down,
    extend_up,
    is_beside,
    match_captions,
    stacked_frame,
)
from .table_rows import Grid, arrange_cells
from .table_rules import Frame, draw_dotted_rules, framed_bodies, is_prose, level_rules, upright_rules

_MIN_GRID_ROWS = 3  # of a table without caption
_MIN_FULL_ROWS = 0.6  # of the rows of such a table have several cells
_MIN_SURE_SIDES = 2  # captions with an unambiguous side, which decide for the document
_MAX_NOTE_LINES = 15
_NOTE = re.compile(r"(?:notes?|abbreviations?|legend|sources?|key)\b\W|[*∗†‡§¶#]|[A-Za-z\d]{1,8}\s?[,:=]\s", re.I)


@dataclass(slots=True, eq=False)
class PrintedTable:
    """A table, or the part of it on one page: its grid, all lines of its body, and those of its caption and notes."""

    grid: Grid
    frame: Frame
    body: list[Line]
    page: int
    label: str | None = None
    caption: list[Line] = field(default_factory=list)
    notes: list[Line] = field(default_factory=list)
    continues: PrintedTable | None = None  # on the page before

    @property
    def lines(self) -> list[Line]:
        return [*self.caption, *self.body, *self.notes]


def are_tables_below(pages: Sequence[PageLines], typography: Typography) -> bool | None:
    """Return whether a document's tables are below their captions; None if too few captions are unambiguous."""
    below = above = 0
    for page in map(draw_dotted_rules, pages):
        if len(page.rules) < 2:
            continue
        of_page = typography._replace(lefts=typography.lefts_by_page[page.number])
        lines = sorted(page.lines, key=lambda line: (line.top, line.left))
        captions = find_captions(lines, of_page)
        named = [caption for caption in captions if is_caption_of("tab", caption)]
        if named:
            free = _outside(lines, captions)
            counts = count_sides(named, _frames(page, free, captions, of_page), free, of_page.lefts)
            below, above = below + counts[0], above + counts[1]
    is_sure = max(below, above) >= max(_MIN_SURE_SIDES, 2 * min(below, above) + 1)
    return below > above if is_sure else None


def find_tables(
    page: PageLines,
    lines: Sequence[Line],
    captions: Sequence[Block],
    typography: Typography,
    open_table: PrintedTable | None = None,
) -> list[PrintedTable]:
    """Return the tables of a page; `lines` are all its lines, including captions.

    `open_table` is the table at the end of the previous page.
    """
    named = [caption for caption in captions if is_caption_of("tab", caption)]
    if not lines or (not named and len(page.rules) < 2 and open_table is None):
        return []
    search = _Search(page, _outside(lines, captions), typography)
    frames = _frames(page, search.free, captions, typography)
    if open_table and not any(frame.holds(lines[0]) for frame in frames):
        search.add_continued(open_table, lines)
    matched = match_captions(named, frames, search.free, typography)
    for caption, frame in matched:
        search.add_captioned(
            extend_down(extend_up(frame, caption, search.free, typography), search.free, typography), caption
        )
    for caption in named:
        if not any(caption.lines[0] in table.caption for table in search.tables):
            stacked = stacked_frame(caption, search.free, page.width, typography)
            if stacked:
                search.add_captioned(stacked, caption)
    used = {id(frame) for _, frame in matched}
    for frame in frames:
        if id(frame) not in used:
            search.add_uncaptioned(extend_down(frame, search.free, typography), lines, captions)
    return search.tables


def _outside(lines: Sequence[Line], captions: Sequence[Block]) -> list[Line]:
    in_captions = {id(line) for caption in captions for line in caption.lines}
    return [line for line in lines if id(line) not in in_captions]


def _frames(page: PageLines, lines: Sequence[Line], captions: Sequence[Block], typography: Typography) -> list[Frame]:
    tops = [caption.top for caption in captions]
    return framed_bodies(level_rules(page), lines, tops, typography.size, typography.width)


class _Search:
    """The tables found on a page so far, and the lines that are not in any of them."""

    def __init__(self, page: PageLines, free: Sequence[Line], typography: Typography) -> None:
        self.tables: list[PrintedTable] = []
        self.free = list(free)
        self.rules, self.uprights = level_rules(page), upright_rules(page)
        self._page = page
        self._typography = typography

    def add_continued(self, table: PrintedTable, lines: Sequence[Line]) -> None:
        """Add the rows at the top of the page that continue a table's columns; `lines` begin there."""
        if not any(line is lines[0] for line in self.free):
            return
        frame = continued_frame(table.body, self.free, self._typography)
        if frame:
            body = self._in(frame)
            grid = arrange_cells(frame, body, self.rules, self.uprights, table.grid.edges)
            self._add(PrintedTable(grid, frame, body, body[0].page, continues=table))

    def add_captioned(self, frame: Frame, caption: Block) -> None:
        """Add the table in a frame; lines of the caption inside the frame belong to its rows."""
        inside = [line for line in caption.lines[1:] if frame.holds(line) and not is_beside(caption, frame)]
        table = self._arranged(frame, [*inside, *self._in(frame)])
        if table and (frame.parts or self._has_columns(table)):
            table.label, table.caption = caption.label, [line for line in caption.lines if line not in inside]
            self._add(table)

    def add_uncaptioned(self, frame: Frame, lines: Sequence[Line], captions: Sequence[Block]) -> None:
        """Add the content of a frame if it is certainly a table: a continuation from another page, or a full grid."""
        table = self._arranged(frame, self._in(frame))
        if not table or not self._has_columns(table):
            return
        if not _is_mostly_words(table.body) or self._is_in_figure(table.body, captions):
            return
        several = sum(len(row) > 1 for row in table.grid.rows)
        is_full = several >= max(_MIN_GRID_ROWS, _MIN_FULL_ROWS * len(table.grid.rows))
        at_top = self._page.number > 1 and not any(line.middle < frame.top for line in lines)
        goes_on = at_top and table.grid.columns > 2 and not is_prose(table.body, None, self._typography.width)
        if is_full and (goes_on or table.grid.is_ruled):
            self._add(table)

    def _is_in_figure(self, body: Sequence[Line], captions: Sequence[Block]) -> bool:
        """Return whether most lines are labels of a figure, such as those of axes."""
        pictures = join_pictures(self._page)
        figures = (caption for caption in captions if is_caption_of("fig", caption))
        return any(
            2 * len(figure_lettering(caption, body, pictures, self._typography)) > len(body) for caption in figures
        )

    def _in(self, frame: Frame) -> list[Line]:
        return [line for line in self.free if frame.holds(line)]

    def _arranged(self, frame: Frame, body: list[Line]) -> PrintedTable | None:
        if len(body) < 2:
            return None
        return PrintedTable(arrange_cells(frame, body, self.rules, self.uprights), frame, body, body[0].page)

    @staticmethod
    def _has_columns(table: PrintedTable) -> bool:
        return any(len(row) > 1 for row in table.grid.rows)

    def _add(self, table: PrintedTable) -> None:
        self.tables.append(table)
        self._take(table.body)
        table.notes = _notes(table.frame, self.free, self._typography)
        self._take(table.notes)

    def _take(self, lines: Sequence[Line]) -> None:
        taken = {id(line) for line in lines}
        self.free = [line for line in self.free if id(line) not in taken]


def _is_mostly_words(body: Sequence[Line]) -> bool:
    """Return whether a text is mostly letters and digits, unlike ticks of axes and parts of drawings."""
    text = "".join("".join(line.text.split()) for line in body)
    return 2 * sum(map(str.isalnum, text)) > len(text)


def _notes(frame: Frame, lines: Sequence[Line], typography: Typography) -> list[Line]:
    """Return the lines in small type, or with a note mark, directly below a table."""
    below = [li for li in lines if li.middle > frame.bottom and frame.left - 8 < li.left and li.right < frame.right + 8]
    out: list[Line] = []
    end = frame.bottom
    for line in sorted(below, key=lambda li: (li.middle, li.left))[:_MAX_NOTE_LINES]:
        first = out[0] if out else line
        is_near = line.top - end < (0.9 if out else 1.6) * line.size and abs(line.size - first.size) < 0.6
        is_small = line.size < typography.size - 0.6
        if not is_near or not (is_small or _NOTE.match(line.text) or (out and not line.bold)):
            break
        out.append(line)
        end = max(end, line.bottom)
    return out
