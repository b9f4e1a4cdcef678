"""Restore ligatures (ff, fi, fl, ffi, ffl) that a PDF's fonts do not map to letters."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import NamedTuple

import numpy as np

from ...text.cleaning import UNREAD
from .lines import Line, PageLines

_PAIRS, _TRIPLES = ("fi", "fl", "ff"), ("ffi", "ffl")
# In units of the type size:
_TRIPLE_WIDTH = 0.72  # if it cannot be derived from the font's letters
_MIN_WIDTH, _MAX_WIDTH = 0.35, 1.25
_BEFORE_FINAL = re.compile(r".[aeiou]$|^[aeiou]$", re.I)  # staff, cliff, off
_BESIDE_WORDS = " .,;:!?()[]\"'’”“‘-–—/"
_FFL_ENDINGS = re.compile(r"e(?!st)|u|o|y$|in[eg]", re.I)  # affluent, shuffle, offline; not officer
# The letters before and after a ligature, and the ligature; the first match counts.
_RULES = [(re.compile(before + "_" + after, re.I), letters) for before, after, letters in (
    (r"(?:^(?:in|co)?(?:di|su|bu|co|o|e|cha|a|cli|cu|pu|ru|mu|sa)|sta)", r"(?:e|o(?:rt|rd)|us|a[ibcl])", "ff"),
    (r".", r"s?$", "ff"),
    (r"o", r"(?:s|p|b|h|w|r|e)", "ff"),
    (r"(?:^a|sa)", r"(?:r|a|o|e)", "ff"),
    (r"", r"(?:i|o|u|y|au|at|ag|ap|av|am|as|aw|ak|an)", "fl"),
    (r"", r"e(?:x|ct|e|w|sh|ts?$|ur|dg)", "fl"),
    (r"^(?:s?tri|ri|sti)", r"e", "fl"),
    (r"", r"(?:an|as|r|n|l|x|g|t|c|b|d|v|m|s|e)", "fi"),
    (r"", r"", "fi"),
)]  # fmt: skip


class Repaired(NamedTuple):
    """The pages, how many ligatures were restored, and how many characters remain unread."""

    pages: list[PageLines]
    restored: int
    unread: int


def restore_ligatures(pages: Sequence[PageLines]) -> Repaired:
    """Replace unread characters inside words by ligatures.

    Others stay as U+FFFD, so that no sentence with one is quoted; bullets and ornaments are removed.
    """
    if not any(UNREAD in line.text for page in pages for line in page.lines):
        return Repaired(list(pages), 0, 0)
    lines = [line for page in pages for line in page.lines]
    words = Counter(word.casefold() for line in lines for word in re.findall(r"[^\W\d_]+", line.text))
    triple_widths = _triple_widths(lines)
    restored = unread = 0
    out: list[PageLines] = []
    for page in pages:
        kept: list[Line] = []
        for line in page.lines:
            if UNREAD in line.text:
                letters = _replacements(line, words, triple_widths.get(line.font, _TRIPLE_WIDTH))
                restored += sum(len(text) > 1 for text in letters)
                unread += letters.count(UNREAD)
                line = _replaced(line, letters)
                if not line.text.strip():
                    continue
            kept.append(line)
        out.append(replace(page, lines=tuple(kept)))
    return Repaired(out, restored, unread)


def _triple_widths(lines: Sequence[Line]) -> dict[str, float]:
    """Return for each font the minimum width of a three-letter ligature, in units of the type size."""
    widths: dict[str, dict[str, list[float]]] = {}
    for line in lines:
        for letter in "fi":
            at = line.text.find(letter)
            if at >= 0 and not line.turned:
                widths.setdefault(line.font, {}).setdefault(letter, []).append(_relative_width(line, at))
    return {
        font: 1.5 * median(found["f"]) + median(found["i"])
        for font, found in widths.items()
        if {"f", "i"} <= found.keys()
    }


def _relative_width(line: Line, at: int) -> float:
    return float(line.boxes[at][2] - line.boxes[at][0]) / line.size


def _replacements(line: Line, words: Counter[str], triple_width: float) -> list[str]:
    """Return for each unread character of a line its letters, U+FFFD if unknown, or "" for a bullet."""
    out: list[str] = []
    for at, letter in enumerate(line.text):
        if letter != UNREAD:
            continue
        before = re.search(r"[^\W\d_]*$", line.text[:at].replace(UNREAD, " "))
        after = re.match(r"[^\W\d_]*", line.text[at + 1 :])
        left, right = before[0] if before else "", after[0] if after else ""
        around = line.text[: at - len(left)][-1:], line.text[at + 1 + len(right) :][:1]
        width = _relative_width(line, at)
        if _is_bullet(line.text, at):
            out.append("")
        elif not _is_in_word(left, right, around):
            out.append(UNREAD)  # part of a formula
        elif not _MIN_WIDTH < width < _MAX_WIDTH:
            out.append(UNREAD)
        else:
            out.append(_ligature(left, right, width > triple_width, words))
    return out


def _is_bullet(text: str, at: int) -> bool:
    """Return whether an unread character is alone on its line, or stands apart before the line's text."""
    begins = not text[:at].strip() and not text[at + 1 : at + 2].strip()
    return begins or not any(map(str.isalnum, text))


def _is_in_word(left: str, right: str, around: tuple[str, str]) -> bool:
    """Return whether the letters around an unread character are part of a word, and not of a formula."""
    letters = left + right
    small = letters[1:].islower() and (letters[0].islower() or bool(left))
    complete = bool(right) or bool(_BEFORE_FINAL.search(left))
    return len(letters) > 1 and small and complete and all(not near or near in _BESIDE_WORDS for near in around)


def _ligature(left: str, right: str, triple: bool, words: Counter[str]) -> str:
    """Return the ligature that yields the document's most common word, else the most likely one."""
    candidates = _TRIPLES if triple else _PAIRS
    known = max(candidates, key=lambda letters: words[f"{left}{letters}{right}".casefold()])
    if words[f"{left}{known}{right}".casefold()]:
        return known
    if triple:
        return "ffl" if _FFL_ENDINGS.match(right) else "ffi"
    return next(letters for pattern, letters in _RULES if pattern.search(f"{left}_{right}"))


def _replaced(line: Line, letters: Sequence[str]) -> Line:
    given = iter(letters)
    texts = [next(given) if letter == UNREAD else letter for letter in line.text]
    repeats = np.array([len(text) for text in texts])
    return replace(line, text="".join(texts), boxes=np.repeat(line.boxes, repeats, axis=0))
