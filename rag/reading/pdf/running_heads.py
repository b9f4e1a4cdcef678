"""Remove running heads, page numbers and marginal stamps from pages."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from .columns import CAPTION
from .lines import Line, PageLines

EDGE = 0.11  # of the page's height; running heads and page numbers are within these margins
_SAME_HEIGHT = 3.0  # points by which the heads of two pages may differ
_SAME_ROW = 2.0  # points between the middles of lines side by side
_LINE_DISTANCE = 1.35  # of the type size, between the lines of a paragraph
_MAX_LINES = 3000  # pages with more are drawings; the search for a neighbour is quadratic
_MIN_CELLS = 4  # of a row of a table; running heads have fewer parts
_MIN_TABLE_ROWS = 4
_MAX_ROW_STEP = 3  # of the type size, between rows of a table
_MOST = 0.7
_MIN_GRID_RULES = 3  # vertical rules that begin at the same height
_NUMBER = re.compile(r"\W*(?:page\s*)?(?:(\d{1,5})|[ivxlc]{1,7})(?:\s*(?:of|/)\s*\d+)?\W*", re.I)


def remove_running_heads(pages: Sequence[PageLines]) -> list[PageLines]:
    """Return the pages without running heads, page numbers and rotated lines."""
    edges = [_edge_lines(page) for page in pages]
    repeated = _repeated(edges)
    heads = repeated | _in_place_of_heads(edges, repeated)
    numbers = _page_numbers(pages, edges)
    return [
        replace(page, lines=tuple(_kept_lines(page, at_edge, heads, numbers)))
        for page, at_edge in zip(pages, edges, strict=True)
    ]


def _edge_lines(page: PageLines) -> list[Line]:
    """Return the lines at the edges, except the captions and ruled rows that a continued table repeats on each page."""
    lines = [line for line in page.lines if not line.turned]
    at_edge = [line for line in lines if _is_at_edge(line, page)]
    tops = Counter(round(top / 4) for _, top, _, _ in page.uprights)
    grid = min((4 * top for top, count in tops.items() if count >= _MIN_GRID_RULES), default=page.height)
    kept = [li for li in at_edge if not CAPTION.match(li.text) and not (grid < li.middle and li.top < page.height / 2)]
    in_rows = _in_table_rows(lines, at_edge)
    return [li for li in [*kept, *_outermost_rows_with_number(lines, page)] if id(li) not in in_rows]


def _in_table_rows(lines: Sequence[Line], at_edge: Sequence[Line]) -> set[int]:
    """Return the ids of lines in table rows that reach the edge: rows with many parts in the same columns."""
    ids = {id(line) for line in at_edge}
    tables: list[list[list[Line]]] = []
    for row in _printed_rows(lines):
        if tables and _are_in_same_columns(tables[-1][-1], row):
            tables[-1].append(row)
        else:
            tables.append([row])
    long = (table for table in tables if len(table) >= _MIN_TABLE_ROWS)
    return {id(line) for table in long for row in table for line in row if id(line) in ids}


def _printed_rows(lines: Sequence[Line]) -> list[list[Line]]:
    """Return the lines grouped into rows, from top to bottom."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda li: li.middle):
        if not rows or line.middle - rows[-1][0].middle > _SAME_ROW:
            rows.append([])
        rows[-1].append(line)
    return rows


def _are_in_same_columns(row: Sequence[Line], below: Sequence[Line]) -> bool:
    """Return whether two rows with more parts than a running head are close together and in the same columns."""
    if min(len(row), len(below)) < _MIN_CELLS or below[0].middle - row[0].middle > _MAX_ROW_STEP * row[0].size:
        return False
    places, others = ([(line.left, (line.left + line.right) / 2, line.right) for line in each] for each in (row, below))
    known = [{round(place / 3) + step for place in edge for step in (-1, 0, 1)} for edge in zip(*places, strict=True)]
    same = [sum(round(place / 3) in each for place, each in zip(other, known, strict=True)) for other in others]
    return sum(map(bool, same)) > _MOST * len(below)


def _outermost_rows_with_number(lines: Sequence[Line], page: PageLines) -> Iterator[Line]:
    """Yield the first and last row of a page with wide margins, if they may contain a page number."""
    middles = [line.middle for line in lines]
    for outermost in (min(middles, default=0.0), max(middles, default=0.0)):
        row = [line for line in lines if abs(line.middle - outermost) < _SAME_ROW]
        if any(_NUMBER.fullmatch(line.text) for line in row):
            yield from (line for line in row if not _is_at_edge(line, page))


def _repeated(edges: Sequence[Sequence[Line]]) -> set[int]:
    """Return the ids of edge lines that another page repeats at the same height, ignoring numbers."""
    same: dict[str, list[tuple[float, int, Line]]] = defaultdict(list)
    for page, lines in enumerate(edges):
        for line in lines:
            if not _NUMBER.fullmatch(line.text):
                same[_without_numbers(line.text)].append((line.top, page, line))
    out: set[int] = set()
    for places in same.values():
        for group in _near(places):
            if len({page for _, page, _ in group}) > 1:
                out.update(id(line) for _, _, line in group)
    return out


