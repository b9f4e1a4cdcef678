"""Tables of HTML, JATS, Word and Markdown keep their caption, header, rows, cells and notes."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import pytest
from helpers.growth import growth
from helpers.reader import read
from helpers.word_files import docx, line

from rag.reading.tables import CellText, TableText
from rag.tables import TableView, table_view
from rag.types import MAX_COLUMNS, Paper


def views(paper: Paper) -> list[TableView]:
    """Return the tables of a paper, after checking that each row is a line of the text with its cells in order."""
    for table in paper.tables:
        for row in table.rows:
            text = paper.text[row[0].start : row[-1].end]
            assert "\n" not in text
            assert all(one.end <= other.start for one, other in itertools.pairwise(row))
        section = paper.section_at(table.start)
        assert section is not None
        assert (section.start, section.end, section.kind) == (table.start, table.end, "table")
    return [table_view(paper, table) for table in paper.tables]


def in_html(folder: Path, body: str) -> TableView:
    (view,) = views(read(folder, "a.html", f"<h1>Moss</h1><p>It grows.</p>{body}"))
    return view


def test_a_table_of_html_has_its_caption_header_rows_and_notes(tmp_path: Path) -> None:
    paper = read(
        tmp_path,
        "a.html",
        "<h1>Moss</h1><h2>Cover</h2><p>It grows.</p><figure><figcaption>Table 2. Cover by month.</figcaption><table>"
        "<thead><tr><th rowspan=2>Roof</th><th colspan=2>Cover (%)</th></tr><tr><th>May</th><th>June</th></tr></thead>"
        "<tr><td>Old<td>12<td></tr><tr><td colspan=3>Made new</tr><tr><td></td><td>3</td><td>4</td></tr>"
        "<tr><td></td></tr></table><p>All <b>dry</b>.</p></figure><p>It rains.</p>",
    )
    (view,) = views(paper)
    assert (view.label, view.caption, view.notes) == ("Table 2", "Table 2. Cover by month.", "All dry.")
    assert view.header == (("Roof", "Cover (%)", ""), ("Roof", "May", "June"))
    assert view.rows == (("Old", "12", ""), ("Made new", "", ""), ("", "3", "4"))
    assert paper.text == (
        "Moss\n\nIt grows.\n\nTable 2. Cover by month.\nRoof | Cover (%)\nRoof | May | June\nOld | 12 |\nMade new\n"
        "| 3 | 4\nAll dry.\n\nIt rains."
    )
    assert [(s.title, s.kind) for s in paper.sections][1] == (
        "Table 2. Cover by month. [Roof | Cover (%) | Roof | May | June]",
        "table",
    )
    assert [cell.columns for cell in view.spans.rows[0]] == [1, 2]


@pytest.mark.parametrize(
    ("rows", "header", "body"),
    [
        ("<tr><th>a</th><th>b</th></tr><tr><td>1<td>2</tr>", 1, [["a", "b"], ["1", "2"]]),
        ("<tr><th>a</th><td>1</td></tr><tr><th>b</th><td>2</td></tr>", 0, [["a", "1"], ["b", "2"]]),
        ("<tr><td>roof<td>cover</tr><tr><td>old<td>1</tr><tr><td>new<td>−2</tr>", 1,
         [["roof", "cover"], ["old", "1"], ["new", "−2"]]),
        ("<tr><td>old<td>1</tr><tr><td>new<td>2</tr>", 0, [["old", "1"], ["new", "2"]]),
        ("<tr><td>wet<td>moss</tr><tr><td>dry<td>sand</tr>", 0, [["wet", "moss"], ["dry", "sand"]]),
        ("<tr><td rowspan=3>A<td>1</tr><tr><td>2</tr><tr><td>3</tr><tr><td>B<td>4</tr>", 0,
         [["A", "1"], ["A", "2"], ["A", "3"], ["B", "4"]]),
        ("<tr><td>A<td rowspan=2>1<td rowspan=0>x</tr><tr><td>B</tr><tr><td>C<td>2</tr>", 0,
         [["A", "1", "x"], ["B", "1", "x"], ["C", "2", "x"]]),
        ("<tr><td>A<td>a | b</tr><tr><td>B<td>c</tr>", 0, [["A", "a | b"], ["B", "c"]]),
        ("<tr><th>A<th colspan=-1>b</tr><tr><td>B<td colspan=two>c</tr>", 1, [["A", "b"], ["B", "c"]]),
        ("<tr><th>\u200b</th></tr><tr><td>\u200bA\ufb01</td><td>b</td></tr>", 0, [["Afi", "b"]]),
    ],
)  # fmt: skip
def test_rows_and_headers_of_html(tmp_path: Path, rows: str, header: int, body: list[list[str]]) -> None:
    view = in_html(tmp_path, f"<table>{rows}</table>")
    assert len(view.header) == header
    assert [list(row) for row in (*view.header, *view.rows)] == body


def test_two_tables_without_captions_are_two(tmp_path: Path) -> None:
    table = "<table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td>2</td></tr></table>"
    paper = read(tmp_path, "a.html", f"<h1>Moss</h1><p>x</p>{table}{table}")
    assert [view.rows for view in views(paper)] == [(("1", "2"),)] * 2


def test_a_picture_of_a_table_keeps_its_caption(tmp_path: Path) -> None:
    figure = "<figure><figcaption>Table 1. Moss.</figcaption><table><tr><td><img></td></tr></table></figure>"
    paper = read(tmp_path, "a.html", f"<h1>Moss</h1><p>x</p>{figure}")
    assert paper.tables == ()
    assert [(s.title, s.kind) for s in paper.sections] == [(None, "body"), ("Table 1", "caption")]


def test_a_table_of_jats_has_its_notes_and_merged_cells(tmp_path: Path) -> None:
    paper = read(
        tmp_path,
        "a.xml",
        "<article><front><article-meta><title-group><article-title>Moss</article-title></title-group></article-meta>"
        "</front><body><p>It grows.</p><table-wrap><label>Table 1</label><caption><p>Cover.</p></caption><table>"
        "<thead><tr><th/><th colspan='2'>Cover<xref ref-type='table-fn'>a</xref></th></tr></thead><tbody>"
        "<tr><td rowspan='2'>Old</td><td>1</td><td>2</td></tr><tr><td>3</td><td>4</td></tr></tbody></table>"
        "<table-wrap-foot><fn><label>a</label><p>Of ten.</p></fn><p>Dry roofs.</p></table-wrap-foot></table-wrap>"
        "</body></article>",
    )
    (view,) = views(paper)
    assert (view.label, view.caption) == ("Table 1", "Table 1. Cover.")
    assert view.header == (("", "Cover", ""),)
    assert view.rows == (("Old", "1", "2"), ("Old", "3", "4"))
    assert sorted(view.notes.split("\n")) == ["Dry roofs.", "Of ten."]


def test_a_table_of_word_has_the_caption_before_it(tmp_path: Path) -> None:
    rows = [("month", "cover"), ("May", "3")]
    cells = ["".join(f"<w:tc>{line(cell)}</w:tc>" for cell in row) for row in rows]
    table = "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"
    (view,) = views(read(tmp_path, "a.docx", docx(line("Moss", "Title"), line("Table 1: Cover.", "Caption"), table)))
    assert (view.label, view.header, view.rows) == ("Table 1", (("month", "cover"),), (("May", "3"),))


@pytest.mark.parametrize(
    ("before", "after", "label", "caption"),
    [
        ("", "", "", ""),
        ("Table 1. Cover by month.", "It rains.", "Table 1", "Table 1. Cover by month."),
        ("It rains.", ": Cover by month.", "", "Cover by month."),
        ("It rains.", "Table: Cover by month.", "", "Cover by month."),
        ("Table 1 shows it.", "Table 1 is short.", "", ""),
    ],
)
def test_a_table_of_markdown_has_the_caption_next_to_it(
    tmp_path: Path, before: str, after: str, label: str, caption: str
) -> None:
    rows = "| month | *cover* |\n|---|---|\n| May | 3 |\n| June | `a | b` |"
    paper = read(tmp_path, "a.md", f"# Moss\n\nIt grows.\n\n## Cover\n\n{before}\n\n{rows}\n\n{after}\n\nThe end.")
    (view,) = views(paper)
    assert (view.label, view.caption) == (label, caption)
    assert view.header == (("month", "cover"),)
    assert view.rows[0] == ("May", "3")
    assert {each.title for each in paper.sections} >= {"Cover", f"{caption or 'Cover'} [month | cover]"}
    assert paper.text.endswith("The end.")


def test_the_time_for_a_table_grows_with_its_rows() -> None:
    def write(rows: int) -> None:
        table = TableText()
        for _ in range(rows):
            table.add_row([CellText("moss"), CellText("wet", rows=3)])
        text, found = table.written(str, 0)
        assert len(found.rows) == text.count("\n") + 1 == rows

    assert growth(write, 3_000) < 8


@pytest.mark.parametrize(
    "table",
    [
        "<tr>" + "<td colspan=1000 rowspan=65534>x" * 3000 + "<tr><td>y" * 3000,
        "<tr><td rowspan=65534>" + "long " * 3000 + "<tr><td>y" * 3000,
        "<tr>" + "<td>x" * 9000,
    ],
    ids=["wide", "long", "columns"],
)
def test_a_hostile_table_does_not_expand(tmp_path: Path, table: str) -> None:
    began = time.perf_counter()
    paper = read(tmp_path, "a.html", f"<h1>Moss</h1><p>It grows.</p><table><tr><th>a<th>b</tr>{table}</table>")
    assert time.perf_counter() - began < 10
    assert len(paper.text) < 5 * len(table)
    (found,) = paper.tables
    assert all(cell.column + cell.columns <= MAX_COLUMNS for row in found.rows for cell in row)
