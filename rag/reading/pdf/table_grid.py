"""Arrange the lines of a table's body into columns and rows of cells."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from .line_pieces import baseline
from .lines import Line
from .rotation import bounds

WORD_GAP = 0.6  # of the type size; the words of a cell are closer
_MIN_NARROW_GUTTER = 0.15  # of the type size; a strip this narrow separates only columns of numbers
_MIN_EDGE_GAP = 0.33  # of the type size, between the texts of two columns
_MAX_CROSSING = 0.08  # share of the lines that may cross a gutter
_MAX_WORD = 20  # letters compared of the word before a number
_MIN_ROWS_TO_CROSS = 5  # with this many rows, one may cross
_VALUE = re.compile(r"[.<>+−–-]?\d")


@dataclass(slots=True, eq=False)
class PrintedCell:
    """The lines of a cell in reading order, its first column from 0, and how many columns it covers."""

    lines: list[Line]
    column: int
    columns: int = 1


@dataclass(slots=True, eq=False)
class Strip:
    """The cells of one printed line of a table."""

    base: float
    top: float
    bottom: float
    cells: list[PrintedCell] = field(default_factory=list)

    def filled(self) -> set[int]:
        return {at for cell in self.cells for at in range(cell.column, cell.column + cell.columns)}


# Columns


def column_edges(body: Sequence[Line], lines: Sequence[Line], size: float) -> list[float]:
    """Return the edges between columns without rules: strips that hardly any row of the body crosses.

    `lines` are those of the body and the header, whose gaps determine the position within a wide strip.
    """
    rows = _rows_of(body, size)
    if len(rows) < 2:
        return []
    start, end = min(li.left for li in lines), max(li.right for li in lines)
    width = int((end - start) * 2) + 2
    closed = np.array([_ink(row, start, width, WORD_GAP * size) for row in rows])
    several = np.array([_count_runs(row) > 1 for row in closed])
    if several.sum() < 2:
        return []
    gutters: list[tuple[int, int]] = []
    for crossing in (0, max(int(_MAX_CROSSING * len(rows)), int(len(rows) >= _MIN_ROWS_TO_CROSS))):
        gutters += _apart(_gutters(closed[several], WORD_GAP * size, crossing), gutters)
    words = np.array([_ink(row, start, width, 0.0) for row in rows])
    narrow = _apart(_gutters(words, _MIN_NARROW_GUTTER * size, int(_MAX_CROSSING * len(rows))), gutters)
    letters = [_letters(row) for row in rows] if narrow else []
    gutters += [g for g in narrow if _is_before_numbers(rows, letters, start + g[0] / 2, start + g[1] / 2)]
    every = np.array([_ink(row, start, width, 0.0) for row in _rows_of(lines, size)]).sum(0)
    return sorted(start + _emptiest(every, *gutter) / 2 for gutter in gutters)


def _rows_of(lines: Sequence[Line], size: float) -> list[list[Line]]:
    rows: list[list[Line]] = []
    base = 0.0
    for line in sorted(lines, key=baseline):
        if not rows or baseline(line) - base > 0.3 * size:
            rows.append([])
            base = baseline(line)
        rows[-1].append(line)
    return rows


def _ink(row: Sequence[Line], start: float, width: int, closed: float) -> NDArray[np.bool_]:
    """Return which half points of a row have ink; gaps in a line narrower than `closed` count as ink."""
    out = np.zeros(width, bool)
    for line in row:
        for first, last in runs(line, closed):
            left, right = line.boxes[first:last, 0].min(), line.boxes[first:last, 2].max()
            out[max(0, int((left - start) * 2)) : int((right - start) * 2) + 1] = True
    return out


def runs(line: Line, closed: float) -> Iterator[tuple[int, int]]:
    """Yield the parts of a line between gaps wider than `closed`."""
    start = 0
    for at, letter in enumerate(line.text):
        if letter == " " and line.boxes[at, 2] - line.boxes[at, 0] > closed:
            if at > start:
                yield start, at
            start = at + 1
    if start < len(line.text):
        yield start, len(line.text)


def _count_runs(row: NDArray[np.bool_]) -> int:
    return int(row[0]) + int((row[1:] & ~row[:-1]).sum())


def _gutters(rows: NDArray[np.bool_], least: float, crossing: int) -> Iterator[tuple[int, int]]:
    """Yield strips at least `least` half points wide that at most `crossing` rows cross."""
    free = np.flatnonzero(rows.sum(0) <= crossing)
    for run in np.split(free, np.flatnonzero(np.diff(free) > 1) + 1):
        if len(run) * 0.5 >= least and run[0] > 0 and run[-1] < rows.shape[1] - 2:
            yield int(run[0]), int(run[-1])


def _apart(strips: Iterable[tuple[int, int]], others: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the strips that overlap none of `others`."""
    return [(first, last) for first, last in strips if not any(a < last and b > first for a, b in others)]


def _emptiest(written: NDArray[np.intp], first: int, last: int) -> float:
    """Return the middle of the widest part of a strip with the least ink."""
    counts = written[first : last + 1]
    best = np.flatnonzero(counts == counts.min())
    part = max(np.split(best, np.flatnonzero(np.diff(best) > 1) + 1), key=len)
    return first + float(part[0] + part[-1] + 1) / 2


