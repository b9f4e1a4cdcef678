"""Build tables found in markup, and write them as text with one row per line."""

import re
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from ..types import MAX_COLUMNS, Cell, Span, Table

_LONGEST_TITLE = 200  # characters of a caption or header in the title of a table's section
_MAX_SPANNING = 100  # cells that span rows; more would make each of many rows long
_MAX_REPEATED = 3  # times the characters of a table's own cells
_LABEL = re.compile(r"((?:\w+ ){0,2}(?:fig(?:ure|\.)|table|algorithm|scheme|box|listing)\s*\w+(?:\.\w+)*)", re.I)
_NUMBER = re.compile(r"[<>≤≥~∼≈±+−–-]?\s*[$€£]?\d")


class CellText(NamedTuple):
    """A cell as read: its text, how many columns and rows it spans, and whether it is marked as a header."""

    text: str
    columns: int = 1
    rows: int = 1
    is_header: bool = False


class _Placed(NamedTuple):
    text: str
    column: int
    columns: int


@dataclass(slots=True)
class TableText:
    """A table being read: its label, caption, rows and notes.

    A cell that spans several rows is repeated in each of them, since each row has to make sense alone. Repetition stops
    where it would make a long table too long.
    """

    label: str | None = None
    caption: str = ""
    notes: list[str] = field(default_factory=list)
    rows: list[list[_Placed]] = field(default_factory=list)
    _header: list[bool] = field(default_factory=list)  # whether each row is marked as a header
    _spanning: dict[int, tuple[int, _Placed]] = field(default_factory=dict)  # by column: rows left, cell
    _own: int = 0  # characters of the cells, and of those that are repeated
    _repeated: int = 0

    def add_caption(self, text: str) -> None:
        """Add to the caption."""
        self.caption = f"{self.caption} {text}".strip()
        self.label = self.label or caption_label(text)

    def add_row(self, cells: Sequence[CellText], is_header: bool = False) -> None:
        """Add a row. It is a header if `is_header` or its cells are marked as such. Rows without text are left out.

        Cells beyond the maximum number of columns are joined to the last.
        """
        placed, self._spanning = self._placed(cells)
        if not any(cell.text for cell in cells):
            return
        self.rows.append(placed)
        self._header.append(is_header or all(cell.is_header for cell in cells))

    def _placed(self, cells: Sequence[CellText]) -> tuple[list[_Placed], dict[int, tuple[int, _Placed]]]:
        """Return the cells of a row in their columns, and the cells that span into the next row."""
        own = sorted(self._spanning)
        placed: list[_Placed] = []
        too_many: list[str] = []
        spanning: dict[int, tuple[int, _Placed]] = {}
        column = 0

        def repeat() -> None:
            nonlocal column
            while own and own[0] <= column:
                rows, cell = self._spanning[own.pop(0)]
                placed.append(self._repeated_cell(cell))
                column = max(column, cell.column + cell.columns)
                if rows > 1:
                    spanning[cell.column] = rows - 1, cell

        for cell in cells:
            repeat()
            if column >= MAX_COLUMNS:
                too_many.append(cell.text)
                continue
            columns = max(1, min(cell.columns, MAX_COLUMNS - column, own[0] - column if own else MAX_COLUMNS))
            placed.append(_Placed(cell.text, column, columns))
            self._own += len(cell.text)
            if cell.rows > 1 and len(spanning) < _MAX_SPANNING:
                spanning[column] = cell.rows - 1, placed[-1]
            column += columns
        while own:
            column = max(column, own[0])
            repeat()
        if too_many:
            placed[-1] = placed[-1]._replace(text=" ".join(filter(None, [placed[-1].text, *too_many])))
        return placed, spanning

    def _repeated_cell(self, cell: _Placed) -> _Placed:
        if self._repeated + len(cell.text) > _MAX_REPEATED * self._own:
            return cell._replace(text="")
        self._repeated += len(cell.text)
        return cell

    @property
    def header_rows(self) -> int:
        """How many of the first rows are the header: the marked ones, else the first if it has words above numbers."""
        marked = next((at for at, is_header in enumerate(self._header) if not is_header), 0)
        return marked or int(_is_over_numbers(self.rows))

    def title(self, heading: str | None) -> str | None:
        """Return the title of the table's section: its caption, else the heading, then the header in brackets."""
        header = " | ".join(row_line(row, 0)[0] for row in self.rows[: max(self.header_rows, 1)])
        parts = [self.caption or heading or "", f"[{header}]" if header else ""]
        return " ".join(textwrap.shorten(part, _LONGEST_TITLE, placeholder=" …") for part in parts).strip() or None

    def written(self, clean: Callable[[str], str], start: int) -> tuple[str, Table]:
        """Return the table as text, each part cleaned with `clean`, and the table with spans that begin at `start`."""
        lines: list[str] = []
        at = start

        def add(line: str) -> Span:
            nonlocal at
            span = Span(at, at + len(line))
            lines.append(line)
            at = span.end + 1
            return span

        caption = add(text) if (text := clean(self.caption).strip()) else None
        rows = []
        marked, header_rows = self.header_rows, 0
        for number, row in enumerate(self.rows):
            line, cells = row_line([cell._replace(text=clean(cell.text).strip()) for cell in row], at)
            if any(cell.start < cell.end for cell in cells):
                add(line)
                rows.append(cells)
                header_rows += number < marked
        notes = [add(text) for note in self.notes if (text := clean(note).strip())]
        return "\n".join(lines), Table(
            label=clean(self.label) if self.label else None,
            start=start,
            end=max(at - 1, start),
            caption=caption,
            header_rows=header_rows,
            rows=tuple(rows),
            notes=Span(notes[0].start, notes[-1].end) if notes else None,
        )


def caption_label(caption: str) -> str | None:
    """Return the label of a table or figure, such as `Table 1`, at the beginning of its caption."""
    label = _LABEL.match(caption)
    return label[1] if label else None


def row_line(cells: Sequence[_Placed], start: int) -> tuple[str, tuple[Cell, ...]]:
    """Return a row as a line, `label | cell | cell`, and its cells with spans that begin at `start`."""
    line = ""
    spans = []
    for number, cell in enumerate(cells):
        line += ("|" if not line else " |") if number else ""
        line += " " if line and cell.text else ""
        spans.append(Cell(start + len(line), start + len(line) + len(cell.text), cell.column, cell.columns))
        line += cell.text
    return line, tuple(spans)


def _is_over_numbers(rows: Sequence[Sequence[_Placed]]) -> bool:
    """Return whether the first row has only words where most other rows have a number."""
    if len(rows) < 2:
        return False
    first, *others = ([bool(_NUMBER.match(cell.text)) for cell in row[1:]] for row in rows)
    return bool(first) and not any(first) and sum(map(any, others)) > 0.5 * len(others)
