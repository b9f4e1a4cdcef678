"""Order and space the characters of a line according to their script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from itertools import pairwise

PlacedCharacter = tuple[str, tuple[float, float, float, float]]  # text; left, top, right, bottom

# Scripts without spaces between words: Thai to Khmer, and Chinese and Japanese with their punctuation.
UNSPACED = re.compile(
    "[\u0e01-\u0eff\u1000-\u109f\u1780-\u17ff\u3001-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff01-\uff60\uff66-\uff9f\U00020000-\U0003ffff]"
)
_IDEOGRAPHS = re.compile(
    "[\u3001-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff01-\uff60\uff66-\uff9f]"
)
_FIRST_IDEOGRAPH, _FIRST_RIGHT_TO_LEFT = "\u3001", "\u0590"
_MIN_HEADING_LETTERS = 5
_WORD_GAP = 1.6  # times the gap between the letters of a letterspaced heading
_BRACKETS = dict(zip("()[]{}«»‹›", ")(][}{»«›‹", strict=True))
# Bidirectional classes of Unicode: L letters, E numbers, R right-to-left letters, s and t parts of numbers, m marks.
_CLASSES = {"L": "L", "EN": "E", "AN": "E", "R": "R", "AL": "R", "ES": "s", "CS": "s", "ET": "t", "NSM": "m"}
_LEFT_TO_RIGHT = re.compile(r"t*[LE](?:[LEnstm]*[LEm])?t*")
_NUMBER = re.compile(r"t?E(?:s?E)*t?")
_RIGHT_TO_LEFT = re.compile(r"R(?:[Rnstm]*[Rm])?")


def are_ideographs(one: str, other: str) -> bool:
    """Return whether both characters belong to a script with equally spaced characters."""
    return one >= _FIRST_IDEOGRAPH and bool(_IDEOGRAPHS.match(one) and _IDEOGRAPHS.match(other))


def is_right_to_left(text: str) -> bool:
    """Return whether the first character is of a right-to-left script."""
    return text >= _FIRST_RIGHT_TO_LEFT and unicodedata.bidirectional(text[0]) in ("R", "AL")


def is_mostly_right_to_left(text: str) -> bool:
    """Return whether right-to-left letters are in the majority."""
    kinds = [unicodedata.bidirectional(letter) for letter in text]
    return kinds.count("R") + kinds.count("AL") > kinds.count("L")


def close_spaced_heading(parts: Sequence[PlacedCharacter]) -> list[PlacedCharacter]:
    """Remove the narrow spaces from a heading set as "A B S T R A C T"; return other lines unchanged.

    A row of single letters is a word if it has a vowel, is not alphabetical, and is in capitals or capitalised or lower
    case.
    """
    letters = [text for text, _ in parts if text != " "]
    first = next((at for at, text in enumerate(letters) if text.isalpha()), len(letters))
    word = "".join(letters[first:])
    spaces = [at for at, (text, _) in enumerate(parts) if text == " "]
    separate = len(spaces) >= len(letters[first:]) - 1 > 0 and all(b - a > 1 for a, b in pairwise(spaces))
    if not separate or not _is_spaced_word(word, "".join(text for text, _ in parts)):
        return list(parts)
    widths = sorted(parts[at][1][2] - parts[at][1][0] for at in spaces)
    usual = widths[len(widths) // 2]
    return [
        (text, box)
        for at, (text, box) in enumerate(parts)
        if text != " " or box[2] - box[0] > _WORD_GAP * max(usual, 0.1) or not _is_between_letters(parts, at)
    ]


def _is_spaced_word(word: str, text: str) -> bool:
    if (
        len(word) < _MIN_HEADING_LETTERS
        or not word.replace("&", "").isalpha()
        or not re.search("[AEIOUYÄÖÜÉaeiouy]", word)
        or not (word.isupper() or word[1:].islower())
    ):
        return False
    successors = sum(ord(b) - ord(a) == 1 for a, b in pairwise(word))
    return successors < len(word) - 2 and bool(re.fullmatch(r"(?:[\dIVX]{1,4}[. ]+)*(?:\S +)*\S", text))


def _is_between_letters(parts: Sequence[PlacedCharacter], at: int) -> bool:
    return 0 < at < len(parts) - 1 and parts[at - 1][0].isalpha() and parts[at + 1][0].isalpha()


def reading_order(parts: Sequence[PlacedCharacter]) -> list[PlacedCharacter]:
    """Put characters, given from left to right, in reading order if some are Hebrew or Arabic.

    Numbers and words in other scripts keep their order. This inverts Unicode's bidirectional algorithm, except for
    nested quotations.
    """
    classes = [unicodedata.bidirectional(text[0]) for text, _ in parts]
    kinds = "".join(_CLASSES.get(each, "n") for each in classes)
    if "R" not in kinds:
        return list(parts)
    if "AL" in classes:  # in Arabic a percent sign is not part of a number
        kinds = kinds.replace("t", "n")
    out = list(parts)
    if kinds.count("R") <= kinds.count("L"):
        for found in _RIGHT_TO_LEFT.finditer(kinds):
            out[slice(*found.span())] = reversed(out[slice(*found.span())])
        return _marks_after_letters(out)
    out.reverse()
    kinds = kinds[::-1]
    reversed_ = [True] * len(out)
    for found in _LEFT_TO_RIGHT.finditer(kinds):
        for span in [found] if "L" in found[0] else list(_NUMBER.finditer(kinds, *found.span())):
            out[slice(*span.span())] = reversed(out[slice(*span.span())])
            reversed_[slice(*span.span())] = [False] * len(span[0])
    return _marks_after_letters(_mirror_brackets(out, reversed_))


def _mirror_brackets(parts: list[PlacedCharacter], reversed_: Sequence[bool]) -> list[PlacedCharacter]:
    """Mirror the brackets of reversed text if a closing one comes before its opening one."""
    shown = "".join(text for (text, _), turn in zip(parts, reversed_, strict=True) if turn and text in _BRACKETS)
    if not shown or shown[0] not in ")]}»›" or shown[-1] not in "([{«‹":
        return parts
    return [(_BRACKETS.get(text, text) if turn else text, b) for (text, b), turn in zip(parts, reversed_, strict=True)]


def _marks_after_letters(parts: list[PlacedCharacter]) -> list[PlacedCharacter]:
    for at in range(len(parts) - 1):
        (text, box), (_, under) = parts[at], parts[at + 1]
        if unicodedata.bidirectional(text[0]) == "NSM" and under[0] <= (box[0] + box[2]) / 2 <= under[2]:
            parts[at], parts[at + 1] = parts[at + 1], parts[at]
    return parts
