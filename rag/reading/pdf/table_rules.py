"""Find the horizontal and vertical rules of a page that may belong to tables, and the table bodies they frame."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import NamedTuple

from .lines import Line, PageLines

_MAX_JOIN = 2.5  # points between parts of one rule
_SAME_PLACE = 1.5  # points between parallel rules that count as one
_SAME_EDGE = 5  # points between the ends of rules of one table
_MAX_DOUBLE = 6  # points between the two lines of a double rule
_MIN_PROSE_LINES = 3
_DOTS = re.compile(r"[.·_‗…–—-](?:\s?[.·_‗…–—-]){14,}")


class Rule(NamedTuple):
    """A straight line: its position across its direction, and its two ends."""

    at: float
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Frame:
    """The box of a table's body, and the number of parts into which full-width rules divide it."""

    left: float
    top: float
    right: float
    bottom: float
    parts: int = 1

    def holds(self, line: Line) -> bool:
        """Return whether a line is inside the frame."""
        middle = (line.left + line.right) / 2
        return self.top - 1 < line.middle < self.bottom + 1 and self.left - 8 < middle < self.right + 8


def draw_dotted_rules(page: PageLines) -> PageLines:
    """Return a page with its rows of dots or dashes converted to rules."""
    dotted = [line for line in page.lines if not line.turned and _DOTS.fullmatch(line.text)]
    if not dotted:
        return page
    ids = {id(line) for line in dotted}
    rules = tuple((line.left, line.bottom - 1, line.right, line.bottom) for line in dotted)
    return replace(page, lines=tuple(li for li in page.lines if id(li) not in ids), rules=page.rules + rules)


def level_rules(page: PageLines) -> list[Rule]:
    """Return the horizontal rules of a page from top to bottom, with adjacent parts joined."""
    return _join(Rule((top + bottom) / 2, left, right) for left, top, right, bottom in page.rules)


def upright_rules(page: PageLines) -> list[Rule]:
    """Return the vertical rules of a page from left to right, with adjacent parts joined."""
    return _join(Rule((left + right) / 2, top, bottom) for left, top, right, bottom in page.uprights)


def _join(rules: Iterable[Rule]) -> list[Rule]:
    out: list[Rule] = []
    for _, group in groupby(_numbered(sorted(rules)), key=lambda pair: pair[0]):
        row = sorted((rule for _, rule in group), key=lambda rule: rule.start)
        joined = [row[0]]
        for rule in row[1:]:
            if rule.start <= joined[-1].end + _MAX_JOIN:
                joined[-1] = joined[-1]._replace(end=max(joined[-1].end, rule.end))
            else:
                joined.append(rule)
        out += joined
    return out


def _numbered(rules: Sequence[Rule]) -> Iterator[tuple[int, Rule]]:
    """Yield rules with the number of the position that they share with their neighbours."""
    number = 0
    for at, rule in enumerate(rules):
        number += bool(at) and rule.at - rules[at - 1].at > _SAME_PLACE
        yield number, rule


def framed_bodies(
    rules: Sequence[Rule], lines: Sequence[Line], captions: Sequence[float], size: float, width: float
) -> list[Frame]:
    """Return the frames between rules of the same width that contain no prose.

    `captions` are the tops of captions, which no table contains; `size` and `width` are those of prose lines.
    """
    out: list[Frame] = []
    for group in _by_ends(rules):
        left, right = min(rule.start for rule in group), max(rule.end for rule in group)
        inside = [li for li in lines if left - 8 < (li.left + li.right) / 2 < right + 8]
        top: float | None = None
        bottom, parts = 0.0, 0
        for upper, lower in pairwise(group):
            between = [li for li in inside if upper.at < li.middle < lower.at]
            is_cut = any(upper.at < caption < lower.at for caption in captions) or is_prose(between, size, width)
            if not is_cut and (between or (top is not None and lower.at - upper.at < _MAX_DOUBLE)):
                top, bottom = (upper.at if top is None else top), lower.at
                parts += bool(between)
            elif top is not None:
                out.append(Frame(left, top, right, bottom, parts))
                top, parts = None, 0
        if top is not None:
            out.append(Frame(left, top, right, bottom, parts))
    return out


def _by_ends(rules: Sequence[Rule]) -> list[list[Rule]]:
    """Group rules that begin and end at the same positions."""
    groups: dict[tuple[int, int], list[Rule]] = {}
    for rule in rules:
        place = round(rule.start / _SAME_EDGE), round(rule.end / _SAME_EDGE)
        near = ((place[0] + x, place[1] + y) for x in (0, -1, 1) for y in (0, -1, 1))
        groups.setdefault(next((p for p in near if p in groups), place), []).append(rule)
    return [group for group in groups.values() if len(group) > 1]


def is_prose(lines: Sequence[Line], size: float | None, width: float) -> bool:
    """Return whether most of the text is in lines that fill a column, of type size `size` (any if None)."""
    full = [
        li
        for li in lines
        if (size is None or abs(li.size - size) < 0.3)
        and li.right - li.left > 0.85 * width
        and len(li.text.split()) > 5
    ]
    return len(full) >= _MIN_PROSE_LINES and 2 * sum(len(li.text) for li in full) > sum(len(li.text) for li in lines)
