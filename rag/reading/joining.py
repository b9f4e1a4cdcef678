"""Lines put together to running text, and the cells of a table to its rows; every character keeps its place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .glyphs import Boxes, Line, PageLines

_KEPT_HYPHENS = frozenset("self well non cross".split())


@dataclass(frozen=True, slots=True, eq=False)
class Piece:
    """Text with the box and the page (0 for none) of each character."""

    text: str
    boxes: Boxes
    pages: NDArray[np.int32]


def words_of(pages: Sequence[PageLines]) -> Counter[str]:
    """The words of a document in lower case, counted; those cut at a line's end are left out."""
    words: Counter[str] = Counter()
    for page in pages:
        cut = False
        for line in page.lines:
            text = line.text.casefold()
            whole = text.partition(" ")[2] if cut else text
            cut = text.endswith("-")
            words.update(re.findall(r"\w+(?:-\w+)*", whole.rpartition(" ")[0] if cut else whole))
    return words


def table_text(lines: Sequence[Line], caption: Sequence[Line], words: Counter[str]) -> Piece:
    """A table's caption, then a line a row, its cells parted by bars."""
    table = table_rows(lines)
    rows = [_row(cells, table) for cells in table]
    first = [joined(caption, words)] if caption else []
    return together(list(_between([*first, *rows], "\n")))


def table_rows(lines: Sequence[Line]) -> list[list[Line]]:
    """The cells of each row, from top to bottom and left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda li: (li.top + li.bottom) / 2):
        middle = (line.top + line.bottom) / 2
        if rows and abs(middle - (rows[-1][0].top + rows[-1][0].bottom) / 2) < 0.4 * line.size:
            rows[-1].append(line)
        else:
            rows.append([line])
    return [sorted(row, key=lambda li: li.left) for row in rows]


def _row(cells: Sequence[Line], rows: Sequence[Sequence[Line]]) -> Piece:
    """A row of a table, its cells parted by bars; what other rows write across is no gap between cells."""
    parts: list[Piece] = []
    for part in (part for cell in cells for part in _cells(cell)):
        if parts and not _is_gap(float(parts[-1].boxes[-1, 2]), float(part.boxes[0, 0]), rows):
            parts[-1] = together(list(_between([parts[-1], part], " ")))
        else:
            parts.append(part)
    return together(list(_between(parts, " | ")))


def _is_gap(left: float, right: float, rows: Sequence[Sequence[Line]]) -> bool:
    middle = (left + right) / 2
    across = sum(any(_writes_at(middle, line) for line in row) for row in rows)
    return across < 0.4 * len(rows)


def _writes_at(place: float, line: Line) -> bool:
    at = np.flatnonzero((line.boxes[:, 0] <= place) & (place <= line.boxes[:, 2]))
    return any(line.text[n] != " " for n in at.tolist())


def _cells(line: Line) -> Iterator[Piece]:
    """A line cut at the gaps that are wider than those between words."""
    start = 0
    for at, letter in enumerate(line.text):
        if letter == " " and line.boxes[at, 2] - line.boxes[at, 0] > 0.6 * line.size:
            yield piece_of(line, start, at)
            start = at + 1
    yield piece_of(line, start, len(line.text))


def _between(pieces: Sequence[Piece], mark: str) -> Iterator[Piece]:
    for at, piece in enumerate(pieces):
        if at:
            yield Piece(mark, np.zeros((len(mark), 4), np.float32), np.zeros(len(mark), np.int32))
        yield piece


def piece_of(line: Line, start: int, end: int) -> Piece:
    return Piece(line.text[start:end], line.boxes[start:end], np.full(end - start, line.page, np.int32))


def together(pieces: Sequence[Piece]) -> Piece:
    if not pieces:
        return Piece("", np.zeros((0, 4), np.float32), np.zeros(0, np.int32))
    return Piece(
        "".join(piece.text for piece in pieces),
        np.concatenate([piece.boxes for piece in pieces]),
        np.concatenate([piece.pages for piece in pieces]),
    )


def joined(lines: Sequence[Line], words: Counter[str]) -> Piece:
    """The lines as one: hyphens at line ends resolved, else a space between."""
    pieces: list[Piece] = []
    for at, line in enumerate(lines):
        following = lines[at + 1].text if at + 1 < len(lines) else None
        if following is None:
            pieces.append(piece_of(line, 0, len(line.text)))
            continue
        cut, space = _seam(line.text, following, words)
        pieces.append(piece_of(line, 0, len(line.text) - cut))
        if space:
            pieces.append(Piece(" ", np.zeros((1, 4), np.float32), np.full(1, line.page, np.int32)))
    return together(pieces)


def _seam(text: str, following: str, words: Counter[str]) -> tuple[int, bool]:
    """How many characters go at a line's end, and whether a space comes between it and the next."""
    last, first = text.rpartition(" ")[2], following.partition(" ")[0]
    if re.search(r"https?:|www\.|doi\.org", last) and re.search(r"[/:._=-]$", last):
        return 0, False
    if text.endswith(("—", "\u2010")) or (text.endswith("–") and last != "–"):
        return 0, False
    before, after = re.search(r"([\w-]*\w)-$", last), re.match(r"\w+(?:-\w+)*", first)
    if not before or not after:
        return 0, not (text.endswith("-") and last != "-" and bool(after))
    left, right = before[1].casefold(), after[0].casefold()
    if right in ("and", "or") and not words[left + right]:  # pre- and postwar
        return 0, True
    return int(not _keeps_hyphen(left, right, after[0], words)), False


def _keeps_hyphen(left: str, right: str, shown: str, words: Counter[str]) -> bool:
    joined, hyphened = words[left + right], words[f"{left}-{right}"]
    if joined or hyphened:
        return hyphened > joined
    if "-" in left or left in _KEPT_HYPHENS or not shown[0].islower():
        return True
    if len(left) > 4 and left.endswith("ly") and right.endswith(("ed", "ing")):
        return True
    return len(left) > 3 and len(right) > 3 and bool(words[left]) and bool(words[right])
