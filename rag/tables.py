"""Convert tables to JSON values and back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .types import Cell, Span, Table


def plain_tables(tables: Sequence[Table]) -> list[list[Any]]:
    """Return tables as JSON values; the numbers of a row's cells follow each other in one list."""
    return [
        [
            *(table.label, table.start, table.end, table.caption, table.header_rows),
            [[number for c in row for number in (c.start, c.end, c.column, c.columns)] for row in table.rows],
            table.notes,
        ]
        for table in tables
    ]


def made_tables(values: Sequence[Sequence[Any]], length: int) -> tuple[Table, ...]:
    """Return the tables that `plain_tables` converted, of a text of `length` characters.

    Raise ValueError or TypeError if they are none, or a span is not in the text.
    """
    return tuple(_made_table(length, *value) for value in values)


def _made_table(
    length: int, label: Any, start: Any, end: Any, caption: Any, header_rows: Any, rows: Any, notes: Any
) -> Table:
    start, end = _span((start, end), 0, length)
    cells = tuple(tuple(_made_cells(row, start, end)) for row in rows)
    if not 0 <= int(header_rows) <= len(cells):
        raise ValueError("more header rows than rows")
    return Table(
        label=None if label is None else str(label),
        start=start,
        end=end,
        caption=None if caption is None else _span(caption, start, end),
        header_rows=int(header_rows),
        rows=cells,
        notes=None if notes is None else _span(notes, start, end),
    )


def _made_cells(numbers: Sequence[Any], first: int, last: int) -> Iterator[Cell]:
    quadruples = [iter(map(int, numbers))] * 4
    for start, end, column, columns in zip(*quadruples, strict=True):
        if not (first <= start <= end <= last and column >= 0 and columns >= 1):
            raise ValueError("a cell outside of its table")
        yield Cell(start, end, column, columns)


def _span(span: Sequence[Any], first: int, last: int) -> Span:
    start, end = map(int, span)
    if not first <= start <= end <= last:
        raise ValueError("span outside of the text")
    return Span(start, end)
