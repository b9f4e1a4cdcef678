"""Letters that a PDF's font says nothing of: ligatures (ff, fi, fl, ffi, ffl) restored from the letters around them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from statistics import median
from typing import NamedTuple

import numpy as np

from .glyphs import UNREAD, Line, PageLines

_PAIRS, _TRIPLES = ("fi", "fl", "ff"), ("ffi", "ffl")
_TRIPLE_WIDTH = 0.72  # of the type's size, where the font's own letters do not say how wide they are
_BESIDE_WORDS = " .,;:!?()[]\"'’”“‘-–—/"
_WIDTHS = (0.35, 1.25)  # of the type's size: what is no wider or narrower may be a ligature
_TRIPLE_ENDINGS = re.compile(r"e(?!st)|u|o|y$|in[eg]", re.I)  # affluent, shuffle, offline; not officer
# What stands before and after the letters (with `_` between), and which letters they are; the first that fits.
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
    """The pages, how many ligatures were restored, and how many characters stay unread."""

    pages: list[PageLines]
    restored: int
    unread: int


def with_ligatures(pages: Sequence[PageLines]) -> Repaired:
    """The pages with ligatures in place of unread characters inside words; what else is unread is left out, or stands
    as a replacement character where it is part of a word."""
    if not any(UNREAD in line.text for page in pages for line in page.lines):
        return Repaired(list(pages), 0, 0)
    words = Counter(
        word.casefold() for page in pages for line in page.lines for word in re.findall(r"[^\W\d_]+", line.text)
    )
    limits = _limits(pages)
    restored = unread = 0
    out: list[PageLines] = []
    for page in pages:
        lines: list[Line] = []
        for line in page.lines:
            if UNREAD not in line.text:
                lines.append(line)
                continue
            letters = _letters(line, words, limits.get(line.font, _TRIPLE_WIDTH))
            restored += sum(len(text) > 1 for text in letters)
            unread += sum(text in ("", UNREAD) for text in letters)
            new = _rewritten(line, letters)
            lines += [new] if new.text.strip() else []
        out.append(replace(page, lines=tuple(lines)))
    return Repaired(out, restored, unread)


def _limits(pages: Sequence[PageLines]) -> dict[str, float]:
    """For each font, the width in units of its size from which on a ligature has three letters."""
    widths: dict[str, dict[str, list[float]]] = {}
    for page in pages:
        for line in page.lines:
            for letter in "fi":
                at = line.text.find(letter)
                if at >= 0 and not line.turned:
                    width = float(line.boxes[at][2] - line.boxes[at][0]) / line.size
                    widths.setdefault(line.font, {}).setdefault(letter, []).append(width)
    return {
        font: 1.5 * median(found["f"]) + median(found["i"])
        for font, found in widths.items()
        if {"f", "i"} <= found.keys()
    }


def _letters(line: Line, words: Counter[str], limit: float) -> list[str]:
    """What each unread character of a line stands for: letters, itself inside a word, nothing elsewhere."""
    out: list[str] = []
    for at, letter in enumerate(line.text):
        if letter != UNREAD:
            continue
        before = re.search(r"[^\W\d_]*$", line.text[:at].replace(UNREAD, " "))
        after = re.match(r"[^\W\d_]*", line.text[at + 1 :])
        left, right = before[0] if before else "", after[0] if after else ""
        width = float(line.boxes[at][2] - line.boxes[at][0]) / line.size
        around = line.text[: at - len(left)][-1:], line.text[at + 1 + len(right) :][:1]
        if not _is_in_word(left, right, around):
            out.append("")  # part of a formula, a bullet, a word of which nothing is known
        elif not _WIDTHS[0] < width < _WIDTHS[1]:
            out.append(UNREAD)
        else:
            out.append(_guessed(left, right, width > limit, words))
    return out


def _is_in_word(left: str, right: str, around: tuple[str, str]) -> bool:
    """Whether letters before and after an unread character make up a word of prose, as those of a formula do not."""
    letters = left + right
    small = letters[1:].islower() and (letters[0].islower() or bool(left))
    return len(letters) > 1 and small and all(not near or near in _BESIDE_WORDS for near in around)


def _guessed(left: str, right: str, triple: bool, words: Counter[str]) -> str:
    candidates = _TRIPLES if triple else _PAIRS
    known = max(candidates, key=lambda letters: words[f"{left}{letters}{right}".casefold()])
    if words[f"{left}{known}{right}".casefold()]:
        return known
    if triple:
        return "ffl" if _TRIPLE_ENDINGS.match(right) else "ffi"
    return next(letters for pattern, letters in _RULES if pattern.search(f"{left}_{right}"))


def _rewritten(line: Line, letters: Sequence[str]) -> Line:
    given = iter(letters)
    texts = [next(given) if letter == UNREAD else letter for letter in line.text]
    repeats = np.array([len(text) for text in texts])
    return replace(line, text="".join(texts), boxes=np.repeat(line.boxes, repeats, axis=0))
