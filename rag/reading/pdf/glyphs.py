"""The lines of type on a PDF's page: every character with its place, as they are drawn and not yet in reading order."""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .lettering import are_ideographs, closed_up, in_reading_order, is_right_to_left
from .visible import Drawn, graphics, seen

Boxes = NDArray[np.float32]

_SPACE = 0.16  # of the type's size: a gap this wide parts two words
_IDEOGRAPHIC_SPACE = 0.6
_RIGHT_TO_LEFT_SPACE = 0.22
_OVERHANG = 0.15  # by which slanted letters may overlap and still belong to two words, where there is a space
_BREAK = 1.0  # and one this wide two lines side by side
_BOLD = re.compile(r"bold|black|heavy|demi|medi\b|cmbx|cmssbx|-bd|\bsfbx|ecbx", re.I)
UNREAD = "\ufffd"
"""Stands for a letter that is drawn and of which the file does not say which it is."""
_LIGATURES = {
    "\uf001": "fi",
    "\uf002": "fl",
    "ﬀ": "ff",
    "ﬁ": "fi",
    "ﬂ": "fl",
    "ﬃ": "ffi",
    "ﬄ": "ffl",
    "ﬅ": "st",
    "ﬆ": "st",
}
_ACCENTS = dict(zip("´`^ˆ~˜¨¯˘˙˚¸˝˛ˇ", "\u0301\u0300\u0302\u0302\u0303\u0303\u0308\u0304\u0306\u0307\u030a"
                    "\u0327\u030b\u0328\u030c", strict=True))  # fmt: skip
_SLASH = "\u0338"  # through a sign: not
_HYPHENS = "\x02\ufffe\xad\u2010"  # how PDFium marks a hyphen at a line's end, and the soft and the typographic one


@dataclass(frozen=True, slots=True, eq=False)
class Line:
    """A run of characters on one height of a page with no wide gap between them.

    Places are in points from the upper left corner of the page as it is shown: cropped and turned. `boxes` has a row a
    character of `text`: left, top, right, bottom. `size` and `font` are those of most of its characters, `bold` that of
    all but a few. `turned` is how many quarters of a full turn it stands askew, counterclockwise: 1 reads from the
    bottom up. `base` is where most of its largest characters stand, in the frame in which it is upright; below 0
    not known.
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


@dataclass(frozen=True, slots=True, eq=False)
class PageLines:
    """A page: its number from 1, the label printed on it, its measures in points, and its lines as they were drawn.

    `hidden` counts the characters that a person cannot see; `image` says whether a picture covers most of it. `rules`
    and `pictures` are the boxes of level rules, and of pictures and parts of drawings: left, top, right, bottom.
    `turned` is by how many quarters all of it was turned to stand upright.
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


class _Type(NamedTuple):
    """What all characters of one text object share."""

    size: float
    font: str
    bold: bool
    turned: int


