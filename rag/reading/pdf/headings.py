"""Recognise headings, and the kinds of sections that they begin."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ...text.kinds import ABSTRACT, APPENDIX, BODY, heading_kind
from .columns import CAPTION, Block, Typography
from .lines import Line

_NUMBER = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*\.?|[A-Z](?:\.\d{1,2})*\.?|[IVX]{1,5}\.)\s+(?=\S*[A-Za-z])")
_NO_HEADING = re.compile(r"[•▪◦‣·*>]|R>")  # a list item, or a shell prompt
_MAX_LINES = 3
_CLEARLY_LARGER = 1.08  # than the body's type
_MAX_LENGTH = 160  # characters
_MAX_RUN_IN_WORDS = 14
_ABSTRACT_LABEL = re.compile(
    r"(?:main |primary |study )?(?:aims?|objectives?|purpose|importance|context|rationale|hypothes[ie]s|design|"
    r"settings?|participants|patients|subjects|interventions?|exposures?|measures?|measurements?|"
    r"outcomes?(?: measures?)?|findings|interpretation|significance|relevance|data sources?|scope|motivation|"
    r"implementation|approach)(?: and [a-z ]+)?",
    re.I,
)


def section_kind(heading: str, after_references: bool) -> str:
    """Return the kind of a heading's section; after the references, body and abstract become appendix."""
    kind = heading_kind(heading) or BODY
    return APPENDIX if after_references and kind in (BODY, ABSTRACT) else kind


def is_known_heading(text: str) -> bool:
    """Return whether a text, apart from its number, is a standard heading."""
    return heading_kind(text) is not None


def is_abstract_label(text: str) -> bool:
    """Return whether a text is a standard label in a structured abstract."""
    return heading_kind(text) == BODY or bool(_ABSTRACT_LABEL.fullmatch(_plain(text)))


def _plain(heading: str) -> str:
    return _NUMBER.sub("", heading).rstrip(".: ")


def is_large(lines: Sequence[Line], body_size: float) -> bool:
    """Return whether all lines are clearly larger than body text."""
    return all(line.size > _CLEARLY_LARGER * body_size for line in lines)


def may_begin_heading(text: str) -> bool:
    """Return whether a heading may begin like this: not in lower case, and not like a list item or code."""
    return is_known_heading(text) or not (text[:1].islower() or _NO_HEADING.match(text))


def are_of_one_heading(line: Line, following: Line) -> bool:
    """Return whether a heading continues in the following line, which is in the same type or in lower case."""
    same_size = abs(line.size - following.size) < 0.04 * line.size
    same_font = line.font == following.font or line.first_font == following.first_font
    return (same_size and same_font and line.bold == following.bold) or following.text[:1].islower()


def ends_references(heading: Sequence[Line], above: Sequence[Line], body_size: float) -> bool:
    """Return whether a heading after the references is real, and not a line of a reference in another typeface."""
    text = " ".join(line.text for line in heading).strip()
    alike = (heading[0].font, heading[0].size, heading[0].bold) == (above[0].font, above[0].size, above[0].bold)
    numbered = bool(re.match(r"\d{1,2}(?:\.\d{1,2})*\.?\s", text))
    return alike or numbered or is_known_heading(text) or is_large(heading, body_size)


def is_heading(lines: Sequence[Line], typography: Typography) -> bool:
    """Return whether lines are a heading, judging by their type, number and words."""
    text = " ".join(line.text for line in lines).strip()
    if len(lines) > _MAX_LINES or len(text) > _MAX_LENGTH or not any(c.isalpha() for c in text):
        return False
    plain = _plain(text)
    large = is_large(lines, typography.size)
    bold = all(line.bold for line in lines)
    short = len(lines) == 1 and len(text.split()) < 4 and plain[:1].isupper()
    if is_known_heading(text) and (bold or large or short):
        return True
    if re.search(r"[,;@-]$|[a-z]{3}\.$", text) or len(text.split()) > 16 or len(re.sub(r"\W|\d", "", plain)) < 3:
        return False
    numbered = bool(_NUMBER.match(text)) and plain[:1].isupper()
    capitals = plain.isupper() and len(plain) > 5
    return large or (bold and (numbered or lines[0].size > typography.size - 0.3)) or (numbered and capitals)


