"""Split blocks into paragraphs and headings."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from .columns import Block, Typography
from .headings import are_of_one_heading, heading_lines, is_heading, is_set_apart, run_in_heading
from .lines import Line, cut_line
from .tables import PrintedTable

_SENTENCE_END = re.compile(r"""[.!?…:;。！？．؟۔।]["'”’」』）)\]*†‡]*\d{0,2}$|[a-z)][.!?]\d{1,2}$""")
_LIST_ITEM = re.compile(r"[•▪◦‣·*]\s|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)]\s|\[\d{1,3}\]\s")
_QUESTION = re.compile(
    r"(?:RQ|Research question|Hypothesis|Question|H|Q)\s?\d{1,2}[a-z]?\b(?!\s+(?:and|or|to|is|are|was|were)\b)", re.I
)
_NUMBER = re.compile(r"(\d{1,4})[.)]\s")
_NEAR_LINES = 60  # at the end of a paragraph: the lines of its last column
_BEFORE_NUMBER = re.compile(
    r"(?:\b(?:of|to|is|are|was|were|by|than|and|or|with|in|at|from|for|the|an?|as|over|under|about|around|table|figure"
    r"|section|equation|chapter|step|epoch|version)|[=≈<>≤≥])$", re.I
)  # fmt: skip


@dataclass(slots=True, eq=False)
class Paragraph:
    """A paragraph, heading, run-in heading, caption, table or footnote, according to `kind`."""

    kind: str
    lines: list[Line]
    label: str | None = None
    opens_block: bool = True
    table: PrintedTable | None = None

    @property
    def is_finished(self) -> bool:
        return bool(_SENTENCE_END.search(self.lines[-1].text.rstrip()))

    @property
    def full_width(self) -> float:
        """The right edge of a full line in the column of the last line."""
        last = self.lines[-1]
        near = self.lines[-_NEAR_LINES:]
        column = [li for li in near if li.page == last.page and li.left < last.right and li.right > last.left]
        return max(line.right for line in column) - 3 * last.size if len(column) > 1 else float("inf")


def split_block(block: Block, typography: Typography) -> Iterator[Paragraph]:
    """Yield the paragraphs and headings of a block."""
    if block.kind in ("table", "caption"):
        yield Paragraph(block.kind, block.lines, block.label, table=block.table)
    elif block.kind == "footnote":
        for lines in _split(block.lines, lambda _, line: _has_note_mark(line)):
            yield Paragraph("footnote", lines)
    else:
        headings = heading_lines(block, typography)

        def is_cut(last: Line, line: Line) -> bool:
            both = id(last) in headings and id(line) in headings
            return not are_of_one_heading(last, line) if both else (id(last) in headings) != (id(line) in headings)

        for lines in _split(block.lines, is_cut):
            if id(lines[0]) in headings and is_heading(lines, typography):
                yield Paragraph("heading", lines)
            else:
                for at, part in enumerate(_split_text(lines, typography)):
                    yield from _with_run_in(part, typography, opens_block=not at)


def _with_run_in(lines: list[Line], typography: Typography, opens_block: bool) -> Iterator[Paragraph]:
    """Yield a paragraph's run-in heading, if it has one, and the paragraph."""
    whole, length = run_in_heading(lines, typography)
    if length:
        head, rest = cut_line(lines[whole], length)
        yield Paragraph("run_in", [*lines[:whole], head], opens_block=opens_block)
        lines = [rest, *lines[whole + 1 :]]
    yield Paragraph("text", lines, opens_block=opens_block)


def mark_headings(paragraphs: Sequence[Paragraph], typography: Typography) -> None:
    """Turn lone lines in a different typeface from the text below into headings."""
    for paragraph, below in pairwise(paragraphs):
        if (paragraph.kind, below.kind) == ("text", "text") and is_set_apart(
            paragraph.lines, below.lines[0], typography
        ):
            paragraph.kind = "heading"


def _split(lines: Sequence[Line], is_cut: Callable[[Line, Line], bool]) -> list[list[Line]]:
    parts: list[list[Line]] = []
    for line in lines:
        if not parts or is_cut(parts[-1][-1], line):
            parts.append([])
        parts[-1].append(line)
    return parts


def _has_note_mark(line: Line) -> bool:
    """Return whether a line begins with the raised mark of a note."""
    if re.match(r"[∗†‡§¶]", line.text):
        return True
    usual = float(np.median(line.boxes[:, 3] - line.boxes[:, 1]))
    return bool(re.match(r"[\d*]", line.text)) and float(line.boxes[0][3] - line.boxes[0][1]) < 0.85 * usual


def _split_text(lines: Sequence[Line], typography: Typography) -> list[list[Line]]:
    """Split lines at indented first lines or, in a list, at lines that are not indented."""
    left = min(line.left for line in lines)
    right = max(line.right for line in lines)
    full_width = right - 0.25 * (right - left)
    indented = [line.left > left + 0.6 * line.size for line in lines]
    hanging = len(lines) > 1 and sum(indented) >= len(lines) / 2 and not indented[0]
    parts = [[lines[0]]]
    for at, (last, line) in enumerate(pairwise(lines), 1):
        sentence_end = bool(_SENTENCE_END.search(last.text))
        short = last.right < full_width and sentence_end
        if hanging:
            begins = not indented[at]
        else:
            begins = indented[at] and not indented[at - 1] and line.left < left + 5 * line.size and sentence_end
        spread = line.bottom - last.bottom > 1.18 * typography.pitch * max(1.0, line.size / typography.size)
        if (
            begins
            or (short and not hanging and line.text[:1].isupper())
            or (starts_item(line) and not continues_with_number(parts[-1], line, full_width))
            or (spread and sentence_end)
            or (line.run_in and sentence_end and run_in_heading([line], typography)[1])
        ):
            parts.append([])
        parts[-1].append(line)
    return parts


def starts_item(line: Line) -> bool:
    return bool(_QUESTION.match(line.text) or _LIST_ITEM.match(line.text))


def continues_with_number(part: Sequence[Line], line: Line, full_width: float) -> bool:
    """Return whether a number at the start of a line ends the previous sentence: "a batch size of / 32. Each"."""
    number, first = _NUMBER.match(line.text), _NUMBER.match(part[0].text)
    if not number or (first and int(number[1]) == int(first[1]) + 1):  # the next list item
        return False
    text = part[-1].text.rstrip()
    expects_number = part[-1].right > full_width or bool(_BEFORE_NUMBER.search(text))
    return not _SENTENCE_END.search(text) and expects_number and abs(line.left - part[-1].left) < line.size
