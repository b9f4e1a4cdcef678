"""Correct symbols that a font maps to the wrong characters, by comparing their drawn shapes.

Symbol fonts often map = to ¼, + to þ, ± to 6, ≥ to $, or to a control character, which changes what a sentence says.
All characters of fonts without words are checked, and the symbols of other fonts.
"""

from __future__ import annotations

import ctypes
import functools
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...text.cleaning import UNREAD
from .shapes import SYMBOLS, Bitmap, Match, ink_of, nearest, shape_of

if TYPE_CHECKING:
    from .glyphs import Style

_EM = 48  # pixels, of a drawn glyph
_MAX_PIXELS = 1_000_000  # of a text object
_MAX_SHAPES = 3000  # per document; more are left as mapped
_MAX_DISTANCE = 0.15  # to the reference shape of a recognised symbol
_MAX_OWN_DISTANCE = 0.2  # to the mapped character, which allows for other typefaces
_MIN_BETTER = 0.1  # by which a match must be closer than the mapped character
_WORD = re.compile(r"[^\W\d_]{4,}")
_MIN_WORD_LETTERS = 3  # distinct ones; a column of þ is not a word
# Latin, rare symbols and letters, private use: wrong maps yield these, and not Greek, common symbols or Chinese.
_DOUBTFUL = re.compile("[!-\u024f\u03e2-\u03ff\u2400-\u243f\u2900-\u2c7f\ue000-\uf8ff\ufffd]")
# Categories of Unicode:
_ACCENTS = ("Sk", "Mn", "Lm")  # have shapes like symbols
_SIGNS = ("Sm", "Sc", "Co")
_SAME = {"~": "∼", "'": "′"}


class Drawn(NamedTuple):
    """A character of a page: its index in PDFium's text page, its text, and the number of its text object."""

    at: int
    text: str
    object: int


class _Place(NamedTuple):
    """A character's edges and origin in points, on the page before its rotation."""

    left: float
    right: float
    bottom: float
    top: float
    x: float
    y: float

    def rise(self, turns: int) -> float:
        """Return the height of a character's lower edge above the baseline if it has `turns` quarter turns."""
        return (self.bottom - self.y, self.x - self.right, self.y - self.top, self.left - self.x)[turns]


_Key = tuple[str, int, float, float, float]  # font, code, and the glyph's width, height and bottom in ems


class SymbolReader:
    """Corrects the characters of a document page by page, remembering fonts and glyphs."""

    def __init__(self) -> None:
        self._fonts_with_words: set[str] = set()
        self._wrong_fonts: set[str] = set()
        self._matches: dict[_Key, Match | None] = {}
        self._blanks: dict[_Key, bool] = {}

    def corrected(
        self, page: Any, textpage: Any, characters: Sequence[Drawn], handles: Sequence[Any], styles: Sequence[Style]
    ) -> list[str]:
        """Return the texts of a page's characters, "" for a space that the file maps to something else.

        U+FFFD replaces characters that are mapped wrongly but not recognised.
        """
        self._find_words(characters, styles)
        texts = [each.text for each in characters]
        keys: dict[int, _Key] = {}
        drawer = _Drawer(page, textpage, characters, handles)
        for at, each in enumerate(characters):
            style = styles[each.object]
            if style.size <= 0 or not self._is_checked(style.font, each.text):
                continue
            place = _place(textpage, each.at)
            keys[at] = key = _key(textpage, each.at, style, place)
            if key not in self._matches and len(self._matches) < _MAX_SHAPES:
                self._matches[key] = match = drawer.match(each, place, style)
                if match and _is_other_symbol(each.text, match):
                    self._wrong_fonts.add(style.font)
        for at, key in keys.items():
            texts[at] = self._corrected(texts[at], key)
            if texts[at] == UNREAD and self._is_blank(drawer, characters[at], key, styles):
                texts[at] = ""
        return texts

    def _is_blank(self, drawer: _Drawer, drawn: Drawn, key: _Key, styles: Sequence[Style]) -> bool:
        if key not in self._blanks:
            self._blanks[key] = drawer.is_blank(drawn, styles[drawn.object])
        return self._blanks[key]

    def _find_words(self, characters: Iterable[Drawn], styles: Sequence[Style]) -> None:
        runs: dict[str, list[str]] = {}
        for _, text, number in characters:
            runs.setdefault(styles[number].font, []).append(text)
        for font in runs.keys() - self._fonts_with_words:
            if any(len(set(word)) >= _MIN_WORD_LETTERS for word in _WORD.findall("".join(runs[font]))):
                self._fonts_with_words.add(font)

    def _is_checked(self, font: str, text: str) -> bool:
        if text == UNREAD:
            return True
        if len(text) > 1 or not font:
            return False
        if font in self._fonts_with_words:
            return _is_sign(text)
        return unicodedata.category(text) not in _ACCENTS

    def _corrected(self, text: str, key: _Key) -> str:
        match = self._matches.get(key)
        if not match:
            return text
        if _is_other_symbol(text, match):
            return _SAME.get(match.character, match.character)
        is_claim_in_doubt = key[0] in self._wrong_fonts and key[0] not in self._fonts_with_words
        return UNREAD if is_claim_in_doubt and not _may_be_right(text, match) else text


