"""Group the lines of a page into blocks in reading order: text, captions, tables and footnotes."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .captions import figure_lettering, find_captions, is_caption_of
from .columns import Block, Typography, reading_order, stays_in_column
from .line_pieces import baseline, merge_pieces
from .lines import Line, PageLines
from .table_rules import draw_dotted_rules
from .tables import find_tables

_MAX_IMPRINT_LINES = 12
_IMPRINT = re.compile(
    r"\W*(?:\(c\)\s|©|copyright\b|(?:19|20)\d\d the authors?\b|to whom correspondence|correspond\w+ (?:to:|authors?\b)"
    r"|e-?mail(?: address(?:es)?)?:|electronic supplementary material|(?:https?://)?(?:dx\.)?doi(?:\.org/|:)\s?10\.\S+$)",
    re.I,
)


def find_blocks(page: PageLines, typography: Typography) -> list[Block]:
    """Return the blocks of a page in reading order, without the lettering of figures."""
    typography = typography._replace(lefts=typography.lefts_by_side[page.number % 2])
    page = draw_dotted_rules(page)
    lines = sorted(page.lines, key=lambda line: (line.top, line.left))
    captions = find_captions(lines, typography)
    tables = [
        Block([*table.body, *table.notes], "table", table.label, table)
        for table in find_tables(page, lines, captions, typography)
    ]
    in_tables = [line for block in tables if block.table for line in block.table.lines]
    captions = [caption for caption in captions if not {id(li) for li in caption.lines} & {id(li) for li in in_tables}]
    free = _without(lines, [*in_tables, *(line for caption in captions for line in caption.lines)])
    for caption in captions:
        if is_caption_of("fig", caption):
            free = _without(free, figure_lettering(caption, free, page, typography))
    blocks = _group(merge_pieces(free, typography.lefts), typography)
    _mark_footnotes(blocks, page, typography)
    beside = [block for block in blocks if _is_beside_columns(block, page, typography)]
    for block in beside:
        block.kind = "footnote"
    text = [block for block in blocks if block not in beside]
    return [*reading_order([*text, *captions, *tables], typography.lefts), *beside]


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
    """Return whether a line is the next one of a block: below it, in its column, and in similar type."""
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
    for block in blocks:
        first = block.lines[0]
        small = first.size <= 0.88 * typography.size
        marked = first.size < 0.95 * typography.size and bool(re.match(r"[\d*∗†‡§¶]", first.text))
        below = [b for b in blocks if b.top > block.bottom - 2 and b.left < block.right and b.right > block.left]
        last = all(b.lines[0].size <= 0.95 * typography.size for b in below)
        imprint = bool(_IMPRINT.match(first.text)) and len(block.lines) < _MAX_IMPRINT_LINES
        if block.top > 0.4 * page.height and (((small or marked) and last) or imprint):
            block.kind = "footnote"


def _is_beside_columns(block: Block, page: PageLines, typography: Typography) -> bool:
    """Return whether a block is in the margin left of all columns: a licence, dates and the like on a first page."""
    edge = typography.lefts[0] if typography.lefts else 0.0
    return block.right < edge and block.left < 0.12 * page.width and block.lines[0].size < typography.size
