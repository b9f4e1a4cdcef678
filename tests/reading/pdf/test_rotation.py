"""Rotated pages, rotated text and cropped pages."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from helpers.pdf_files import (
    HEIGHT,
    LEFT,
    PROSE,
    WIDTH,
    body,
    make_pdf,
    paragraphs,
    read,
    sections,
    title_page,
    wrapped,
    write,
)
from pypdf import PdfWriter
from reportlab.pdfgen.canvas import Canvas


@pytest.mark.parametrize("turn", [90, -90])
def test_rotated_text_on_an_upright_page_is_read_from_its_top(tmp_path: Path, turn: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(*((WIDTH, 0) if turn > 0 else (0, HEIGHT)))
        canvas.rotate(turn)
        write(canvas, wrapped(PROSE, 90), 80, 400)
        write(canvas, ["River", "Long Water", "Mill Brook"], 80, 250, 9)
        write(canvas, ["Days", "30", "28"], 200, 250, 9)
        write(canvas, ["Table 1: Days by the rivers."], 80, 270, 9)

    document = read(tmp_path, make_pdf(title_page, draw))
    assert paragraphs(document)[1] == PROSE
    assert sections(document)[-1][2] == "Table 1: Days by the rivers.\nRiver | Days\nLong Water | 30\nMill Brook | 28"
    assert [page.number for page in document.pages] == [1, 1, 2]
    assert document.boxes is not None
    left, top, right, bottom = document.boxes[document.text.rindex("River")] / 10
    assert (abs(top - (HEIGHT - 80)) < 12) if turn > 0 else (abs(top - 80) < 12)
    assert (abs(left - (WIDTH - 250)) < 12) if turn > 0 else (abs(left - 250) < 12)
    assert left < right
    assert top < bottom


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_rotated_page_is_read_as_shown(tmp_path: Path, turn: int) -> None:
    """The page is upright after the viewer rotates it."""

    def draw(canvas: Canvas) -> None:
        canvas.translate(*{0: (0, 0), 90: (WIDTH, 0), 180: (WIDTH, HEIGHT), 270: (0, HEIGHT)}[turn])
        canvas.rotate(turn)
        write(canvas, ["Counting Otters by Their Tracks"], 130, 540, 20, "Helvetica-Bold")
        write(canvas, wrapped(PROSE, 90), LEFT, 440)

    writer = PdfWriter(clone_from=io.BytesIO(make_pdf(draw)))
    writer.pages[0].rotate(turn)
    out = io.BytesIO()
    writer.write(out)
    document = read(tmp_path, out.getvalue())
    assert body(document) == PROSE
    height = HEIGHT if turn % 180 == 0 else WIDTH
    assert document.boxes is not None
    left, top, _, bottom = document.boxes[document.text.index("River")] / 10
    assert abs(left - LEFT) < 2
    assert top < height - 440 < bottom + 1


def test_boxes_on_a_cropped_page_are_relative_to_the_crop(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(make_pdf(title_page)))
    writer.pages[0].cropbox.lower_left = (50, 100)
    out = io.BytesIO()
    writer.write(out)
    paper = read(tmp_path, out.getvalue())
    assert paper.boxes is not None
    assert abs(paper.boxes[paper.text.index("River")][0] / 10 - (LEFT - 50)) < 2


def test_a_watermark_across_the_page_is_ignored(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        canvas.saveState()
        canvas.rotate(52)
        write(canvas, ["Unreviewed draft. Do not share."], 400, 100, 60)
        canvas.restoreState()

    assert body(read(tmp_path, make_pdf(draw))) == PROSE
