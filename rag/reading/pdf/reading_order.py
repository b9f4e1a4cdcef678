"""Put the blocks of a page in reading order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .columns import Block

_MAX_LINE_HEIGHT = 20  # points
_MAX_BLOCKS = 800  # compared with each other; further ones are labels in a drawing
_MAX_COLUMNS = 6
_MIN_BAND_GAP = 1.2  # times the line distance, between columns that end and the text below them
_RULE_SHARE = 0.6  # of the text's width; a rule this wide runs across the columns
_SMALLER = 0.6  # points
_TOUCH = 3  # points by which neighbours may overlap

Relation = NDArray[np.bool_]  # (n, n): whether it holds from the row's block to the column's


def reading_order(blocks: Sequence[Block], lefts: Sequence[float] = ()) -> list[Block]:
    """Order blocks from top to bottom in each column, columns from left to right, and spanning blocks between them.

    On a page with too many blocks, those with the least text come last, from top to bottom.
    """
    if len(blocks) > _MAX_BLOCKS:
        by_length = sorted(blocks, key=lambda block: -sum(len(line.text) for line in block.lines))
        last = sorted(by_length[_MAX_BLOCKS:], key=lambda block: (block.top, block.left))
        return [*reading_order(by_length[:_MAX_BLOCKS], lefts), *last]
    blocks = sorted(blocks, key=lambda block: (block.top, block.left))
    if len(blocks) < 2:
        return blocks
    boxes = np.array([(block.left, block.top, block.right, block.bottom) for block in blocks])
    before = _precedes(boxes, lefts)
    waits_for = before.sum(0)
    waiting = np.ones(len(blocks), bool)
    out: list[Block] = []
    for _ in blocks:
        ready = np.flatnonzero(waiting & (waits_for == 0))
        at = int(ready[0]) if len(ready) else int(np.flatnonzero(waiting)[0])
        out.append(blocks[at])
        waiting[at] = False
        waits_for -= before[at]
    return out


def split_bands(blocks: Sequence[Block], rules: Sequence[Sequence[float]], pitch: float) -> list[list[Block]]:
    """Split a page where columns end together above other columns, as the text does above the references.

    This is where a rule runs across the columns, or where all text below is in smaller type.
    """
    bands: list[list[Block]] = []
    bottom = float("-inf")
    rows = sorted(blocks, key=lambda block: block.top)
    for at, block in enumerate(rows):
        above = bands[-1] if bands else []
        if not bands or (block.top - bottom > _MIN_BAND_GAP * pitch and _is_cut(above, rows[at:], bottom, rules)):
            bands.append([])
        bands[-1].append(block)
        bottom = max(bottom, block.bottom)
    return bands


def _is_cut(above: Sequence[Block], below: Sequence[Block], bottom: float, rules: Sequence[Sequence[float]]) -> bool:
    if not (_has_columns(above) and _has_columns(below)):
        return False
    left, right = min(block.left for block in above), max(block.right for block in above)
    top = below[0].top
    ruled = any(bottom < rule[1] < top and rule[2] - rule[0] > _RULE_SHARE * (right - left) for rule in rules)
    smallest = min((block.lines[0].size for block in above if block.kind == "text"), default=0.0)
    return ruled or all(block.lines[0].size < smallest - _SMALLER for block in below)


def _has_columns(blocks: Sequence[Block]) -> bool:
    """Return whether the block with the most lines has another of several lines beside it."""
    tall = sorted(blocks, key=lambda block: -len(block.lines))[:_MAX_COLUMNS]
    first = tall[0]
    return any(
        len(other.lines) > 1
        and (other.left >= first.right or other.right <= first.left)
        and min(first.bottom, other.bottom) > max(first.top, other.top)
        for other in tall[1:]
    )


def _precedes(boxes: NDArray[np.floating], lefts: Sequence[float]) -> Relation:
    left, top, right, bottom = boxes.T
    shared = np.minimum.outer(right, right) - np.maximum.outer(left, left) > _TOUCH
    is_higher = np.less.outer(top + bottom, top + bottom)
    above = _is_centred_above(boxes, lefts) | _is_above_heading(boxes)
    is_left = ~np.greater.outer(left, left)
    beside = np.where(is_left, ~above.T & ~_is_below_spanning(boxes), above)
    precedes: Relation = np.where(shared, is_higher, beside)
    np.fill_diagonal(precedes, val=False)
    return precedes


def _overlaps(boxes: NDArray[np.floating]) -> Relation:
    """Return which blocks overlap horizontally."""
    left, _, right, _ = boxes.T
    overlaps: Relation = np.less.outer(left, right - _TOUCH) & np.greater.outer(right, left + _TOUCH)
    return overlaps


def _exists(first: Relation, second: Relation) -> Relation:
    """Return for each pair (a, b) whether some block c has first(c, a) and second(c, b)."""
    found: Relation = first.T.astype(np.float32) @ second.astype(np.float32) > 0.5
    return found


def _is_below_spanning(boxes: NDArray[np.floating]) -> Relation:
    """Return whether a block is below one that spans both columns, and the other block is above that."""
    _, top, _, bottom = boxes.T
    overlaps = _overlaps(boxes)
    spans_above = overlaps & np.less_equal.outer(bottom - _TOUCH, top)
    spans_below = overlaps & np.greater_equal.outer(top + _TOUCH, bottom - _TOUCH)
    found: Relation = np.greater.outer(top, top) & _exists(spans_above, spans_below)
    return found


def _is_centred_above(boxes: NDArray[np.floating], lefts: Sequence[float]) -> Relation:
    """Return whether a block is above another in its column, and no block level with the first is above the other."""
    left, top, _, bottom = boxes.T
    is_above = np.less_equal.outer(bottom - _TOUCH, top)
    for edge in lefts:
        is_above &= ~((edge <= left + 4)[:, None] & (edge > left + 4)[None, :])
    level = np.less.outer(top, bottom - _TOUCH) & np.greater.outer(bottom, top + _TOUCH)
    np.fill_diagonal(level, val=False)
    found: Relation = is_above & ~_exists(level, _overlaps(boxes))
    return found


def _is_above_heading(boxes: NDArray[np.floating]) -> Relation:
    """Return whether a block further right is above a heading line, and above part of the heading's text."""
    left, top, right, bottom = boxes.T
    height = bottom - top
    under = np.greater.outer(top, top + _TOUCH) & np.less.outer(left, right) & np.greater.outer(right, left)
    tops = np.where(under, top[:, None], np.inf)
    nearest = tops.argmin(0)
    is_heading = (height <= _MAX_LINE_HEIGHT) & (tops.min(0) - bottom < 2 * height)
    reaches = np.greater.outer(left + _TOUCH, right[nearest])
    found: Relation = is_heading[None, :] & ~reaches & np.less_equal.outer(bottom - _TOUCH, top)
    return found
