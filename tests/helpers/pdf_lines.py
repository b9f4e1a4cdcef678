"""Make the lines of a PDF page without a PDF, to test the functions that guess their meaning."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from rag.reading.pdf.cover_sheets import count_covers
from rag.reading.pdf.lines import Line, PageLines
from rag.reading.pdf.metadata import Metadata, guess_metadata

FILLER = "the otters are counted from a kite over the river at noon and they swim on as before"


class Text(NamedTuple):
    """Text on a page: its left edge, top, type size and text. `^{1}` is raised; three spaces separate lines."""

    left: float
    top: float
    size: float
    text: str
    bold: bool = False
    turned: int = 0


def lines(row: Text) -> Iterator[Line]:
    at = row.left
    for piece in re.split(r"( {3,})", row.text):
        if not piece.strip():
            at += len(piece) * row.size / 2
            continue
        letters, boxes = "", []
        for run in re.split(r"(\^\{[^}]*\})", piece):
            high = run.startswith("^{")
            size, top = (0.65 * row.size, row.top) if high else (row.size, row.top)
            for letter in run[2:-1] if high else run:
                boxes.append((at, top, at + size / 2, top + size))
                letters += letter
                at += size / 2
        array = np.array(boxes, np.float32)
        yield Line(
            letters, 1, *map(float, (*array[0, :2], *array[-1, 2:])), row.size, row.bold, "Serif", array, row.turned
        )


def page(*rows: Text, body: float = 10, number: int = 1, start: float = 420) -> PageLines:
    """Return a page of 600 x 800 points with these rows, and body text of size `body` from `start` down."""
    text = [Text(60, top, body, FILLER) for top in np.arange(start, 700, 1.2 * body).tolist()]
    return PageLines(number, None, 600, 800, tuple(line for row in [*rows, *text] for line in lines(row)))


def guess(*pages: PageLines, file_name: str = "a.pdf", xmp: str | None = None, **facts: str) -> Metadata:
    return guess_metadata(pages, facts, xmp, file_name, count_covers(pages))


def big(top: float, text: str, size: float = 17, left: float = 100, bold: bool = False) -> Text:
    return Text(left, top, size, text, bold)
