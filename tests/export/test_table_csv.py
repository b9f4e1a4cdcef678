"""Tables as CSV: each with its caption, and nothing that a spreadsheet would run."""

from __future__ import annotations

import csv
import io

import pytest

from rag import TableView, tables_csv
from rag.types import Table


def view(*rows: tuple[str, ...], caption: str = "", notes: str = "", header: int = 1) -> TableView:
    return TableView("", caption, rows[:header], rows[header:], notes, (), (), Table(None, 0, 0, None, header, ()))


def test_tables_are_separated_by_a_blank_line_and_have_caption_and_notes() -> None:
    first = view(("roof", 'cover, "%"'), ("old", "12"), caption="Table 1. Cover.", notes="All dry.\nOf ten.")
    text = tables_csv([first, view(("a", ""), ("", "b"))])
    assert text == 'Table 1. Cover.\nroof,"cover, ""%"""\nold,12\nAll dry.\nOf ten.\n\na,\n,b\n'
    assert list(csv.reader(io.StringIO(text)))[1] == ["roof", 'cover, "%"']


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        (" =1+1", "' =1+1"),
        ("＝1+1", "'＝1+1"),
        ("@SUM(1)", "'@SUM(1)"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        ("-", "'-"),
        ("-0.5", "-0.5"),
        ("-.5*", "-.5*"),
        ("+12 (3.1)", "+12 (3.1)"),
        ("−0.5", "−0.5"),
        ("1=1", "1=1"),
        ("a\x1b[31mb\u202e", "ab"),
        ("-" + "1," * 50_000 + "x", "'-" + "1," * 50_000 + "x"),
    ],
)
def test_a_formula_is_written_as_text_and_a_number_as_it_is(cell: str, written: str) -> None:
    ((found,),) = csv.reader(io.StringIO(tables_csv([view((cell,))])))
    assert found == written
