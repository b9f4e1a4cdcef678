"""Join paragraphs across columns, pages and anything between the halves of a sentence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from .headings import is_known_heading, section_kind
from .lines import Line
from .paragraphs import Paragraph, continues_with_number, starts_item

_FLOATS = ("table", "caption", "footnote")
_SMALLER = 0.6  # points by which the type of text between two halves is smaller
_MAX_BETWEEN = 60  # paragraphs between the halves of a sentence, such as cells of a table or labels of a figure
_MAX_PROSE_BETWEEN = 3  # of them with sentences, as in a box
_MAX_PAGES_BETWEEN = 2
_FORMULA_DISTANCE = 3  # times the type size, between a sentence and its formula
_REFERENCE_ENTRY = re.compile(r"\[\w{1,12}\]|\d{1,3}\.\s")
_PROSE = re.compile(r"[a-z]{3,} [a-z]{2,} [a-z]{2,}")
_INSIDE = re.compile(r"[a-z][a-z\W]")  # the middle of a sentence
_REST = re.compile(r"\[\d[\d\s,–-]*\][.,;)]|\)?[.;]$")  # a remainder of a sentence on the next line
_WORD = re.compile(r"\b[a-z]{2,}\b")
_MIN_WORDS = 5  # in lower case, in a line of prose
_FORMULA = re.compile(r"[=<>≈≤≥∼≡∝∈∑∏∫∂√+−±×·→]")


def join_paragraphs(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Join the halves of paragraphs, and move whatever is between them after the paragraph."""
    out: list[Paragraph] = []
    waiting: list[Paragraph] = []
    current: Paragraph | None = None
    text_begun = in_references = False
    resumes = -1
    for at, paragraph in enumerate(paragraphs):
        if current and not current.is_finished and not in_references and at > resumes:
            resumes = _resumes_at(current, paragraphs, at)
        if paragraph.kind == "text" and current and _is_table_note(paragraph, current):
            paragraph.kind = "footnote"
        if at < resumes:
            waiting.append(_aside(paragraph))
            continue
        if paragraph.kind in _FLOATS:
            (waiting if current and not current.is_finished else out).append(paragraph)
            continue
        continues = at == resumes or (current and _continues(current, paragraph, in_references))
        if paragraph.kind == "text" and current and continues:
            current.lines.extend(paragraph.lines)
        else:
            out += [*waiting, paragraph]
            waiting = []
            current = paragraph if paragraph.kind == "text" else None
        if paragraph.kind == "heading":
            text_begun, in_references = True, section_kind(paragraph.lines[0].text, False) == "references"
        text_begun |= paragraph.kind == "text" and _is_prose(paragraph)
        if not text_begun:  # nothing continues the lines of a title page
            out += waiting
            waiting, current = [], None
    return [*out, *waiting]


def _resumes_at(current: Paragraph, paragraphs: Sequence[Paragraph], start: int) -> int:
    """Return the index of the paragraph that continues an unfinished one after an interruption; -1 for none.

    Headings and sentences are an interruption only if the paragraph after them begins in the middle of a sentence.
    """
    last = current.lines[-1]
    if not _is_prose_line(current.lines[-2:]):
        return -1
    only_lettering, heads_text = True, False
    sentences = 0
    for at in range(start, min(start + _MAX_BETWEEN, len(paragraphs))):
        paragraph = paragraphs[at]
        first = paragraph.lines[0]
        if first.page > last.page + _MAX_PAGES_BETWEEN or _begins_section(paragraph, last.size):
            return -1
        smaller = first.size < last.size - _SMALLER
        if paragraph.kind in _FLOATS or smaller:
            heads_text = smaller and paragraph.kind == "heading"
            continue
        if paragraph.kind == "text" and _REST.match(first.text):
            return at if at > start and paragraph.opens_block else -1
        prose = paragraph.kind == "text" and _is_prose_line(paragraph.lines)
        inside = bool(_INSIDE.match(first.text))
        if prose and (inside or (only_lettering and not heads_text and not _is_below(first, last))):
            same_type = abs(first.size - last.size) <= _SMALLER
            return at if at > start and same_type and _continues(current, paragraph, False) else -1
        if _is_directly_below(first, last):  # a formula or a line of code within the paragraph
            return -1
        if prose:
            sentences += 1
            if sentences > _MAX_PROSE_BETWEEN or not paragraph.is_finished or _is_below(first, last):
                return -1
        heads_text = paragraph.kind == "heading"
        only_lettering &= not prose and not _FORMULA.search(first.text)
    return -1


def _begins_section(paragraph: Paragraph, size: float) -> bool:
    """Return whether a paragraph is a standard heading outside of boxes: in normal type, or of the references."""
    text = paragraph.lines[0].text
    if paragraph.kind != "heading" or not is_known_heading(text):
        return False
    return paragraph.lines[0].size >= size - _SMALLER or section_kind(text, False) == "references"


def _aside(paragraph: Paragraph) -> Paragraph:
    """Return a paragraph that interrupts another; a heading there is a label."""
    if paragraph.kind in ("heading", "run_in"):
        paragraph.kind = "text"
    elif paragraph.kind == "text" and _is_prose_line(paragraph.lines):
        paragraph.kind = "footnote"
    return paragraph


def _is_below(line: Line, last: Line) -> bool:
    """Return whether a line is below another in its column."""
    return line.page == last.page and line.bottom > last.bottom and line.left < last.right and line.right > last.left


def _is_directly_below(line: Line, last: Line) -> bool:
    return _is_below(line, last) and line.bottom - last.bottom < _FORMULA_DISTANCE * last.size


def _is_prose_line(lines: Sequence[Line]) -> bool:
    return any(_PROSE.search(line.text) or len(_WORD.findall(line.text)) >= _MIN_WORDS for line in lines)


def _is_table_note(paragraph: Paragraph, current: Paragraph) -> bool:
    """Return whether a text in smaller type comes between the halves of a paragraph."""
    first = paragraph.lines[0]
    smaller = first.size < current.lines[0].size - _SMALLER and len(first.text.split()) > 3
    return smaller and not current.is_finished


def _is_prose(paragraph: Paragraph) -> bool:
    words = " ".join(line.text for line in paragraph.lines).split()
    return len(words) > 12 and sum(word[0].islower() for word in words) > 0.6 * len(words)


def _continues(paragraph: Paragraph, following: Paragraph, in_references: bool) -> bool:
    """Return whether `following` continues a paragraph; in the references only from another column."""
    last, first = paragraph.lines[-1], following.lines[0]
    end, start = last.text.rstrip(), first.text.lstrip()
    below = last.page == first.page and last.bottom < first.bottom and last.left < first.right
    in_place = replace(first, left=last.left)
    by_number = (
        not in_references and not below and continues_with_number(paragraph.lines, in_place, paragraph.full_width)
    )
    item = (starts_item(first) or bool(_REFERENCE_ENTRY.match(start))) and not by_number
    if not following.opens_block or item or (in_references and below):
        return False
    if by_number or end.endswith("-") or (not paragraph.is_finished and not _PROSE.search(first.text)):
        return True
    if below and last.right <= paragraph.full_width and start[:1].isupper():
        return False
    return not paragraph.is_finished or (start[:1].islower() and abs(last.size - first.size) < 0.6)
