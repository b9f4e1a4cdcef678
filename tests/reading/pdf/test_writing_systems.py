"""Letterspaced headings, right-to-left scripts, and scripts without spaces."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from helpers.papers import CASES
from helpers.pdf_files import body, make_pdf, read, title_page
from reportlab.pdfgen.canvas import Canvas

from rag.reading.pdf.reader import read_pdf
from rag.reading.pdf.writing_systems import close_spaced_heading, reading_order


def placed(text: str, wide: Sequence[int] = ()) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Place characters from left to right, each ten points wide; spaces at `wide` are thirty points wide."""
    widths = [30 if at in wide else 10 for at in range(len(text))]
    edges = np.cumsum([0, *widths]).tolist()
    return [(letter, (edges[at], 0.0, edges[at + 1], 10.0)) for at, letter in enumerate(text)]


def joined(parts: Sequence[tuple[str, tuple[float, float, float, float]]]) -> str:
    return "".join(text for text, _ in parts)


@pytest.mark.parametrize(
    ("text", "wide", "heading"),
    [
        ("A B S T R A C T", [], "ABSTRACT"),
        ("A b s t r a c t", [], "Abstract"),
        ("1 . I N T R O D U C T I O N", [], "1 . INTRODUCTION"),
        ("A R T I C L E I N F O", [13], "ARTICLE INFO"),
        ("R E F E R E N C E S", [], "REFERENCES"),
        ("Z U S A M M E N F A S S U N G", [], "ZUSAMMENFASSUNG"),
        ("A B C D E F", [], "A B C D E F"),
        ("a b c d e f g", [], "a b c d e f g"),
        ("x y z", [], "x y z"),
        ("I saw a cat", [], "I saw a cat"),
        ("1 2 3 4 5 6", [], "1 2 3 4 5 6"),
        ("A + B = C", [], "A + B = C"),
    ],
)
def test_a_letterspaced_heading_is_closed_and_other_single_letters_are_not(
    text: str, wide: list[int], heading: str
) -> None:
    assert joined(close_spaced_heading(placed(text, wide))) == heading


@pytest.mark.parametrize(
    ("visual", "logical"),
    [
        ("םולש", "שלום"),
        ("2024 תנשב 94", "94 בשנת 2024"),
        ("3.5 לש בוקעמ םע GPS unit תרזעב", "בעזרת GPS unit עם מעקוב של 3.5"),
        ("the word םולש means peace", "the word שלום means peace"),
        ("ةفيحص", "صحيفة"),
        ("דבלב 5.5% האיגשה", "השגיאה 5.5% בלבד"),
        ("%5.5 طقف", "فقط 5.5%"),
        ("(תורטול) ספירה"[::-1].replace("(", "<").replace(")", "(").replace("<", ")"), "(תורטול) ספירה"),
        ("plain words 12", "plain words 12"),
    ],
)
def test_right_to_left_text_is_in_reading_order(visual: str, logical: str) -> None:
    parts = reading_order(placed(visual))
    assert joined(parts) == logical
    assert sorted(box for _, box in parts) == [box for _, box in placed(visual)]


def test_a_hebrew_pdf_is_read_in_logical_order() -> None:
    document = read_pdf(CASES / "12-rtl" / "p08_he.pdf")
    assert document.title == "ספירת לוטרות מעפיפונים"
    assert document.authors == ()
    assert body(document).startswith("המצלמה על העפיפון ספרה תשעים וארבע לוטרות בשלושה נהרות")
    assert document.boxes is not None
    assert len(document.boxes) == len(document.text)


def test_a_line_drawn_from_right_to_left_in_pieces_is_one_line(tmp_path: Path) -> None:
    """Words are drawn separately, the rightmost first, with a number, a Latin word and brackets among them."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    font = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not font.exists():
        pytest.skip("the font DejaVu Sans is not installed")
    pdfmetrics.registerFont(TTFont("Hebrew", font))
    words = "המצלמה על העפיפון ספרה 94 לוטרות בשלושה נהרות (בשנת 2019) והשגיאה הייתה 5.5% בלבד".split()
    shown = {"(בשנת": "תנשב)", "2019)": "(2019"}

    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        x = 540.0
        canvas.setFont("Hebrew", 10)
        for word in words:
            visual = shown.get(word, word if word[0].isascii() else word[::-1])
            x -= canvas.stringWidth(visual, "Hebrew", 10)
            canvas.drawString(x, 400, visual)
            x -= 3.2

    assert body(read(tmp_path, make_pdf(draw))).endswith(" ".join(words))


def test_japanese_sentences_have_no_spaces() -> None:
    document = read_pdf(CASES / "11-no-spaces-script" / "ja.pdf")
    assert document.title == "凧カメラによるカワウソの個体数の推定"
    assert document.authors == ("山田太郎", "川田花子")
    sentence = "カワウソは夏の川をゆっくり泳ぐ。岸の柳がカメラの視界をふさいだ。"
    assert sentence * 12 in body(document)
