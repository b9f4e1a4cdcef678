"""Find captions, and the labels inside the figures above them."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from .columns import CAPTION, Block, Box, Typography, stays_in_column
from .line_pieces import baseline
from .lines import Line, PageLines

_MAX_FIGURE_DISTANCE = 60  # points between a figure and its caption
_MAX_PITCH = 1.4  # of the type size, between the lines of a paragraph
_NEAR = 3  # of the type size, above a caption's first line
_MAX_LABEL_GAP = 3  # of the type size, between the label of a caption and its text
_JOIN_DISTANCE = 8  # points between parts of one drawing


def find_captions(lines: Sequence[Line], typography: Typography) -> list[Block]:
    """Return the captions among lines sorted from top to bottom."""
    out: list[Block] = []
    tops = [line.top for line in lines]
    for line in lines:
        found = CAPTION.match(line.text)
        if not found or (line.size, found["mark"]) not in typography.captions:
            continue
        near_lines = lines[bisect_left(tops, line.top - _NEAR * line.size) : bisect_right(tops, line.bottom)]
        if _is_in_sentence(line, near_lines):
            continue
        caption = Block([line, *_beside(line, near_lines)], "caption", f"{found['kind']} {found['number']}")
        for at in range(bisect_right(tops, line.top), len(lines)):
            below, last = lines[at], caption.lines[-1]
            if below.top - last.bottom > line.size:
                break
            if below.top <= last.top or CAPTION.match(below.text) or abs(below.size - line.size) > 0.6:
                continue
            near = below.top - last.bottom < 0.55 * line.size and below.bottom > last.bottom + 0.4 * line.size
            over = below.left < caption.right and below.right > caption.left
            if near and over and stays_in_column(below, caption, typography.lefts):
                caption.lines.append(below)
        out.append(caption)
    return out


def _is_in_sentence(line: Line, lines: Sequence[Line]) -> bool:
    """Return whether the line above, in the same type, has a sentence that continues: "as shown in / Table 2." """
    for above in lines:
        is_next = 0.7 * line.size < baseline(line) - baseline(above) < _MAX_PITCH * line.size
        is_alike = (above.size, above.font) == (line.size, line.font) and abs(above.left - line.left) < 3 * line.size
        if is_next and is_alike and len(above.text.split()) > 5 and re.search(r"[\w,(–-]$", above.text):
            return True
    return False


def _beside(label: Line, lines: Sequence[Line]) -> list[Line]:
    """Return the rest of a caption's first line, after the gap that follows its label."""
    if not CAPTION.fullmatch(label.text):
        return []
    near = (li for li in lines if 0 < li.left - label.right < _MAX_LABEL_GAP * label.size)
    return [li for li in near if abs(li.middle - label.middle) < 0.3 * label.size and abs(li.size - label.size) < 0.6]


def is_caption_of(kind: str, caption: Block) -> bool:
    """Return whether a caption is of a figure ("fig") or a table ("tab")."""
    return bool(caption.label) and str(caption.label).lower().startswith(kind)


def figure_lettering(
    caption: Block, lines: Sequence[Line], pictures: Sequence[Box], typography: Typography
) -> list[Line]:
    """Return the lines inside the figure above a caption."""
    above = [p for p in pictures if p[0] < caption.right and p[2] > caption.left and p[1] < caption.bottom]
    nearest = max(above, key=lambda p: p[3], default=None)
    if nearest is None or caption.top - nearest[3] > _MAX_FIGURE_DISTANCE:
        return []
    left, top, right, bottom = nearest[0] - 30, nearest[1] - 14, nearest[2] + 14, max(nearest[3] + 14, caption.top)
    inside = [li for li in lines if left < li.left and li.right < right and top < li.middle < bottom]
    return [li for li in inside if abs(li.size - typography.size) > 0.3 or len(li.text.split()) < 6]


def join_pictures(page: PageLines) -> list[Box]:
    """Return the boxes around pictures and drawings whose parts are close together."""
    out: list[Box] = []
    for part in sorted(page.pictures, key=lambda p: (p[1], p[0])):
        left, top, right, bottom = part
        separate = []
        for box in out:
            if (
                box[0] < right + _JOIN_DISTANCE
                and box[2] > left - _JOIN_DISTANCE
                and box[1] < bottom + _JOIN_DISTANCE
                and box[3] > top - _JOIN_DISTANCE
            ):
                left, top, right, bottom = min(box[0], left), min(box[1], top), max(box[2], right), max(box[3], bottom)
            else:
                separate.append(box)
        out = [*separate, (left, top, right, bottom)]
    return [box for box in out if box[2] - box[0] > 30 and box[3] - box[1] > 20]
