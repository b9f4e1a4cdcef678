"""Represent text with the position of every character."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .lines import Line
from .rotation import Boxes


@dataclass(frozen=True, slots=True, eq=False)
class PlacedText:
    """Text with the box (left, top, right, bottom in points) and page number (0 for none) of each character."""

    text: str
    boxes: Boxes
    pages: NDArray[np.int32]

    @property
    def left(self) -> float:
        return float(self.boxes[0, 0])

    @property
    def right(self) -> float:
        return float(self.boxes[-1, 2])


def line_text(line: Line, start: int = 0, end: int | None = None) -> PlacedText:
    """Return the text of a line, or of a part of it."""
    text = line.text[start:end]
    return PlacedText(text, line.boxes[start:end], np.full(len(text), line.page, np.int32))


def unplaced(text: str, page: int = 0) -> PlacedText:
    """Return text that is not printed, such as a separator."""
    return PlacedText(text, np.zeros((len(text), 4), np.float32), np.full(len(text), page, np.int32))


def join_texts(texts: Sequence[PlacedText], separator: str = "") -> PlacedText:
    """Concatenate texts with an unplaced separator between them."""
    parts = [part for text in texts for part in (unplaced(separator), text)][1:] if separator else texts
    if not parts:
        return unplaced("")
    return PlacedText(
        "".join(part.text for part in parts),
        np.concatenate([part.boxes for part in parts]),
        np.concatenate([part.pages for part in parts]),
    )
