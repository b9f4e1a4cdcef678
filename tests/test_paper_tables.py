"""The tables of a stored paper know their pages and their rectangles on them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rag.paper_tables import paper_tables
from rag.store.papers import Records
from rag.types import Box, Cell, Page, Paper, Span, Table


def test_a_table_over_two_pages_has_a_rectangle_on_each(tmp_path: Path) -> None:
    text = "Moss\n\nTable 1\na | b\n1 | 2"
    boxes = np.zeros((len(text), 4), np.uint16)
    for at, letter in enumerate(text):
        if letter not in " \n|":
            boxes[at] = (100 + 10 * at, 200, 110 + 10 * at, 300)
    rows = ((Cell(14, 15, 0), Cell(18, 19, 1)), (Cell(20, 21, 0), Cell(24, 25, 1)))
    table = Table("Table 1", 6, 25, Span(6, 13), 1, rows)
    pages = (Page(1, None, 0, 19), Page(2, None, 20, 25))
    records = Records(tmp_path / "footnote.sqlite")
    with records.transaction() as db:
        paper = Paper("Moss", text, pages=pages, tables=(table, Table(None, 0, 4, None, 0, ())), boxes=boxes)
        records.put_paper(db, paper, np.ones(4, np.float32), [], reading=("moss", text), corrections={})
    first, second = paper_tables(records, "Moss")
    records.close()
    assert (first.pages, first.boxes) == ((1, 2), (Box(1, 16, 20, 29, 30), Box(2, 30, 20, 35, 30)))
    assert (first.header, first.rows) == ((("a", "b"),), (("1", "2"),))
    assert (second.boxes, second.header, second.rows) == ((Box(1, 10, 20, 14, 30),), (), ())
    assert table.rows_at(20, 25) == [1]
    assert table.rows_at(15, 22) == [0, 1]
    assert first.to_dict()["spans"]["rows"][1][1] == {"start": 24, "end": 25, "column": 1, "columns": 1}
