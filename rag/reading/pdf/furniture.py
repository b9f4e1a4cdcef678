"""What stands on pages besides their text: running heads, page numbers, numbers of lines, stamps along the edge."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from .glyphs import Line, PageLines

_EDGE = 0.11  # of the page's height: where running heads and page numbers stand
_NUMBER = re.compile(r"\W*(?:page\s*)?(?:\d{1,5}|[ivxlc]{1,7})(?:\s*(?:of|/)\s*\d+)?\W*", re.I)


def without_furniture(pages: Sequence[PageLines]) -> list[PageLines]:
    """The pages without running heads, page numbers, numbers of lines, and what is printed along the edge."""
    seen: Counter[tuple[str, int]] = Counter()
    for page in pages:
        seen.update({_place(line, page) for line in page.lines if _at_edge(line, page)})
    return [replace(page, lines=tuple(_kept(page, seen, len(pages)))) for page in pages]


def _kept(page: PageLines, seen: Counter[tuple[str, int]], count: int) -> Iterable[Line]:
    numbers = {id(line) for line in _line_numbers(page)}
    lines = [li for li in page.lines if id(li) not in numbers and not li.turned]
    foot = min((li.top for li in lines if _at_foot(li, page) and _NUMBER.fullmatch(li.text)), default=page.height)
    repeated = {id(li) for li in lines if count > 1 and _at_edge(li, page) and seen[_place(li, page)] > 1}
    odd = repeated | {id(li) for li in lines if _at_edge(li, page) and (_NUMBER.fullmatch(li.text) or li.top > foot)}
    text = [li for li in lines if not _NUMBER.fullmatch(li.text)]
    left, right = min((li.left for li in text), default=0.0), max((li.right for li in text), default=page.width)
    aside = {
        id(li)
        for li in lines
        if id(li) in repeated and _NUMBER.fullmatch(li.text) and (li.left > right or li.right < left)
    }
    gone = {*aside, *_peeled(sorted(lines, key=_middle), odd), *_peeled(sorted(lines, key=_middle, reverse=True), odd)}
    return (line for line in lines if id(line) not in gone)


def _peeled(lines: Sequence[Line], odd: set[int]) -> Iterable[int]:
    """The lines of running heads, by identity, from the page's edge inwards until a row that holds something else."""
    for _, grouped in groupby(lines, key=lambda li: round(_middle(li) / 4)):
        row = list(grouped)
        if all(id(line) in odd for line in row) or len(row) == 2:  # a heading beside its page number changes
            yield from (id(line) for line in row if id(line) in odd)
        if not all(id(line) in odd for line in row):
            return


def _at_edge(line: Line, page: PageLines) -> bool:
    return line.bottom < _EDGE * page.height or _at_foot(line, page)


def _at_foot(line: Line, page: PageLines) -> bool:
    return line.top > (1 - _EDGE) * page.height


def _place(line: Line, page: PageLines) -> tuple[str, int]:
    text = re.sub(r"[\W_]+", " ", re.sub(r"\d+", "0", line.text)).strip()
    return text or line.text, round(line.top / 4)


def _line_numbers(page: PageLines) -> list[Line]:
    """The numbers along the margin of a manuscript."""
    digits = [line for line in page.lines if line.text.strip().isdigit() and len(line.text.strip()) <= 4]
    least = max(15, 0.4 * len({round(line.top) for line in page.lines}))
    lefts = Counter(round(line.left / 3) for line in digits)
    rights = Counter(round(line.right / 3) for line in digits)
    return [li for li in digits if max(lefts[round(li.left / 3)], rights[round(li.right / 3)]) >= least]


def _middle(line: Line) -> float:
    return (line.top + line.bottom) / 2
