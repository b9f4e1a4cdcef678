"""Rows of tables: wrapped cells, multi-row headers, merged cells, and the resulting objects."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.pdf_files import LEFT, make_pdf, read, title_page, write
from helpers.pdf_tables import draw_rows, tables
from reportlab.pdfgen.canvas import Canvas

PLACES = (0, 130, 190, 240)
HEADER = ("Species", "Animals", "Days", "Food")
WRAPPED = [
    (["Eurasian otters of the", "lower river"], "14", "30", ["Trout, eels and now and then", "a crayfish"]),
    ("Mink", "9", "28", "Voles"),
    ("Water voles", "81", "22", ["Grass, rushes, roots, bark of", "willows, and apples that fall", "into the water"]),
]
WRAPPED_TEXT = [
    "Species | Animals | Days | Food",
    "Eurasian otters of the lower river | 14 | 30 | Trout, eels and now and then a crayfish",
    "Mink | 9 | 28 | Voles",
    "Water voles | 81 | 22 | Grass, rushes, roots, bark of willows, and apples that fall into the water",
]


def rule(canvas: Canvas, y: float, left: float = 0, right: float = 400) -> None:
    canvas.line(LEFT + left, y, LEFT + right, y)


def test_the_lines_of_a_wrapped_row_are_one_row(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["Table 1. Animals of two rivers"], LEFT, 500, 9)
        rule(canvas, 492)
        rule(canvas, 476)
        draw_rows(canvas, [HEADER], PLACES, 482)
        rule(canvas, draw_rows(canvas, WRAPPED, PLACES, 464) + 8)

    assert tables(read(tmp_path, make_pdf(draw))) == [("Table 1", 1, WRAPPED_TEXT)]


def test_wrapped_rows_with_the_same_spacing_are_recognised_by_their_words(tmp_path: Path) -> None:
    lines = [
        HEADER,
        ("Otters of", "", "", ""),
        ("the lower river", "14", "30", "Trout and eels,"),
        ("", "", "", "and crayfish"),
        ("Mink", "9", "28", "Voles"),
        ("Shrews", "7", "21", "Insects"),
    ]

    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["Table 1. Animals of two rivers"], LEFT, 500, 9)
        rule(canvas, 492)
        draw_rows(canvas, lines, PLACES, 482, step=12)
        rule(canvas, 415)

    assert tables(read(tmp_path, make_pdf(draw)))[0][2][1:] == [
        "Otters of the lower river | 14 | 30 | Trout and eels, and crayfish",
        "Mink | 9 | 28 | Voles",
        "Shrews | 7 | 21 | Insects",
    ]


def test_a_header_of_two_rows_keeps_what_its_cells_cover(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["Table 1. Otters by season"], LEFT, 500, 9)
        rule(canvas, 492)
        write(canvas, ["Counted by observers"], LEFT + 118, 482, 8)
        write(canvas, ["Counted by cameras"], LEFT + 268, 482, 8)
        rule(canvas, 477, 95, 220)
        rule(canvas, 477, 245, 370)
        places = (0, 110, 180, 260, 330)
        draw_rows(canvas, [("River", "May", "June", "May", "June")], places, 467)
        rule(canvas, 461)
        draw_rows(canvas, [("Ash", "14", "30", "12", "31"), ("Wye", "9", "28", "7", "30")], places, 449)
        rule(canvas, 428)

    paper = read(tmp_path, make_pdf(draw))
    assert tables(paper) == [
        (
            "Table 1",
            2,
            [
                "Counted by observers | Counted by cameras",
                "River | May | June | May | June",
                "Ash | 14 | 30 | 12 | 31",
                "Wye | 9 | 28 | 7 | 30",
            ],
        )
    ]
    assert [(cell.column, cell.columns) for cell in paper.tables[0].rows[0]] == [(1, 2), (3, 2)]


@pytest.mark.parametrize("one_path", [True, False])
def test_a_cell_over_several_rows_of_a_grid_is_in_the_first_of_them(tmp_path: Path, one_path: bool) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        path = canvas.beginPath()
        for y, left in ((500, 0), (480, 0), (450, 120), (420, 0), (390, 120), (360, 0)):
            path.moveTo(LEFT + left, y)
            path.lineTo(LEFT + 360, y)
        for x in (0, 120, 220, 290, 360):
            path.moveTo(LEFT + x, 500)
            path.lineTo(LEFT + x, 360)
        if one_path:
            canvas.drawPath(path)
        else:
            for y, left in ((500, 0), (480, 0), (450, 120), (420, 0), (390, 120), (360, 0)):
                canvas.rect(LEFT + left, y, 360 - left, 0.5, stroke=0, fill=1)
            for x in (0, 120, 220, 290, 360):
                canvas.rect(LEFT + x, 360, 0.5, 140, stroke=0, fill=1)
        draw_rows(canvas, [("River", "Method", "May", "June")], (4, 124, 224, 294), 486)
        for y, group, rows in (
            (466, "Long Water", [("Night walks", "14", "30"), (["Cameras over", "the water"], "12", "29")]),
            (406, "Mill Brook", [("Night walks", "9", "28"), ("Cameras", "8", "27")]),
        ):
            write(canvas, [group], LEFT + 4, y - 18, 8)
            for at, row in enumerate(rows):
                label = [row[0]] if isinstance(row[0], str) else row[0]
                for n, line in enumerate(label):
                    write(canvas, [line], LEFT + 124, y - 30 * at + 5 * (len(label) - 1) - 10 * n, 8)
                draw_rows(canvas, [row[1:]], (224, 294), y - 30 * at)
        write(canvas, ["Table 1. Otters by river and method"], LEFT, 346, 9)

    assert tables(read(tmp_path, make_pdf(draw))) == [
        (
            "Table 1",
            1,
            [
                "River | Method | May | June",
                "Long Water | Night walks | 14 | 30",
                "Cameras over the water | 12 | 29",
                "Mill Brook | Night walks | 9 | 28",
                "Cameras | 8 | 27",
            ],
        )
    ]


def test_a_label_of_a_group_leaves_the_first_column_of_its_other_rows_empty(tmp_path: Path) -> None:
    rows = [
        ("Otters", "Ash", "14", "30"),
        ("", "Wye", "9", "28"),
        ("", "Exe", "8", "21"),
        ("Mink", "Ash", "7", "20"),
        ("", "Wye", "6", "19"),
    ]

    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["Table 1. Animals by river"], LEFT, 500, 9)
        for y in (492, 476):  # one rule per column
            for left, right in ((0, 100), (99, 180), (179, 250), (249, 320)):
                rule(canvas, y, left, right)
        draw_rows(canvas, [("Species", "River", "May", "June"), *rows], (0, 100, 180, 250), 482, 16)
        rule(canvas, 390, 0, 320)

    paper = read(tmp_path, make_pdf(draw))
    assert paper.text.endswith(
        "Table 1. Animals by river\nSpecies | River | May | June\nOtters | Ash | 14 | 30\n| Wye | 9 | 28\n"
        "| Exe | 8 | 21\nMink | Ash | 7 | 20\n| Wye | 6 | 19"
    )
    assert [cell.column for cell in paper.tables[0].rows[2]] == [1, 2, 3]


@pytest.mark.parametrize(
    ("first", "header"), [(("Otters", "412"), 0), (("Year", "1998"), 1), (("Animals", "Count"), 1)]
)
def test_a_first_row_of_values_above_a_rule_is_no_header(tmp_path: Path, first: tuple[str, str], header: int) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["Table 1. Animals of a river"], LEFT, 500, 9)
        foot = draw_rows(canvas, [first, ("Minks", "93"), ("Voles", "1,204"), ("Herons", "12 (7%)")], (0, 150), 482)
        for y in (492, 477, foot + 8):
            rule(canvas, y, 0, 200)

    rows = [" | ".join(first), "Minks | 93", "Voles | 1,204", "Herons | 12 (7%)"]
    assert tables(read(tmp_path, make_pdf(draw))) == [("Table 1", header, rows)]
