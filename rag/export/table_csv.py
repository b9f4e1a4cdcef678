"""Write tables as CSV that is safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence

from ..tables import TableView
from ..text.cleaning import clean

# A spreadsheet treats a cell that begins with one of these as a formula, unless it is a number.
_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]")
_NUMBER = re.compile(r"[+-]\.?\d[\d\s()\[\]%*†‡±/.,;:–-]*")


def tables_csv(tables: Sequence[TableView]) -> str:
    """Return tables as CSV: each as its caption, its rows and its notes, with a blank line between tables.

    A cell that a spreadsheet would run as a formula gets an apostrophe before it.
    """
    return "\n".join(map(_table_csv, tables))


def _table_csv(table: TableView) -> str:
    written = io.StringIO()
    caption = table.caption or table.label
    notes = [[note] for note in table.notes.split("\n") if note]
    rows = [*([[caption]] if caption else []), *table.header, *table.rows, *notes]
    csv.writer(written, lineterminator="\n").writerows([_inert(cell) for cell in row] for row in rows)
    return written.getvalue()


def _inert(cell: str) -> str:
    text = clean(cell)
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text
