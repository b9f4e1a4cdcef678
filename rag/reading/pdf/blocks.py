"""The lines of a page put together to blocks in the order in which a person reads them, without running heads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import NamedTuple

import numpy as np

from .glyphs import Boxes, Line, PageLines
from .lettering import mostly_right_to_left

_LINE = 20  # points: what is taller has more than one line
_LONGEST_IMPRINT = 12  # lines
_IMPRINT = re.compile(
    r"\W*(?:\(c\)\s|©|copyright\b|(?:19|20)\d\d the authors?\b|to whom correspondence|correspond\w+ (?:to:|authors?\b)"
    r"|e-?mail(?: address(?:es)?)?:|electronic supplementary material|(?:https?://)?(?:dx\.)?doi(?:\.org/|:)\s?10\.\S+$)",
    re.I,
)
_CAPTION = re.compile(
    r"(?:(?:Extended Data |Supplementary |Supplemental )?(?P<kind>Fig(?:ure|\.)?|FIG(?:URE|\.)?|Table|TABLE|Tab\.|"
    r"Algorithm|Listing|Scheme|Chart|Box)\s*(?P<number>[A-Z]?\.?\d+(?:\.\d+)?[a-z]?|[IVX]+\b))\s*(?P<mark>[.:|–—]|$|(?=[A-Z(]))"
)


class Measure(NamedTuple):
    """What most of a document is set in: type size, distance between lines, left edges of columns, captions' sizes.

    `sides` are the left edges on pages of even and of odd number, where the margins are mirrored.
    """

    size: float
    pitch: float
    lefts: tuple[float, ...]
    sides: tuple[tuple[float, ...], tuple[float, ...]]
    captions: frozenset[tuple[float, str]]


@dataclass(slots=True, eq=False)
class Block:
    """Lines that belong together; `kind` is text, caption, table, figure or footnote. A table's lines are its cells."""

    lines: list[Line]
    kind: str = "text"
    label: str | None = None

    @property
    def left(self) -> float:
        return min(line.left for line in self.lines)

    @property
    def right(self) -> float:
        return max(line.right for line in self.lines)

    @property
    def top(self) -> float:
        return min(line.top for line in self.lines)

    @property
    def bottom(self) -> float:
        return max(line.bottom for line in self.lines)


def measured(pages: Sequence[PageLines]) -> Measure:
    """What most of the pages' lines are set in."""
    lines = [line for page in pages for line in page.lines if not line.turned]
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    size = sizes.most_common(1)[0][0] if sizes else 10.0
    body = [line for line in lines if abs(line.size - size) < 0.3 and len(line.text) > 25]
    steps = [
        round(b.bottom - a.bottom, 1)
        for a, b in pairwise(body)
        if a.page == b.page and abs(a.left - b.left) < 3 and 0 < b.bottom - a.bottom < 3 * size
    ]
    pitch = median(steps) if steps else 1.2 * size
    even, odd = (_lefts([line for line in body if line.page % 2 == side]) for side in (0, 1))
    mirrored = even and odd and abs(even[0] - odd[0]) > 3
    lefts = _lefts(body)
    forms = Counter((line.size, found["mark"]) for line in lines if (found := _CAPTION.match(line.text)))
    most = max(forms.values(), default=0)
    small = any(s < size - 0.3 and count >= most / 2 for (s, _), count in forms.items())
    marked = forms.most_common(1)[0][0][1] if forms else ""
    captions = {f for f in forms if (f[0] < size - 0.3 if small else f[1] == marked or not f[1])}
    return Measure(size, pitch, lefts, (even, odd) if mirrored else (lefts, lefts), frozenset(captions))


def _lefts(lines: Sequence[Line]) -> tuple[float, ...]:
    """The left edges that many of the lines have, one for each column."""
    lefts = Counter(round(line.left) for line in lines)
    common = sorted(left for left, count in lefts.items() if count > max(2, 0.08 * len(lines)))
    return tuple(float(left) for at, left in enumerate(common) if not at or left - common[at - 1] > 40)