def _near(places: Iterable[tuple[float, int, Line]]) -> Iterator[list[tuple[float, int, Line]]]:
    group: list[tuple[float, int, Line]] = []
    for place in sorted(places, key=lambda each: each[0]):
        if group and place[0] - group[0][0] > _SAME_HEIGHT:
            yield group
            group = []
        group.append(place)
    yield group


def _in_place_of_heads(edges: Sequence[Sequence[Line]], repeated: set[int]) -> set[int]:
    """Return the ids of lines in the same position and type as repeated heads, such as those of another chapter."""
    lines = [line for at_edge in edges for line in at_edge]
    places = Counter(map(_place, lines))
    of_heads = Counter(_place(line) for line in lines if id(line) in repeated)
    return {id(line) for line in lines if 2 * of_heads[_place(line)] > places[_place(line)]}


def _place(line: Line) -> tuple[float, float, str]:
    return round(line.base if line.base >= 0 else line.bottom), line.size, line.font


def _page_numbers(pages: Sequence[PageLines], edges: Sequence[Sequence[Line]]) -> set[int]:
    """Return the ids of the page numbers; if some numbers are consecutive from page to page, only these."""
    numbers = [
        (line, int(found[1]) - page.number if found[1] else None, _is_at_edge(line, page))
        for page, lines in zip(pages, edges, strict=True)
        for line in lines
        if (found := _NUMBER.fullmatch(line.text))
    ]
    counts = Counter(offset for _, offset, _ in numbers if offset is not None)
    most = max(counts.values(), default=0)
    offsets = {offset for offset, count in counts.items() if count > max(1, 0.3 * most)}
    return {
        id(line)
        for line, offset, at_edge in numbers
        if offset in offsets or (at_edge and (not offsets or offset is None))
    }


def _kept_lines(page: PageLines, edge: Sequence[Line], heads: set[int], numbers: set[int]) -> Iterator[Line]:
    lines = [line for line in page.lines if not line.turned]
    at_edge = {id(line) for line in edge}
    foot = min((li.top for li in edge if _is_at_foot(li, page) and id(li) in numbers), default=page.height)
    removable = {key for key in at_edge if key in heads or key in numbers} | {id(li) for li in edge if li.top > foot}
    removable -= _in_paragraphs(page, edge, removable, numbers)
    downwards = sorted(lines, key=lambda li: li.middle)
    upwards = sorted(lines, key=lambda li: li.middle, reverse=True)
    removed = {*_beside_text(lines, numbers), *_outer_lines(downwards, removable), *_outer_lines(upwards, removable)}
    return (line for line in lines if id(line) not in removed)


def _in_paragraphs(page: PageLines, edge: Sequence[Line], removable: set[int], numbers: set[int]) -> set[int]:
    """Return the ids of removable lines that begin or end a paragraph, and are repeated only by chance."""
    if len(page.lines) > _MAX_LINES:
        return set()
    text = [line for line in page.lines if id(line) not in removable and not line.turned]
    heads = [line for line in edge if id(line) in removable and id(line) not in numbers]
    return {id(head) for head in heads if any(_is_next_line(head, line, page) for line in text)}


def _is_next_line(head: Line, line: Line, page: PageLines) -> bool:
    """Return whether `line` directly follows `head` towards the middle of the page, in the same type."""
    step = head.middle - line.middle if head.middle > page.height / 2 else line.middle - head.middle
    near = 0 < step < _LINE_DISTANCE * head.size and line.left < head.right and line.right > head.left
    return near and (line.size, line.font) == (head.size, head.font)


def _beside_text(lines: Sequence[Line], numbers: set[int]) -> set[int]:
    """Return the ids of page numbers to the left or right of all text."""
    text = [line for line in lines if not _NUMBER.fullmatch(line.text)]
    left = min((line.left for line in text), default=float("-inf"))
    right = max((line.right for line in text), default=float("inf"))
    return {id(line) for line in lines if id(line) in numbers and (line.left > right or line.right < left)}


def _outer_lines(lines: Sequence[Line], removable: set[int]) -> Iterator[int]:
    """Yield the ids of removable lines, from the page's edge inwards up to a row with other text."""
    for _, grouped in groupby(lines, key=lambda li: round(li.middle / 4)):
        row = list(grouped)
        whole = all(id(line) in removable for line in row)
        if whole or len(row) == 2:  # a page number next to a running head that changes
            yield from (id(line) for line in row if id(line) in removable)
        if not whole:
            return


def _is_at_edge(line: Line, page: PageLines) -> bool:
    return line.bottom < EDGE * page.height or _is_at_foot(line, page)


def _is_at_foot(line: Line, page: PageLines) -> bool:
    return line.top > (1 - EDGE) * page.height


def _without_numbers(text: str) -> str:
    return re.sub(r"[\W_]+", " ", re.sub(r"\d+", "0", text)).strip() or text
