"""Recognise bold typefaces by their names, flags and weights."""

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
_HEAVIER = 150  # than the most common typeface


class Face(NamedTuple):
    """A font as described in the file; many weights are PDFium's guesses from stem widths."""

    font: str
    weight: int
    is_forced: bool  # bold by a font flag


class Weights:
    """The weights of a document's typefaces, collected page by page."""

    def __init__(self) -> None:
        self._letters: Counter[Face] = Counter()

    def add(self, faces: Iterable[Face]) -> None:
        """Count the typeface of each letter on a page."""
        self._letters.update(faces)

    def is_bold(self, face: Face) -> bool:
        """Return whether a typeface is bold: by its name, or because it is much heavier than the most common one.

        If the most common typeface itself has a bold weight, the document's weights are meaningless.
        """
        if _BOLD.search(face.font):
            return True
        if _NOT_BOLD.search(face.font):
            return False
        usual = self._letters.most_common(1)[0][0].weight if self._letters else 0
        is_heavy = usual < _BOLD_WEIGHT <= face.weight and face.weight >= usual + _HEAVIER
        return face.is_forced or is_heavy
