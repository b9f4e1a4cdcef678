"""Find the empty strips between columns of text on one page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .lines import Line, PageLines

_MIN_LENGTH = 15  # characters of a line of text; shorter ones are cells and labels
_MAX_LINES = 2000  # of a page; pages with more are drawings
_MAX_NEAR = 20  # lines before and after a line among which to look for its neighbour
_MIN_ROWS = 5  # with text on both sides of a gutter
_MIN_KNOWN_ROWS = 2  # the same, where another page has a gutter
_SAME_EDGE = 3.0  # points by which the edges of a column may differ between pages
_MIN_WIDTH = 3.0  # points
_MAX_GAP = 4.0  # times the type size, between the rows of a gutter


@dataclass(slots=True)
class _Strip:
    """An empty vertical strip: its edges, the last row beside it, and how many rows have text on both sides."""

    left: float
    right: float
    bottom: float
    rows: int = 1


def column_edges(pages: Sequence[PageLines]) -> list[list[float]]:
    """Return for each page the left edges of columns with another column of text to their left.

    Fewer rows are enough where another page has a column.
    """
    strips = [list(_strips(page.lines)) if len(page.lines) <= _MAX_LINES else [] for page in pages]
    sure = {round(strip.right / _SAME_EDGE) for found in strips for strip in found if strip.rows >= _MIN_ROWS}
    known = {edge + step for edge in sure for step in (-1, 0, 1)}
    return [
        sorted(
            strip.right
            for strip in found
            if strip.rows >= (_MIN_KNOWN_ROWS if round(strip.right / _SAME_EDGE) in known else _MIN_ROWS)
        )
        for found in strips
    ]


def _strips(lines: Sequence[Line]) -> Iterator[_Strip]:
    """Yield the strips between neighbours over several rows, each ended by a line across it or by a gap below."""
    rows = sorted((line for line in lines if not line.turned), key=lambda line: line.middle)
    open_strips: list[_Strip] = []
    for at, line in enumerate(rows):
        going_on = [strip for strip in open_strips if _goes_on(strip, line)]
        yield from (strip for strip in open_strips if strip not in going_on)
        open_strips = going_on
        gap = _gap_after(rows, at)
        if gap is None:
            continue
        left, right = gap
        inside = [s for s in open_strips if min(s.right, right) - max(s.left, left) >= _MIN_WIDTH]
        if inside:
            strip = min(inside, key=lambda s: abs(s.right - right))
            strip.left, strip.right = max(strip.left, left), min(strip.right, right)
            strip.bottom, strip.rows = line.bottom, strip.rows + 1
        else:
            open_strips.append(_Strip(left, right, line.bottom))
    yield from open_strips


def _goes_on(strip: _Strip, line: Line) -> bool:
    """Narrow a strip to the space that a line leaves, and return whether the strip continues beside it."""
    if line.left >= strip.right or line.right <= strip.left:
        return line.top - strip.bottom <= _MAX_GAP * line.size
    if line.left - strip.left >= _MIN_WIDTH:
        strip.right = line.left
    else:
        strip.left = line.right
    return strip.right - strip.left >= _MIN_WIDTH


def _gap_after(rows: Sequence[Line], at: int) -> tuple[float, float] | None:
    """Return the edges of the gap between a line of text and its right neighbour; None if there is no neighbour."""
    line = rows[at]
    if len(line.text) < _MIN_LENGTH:
        return None
    further = [other for other in _level(rows, at) if other.left >= line.right]
    if not any(len(other.text) >= _MIN_LENGTH for other in further):
        return None
    right = min(other.left for other in further)
    return (line.right, right) if right - line.right >= _MIN_WIDTH else None


def _level(rows: Sequence[Line], at: int) -> Iterator[Line]:
    """Yield the lines at the same height as one, searching those near it in the order of their middles."""
    middle, reach = rows[at].middle, 0.6 * rows[at].size
    for step in (-1, 1):
        for other in range(at + step, at + step * _MAX_NEAR, step):
            if not 0 <= other < len(rows) or abs(rows[other].middle - middle) >= reach:
                break
            yield rows[other]
