"""The letters of a line in the words and the order in which a person reads them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

Place = tuple[float, float, float, float]

# Scripts that write words without blanks between them: Thai to Khmer, Chinese and Japanese with their punctuation.
UNSPACED = re.compile(
    "[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3001-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff01-\uff60\uff66-\uff9f\U00020000-\U0003ffff]"
)
_IDEOGRAPHS = re.compile(
    "[\u3001-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60\uff66-\uff9f]"
)
_LEAST_LETTERS = 5  # of a heading whose letters stand apart
_WIDER = 1.6  # times as wide as the gap between its letters: a gap between its words
_BRACKETS = dict(zip("()[]{}«»‹›", ")(][}{»«›‹", strict=True))
_CLASSES = {"L": "L", "EN": "E", "AN": "E", "R": "R", "AL": "R", "ES": "s", "CS": "s", "ET": "t", "NSM": "m"}
_LEFT_TO_RIGHT = re.compile(r"t*[LE](?:[LEnstm]*[LEm])?t*")
_NUMBER = re.compile(r"t?E(?:s?E)*t?")
_RIGHT_TO_LEFT = re.compile(r"R(?:[Rnstm]*[Rm])?")


def are_ideographs(last: str, following: str) -> bool:
    """Whether two characters are of a script that sets letters at equal distances, so that a gap separates no words."""
    return bool(_IDEOGRAPHS.match(last) and _IDEOGRAPHS.match(following))


def is_right_to_left(text: str) -> bool:
    """Whether a character belongs to a script that is written from right to left."""
    return unicodedata.bidirectional(text[0]) in ("R", "AL")


def mostly_right_to_left(text: str) -> bool:
    """Whether more of a text's letters belong to scripts written from right to left than to others."""
    kinds = [unicodedata.bidirectional(letter) for letter in text]
    return kinds.count("R") + kinds.count("AL") > kinds.count("L")


def closed_up(parts: Sequence[tuple[str, Place]]) -> list[tuple[str, Place]]:
    """The characters of a line without the blanks of a heading set as "A B S T R A C T"; wider gaps stay.

    Other lines come back as they are: a row of single letters counts as a word where it has a vowel, no letter follows
    the one before it in the alphabet throughout, and all are capitals or all but the first are small.
    """
    letters = [part for part in parts if part[0] != " "]
    first = next((at for at, (text, _) in enumerate(letters) if text.isalpha()), len(letters))
    word = "".join(text for text, _ in letters[first:])
    spaces = [at for at, (text, _) in enumerate(parts) if text == " "]
    apart = len(spaces) >= len(letters[first:]) - 1 > 0 and all(b - a > 1 for a, b in pairwise(spaces))
    if not apart or not _is_spaced_word(word, "".join(text for text, _ in parts)):
        return list(parts)
    widths = sorted(parts[at][1][2] - parts[at][1][0] for at in spaces)
    usual = widths[len(widths) // 2]
    return [
        (text, box)
        for at, (text, box) in enumerate(parts)
        if text != " " or box[2] - box[0] > _WIDER * max(usual, 0.1) or not _between_letters(parts, at)
    ]


def _is_spaced_word(word: str, text: str) -> bool:
    if len(word) < _LEAST_LETTERS or not word.replace("&", "").isalpha() or not re.search("[AEIOUYÄÖÜÉaeiouy]", word):
        return False
    if not word.isupper() and not word[1:].islower():
        return False
    follows = sum(ord(b) - ord(a) == 1 for a, b in pairwise(word))
    return follows < len(word) - 2 and bool(re.fullmatch(r"(?:[\dIVX]{1,4}[. ]+)*(?:\S +)*\S", text))


def _between_letters(parts: Sequence[tuple[str, Place]], at: int) -> bool:
    return 0 < at < len(parts) - 1 and parts[at - 1][0].isalpha() and parts[at + 1][0].isalpha()


def in_reading_order(parts: Sequence[tuple[str, Place]]) -> list[tuple[str, Place]]:
    """Characters from left to right in the order in which they are read, where some are of Hebrew or Arabic script.

    Numbers and words of other scripts keep their own order. This is how lines are shown, taken back without the rules
    for nested quotations.
    """
    kinds = "".join(_CLASSES.get(unicodedata.bidirectional(text[0]), "n") for text, _ in parts)
    if "R" not in kinds:
        return list(parts)
    if any(unicodedata.bidirectional(text[0]) == "AL" for text, _ in parts):  # a percent sign is no part of a number
        kinds = kinds.replace("t", "n")
    if kinds.count("R") <= kinds.count("L"):
        out = list(parts)
        for found in _RIGHT_TO_LEFT.finditer(kinds):
            out[slice(*found.span())] = reversed(out[slice(*found.span())])
        return _marks_after_letters(out)
    out, kinds = list(reversed(parts)), kinds[::-1]
    turned = [True] * len(out)
    for found in _LEFT_TO_RIGHT.finditer(kinds):
        spans = [found] if "L" in found[0] else list(_NUMBER.finditer(kinds, *found.span()))
        for span in spans:
            out[slice(*span.span())] = reversed(out[slice(*span.span())])
            turned[slice(*span.span())] = [False] * len(span[0])
    return _marks_after_letters(_mirrored(out, turned))


def _mirrored(parts: list[tuple[str, Place]], turned: Sequence[bool]) -> list[tuple[str, Place]]:
    """The characters with brackets the other way round where a closing one comes before its opening one."""
    shown = "".join(text for (text, _), own in zip(parts, turned, strict=True) if own and text in _BRACKETS)
    if not shown or shown[0] not in ")]}»›" or shown[-1] not in "([{«‹":
        return parts
    return [(_BRACKETS.get(text, text) if own else text, box) for (text, box), own in zip(parts, turned, strict=True)]


def _marks_after_letters(parts: list[tuple[str, Place]]) -> list[tuple[str, Place]]:
    for at in range(len(parts) - 1):
        (text, box), (_, under) = parts[at], parts[at + 1]
        if unicodedata.bidirectional(text[0]) == "NSM" and under[0] <= (box[0] + box[2]) / 2 <= under[2]:
            parts[at], parts[at + 1] = parts[at + 1], parts[at]
    return parts
