"""Detect the columns of a document and put the blocks of a page in reading order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from .lines import Line, PageLines, body_size

if TYPE_CHECKING:
    from .tables import PrintedTable

_MAX_LINE_HEIGHT = 20  # points
_MIN_COLUMN_DISTANCE = 40  # points between the left edges of two columns
CAPTION = re.compile(
    r"(?:(?:Extended Data |Supplementary |Supplemental )?(?P<kind>Fig(?:ure|\.)?|FIG(?:URE|\.)?|TABLE|"
    r"Tab(?:le(?:au)?|elle|ella|ela|la|\.)|Algorithm|Listing|Scheme|Chart|Box)"
    r"\s*(?P<number>[A-Z]?\.?\d+(?:\.\d+)?[a-z]?|[IVX]+\b))\s*(?P<mark>[.:|–—]|-(?=\s)|$|(?=[A-Z(]))"
)

Box = tuple[float, float, float, float]  # left, top, right, bottom


class Typography(NamedTuple):
    """How most of a document is set, in points.

    `size` is the type size, `pitch` the distance between baselines, `width` that of a column's lines; `lefts` are the
    left edges of the columns; `lefts_by_side` are those of even and of odd pages, which differ if margins are mirrored.
    `captions` has the size and the mark after the number of the document's captions.
    """

    size: float
    pitch: float
    lefts: tuple[float, ...]
    lefts_by_side: tuple[tuple[float, ...], tuple[float, ...]]
    captions: frozenset[tuple[float, str]]
    width: float


@dataclass(slots=True, eq=False)
class Block:
    """Lines that belong together; `kind` is text, caption, table or footnote."""

    lines: list[Line]
    kind: str = "text"
    label: str | None = None
    table: PrintedTable | None = None

    @property
    def left(self) -> float:
        return min(line.left for line in self.lines)

    @property
    def right(self) -> float:
        return max(line.right for line in self.lines)

    @property
    def top(self) -> float:
        return min(line.top for line in self.lines)

    @property
    def bottom(self) -> float:
        return max(line.bottom for line in self.lines)


def measure(pages: Sequence[PageLines]) -> Typography:
    """Measure the type, the columns and the captions of a document."""
    lines = [line for page in pages for line in page.lines if not line.turned]
    size = body_size(lines)
    body = [line for line in lines if abs(line.size - size) < 0.3 and len(line.text) > 25]
    steps = [
        round(b.bottom - a.bottom, 1)
        for a, b in pairwise(body)
        if a.page == b.page and abs(a.left - b.left) < 3 and 0 < b.bottom - a.bottom < 3 * size
    ]
    lefts = _column_lefts(body)
    even, odd = (_column_lefts([line for line in body if line.page % 2 == side]) for side in (0, 1))
    mirrored = even and odd and abs(even[0] - odd[0]) > 3
    sides = (even, odd) if mirrored else (lefts, lefts)
    width = median(line.right - line.left for line in body) if body else 250.0
    return Typography(size, median(steps) if steps else 1.2 * size, lefts, sides, _caption_forms(lines, size), width)


def _column_lefts(lines: Sequence[Line]) -> tuple[float, ...]:
    """Return the left edges that many lines share, one a column."""
    lefts = Counter(round(line.left) for line in lines)
    common = sorted(left for left, count in lefts.items() if count > max(2, 0.08 * len(lines)))
    return tuple(float(b) for a, b in pairwise([float("-inf"), *common]) if b - a > _MIN_COLUMN_DISTANCE)


def _caption_forms(lines: Sequence[Line], size: float) -> frozenset[tuple[float, str]]:
    """Return the sizes and marks of captions: in small type if that is common, else with the usual mark."""
    forms = Counter((line.size, found["mark"]) for line in lines if (found := CAPTION.match(line.text)))
    most = max(forms.values(), default=0)
    if any(s < size - 0.3 and count >= most / 2 for (s, _), count in forms.items()):
        return frozenset(form for form in forms if form[0] < size - 0.3)
    usual = forms.most_common(1)[0][0][1] if forms else ""
    return frozenset(form for form in forms if form[1] == usual or not form[1])


def stays_in_column(line: Line, block: Block, lefts: Sequence[float]) -> bool:
    """Return whether a line does not cross the edge of a column that the block stays in."""
    return not any(line.left < left - 8 < block.left - 4 or block.right < left < line.right - 8 for left in lefts)


def reading_order(blocks: Sequence[Block], lefts: Sequence[float] = ()) -> list[Block]:
    """Order blocks down a column, a column before the one to its right, and both between blocks that span them."""
    blocks = sorted(blocks, key=lambda b: (b.top, b.left))
    boxes = [(b.left, b.top, b.right, b.bottom) for b in blocks]
    count = range(len(blocks))
    before = {at: {n for n in count if n != at and _precedes(boxes[n], boxes[at], boxes, lefts)} for at in count}
    out: list[Block] = []
    while before:
        ready = next((at for at, others in before.items() if not others & before.keys()), min(before))
        out.append(blocks[ready])
        del before[ready]
    return out


def _precedes(a: Box, b: Box, boxes: Sequence[Box], lefts: Sequence[float]) -> bool:
    if min(a[2], b[2]) - max(a[0], b[0]) > 3:
        return (a[1] + a[3]) < (b[1] + b[3])
    if a[0] > b[0]:
        return _is_centred_above(a, b, boxes, lefts) or _is_above_heading(a, b, boxes)
    if _is_centred_above(b, a, boxes, lefts) or _is_above_heading(b, a, boxes):
        return False
    spanning = (c for c in boxes if _overlaps(c, a) and _overlaps(c, b))
    return not (b[1] < a[1] and any(b[3] - 3 <= c[1] + 3 and c[3] - 3 <= a[1] for c in spanning))


def _overlaps(a: Box, b: Box) -> bool:
    """Return whether two boxes overlap horizontally."""
    return a[0] < b[2] - 3 and a[2] > b[0] + 3


def _is_centred_above(b: Box, a: Box, boxes: Sequence[Box], lefts: Sequence[float]) -> bool:
    """Return whether b, further right in a's column, is above a with nothing of a's width next to it."""
    if a[1] < b[3] - 3 or any(a[0] + 4 < left <= b[0] + 4 for left in lefts):
        return False
    return not any(_overlaps(c, a) and c[1] < b[3] - 3 and c[3] > b[1] + 3 for c in boxes if c != b)


def _is_above_heading(b: Box, a: Box, boxes: Sequence[Box]) -> bool:
    """Return whether b, further right, is above the line a and above part of the text whose heading a is."""
    height = a[3] - a[1]
    if height > _MAX_LINE_HEIGHT or a[1] < b[3] - 3:
        return False
    below = [c for c in boxes if c[1] > a[1] + 3 and c[0] < a[2] and c[2] > a[0]]
    nearest = min(below, key=lambda c: c[1], default=None)
    return bool(nearest and nearest[1] - a[3] < 2 * height and nearest[2] > b[0] + 3)
