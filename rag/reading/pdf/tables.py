"""Find the cells of tables by rules and rows, and write tables as text with a line a row."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from statistics import median

import numpy as np
from numpy.typing import NDArray

from .columns import Block, Typography
from .hyphenation import join_lines
from .lines import Line, PageLines
from .placed_text import PlacedText, join_texts, line_text, unplaced

_MAX_CAPTION_DISTANCE = 45  # points between a caption and the nearest rule
_MAX_ROW_DISTANCE = 30  # points between rows, and between a caption and the nearest row
_VALUE = re.compile(r"[.<>+−–-]?\d")

Span = tuple[float, float]  # left and right
Rows = Sequence[Sequence[Line]]


# Finding cells


def find_cells(
    caption: Block, lines: Sequence[Line], captions: Sequence[Block], page: PageLines, typography: Typography
) -> list[Line]:
    """Return the lines of the table that a caption belongs to: between rules if there are any, else rows of cells."""
    found = [_between_rules(caption, lines, captions, page, typography, way) for way in (-1, 1)]
    if not any(found):
        found = [_stacked_rows(caption, lines, page, typography, way) for way in (-1, 1)]
    return max(found, key=len)


def _between_rules(
    caption: Block, lines: Sequence[Line], captions: Sequence[Block], page: PageLines, typography: Typography, way: int
) -> list[Line]:
    """Return the lines between rules of one width above (-1) or below (1) a caption."""
    edge = caption.top if way < 0 else caption.bottom
    near = [r for r in page.rules if r[0] < caption.right and r[2] > caption.left and (r[1] - edge) * way > -2]
    rules = sorted(near, key=lambda r: r[1] * way)
    if not rules or abs(rules[0][1] - edge) > _MAX_CAPTION_DISTANCE:
        return []
    left, first, right, _ = rules[0]
    reach = first
    for rule in rules[1:]:
        if abs(rule[0] - left) > 6 or abs(rule[2] - right) > 6:
            continue
        low, high = sorted((reach, rule[1]))
        if any(low < c.top < high for c in captions if c is not caption):
            break
        between = [li for li in lines if low < li.middle < high and left - 5 < li.left < right]
        if _is_prose(between, right - left, typography):
            break
        reach = rule[1]
    low, high = sorted((first, reach))
    return [li for li in lines if low - 1 < li.middle < high + 1 and li.left > left - 8 and li.right < right + 8]


def _is_prose(lines: Sequence[Line], width: float, typography: Typography) -> bool:
    full = [li for li in lines if li.right - li.left > 0.85 * width and abs(li.size - typography.size) < 0.3]
    return len(full) >= 3 and len(full) > 0.6 * len(lines)


def _stacked_rows(
    caption: Block, lines: Sequence[Line], page: PageLines, typography: Typography, way: int
) -> list[Line]:
    """Return rows of several cells above (-1) or below (1) a caption without rules, in its column."""
    left = max((edge for edge in typography.lefts if edge < caption.left + 8), default=0.0)
    right = min((edge for edge in typography.lefts if edge > caption.right), default=page.width) - 8
    near = [li for li in lines if li.right > min(left, caption.left) - 20 and li.left < right]
    near = [li for li in near if (li.middle - (caption.top + caption.bottom) / 2) * way > 0]
    out: list[Line] = []
    edge = caption.top if way < 0 else caption.bottom
    while True:
        free = [li for li in near if li not in out]
        step = [li for li in free if 0 <= (li.bottom if way < 0 else li.top) * way - edge * way + 3 < _MAX_ROW_DISTANCE]
        if not step:
            break
        nearest = min(step, key=lambda li: abs(li.middle - edge))
        row = [li for li in free if abs(li.middle - nearest.middle) < 0.4 * nearest.size]
        if len(row) < 2 and nearest.right - nearest.left > 0.7 * (caption.right - caption.left):
            break
        out += row
        edge = min(li.top for li in row) if way < 0 else max(li.bottom for li in row)
    rows = Counter(round(li.middle / 4) for li in out)
    return out if sum(count > 1 for count in rows.values()) >= 2 else []


def table_rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Group the cells of a table into rows, from top to bottom and left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda li: li.middle):
        if rows and abs(line.middle - rows[-1][0].middle) < 0.4 * line.size:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda li: li.left) for row in rows]


# Writing rows


def table_text(lines: Sequence[Line], caption: Sequence[Line], words: Counter[str]) -> PlacedText:
    """Return a table's caption, then a line a row with its cells separated by bars."""
    rows = table_rows(lines)
    gutters = _gutters(rows)
    cells = [[cell for line in row for cell in _split_line(line, gutters)] for row in rows]
    spans = [[(cell.left, cell.right) for cell in row] for row in cells if len(row) > 1]
    texts = [_row_text(row, rows, spans) for row in cells]
    first = [join_lines(caption, words)] if caption else []
    return join_texts([*first, *texts], "\n")


