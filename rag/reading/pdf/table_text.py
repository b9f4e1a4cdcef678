"""Write tables as text, with one row per line."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from ...types import MAX_COLUMNS, Cell, Span, Table
from .hyphenation import join_lines
from .placed_text import PlacedText, join_texts, unplaced
from .table_grid import PrintedCell
from .tables import PrintedTable

_MAX_CAPTION_TITLE = 200  # characters


class WrittenTable(NamedTuple):
    """A table's text, the title of its section, and the table with spans in that text."""

    text: PlacedText
    title: str
    table: Table


def write_table(table: PrintedTable, words: Counter[str]) -> WrittenTable:
    """Return a table as text: its caption, one line per row with cells separated by bars, and its notes."""
    texts: list[PlacedText] = []
    start = 0

    def add(text: PlacedText) -> Span:
        nonlocal start
        texts.append(text)
        span = Span(start, start + len(text.text))
        start = span.end + 1
        return span

    caption = add(join_lines(table.caption, words)) if table.caption else None
    rows: list[tuple[Cell, ...]] = []
    for row in table.grid.rows:
        at = start
        text, cells = _row_text(row, words)
        add(text)
        rows.append(tuple(Cell(at + c.start, at + c.end, c.column, c.columns) for c in cells))
    notes = add(join_lines(table.notes, words)) if table.notes else None
    text = join_texts(texts, "\n")
    made = Table(table.label, 0, len(text.text), caption, table.grid.header_rows, tuple(rows), notes)
    return WrittenTable(text, _title(made, text.text), made)


def _row_text(row: Sequence[PrintedCell], words: Counter[str]) -> tuple[PlacedText, list[Cell]]:
    """Return the cells of a row separated by bars, with an empty cell for each skipped column.

    Text beyond the maximum number of columns belongs to the last cell.
    """
    parts: list[PlacedText] = []
    cells: list[Cell] = []
    length, column = 0, 0
    for cell in row:
        bars = "| " * (cell.column - column) if not parts else " |" * (cell.column - column + 1) + " "
        text = join_lines(cell.lines, words)
        parts += [unplaced(bars), text] if bars else [text]
        length += len(bars)
        end = length + len(text.text)
        if cells and cell.column >= MAX_COLUMNS:
            cells[-1] = replace(cells[-1], end=end)
        else:
            first = min(cell.column, MAX_COLUMNS - 1)
            cells.append(Cell(length, end, first, min(cell.columns, MAX_COLUMNS - first)))
        length = end
        column = cell.column + cell.columns
    return join_texts(parts), cells


def _title(table: Table, text: str) -> str:
    """Return the caption and the header as the title of a table's section."""
    header = text[table.rows[0][0].start : table.rows[0][-1].end] if table.rows else ""
    if table.caption is None:
        return f"{table.label or 'Table'} [{header}]"
    return f"{text[slice(*table.caption)][:_MAX_CAPTION_TITLE]} [{header}]"
