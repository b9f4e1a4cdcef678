"""Prepare tables of papers for the templates."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import NamedTuple

from rag import TableView
from rag.types import Cell

_LONGEST_CELL = 300  # characters of a cell that is not quoted
_LONGEST_NOTES = 600
_MOST_TABLES = 30  # of a paper
_MOST_ROWS = 100


class ShownCell(NamedTuple):
    """A cell: its text, how many columns it covers, and the scope of a header's cell, "" for data."""

    text: str
    columns: int = 1
    scope: str = ""


class ShownRow(NamedTuple):
    """A row, and whether it is quoted."""

    cells: tuple[ShownCell, ...]
    quoted: bool


class ShownTable(NamedTuple):
    """A table as the templates show it; `left_out` are rows before and after the shown ones."""

    caption: str
    head: tuple[ShownRow, ...]
    body: tuple[ShownRow, ...]
    notes: str
    left_out: tuple[int, int]


class ShownTables(NamedTuple):
    """The first tables of a paper with their first rows, and how many tables there are besides."""

    tables: tuple[ShownTable, ...]
    left_out: int


def shown_tables(tables: Sequence[TableView]) -> ShownTables:
    """Return the tables of a paper as its sheet shows them."""
    shown = tuple(shown_table(table, most=_MOST_ROWS) for table in tables[:_MOST_TABLES])
    return ShownTables(shown, len(tables) - len(shown))


def shown_table(
    table: TableView, quoted: Collection[int] = (), most: int | None = None, left_out: tuple[int, int] = (0, 0)
) -> ShownTable:
    """Return a table, at most its first `most` rows; `quoted` are indexes of rows, those of the header first."""
    head = len(table.header)
    last = len(table.rows) if most is None else min(most, len(table.rows))
    rows = [*table.header, *table.rows[:last]]
    shown = [
        ShownRow(tuple(_cells(texts, cells, number < head, number in quoted)), number in quoted)
        for number, (texts, cells) in enumerate(zip(rows, table.spans.rows, strict=False))
    ]
    return ShownTable(
        caption=_shortened(table.caption or table.label, _LONGEST_NOTES),
        head=tuple(shown[:head]),
        body=tuple(shown[head:]),
        notes=_shortened(" ".join(table.notes.split()), _LONGEST_NOTES),
        left_out=(left_out[0], left_out[1] + len(table.rows) - last),
    )


def _cells(texts: Sequence[str], cells: Sequence[Cell], in_head: bool, quoted: bool) -> Iterator[ShownCell]:
    """Yield the cells of a row, with an empty one for columns that none covers."""
    column = 0
    for cell in cells:
        if cell.column > column:
            yield ShownCell("", cell.column - column)
        text = texts[cell.column] if quoted else _shortened(texts[cell.column], _LONGEST_CELL)
        scope = ("colgroup" if cell.columns > 1 else "col") if in_head else "row"
        yield ShownCell(text, cell.columns, scope if text and (in_head or not cell.column) else "")
        column = cell.column + cell.columns


def _shortened(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]} …"
