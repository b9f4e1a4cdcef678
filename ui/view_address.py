"""The address at which a paper opens in the viewer: which of its passages are marked, and which one is shown first."""

import re
import zlib
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import quote as percent_encoded

from rag import Citation, Paper, Passage

_MAX_MARKS = 100
_MARKED = 60  # characters at a place
_MARK = re.compile(r"(\d{1,9})\.(\d{1,12})\.(\d{1,12})\.(\d{1,10})")


class Mark(NamedTuple):
    """A marked passage: its footnote's number (0 for none), its span, and a checksum of its words."""

    number: int
    start: int
    end: int
    check: int

    def is_of(self, text: str) -> bool:
        """Return whether the words are still at this place of a paper's text: it may have been read again."""
        return self.start < self.end and checksum(text[self.start : self.end]) == self.check


def checksum(words: str) -> int:
    """Return a number that tells words from others."""
    return zlib.crc32(words.encode())


def citation_address(citation: Citation, citations: Sequence[Citation]) -> str:
    """Return the address of the cited paper, with all its quotes among `citations` marked, opened at one of them."""
    same_paper = [each for each in citations if each.paper_id == citation.paper_id and each.number != citation.number]
    shown = [citation, *same_paper[: _MAX_MARKS - 1]]
    return _address(citation.paper_id, [Mark(c.number, c.start, c.end, checksum(c.quote)) for c in shown])


def passage_address(passage: Passage) -> str:
    """Return the address of a passage's paper, opened at the passage."""
    return _address(passage.paper_id, [Mark(0, passage.start, passage.end, checksum(passage.text))])


def place_address(paper: Paper, start: int) -> str:
    """Return the address of a paper, opened at a place of its text, the first words of which are marked."""
    words = paper.text[start : start + _MARKED].split("\n")[0]
    end = start + len(words if len(words) < _MARKED else words.rpartition(" ")[0] or words)
    return _address(paper.id, [Mark(0, start, end, checksum(paper.text[start:end]))])


def paper_address(paper_id: str) -> str:
    """Return the address of a paper, opened at its beginning."""
    return _address(paper_id, [])


def marks_in(text: str) -> list[Mark]:
    """Return the marks of an address, the one shown first in front; those that are none are left out."""
    found = [_MARK.fullmatch(part) for part in text.split("-")[:_MAX_MARKS]]
    return [Mark(*map(int, match.groups())) for match in found if match]


def _address(paper_id: str, marks: Sequence[Mark]) -> str:
    shown = "-".join(".".join(map(str, mark)) for mark in marks)
    return f"paper/{percent_encoded(paper_id, safe='')}/view.json" + (f"?marks={shown}" if shown else "")
