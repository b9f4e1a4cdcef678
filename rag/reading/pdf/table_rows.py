"""Join the printed lines of a table into rows, by rules, distances and content."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from .lines import Line
from .table_grid import PrintedCell, Strip, column_edges, find_strips
from .table_rules import Frame, Rule

_MIN_PITCH, _MAX_PITCH = 0.85, 1.45  # of the type size, between the lines of one cell
_MIN_STEP_RATIO = 1.12  # of the distance between rows to that between lines of a row
_MAX_CONTRADICTIONS = 0.3  # share of the close lines that may look like separate rows
_MIN_RULED_ROWS = 3
_MOST_ROWS = 0.8
_FULL_RULE = 0.85  # of the table's width
_MIN_UPRIGHT = 0.4  # of the table's height
_NUMBER = re.compile(r"[\W\d_]*\d[\W\d_]*(?:[A-Za-z%]{1,3}[\W\d_]*)?|[—–-]")
_YEAR = re.compile(r"(?:19|20)\d\d(?:\s?[–/-]\s?\d{2,4})?")
_CONTINUED = re.compile(r"[-,/(&+]$|\b(?:and|or|of|the|in|for|to|with|by|per|from|at|on)$", re.I)


@dataclass(slots=True, eq=False)
class Grid:
    """The rows of a table, its numbers of columns and header rows, and the edges of its columns, ruled or not."""

    rows: list[list[PrintedCell]]
    columns: int
    header_rows: int
    is_ruled: bool = False
    edges: Sequence[float] = ()  # between the columns


def arrange_cells(
    frame: Frame, lines: Sequence[Line], rules: Sequence[Rule], uprights: Sequence[Rule], known: Sequence[float] = ()
) -> Grid:
    """Arrange the lines of a table's body into rows of cells.

    `rules` and `uprights` are those of the page, `known` the column edges of the same table on the previous page.
    """
    size = median(line.size for line in lines)
    level = [r for r in rules if frame.top + 2 < r.at < frame.bottom - 2 and _shared(r, frame.left, frame.right) > 10]
    full = [r.at for r in level if _shared(r, frame.left, frame.right) > _FULL_RULE * (frame.right - frame.left)]
    header_end = min((at for at in full if any(li.middle < at for li in lines)), default=frame.top)
    ruled = _ruled_edges(frame, uprights)
    edges = known or ruled
    if not known and (len(ruled) < 2 or len(level) < len(ruled)):
        below = [line for line in lines if line.middle > header_end]
        found = column_edges(below, lines, size) or column_edges(lines, lines, size)
        edges = sorted([*ruled, *(edge for edge in found if all(abs(edge - other) > 2 * size for other in ruled))])
    strips = find_strips(lines, edges, size)
    bands, merged = _bands(strips, level, frame, ruled)
    if header_end > frame.top and _are_values(strips, header_end):
        header_end = frame.top
    is_row_ruled = _are_rows([band for band in bands if band and band[0].base > header_end])
    limit = _row_step([pair for band in bands for pair in pairwise(band)], size)
    rows: list[list[PrintedCell]] = []
    header_rows = 0
    for band, spanning in zip(bands, merged, strict=True):
        in_header = bool(band) and band[0].base < header_end
        if in_header:
            groups = _header_rows(band, limit, size)
        elif (is_row_ruled or (len(ruled) > 1 and not limit)) and _is_one_row(band):
            groups = [band] if band else []
        else:
            groups = _body_rows(band, limit, [*edges, frame.right], size)
        made = [_row_of(group) for group in groups] or [[]]
        made[0] = _row_of([Strip(0, 0, 0, [*made[0], *spanning])]) if spanning else made[0]
        made = [row for row in made if row]
        rows += made
        header_rows += _count_header(made) if in_header else 0
    _spread_titles(rows, frame, len(edges) + 1)
    if header_end == frame.top and rows and not any(_is_number(cell) for cell in rows[0]):
        header_rows = 1
    return Grid(rows, len(edges) + 1, min(header_rows, max(0, len(rows) - 1)), len(ruled) > 1, edges)


def _are_values(strips: Sequence[Strip], header_end: float) -> bool:
    """Return whether the lines above a rule are data rows, with labels and values, like those below it.

    Years and consecutive numbers are column titles.
    """
    above = [strip for strip in strips if strip.base < header_end]
    of_body = Counter(cell.column for strip in strips if strip.base >= header_end for cell in strip.cells)
    numbers = Counter(
        cell.column for strip in strips if strip.base >= header_end for cell in strip.cells if _is_number(cell)
    )
    for strip in above:
        label, *values = strip.cells
        if label.column or _is_number(label) or not values or not all(_is_number(cell) for cell in values):
            return False
        if any(2 * numbers[cell.column] <= of_body[cell.column] for cell in values) or _are_titles(values):
            return False
    return bool(above)


def _are_titles(values: Sequence[PrintedCell]) -> bool:
    """Return whether numbers are years, or consecutive whole numbers."""
    texts = [" ".join(line.text for line in cell.lines).strip() for cell in values]
    if all(_YEAR.fullmatch(text) for text in texts):
        return True
    if len(texts) < 2 or not all(text.isdecimal() for text in texts):
        return False
    return all(int(a) < int(b) for a, b in pairwise(texts))


def _shared(rule: Rule, start: float, end: float) -> float:
    return min(rule.end, end) - max(rule.start, start)


def _ruled_edges(frame: Frame, uprights: Sequence[Rule]) -> list[float]:
    """Return the positions of vertical rules between columns."""
    height = frame.bottom - frame.top
    lengths: list[list[float]] = []  # position and length
    for rule in uprights:
        length = _shared(rule, frame.top - 2, frame.bottom + 2)
        if length <= 0 or not frame.left + 4 < rule.at < frame.right - 4:
            continue
        if lengths and rule.at - lengths[-1][0] < 3:
            lengths[-1][1] += length
        else:
            lengths.append([rule.at, length])
    return [at for at, length in lengths if length > _MIN_UPRIGHT * height]


def _bands(
    strips: Sequence[Strip], level: Sequence[Rule], frame: Frame, ruled: Sequence[float]
) -> tuple[list[list[Strip]], list[list[PrintedCell]]]:
    """Divide printed lines at horizontal rules.

    In a grid, also return for each band the cells that begin there and span the following rules.
    """
    ends = sorted({round(rule.at, 1) for rule in level})
    ends = [at for n, at in enumerate(ends) if not n or at - ends[n - 1] > 2]
    bands: list[list[Strip]] = [[] for _ in range(len(ends) + 1)]
    merged: list[list[PrintedCell]] = [[] for _ in bands]
    for strip in strips:
        middle = (strip.top + strip.bottom) / 2
        own = sum(at < middle for at in ends)
        kept = []
        for cell in strip.cells:
            first = own
            if ruled:
                line = cell.lines[0]
                centre = (line.left + line.right) / 2
                over = [r.at for r in level if r.start - 1 <= centre <= r.end + 1]
                above = max((at for at in over if at < line.middle), default=frame.top)
                below = min((at for at in over if at > line.middle), default=frame.bottom)
                first = sum(at < above + 2 for at in ends)
                reaches_over = sum(at < below - 2 for at in ends) > first
            if ruled and reaches_over:
                merged[first].append(cell)
            else:
                kept.append(cell)
        if kept:
            bands[own].append(Strip(strip.base, strip.top, strip.bottom, kept))
    return bands, merged


def _row_step(pairs: Sequence[tuple[Strip, Strip]], size: float) -> float:
    """Return the minimum distance between the baselines of two rows; 0 if distances do not separate rows."""
    steps = sorted(b.base - a.base for a, b in pairs if not _is_level(a, b))
    jumps = [
        (high / low, (low + high) / 2)
        for low, high in pairwise(steps)
        if _MIN_PITCH * size < low < _MAX_PITCH * size and high / low > _MIN_STEP_RATIO
    ]
    if not jumps:
        return 0.0
    limit = max(jumps)[1]
    close = [(a, b) for a, b in pairs if b.base - a.base < limit]
    own = sum(_looks_like_a_row(a, b) for a, b in close)
    return limit if own <= _MAX_CONTRADICTIONS * len(close) else 0.0


def _looks_like_a_row(above: Strip, strip: Strip) -> bool:
    """Return whether a line fills the columns of the line above, or has numbers below that line's numbers."""
    numbers = {cell.column for cell in above.cells if _is_number(cell)}
    bracketed = all(cell.lines[0].text[:1] in "([" for cell in strip.cells)
    if numbers & {cell.column for cell in strip.cells if _is_number(cell)} and not bracketed:
        return True
    return len(strip.cells) > 2 and strip.filled() == above.filled()