def _letters(row: Sequence[Line]) -> list[tuple[float, str]]:
    """Return the letters and spaces of a row with their left edges, from left to right."""
    return sorted(pair for line in row for pair in zip(line.boxes[:, 0].tolist(), line.text, strict=True))


def _is_before_numbers(
    rows: Sequence[Sequence[Line]], letters: Sequence[list[tuple[float, str]]], left: float, right: float
) -> bool:
    """Return whether most rows have a varying word to the left of a strip and a number to the right.

    Where the strip is a space within a line, only numbers may follow it.
    """
    count = cut = 0
    words: set[str] = set()
    for row, row_letters in zip(rows, letters, strict=True):
        end = bisect_left(row_letters, (left, ""))
        before = "".join(letter for _, letter in row_letters[max(0, end - _MAX_WORD) : end]).split()
        first, last = (bisect_left(row_letters, (at, "")) for at in (right - 1, right + 1.5 * row[0].size))
        after = "".join([letter for _, letter in row_letters[first:last] if letter != " "][:2])
        if before and re.search(r"[\w%)*†]$", before[-1]) and _VALUE.match(after):
            count += 1
            words.add(before[-1])
        cut += not _VALUE.match(after) and any(li.left < left and right < li.right for li in row)
    return count >= max(3, 0.5 * len(rows)) and len(words) > 1 and cut <= _MAX_CROSSING * len(rows)


# Cells


def cut_line(line: Line, start: int, end: int) -> Line:
    """Return a part of a line as a line."""
    if start == 0 and end == len(line.text):
        return line
    boxes = line.boxes[start:end]
    left, top, right, bottom = bounds(boxes)
    return replace(line, text=line.text[start:end], boxes=boxes, left=left, top=top, right=right, bottom=bottom)


def cells_of(line: Line, edges: Sequence[float]) -> Iterator[PrintedCell]:
    """Cut a line at the gaps at column edges."""
    spaces = [at for at, letter in enumerate(line.text) if letter == " "]
    crossed = [edge for edge in edges if line.left < edge < line.right]
    at_edges = [at for at in spaces if any(line.boxes[at, 0] - 1 <= edge <= line.boxes[at, 2] + 1 for edge in crossed)]
    is_row = 2 <= len(crossed) == len(at_edges)  # text that spans columns has its spaces elsewhere
    start = 0
    for at in spaces:
        width = float(line.boxes[at, 2] - line.boxes[at, 0])
        is_gap = is_row or width > _MIN_EDGE_GAP * line.size or bool(_VALUE.match(line.text[at + 1 :]))
        if (at in at_edges and is_gap) or width > line.size:
            if at > start:
                yield _cell(cut_line(line, start, at), edges)
            start = at + 1
    if start < len(line.text):
        yield _cell(cut_line(line, start, len(line.text)), edges)


def _cell(line: Line, edges: Sequence[float]) -> PrintedCell:
    """Return a piece of a line as a cell that spans the columns it overlaps by more than a letter."""
    margin = min(0.5 * line.size, 0.3 * (line.right - line.left))
    first = sum(edge < line.left + margin for edge in edges)
    last = sum(edge < line.right - margin for edge in edges)
    return PrintedCell([line], first, max(1, last - first + 1))


def find_strips(lines: Sequence[Line], edges: Sequence[float], size: float) -> list[Strip]:
    """Return the printed lines of a table, from top to bottom, with their cells."""
    strips: list[Strip] = []
    for line in sorted(lines, key=lambda li: (baseline(li), li.left)):
        last = strips[-1] if strips else None
        if last is None or not _is_in_strip(line, last, size):
            last = Strip(baseline(line), line.top, line.bottom)
            strips.append(last)
        elif line.size > 0.85 * size and not any(cell.lines[0].size > 0.85 * size for cell in last.cells):
            last.base = baseline(line)
        last.top, last.bottom = min(last.top, line.top), max(last.bottom, line.bottom)
        last.cells += cells_of(line, edges)
    for strip in strips:
        strip.cells = _joined(strip.cells)
    return strips


def _is_in_strip(line: Line, strip: Strip, size: float) -> bool:
    if baseline(line) - strip.base < 0.3 * size:
        return True
    shared = min(line.bottom, strip.bottom) - max(line.top, strip.top)
    small = line.size < 0.85 * size or all(cell.lines[0].size < 0.85 * size for cell in strip.cells)
    return small and shared > 0.6 * min(line.bottom - line.top, strip.bottom - strip.top)


def _joined(cells: Sequence[PrintedCell]) -> list[PrintedCell]:
    """Join cells of a printed line that share a column."""
    out: list[PrintedCell] = []
    for cell in sorted(cells, key=lambda cell: cell.lines[0].left):
        if out and cell.column < out[-1].column + out[-1].columns:
            last = out[-1]
            last.columns = max(last.column + last.columns, cell.column + cell.columns) - last.column
            last.lines += cell.lines
        else:
            out.append(cell)
    return out
