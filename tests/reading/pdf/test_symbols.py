"""Symbols that their font maps to wrong characters, and characters that are mapped correctly."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
from helpers.mapped_fonts import use_font
from helpers.pdf_files import PROSE, body, make_pdf, read, wrapped, write
from reportlab.pdfgen.canvas import Canvas

from rag.reading.pdf.lines import read_lines
from rag.reading.pdf.symbols import SymbolReader
from rag.reading.pdf.weights import Weights

_CODES = {"=": 0x3D, "<": 0x3C, ">": 0x3E, "+": 0x2B, "−": 0x2D, "±": 0xB1, "≥": 0xB3, "∼": 0x7E, "Θ": 0x51}
"""Codes in Adobe's font Symbol."""


def page_with(sign: str, claim: str, turned: int = 0) -> bytes:
    """Return a page of prose with "the score = 5 points", where the symbol's font maps it to `claim`."""

    def draw(canvas: Canvas) -> None:
        write(canvas, ["Counting Otters by Their Tracks"], 130, 740, 20, "Helvetica-Bold")
        write(canvas, wrapped(PROSE, 90), 60, 640)
        canvas.translate(300, 300)
        canvas.rotate(turned)
        write(canvas, ["We saw that the score"], 0, 0)
        use_font(canvas, "Symbol", {_CODES[sign]: claim})
        canvas.drawString(101, 0, sign)
        write(canvas, ["5 points after the rain."], 110, 0)

    return make_pdf(draw)


@pytest.mark.parametrize(
    ("sign", "claim"),
    [
        ("=", "¼"), ("=", "5"), ("=", "\x05"), ("=", "ϭ"), ("+", "þ"), ("<", "Ͻ"), (">", "4"), (">", "."), ("±", "6"),
        ("≥", "$"), ("−", "2"), ("∼", ","), ("∼", "\x02"),
    ],
)  # fmt: skip
def test_a_symbol_is_read_by_its_shape(tmp_path: Path, sign: str, claim: str) -> None:
    assert f"the score {sign} 5 points" in body(read(tmp_path, page_with(sign, claim)))


@pytest.mark.parametrize("turned", [90, 180, 270])
def test_a_symbol_in_rotated_text_is_read_by_its_shape(turned: int) -> None:
    page = pypdfium2.PdfDocument(page_with("≥", "$", turned))[0]
    assert "the score ≥ 5 points" in "\n".join(
        line.text for line in read_lines(page, 1, None, SymbolReader(), Weights()).lines
    )


@pytest.mark.parametrize("sign", ["=", "<", "±", "≥", "−", "Θ"])
def test_a_correctly_mapped_symbol_stays(tmp_path: Path, sign: str) -> None:
    assert f"the score {sign} 5 points" in body(read(tmp_path, page_with(sign, sign)))


def test_a_symbol_with_an_unknown_shape_is_unread_and_noted(tmp_path: Path) -> None:
    paper = read(tmp_path, page_with("Θ", "\x07"))
    assert "the score \ufffd 5 points" in body(paper)
    assert paper.notes == ("1 character could not be read: the file does not say which they are",)
