"""Join the parts of tables that continue in the next column or on the next page."""

from __future__ import annotations

from collections.abc import Sequence

from .paragraphs import Paragraph
from .table_grid import PrintedCell
from .tables import PrintedTable

_SAME_WIDTH = 0.05  # share by which the widths of two parts of a table may differ


def join_tables(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Return the paragraphs with each table in one piece, at the position of its first part."""
    out: list[Paragraph] = []
    last: Paragraph | None = None
    wholes: dict[int, Paragraph] = {}  # id of a part -> whole table
    for paragraph in paragraphs:
        if paragraph.table is None:
            out.append(paragraph)
            continue
        whole = wholes.get(id(paragraph.table.continues))
        if whole is None and last and last.table and _goes_on(last.table, paragraph.table):
            whole = last
        if whole and whole.table:
            _append(whole.table, paragraph.table)
            whole.lines, whole.label = [*whole.lines, *paragraph.lines], whole.table.label
        else:
            out.append(paragraph)
            whole = last = paragraph
        wholes[id(paragraph.table)] = whole
    return out


def _goes_on(table: PrintedTable, following: PrintedTable) -> bool:
    """Return whether a part repeats the table's label, or one of the two has the other's columns but no caption."""
    if table.label == following.label and table.label is not None:
        return True
    if (table.label and following.label) or following.page - table.page != 1:
        return False
    width, other = (each.frame.right - each.frame.left for each in (table, following))
    return following.grid.columns == table.grid.columns and abs(width - other) < _SAME_WIDTH * width


def _append(table: PrintedTable, following: PrintedTable) -> None:
    header = [_texts(row) for row in table.grid.rows[: table.grid.header_rows]]
    rows = following.grid.rows
    repeated = 0
    while repeated < min(len(header), len(rows)) and _texts(rows[repeated]) == header[repeated]:
        repeated += 1
    table.grid.rows += rows[repeated:]
    table.grid.columns = max(table.grid.columns, following.grid.columns)
    table.notes += following.notes
    if table.label is None:
        table.label, table.caption = following.label, following.caption
    table.page = following.page


def _texts(row: Sequence[PrintedCell]) -> list[str]:
    return [" ".join(line.text for line in cell.lines) for cell in row]
