"""Remove the line numbers of manuscripts: on every line or every few lines, in one margin or both."""

from __future__ import annotations

import re
from bisect import bisect
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, pairwise
from statistics import median
from typing import NamedTuple

from .lines import Line, PageLines
from .rotation import bounds

_AT_START = re.compile(r"\d{1,5}(?=\s|$)")
_AT_END = re.compile(r"(?<=\s)\d{1,5}$")
_MAX_STEP = 10  # from one number to the next
_MIN_NUMBERS = 10  # on a page that certainly has line numbers
_MIN_SPARSE_NUMBERS = 4  # the same, if only every few lines are numbered
_ALIGNMENT = 3.0  # points by which the edges of numbers in a margin may differ
_MIN_PROSE_LENGTH = 25  # characters of a line of prose
_MAX_ROWS = 1.5  # rows of text per number; list items have more
_MAX_DISTANCE = 60  # points between a number and the text beside it
_SAME_ROW = 3  # points between the middles of two parts of a row
_MAX_ROUNDS = 2  # a journal may add numbers to a manuscript that already has some


class _Number(NamedTuple):
    """A number that begins or ends a line: its position in the line's text, its value and its position on the page."""

    line: Line
    start: int
    end: int
    value: int
    left: float
    right: float
    middle: float


def remove_line_numbers(pages: Sequence[PageLines]) -> list[PageLines]:
    """Return the pages without line numbers; numbered lists and tables keep their numbers."""
    out = list(pages)
    for _ in range(_MAX_ROUNDS):
        columns = [list(_columns(page)) for page in out]
        sure = [c for page, found in zip(out, columns, strict=True) for c in found if _is_surely_numbered(c, page)]
        if not sure:
            break
        edges = [(median(n.left for n in column), median(n.right for n in column)) for column in sure]
        out = [_without(page, _near(page, edges)) for page in out]
    return out


def _numbers(page: PageLines) -> Iterator[_Number]:
    for line in page.lines:
        if line.turned:
            continue
        found = [match for match in (_AT_START.match(line.text), _AT_END.search(line.text)) if match]
        for match in found:
            left, top, right, bottom = bounds(line.boxes[match.start() : match.end()])
            yield _Number(line, *match.span(), int(match[0]), left, right, (top + bottom) / 2)


def _columns(page: PageLines) -> Iterator[list[_Number]]:
    """Yield the series of aligned numbers that increase by a constant step."""
    numbers = list(_numbers(page))
    for edge in ("left", "right"):
        for group in _aligned(numbers, edge):
            series = _series(group)
            if len(series) >= _MIN_SPARSE_NUMBERS:
                yield series


def _aligned(numbers: Sequence[_Number], edge: str) -> Iterator[list[_Number]]:
    def place(number: _Number) -> float:
        return float(getattr(number, edge))

    group: list[_Number] = []
    for number in sorted(numbers, key=place):
        if group and place(number) - place(group[0]) > _ALIGNMENT:
            yield group
            group = []
        group.append(number)
    yield group


def _series(group: Iterable[_Number]) -> list[_Number]:
    """Return the numbers that increase downwards by the most common step or a small multiple; none if few do."""
    numbers = sorted(group, key=lambda number: number.middle)
    steps = Counter(b.value - a.value for a, b in pairwise(numbers) if 0 < b.value - a.value <= _MAX_STEP)
    if not steps:
        return []
    step = steps.most_common(1)[0][0]
    first = next(at for at, (a, b) in enumerate(pairwise(numbers)) if b.value - a.value == step)
    series = [numbers[first]]
    for number in numbers[first + 1 :]:
        more = number.value - series[-1].value
        if 0 < more <= 3 * step and more % step == 0 and number.middle > series[-1].middle + 1:
            series.append(number)
    return series if steps[step] >= 0.8 * (len(series) - 1) and len(series) > 0.8 * len(numbers) else []


