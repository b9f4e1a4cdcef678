"""Tables as rows of cells, and labels inside figures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from helpers.pdf_files import LEFT, make_pdf, read, sections, title_page, write
from reportlab.pdfgen.canvas import Canvas

from rag.reading.sandbox.messages import pack_reading, unpack_reading
from rag.reading.sources import Reading
from rag.types import MAX_COLUMNS


def table_page(canvas: Canvas) -> None:
    title_page(canvas)
    rows = [("River", "Otters", "Days"), ("Long Water", "14", "30"), ("Mill Brook", "9", "28")]
    for at, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            write(canvas, [cell], LEFT + 90 * column, 480 - 14 * at, 9)
    for y in (492, 476, 446):
        canvas.line(LEFT, y, LEFT + 240, y)
    write(canvas, ["Table 1: Otters on two rivers."], LEFT, 425, 9)


def test_a_table_is_its_caption_and_one_line_per_row(tmp_path: Path) -> None:
    assert sections(read(tmp_path, make_pdf(table_page)))[-1] == (
        "table",
        "Table 1: Otters on two rivers. [River | Otters | Days]",
        "Table 1: Otters on two rivers.\nRiver | Otters | Days\nLong Water | 14 | 30\nMill Brook | 9 | 28",
    )


def test_a_table_of_very_many_columns_ends_with_the_last_possible_one(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.setPageSize((8000, 842))
        title_page(canvas)
        for at in range(4):
            for column in range(MAX_COLUMNS + 9):
                write(canvas, [f"c{column}" if at == 0 else str(at * column)], LEFT + 30 * column, 480 - 14 * at, 9)
        for y in (492, 476, 432):
            canvas.line(LEFT, y, LEFT + 6300, y)
        write(canvas, ["Table 1: Otters on many rivers."], LEFT, 500, 9)

    paper = read(tmp_path, make_pdf(draw))
    (table,) = paper.tables
    assert [len(row) for row in table.rows] == [MAX_COLUMNS] * 4
    assert paper.text[table.rows[0][-1].start : table.rows[0][-1].end].split(" | ") == [
        f"c{column}" for column in range(MAX_COLUMNS - 1, MAX_COLUMNS + 9)
    ]
    assert unpack_reading(json.loads(json.dumps(pack_reading(Reading([paper]))))).papers[0].tables == paper.tables


def columns(canvas: Canvas, rows: Sequence[Sequence[str]], places: Sequence[int], y: int = 480) -> None:
    for at, cells in enumerate(rows):
        for place, cell in zip(places, cells, strict=True):
            write(canvas, [cell], LEFT + place, y - 14 * at, 9)


RIVERS = [
    ("River", "May", "June", "July"),
    ("Mill Brook", "14", "18", "30"),
    ("Wye", "9", "", "31"),
    ("The longest of all", "81", "22", "28"),
    ("Ash", "44", "20", "19"),
]


@pytest.mark.parametrize(
    ("places", "ruled"), [((0, 90, 120, 150), True), ((0, 200, 300, 400), True), ((0, 200, 300, 400), False)]
)
def test_numbers_are_in_their_columns(tmp_path: Path, places: Sequence[int], ruled: bool) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        columns(canvas, RIVERS, places)
        if ruled:
            canvas.line(LEFT, 492, LEFT + 420, 492)
            canvas.line(LEFT, 418, LEFT + 420, 418)
        write(canvas, ["Table 1: Otters."], LEFT, 400, 9)

    table = "River | May | June | July\nMill Brook | 14 | 18 | 30\nWye | 9 | | 31\nThe longest of all | 81 | 22 | 28"
    assert sections(read(tmp_path, make_pdf(draw)))[-1][2] == f"Table 1: Otters.\n{table}\nAsh | 44 | 20 | 19"


def test_columns_of_numbers_as_close_as_words_are_separated(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        columns(canvas, [("Ash", "44", "20"), ("Brook of stones", "81", "22"), ("Wye", "19", "31")] * 2, (0, 73, 86))
        canvas.line(LEFT, 492, LEFT + 220, 492)
        canvas.line(LEFT, 404, LEFT + 220, 404)
        write(canvas, ["Table 1: Otters."], LEFT, 388, 9)

    rows = "Ash | 44 | 20\nBrook of stones | 81 | 22\nWye | 19 | 31"
    assert sections(read(tmp_path, make_pdf(draw)))[-1][2] == f"Table 1: Otters.\n{rows}\n{rows}"


def test_labels_inside_a_figure_are_not_text(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        canvas.rect(LEFT, 400, 200, 100)
        write(canvas, ["0.5", "1.0", "fog"], LEFT + 20, 480, 6)
        write(canvas, ["Figure 1: Otters and fog."], LEFT, 385, 9)

    assert sections(read(tmp_path, make_pdf(draw)))[1:] == [("caption", "Figure 1", "Figure 1: Otters and fog.")]