def _is_own_row(above: Strip, strip: Strip) -> bool:
    """Return whether two lines both have a label and numbers in the same columns."""
    numbers = [{cell.column for cell in each.cells if _is_number(cell)} - {0} for each in (above, strip)]
    labels = [any(cell.column == 0 and not _is_number(cell) for cell in each.cells) for each in (above, strip)]
    return all(labels) and bool(numbers[0] & numbers[1])


def _is_level(above: Strip, strip: Strip) -> bool:
    """Return whether two lines in different columns overlap vertically, as centred cells do."""
    shared = min(above.bottom, strip.bottom) - max(above.top, strip.top)
    return shared > 0.25 * min(above.bottom - above.top, strip.bottom - strip.top) and not (
        above.filled() & strip.filled()
    )


def _is_number(cell: PrintedCell) -> bool:
    return all(_NUMBER.fullmatch(line.text.strip()) for line in cell.lines)


def _header_rows(band: Sequence[Strip], limit: float, size: float) -> list[list[Strip]]:
    """Return the rows of a header; cells that span columns are in separate rows."""
    rows: list[list[Strip]] = []
    for strip in band:
        above = rows[-1][-1] if rows else None
        spans = any(cell.columns > 1 for cell in strip.cells)
        after_span = above is not None and any(cell.columns > 1 for cell in above.cells)
        far = above is not None and strip.base - above.base > (limit or 2 * size)
        if above is None or spans or after_span or far:
            rows.append([strip])
        else:
            rows[-1].append(strip)
    return rows


