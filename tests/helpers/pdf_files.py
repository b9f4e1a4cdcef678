"""Draw small PDFs of invented text, and read them."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from rag.reading.pdf.reader import read_pdf
from rag.types import Paper

WIDTH, HEIGHT = 600, 800
LEFT, RIGHT = 60, 320  # of the two columns, each 220 wide
PROSE = (
    "River otters leave few traces on a rocky shore and most of them are washed away by the next flood before anyone "
    "can count them. Observers walked both banks at dawn for thirty days and wrote down each track that they found "
    "between two bridges. A second group worked from the same maps without knowing what the first had written. Their "
    "counts differ by four animals on average while the weather explains hardly any of the spread between days."
)
Draw = Callable[[Canvas], None]


def make_pdf(*pages: Draw) -> bytes:
    """Return a PDF with one page per function, which draws it; the canvas's origin is the lower left corner."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=(WIDTH, HEIGHT), invariant=True)
    for draw in pages:
        draw(canvas)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def write(canvas: Canvas, lines: Sequence[str], x: float, y: float, size: float = 10, font: str = "Helvetica") -> None:
    """Write lines below each other, the first baseline `y` points above the bottom of the page."""
    canvas.setFont(font, size)
    for at, line in enumerate(lines):
        canvas.drawString(x, y - 1.2 * size * at, line)


def wrapped(text: str, width: int = 44) -> list[str]:
    lines = [""]
    for word in text.split():
        if len(lines[-1]) + len(word) > width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def title_page(canvas: Canvas) -> None:
    write(canvas, ["Counting Otters by Their Tracks"], 130, 740, 20, "Helvetica-Bold")
    write(canvas, wrapped(PROSE, 90), LEFT, 640)


def read(folder: Path, raw: bytes, name: str = "a.pdf") -> Paper:
    path = folder / name
    path.write_bytes(raw)
    return read_pdf(path)


def body(paper: Paper) -> str:
    """Return the text without the title."""
    return paper.text[len(paper.title) + 2 :]


def paragraphs(paper: Paper) -> list[str]:
    return body(paper).split("\n\n")


def sections(paper: Paper) -> list[tuple[str, str | None, str]]:
    """Return the kind, title and text of each section."""
    return [(s.kind, s.title, paper.text[s.start : s.end]) for s in paper.sections]
