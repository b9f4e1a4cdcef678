"""Recognise headings, and the kind of section that a heading begins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from ...text.kinds import ABSTRACT, APPENDIX, BODY, heading_kind
from .columns import Block, Typography
from .lines import Line

_NUMBER = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*\.?|[A-Z](?:\.\d{1,2})*\.?|[IVX]{1,5}\.)\s+(?=\S*[A-Za-z])")
_MAX_LINES = 3
_MAX_LENGTH = 160  # characters


def section_kind(heading: str, after_references: bool) -> str:
    """Return the kind of a heading's section; after the references it is an appendix unless it says otherwise."""
    kind = heading_kind(heading) or BODY
    return APPENDIX if after_references and kind in (BODY, ABSTRACT) else kind


def is_known_heading(text: str) -> bool:
    """Return whether a text, but for its number, is a usual heading."""
    return heading_kind(text) is not None


def _plain(heading: str) -> str:
    return _NUMBER.sub("", heading).rstrip(".: ")


def is_heading(lines: Sequence[Line], typography: Typography) -> bool:
    """Return whether lines are a heading, by their type, number and words."""
    text = " ".join(line.text for line in lines).strip()
    if len(lines) > _MAX_LINES or len(text) > _MAX_LENGTH or not any(c.isalpha() for c in text):
        return False
    plain = _plain(text)
    large = all(line.size > 1.08 * typography.size for line in lines)
    bold = all(line.bold for line in lines)
    short = len(lines) == 1 and len(text.split()) < 4 and plain[:1].isupper()
    if is_known_heading(text) and (bold or large or short):
        return True
    if re.search(r"[,;@-]$|[a-z]{3}\.$", text) or len(text.split()) > 16 or len(re.sub(r"\W|\d", "", plain)) < 3:
        return False
    numbered = bool(_NUMBER.match(text)) and plain[:1].isupper()
    capitals = plain.isupper() and len(plain) > 5
    return large or (bold and (numbered or lines[0].size > typography.size - 0.3)) or (numbered and capitals)


def heading_lines(block: Block, typography: Typography) -> set[int]:
    """Return the ids of the lines that are headings, without bold beginnings of paragraphs."""
    headings: set[int] = set()
    below: Line | None = None
    for line in reversed(block.lines):
        full = line.right > block.right - 0.1 * (block.right - block.left)
        set_off = below is None or not full or id(below) in headings or line.size > 1.05 * typography.size
        if (set_off or _NUMBER.match(line.text)) and is_heading([line], typography):
            headings.add(id(line))
        below = line
    for line, following in pairwise(block.lines):
        same_type = (line.font, line.size, line.bold) == (following.font, following.size, following.bold)
        if id(line) in headings and _NUMBER.match(line.text) and line.bold and same_type:
            headings.add(id(following))
    return headings
