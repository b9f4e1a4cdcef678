"""Merge pieces of lines that were split by justification, formulas or raised marks."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .lines import Line
from .rotation import Boxes
from .writing_systems import is_mostly_right_to_left


def merge_pieces(lines: Sequence[Line], lefts: Sequence[float]) -> list[Line]:
    """Merge pieces of one line, but not across the gutter between columns. `lefts` are the columns' left edges."""
    for _ in range(2):  # a raised mark may precede the line whose end it is
        out: list[Line] = []
        for line in sorted(lines, key=lambda li: (round(baseline(li) / 3), li.left)):
            for at in range(len(out) - 1, max(-1, len(out) - 13), -1):
                left, right = (line, out[at]) if line.left < out[at].left else (out[at], line)
                if _is_one_line(left, right, lefts):
                    out[at] = _merged(left, right)
                    break
            else:
                out.append(line)
        lines = out
    return sorted(lines, key=lambda li: (baseline(li), li.left))


def baseline(line: Line) -> float:
    return line.base if line.base >= 0 else line.bottom - 0.2 * line.size


def _is_one_line(left: Line, right: Line, lefts: Sequence[float]) -> bool:
    gap = right.left - left.right
    if gap <= -1:
        return _is_interlaced(left, right)
    level = min(left.bottom, right.bottom) - max(left.top, right.top) > 0.5 * min(left.size, right.size)
    at_column = any(left.right - 4 < edge < right.left + 4 for edge in lefts)
    return level and gap < 2.5 * max(left.size, right.size) and not at_column


def _is_interlaced(left: Line, right: Line) -> bool:
    """Return whether overlapping pieces are one line: parts of a formula, or text with small text above or below."""
    small, large = sorted((left, right), key=lambda li: (li.size, len(li.text)))
    rise = baseline(large) - baseline(small)
    if abs(rise) < 0.15 * large.size:
        return left.right - right.left < 2.5 * large.size or len(small.text) < 12
    within = large.left - small.size < small.left and small.right < large.right + small.size
    return within and len(small.text) < 12 and small.size < 0.85 * large.size and -0.5 < rise / large.size < 0.9


def _merged(left: Line, right: Line) -> Line:
    """Return two pieces as one line with a space between them, or word by word if they overlap.

    The right piece comes first if most letters are of a right-to-left script.
    """
    if right.left - left.right <= -1:
        text, boxes = _interlaced_words(left, right)
    else:
        space = np.array([[left.right, left.top, max(left.right, right.left), left.bottom]], np.float32)
        first, second = (right, left) if is_mostly_right_to_left(left.text + right.text) else (left, right)
        text, boxes = f"{first.text} {second.text}", np.concatenate([first.boxes, space, second.boxes])
    return replace(
        left if len(left.text) >= len(right.text) else right,
        text=text,
        left=left.left,
        right=max(left.right, right.right),
        top=min(left.top, right.top),
        bottom=max(left.bottom, right.bottom),
        bold=left.bold and right.bold,
        boxes=boxes,
    )


def _interlaced_words(one: Line, other: Line) -> tuple[str, Boxes]:
    """Return the words of two pieces from left to right; where words overlap, the upper one comes first."""
    words = sorted((*_words(one), *_words(other)), key=lambda word: float(word[1][0, 0]))
    for at in range(1, len(words)):
        (_, before), (_, after) = words[at - 1], words[at]
        shared = before[-1, 2] - after[0, 0]
        narrow = min(before[-1, 2] - before[0, 0], after[-1, 2] - after[0, 0])
        if shared > 0.5 * narrow and float(after[:, 1::2].mean()) < float(before[:, 1::2].mean()) - 2:
            words[at - 1], words[at] = words[at], words[at - 1]
    boxes = [words[0][1]]
    for _, box in words[1:]:
        last = boxes[-1][-1]
        boxes += [np.array([[last[2], last[1], max(last[2], box[0, 0]), last[3]]], np.float32), box]
    return " ".join(text for text, _ in words), np.concatenate(boxes)


def _words(line: Line) -> list[tuple[str, Boxes]]:
    return [(found[0], line.boxes[found.start() : found.end()]) for found in re.finditer(r"\S+", line.text)]
