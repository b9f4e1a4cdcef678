"""Provide what a viewer of a paper needs: page sizes, the words on a page with their positions, and text search."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .byte_cache import ByteCache
from .library import Library
from .page_images import page_numbers, paper_page_sizes, rectangles
from .types import Box

_CACHED_BYTES = 64_000_000  # a paper of 20 pages takes 1 MB
_MAX_FOUND = 500
_AROUND = 60  # characters of a snippet on each side
_MAX_BETWEEN = 5  # characters between two words; more is text of other pages
_BREAK = "\n\n"
_OUTLIERS = 0.005  # of a paper's characters stand left of its text, and as many right of it
_AROUND_PLACE = 1500  # characters before and after a place whose lines show its column
_SHORT_LINES = 0.2  # of a column's lines begin right of its left side, and as many end left of its right side
_WIDE_LINE = 1.3  # times the median width: it reaches over several columns


class Word(NamedTuple):
    """A word on a page, or the part of a word before or after a line break.

    It is `text[start:start + len(text)]` of the paper. `before` is the text between it and the previous word on the
    page, mostly white space. The sides of its box are in points from the upper left corner of the displayed page.
    """

    before: str
    text: str
    start: int
    left: float
    top: float
    right: float
    bottom: float


class Sides(NamedTuple):
    """The left and the right side of text on a page, in points."""

    left: float
    right: float


class Match(NamedTuple):
    """A search match: its span, its boxes on the pages, and the text around it."""

    start: int
    end: int
    boxes: tuple[Box, ...]
    before: str
    found: str
    after: str


@dataclass(frozen=True, slots=True, eq=False)
class _Placed:
    """A paper's text with the box, in tenths of a point, and the page of each character; `folded` is for searching."""

    text: str
    folded: str
    boxes: NDArray[np.uint16]
    pages: NDArray[np.int32]

    @property
    def size(self) -> int:
        return 2 * len(self.text) + self.boxes.nbytes + self.pages.nbytes

    def boxes_of(self, start: int, end: int) -> tuple[Box, ...]:
        return tuple(rectangles(self.boxes[start:end], self.pages[start:end]))


class ViewMethods:
    """Methods of `Assistant` for a viewer of one paper, named as for `paper`.

    All raise UnknownPaper or AmbiguousPaper if no paper, or more than one, matches the name.
    """

    library: Library
    _placed_papers: ByteCache[_Placed]

    def page_sizes(self, name: str) -> tuple[tuple[float, float], ...]:
        """Return the width and height of each page of a paper's PDF as shown, in points.

        Raise DrawingError if the paper has no PDF, or the file is gone, has changed or cannot be read.
        """
        return paper_page_sizes(self.library.records, name)

    def page_words(self, name: str, page: int) -> list[Word]:
        """Return the words on a page (from 1) in the order of the paper's text; none if their positions are unknown.

        This includes the words recognised on a scanned page, but not headers, footers and page numbers.
        """
        return list(_words(self._placed(name), page))

    def boxes_of(self, name: str, start: int, end: int) -> tuple[Box, ...]:
        """Return the rectangles of `text[start:end]` on the pages, one for each piece of a line; none if unknown."""
        return self._placed(name).boxes_of(max(start, 0), max(end, 0))

    def text_sides(self, name: str) -> Sides | None:
        """Return the sides between which the pages of a paper have text; None if the places are unknown."""
        boxes = self._placed(name).boxes
        shown = boxes[boxes[:, 2] > boxes[:, 0]]
        if not len(shown):
            return None
        left, right = np.quantile(shown[:, 0], _OUTLIERS), np.quantile(shown[:, 2], 1 - _OUTLIERS)
        return Sides(float(left) / 10, float(right) / 10)

    def column_sides(self, name: str, start: int, end: int) -> Sides | None:
        """Return the sides of the column in which `text[start:end]` begins; None if its place is unknown."""
        placed = self._placed(name)
        first = next(iter(placed.boxes_of(max(start, 0), max(end, 0))), None)
        if first is None:
            return None
        around = placed.boxes_of(max(start - _AROUND_PLACE, 0), end + _AROUND_PLACE)
        lines = [b for b in around if b.page == first.page and b.left < first.right and first.left < b.right]
        most = _WIDE_LINE * float(np.median([line.right - line.left for line in lines]))
        lines = [line for line in lines if line.right - line.left <= most]
        left = float(np.quantile([line.left for line in lines], _SHORT_LINES))
        right = float(np.quantile([line.right for line in lines], 1 - _SHORT_LINES))
        return Sides(min(left, first.left), max(right, first.right))

    def find_in_paper(self, name: str, words: str) -> list[Match]:
        """Return the first 500 matches of consecutive words in a paper's text.

        Case, accents and the kind of white space do not matter.
        """
        placed = self._placed(name)
        parts = [re.escape(part) for part in _folded(words).split()]
        if not parts:
            return []
        matches = []
        for found in re.finditer(r"\s+".join(parts), placed.folded):
            start, end = found.span()
            before, after = placed.text[max(start - _AROUND, 0) : start], placed.text[end : end + _AROUND]
            boxes = placed.boxes_of(start, end)
            matches.append(Match(start, end, boxes, before, placed.text[start:end], after))
            if len(matches) == _MAX_FOUND:
                break
        return matches

    def _placed(self, name: str) -> _Placed:
        records = self.library.records

        def read() -> _Placed:
            paper = records.paper(name)
            boxes = records.boxes(records.paper_key(paper.id), 0, len(paper.text))
            return _Placed(paper.text, _folded(paper.text), boxes, page_numbers(paper, 0, len(boxes)))

        return self._placed_papers.get((records.identity, name), read)


