"""Read the cells of tables as text, and convert tables to JSON values and back."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from .plain import plain
from .text.readable import readable
from .types import MAX_COLUMNS, Box, Cell, Paper, Span, Table


@dataclass(frozen=True, slots=True)
class TableView:
    """A table of a paper, with its text in readable form.

    Attributes:
        label: `Table 1`; "" if it has none.
        header, rows: the texts of the rows, by column. A cell that spans several columns is in the first of them, and
            the others are empty. A row ends with its last cell.
        notes: the text below the rows.
        pages: the numbers of its pages.
        boxes: its rectangle on each page, if it was read from a PDF.
        spans: the positions of all these in the paper's text; `spans.rows` includes the header rows.
    """

    label: str
    caption: str
    header: tuple[tuple[str, ...], ...]
    rows: tuple[tuple[str, ...], ...]
    notes: str
    pages: tuple[int, ...]
    boxes: tuple[Box, ...]
    spans: Table

    def to_dict(self) -> dict[str, Any]:
        """Return the table as values that `json.dumps` accepts."""
        values: dict[str, Any] = plain(self)
        return values


class QuotedTable(NamedTuple):
    """The part of a table around quoted rows.

    Attributes:
        table: the header, the quoted rows and some rows around them.
        quoted: the indexes of the quoted rows in `table.spans.rows`.
        left_out: how many rows are before and after that part.
    """

    table: TableView
    quoted: tuple[int, ...]
    left_out: tuple[int, int]


def quoted_table(paper: Paper, start: int, end: int, around: int) -> QuotedTable | None:
    """Return the table whose rows `text[start:end]` quotes, with `around` more rows on each side, or None."""
    table = paper.table_at(start)
    quoted = table.rows_at(start, end) if table else []
    if table is None or not quoted:
        return None
    head = table.header_rows
    first, last = max(quoted[0] - around, head), min(quoted[-1] + around + 1, len(table.rows))
    rows = (*table.rows[:head], *table.rows[first:last])
    indexes = tuple(row if row < head else row - first + head for row in quoted)
    return QuotedTable(table_view(paper, replace(table, rows=rows)), indexes, (first - head, len(table.rows) - last))


def table_view(paper: Paper, table: Table, boxes: Sequence[Box] = ()) -> TableView:
    """Return a table of a paper as text, with its boxes."""
    rows = tuple(_row_texts(paper.text, row) for row in table.rows)
    pages = {page.number for page in paper.pages if page.start < table.end and table.start < page.end}
    return TableView(
        label=readable(table.label or ""),
        caption=_text(paper.text, table.caption) if table.caption else "",
        header=rows[: table.header_rows],
        rows=rows[table.header_rows :],
        notes=readable(paper.text[slice(*table.notes)]) if table.notes else "",
        pages=tuple(sorted(pages)),
        boxes=tuple(boxes),
        spans=table,
    )


def _row_texts(text: str, row: Sequence[Cell]) -> tuple[str, ...]:
    texts = [""] * max((cell.column + cell.columns for cell in row), default=0)
    for cell in row:
        texts[cell.column] = _text(text, (cell.start, cell.end))
    return tuple(texts)


def _text(text: str, span: tuple[int, int]) -> str:
    return " ".join(readable(text[slice(*span)]).split())


def plain_tables(tables: Sequence[Table]) -> list[list[Any]]:
    """Return tables as JSON values, each row as one flat list of numbers.

    For each cell these are its distance in characters from the previous cell, its length, its first column and its
    number of columns: small numbers, which compress to a quarter.
    """
    return [
        [
            *(table.label, table.start, table.end, table.caption, table.header_rows),
            list(_numbers(table)),
            table.notes,
        ]
        for table in tables
    ]


def _numbers(table: Table) -> Iterator[list[int]]:
    last = table.start
    for row in table.rows:
        numbers: list[int] = []
        for cell in row:
            numbers += (cell.start - last, cell.end - cell.start, cell.column, cell.columns)
            last = cell.end
        yield numbers


def made_tables(values: Sequence[Sequence[Any]], length: int) -> tuple[Table, ...]:
    """Return tables from the values of `plain_tables`, in a text of `length` characters.

    Raise ValueError or TypeError if they are malformed, or a span is not in the text.
    """
    return tuple(_made_table(length, *value) for value in values)


def _made_table(
    length: int, label: Any, start: Any, end: Any, caption: Any, header_rows: Any, rows: Any, notes: Any
) -> Table:
    start, end = _span((start, end), 0, length)
    cells = tuple(_made_rows(rows, start, end))
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


def _made_rows(rows: Sequence[Sequence[Any]], first: int, last: int) -> Iterator[tuple[Cell, ...]]:
    end = first
    for numbers in rows:
        cells = []
        quadruples = [iter(map(int, numbers))] * 4
        for gap, length, column, columns in zip(*quadruples, strict=True):
            start = end + gap
            end = start + length
            if not (first <= start <= end <= last and 0 <= column < column + columns <= MAX_COLUMNS):
                raise ValueError("a cell outside of its table")
            cells.append(Cell(start, end, column, columns))
        if not cells:
            raise ValueError("a row without cells")
        yield tuple(cells)


def _span(span: Sequence[Any], first: int, last: int) -> Span:
    start, end = map(int, span)
    if not first <= start <= end <= last:
        raise ValueError("span outside of the text")
    return Span(start, end)
