"""Write the tables of a paper to a terminal in aligned columns."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from ..text.cleaning import clean

if TYPE_CHECKING:
    from .. import TableView

_WIDEST = 60  # of a column; longer cells are wrapped
_NARROWEST = 8  # of a column that is narrowed to fit the terminal
_GAP = "  "


def table_text(table: TableView) -> str:
    """Return a table as text: its caption and page, its rows in aligned columns with a rule below the header, notes."""
    rows = [[clean(cell) for cell in row] for row in (*table.header, *table.rows)]
    widths = _fitting(_widths(rows))
    rule = _GAP.join("-" * width for width in widths)
    lines = [line for row in rows[: len(table.header)] for line in _row_lines(row, widths)]
    lines += [rule] if table.header else []
    lines += [line for row in rows[len(table.header) :] for line in _row_lines(row, widths)]
    pages = ", ".join(map(str, table.pages))
    place = f"({'p.' if len(table.pages) == 1 else 'pp.'} {pages})" if pages else ""
    caption = " ".join(filter(None, [table.caption or table.label or "Table", place]))
    return clean("\n".join(filter(None, [caption, *lines, table.notes])))


def _widths(rows: Sequence[Sequence[str]]) -> list[int]:
    """Return the width of each column: the length of its longest cell, within limits."""
    widths = [1] * max(map(len, rows), default=0)
    for row in rows:
        for column, cell in enumerate(row):
            widths[column] = max(widths[column], min(_width(cell), _WIDEST))
    return widths


def _fitting(widths: Sequence[int]) -> list[int]:
    """Return the widths, with the widest columns narrowed until a row fits into the terminal, if there is one."""
    fitting = list(widths)
    most = shutil.get_terminal_size().columns if sys.stdout.isatty() else sum(fitting) + len(_GAP) * len(fitting)
    while sum(fitting) + len(_GAP) * (len(fitting) - 1) > most and max(fitting) > _NARROWEST:
        fitting[fitting.index(max(fitting))] -= 1
    return fitting


def _row_lines(row: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """Yield the lines of a row; a cell that is longer than its column continues on the next line."""
    cells = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=False)]
    for parts in zip_longest(*cells, fillvalue=""):
        padded = (part + " " * (width - _width(part)) for part, width in zip(parts, widths, strict=False))
        yield _GAP.join(padded).rstrip()


def _wrapped(cell: str, width: int) -> list[str]:
    characters = width if _width(cell) == len(cell) else max(width // 2, 1)
    return [cell] if _width(cell) <= width else textwrap.wrap(cell, characters)


def _width(text: str) -> int:
    """Return how many terminal columns a text takes; Chinese characters take two."""
    from rich.cells import cell_len

    return len(text) if text.isascii() else cell_len(text)