def run_in_heading(lines: Sequence[Line], typography: Typography) -> tuple[int, int]:
    """Return the extent of a paragraph's run-in heading: whole lines, and characters of the next line; 0, 0 if none.

    "Study area. The farms are small." begins with one if its typeface differs from the rest.
    """
    for whole, line in enumerate(lines[:_MAX_LINES]):
        if (
            line.run_in
            and line.first_font != typography.font
            and all(li.font == line.first_font for li in lines[:whole])
        ):
            head = " ".join([*(li.text for li in lines[:whole]), line.text[: line.run_in].strip()])
            return (whole, line.run_in) if _is_run_in(head, line.text[line.run_in :].lstrip()) else (0, 0)
        if line.font == typography.font:
            break
    return 0, 0


def _is_run_in(head: str, rest: str) -> bool:
    """Return whether words in another typeface are a heading; after a mere term, a sentence continues in lower case."""
    plain = _plain(head)
    is_short = len(head) < _MAX_LENGTH and len(head.split()) <= _MAX_RUN_IN_WORDS
    if not is_short or len(re.sub(r"\W|\d", "", plain)) < 3 or not plain[:1].isupper() or CAPTION.match(head):
        return False
    if not re.match(r"[\"'“‘(\[]?[A-ZÀ-Þ\d]", rest):
        return False
    return not head.endswith(":") or is_known_heading(head) or bool(_ABSTRACT_LABEL.fullmatch(plain))


def is_set_apart(lines: Sequence[Line], below: Line, typography: Typography) -> bool:
    """Return whether lines in another typeface are a heading of the normal text directly below."""
    text = " ".join(line.text for line in lines).strip()
    letters = sum(map(str.isalpha, text))
    if len(lines) > 2 or len(text.split()) > _MAX_RUN_IN_WORDS or letters < max(4, 0.7 * len(text.replace(" ", ""))):
        return False
    last, size = lines[-1], typography.size
    faces = all(li.font != typography.font and 0.88 * size < li.size < 1.5 * size for li in lines)
    near = last.page == below.page and 0 < below.bottom - last.bottom < 3 * typography.pitch
    aligned = abs(lines[0].left - below.left) < 3 * size
    starts = (
        text[:1].isupper()
        and may_begin_heading(text)
        and below.text[:1].isupper()
        and not re.search(r"[.,;:?!-]$", text)
    )
    return faces and near and aligned and starts and below.font == typography.font


def heading_lines(block: Block, typography: Typography) -> set[int]:
    """Return the ids of the lines that are headings, except for run-in headings."""
    headings: set[int] = set()
    below: Line | None = None
    for line in reversed(block.lines):
        full = line.right > block.right - 0.1 * (block.right - block.left)
        set_off = below is None or not full or id(below) in headings or line.size > 1.05 * typography.size
        apart = below is not None and not full and is_set_apart([line], below, typography)
        own = (set_off or _NUMBER.match(line.text)) and is_heading([line], typography)
        if apart or (own and not run_in_heading([line], typography)[1]):
            headings.add(id(line))
        below = line
    for line, following in pairwise(block.lines):
        same_type = (line.font, line.size, line.bold) == (following.font, following.size, following.bold)
        if id(line) in headings and _NUMBER.match(line.text) and line.bold and same_type:
            headings.add(id(following))
    above: Line | None = None
    for line in block.lines:
        begins = above is None or id(above) not in headings
        if begins and not may_begin_heading(line.text):
            headings.discard(id(line))
        above = line
    return headings