def placed_papers() -> ByteCache[_Placed]:
    """Return an empty cache for `ViewMethods`."""
    return ByteCache(_CACHED_BYTES, lambda placed: placed.size)


def _folded(text: str) -> str:
    """Return text in lower case without accents, one character for each, so that positions stay the same."""
    return text.translate({ord(each): _folded_character(each) for each in set(text)})


def _folded_character(each: str) -> str:
    base = unicodedata.normalize("NFD", each)[0].casefold()
    return base if len(base) == 1 else each


def _words(placed: _Placed, page: int) -> Iterator[Word]:
    """Yield the words of a page; a new word begins at each character that is not adjacent to the previous one."""
    shown = np.flatnonzero((placed.pages == page) & (placed.boxes[:, 2] > placed.boxes[:, 0])).tolist()
    letters = [at for at in shown if not placed.text[at].isspace()]
    boxes = (placed.boxes[letters] / 10.0).tolist()
    end = letters[0] if letters else 0
    for first, last in _runs(letters, boxes):
        start, before = letters[first], placed.text[end : letters[first]]
        end = letters[last] + 1
        lefts, tops, rights, bottoms = zip(*boxes[first : last + 1], strict=True)
        box = min(lefts), min(tops), max(rights), max(bottoms)
        yield Word(before if len(before) <= _MAX_BETWEEN else _BREAK, placed.text[start:end], start, *box)


def _runs(letters: Sequence[int], boxes: Sequence[Sequence[float]]) -> Iterator[tuple[int, int]]:
    """Yield the first and last index of each run of letters that are adjacent both in the text and on the page."""
    first = 0
    for at in range(1, len(letters) + 1):
        if at == len(letters) or letters[at] != letters[at - 1] + 1 or not _is_near(boxes[at - 1], boxes[at]):
            yield first, at - 1
            first = at


def _is_near(one: Sequence[float], other: Sequence[float]) -> bool:
    """Return whether the boxes of two letters touch, or nearly do."""
    size = min(one[3] - one[1], other[3] - other[1])
    across = max(one[0], other[0]) - min(one[2], other[2])
    down = max(one[1], other[1]) - min(one[3], other[3])
    return across < size and down < size / 4
