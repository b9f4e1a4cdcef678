"""Extract the characters of a PDF page with boxes, fonts and sizes, and with accents composed."""

from __future__ import annotations

import ctypes
import functools
import math
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...text.cleaning import UNREAD
from .character_table import read_table
from .rotation import Boxes, to_shown_page, upright_boxes
from .symbols import Drawn, SymbolReader
from .weights import Face, Weights

_FORCE_BOLD = 1 << 18  # a font flag of PDF
_MAX_SKEW = 15  # degrees by which a scan may be skewed
_SPACE_CODES = (32, 0xA0, 0x3000)
_CONTROLS = frozenset((*range(32), *range(127, 160)))
_PRIVATE_LIGATURES = {"\uf001": "fi", "\uf002": "fl"}
_ACCENTS = dict(zip("´`^ˆ~˜¨¯˘˙˚¸˝˛ˇ", "\u0301\u0300\u0302\u0302\u0303\u0303\u0308\u0304\u0306\u0307\u030a"
                    "\u0327\u030b\u0328\u030c", strict=True))  # fmt: skip
_FIRST_COMBINING = "\u0300"
_LEVEL = frozenset("+-−–")
# In units of the type size:
_MAX_HEIGHT = 1.5
_ASCENT, _DESCENT = 0.75, 0.25
_SLASH = "\u0338"  # combining slash, which negates a symbol
_HYPHENS = "\ufffe\xad\u2010"  # PDFium's mark for a line-end hyphen, soft hyphen, typographic hyphen


class Style(NamedTuple):
    """The properties shared by all characters of a text object.

    `turned` is their rotation in counterclockwise quarter turns, -1 for any other angle.
    """

    size: float
    font: str
    bold: bool
    turned: int


class Glyph(NamedTuple):
    """One to three letters in one box, with the baseline, in the frame in which they are upright."""

    text: str
    left: float
    top: float
    right: float
    bottom: float
    style: Style
    spaced: bool
    base: float


@dataclass(frozen=True, slots=True)
class Characters:
    """The characters of a page in drawing order, with boxes and origins on the page as shown, in points.

    `objects` gives the number of each character's text object; `handles` and `styles` have an entry per object.
    `spaced` tells whether the file has spaces before a character.
    """

    texts: Sequence[str]
    boxes: Boxes
    origins: Boxes
    spaced: Sequence[bool]
    objects: NDArray[np.int64]
    handles: Sequence[Any]
    styles: Sequence[Style]
    width: float
    height: float


def read_characters(page: Any, symbols: SymbolReader, weights: Weights) -> Characters:
    """Extract the characters of a `pypdfium2.PdfPage` that leave ink; `symbols` and `weights` belong to its document.

    Raises:
        PdfiumError: the page is damaged.
    """
    import pypdfium2.raw as raw

    textpage = page.get_textpage()
    rotation, char = page.get_rotation(), textpage.raw
    table = read_table(textpage)
    drawn: list[Drawn] = []
    spaced: list[bool] = []
    numbers: dict[int, int] = {}
    handles: list[Any] = []
    styles: list[Style] = []
    faces: list[Face] = []
    space = False
    for at, text in _decoded(textpage, table.codes):
        if text == " ":
            space = True
            continue
        if not table.has_box[at]:
            continue
        number = numbers.setdefault(table.objects[at], len(handles))
        if number == len(handles):
            handles.append(raw.FPDFText_GetTextObject(char, at))
            faces.append(_face(char, at))
            styles.append(_style(char, at, rotation, faces[-1].font))
        negates = text == "6" and styles[number].font.startswith("CMSY")  # a symbol font, which has no digits
        drawn.append(Drawn(at, _SLASH if negates else text, number))
        spaced.append(space)
        space = False
    texts = symbols.corrected(page, textpage, drawn, handles, styles)
    textpage.close()
    kept = [at for at, text in enumerate(texts) if text]
    texts, spaced = [texts[at] for at in kept], [spaced[at] for at in kept]
    objects = [drawn[at].object for at in kept]
    weights.add(faces[number] for number in objects)
    bold = {face: weights.is_bold(face) for face in set(faces)}
    styles = [style._replace(bold=bold[face]) for style, face in zip(styles, faces, strict=True)]
    rows = np.array([drawn[at].at for at in kept], np.int64)
    placed = to_shown_page(page, table.boxes[rows])
    bases = to_shown_page(page, np.tile(table.origins[rows], 2))
    return Characters(texts, placed, bases, spaced, np.array(objects, np.int64), handles, styles, *page.get_size())


def _decoded(textpage: Any, codes: Sequence[int]) -> Iterator[tuple[int, str]]:
    """Yield the index and cleaned text of each character that leaves ink, and of spaces as " "."""
    import pypdfium2.raw as raw

    high = 0
    for at, code in enumerate(codes):
        if 0xD800 <= code < 0xDC00:
            high = code
            continue
        if 0xDC00 <= code < 0xE000:
            code, high = (0x10000 + ((high - 0xD800) << 10) + (code - 0xDC00), 0) if high else (0xFFFD, 0)
        text = " " if code in _SPACE_CODES else _clean(chr(code))
        if code in _CONTROLS and not raw.FPDFText_IsGenerated(textpage.raw, at):
            text = "-" if raw.FPDFText_IsHyphen(textpage.raw, at) else UNREAD
        if text:
            yield at, text


