"""Read a table as values, each with the label of its row and the header of its column.

- The header of a column is what stands above it in all header rows, cells that cover several columns included.
- The label of a row is its first cell, with the cells of words after it; first cells that are empty take those above.
- A row of one cell alone is the label of a group: of the rows below it, up to the next such row.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from typing import NamedTuple

from ..text.readable import readable
from ..types import Cell, Span, Table

_MOST_LABELS = 4  # cells that the label of a row is made of
_LONGEST_LABEL = 100  # characters
_MOSTLY = 0.6  # share of the filled cells of a column that are numbers in a column of numbers
_EMPTY = re.compile(r"[\s.…*‐‑–—−/-]*|n\.?\s?/?\s?[ad]\.?", re.IGNORECASE)
_NUMBER = re.compile(r"[<>≤≥=~∼≈±$€£¥(\s]*[+−–-]?\s?\.?\d")
_FIRST_NUMBER = re.compile(r"([−–-]?)\s?(\d{1,3}(?:[,\u2009\u202f]\d{3})+(?:\.\d+)?|\d+(?:[.·]\d+)?|[.·]\d+)")


class Value(NamedTuple):
    """A filled cell that is no label: its row's index in the table, its column, and what it is the value of."""

    row: int
    column: int
    group: str
    label: str
    header: str
    text: str


class LabelledTable(NamedTuple):
    """A table's values in order, and the header of its first column, which names what the rows are."""

    values: tuple[Value, ...]
    corner: str


def labelled(text: str, table: Table) -> LabelledTable:
    """Return the values of a table in a paper's text, with their labels and headers."""
    rows = [_texts(text, row) for row in table.rows]
    count = _header_rows(rows, table.header_rows)
    body = rows[count:]
    width = max((len(row) for row in rows), default=0)
    headers = _headers(rows[:count], table.rows[:count], width)
    names = _label_columns(body)
    values: list[Value] = []
    group = ""
    above: list[str] = [""] * names
    for at, row in enumerate(body, start=count):
        filled = [column for column, cell in enumerate(row) if cell]
        if filled == [0] and not is_number(row[0]):
            group, above = row[0], [""] * names
            continue
        first = filled[0] if filled else 0
        above = [above[i] if i < first else row[i] if i < len(row) else "" for i in range(names)]
        values += [
            Value(at, column, group, _joined(above[: min(column, names)], ", "), headers[column], row[column])
            for column in filled
            if column >= 1 and not _EMPTY.fullmatch(row[column])
        ]
    return LabelledTable(tuple(values), headers[0] if headers else "")


def is_number(text: str) -> bool:
    """Return whether a cell begins with a number."""
    return bool(_NUMBER.match(text))


def number_in(text: str) -> float | None:
    """Return the first number in a cell: 82.7 of `82.7 ± 0.3`, 1234 of `1,234 (12%)`; None if there is none."""
    match = _FIRST_NUMBER.search(text)
    if not match:
        return None
    digits = match[2].replace("·", ".").translate({ord(sign): None for sign in ",\u2009\u202f"})
    return -float(digits) if match[1] else float(digits)


def row_span(text: str, row: Sequence[Cell]) -> Span:
    """Return the whole line of a row."""
    start = text.rfind("\n", 0, row[0].start) + 1
    end = text.find("\n", row[-1].end)
    line = text[start : end if end >= 0 else len(text)]
    return Span(start + len(line) - len(line.lstrip()), start + len(line.rstrip()))


def _texts(text: str, row: Sequence[Cell]) -> list[str]:
    texts = [""] * max(cell.column + cell.columns for cell in row)
    for cell in row:
        texts[cell.column] = " ".join(readable(text[cell.start : cell.end]).split())
    return texts


def _header_rows(rows: Sequence[Sequence[str]], count: int) -> int:
    """Return how many of the first rows are the header: a row of several words without a label continues it."""
    while 0 < count < len(rows) - 1:
        filled = [cell for cell in rows[count][1:] if cell]
        if rows[count][0] or len(filled) < 2 or any(map(is_number, filled)):
            break
        count += 1
    return count


def _headers(texts: Sequence[Sequence[str]], rows: Sequence[Sequence[Cell]], width: int) -> list[str]:
    """Return the header of each column.

    Above another header, an empty cell continues the one to its left, up to where a cell begins in a row above.
    """
    lines: list[list[str]] = []
    begun: set[int] = {0, 1}
    for number, (words, cells) in enumerate(zip(texts, rows, strict=True)):
        line = [""] * width
        for cell in cells:
            line[cell.column : cell.column + cell.columns] = [words[cell.column]] * cell.columns
        if number < len(rows) - 1:
            for column in range(width):
                line[column] = line[column] or (line[column - 1] if column not in begun else "")
        begun.update(cell.column for cell in cells if words[cell.column])
        lines.append(line)
    return [_joined([line[column] for line in lines], " ") for column in range(width)]


def _label_columns(body: Sequence[Sequence[str]]) -> int:
    """Return how many of the first columns hold labels: the first one, and columns of words before one of numbers."""
    width = max((len(row) for row in body), default=0)
    shares = [_share_of_numbers([row[column] for row in body if column < len(row)]) for column in range(width)]
    first = next((column for column in range(1, width) if shares[column] >= _MOSTLY), 0)
    return first if 1 <= first <= _MOST_LABELS else 1


def _share_of_numbers(cells: Sequence[str]) -> float:
    filled = [is_number(cell) for cell in cells if not _EMPTY.fullmatch(cell)]
    return sum(filled) / len(filled) if filled else 0.0


def _joined(parts: Sequence[str], between: str) -> str:
    """Return the parts that are not empty, each once in a row, as far as they are short."""
    kept = [part for part, _ in itertools.groupby(part for part in parts if part)]
    text = between.join(kept)
    return text if len(text) <= _LONGEST_LABEL else text[:_LONGEST_LABEL].rsplit(" ", 1)[0] + " …"