class _Glyph(NamedTuple):
    """A character as it is drawn: one box, one to three letters; its box in the frame in which it stands upright."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    type: _Type
    spaced: bool
    base: float


@dataclass(slots=True)
class _Run:
    """Glyphs that follow one another on one line, and the band of the largest of them."""

    glyphs: list[_Glyph]
    top: float
    bottom: float
    size: float
    left: float = field(default=0.0)
    right: float = field(default=0.0)


def read_lines(page: Any, number: int, label: str | None) -> PageLines:
    """The lines of a `pypdfium2.PdfPage`, without what a person cannot see.

    Raises:
        PdfiumError: the page is broken.
    """
    width, height = page.get_size()
    textpage = page.get_textpage()
    drawn, types, spaced, origins = _drawn(page, textpage, width, height)
    visible = seen(page, drawn)
    turns = np.array([types[number].turned for number in drawn.objects])
    lines: list[Line] = []
    for turned in np.unique(turns[visible.shown]).tolist():
        at = np.flatnonzero(visible.shown & (turns == turned))
        boxes = upright_boxes(drawn.boxes[at], turned, width, height).tolist()
        bases = upright_boxes(origins[at], turned, width, height)[:, 3].tolist()
        glyphs = [
            _Glyph(drawn.texts[n], left, top, right, bottom, types[drawn.objects[n]], spaced[n], base)
            for n, (left, top, right, bottom), base in zip(at.tolist(), boxes, bases, strict=True)
        ]
        lines += [_line(run, number, turned, width, height) for run in _merged(_runs(_composed(glyphs)))]
    textpage.close()
    rules, pictures = (tuple(map(tuple, _on_page(page, bounds).tolist())) for bounds in graphics(page))
    return PageLines(number, label, width, height, tuple(lines), visible.hidden, visible.image, rules, pictures)


def _drawn(page: Any, textpage: Any, width: float, height: float) -> tuple[Drawn, list[_Type], list[bool], Boxes]:
    """The characters that leave ink, as drawn; each text object's type; whether spaces precede each; its origin."""
    import pypdfium2.raw as raw

    rotation = raw.FPDFPage_GetRotation(page)
    rect, char = raw.FS_RECTF(), textpage.raw
    texts: list[str] = []
    boxes: list[tuple[float, float, float, float]] = []
    origins: list[tuple[float, float, float, float]] = []
    x, y = ctypes.c_double(), ctypes.c_double()
    objects: list[int] = []
    numbers: dict[int, int] = {}
    handles: list[Any] = []
    types: list[_Type] = []
    spaced: list[bool] = []
    high, space = 0, False
    for at in range(textpage.count_chars()):
        code = raw.FPDFText_GetUnicode(char, at)
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if 0xDC00 <= code < 0xE000:
            code, high = (0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00), 0) if high else (0xFFFD, 0)
        text = _clean(chr(code)) if code or raw.FPDFText_IsGenerated(char, at) else UNREAD
        if not text:
            space |= code in (32, 0xA0, 0x3000)
            continue
        if not raw.FPDFText_GetLooseCharBox(char, at, rect):
            continue
        handle = raw.FPDFText_GetTextObject(char, at)
        address = ctypes.cast(handle, ctypes.c_void_p).value or 0
        if address not in numbers:
            numbers[address] = len(types)
            handles.append(handle)
            types.append(_type(raw, char, at, handle, rotation))
        slash = text == "6" and types[numbers[address]].font.startswith("CMSY")  # which has no digits
        texts.append(_SLASH if slash else text)
        spaced.append(space)
        space = False
        boxes.append((rect.left, rect.top, rect.right, rect.bottom))
        raw.FPDFText_GetCharOrigin(char, at, x, y)
        origins.append((x.value, y.value, x.value, y.value))
        objects.append(numbers[address])
    placed = _on_page(page, boxes)
    return (
        Drawn(texts, placed, np.array(objects, np.int64), handles, [t.size for t in types], width, height),
        types,
        spaced,
        _on_page(page, origins),
    )


def _type(raw: Any, char: Any, at: int, handle: Any, rotation: int) -> _Type:
    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(char, at, matrix)
    size = raw.FPDFText_GetFontSize(char, at) * (math.hypot(matrix.c, matrix.d) or 1.0)
    angle = math.degrees(math.atan2(matrix.b, matrix.a)) - 90 * rotation
    buffer, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    raw.FPDFText_GetFontInfo(char, at, buffer, 128, flags)
    font = buffer.value.decode("utf-8", "replace").partition("+")
    name = font[2] or font[0]
    bold = bool(_BOLD.search(name)) or bool(flags.value & 1 << 18) or raw.FPDFText_GetFontWeight(char, at) >= 600
    return _Type(round(size, 1), name, bold, round(angle / 90) % 4)


def _clean(text: str) -> str:
    if text in _HYPHENS:
        return "-"
    if text in _LIGATURES:
        return _LIGATURES[text]
    if "\uf720" <= text <= "\uf77e":  # small capitals and old figures, as Adobe numbers them
        return chr(ord(text) - 0xF700)
    if "\ufb1d" <= text <= "\ufefc" and unicodedata.bidirectional(text) in ("R", "AL"):  # letters by their form
        return unicodedata.normalize("NFKC", text)
    return text if unicodedata.category(text) not in ("Cc", "Cf", "Cs", "Cn", "Zs", "Zl", "Zp") else ""


def _on_page(page: Any, boxes: Sequence[Sequence[float]]) -> Boxes:
    """Boxes in the file's own measure (left, top, right, bottom, y upwards) on the page as it is shown."""
    import pypdfium2.raw as raw

    bounds = raw.FS_RECTF()
    raw.FPDF_GetPageBoundingBox(page, bounds)
    left, top, right, bottom = np.array(boxes, np.float32).reshape(-1, 4).T
    turned = (
        (left - bounds.left, bounds.top - top, right - bounds.left, bounds.top - bottom),
        (bottom - bounds.bottom, left - bounds.left, top - bounds.bottom, right - bounds.left),
        (bounds.right - right, bottom - bounds.bottom, bounds.right - left, top - bounds.bottom),
        (bounds.top - top, bounds.right - right, bounds.top - bottom, bounds.right - left),
    )[raw.FPDFPage_GetRotation(page)]
    return np.stack(turned, 1).astype(np.float32)


