"""Find the bodies of tables: between rules, or in rows of cells next to a caption."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .columns import Block, Typography
from .line_pieces import baseline
from .lines import Line
from .table_grid import WORD_GAP, runs
from .table_rules import Frame, is_prose

_MAX_CAPTION_DISTANCE = 45  # points between a caption and the table's body
_MAX_BESIDE = 30  # points between the tops of a table and of the caption beside it
_MAX_ROW_DISTANCE = 30  # points between rows
_MIN_SHARED = 0.3  # of the narrower width of a caption and a table
_MAX_LABEL_LINES = 3  # with no other cells beside them
_MIN_IN_COLUMNS = 0.8  # of the cells of a part of a table without caption and rules
_MIN_CONTINUED_COLUMNS = 3
_CELL_GAP = 0.9  # of the type size


def match_captions(
    captions: Sequence[Block], frames: Sequence[Frame], lines: Sequence[Line], typography: Typography
) -> list[tuple[Block, Frame]]:
    """Return captions with the frames of their tables, if possible all above or all below.

    If the document does not show on which side tables are, the side with more tables on the page counts.
    """
    near = _possible_pairs(captions, frames, typography.lefts)
    found = [list(_nearest(near, lines, below)) for below in (True, False)]
    is_first = typography.tables_below
    if is_first is None:
        is_first = len(found[0]) >= len(found[1])
    first, second = found if is_first else found[::-1]
    captioned, framed = {id(c) for c, _ in first}, {id(f) for _, f in first}
    return [*first, *(pair for pair in second if id(pair[0]) not in captioned and id(pair[1]) not in framed)]


def count_sides(
    captions: Sequence[Block], frames: Sequence[Frame], lines: Sequence[Line], lefts: Sequence[float]
) -> tuple[int, int]:
    """Count the captions whose only possible table is below, and those whose only one is above."""
    near = _possible_pairs(captions, frames, lefts)
    sides: list[tuple[Block, Frame, bool]] = []
    for caption, frame in near:
        if is_beside(caption, frame):
            continue
        sides += [(caption, frame, below) for below in (True, False) if _is_near(caption, frame, lines, below)]
    of_captions = Counter(id(caption) for caption, _, _ in sides)
    of_frames = Counter(id(frame) for _, frame, _ in sides)
    sure = [below for caption, frame, below in sides if of_captions[id(caption)] == of_frames[id(frame)] == 1]
    return sum(sure), len(sure) - sum(sure)


def _is_near(caption: Block, frame: Frame, lines: Sequence[Line], below: bool) -> bool:
    return _distance(caption, frame, lines, below) is not None


def _possible_pairs(
    captions: Sequence[Block], frames: Sequence[Frame], lefts: Sequence[float]
) -> list[tuple[Block, Frame]]:
    """Return pairs of captions and frames in the same column without another caption between them."""
    return [
        (caption, frame)
        for caption in captions
        for frame in frames
        if not _are_in_other_columns(caption, frame, lefts)
        and not any(_is_between(other, caption, frame) for other in captions if other is not caption)
    ]


def _is_between(other: Block, caption: Block, frame: Frame) -> bool:
    """Return whether another caption is between a caption and a frame above or below it."""
    if is_beside(other, frame):
        return False
    middle = (other.top + other.bottom) / 2
    return caption.bottom < middle < frame.top or frame.bottom < middle < caption.top


def _are_in_other_columns(caption: Block, frame: Frame, lefts: Sequence[float]) -> bool:
    """Return whether a column begins between a caption and a frame that are not beside each other."""
    if not is_beside(caption, frame) or (caption.top < frame.bottom and frame.top < caption.bottom):
        return False
    between = sorted((caption.left, frame.left))
    return any(between[0] + 8 < left < between[1] + 8 for left in lefts)


def _nearest(pairs: Sequence[tuple[Block, Frame]], lines: Sequence[Line], below: bool) -> Iterator[tuple[Block, Frame]]:
    """Yield captions with the nearest frame below or above, or beside them; nearest pairs first."""
    distances = [(_distance(caption, frame, lines, below), at) for at, (caption, frame) in enumerate(pairs)]
    used: set[int] = set()
    for _, at in sorted((distance, at) for distance, at in distances if distance is not None):
        if not used & {id(part) for part in pairs[at]}:
            used |= {id(part) for part in pairs[at]}
            yield pairs[at]


def _distance(caption: Block, frame: Frame, lines: Sequence[Line], below: bool) -> float | None:
    first = caption.lines[0]
    if is_beside(caption, frame) and caption.top < frame.bottom and frame.top < caption.bottom:
        beside = abs(caption.top - frame.top)
        return beside if beside < _MAX_BESIDE and caption.bottom < frame.bottom + _MAX_BESIDE else None
    if not below:
        distance = caption.top - frame.bottom
        return distance if -3 < distance < _MAX_CAPTION_DISTANCE else None
    end = max((li.bottom for li in caption.lines if li.middle < frame.top), default=first.bottom)
    between = [li for li in lines if end < li.middle < frame.top and frame.left < li.right and li.left < frame.right]
    distance = frame.top - max([end, *(li.bottom for li in between)])
    return frame.top - end if first.middle < frame.top and distance < _MAX_CAPTION_DISTANCE else None


def is_beside(caption: Block, frame: Frame) -> bool:
    """Return whether a caption and a frame are side by side."""
    shared = min(caption.right, frame.right) - max(caption.left, frame.left)
    return shared < _MIN_SHARED * min(caption.right - caption.left, frame.right - frame.left)


def extend_up(frame: Frame, caption: Block, lines: Sequence[Line], typography: Typography) -> Frame:
    """Return the frame extended up to the caption above its first rule."""
    end = max((li.bottom for li in caption.lines if li.middle < frame.top), default=frame.top)
    between = [
        li for li in lines if end < li.middle < frame.top and frame.left - 8 < li.left and li.right < frame.right + 8
    ]
    if not between or is_prose(between, typography.size, typography.width):
        return frame
    return replace(frame, top=min(li.top for li in between) - 1)


def extend_down(frame: Frame, lines: Sequence[Line], typography: Typography) -> Frame:
    """Return the frame extended by the rows below its last rule, if only its header is between rules."""
    if frame.parts > 1:
        return frame
    below = [
        li for li in lines if li.top > frame.bottom - 2 and frame.left - 8 < li.left and li.right < frame.right + 8
    ]
    more = stacked_rows(below, frame.bottom, frame.right - frame.left, typography, 1)
    return replace(frame, bottom=max(li.bottom for li in more) + 1) if more else frame


def stacked_frame(caption: Block, lines: Sequence[Line], page_width: float, typography: Typography) -> Frame | None:
    """Return the frame of multi-cell rows without rules above or below a caption, in its column."""
    left = max((edge for edge in typography.lefts if edge < caption.left + 8), default=0.0)
    right = min((edge for edge in typography.lefts if edge > caption.right), default=page_width) - 8
    near = [li for li in lines if li.right > min(left, caption.left) - 20 and li.left < right]
    middle = (caption.top + caption.bottom) / 2
    found = [
        stacked_rows([li for li in near if (li.middle - middle) * way > 0], edge, right - left, typography, way)
        for way, edge in ((1, caption.bottom), (-1, caption.top))
    ]
    body = found[not typography.tables_below] if all(found) and typography.tables_below is not None else []
    body = body or max(found, key=len)
    if not body:
        return None
    return Frame(
        min(li.left for li in body),
        min(li.top for li in body) - 1,
        max(li.right for li in body),
        max(li.bottom for li in body) + 1,
        parts=0,
    )


def continued_frame(body: Sequence[Line], lines: Sequence[Line], typography: Typography) -> Frame | None:
    """Return the frame of the rows at the top of a page that continue the columns of a table on the previous page."""
    left, right = min(li.left for li in body), max(li.right for li in body)
    rows = stacked_rows(lines, min(li.top for li in lines), right - left, typography, 1)
    known = [{place + step for place in edge for step in (-1, 0, 1)} for edge in zip(*_places(body), strict=True)]
    places = list(_places(rows))
    if not places or (left - min(li.left for li in rows)) > 8 or max(li.right for li in rows) - right > 8:
        return None
    in_columns = sum(any(place in each for place, each in zip(part, known, strict=True)) for part in places)
    if in_columns < _MIN_IN_COLUMNS * len(places) or len({part[0] for part in places}) < _MIN_CONTINUED_COLUMNS:
        return None
    return Frame(left, min(li.top for li in rows) - 1, right, max(li.bottom for li in rows) + 1, parts=0)


def _places(lines: Sequence[Line]) -> Iterator[tuple[int, int, int]]:
    """Yield left edge, middle and right edge of the parts of lines separated by wide gaps, in units of two points."""
    for line in lines:
        for first, last in runs(line, WORD_GAP * line.size):
            left, right = float(line.boxes[first, 0]), float(line.boxes[last - 1, 2])
            yield round(left / 2), round((left + right) / 4), round(right / 2)


def stacked_rows(lines: Sequence[Line], edge: float, width: float, typography: Typography, way: int) -> list[Line]:
    """Return the consecutive multi-cell rows from `edge` upwards (`way` -1) or downwards (1)."""
    kept: list[Line] = []
    waiting: list[Line] = []
    several = 0
    rows = list(_rows(lines))
    for row in rows if way > 0 else reversed(rows):
        near = (min(li.top for li in row) - edge) if way > 0 else (edge - max(li.bottom for li in row))
        is_lone = _count_cells(row) < 2
        is_in_column = is_lone and _is_in_column(row[0], kept)
        if near > _MAX_ROW_DISTANCE or (is_lone and not is_in_column and row[0].right - row[0].left > 0.7 * width):
            break
        waiting += row
        if is_in_column or not is_lone:
            kept, waiting = [*kept, *waiting], []
            several += not is_lone
        elif len(waiting) > _MAX_LABEL_LINES:
            break
        edge = max(li.bottom for li in row) if way > 0 else min(li.top for li in row)
    return kept if several >= 2 and not is_prose(kept, typography.size, typography.width) else []


def _is_in_column(line: Line, rows: Sequence[Line]) -> bool:
    """Return whether a line begins at a column other than the first."""
    left = min((li.left for li in rows), default=line.left)
    return line.left > left + line.size and any(abs(li.left - line.left) < 3 for li in rows)


def _rows(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Yield rows of lines at the same height, from top to bottom."""
    row: list[Line] = []
    for line in sorted(lines, key=baseline):
        if row and baseline(line) - baseline(row[0]) > 0.4 * line.size:
            yield row
            row = []
        row.append(line)
    if row:
        yield row


def _count_cells(row: Sequence[Line]) -> int:
    """Count the parts of a row separated by wide gaps."""
    gaps = sum(
        1
        for line in row
        for letter, box in zip(line.text, line.boxes, strict=True)
        if letter == " " and box[2] - box[0] > _CELL_GAP * line.size
    )
    return len(row) + gaps
