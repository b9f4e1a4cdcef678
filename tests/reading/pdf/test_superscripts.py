"""Exponents, and raised numbers that are not exponents."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from helpers.pdf_files import body, make_pdf, read, title_page, write
from reportlab.pdfgen.canvas import Canvas

from rag.reading.pdf.superscripts import with_exponents


def marked(text: str) -> str:
    """Return a text with its exponents as superscripts; braces mark raised characters."""
    raised = [bool(each) for part in re.findall(r"{([^}]*)}|([^{])", text) for each in part[0] or [""]]
    return with_exponents(re.sub("[{}]", "", text), raised)


@pytest.mark.parametrize(
    ("printed", "read_as"),
    [
        ("over 10{6} cells", "over 10⁶ cells"),
        ("2.28×10{−7} a year", "2.28×10⁻⁷ a year"),
        ("25 mm h{-1}", "25 mm h⁻¹"),
        ("at 45{o}C", "at 45ºC"),
        ("the 45{12} otters", "the 45¹² otters"),
    ],
)
def test_an_exponent_is_a_superscript(printed: str, read_as: str) -> None:
    assert marked(printed) == read_as


@pytest.mark.parametrize(
    "printed",
    ["R{2} is 4", "1.73 m{2}", "in 2015{12} we", "of OBP1{21} and", "the 2{nd}", "45{12,13}", "seen{3}", "e{−x}"],
)
def test_what_may_be_a_mark_or_a_square_stays(printed: str) -> None:
    assert marked(printed) == re.sub("[{}]", "", printed)


def test_raised_numbers_of_a_page_are_exponents_and_marks(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        x, y = 60, 400
        for text in "Observers counted 10^6^ tracks in 2015^12^ and saw 7 per h^-1^ of DEET^18^ there.".split("^"):
            raised = text.lstrip("-").isdigit()
            write(canvas, [text], x, y + (3.5 if raised else 0), 6.5 if raised else 10)
            x += canvas.stringWidth(text, "Helvetica", 6.5 if raised else 10)

    text = body(read(tmp_path, make_pdf(draw)))
    assert "counted 10⁶ tracks in 2015[12] and saw 7 per h⁻¹ of DEET[18] there." in text
