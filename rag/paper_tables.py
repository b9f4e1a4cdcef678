"""Find the tables of a stored paper, with their positions on its pages."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from .store.papers import Records
from .tables import QuotedTable, TableView, quoted_table, table_view
from .types import Box, Citation, Paper, Table

_ROWS_AROUND = 6  # a quoted row, on both sides


def paper_tables(records: Records, name: str) -> list[TableView]:
    """Return a paper's tables in the order of its text. Raise UnknownPaper or AmbiguousPaper."""
    paper = records.paper(name)
    if not paper.tables:
        return []
    first, last = min(table.start for table in paper.tables), max(table.end for table in paper.tables)
    boxes = records.boxes(records.paper_key(paper.id), first, last) / 10.0
    return [table_view(paper, table, tuple(_boxes(paper, table, boxes, first))) for table in paper.tables]


def cited_table(records: Records, citation: Citation) -> QuotedTable | None:
    """Return the table whose rows a citation quotes, with a few rows of context; None if it quotes no table.

    Raises:
        UnknownPaper: the paper was removed.
    """
    if "|" not in citation.quote:
        return None
    paper = records.paper(citation.paper_id)
    if paper.text[citation.start : citation.end] != citation.quote:  # it was read again
        return None
    return quoted_table(paper, citation.start, citation.end, _ROWS_AROUND)


def _boxes(paper: Paper, table: Table, boxes: NDArray[np.float64], first: int) -> Iterator[Box]:
    """Yield the rectangle of a table on each of its pages; `boxes` are those of the characters from `first` on."""
    on_pages: dict[int, list[NDArray[np.float64]]] = {}
    for page in paper.pages:
        start, end = max(page.start, table.start), min(page.end, table.end)
        if start < end:
            part = boxes[start - first : end - first]
            on_pages.setdefault(page.number, []).append(part[part[:, 2] > part[:, 0]])
    for number, parts in sorted(on_pages.items()):
        found = np.concatenate(parts)
        if len(found):
            yield Box(number, *found[:, :2].min(0).tolist(), *found[:, 2:].max(0).tolist())
