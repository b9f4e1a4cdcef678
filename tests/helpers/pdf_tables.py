"""Draw tables in PDFs, and list the tables of a paper."""

from __future__ import annotations

from collections.abc import Sequence

from reportlab.pdfgen.canvas import Canvas

from rag.types import Paper

from .pdf_files import LEFT, write

Row = Sequence[str | Sequence[str]]


def draw_rows(canvas: Canvas, rows: Sequence[Row], places: Sequence[float], y: float, step: float = 14) -> float:
    """Draw rows of cells at the x positions `places`, the first baseline at `y`; return the y of the next row.

    Cells with several lines make their row higher; lines in a cell are 10 points apart.
    """
    for row in rows:
        cells = [[cell] if isinstance(cell, str) else cell for cell in row]
        for place, lines in zip(places, cells, strict=True):
            for at, line in enumerate(lines):
                write(canvas, [line] if line else [], LEFT + place, y - 10 * at, 8)
        y -= step + 10 * (max(map(len, cells)) - 1)
    return y


def tables(paper: Paper) -> list[tuple[str | None, int, list[str]]]:
    """Return the label, the number of header rows and the rows of each table."""
    return [
        (table.label, table.header_rows, [paper.text[row[0].start : row[-1].end] for row in table.rows])
        for table in paper.tables
    ]
