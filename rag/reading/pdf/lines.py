"""Group the characters of a PDF page into lines, with a space at each gap between words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import Any

import numpy as np

from .glyphs import Glyph, read_characters, upright_glyphs
from .graphics import find_graphics, page_objects
from .rotation import Boxes, bounds, upright_boxes
from .superscripts import with_exponents
from .symbols import SymbolReader
from .visibility import find_visible
from .weights import Weights
from .writing_systems import are_ideographs, close_spaced_heading, is_right_to_left, reading_order

# In units of the type size:
_SPACE = 0.16  # a gap this wide separates words
_IDEOGRAPHIC_SPACE = 0.6
_RIGHT_TO_LEFT_SPACE = 0.22
_OVERHANG = 0.15  # italic letters of two words may overlap this much where the file has a space
_COLUMN_GAP = 1.0  # a gap this wide separates lines

_RUN_IN_MARKS = (".", ":", "—", "–", "?", "|")


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """Adjacent characters without a wide gap.

    Positions are in points from the upper left corner of the page as shown (cropped and rotated). `boxes` has a row for
    each character of `text`: left, top, right, bottom. `size` and `font` are the most common ones; `bold` tolerates a
    few other characters. `turned` is the rotation in counterclockwise quarter turns: 1 reads upwards. `base` is the
    baseline of the largest characters, in the frame in which the line is upright; negative if unknown.
    """

    text: str
    page: int
    left: float
    top: float
    right: float
    bottom: float
    size: float
    bold: bool
    font: str
    boxes: Boxes
    turned: int = 0
    base: float = -1.0
    run_in: int = 0  # how many characters at the beginning are in another typeface, as in a run-in heading
    first_font: str = ""

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2

    def raised(self) -> list[bool]:
        """Return whether each character is small and raised, like a footnote mark or an exponent."""
        heights = (self.boxes[:, 3] - self.boxes[:, 1]).astype(np.float64)
        bottoms = self.boxes[:, 3].astype(np.float64)
        middle = len(heights) // 2
        usual, base = np.sort(heights)[middle], np.sort(bottoms)[middle]
        flags = ((heights < 0.87 * usual) & (bottoms < base - 0.2 * self.size)).tolist()
        return [flag and letter != " " for letter, flag in zip(self.text, flags, strict=True)]


@dataclass(frozen=True, slots=True, eq=False)
class PageLines:
    """A page with its number (from 1), printed label, size in points, and lines in drawing order.

    `hidden` counts invisible characters (see `Visibility`); `image` tells whether an image covers most of the page.
    `rules`, `uprights` and `pictures` are boxes of horizontal rules, of vertical rules, and of images and drawings.
    `turned` is the number of quarter turns by which the page was rotated to make its lines upright.
    """

    number: int
    label: str | None
    width: float
    height: float
    lines: tuple[Line, ...]
    hidden: int = 0
    image: bool = False
    rules: tuple[tuple[float, ...], ...] = ()
    pictures: tuple[tuple[float, ...], ...] = ()
    turned: int = 0
    uprights: tuple[tuple[float, ...], ...] = ()


@dataclass(slots=True)
class _Run:
    """Glyphs on one line, and the vertical extent of the largest one."""

    glyphs: list[Glyph]
    top: float
    bottom: float
    size: float
    left: float
    right: float


def body_size(lines: Iterable[Line]) -> float:
    """Return the type size of most characters; 10 points if there are none."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def read_lines(page: Any, number: int, label: str | None, symbols: SymbolReader, weights: Weights) -> PageLines:
    """Extract the visible lines of a `pypdfium2.PdfPage`; `symbols` and `weights` belong to its document.

    Raises:
        PdfiumError: the page is damaged.
    """
    chars = read_characters(page, symbols, weights)
    objects = page_objects(page)
    visibility = find_visible(page, objects, chars)
    lines = tuple(
        _line(run, number, turned, chars.width, chars.height)
        for turned, glyphs in upright_glyphs(chars, visibility.kept)
        for run in _merge_runs(_runs(glyphs))
    )
    graphics = find_graphics(page, objects)
    return PageLines(
        number, label, chars.width, chars.height, lines, visibility.hidden, visibility.image, **graphics._asdict()
    )


