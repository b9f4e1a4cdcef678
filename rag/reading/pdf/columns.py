"""Detect the columns and the typography of a document."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from .gutters import column_edges
from .lines import Line, PageLines, body_size

if TYPE_CHECKING:
    from .tables import PrintedTable

_SAME_EDGE = 8  # points by which the edges of one column may differ
_MIN_COLUMN_DISTANCE = 40  # points between the left edges of two columns
CAPTION = re.compile(
    r"(?:(?:Extended Data |Supplementary |Supplemental )?(?P<kind>Fig(?:ure|\.)?|FIG(?:URE|\.)?|TABLE|"
    r"Tab(?:le(?:au)?|elle|ella|ela|la|\.)|Algorithm|Listing|Scheme|Chart|Box)"
    r"\s*(?P<number>[A-Z]?\.?\d+(?:\.\d+)?[a-z]?|[IVX]+\b))\s*(?P<mark>[.:|–—]|-(?=\s)|$|(?=[A-Z(]))"
)

Box = tuple[float, float, float, float]  # left, top, right, bottom


class Typography(NamedTuple):
    """The prevailing typography of a document, in points.

    `size` and `font` are those of the body text, `pitch` is the distance between baselines, `width` the width of a
    column's lines; `lefts` are the left edges of the columns, `lefts_by_page` those of each page by number, including
    columns that only this page has.
    `captions` has the type size and the punctuation after the number of the document's captions. `tables_below` is
    whether tables are below their captions; None if unknown.
    """

    size: float
    pitch: float
    lefts: tuple[float, ...]
    lefts_by_page: Mapping[int, tuple[float, ...]]
    captions: frozenset[tuple[float, str]]
    width: float
    font: str
    tables_below: bool | None = None


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
    by_page = {
        page.number: _with_own(sides[page.number % 2], edges)
        for page, edges in zip(pages, column_edges(pages), strict=True)
    }
    pitch = median(steps) if steps else 1.2 * size
    width = median(line.right - line.left for line in body) if body else 250.0
    return Typography(size, pitch, lefts, by_page, _caption_forms(lines, size), width, _most_common_font(body))


def _most_common_font(lines: Sequence[Line]) -> str:
    """Return the font of most characters; "" if there are no lines."""
    fonts: Counter[str] = Counter()
    for line in lines:
        fonts[line.font] += len(line.text)
    return fonts.most_common(1)[0][0] if fonts else ""


def _with_own(known: Sequence[float], edges: Sequence[float]) -> tuple[float, ...]:
    """Return the left edges of the document's columns, with those that only this page has."""
    return tuple(sorted([*known, *(edge for edge in edges if all(abs(edge - left) > _SAME_EDGE for left in known))]))


def _column_lefts(lines: Sequence[Line]) -> tuple[float, ...]:
    """Return the left edges that many lines share, one per column."""
    lefts = Counter(round(line.left) for line in lines)
    common = sorted(left for left, count in lefts.items() if count > max(2, 0.08 * len(lines)))
    return tuple(float(b) for a, b in pairwise([float("-inf"), *common]) if b - a > _MIN_COLUMN_DISTANCE)


def _caption_forms(lines: Sequence[Line], size: float) -> frozenset[tuple[float, str]]:
    """Return the type sizes and punctuation of captions: small type if that is common, else the usual punctuation."""
    forms = Counter((line.size, found["mark"]) for line in lines if (found := CAPTION.match(line.text)))
    most = max(forms.values(), default=0)
    if any(s < size - 0.3 and count >= most / 2 for (s, _), count in forms.items()):
        return frozenset(form for form in forms if form[0] < size - 0.3)
    usual = forms.most_common(1)[0][0][1] if forms else ""
    return frozenset(form for form in forms if form[1] == usual or not form[1])


def stays_in_column(line: Line, block: Block, lefts: Sequence[float]) -> bool:
    """Return whether a line stays within the column of a block."""
    return not any(line.left < left - 8 < block.left - 4 or block.right < left < line.right - 8 for left in lefts)