def upright_boxes(box: Boxes, turned: int, width: float, height: float) -> Boxes:
    """A box, or rows of them, in the frame in which text turned by so many quarters stands upright."""
    left, top, right, bottom = np.moveaxis(box, -1, 0)
    frames = (
        (left, top, right, bottom),
        (height - bottom, left, height - top, right),
        (width - right, height - bottom, width - left, height - top),
        (top, width - right, bottom, width - left),
    )
    return np.stack(frames[turned], -1)


def raised_letters(line: Line) -> list[bool]:
    """Whether each character is raised and small, as a mark or an index is."""
    heights = [float(box[3] - box[1]) for box in line.boxes]
    usual = sorted(heights)[len(heights) // 2]
    base = sorted(float(box[3]) for box in line.boxes)[len(heights) // 2]
    return [
        letter != " " and height < 0.87 * usual and float(box[3]) < base - 0.1 * line.size
        for letter, height, box in zip(line.text, heights, line.boxes, strict=True)
    ]


def _composed(glyphs: Sequence[_Glyph]) -> list[_Glyph]:
    """The glyphs with accents that stand over a letter made one with it, wherever in the line they were drawn."""
    out: list[_Glyph | None] = list(glyphs)
    boxes = np.array([glyph[1:5] for glyph in glyphs])
    for at, accent in enumerate(glyphs):
        if accent.text not in _ACCENTS and not unicodedata.combining(accent.text[0]):
            continue
        centre, size = (accent.left + accent.right) / 2, accent.type.size
        over = (boxes[:, 0] - 0.5 <= centre) & (centre <= boxes[:, 2] + 0.5)
        over &= np.abs(boxes[:, 3] - accent.bottom) < 0.5 * size
        for near in sorted(np.flatnonzero(over).tolist(), key=lambda n: abs(boxes[n, 0] + boxes[n, 2] - 2 * centre)):
            letter = out[near]
            whole = _joined(letter.text, accent.text) if letter else None
            if letter and whole and near != at:
                out[near], out[at] = letter._replace(text=whole), None
                break
    return [glyph for glyph in out if glyph]


def _joined(letter: str, accent: str) -> str | None:
    """The letter with the accent; None where there is no such letter."""
    text = unicodedata.normalize("NFC", {"ı": "i", "ȷ": "j"}.get(letter, letter) + _ACCENTS.get(accent, accent))
    return text if len(text) == 1 and (text.isalpha() or accent == _SLASH) else None


def _runs(glyphs: Sequence[_Glyph]) -> Iterator[_Run]:
    """Runs of glyphs that were drawn one after another, each beside the last."""
    run: _Run | None = None
    for glyph in glyphs:
        if run is not None and _follows(run, glyph):
            run.glyphs.append(glyph)
            run.left, run.right = min(run.left, glyph.left), max(run.right, glyph.right)
            if glyph.type.size > run.size:
                run.top, run.bottom, run.size = glyph.top, glyph.bottom, glyph.type.size
            continue
        if run is not None:
            yield run
        run = _Run([glyph], glyph.top, glyph.bottom, glyph.type.size, glyph.left, glyph.right)
    if run is not None:
        yield run


def _follows(run: _Run, glyph: _Glyph) -> bool:
    size = max(run.size, glyph.type.size)
    last = run.glyphs[-1]
    # The letters of a ligature share one box, so the last may begin where this one does.
    beside = last.left - 0.3 * size < glyph.left < last.right + _BREAK * size
    return beside and _level(run.top, run.bottom, glyph.top, glyph.bottom)


def _level(top: float, bottom: float, other_top: float, other_bottom: float) -> bool:
    """Whether two bands are of one line: the centre of the lower one stands within the higher, as an index's does."""
    if bottom - top < other_bottom - other_top:
        top, bottom, other_top, other_bottom = other_top, other_bottom, top, bottom
    return top <= (other_top + other_bottom) / 2 <= bottom


def _merged(runs: Iterable[_Run]) -> list[_Run]:
    """The runs, those drawn apart that stand close on one line put together."""
    out = list(runs)
    while len(merged := _merged_once(out)) < len(out):  # what comes between two runs joins them
        out = merged
    return out


def _merged_once(runs: Iterable[_Run]) -> list[_Run]:
    out: list[_Run] = []
    rows: dict[int, list[_Run]] = {}
    for run in runs:
        row = int((run.top + run.bottom) / 2 // 8)
        near = [other for r in (row - 1, row, row + 1) for other in rows.get(r, ())]
        beside = next((o for o in near if _close(o, run)), None)
        if beside is None:
            out.append(run)
            rows.setdefault(row, []).append(run)
            continue
        first, second = sorted((beside, run), key=lambda r: r.left)
        if run.size > beside.size:
            beside.top, beside.bottom, beside.size = run.top, run.bottom, run.size
        beside.glyphs = [*first.glyphs, *second.glyphs]
        beside.left, beside.right = min(beside.left, run.left), max(beside.right, run.right)
    return out


def _close(one: _Run, other: _Run) -> bool:
    size = max(one.size, other.size)
    gap = max(one.left, other.left) - min(one.right, other.right)
    level = _level(one.top, one.bottom, other.top, other.bottom)
    if is_right_to_left(one.glyphs[0].text) or is_right_to_left(other.glyphs[0].text):
        # Drawn in either direction, and the boxes of Arabic letters differ in height.
        level |= abs(one.glyphs[0].base - other.glyphs[0].base) < 0.15 * size
        return -0.3 * size < gap < _BREAK * size and level
    return -0.3 * size < gap < 0.4 * size and level


def _line(run: _Run, page: int, turned: int, width: float, height: float) -> Line:
    glyphs = run.glyphs
    leftward = any(is_right_to_left(glyph.text) for glyph in glyphs)
    if leftward:  # narrow ones were taken in the order of drawing
        glyphs = sorted(glyphs, key=lambda glyph: glyph.left)
    gaps = [b.left - a.right for a, b in pairwise(glyphs)]
    tracked = _tracking(glyphs, gaps)
    parts: list[tuple[str, tuple[float, float, float, float]]] = []
    for at, glyph in enumerate(glyphs):
        if at and gaps[at - 1] > tracked + _least_space(glyphs[at - 1], glyph, leftward):
            parts.append((" ", (glyphs[at - 1].right, run.top, glyph.left, run.bottom)))
        parts.append((glyph.text, glyph[1:5]))
    parts = in_reading_order(closed_up(parts))
    boxes = [box for text, box in parts for _ in text]
    array = upright_boxes(
        np.array(boxes, np.float32), -turned % 4, *((height, width) if turned % 2 else (width, height))
    )
    left, top, right, bottom = (float(v) for v in (*array[:, :2].min(0), *array[:, 2:].max(0)))
    sizes, fonts = [g.type.size for g in glyphs], [g.type.font for g in glyphs]
    large = max((size for size in set(sizes) if sizes.count(size) > 1), default=sizes[0])
    bases = [round(g.base, 1) for g in glyphs if g.type.size >= large]
    return Line(
        "".join(text for text, _ in parts),
        page,
        left,
        top,
        right,
        bottom,
        size=max(set(sizes), key=sizes.count),
        bold=sum(g.type.bold for g in glyphs) > 0.9 * len(glyphs),
        font=max(set(fonts), key=fonts.count),
        boxes=array,
        turned=turned,
        base=max(set(bases), key=bases.count),
    )


def _least_space(last: _Glyph, glyph: _Glyph, leftward: bool) -> float:
    """How wide a gap parts two words: the file's own spaces count but between a capital and small capitals."""
    size = max(last.type.size, glyph.type.size)
    if are_ideographs(last.text, glyph.text):
        return _IDEOGRAPHIC_SPACE * size
    if leftward:  # which of the two a space of the file's stands before depends on the direction
        return (0.85 * _SPACE if last.spaced or glyph.spaced else _RIGHT_TO_LEFT_SPACE) * size
    small_capitals = last.type.size > 1.08 * glyph.type.size and last.text.isupper() and glyph.text.isupper()
    return (_SPACE if small_capitals or not glyph.spaced else -_OVERHANG) * size


def _tracking(glyphs: Sequence[_Glyph], gaps: Sequence[float]) -> float:
    """How far the letters of a line are spaced, as in some headings; 0 for most."""
    if len(gaps) < 6 or sum(g.spaced for g in glyphs) * 2 > len(gaps) or not any(g.text.isalpha() for g in glyphs):
        return 0.0
    usual = float(np.median(gaps))
    return usual if 0.08 < usual / glyphs[0].type.size < 0.35 else 0.0