def _runs(glyphs: Sequence[Glyph]) -> list[_Run]:
    """Group glyphs that were drawn in sequence, each next to the last."""
    runs: list[_Run] = []
    for glyph in glyphs:
        if not runs or not _follows(runs[-1], glyph):
            runs.append(_Run([glyph], glyph.top, glyph.bottom, glyph.style.size, glyph.left, glyph.right))
            continue
        run = runs[-1]
        run.glyphs.append(glyph)
        run.left, run.right = min(run.left, glyph.left), max(run.right, glyph.right)
        if glyph.style.size > run.size:
            run.top, run.bottom, run.size = glyph.top, glyph.bottom, glyph.style.size
    return runs


def _follows(run: _Run, glyph: Glyph) -> bool:
    size = max(run.size, glyph.style.size)
    last = run.glyphs[-1]
    # The letters of a ligature share one box, so the last may begin where this one does.
    is_next = last.left - 0.3 * size < glyph.left < last.right + _COLUMN_GAP * size
    return is_next and _is_level(run.top, run.bottom, glyph.top, glyph.bottom)


def _is_level(top: float, bottom: float, other_top: float, other_bottom: float) -> bool:
    """Return whether the centre of the smaller extent is inside the larger, as with sub- and superscripts."""
    if bottom - top < other_bottom - other_top:
        top, bottom, other_top, other_bottom = other_top, other_bottom, top, bottom
    return top <= (other_top + other_bottom) / 2 <= bottom


def _merge_runs(runs: Iterable[_Run]) -> list[_Run]:
    """Merge runs of one line that were drawn separately."""
    out = list(runs)
    while len(merged := _merge_once(out)) < len(out):  # a run may connect two others
        out = merged
    return out


