"""Detect printed page numbers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .lines import PageLines
from .running_heads import EDGE

_MAX_DISTANCE = 12  # points between the positions of page numbers on two pages
_MIN_PAGES = 3
_OUTER_NUMBERS = re.compile(r"^\W{0,3}(\d{1,5})(?!\S)|(?<!\S)(\d{1,5})\W{0,3}$")

PrintedNumber = tuple[int, float, float]  # a number, its horizontal centre, its top


def label_pages(pages: Sequence[PageLines]) -> list[PageLines]:
    """Label the pages with their printed numbers if these increase by one from page to page.

    A page without a printed number, often the first, gets the number that the others imply.
    """
    places: dict[int, list[PrintedNumber]] = {}
    for page in pages:
        for number, x, y in _printed_numbers(page):
            places.setdefault(number - page.number, []).append((page.number, x, y))
    counts = {offset: _pages_in_one_place(found) for offset, found in places.items()}
    offset = max(counts, key=lambda offset: counts[offset], default=0)
    if not offset or counts[offset] < max(_MIN_PAGES, len(pages) / 2):
        return list(pages)
    return [replace(page, label=str(page.number + offset) if page.number + offset > 0 else None) for page in pages]


def _printed_numbers(page: PageLines) -> Iterator[PrintedNumber]:
    """Yield the numbers at the ends of lines in the top and bottom margins."""
    for line in page.lines:
        if line.turned or EDGE * page.height < line.middle < (1 - EDGE) * page.height:
            continue
        for found in _OUTER_NUMBERS.finditer(line.text):
            group = found.lastindex or 1
            left, right = line.boxes[found.start(group)][0], line.boxes[found.end(group) - 1][2]
            yield int(found[group]), float(left + right) / 2, line.top


def _pages_in_one_place(found: Sequence[PrintedNumber]) -> int:
    """Count the pages with their number in the same position, separately for even and odd pages."""
    count = 0
    for side in (0, 1):
        same_side = [each for each in found if each[0] % 2 == side]
        near = [
            {n for n, x2, y2 in same_side if abs(x2 - x) < _MAX_DISTANCE and abs(y2 - y) < _MAX_DISTANCE}
            for _, x, y in same_side
        ]
        count += max(map(len, near), default=0)
    return count