def blocks(page: PageLines, measure: Measure) -> list[Block]:
    """The blocks of a page in reading order."""
    measure = measure._replace(lefts=measure.sides[page.number % 2])
    lines = sorted(page.lines, key=lambda line: (line.top, line.left))
    captions = _captions(lines, measure)
    taken = {id(line) for block in captions for line in block.lines}
    free = [line for line in lines if id(line) not in taken]
    tables: list[Block] = []
    for caption in captions:
        if caption.label and caption.label.lower().startswith("tab"):
            cells = _table(caption, free, captions, page, measure)
            tables += [Block(cells, "table", caption.label)] if cells else []
            inside = {id(line) for line in cells}
            free = [line for line in free if id(line) not in inside]
    for caption in captions:
        if caption.label and caption.label.lower().startswith("fig"):
            inside = {id(line) for line in _figure_text(caption, free, page, measure)}
            free = [line for line in free if id(line) not in inside]
    rows = _rows(free, measure)
    found = _notes(_grouped(rows, measure), page, measure)
    asides = [block for block in found if _is_aside(block, page, measure)]
    for block in asides:
        block.kind = "footnote"
    return [*ordered([*(b for b in found if b not in asides), *captions, *tables], measure.lefts), *asides]


def _is_aside(block: Block, page: PageLines, measure: Measure) -> bool:
    """Whether a block stands in a margin, left of all columns: licence, dates and the like on a first page."""
    edge = measure.lefts[0] if measure.lefts else 0.0
    return block.right < edge and block.left < 0.12 * page.width and block.lines[0].size < measure.size


def _captions(lines: Sequence[Line], measure: Measure) -> list[Block]:
    out: list[Block] = []
    for line in lines:
        found = _CAPTION.match(line.text)
        if not found or (line.size, found["mark"]) not in measure.captions:
            continue
        label = f"{found['kind']} {found['number']}"
        block = Block([line], "caption", label)
        for below in lines:
            last = block.lines[-1]
            if below.top <= last.top or _CAPTION.match(below.text) or abs(below.size - line.size) > 0.6:
                continue
            near = below.top - last.bottom < 0.55 * line.size and below.bottom > last.bottom + 0.4 * line.size
            if near and below.left < block.right and below.right > block.left and _within(below, block, measure):
                block.lines.append(below)
        out.append(block)
    return out


def _within(line: Line, block: Block, measure: Measure) -> bool:
    """Whether a line does not reach over a column's edge that the block keeps to."""
    return not any(
        line.left < left - 8 < block.left - 4 or block.right < left < line.right - 8 for left in measure.lefts
    )


# Tables and figures


def _table(
    caption: Block, lines: Sequence[Line], captions: Sequence[Block], page: PageLines, measure: Measure
) -> list[Line]:
    """The cells of the table that a caption belongs to: between rules where there are, else rows of several cells."""
    found = [_between_rules(caption, lines, captions, page, measure, way) for way in (-1, 1)]
    found += [_stacked(caption, lines, page, measure, way) for way in (-1, 1)] if not any(found) else []
    return max(found, key=len)


def _between_rules(
    caption: Block, lines: Sequence[Line], captions: Sequence[Block], page: PageLines, measure: Measure, way: int
) -> list[Line]:
    edge = caption.top if way < 0 else caption.bottom
    rules = sorted(
        (r for r in page.rules if r[0] < caption.right and r[2] > caption.left and (r[1] - edge) * way > -2),
        key=lambda r: r[1] * way,
    )
    if not rules or abs(rules[0][1] - edge) > 45:
        return []
    first = rules[0]
    reach = first[1]
    for rule in rules[1:]:
        if abs(rule[0] - first[0]) > 6 or abs(rule[2] - first[2]) > 6:
            continue
        low, high = sorted((reach, rule[1]))
        if any(low < c.top < high for c in captions if c is not caption) or _is_prose(lines, first, low, high, measure):
            break
        reach = rule[1]
    low, high = sorted((first[1], reach))
    return [
        li for li in lines if low - 1 < _middle(li) < high + 1 and li.left > first[0] - 8 and li.right < first[2] + 8
    ]


