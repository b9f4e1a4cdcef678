"""Prepare the lines of a first page for finding its title and authors: sorted, joined into rows, without marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

from ..bylines import CUT, MARKS
from .lines import Line, PageLines, body_size

_END_MARKS = " " + MARKS.replace("*", "").replace("#", "")  # an asterisk may belong to the title
_LINE_NUMBER = re.compile(r"^\d{1,4}\s(?=\D)")
MAX_LENGTH = 600  # characters of a row


class Row(NamedTuple):
    """A line of a first page.

    `at` is its index in the page's lines, `text` lacks raised marks at its end, `whole` is the complete text, `parts`
    has `CUT` in place of raised marks and wide gaps, `marked` tells whether there are such marks.
    """

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
    whole: str = ""


class FirstPage(NamedTuple):
    """The rows of a page from top to bottom, the type size of the paper's text, and the size of the page."""

    rows: list[Row]
    body: float
    width: float
    height: float


def first_page(pages: Sequence[PageLines], number: int) -> FirstPage:
    """Return the page at an index in `pages`; an empty one if there is none."""
    if number >= len(pages):
        return FirstPage([], 10.0, 600.0, 800.0)
    page = pages[number]
    rows = [_row(at, line) for at, line in enumerate(page.lines) if not line.turned and line.text.strip()]
    if sum(bool(_LINE_NUMBER.match(row.text)) for row in rows) > 0.6 * len(rows):
        rows = [
            row._replace(text=_LINE_NUMBER.sub("", row.text), parts=_LINE_NUMBER.sub("", row.parts)) for row in rows
        ]
    body = body_size(line for near in pages[number : number + 3] for line in near.lines)
    return FirstPage(sorted(rows, key=lambda row: (row.top, row.left)), body, page.width, page.height)


def in_margin(row: Row | Line, height: float) -> bool:
    """Return whether a row is in the top or bottom tenth of a page."""
    return row.bottom < 0.1 * height or row.top > 0.9 * height


def join_rows(rows: Iterable[Row]) -> list[Row]:
    """Join rows at the same height from left to right, with `CUT` at gaps wider than a word space."""
    bands: list[list[Row]] = []
    for row in rows:
        near = next((band for band in bands[-4:] if _is_level(band[0], row)), None)
        if near is None:
            bands.append([row])
        else:
            near.append(row)
    return [_joined(sorted(band, key=lambda row: row.left)) for band in bands]


def _row(index: int, line: Line) -> Row:
    raised = line.raised() if line.font else [False] * len(line.text)  # unknown after OCR
    letters = [
        (letter, high, letter == " " and line.boxes[at][2] - line.boxes[at][0] > 0.75 * line.size)
        for at, (letter, high) in enumerate(zip(line.text, raised, strict=True))
        if not _is_space_in_small_capitals(line, at)
    ]
    parts = "".join(CUT if wide or high or letter in MARKS else letter for letter, high, wide in letters)
    marked = any(letter in MARKS or (high and letter.isalnum()) for letter, high, _ in letters)
    while letters and (letters[-1][1] or letters[-1][0] in _END_MARKS):
        letters.pop()
    text = "".join(letter for letter, _, _ in letters)[:MAX_LENGTH]
    box = (line.left, line.top, line.right, line.bottom)
    whole = " ".join(line.text[:MAX_LENGTH].split())
    spaced = " ".join(parts[:MAX_LENGTH].split())
    return Row(index, " ".join(text.split()), spaced, *box, line.size, line.bold, marked, whole)


def _is_space_in_small_capitals(line: Line, at: int) -> bool:
    """Return whether a space separates a large capital from the small capitals of its word."""
    if not 0 < at < len(line.text) - 1 or line.text[at] != " " or not line.text[at - 1 : at + 2].isupper():
        return False
    first, second = (float(line.boxes[near][3] - line.boxes[near][1]) for near in (at - 1, at + 1))
    return second < 0.92 * first and (at == 1 or not line.text[at - 2].isalpha())


def _is_level(one: Row, other: Row) -> bool:
    return one.top < (other.top + other.bottom) / 2 < one.bottom and 0.8 < one.size / other.size < 1.25


def _joined(rows: Sequence[Row]) -> Row:
    parts = rows[0].parts
    for last, row in pairwise(rows):
        parts += (CUT if row.left - last.right > 1.1 * row.size else " ") + row.parts
    longest = max(rows, key=lambda row: len(row.text))
    return longest._replace(parts=parts, marked=any(row.marked for row in rows))