def _is_surely_numbered(series: Sequence[_Number], page: PageLines) -> bool:
    """Return whether numbers are in a margin, evenly spaced, over most of a page of prose."""
    least = _MIN_NUMBERS if series[1].value - series[0].value == 1 else _MIN_SPARSE_NUMBERS
    prose = [text for line in page.lines if len(text := line.text.lstrip("0123456789 ")) >= _MIN_PROSE_LENGTH]
    in_sentence = sum(not text[0].isupper() and text[0].isalpha() for text in prose)
    if len(series) < least or in_sentence < 0.3 * len(prose) or not prose:
        return False
    texts = [line for line in page.lines if len(line.text) >= _MIN_PROSE_LENGTH]
    top, bottom = min(line.top for line in texts), max(line.bottom for line in texts)
    covers = series[-1].middle - series[0].middle > 0.6 * (bottom - top)
    return covers and _is_even(series, page) and _is_in_margin(series, page)


def _is_even(series: Sequence[_Number], page: PageLines) -> bool:
    """Return whether numbers count the rows beside them, or are evenly spaced; list items have more rows."""
    rows = _rows_beside(series, page)
    above = [bisect(rows, number.middle) for number in series]
    if above[-1] - above[0] > _MAX_ROWS * (series[-1].value - series[0].value):
        return False
    heights = [(b.middle - a.middle) / (b.value - a.value) for a, b in pairwise(series)]
    usual = median(heights)
    if sum(abs(height - usual) < 0.05 * usual for height in heights) >= 0.8 * len(heights):
        return True
    between = zip(pairwise(above), pairwise(series), strict=True)
    fitting = sum(abs((m - n) - (b.value - a.value)) <= 1 for (n, m), (a, b) in between)
    return fitting >= 0.8 * (len(series) - 1)


def _rows_beside(series: Sequence[_Number], page: PageLines) -> list[float]:
    """Return the vertical middles of the rows of text that begin or end next to the numbers."""
    left, right = min(number.left for number in series), max(number.right for number in series)
    middles = sorted(
        line.middle
        for line in page.lines
        if len(line.text) >= _MIN_PROSE_LENGTH
        and (left - 1 <= line.left < right + _MAX_DISTANCE or left - _MAX_DISTANCE < line.right <= right + 1)
    )
    return [b for a, b in pairwise([float("-inf"), *middles]) if b - a > _SAME_ROW]


def _is_in_margin(series: Sequence[_Number], page: PageLines) -> bool:
    """Return whether hardly any other text is in the numbers' strip, or on one side of it."""
    numbered = {id(number.line) for number in series}
    left, right = min(number.left for number in series), max(number.right for number in series)
    others = [line for line in page.lines if id(line) not in numbered and not line.turned]
    inside = sum(line.left < right - 0.5 and line.right > left + 0.5 for line in others)
    beyond = min(sum(line.right <= left + 0.5 for line in others), sum(line.left >= right - 0.5 for line in others))
    return max(inside, beyond) <= 0.1 * len(series) + 2


def _near(page: PageLines, edges: Sequence[tuple[float, float]]) -> list[_Number]:
    """Return a page's numbers in the margins that are certainly numbered on some page."""
    out = []
    for number in _numbers(page):
        if any(min(abs(number.left - left), abs(number.right - right)) <= _ALIGNMENT for left, right in edges):
            out.append(number)
    return out


def _without(page: PageLines, numbers: Sequence[_Number]) -> PageLines:
    """Return a page without these numbers, and without lines that are only a number."""
    removed = {key: list(group) for key, group in groupby(numbers, key=lambda number: id(number.line))}
    lines: list[Line] = []
    for line in page.lines:
        start, end = 0, len(line.text)
        for number in removed.get(id(line), ()):
            start, end = (number.end, end) if number.start == 0 else (start, number.start)
        start += len(line.text[start:end]) - len(line.text[start:end].lstrip())
        end = start + len(line.text[start:end].rstrip())
        if end > start:
            lines.append(line if end - start == len(line.text) else _part(line, start, end))
    return replace(page, lines=tuple(lines))


def _part(line: Line, start: int, end: int) -> Line:
    boxes = line.boxes[start:end]
    left, top, right, bottom = bounds(boxes)
    return replace(line, text=line.text[start:end], boxes=boxes, left=left, top=top, right=right, bottom=bottom)