def _is_prose(lines: Sequence[Line], rule: Sequence[float], low: float, high: float, measure: Measure) -> bool:
    wide = [li for li in lines if low < _middle(li) < high and rule[0] - 5 < li.left < rule[2]]
    full = [li for li in wide if li.right - li.left > 0.85 * (rule[2] - rule[0]) and abs(li.size - measure.size) < 0.3]
    return len(full) >= 3 and len(full) > 0.6 * len(wide)


def _stacked(caption: Block, lines: Sequence[Line], page: PageLines, measure: Measure, way: int) -> list[Line]:
    """Rows of several cells that stand above (-1) or below (1) a caption without rules, in its column."""
    left = max((edge for edge in measure.lefts if edge < caption.left + 8), default=0.0)
    right = min((edge for edge in measure.lefts if edge > caption.right), default=page.width) - 8
    near = [li for li in lines if li.right > min(left, caption.left) - 20 and li.left < right]
    near = [li for li in near if (_middle(li) - (caption.top + caption.bottom) / 2) * way > 0]
    out: list[Line] = []
    edge = caption.top if way < 0 else caption.bottom
    while True:
        step = [
            li for li in near if li not in out and 0 <= (li.bottom if way < 0 else li.top) * way - edge * way + 3 < 30
        ]
        if not step:
            break
        nearest = min(step, key=lambda li: abs(_middle(li) - edge))
        row = [li for li in near if li not in out and abs(_middle(li) - _middle(nearest)) < 0.4 * nearest.size]
        if len(row) < 2 and nearest.right - nearest.left > 0.7 * (caption.right - caption.left):
            break
        out += row
        edge = min(li.top for li in row) if way < 0 else max(li.bottom for li in row)
    rows = Counter(round(_middle(li) / 4) for li in out)
    return out if sum(count > 1 for count in rows.values()) >= 2 else []


def _figure_text(caption: Block, lines: Sequence[Line], page: PageLines, measure: Measure) -> list[Line]:
    """The lettering of the picture that a caption belongs to, which is no text of the paper's own."""
    above = [p for p in _pictures(page) if p[0] < caption.right and p[2] > caption.left and p[1] < caption.bottom]
    if not above:
        return []
    near = max(above, key=lambda p: p[3])
    left, top, right, bottom = near[0] - 30, near[1] - 14, near[2] + 14, max(near[3] + 14, caption.top)
    if caption.top - near[3] > 60:
        return []
    inside = [li for li in lines if left < li.left and li.right < right and top < _middle(li) < bottom]
    return [li for li in inside if abs(li.size - measure.size) > 0.3 or len(li.text.split()) < 6]


def _pictures(page: PageLines) -> list[list[float]]:
    """Boxes around pictures and drawings whose parts stand close together."""
    out: list[list[float]] = []
    for part in sorted(page.pictures, key=lambda p: (p[1], p[0])):
        joined = list(part)
        apart = []
        for box in out:
            if box[0] < joined[2] + 8 and box[2] > joined[0] - 8 and box[1] < joined[3] + 8 and box[3] > joined[1] - 8:
                joined = [
                    min(box[0], joined[0]),
                    min(box[1], joined[1]),
                    max(box[2], joined[2]),
                    max(box[3], joined[3]),
                ]
            else:
                apart.append(box)
        out = [*apart, joined]
    return [box for box in out if box[2] - box[0] > 30 and box[3] - box[1] > 20]


def _middle(line: Line) -> float:
    return (line.top + line.bottom) / 2


# Blocks of running text


def _rows(lines: Sequence[Line], measure: Measure) -> list[Line]:
    """Lines that the gap of a stretched line parts, put together; not across the gutter between columns."""
    for _ in range(2):  # a raised mark is found before the line that it ends
        out: list[Line] = []
        for line in sorted(lines, key=lambda li: (round(_base(li) / 3), li.left)):
            for at in range(len(out) - 1, max(-1, len(out) - 13), -1):
                first, second = sorted((out[at], line), key=lambda li: li.left)
                if _stretched(first, second, measure):
                    out[at] = side_by_side(first, second)
                    break
            else:
                out.append(line)
        lines = out
    return sorted(lines, key=lambda li: (_base(li), li.left))


