"""Put the blocks of a page in reading order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .columns import Block

_MAX_LINE_HEIGHT = 20  # points
_MAX_BLOCKS = 800  # that are compared with each other; further ones are the lettering of a drawing
_TOUCH = 3  # points by which neighbours may overlap

Relation = NDArray[np.bool_]  # (n, n): whether it holds of the block of the row to that of the column


def reading_order(blocks: Sequence[Block], lefts: Sequence[float] = ()) -> list[Block]:
    """Order blocks down a column, a column before the one to its right, and both between blocks that span them.

    Of a page with too many blocks, those with the least text come last, from top to bottom.
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
    return np.less.outer(left, right - _TOUCH) & np.greater.outer(right, left + _TOUCH)


def _exists(first: Relation, second: Relation) -> Relation:
    """Return for each pair (a, b) whether there is a block c with first(c, a) and second(c, b)."""
    found: Relation = first.T.astype(np.float32) @ second.astype(np.float32) > 0.5
    return found


def _is_below_spanning(boxes: NDArray[np.floating]) -> Relation:
    """Return whether a block is below one that spans its column and the other's, and the other above that."""
    _, top, _, bottom = boxes.T
    overlaps = _overlaps(boxes)
    spans_above = overlaps & np.less_equal.outer(bottom - _TOUCH, top)
    spans_below = overlaps & np.greater_equal.outer(top + _TOUCH, bottom - _TOUCH)
    return np.greater.outer(top, top) & _exists(spans_above, spans_below)


def _is_centred_above(boxes: NDArray[np.floating], lefts: Sequence[float]) -> Relation:
    """Return whether a block further right in the other's column is above it with nothing of its width beside."""
    left, top, _, bottom = boxes.T
    is_above = np.less_equal.outer(bottom - _TOUCH, top)
    for edge in lefts:
        is_above &= ~((edge <= left + 4)[:, None] & (edge > left + 4)[None, :])
    level = np.less.outer(top, bottom - _TOUCH) & np.greater.outer(bottom, top + _TOUCH)
    np.fill_diagonal(level, val=False)
    return is_above & ~_exists(level, _overlaps(boxes))


def _is_above_heading(boxes: NDArray[np.floating]) -> Relation:
    """Return whether a block further right is above the line and above part of the text whose heading it is."""
    left, top, right, bottom = boxes.T
    height = bottom - top
    under = np.greater.outer(top, top + _TOUCH) & np.less.outer(left, right) & np.greater.outer(right, left)
    tops = np.where(under, top[:, None], np.inf)
    nearest = tops.argmin(0)
    is_heading = (height <= _MAX_LINE_HEIGHT) & (tops.min(0) - bottom < 2 * height)
    reaches = np.greater.outer(left + _TOUCH, right[nearest])
    return is_heading[None, :] & ~reaches & np.less_equal.outer(bottom - _TOUCH, top)
