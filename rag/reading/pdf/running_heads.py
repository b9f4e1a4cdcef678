"""Remove running heads, page numbers and stamps along the edges from pages."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from .lines import Line, PageLines

EDGE = 0.11  # of the page's height: running heads and page numbers are in these margins
_NUMBER = re.compile(r"\W*(?:page\s*)?(?:\d{1,5}|[ivxlc]{1,7})(?:\s*(?:of|/)\s*\d+)?\W*", re.I)

Heads = Counter[tuple[str, int]]  # text without its numbers, and height on the page


def remove_running_heads(pages: Sequence[PageLines]) -> list[PageLines]:
    """Return the pages without running heads, page numbers and rotated lines."""
    heads: Heads = Counter()
    for page in pages:
        heads.update({_head(line) for line in page.lines if _is_at_edge(line, page)})
    return [replace(page, lines=tuple(_kept_lines(page, heads, len(pages)))) for page in pages]


def _kept_lines(page: PageLines, heads: Heads, page_count: int) -> Iterator[Line]:
    lines = [li for li in page.lines if not li.turned]
    foot = min((li.top for li in lines if _is_at_foot(li, page) and _NUMBER.fullmatch(li.text)), default=page.height)
    at_edge = [li for li in lines if _is_at_edge(li, page)]
    repeated = {id(li) for li in at_edge if page_count > 1 and heads[_head(li)] > 1}
    removable = repeated | {id(li) for li in at_edge if _NUMBER.fullmatch(li.text) or li.top > foot}
    text = [li for li in lines if not _NUMBER.fullmatch(li.text)]
    left, right = min((li.left for li in text), default=0.0), max((li.right for li in text), default=page.width)
    beside_text = {
        id(li)
        for li in lines
        if id(li) in repeated and _NUMBER.fullmatch(li.text) and (li.left > right or li.right < left)
    }
    downwards = sorted(lines, key=lambda li: li.middle)
    upwards = sorted(lines, key=lambda li: li.middle, reverse=True)
    removed = {*beside_text, *_outer_lines(downwards, removable), *_outer_lines(upwards, removable)}
    return (line for line in lines if id(line) not in removed)


def _outer_lines(lines: Sequence[Line], removable: set[int]) -> Iterator[int]:
    """Yield the ids of removable lines from the page's edge inwards up to a row with other text."""
    for _, grouped in groupby(lines, key=lambda li: round(li.middle / 4)):
        row = list(grouped)
        whole = all(id(line) in removable for line in row)
        if whole or len(row) == 2:  # a page number next to a heading that changes
            yield from (id(line) for line in row if id(line) in removable)
        if not whole:
            return


def _is_at_edge(line: Line, page: PageLines) -> bool:
    return line.bottom < EDGE * page.height or _is_at_foot(line, page)


def _is_at_foot(line: Line, page: PageLines) -> bool:
    return line.top > (1 - EDGE) * page.height


def _head(line: Line) -> tuple[str, int]:
    text = re.sub(r"[\W_]+", " ", re.sub(r"\d+", "0", line.text)).strip()
    return text or line.text, round(line.top / 4)
