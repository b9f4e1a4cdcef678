"""Group the lines of a page into blocks in reading order: text, captions, tables and footnotes."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np

from .captions import figure_lettering, find_captions, is_caption_of, join_pictures
from .columns import Block, Typography, stays_in_column
from .line_pieces import baseline, merge_pieces
from .lines import Line, PageLines
from .reading_order import reading_order, split_bands
from .table_rules import draw_dotted_rules
from .tables import PrintedTable, find_tables

_MAX_IMPRINT_LINES = 12
_IMPRINT = re.compile(
    r"\W*(?:\(c\)\s|©|copyright\b|(?:19|20)\d\d the authors?\b|to whom correspondence|correspond\w+ (?:to:|authors?\b)"
    r"|e-?mail(?: address(?:es)?)?:|electronic supplementary material|(?:https?://)?(?:dx\.)?doi(?:\.org/|:)\s?10\.\S+$)",
    re.I,
)


def find_blocks(page: PageLines, typography: Typography, open_table: PrintedTable | None = None) -> list[Block]:
    """Return the blocks of a page in reading order, without the labels inside figures.

    `open_table` is the table at the end of the previous page.
    """
    typography = typography._replace(lefts=typography.lefts_by_page[page.number])
    page = draw_dotted_rules(page)
    lines = sorted(page.lines, key=lambda line: (line.top, line.left))
    captions = find_captions(lines, typography)
    tables = [
        Block([*table.body, *table.notes], "table", table.label, table)
        for table in find_tables(page, lines, captions, typography, open_table)
    ]
    in_tables = [line for block in tables if block.table for line in block.table.lines]
    table_ids = {id(line) for line in in_tables}
    captions = [caption for caption in captions if table_ids.isdisjoint(map(id, caption.lines))]
    free = _without(lines, [*in_tables, *(line for caption in captions for line in caption.lines)])
    pictures = join_pictures(page)
    for caption in captions:
        if is_caption_of("fig", caption):
            free = _without(free, figure_lettering(caption, free, pictures, typography))
    blocks = _group(merge_pieces(free, typography.lefts), typography)
    _mark_footnotes(blocks, page, typography)
    beside = [block for block in blocks if _is_beside_columns(block, page, typography)]
    for block in beside:
        block.kind = "footnote"
    text = [block for block in blocks if block not in beside]
    bands = split_bands([*text, *captions, *tables], page.rules, typography.pitch)
    return [*(block for band in bands for block in reading_order(band, typography.lefts)), *beside]


def last_table(blocks: Sequence[Block]) -> PrintedTable | None:
    """Return the table at the foot of a page, with nothing below it, which may continue on the next page."""
    lowest = max(blocks, key=lambda block: block.bottom, default=None)
    return lowest.table if lowest and lowest.table and not lowest.table.notes else None


def _without(lines: Sequence[Line], removed: Sequence[Line]) -> list[Line]:
    ids = {id(line) for line in removed}
    return [line for line in lines if id(line) not in ids]


def _group(lines: Sequence[Line], typography: Typography) -> list[Block]:
    blocks: list[Block] = []
    for line in lines:
        above = [block for block in blocks[-40:] if _continues(block, line, typography)]
        if above:
            max(above, key=lambda block: baseline(block.lines[-1])).lines.append(line)
        else:
            blocks.append(Block([line]))
    return blocks


def _continues(block: Block, line: Line, typography: Typography) -> bool:
    """Return whether a line continues a block: below it, in its column, in similar type."""
    last = block.lines[-1]
    step = baseline(line) - baseline(last)
    max_step = 1.35 * typography.pitch * (max(line.size, last.size) / typography.size)
    overlap = min(last.right, line.right) - max(last.left, line.left)
    narrow = min(last.right - last.left, line.right - line.left)
    if not 0 < step < max_step or overlap < 0.3 * narrow or not stays_in_column(line, block, typography.lefts):
        return False
    return abs(line.size - last.size) <= 0.6 or (len(line.text) < 12 and abs(line.size - last.size) < 2.5)


def _mark_footnotes(blocks: Sequence[Block], page: PageLines, typography: Typography) -> None:
    """Mark blocks in small type at the foot of a column, and imprints, as footnotes."""
    boxes = np.array([(b.left, b.top, b.right, b.bottom, b.lines[0].size) for b in blocks]).reshape(-1, 5)
    lefts, tops, rights, _, sizes = boxes.T
    for block, (left, top, right, bottom, size) in zip(blocks, boxes.tolist(), strict=True):
        first = block.lines[0]
        small = size <= 0.88 * typography.size
        marked = size < 0.95 * typography.size and bool(re.match(r"[\d*∗†‡§¶]", first.text))
        imprint = bool(_IMPRINT.match(first.text)) and len(block.lines) < _MAX_IMPRINT_LINES
        if top <= 0.4 * page.height or not (small or marked or imprint):
            continue
        below = (tops > bottom - 2) & (lefts < right) & (rights > left)
        if imprint or bool((sizes[below] <= 0.95 * typography.size).all()):
            block.kind = "footnote"


def _is_beside_columns(block: Block, page: PageLines, typography: Typography) -> bool:
    """Return whether a block is in the margin to the left of all columns, like a licence or dates on a first page."""
    edge = typography.lefts[0] if typography.lefts else 0.0
    return block.right < edge and block.left < 0.12 * page.width and block.lines[0].size < typography.size