def _base(line: Line) -> float:
    return line.base if line.base >= 0 else line.bottom - 0.2 * line.size


def _stretched(left: Line, right: Line, measure: Measure) -> bool:
    gap = right.left - left.right
    if gap <= -1:
        return _interlaced(left, right)
    level = min(left.bottom, right.bottom) - max(left.top, right.top) > 0.5 * min(left.size, right.size)
    at_column = any(left.right - 4 < edge < right.left + 4 for edge in measure.lefts)
    return level and gap < 2.5 * max(left.size, right.size) and not at_column


def _interlaced(left: Line, right: Line) -> bool:
    """Whether two pieces that overlap are of one line: parts of a formula, or what stands small over or under one."""
    small, large = sorted((left, right), key=lambda li: (li.size, len(li.text)))
    rise = _base(large) - _base(small)
    if abs(rise) < 0.15 * large.size:
        return left.right - right.left < 2.5 * large.size or len(small.text) < 12
    beside = large.left - small.size < small.left and small.right < large.right + small.size
    return beside and len(small.text) < 12 and small.size < 0.85 * large.size and -0.5 < rise / large.size < 0.9


def side_by_side(left: Line, right: Line) -> Line:
    """Two lines on one height as one, a space between them; of words that overlap, the upper one comes first.

    Where most letters are written from right to left, the right one comes first.
    """
    if right.left - left.right <= -1:
        return _woven(left, right)
    space = [[left.right, left.top, max(left.right, right.left), left.bottom]]
    main = left if len(left.text) >= len(right.text) else right
    first, second = (right, left) if mostly_right_to_left(left.text + right.text) else (left, right)
    return replace(
        main,
        text=f"{first.text} {second.text}",
        left=left.left,
        right=right.right,
        top=min(left.top, right.top),
        bottom=max(left.bottom, right.bottom),
        bold=left.bold and right.bold,
        boxes=np.concatenate([first.boxes, np.array(space, np.float32), second.boxes]),
    )


def _woven(one: Line, other: Line) -> Line:
    main = one if len(one.text) >= len(other.text) else other
    words = sorted((*_words(one), *_words(other)), key=lambda word: float(word[1][0, 0]))
    for at in range(1, len(words)):
        (_, before), (_, after) = words[at - 1], words[at]
        shared = before[-1, 2] - after[0, 0]
        narrow = min(before[-1, 2] - before[0, 0], after[-1, 2] - after[0, 0])
        if shared > 0.5 * narrow and float(after[:, 1::2].mean()) < float(before[:, 1::2].mean()) - 2:
            words[at - 1], words[at] = words[at], words[at - 1]
    texts, boxes = [words[0][0]], [words[0][1]]
    for text, box in words[1:]:
        last = boxes[-1][-1]
        texts += [" ", text]
        boxes += [np.array([[last[2], last[1], max(last[2], box[0, 0]), last[3]]], np.float32), box]
    return replace(
        main,
        text="".join(texts),
        left=min(one.left, other.left),
        right=max(one.right, other.right),
        top=min(one.top, other.top),
        bottom=max(one.bottom, other.bottom),
        bold=one.bold and other.bold,
        boxes=np.concatenate(boxes),
    )


def _words(line: Line) -> list[tuple[str, Boxes]]:
    return [(found[0], line.boxes[found.start() : found.end()]) for found in re.finditer(r"\S+", line.text)]


def _grouped(rows: Sequence[Line], measure: Measure) -> list[Block]:
    out: list[Block] = []
    for row in rows:
        above = [b for b in out[-40:] if _continues(b, row, measure)]
        if above:
            max(above, key=lambda b: _base(b.lines[-1])).lines.append(row)
        else:
            out.append(Block([row]))
    return out


