"""Hyphens at line ends, joined lines, and note marks."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from helpers.pdf_files import LEFT, body, make_pdf, paragraphs, read, title_page, write
from helpers.pdf_lines import Text, lines
from reportlab.pdfgen.canvas import Canvas

from rag.reading.pdf.hyphenation import join_lines


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["The warm shore is good for ot-", "ters in spring and winter."], "good for otters in"),
        (["We use a state-of-the-", "art counter on all banks."], "a state-of-the-art counter"),
        (["An otter-led walk. The otter-", "led group was faster here."], "The otter-led group"),
        (["We look at the pre-", "and postwar counts of all."], "the pre- and postwar counts"),
        (["Most of the CO2-", "based counts are lower."], "the CO2-based counts"),
        (["They take RNA-", "bound salts for bait."], "take RNA-bound salts"),
        (["The counts by GPT-", "3 are lower than others."], "by GPT-3 are"),
        (["The code is at https://otters.example/", "tracks for all to read."], "https://otters.example/tracks for"),
    ],
)
def test_hyphens_at_line_ends_are_resolved(tmp_path: Path, lines: list[str], text: str) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, lines, LEFT, 400)

    assert text in body(read(tmp_path, make_pdf(draw)))


@pytest.mark.parametrize(
    ("above", "below", "text"),
    [
        ("研究人员在三条河上用风筝数了", "九十四只水獭。", "研究人员在三条河上用风筝数了九十四只水獭。"),
        ("カワウソは夏の川をゆ", "っくり泳ぐ。", "カワウソは夏の川をゆっくり泳ぐ。"),
        ("นักวิจัยนับนากในแม่", "น้ำสามสาย", "นักวิจัยนับนากในแม่น้ำสามสาย"),
        ("수달은 여름에 강을", "건넌다.", "수달은 여름에 강을 건넌다."),
        ("Otters swim", "the river.", "Otters swim the river."),
    ],
)
def test_lines_of_scripts_without_spaces_are_joined_without_one(above: str, below: str, text: str) -> None:
    piece = join_lines([line for row in (above, below) for line in lines(Text(60, 100, 10, row))], Counter())
    assert piece.text == text
    assert len(piece.boxes) == len(text)


def raised(canvas: Canvas, before: str, mark: str, after: str) -> None:
    write(canvas, [before], LEFT, 400)
    x = LEFT + canvas.stringWidth(before, "Helvetica", 10)
    write(canvas, [mark], x, 404, 6.5)
    write(canvas, [after], x + canvas.stringWidth(mark, "Helvetica", 6.5), 400)


@pytest.mark.parametrize(
    ("before", "mark", "after", "text"),
    [
        ("The kites had the best performance.", "13", " One of the otters swam on.",
         "The kites had the best performance.[13] One of the otters swam on."),
        ("The kites of the wardens", "4", " count all of the otters at dawn.",
         "The kites of the wardens[4] count all of the otters at dawn."),
        ("Others had seen the same before,", "1,2", " on another river in spring.",
         "Others had seen the same before,[1,2] on another river in spring."),
        ("The banks that we saw cover 5 km", "2", " of the valley floor in all.",
         "The banks that we saw cover 5 km2 of the valley floor in all."),
        ("All of them weigh 10", "3", " grams in the end, as we know.",
         "All of them weigh 10³ grams in the end, as we know."),
        ("The share was put to R", "2", " in each of the three rivers.",
         "The share was put to R2 in each of the three rivers."),
    ],
)  # fmt: skip
def test_the_mark_of_a_note_is_put_in_brackets(tmp_path: Path, before: str, mark: str, after: str, text: str) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        raised(canvas, before, mark, after)

    document = read(tmp_path, make_pdf(draw))
    assert paragraphs(document)[1] == text
    assert document.boxes is not None
    assert len(document.boxes) == len(document.text)
