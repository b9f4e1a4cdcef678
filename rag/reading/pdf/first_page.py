"""The lines of a first page as they are judged: without raised marks, from top to bottom, and put together in bands."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from ..bylines import CUT, MARKS
from .glyphs import raised_letters

if TYPE_CHECKING:
    from .glyphs import Line, PageLines

_END_MARKS = " " + MARKS.replace("*", "").replace("#", "")  # a star may belong to the title
_NUMBERED = re.compile(r"^\d{1,4}\s(?=\D)")
LONGEST = 600  # characters of a line that are looked at


class Row(NamedTuple):
    """A line as judged: `parts` is its text with `;` for raised marks and wide gaps, `marked` whether it has marks."""

    at: int
    text: str
    parts: str
    left: float
    top: float
    right: float
    bottom: float
    size: float
    bold: bool
    marked: bool = False


class FirstPage(NamedTuple):
    """The rows of a page from top to bottom, the size that most of the paper's text has, and the page's measures."""

    rows: list[Row]
    body: float
    width: float
    height: float


def first_page(pages: Sequence[PageLines], number: int) -> FirstPage:
    """The page at `number` in `pages`, the first or the one behind a cover; without rows where there is none."""
    if number >= len(pages):
        return FirstPage([], 10.0, 600.0, 800.0)
    page = pages[number]
    sizes: Counter[float] = Counter()
    for line in (line for near in pages[number : number + 3] for line in near.lines):
        sizes[line.size] += len(line.text)
    rows = [_row(at, line) for at, line in enumerate(page.lines) if not line.turned and line.text.strip()]
    if sum(bool(_NUMBERED.match(row.text)) for row in rows) > 0.6 * len(rows):
        rows = [row._replace(text=_NUMBERED.sub("", row.text), parts=_NUMBERED.sub("", row.parts)) for row in rows]
    body = sizes.most_common(1)[0][0] if sizes else 10.0
    return FirstPage(sorted(rows, key=lambda row: (row.top, row.left)), body, page.width, page.height)


def in_margin(row: Row, height: float) -> bool:
    """Whether a row stands in the uppermost or the lowest tenth of a page."""
    return row.bottom < 0.1 * height or row.top > 0.9 * height


def bands_of(rows: Iterable[Row]) -> list[Row]:
    """The rows with those on one height put together from left to right; a gap wider than a word's is a cut."""
    bands: list[list[Row]] = []
    for row in rows:
        near = next((band for band in bands[-4:] if _on_one_line(band[0], row)), None)
        if near is None:
            bands.append([row])
        else:
            near.append(row)
    return [_band(sorted(band, key=lambda row: row.left)) for band in bands]


def _row(index: int, line: Line) -> Row:
    raised = raised_letters(line)
    letters = [
        (letter, high, letter == " " and line.boxes[at][2] - line.boxes[at][0] > 0.75 * line.size)
        for at, (letter, high) in enumerate(zip(line.text, raised, strict=True))
        if not _in_small_capitals(line, at)
    ]
    parts = "".join(CUT if wide or high or letter in MARKS else letter for letter, high, wide in letters)
    marked = any(letter in MARKS or (high and letter.isalnum()) for letter, high, _ in letters)
    while letters and (letters[-1][1] or letters[-1][0] in _END_MARKS):
        letters.pop()
    text = "".join(letter for letter, _, _ in letters)[:LONGEST]
    places = (line.left, line.top, line.right, line.bottom)
    return Row(index, " ".join(text.split()), " ".join(parts[:LONGEST].split()), *places, line.size, line.bold, marked)


def _in_small_capitals(line: Line, at: int) -> bool:
    """Whether a space stands after a large capital whose word goes on in small ones."""
    if not 0 < at < len(line.text) - 1 or line.text[at] != " " or not line.text[at - 1 : at + 2].isupper():
        return False
    first, second = (float(line.boxes[near][3] - line.boxes[near][1]) for near in (at - 1, at + 1))
    return second < 0.92 * first and (at == 1 or not line.text[at - 2].isalpha())


def _on_one_line(one: Row, other: Row) -> bool:
    return one.top < (other.top + other.bottom) / 2 < one.bottom and 0.8 < one.size / other.size < 1.25


def _band(rows: Sequence[Row]) -> Row:
    parts = rows[0].parts
    for last, row in pairwise(rows):
        parts += (CUT if row.left - last.right > 1.1 * row.size else " ") + row.parts
    longest = max(rows, key=lambda row: len(row.text))
    return longest._replace(parts=parts, marked=any(row.marked for row in rows))
