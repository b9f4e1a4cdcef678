"""Read the blocks of an HTML tree in order: paragraphs, headings, tables with their captions and notes, footnotes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, NamedTuple

from ..tables import CellText, TableText, caption_label
from .formulas import formula
from .tags import (
    BLOCK_TAGS,
    HEADINGS,
    is_cell,
    is_data_table,
    is_equation,
    is_hidden,
    is_in_head,
    is_linked,
    is_note,
    is_row,
    region_kind,
    words_of,
)  # fmt: skip

_POWER = re.compile(r"[-−–+]?\d{1,3}")
_MARKS = re.compile(r"\d{1,3}(?:\s?[,–-]\s?\d{1,3})*")  # of references and notes
_MAX_SPAN = 1000  # columns or rows of a cell, as in HTML's standard
_BLOCK_EDGE, _REGION_END = "\x1e", "\x1d"  # of type str, unlike the strings of a tree


class Block(NamedTuple):
    """A paragraph, a heading (with a level from 1), or a table."""

    text: str
    kind: str | None = None  # None if the heading decides
    title: str | None = None  # of a caption
    level: int = 0
    joins: bool = False  # an equation inside a sentence
    table: TableText | None = None


def read_blocks(root: Any) -> list[Block]:
    """Return the contents of a tag as blocks in order."""
    return _Reader(root).read()


def one_line(tag: Any, notes: list[Any] | None = None) -> str:
    """Return the text of a tag on one line; its footnotes are added to `notes` instead."""
    words: list[str] = []
    notes = [] if notes is None else notes
    left: list[Any] = [*reversed(tag.contents)]
    while left:
        node = left.pop()
        if not _take(node, words, notes):
            edge = [" "] if node.name in BLOCK_TAGS or node.name in HEADINGS or is_cell(node) else []
            words += edge
            left += [*edge, *reversed(node.contents)]
    return " ".join("".join(words).split())


Table = TableText | None


class _Reader:
    """Reads a tree in order, without recursion because tags may nest deeply."""

    def __init__(self, root: Any) -> None:
        self.blocks: list[Block] = []
        self.words: list[str] = []  # of the current block
        self.notes: list[Any] = []  # footnotes to be written after the current block
        self.regions: list[tuple[str | None, Table]] = [(None, None)]  # kind; the table, inside one
        self.left: list[Any] = [*reversed(root.contents)]

    def read(self) -> list[Block]:
        while self.left:
            node = self.left.pop()
            if type(node) is str:
                self._end_block()
                if node == _REGION_END:
                    self._end_region()
                    self._end_block()
            elif not _take(node, self.words, self.notes):
                self._open(node)
        self._end_block()
        return [_without_empty_table(block) for block in self.blocks if block.text or block.level or block.table]

    @property
    def _table(self) -> Table:
        return self.regions[-1][1]

    def _open(self, tag: Any) -> None:
        if not (read := self._reading(tag)):
            self.left += reversed(tag.contents)
            return
        self._end_block()
        read(tag)

    def _reading(self, tag: Any) -> Callable[[Any], None] | None:
        """Return the method that reads a tag, or None for a tag inside a block."""
        if tag.name in HEADINGS:
            return self._read_heading
        if region_kind(tag):
            return self._read_region
        if is_data_table(tag):
            return self._read_table
        if tag.name in ("figcaption", "caption"):
            return self._read_caption
        if is_equation(tag):
            return self._read_equation
        if is_row(tag, in_table=self._table is not None):
            return self._read_row
        return self._read_block if tag.name in BLOCK_TAGS else None

    def _read_heading(self, tag: Any) -> None:
        self.blocks.append(Block(one_line(tag, self.notes), self.regions[-1][0], level=int(tag.name[1])))

    def _read_region(self, tag: Any) -> None:
        kind = region_kind(tag)
        self.blocks.append(Block("", kind, level=7))
        self._begin_region(tag, kind, None)

    def _read_table(self, tag: Any) -> None:
        table = self._table
        if table is None:  # otherwise it is in the figure around this table
            table = TableText()
            self.blocks.append(Block("", "table", table=table))
        self._begin_region(tag, "table", table)

    def _read_caption(self, tag: Any) -> None:
        text = one_line(tag, self.notes)
        if self._table:
            self._table.add_caption(text)
        else:
            self.blocks.append(Block(text, "caption", caption_label(text)))

    def _read_equation(self, tag: Any) -> None:
        self.words.append(one_line(tag, self.notes))
        self._end_block(joins=True)

    def _read_row(self, tag: Any) -> None:
        cells = _cells(tag, self.notes)
        if self._table:
            self._table.add_row(cells, is_in_head(tag))
        elif any(cell.text for cell in cells):
            self.words.append(" | ".join(cell.text for cell in cells))
        self._end_block()

    def _read_block(self, tag: Any) -> None:
        self.left += [_BLOCK_EDGE, *reversed(tag.contents)]

    def _begin_region(self, tag: Any, kind: str | None, table: Table) -> None:
        self.regions.append((kind, table))
        self.left += [_REGION_END, *reversed(tag.contents)]

    def _end_region(self) -> None:
        table = self._table
        while self.notes and table:
            if text := one_line(self.notes.pop(0), self.notes):
                table.notes.append(text)
        self.blocks.extend([] if table else [Block("", "body", level=7)])
        self.regions.pop()

    def _end_block(self, joins: bool = False) -> None:
        kind, table = self.regions[-1]
        text = " ".join("".join(self.words).split())
        self.words.clear()
        if text and table:
            if table.rows:
                table.notes.append(text)
            else:
                table.add_caption(text)
        elif text:
            self.blocks.append(Block(text, kind, joins=joins))
        while self.notes and not table:  # a note may contain notes
            if text := one_line(self.notes.pop(0), self.notes):
                self.blocks.append(Block(text, "footnote"))


def _take(node: Any, words: list[str], notes: list[Any]) -> bool:
    """Add a text or formula to `words`, or a footnote to `notes`; return False if the children must be read."""
    from bs4.element import CData, NavigableString, Tag

    if not isinstance(node, Tag):
        words += [node] if type(node) in (str, NavigableString, CData) else []
        return True
    if node.name == "math":
        words.append(formula(node))
    elif is_note(node):
        notes.append(node)
    elif node.name == "br":
        words.append("\n")
    elif not is_hidden(node):
        if node.name == "sup" and _MARKS.fullmatch(mark := node.get_text().strip()) and is_linked(node):
            words.append(f"[{mark}]" if words and words[-1][-1:].strip(" [(") else mark)
            return True
        if node.name == "sup" and words and words[-1][-1:].isdigit() and _POWER.fullmatch(node.get_text().strip()):
            words.append(" " if is_linked(node) else "^")  # 40 (12) is not 4012
        return False
    return True


def _cells(row: Any, notes: list[Any]) -> list[CellText]:
    """Return the cells of a row; a table nested in a cell is part of the cell's text."""
    cells: list[CellText] = []
    left: list[Any] = [*reversed(row.contents)]
    while left:
        node = left.pop()
        if not node.name:
            continue
        if is_cell(node):
            is_header = node.name == "th" or "ltx_th" in words_of(node)
            cells.append(CellText(one_line(node, notes), _span(node, "colspan"), _span(node, "rowspan"), is_header))
        else:
            left += reversed(node.contents)
    return cells


def _span(cell: Any, name: str) -> int:
    """Return how many columns or rows a cell spans; 0 rows means all remaining rows of its part of the table."""
    number = str(cell.get(name) or "").strip()
    value = int(number) if re.fullmatch(r"\d{1,6}", number, re.ASCII) else 1
    return min(value or (_MAX_SPAN if name == "rowspan" else 1), _MAX_SPAN)


def _without_empty_table(block: Block) -> Block:
    """Return a table without rows, which may be an image, as a caption block."""
    if block.table is None or block.table.rows:
        return block
    text = " ".join([block.table.caption, *block.table.notes]).strip()
    return Block(text, "caption", block.table.label)
