"""Find fonts with wrong character maps, by testing whether their text is natural language.

Only fonts with running text in the Latin alphabet are tested. Languages in it share their most common letters and have
many short function words; garbled text has neither. Names, formulas, sequences and tables are not running text, and are
left alone.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain
from time import monotonic
from typing import Any, NamedTuple

from ...text.cleaning import UNREAD
from ...text.language import is_function_word
from .lines import PageLines
from .ocr import read_scan

_MIN_WORDS = 60
_MAX_LEFT_OUT = 200  # garbled characters of a page that is not worth OCR: a running head
_MAX_FUNCTION_WORDS = 0.06  # of the words; prose has over 0.2, garbled text some by chance
_COMMON = frozenset("eainrsto")
_MAX_COMMON = 0.5  # of the letters; English has 0.63, Polish and Turkish 0.52
_MAX_SIGNS = 0.1  # of the characters, such as ¿ and » instead of letters
_MAX_UNREAD = 0.4
_MIN_SHORT, _MAX_SHORT = 0.1, 0.7  # share of the words with up to three letters
_MIN_LONG = 0.12  # share of the words with more than five
_LATIN_END = "\u0370"
_USUAL_SIGNS = frozenset("–—‘’“”•°±×·…§©®−")


def garbled_fonts(pages: Sequence[PageLines]) -> set[tuple[int, str]]:
    """Return (page number, font name) of fonts whose text is not natural language, on the page or in the document."""
    texts: dict[str, dict[int, list[str]]] = {}
    for page in pages:
        for line in page.lines:
            if line.font:
                texts.setdefault(line.font, {}).setdefault(page.number, []).append(line.text)
    return {
        (number, font)
        for font, by_page in texts.items()
        for everywhere in [is_garbled(chain.from_iterable(by_page.values()))]
        for number, lines in by_page.items()
        if everywhere or is_garbled(lines)
    }


def is_garbled(lines: Iterable[str]) -> bool:
    """Return whether lines are running text whose letters differ from the printed ones."""
    words = [word for line in lines for word in line.split() if not word.isascii() or not word.isdigit()]
    letters = "".join(words)
    if len(words) < _MIN_WORDS or not letters:
        return False
    if letters.count(UNREAD) > _MAX_UNREAD * len(letters):
        return True
    if not letters.isascii() and sum(letter < _LATIN_END for letter in letters) < 0.8 * len(letters):
        return False
    short, long = (sum(map(test, words)) / len(words) for test in (lambda w: len(w) < 4, lambda w: len(w) > 5))
    if not (_MIN_SHORT < short < _MAX_SHORT and long > _MIN_LONG):
        return False
    if sum(is_function_word(word.strip(".,;:()")) for word in words) > _MAX_FUNCTION_WORDS * len(words):
        return False
    return _has_odd_letters(letters)


def _has_odd_letters(text: str) -> bool:
    odd = sum(not (each.isascii() or each.isalpha() or each in _USUAL_SIGNS) for each in text)
    if odd > _MAX_SIGNS * len(text):
        return True
    folded = [each for each in unicodedata.normalize("NFKD", text).casefold() if each.isalpha()]
    counts = Counter(folded)
    return bool(folded) and sum(counts[letter] for letter in _COMMON) < _MAX_COMMON * len(folded)


class Recognised(NamedTuple):
    """The pages without garbled text, the numbers of those read by OCR, and of those with text left out."""

    pages: list[PageLines]
    recognised: list[int]
    left_out: list[int]


def recognise_garbled(pdf: Any, pages: Sequence[PageLines], deadline: float) -> Recognised:
    """Read pages with much garbled text by OCR, until `deadline`; leave out small amounts of garbled text."""
    fonts = garbled_fonts(pages)
    out: list[PageLines] = []
    recognised: list[int] = []
    left_out: list[int] = []
    for page in pages:
        garbled = sum(len(line.text) for line in page.lines if (page.number, line.font) in fonts)
        if not garbled:
            out.append(page)
            continue
        clean = replace(page, lines=tuple(line for line in page.lines if (page.number, line.font) not in fonts))
        read = clean
        if garbled > _MAX_LEFT_OUT and monotonic() < deadline:
            pdf_page = pdf[page.number - 1]
            read = read_scan(pdf_page, clean)
            pdf_page.close()
        (left_out if read is clean else recognised).append(page.number)
        out.append(read)
    return Recognised(out, recognised, left_out)