def _continues(block: Block, row: Line, measure: Measure) -> bool:
    last = block.lines[-1]
    step = _base(row) - _base(last)
    scale = max(row.size, last.size) / measure.size
    overlap = min(last.right, row.right) - max(last.left, row.left)
    narrow = min(last.right - last.left, row.right - row.left)
    if not 0 < step < 1.35 * measure.pitch * scale or overlap < 0.3 * narrow or not _within(row, block, measure):
        return False
    return abs(row.size - last.size) <= 0.6 or (len(row.text) < 12 and abs(row.size - last.size) < 2.5)


def _notes(found: Sequence[Block], page: PageLines, measure: Measure) -> list[Block]:
    """The blocks, those in small type at the foot of a column and lines of the imprint marked as footnotes."""
    for block in found:
        small = block.lines[0].size <= 0.88 * measure.size
        marked = block.lines[0].size < 0.95 * measure.size and bool(re.match(r"[\d*∗†‡§¶]", block.lines[0].text))
        below = [b for b in found if b.top > block.bottom - 2 and b.left < block.right and b.right > block.left]
        last = all(b.lines[0].size <= 0.95 * measure.size for b in below)
        imprint = bool(_IMPRINT.match(block.lines[0].text)) and len(block.lines) < _LONGEST_IMPRINT
        if block.top > 0.4 * page.height and (((small or marked) and last) or imprint):
            block.kind = "footnote"
    return list(found)


def ordered(found: Sequence[Block], lefts: Sequence[float] = ()) -> list[Block]:
    """The blocks as they are read: down a column, and a column before the one to its right, between what spans both."""
    left = sorted(found, key=lambda b: (b.top, b.left))
    boxes = [(b.left, b.top, b.right, b.bottom) for b in left]
    before = {
        at: {other for other in range(len(left)) if other != at and _precedes(other, at, boxes, lefts)}
        for at in range(len(left))
    }
    out: list[Block] = []
    while before:
        ready = [at for at, those in before.items() if not those & before.keys()] or [min(before)]
        out.append(left[ready[0]])
        del before[ready[0]]
    return out


def _precedes(one: int, other: int, boxes: Sequence[tuple[float, float, float, float]], lefts: Sequence[float]) -> bool:
    a, b = boxes[one], boxes[other]
    if min(a[2], b[2]) - max(a[0], b[0]) > 3:
        return (a[1] + a[3]) < (b[1] + b[3])
    if a[0] > b[0]:
        return _is_centred_over(a, b, boxes, lefts) or _is_over_heading(a, b, boxes)
    if _is_centred_over(b, a, boxes, lefts) or _is_over_heading(b, a, boxes):
        return False
    spans = (c for c in boxes if c[0] < a[2] - 3 and c[2] > a[0] + 3 and c[0] < b[2] - 3 and c[2] > b[0] + 3)
    return not (b[1] < a[1] and any(b[3] - 3 <= c[1] + 3 and c[3] - 3 <= a[1] for c in spans))


def _is_centred_over(
    b: tuple[float, float, float, float],
    a: tuple[float, float, float, float],
    boxes: Sequence[tuple[float, float, float, float]],
    lefts: Sequence[float],
) -> bool:
    """Whether b, further right in the same column, stands wholly above a with nothing of a's width beside it."""
    if a[1] < b[3] - 3 or any(a[0] + 4 < left <= b[0] + 4 for left in lefts):
        return False
    return not any(c[0] < a[2] - 3 and c[2] > a[0] + 3 and c[1] < b[3] - 3 and c[3] > b[1] + 3 for c in boxes if c != b)


def _is_over_heading(
    b: tuple[float, float, float, float],
    a: tuple[float, float, float, float],
    boxes: Sequence[tuple[float, float, float, float]],
) -> bool:
    """Whether b, further right, stands wholly above a line a and over part of the text next below a: its heading."""
    tall = a[3] - a[1]
    if tall > _LINE or a[1] < b[3] - 3:
        return False
    below = [c for c in boxes if c[1] > a[1] + 3 and c[0] < a[2] and c[2] > a[0]]
    nearest = min(below, key=lambda c: c[1], default=None)
    return bool(nearest and nearest[1] - a[3] < 2 * tall and nearest[2] > b[0] + 3)
