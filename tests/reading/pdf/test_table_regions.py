"""Where tables are on a page: their captions, notes and parts, and the prose around them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.pdf_files import LEFT, PROSE, WIDTH, make_pdf, paragraphs, read, title_page, wrapped, write
from helpers.pdf_tables import draw_rows, tables
from reportlab.pdfgen.canvas import Canvas

ROWS = [("River", "May", "June"), ("Long Water", "14", "30"), ("Mill Brook", "9", "28"), ("Wye", "5", "31")]
TEXT = ["River | May | June", "Long Water | 14 | 30", "Mill Brook | 9 | 28", "Wye | 5 | 31"]
PLACES = (0, 110, 170)


def ruled(canvas: Canvas, y: float, left: float = 0) -> float:
    """Draw a table with three rules from `y` down; return the y of its bottom."""
    places = [left + place for place in PLACES]
    foot = draw_rows(canvas, ROWS, places, y - 10) + 8
    for at in (y, y - 15, foot):
        canvas.line(LEFT + left, at, LEFT + left + 220, at)
    return foot


def above(canvas: Canvas) -> None:
    write(canvas, ["Table 1. Otters on three rivers"], LEFT, 500, 9)
    ruled(canvas, 492)


def below(canvas: Canvas) -> None:
    write(canvas, ["Table 1. Otters on three rivers"], LEFT, ruled(canvas, 510) - 14, 9)


def beside(canvas: Canvas) -> None:
    write(canvas, ["Table 1. Otters", "on three rivers"], LEFT, 484, 9)
    ruled(canvas, 492, 130)


def split(canvas: Canvas) -> None:
    write(canvas, ["Table 1.", "Otters on three rivers"], LEFT, 510, 9)
    ruled(canvas, 490)


@pytest.mark.parametrize("draw_table", [above, below, beside, split])
def test_a_caption_is_above_below_or_beside_its_table(tmp_path: Path, draw_table: Callable[[Canvas], None]) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        draw_table(canvas)
        write(canvas, wrapped(PROSE, 90), LEFT, 390)

    paper = read(tmp_path, make_pdf(draw))
    assert tables(paper) == [("Table 1", 1, TEXT)]
    (table,) = paper.tables
    assert table.caption is not None
    assert paper.text[slice(*table.caption)] == "Table 1. Otters on three rivers"
    assert paper.text[table.start : table.end] == "\n".join(["Table 1. Otters on three rivers", *TEXT])
    assert PROSE in paragraphs(paper)


def test_tables_under_each_other_have_their_own_captions(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        foot = 520.0
        for number in (1, 2):
            write(canvas, [f"Table {number}. Otters in year {number}"], LEFT, foot - 10, 9)
            foot = ruled(canvas, foot - 15)

    assert tables(read(tmp_path, make_pdf(draw))) == [("Table 1", 1, TEXT), ("Table 2", 1, TEXT)]


def test_notes_belong_to_the_table_and_the_text_after_them_does_not(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["Table 1. Otters on three rivers"], LEFT, 500, 9)
        foot = ruled(canvas, 492)
        write(canvas, ["*In flood. May, from the first to the last", "day of the month."], LEFT, foot - 10, 7)
        write(canvas, wrapped(PROSE, 90), LEFT, foot - 50)

    paper = read(tmp_path, make_pdf(draw))
    (table,) = paper.tables
    assert table.notes is not None
    assert paper.text[slice(*table.notes)] == "*In flood. May, from the first to the last day of the month."
    assert PROSE in paragraphs(paper)


def test_the_parts_of_a_table_on_several_pages_are_one_table_with_one_header(tmp_path: Path) -> None:
    def part(canvas: Canvas, rows: list[tuple[str, ...]], caption: str) -> None:
        write(canvas, [caption], LEFT, 742, 9)
        foot = draw_rows(canvas, [ROWS[0], *rows], PLACES, 725) + 8
        for y in (735, 720, foot):
            canvas.line(LEFT, y, LEFT + 220, y)

    def first(canvas: Canvas) -> None:
        part(canvas, ROWS[1:3], "Table 1. Otters on three rivers")
        write(canvas, wrapped(PROSE, 90), LEFT, 600)

    def second(canvas: Canvas) -> None:
        part(canvas, ROWS[3:], "Table 1. (continued)")
        write(canvas, wrapped(PROSE.upper(), 60), LEFT, 600)

    paper = read(tmp_path, make_pdf(title_page, first, second))
    assert tables(paper) == [("Table 1", 1, TEXT)]
    assert "continued" not in paper.text


def test_a_part_without_caption_at_the_top_of_a_page_continues_the_table(tmp_path: Path) -> None:
    def second(canvas: Canvas) -> None:
        foot = draw_rows(canvas, [("Exe", "4", "8"), ("Dart", "3", "9"), ("Teign", "1", "2")], PLACES, 725) + 8
        for y in (735, foot):
            canvas.line(LEFT, y, LEFT + 220, y)
        write(canvas, wrapped(PROSE, 90), LEFT, 600)

    def first(canvas: Canvas) -> None:
        title_page(canvas)
        above(canvas)

    rows = [*TEXT, "Exe | 4 | 8", "Dart | 3 | 9", "Teign | 1 | 2"]
    assert tables(read(tmp_path, make_pdf(first, second))) == [("Table 1", 1, rows)]


def test_a_part_that_repeats_the_header_between_rules_continues_the_table(tmp_path: Path) -> None:
    def part(canvas: Canvas, rows: list[tuple[str, ...]], y: float) -> float:
        for at in (y, y - 15):
            canvas.line(LEFT, at, LEFT + 220, at)
        return draw_rows(canvas, [ROWS[0], *rows], PLACES, y - 10)

    def first(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["Table 1. Otters on three rivers"], LEFT, 500, 9)
        part(canvas, ROWS[1:], 492)

    def second(canvas: Canvas) -> None:
        foot = part(canvas, [("Exe", "4", "8"), ("Dart", "3", "9"), ("Teign", "1", "2")], 735)
        write(canvas, wrapped(PROSE, 90), LEFT, foot - 40)

    paper = read(tmp_path, make_pdf(first, second))
    assert tables(paper) == [("Table 1", 1, [*TEXT, "Exe | 4 | 8", "Dart | 3 | 9", "Teign | 1 | 2"])]
    assert PROSE in paragraphs(paper)


def test_the_end_of_a_sentence_that_looks_like_a_label_is_not_a_caption(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        text = [
            "The rivers differ much less than the weather of their banks, as is shown in",
            "Table 1. Nothing else does.",
        ]
        write(canvas, text, LEFT, 560)
        write(canvas, ["Table 1. Otters on three rivers"], LEFT, 500)
        ruled(canvas, 492)

    paper = read(tmp_path, make_pdf(draw))
    assert "as is shown in Table 1. Nothing else does." in paper.text
    assert tables(paper) == [("Table 1", 1, TEXT)]


def test_dotted_rules_are_not_text(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["Table 1. Otters on three rivers"], LEFT, 500, 9)
        draw_rows(canvas, ROWS, PLACES, 480, 20)
        for y in (469, 449, 429, 409):
            write(canvas, [" ".join("." * 80)], LEFT, y, 5)

    assert tables(read(tmp_path, make_pdf(draw))) == [("Table 1", 1, TEXT)]


def test_rows_go_on_under_the_last_rule(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["Table 1. Otters on three rivers"], LEFT, 500, 9)
        canvas.line(LEFT, 492, LEFT + 220, 492)
        canvas.line(LEFT, 477, LEFT + 220, 477)
        draw_rows(canvas, ROWS, PLACES, 482, 16)
        write(canvas, wrapped(PROSE, 90), LEFT, 380)

    paper = read(tmp_path, make_pdf(draw))
    assert tables(paper) == [("Table 1", 1, TEXT)]
    assert PROSE in paragraphs(paper)


def test_columns_of_text_between_the_rules_of_a_page_are_not_a_table(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for y in (760, 60):
            canvas.line(LEFT, y, WIDTH - LEFT, y)
        for left in (LEFT, LEFT + 250):
            write(canvas, wrapped(" ".join([PROSE] * 4), 48), left, 730, 9)

    paper = read(tmp_path, make_pdf(title_page, draw))
    assert paper.tables == ()
    assert " | " not in paper.text


def test_captions_below_their_tables_keep_them_where_one_is_too_far(tmp_path: Path) -> None:
    def caption(canvas: Canvas, number: int, y: float) -> None:
        write(canvas, [f"Table {number}. Otters in year {number}"], LEFT, y, 9)

    def sure(number: int) -> Callable[[Canvas], None]:
        def draw(canvas: Canvas) -> None:
            caption(canvas, number, ruled(canvas, 510) - 14)
            write(canvas, wrapped(PROSE, 90), LEFT, 390)

        return draw

    def stacked(canvas: Canvas) -> None:
        caption(canvas, 3, 560)
        for number, y in ((4, 545), (5, 440)):
            caption(canvas, number, ruled(canvas, y) - 14)

    paper = read(tmp_path, make_pdf(title_page, sure(1), sure(2), stacked))
    assert [label for label, _, _ in tables(paper)] == ["Table 1", "Table 2", "Table 4", "Table 5"]


def test_labels_of_a_figure_between_rules_are_not_a_table(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        for at in range(5):
            canvas.line(LEFT, 740 - 20 * at, LEFT + 220, 740 - 20 * at)
            canvas.line(LEFT + 55 * at, 660, LEFT + 55 * at, 740)
        canvas.rect(LEFT, 660, 220, 80)
        draw_rows(canvas, [("12", "| |", "14")] * 4, (5, 60, 115), 727, 20)
        write(canvas, ["Figure 1. Otters by day"], LEFT, 640, 9)
        write(canvas, wrapped(PROSE, 90), LEFT, 500)

    assert read(tmp_path, make_pdf(title_page, draw)).tables == ()


def test_rows_in_the_same_columns_at_the_top_of_a_page_continue_a_table_without_rules(tmp_path: Path) -> None:
    rows = [(f"River{at}", f"{at * 31 % 97}.5", f"{at * 17 % 89}.2") for at in range(80)]

    def first(canvas: Canvas) -> None:
        write(canvas, wrapped(PROSE, 90), LEFT, 760)
        write(canvas, ["Table 1. Otters on very many rivers"], LEFT, 702, 9)
        draw_rows(canvas, [ROWS[0], *rows[:45]], PLACES, 686)

    def second(canvas: Canvas) -> None:
        foot = draw_rows(canvas, rows[45:], PLACES, 770)
        write(canvas, wrapped(PROSE.upper(), 60), LEFT, foot - 40)

    paper = read(tmp_path, make_pdf(title_page, first, second))
    assert tables(paper) == [("Table 1", 1, [" | ".join(row) for row in [ROWS[0], *rows]])]