@functools.lru_cache(5000)
def _is_sign(text: str) -> bool:
    return unicodedata.category(text) in _SIGNS


def _is_other_symbol(claimed: str, match: Match) -> bool:
    """Return whether a glyph's shape is a symbol other than the mapped one."""
    if match.character not in SYMBOLS or match.distance > _MAX_DISTANCE or _may_be_right(claimed, match):
        return False
    return match.claimed is None or match.claimed - match.distance > _MIN_BETTER


def _may_be_right(claimed: str, match: Match) -> bool:
    if match.claimed is None:
        return not _DOUBTFUL.match(claimed)
    return match.claimed < _MAX_OWN_DISTANCE


class _Drawer:
    """Renders the text objects of a page, and keeps the last one."""

    def __init__(self, page: Any, textpage: Any, characters: Sequence[Drawn], handles: Sequence[Any]) -> None:
        self._page, self._textpage = page, textpage
        self._handles = handles
        self._characters = characters
        self._turns = page.get_rotation() // 90
        self._number = -1
        self._ink: Bitmap | None = None
        self._bounds = _Place(0, 0, 0, 0, 0, 0)

    @functools.cached_property
    def _indices(self) -> dict[int, list[int]]:
        """The indices of the characters by the number of their text object; most pages need none."""
        indices: dict[int, list[int]] = {}
        for each in self._characters:
            indices.setdefault(each.object, []).append(each.at)
        return indices

    def match(self, drawn: Drawn, place: _Place, style: Style) -> Match | None:
        """Return the best match for a character's shape; None if it leaves no ink."""
        if drawn.object != self._number:
            self._draw(drawn.object, style.size)
        bounds, ink = self._bounds, self._ink
        if ink is None:
            return None
        up, across = ink.shape[0] / (bounds.top - bounds.bottom), ink.shape[1] / (bounds.right - bounds.left)
        part = ink[
            max(0, math.floor((bounds.top - place.top) * up)) : math.ceil((bounds.top - place.bottom) * up),
            max(0, math.floor((place.left - bounds.left) * across)) : math.ceil((place.right - bounds.left) * across),
        ]
        turns = (style.turned + self._turns) % 4
        em = style.size * (across if turns % 2 else up)
        shape = shape_of(np.rot90(part, -turns), em, place.rise(turns) / style.size)
        return shape and nearest(shape, drawn.text)

    def is_blank(self, drawn: Drawn, style: Style) -> bool:
        """Return whether the middle of a horizontal character is without ink; neighbours may overlap its edges."""
        import pypdfium2.raw as raw

        rect = raw.FS_RECTF()
        if (style.turned + self._turns) % 4 or not raw.FPDFText_GetLooseCharBox(self._textpage.raw, drawn.at, rect):
            return False
        if drawn.object != self._number:
            self._draw(drawn.object, style.size)
        if self._ink is None:
            return True
        quarter = (rect.right - rect.left) / 4
        across = self._ink.shape[1] / (self._bounds.right - self._bounds.left)
        first = max(0, round((rect.left + quarter - self._bounds.left) * across))
        last = max(0, round((rect.right - quarter - self._bounds.left) * across))
        return not self._ink[:, first : max(last, first + 1)].any()

    def _draw(self, number: int, size: float) -> None:
        """Render a text object; its edges come from its characters, as objects in forms have their own coordinates."""
        places = [_place(self._textpage, index) for index in self._indices[number]]
        self._number, self._ink = number, None
        self._bounds = bounds = _Place(
            min(place.left for place in places), max(place.right for place in places),
            min(place.bottom for place in places), max(place.top for place in places), 0, 0,
        )  # fmt: skip
        area = (bounds.right - bounds.left) * (bounds.top - bounds.bottom)
        if area > 0 and bounds.right > bounds.left:
            scale = min(_EM / size, math.sqrt(_MAX_PIXELS / area))
            self._ink = ink_of(self._page.pdf, self._page, self._handles[number], scale)


def _place(textpage: Any, index: int) -> _Place:
    import pypdfium2.raw as raw

    left, right, bottom, top, x, y = (ctypes.c_double() for _ in range(6))
    raw.FPDFText_GetCharBox(textpage.raw, index, left, right, bottom, top)
    raw.FPDFText_GetCharOrigin(textpage.raw, index, x, y)
    return _Place(left.value, right.value, bottom.value, top.value, x.value, y.value)


def _key(textpage: Any, index: int, style: Style, place: _Place) -> _Key:
    import pypdfium2.raw as raw

    width, height = place.right - place.left, place.top - place.bottom
    rise = place.bottom - place.y
    code = raw.FPDFText_GetUnicode(textpage.raw, index)
    return style.font, code, round(width / style.size, 2), round(height / style.size, 2), round(rise / style.size, 2)
