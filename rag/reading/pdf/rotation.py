"""Convert boxes between PDF coordinates, the page as shown, and the frame in which rotated text is upright."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from .lines import PageLines

Boxes = NDArray[np.float32]  # (n, 4): left, top, right, bottom in points


def to_shown_page(page: Any, boxes: Sequence[Sequence[float]] | NDArray[Any]) -> Boxes:
    """Convert boxes in PDF coordinates (left, top, right, bottom, y upwards) to the page as shown (y downwards)."""
    low_x, low_y, high_x, high_y = page.get_bbox()
    left, top, right, bottom = np.array(boxes, np.float32).reshape(-1, 4).T
    shown = {
        0: (left - low_x, high_y - top, right - low_x, high_y - bottom),
        90: (bottom - low_y, left - low_x, top - low_y, right - low_x),
        180: (high_x - right, bottom - low_y, high_x - left, top - low_y),
        270: (high_y - top, high_x - right, high_y - bottom, high_x - left),
    }[page.get_rotation()]
    return np.stack(shown, 1).astype(np.float32)


def upright_boxes(boxes: Boxes, quarters: int, width: float, height: float) -> Boxes:
    """Rotate boxes on a page of this size by `quarters` clockwise quarter turns; `boxes` is one box or rows of them."""
    if not quarters:
        return boxes
    left, top, right, bottom = np.moveaxis(boxes, -1, 0)
    frames = (
        (left, top, right, bottom),
        (height - bottom, left, height - top, right),
        (width - right, height - bottom, width - left, height - top),
        (top, width - right, bottom, width - left),
    )
    return np.stack(frames[quarters], -1)


def bounds(boxes: Boxes) -> tuple[float, float, float, float]:
    """Return left, top, right and bottom of the bounding box of all rows."""
    left, top, right, bottom = (float(value) for value in (*boxes[:, :2].min(0), *boxes[:, 2:].max(0)))
    return left, top, right, bottom


def is_mostly_rotated(page: PageLines) -> bool:
    """Return whether most characters on a page are in rotated lines."""
    return sum(len(line.text) for line in page.lines if line.turned) * 2 > sum(len(line.text) for line in page.lines)


def upright_pages(page: PageLines, first_number: int) -> list[PageLines]:
    """Split a page into one upright page per rotation of its lines, numbered from `first_number`."""
    turns = sorted({line.turned for line in page.lines}, reverse=True)
    return [_upright_page(page, turned, first_number + at) for at, turned in enumerate(turns)]


def _upright_page(page: PageLines, turned: int, number: int) -> PageLines:
    def upright(boxes: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
        array = np.array(boxes, np.float32).reshape(-1, 4)
        return tuple(map(tuple, upright_boxes(array, turned, page.width, page.height).tolist()))

    lines = [line for line in page.lines if line.turned == turned]
    places = upright([(line.left, line.top, line.right, line.bottom) for line in lines])
    rotated = [
        replace(
            line,
            page=number,
            left=left,
            top=top,
            right=right,
            bottom=bottom,
            boxes=upright_boxes(line.boxes, turned, page.width, page.height),
            turned=0,
        )
        for line, (left, top, right, bottom) in zip(lines, places, strict=True)
    ]
    width, height = (page.height, page.width) if turned % 2 else (page.width, page.height)
    rules, uprights = upright(page.rules), upright(page.uprights)
    return replace(
        page,
        number=number,
        width=width,
        height=height,
        lines=tuple(rotated),
        rules=uprights if turned % 2 else rules,
        uprights=rules if turned % 2 else uprights,
        pictures=upright(page.pictures),
        turned=turned,
    )


def rotate_back(boxes: Boxes, page: PageLines) -> Boxes:
    """Convert boxes on an upright page to the page as shown."""
    return upright_boxes(boxes, -page.turned % 4, page.width, page.height)
