"""Join lines into running text: resolve line-end hyphens, add spaces, put note marks in brackets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from .lines import Line, PageLines
from .placed_text import PlacedText, join_texts, line_text, unplaced
from .writing_systems import UNSPACED

_NOTE_MARK = re.compile(r"\d{1,3}(?:\s?[,–-]\s?\d{1,3})*")
_TAKES_MARK = re.compile(r"""(?:[a-z\d][)\]”"’%]?[.,;:!?]|[a-z]{2}[)”"’]|\b[^\W\d_]*[a-z]{4})$""")
_TAKES_LATE_MARK = re.compile(r"\b[^\W\d_]*[A-Z]{3}$|[^\W\d_][\w-]*\d$|(?<![\d.,])(?:1[89]|20)\d\d$")  # DEET, p53, 2015
_MAY_BE_POWER = ("2", "3")
_TAKES_EXPONENT = re.compile(r"(?:\b\d[\d.,]*|\b(?:second|metre|meter|inch|feet|foot|mile|hour|minute|pixel)s?)$")
_HYPHENED_PREFIXES = frozenset("self well non cross".split())


def count_words(pages: Sequence[PageLines]) -> Counter[str]:
    """Count the words of a document in lower case, except those broken at line ends."""
    words: Counter[str] = Counter()
    for page in pages:
        broken = False
        for line in page.lines:
            text = line.text.casefold()
            whole = text.partition(" ")[2] if broken else text
            broken = text.endswith("-")
            words.update(re.findall(r"\w+(?:-\w+)*", whole.rpartition(" ")[0] if broken else whole))
    return words


def join_lines(lines: Sequence[Line], words: Counter[str]) -> PlacedText:
    """Join lines into one text; the document's `words` determine which hyphens stay."""
    texts: list[PlacedText] = []
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        removed, space = _line_end(line.text, following.text, words) if following else (0, False)
        texts += _bracket_note_marks(line, len(line.text) - removed)
        if space:
            texts.append(unplaced(" ", line.page))
    return join_texts(texts)


def _bracket_note_marks(line: Line, end: int) -> Iterator[PlacedText]:
    """Yield the line up to `end`, with raised numbers after a word or sentence in brackets."""
    done = 0
    flags = line.raised() if line.text else []
    if not any(flags):
        yield line_text(line, 0, end)
        return
    raised = "".join(
        "x" if high else "." if letter.isalnum() else letter for letter, high in zip(line.text, flags, strict=True)
    )
    for run in re.finditer(r"x(?:[x ,–-]{0,40}x)?", raised[:end]):
        before, mark = line.text[: run.start()], line.text[slice(*run.span())]
        if (
            _NOTE_MARK.fullmatch(mark)
            and _takes_note_mark(before, mark)
            and not line.text[run.end() : run.end() + 1].isalnum()
        ):
            yield from (line_text(line, done, run.start()), unplaced("["), line_text(line, *run.span()), unplaced("]"))
            done = run.end()
    yield line_text(line, done, end)


def _takes_note_mark(before: str, mark: str) -> bool:
    if mark not in _MAY_BE_POWER and (
        _TAKES_LATE_MARK.search(before) or (not mark.isdigit() and before[-1:].isdigit())
    ):
        return True
    return bool(_TAKES_MARK.search(before)) and not _TAKES_EXPONENT.search(before)


def _line_end(text: str, following: str, words: Counter[str]) -> tuple[int, bool]:
    """Return how many characters to remove at a line's end, and whether to add a space before the next line."""
    if UNSPACED.match(text[-1:]) and UNSPACED.match(following):
        return 0, False
    last, first = text.rpartition(" ")[2], following.partition(" ")[0]
    if re.search(r"https?:|www\.|doi\.org", last) and re.search(r"[/:._=-]$", last):
        return 0, False
    if text.endswith("—") or (text.endswith("–") and last != "–"):
        return 0, False
    before, after = re.search(r"([\w-]*\w)-$", last), re.match(r"\w+(?:-\w+)*", first)
    if not before or not after:
        return 0, not (text.endswith("-") and last != "-" and bool(after))
    left, right = before[1].casefold(), after[0].casefold()
    if right in ("and", "or") and not words[left + right]:  # pre- and postwar
        return 0, True
    is_term = bool(re.search(r"[A-Z\d]$", before[1]))  # CO2-based, RNA-bound
    return int(not _keeps_hyphen(left, right, after[0][0].islower() and not is_term, words)), False


def _keeps_hyphen(left: str, right: str, right_is_lower: bool, words: Counter[str]) -> bool:
    joined, hyphened = words[left + right], words[f"{left}-{right}"]
    if joined or hyphened:
        return hyphened > joined
    if "-" in left or left in _HYPHENED_PREFIXES or not right_is_lower:
        return True
    if len(left) > 4 and left.endswith("ly") and right.endswith(("ed", "ing")):
        return True
    return len(left) > 3 and len(right) > 3 and bool(words[left]) and bool(words[right])