def _is_one_row(band: Sequence[Strip]) -> bool:
    """Return whether no number is below another."""
    numbers = Counter(cell.column for strip in band for cell in strip.cells if _is_number(cell))
    return max(numbers.values(), default=0) < 2


def _are_rows(bands: Sequence[Sequence[Strip]]) -> bool:
    """Return whether rules separate single rows: most bands have numbers, but none below another."""
    numbers = [band for band in bands if any(_is_number(cell) for strip in band for cell in strip.cells)]
    single = [band for band in numbers if _is_one_row(band)]
    return len(bands) >= _MIN_RULED_ROWS and min(len(numbers), len(single)) >= _MOST_ROWS * len(bands)


def _body_rows(band: Sequence[Strip], limit: float, edges: Sequence[float], size: float) -> list[list[Strip]]:
    rows: list[list[Strip]] = []
    for strip in band:
        if rows and _continues(rows[-1], strip, limit, edges, size):
            rows[-1].append(strip)
        else:
            rows.append([strip])
    return rows


def _continues(row: Sequence[Strip], strip: Strip, limit: float, edges: Sequence[float], size: float) -> bool:
    """Return whether a printed line continues the cells of a row."""
    above = row[-1]
    same = [each for each in row if each.filled() & strip.filled()]
    step = strip.base - (same or row)[-1].base
    if limit and same:
        return step < limit and not _is_own_row(above, strip)
    if _is_level(above, strip) and step < _MAX_PITCH * size:
        return True
    if limit or step > 2 * size:
        return bool(limit) and step < limit
    cells = {cell.column: cell for each in row for cell in each.cells}
    if set(cells) == {0} and not _is_number(strip.cells[0]):  # the end of the label is beside the values
        return strip.cells[0].column == 0 and len(strip.cells) > 1 and _goes_on(cells[0], strip.cells[0], edges, size)
    if all(cell.column in cells and cell.lines[0].text[:1].islower() for cell in strip.cells):
        return True
    if len(strip.cells) > max(1, len(cells) / 2) or any(_is_number(cell) for cell in strip.cells):
        return False
    return all(
        cell.column in cells and _goes_on(cells[cell.column], cell, edges, size, hanging=True) for cell in strip.cells
    )


def _goes_on(above: PrintedCell, cell: PrintedCell, edges: Sequence[float], size: float, hanging: bool = False) -> bool:
    """Return whether a text continues the text above: by its letters, or because its first word did not fit there."""
    last, line = above.lines[-1], cell.lines[0]
    if line.text[:1].islower() or _CONTINUED.search(last.text.rstrip()):
        return True
    if hanging and 0.4 * size < line.left - above.lines[0].left < 4 * size and cell.column > 0:
        return True
    room = next((edge for edge in edges if edge > last.left), last.right) - last.right
    word = line.text.partition(" ")[0]
    width = float(line.boxes[len(word) - 1, 2] - line.boxes[0, 0])
    return not _is_number(above) and cell.column > 0 and room < width + 0.3 * size


def _count_header(rows: Sequence[Sequence[PrintedCell]]) -> int:
    """Count the header rows, up to the first row that fills the most columns with single cells."""
    filled = [len(row) * all(cell.columns == 1 for cell in row) for row in rows]
    return filled.index(max(filled)) + 1 if any(filled) else len(rows)


def _spread_titles(rows: Sequence[list[PrintedCell]], frame: Frame, columns: int) -> None:
    """Make the only cell of a row span all columns if it is centred in the table, unlike the other cells."""
    lefts = Counter((c.column, round(c.lines[0].left / 3)) for row in rows for c in row if not _is_number(c))
    for row in rows:
        first = row[0]
        left, right = min(li.left for li in first.lines), max(li.right for li in first.lines)
        is_centred = abs(left + right - frame.left - frame.right) < 0.1 * (frame.right - frame.left)
        own_place = lefts[first.column, round(first.lines[0].left / 3)] == 1
        if len(row) == 1 and first.column and is_centred and own_place and not _is_number(first):
            first.column, first.columns = 0, columns


def _row_of(strips: Sequence[Strip]) -> list[PrintedCell]:
    """Return the cells of a row from left to right, each with its lines from top to bottom."""
    out: dict[int, PrintedCell] = {}
    for strip in strips:
        for cell in strip.cells:
            same = out.get(cell.column) or next(
                (c for c in out.values() if c.column < cell.column < c.column + c.columns), None
            )
            if same is None:
                out[cell.column] = PrintedCell([*cell.lines], cell.column, cell.columns)
            else:
                same.lines += cell.lines
    row = [out[column] for column in sorted(out)]
    for cell, following in pairwise(row):
        cell.columns = min(cell.columns, following.column - cell.column)
    return row
