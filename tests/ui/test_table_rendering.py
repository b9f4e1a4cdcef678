"""Tables on the page: the quoted row is marked in its table, with scopes for screen readers, and texts stay texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag
from helpers.answers import answer, citation
from helpers.injections import HOSTILE

from rag.assistant import Assistant
from rag.tables import QuotedTable, quoted_table, table_view
from rag.types import Cell, Paper, Span, Table
from ui.evidence import Sources, evidence_html
from ui.paper_list import PaperList
from ui.tables import shown_tables


def with_table(rows: list[list[str]], caption: str, header_rows: int = 1, merged: int = 1) -> Paper:
    """Return a paper with a table; the last cell of its first row covers `merged` columns."""
    text = f"Moss\n\n{caption}"
    made = []
    for number, row in enumerate(rows):
        text += "\n"
        cells = []
        for column, cell in enumerate(row):
            text += " | " if column else ""
            last = number == 0 and column == len(row) - 1
            cells.append(Cell(len(text), len(text) + len(cell), column, merged if last else 1))
            text += cell
        made.append(tuple(cells))
    return Paper(
        "Moss",
        text,
        "a1",
        tables=(Table("Table 1", 6, len(text), Span(6, 6 + len(caption)), header_rows, tuple(made)),),
    )


def quoting(paper: Paper, first: int, last: int | None = None, around: int = 2) -> tuple[str, QuotedTable]:
    """Return the card of a citation of rows of the only table, and the part of the table that it shows."""
    rows = paper.tables[0].rows
    start, end = rows[first][0].start, rows[first if last is None else last][-1].end
    found = quoted_table(paper, start, end, around)
    assert found is not None
    cited = citation(start=start, end=end, quote=paper.text[start:end])
    known = Sources(PaperList({}), lambda _: False, lambda _: found)
    html = evidence_html([answer(citations=(cited,), passages=())], known)
    return html, found


def texts(row: Tag) -> list[str]:
    return [cell.get_text().strip() for cell in row.select("th, td")]


COUNTED = [["roof", "cover"], *([f"r{number}", str(number)] for number in range(9))]


def test_a_quoted_row_is_marked_in_its_table_under_the_header() -> None:
    html, found = quoting(with_table(COUNTED, "Table 1. Cover.", merged=2), 5)
    card = BeautifulSoup(html, "html.parser")
    assert card.blockquote is None
    assert [cell.get_text() for cell in card.select("mark")] == ["r4", "4"]
    assert [texts(row) for row in card.select("tr")] == [COUNTED[0], *COUNTED[3:8]]
    assert found.left_out == (2, 2)
    assert [p.get_text() for p in card.select(".fn-table p")] == ["2 rows before", "2 rows after"]
    assert card.caption is not None
    assert card.caption.get_text() == "Table 1. Cover."
    heads = [(th.get_text().strip(), th["scope"], th.get("colspan")) for th in card.select("thead th")]
    assert heads == [("roof", "col", None), ("cover", "colgroup", "2")]
    assert {th["scope"] for th in card.select("tbody th")} == {"row"}


def test_several_quoted_rows_and_a_header_are_marked() -> None:
    for first, last, marked in ((1, 3, COUNTED[1:4]), (0, None, COUNTED[:1])):
        html, _ = quoting(with_table(COUNTED, "Table 1"), first, last)
        rows = BeautifulSoup(html, "html.parser").select("tr")
        assert [texts(row) for row in rows if row.mark] == marked


def test_a_hostile_table_is_shown_literally_and_adds_no_markup(subtests: pytest.Subtests) -> None:
    def tags(text: str) -> list[tuple[str, list[str]]]:
        html, _ = quoting(with_table([[text, text], [text, text], [text, text]], text), 1)
        return [(each.name, sorted(each.attrs)) for each in BeautifulSoup(html, "html.parser").find_all(True)]

    plain = tags("words")
    for bad in HOSTILE:
        with subtests.test(bad=bad):
            assert tags(" ".join(bad.split())) == plain


def test_a_large_table_is_shown_by_its_first_rows_and_a_long_cell_shortened() -> None:
    paper = with_table([["a", "b"], *([["x" * 5000, "y"]] * 200)], "Table 1", header_rows=1)
    shown = shown_tables([table_view(paper, paper.tables[0])] * 40)
    assert (len(shown.tables), shown.left_out) == (30, 10)
    assert {len(table.head + table.body) for table in shown.tables} == {101}
    assert {table.left_out for table in shown.tables} == {(0, 100)}
    assert len(json.dumps(shown)) < 2_000_000
    assert shown_tables([]) == ((), 0)


def test_a_citation_of_a_row_finds_its_table_and_others_none(tmp_path: Path) -> None:
    page = (
        "<h1>Moss</h1><p>It | grows.</p><table><tr><th>roof</th><th>n</th></tr><tr><td>old</td><td>12</td></tr></table>"
    )
    (tmp_path / "moss.html").write_text(page)
    with Assistant.open(library=tmp_path / "library", mode="quote") as assistant:
        assistant.add([tmp_path / "moss.html"])
        paper = assistant.paper("moss")
        at = paper.text.index("old | 12")
        row = citation(paper_id=paper.id, start=at, end=at + 8, quote="old | 12")
        found = assistant.cited_table(row)
        assert found is not None
        assert (found.table.rows, found.quoted, found.left_out) == ((("old", "12"),), (1,), (0, 0))
        for other in (
            citation(paper_id=paper.id, start=at - 1, end=at + 7, quote="old | 12"),
            citation(paper_id=paper.id, start=6, end=17, quote="It | grows."),
            citation(paper_id="gone", start=0, end=4, quote="Moss"),
        ):
            assert assistant.cited_table(other) is None