def _merge_once(runs: Iterable[_Run]) -> list[_Run]:
    out: list[_Run] = []
    rows: dict[int, list[_Run]] = {}
    for run in runs:
        row = int((run.top + run.bottom) / 2 // 8)
        near = [other for r in (row - 1, row, row + 1) for other in rows.get(r, ())]
        neighbour = next((other for other in near if _is_same_line(other, run)), None)
        if neighbour is None:
            out.append(run)
            rows.setdefault(row, []).append(run)
            continue
        first, second = sorted((neighbour, run), key=lambda r: r.left)
        if run.size > neighbour.size:
            neighbour.top, neighbour.bottom, neighbour.size = run.top, run.bottom, run.size
        neighbour.glyphs = [*first.glyphs, *second.glyphs]
        neighbour.left, neighbour.right = min(neighbour.left, run.left), max(neighbour.right, run.right)
    return out


def _is_same_line(one: _Run, other: _Run) -> bool:
    size = max(one.size, other.size)
    gap = max(one.left, other.left) - min(one.right, other.right)
    if not -0.3 * size < gap < _COLUMN_GAP * size:
        return False
    level = _is_level(one.top, one.bottom, other.top, other.bottom)
    if is_right_to_left(one.glyphs[0].text) or is_right_to_left(other.glyphs[0].text):
        # They may be drawn in either direction, and the boxes of Arabic letters differ in height.
        level |= abs(one.glyphs[0].base - other.glyphs[0].base) < 0.15 * size
        return level
    return gap < 0.4 * size and level


def _line(run: _Run, page: int, turned: int, width: float, height: float) -> Line:
    glyphs = run.glyphs
    leftward = any(is_right_to_left(glyph.text) for glyph in glyphs)
    if leftward:
        glyphs = sorted(glyphs, key=lambda glyph: glyph.left)
    parts = close_spaced_heading(_with_spaces(glyphs, run, leftward))
    if leftward:
        parts = reading_order(parts)
    upright = np.array([box for text, box in parts for _ in text], np.float32)
    boxes = upright_boxes(upright, -turned % 4, *((height, width) if turned % 2 else (width, height)))
    sizes, fonts = [g.style.size for g in glyphs], [g.style.font for g in glyphs]
    large = max((size for size in set(sizes) if sizes.count(size) > 1), default=sizes[0])
    bases = [round(g.base, 1) for g in glyphs if g.style.size >= large]
    line = Line(
        "".join(text for text, _ in parts),
        page,
        *bounds(boxes),
        size=max(set(sizes), key=sizes.count),
        bold=sum(g.style.bold for g in glyphs) > 0.9 * len(glyphs),
        font=Counter(fonts).most_common(1)[0][0],
        boxes=boxes,
        turned=turned,
        base=max(set(bases), key=bases.count),
        run_in=0 if leftward else _run_in(glyphs, parts),
        first_font=fonts[0],
    )
    return line if len(set(sizes)) == 1 else replace(line, text=with_exponents(line.text, line.raised()))


def cut_line(line: Line, at: int) -> tuple[Line, Line]:
    """Cut a line before a character; white space between the halves is dropped."""
    start = at + len(line.text[at:]) - len(line.text[at:].lstrip())
    end = len(line.text[:at].rstrip())
    left, right = line.boxes[:end], line.boxes[start:]
    head = replace(
        line, text=line.text[:end], boxes=left, right=float(left[:, 2].max()), font=line.first_font, run_in=0
    )
    return head, replace(line, text=line.text[start:], boxes=right, left=float(right[:, 0].min()), run_in=0)


def _run_in(glyphs: Sequence[Glyph], parts: Sequence[tuple[str, tuple[float, float, float, float]]]) -> int:
    """Return how many first characters share a typeface that no other has, if they are bold or end in punctuation."""
    first = glyphs[0].style.font
    if first == glyphs[-1].style.font:
        return 0
    other = next(at for at, glyph in enumerate(glyphs) if glyph.style.font != first)
    if any(glyph.style.font == first for glyph in glyphs[other:]):
        return 0
    apart = glyphs[0].style.bold and not glyphs[-1].style.bold
    if not apart and glyphs[other - 1].text not in _RUN_IN_MARKS:
        return 0
    count = 0
    for text, box in parts:
        if box[0] >= glyphs[other].left - 0.01:
            return count
        count += len(text)
    return 0


def _with_spaces(
    glyphs: Sequence[Glyph], run: _Run, leftward: bool
) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Return the texts and boxes of glyphs from left to right, with a space at each gap between words."""
    gaps = [b.left - a.right for a, b in pairwise(glyphs)]
    tracking = _tracking(glyphs, gaps)
    parts: list[tuple[str, tuple[float, float, float, float]]] = []
    for at, glyph in enumerate(glyphs):
        if at and gaps[at - 1] > tracking + _min_space(glyphs[at - 1], glyph, leftward):
            parts.append((" ", (glyphs[at - 1].right, run.top, glyph.left, run.bottom)))
        parts.append((glyph.text, glyph[1:5]))
    return parts


def _min_space(last: Glyph, glyph: Glyph, leftward: bool) -> float:
    """Return the minimum gap in points between words; it is smaller where the file has a space."""
    size = max(last.style.size, glyph.style.size)
    if are_ideographs(last.text, glyph.text):
        return _IDEOGRAPHIC_SPACE * size
    if leftward:  # the file's space may precede either glyph
        return (0.85 * _SPACE if last.spaced or glyph.spaced else _RIGHT_TO_LEFT_SPACE) * size
    small_capitals = last.style.size > 1.08 * glyph.style.size and last.text.isupper() and glyph.text.isupper()
    return (_SPACE if small_capitals or not glyph.spaced else -_OVERHANG) * size


def _tracking(glyphs: Sequence[Glyph], gaps: Sequence[float]) -> float:
    """Return the extra letter spacing of a letterspaced line; 0 for most lines."""
    if len(gaps) < 6 or sum(g.spaced for g in glyphs) * 2 > len(gaps) or not any(g.text.isalpha() for g in glyphs):
        return 0.0
    usual = median(gaps)
    return usual if 0.08 < usual / glyphs[0].style.size < 0.35 else 0.0
