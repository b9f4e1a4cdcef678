"""Pages whose text is turned, stood upright in frames of their own, and their places turned back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .glyphs import Boxes, PageLines, upright_boxes


def mostly_turned(page: PageLines) -> bool:
    """Whether most of a page's text stands askew."""
    return sum(len(li.text) for li in page.lines if li.turned) * 2 > sum(len(li.text) for li in page.lines)


def by_turn(page: PageLines, first: int) -> list[PageLines]:
    """The page in a part for each way its text is turned, each stood upright, numbered from `first`."""
    turns = sorted({line.turned for line in page.lines}, reverse=True)
    return [_frame(page, turned, first + at) for at, turned in enumerate(turns)]


def _frame(page: PageLines, turned: int, number: int) -> PageLines:
    def upright(boxes: Sequence[Sequence[float]]) -> tuple[tuple[float, ...], ...]:
        array = np.array(boxes, np.float32).reshape(-1, 4)
        return tuple(map(tuple, upright_boxes(array, turned, page.width, page.height).tolist()))

    lines = [line for line in page.lines if line.turned == turned]
    places = upright([(line.left, line.top, line.right, line.bottom) for line in lines])
    stood = (
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
    )
    width, height = (page.height, page.width) if turned % 2 else (page.width, page.height)
    return replace(
        page,
        number=number,
        width=width,
        height=height,
        lines=tuple(stood),
        rules=upright(page.rules) if turned % 2 == 0 else (),  # level rules no longer are
        pictures=upright(page.pictures),
        turned=turned,
    )


def turned_back(boxes: Boxes, frame: PageLines) -> Boxes:
    """Boxes in a frame as they lie on its page."""
    return upright_boxes(boxes, -frame.turned % 4, frame.width, frame.height)