def _gutters(rows: Rows) -> list[Span]:
    """Return the empty strips before columns of numbers that hardly any row writes across."""
    if len(rows) < 4:
        return []
    start = min(line.left for row in rows for line in row)
    end = max(line.right for row in rows for line in row)
    places = np.arange(start, end, 0.5)
    size = median(line.size for row in rows for line in row)
    written = np.array([_is_written(row, places) for row in rows])
    free = np.flatnonzero(written.sum(0) <= max(1, 0.15 * len(rows)))
    runs = np.split(free, np.flatnonzero(np.diff(free) > 1) + 1)
    strips = [(float(places[run[0]]), float(places[run[-1]])) for run in runs if 0.2 * size < 0.5 * len(run)]
    return [strip for strip in strips if _is_before_numbers(rows, *strip)]


def _is_written(row: Sequence[Line], places: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Return whether a character of the row covers each of these horizontal positions."""
    out = np.zeros(len(places), bool)
    for line in row:
        for letter, box in zip(line.text, line.boxes, strict=True):
            if letter != " ":
                out |= (box[0] <= places) & (places <= box[2])
    return out


def _is_before_numbers(rows: Rows, left: float, right: float) -> bool:
    """Return whether most rows have a word to the left of a strip and a number next to it on the right."""
    count = 0
    for row in rows:
        letters = [(float(box[0]), c) for li in row for c, box in zip(li.text, li.boxes, strict=True) if c != " "]
        before = max((pair for pair in letters if pair[0] < left), default=(0.0, ""))[1]
        after = sorted(pair for pair in letters if -1 <= pair[0] - right < 1.5 * row[0].size)[:2]
        count += bool(re.match(r"[\w%)*†]", before)) and bool(_VALUE.match("".join(letter for _, letter in after)))
    return count >= max(3, 0.5 * len(rows))


def _split_line(line: Line, gutters: Sequence[Span]) -> Iterator[PlacedText]:
    """Split a line at gutters and at gaps wider than those between words."""
    spaces = [at for at, letter in enumerate(line.text) if letter == " "]
    wide = {at for at in spaces if line.boxes[at, 2] - line.boxes[at, 0] > 0.6 * line.size}
    in_gutter = {
        at: b - a for at in spaces for a, b in gutters if a < line.boxes[at, 2] - 1 and b > line.boxes[at, 0] + 1
    }
    narrow = {at for at, width in in_gutter.items() if width < 0.8 * line.size}
    if len(narrow | wide) < len(spaces):  # some cells have several words: only numbers are surely cells of their own
        narrow = {at for at in in_gutter if _VALUE.match(line.text[at + 1 :])}
    start = 0
    for at in sorted(wide | narrow):
        yield line_text(line, start, at)
        start = at + 1
    yield line_text(line, start)


def _row_text(cells: Sequence[PlacedText], rows: Rows, spans: Sequence[Sequence[Span]]) -> PlacedText:
    """Return the cells of a row separated by bars; merge cells where other rows write across the gap."""
    merged: list[PlacedText] = []
    for cell in cells:
        if merged and not _is_gap(merged[-1].right, cell.left, rows):
            merged[-1] = join_texts([merged[-1], cell], " ")
        else:
            merged.append(cell)
    return join_texts(list(_with_empty_cells(merged, spans)), " |")


def _is_gap(left: float, right: float, rows: Rows) -> bool:
    """Return whether most rows leave some position between the two free."""
    places = np.linspace(left, right, 9)[1:-1].astype(np.float32)  # the precision of boxes
    written = np.array([_is_written(row, places) for row in rows])
    return bool((written.sum(0) < 0.4 * len(rows)).any())


def _with_empty_cells(cells: Sequence[PlacedText], spans: Sequence[Sequence[Span]]) -> Iterator[PlacedText]:
    """Yield the cells, each after the first with a space before it, and an empty one for each skipped column."""
    in_columns = all(_is_usual([_count_shared(cell, row) == 1 for row in spans]) for cell in cells)
    for at, cell in enumerate(cells):
        if at and in_columns:  # no cell is the head of several columns
            left, right = cells[at - 1].right, cell.left
            between = [sum(left <= a and b <= right for a, b in row) for row in spans]
            skipped = median(filter(None, between)) if _is_usual([bool(n) for n in between]) else 0
            yield from [unplaced("")] * int(skipped)
        yield join_texts([unplaced(" "), cell]) if at else cell


def _count_shared(cell: PlacedText, row: Sequence[Span]) -> int:
    """Count the cells of a row that share half of their width, or of this cell's, with it."""
    left, right = cell.left, cell.right
    return sum(min(b, right) - max(a, left) >= 0.5 * min(b - a, right - left) for a, b in row)


def _is_usual(cases: Sequence[bool]) -> bool:
    return sum(cases) > 0.4 * len(cases)
