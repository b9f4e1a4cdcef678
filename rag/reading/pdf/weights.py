"""Tell bold faces from others by their names, flags and weights."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

_BOLD = re.compile(r"bold|black|heavy|demi|medi\b|cmb(?:x|\d)|cmssbx|-bd|\bsfbx|ecbx|\.bi?$", re.I)
_NOT_BOLD = re.compile(
    r"[-,]\w*?(?:regu|roman|book|light|thin|ital|obli|slant)|\b(?:cm|ec|sf)(?:rm?|ti|sl|tt|sltt|itt|csc|ssi?)\d", re.I
)
_BOLD_WEIGHT = 600
_HEAVIER = 150  # than the commonest face


class Face(NamedTuple):
    """A font as the file describes it; many weights are guesses of PDFium from the width of stems."""

    font: str
    weight: int
    is_forced: bool  # by a flag of the font


class Weights:
    """The weights of a document's faces, one page after another."""

    def __init__(self) -> None:
        self._letters: Counter[Face] = Counter()

    def add(self, faces: Iterable[Face]) -> None:
        """Count the face of each letter of a page."""
        self._letters.update(faces)

    def is_bold(self, face: Face) -> bool:
        """Return whether a face is bold: its name says so, or else it is much heavier than the commonest face.

        If the commonest face would itself be bold by its weight, the weights of the document mean nothing.
        """
        if _BOLD.search(face.font):
            return True
        if _NOT_BOLD.search(face.font):
            return False
        usual = self._letters.most_common(1)[0][0].weight if self._letters else 0
        is_heavy = usual < _BOLD_WEIGHT <= face.weight and face.weight >= usual + _HEAVIER
        return face.is_forced or is_heavy