@functools.lru_cache(5000)
def _clean(text: str) -> str:
    if text in _HYPHENS:
        return "-"
    if text in _PRIVATE_LIGATURES:
        return _PRIVATE_LIGATURES[text]
    if "\uf720" <= text <= "\uf77e":  # Adobe's codes for small capitals and old-style figures
        return chr(ord(text) - 0xF700)
    right_to_left = "\ufb1d" <= text <= "\ufefc" and unicodedata.bidirectional(text) in ("R", "AL")
    if right_to_left or "\ufb00" <= text <= "\ufb06":  # presentation forms, and Latin ligatures
        return unicodedata.normalize("NFKC", text)
    return text if unicodedata.category(text) not in ("Cc", "Cf", "Cs", "Cn", "Zs", "Zl", "Zp") else ""


def _face(char: Any, at: int) -> Face:
    import pypdfium2.raw as raw

    buffer, flags = ctypes.create_string_buffer(128), ctypes.c_int()
    raw.FPDFText_GetFontInfo(char, at, buffer, 128, flags)
    name, _, subset_name = buffer.value.decode("utf-8", "replace").partition("+")
    return Face(subset_name or name, raw.FPDFText_GetFontWeight(char, at), bool(flags.value & _FORCE_BOLD))


def _style(char: Any, at: int, page_rotation: int, font: str) -> Style:
    """Return the style of a character without `bold`, which depends on the other typefaces."""
    import pypdfium2.raw as raw

    matrix = raw.FS_MATRIX()
    raw.FPDFText_GetMatrix(char, at, matrix)
    size = raw.FPDFText_GetFontSize(char, at) * (math.hypot(matrix.c, matrix.d) or 1.0)
    angle = math.degrees(math.atan2(matrix.b, matrix.a)) - page_rotation
    quarters = round(angle / 90)
    slants = abs(angle - 90 * quarters) > _MAX_SKEW
    return Style(round(size, 1), font, False, -1 if slants else quarters % 4)


def upright_glyphs(chars: Characters, kept: NDArray[np.bool_]) -> Iterator[tuple[int, list[Glyph]]]:
    """Yield each rotation with its kept glyphs, in the frame in which they are upright, with accents composed.

    Characters at other angles, such as watermarks or axis ticks, are left out.
    """
    turns = np.array([style.turned for style in chars.styles], np.int64)[chars.objects]
    for turned in np.unique(turns[kept & (turns >= 0)]).tolist():
        at = np.flatnonzero(kept & (turns == turned))
        boxes = upright_boxes(chars.boxes[at], turned, chars.width, chars.height).tolist()
        bases = upright_boxes(chars.origins[at], turned, chars.width, chars.height)[:, 3].tolist()
        glyphs = [
            _usual_height(Glyph(chars.texts[n], left, top, right, bottom, chars.styles[number], chars.spaced[n], base))
            for n, number, (left, top, right, bottom), base in zip(
                at.tolist(), chars.objects[at].tolist(), boxes, bases, strict=True
            )
        ]
        yield turned, _compose_accents(glyphs)


def _usual_height(glyph: Glyph) -> Glyph:
    """Give a plus or minus sign with an excessive height the usual height, so that a raised one is recognised."""
    if glyph.text not in _LEVEL or glyph.bottom - glyph.top < _MAX_HEIGHT * glyph.style.size:
        return glyph
    return glyph._replace(top=glyph.base - _ASCENT * glyph.style.size, bottom=glyph.base + _DESCENT * glyph.style.size)


def _compose_accents(glyphs: Sequence[Glyph]) -> list[Glyph]:
    """Merge each accent with the letter below it, whenever that was drawn."""
    out: list[Glyph | None] = list(glyphs)
    boxes = np.array([glyph[1:5] for glyph in glyphs])
    for at, accent in enumerate(glyphs):
        if accent.text not in _ACCENTS and not (
            accent.text >= _FIRST_COMBINING and unicodedata.combining(accent.text[0])
        ):
            continue
        centre, size = (accent.left + accent.right) / 2, accent.style.size
        over = (boxes[:, 0] - 0.5 <= centre) & (centre <= boxes[:, 2] + 0.5)
        over &= np.abs(boxes[:, 3] - accent.bottom) < 0.5 * size
        for near in sorted(np.flatnonzero(over).tolist(), key=lambda n: abs(boxes[n, 0] + boxes[n, 2] - 2 * centre)):
            letter = out[near]
            composed = _composed(letter.text, accent.text) if letter else None
            if letter and composed and near != at:
                out[near], out[at] = letter._replace(text=composed), None
                break
    return [glyph for glyph in out if glyph]


def _composed(letter: str, accent: str) -> str | None:
    """Return the composed letter; None if Unicode has no such letter."""
    text = unicodedata.normalize("NFC", {"ı": "i", "ȷ": "j"}.get(letter, letter) + _ACCENTS.get(accent, accent))
    return text if len(text) == 1 and (text.isalpha() or accent == _SLASH) else None
