"""Lines put together to running text, and the cells of a table to its rows; every character keeps its place."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np
from numpy.typing import NDArray

from .glyphs import Boxes, Line, PageLines, raised_letters
from .lettering import UNSPACED

Span = tuple[float, float]

_VALUE = re.compile(r"[.<>+−–-]?\d")
_NOTE_MARK = re.compile(r"\d{1,3}(?:\s?[,–-]\s?\d{1,3})*")
_MARKED = re.compile(r"""(?:[a-z\d][)\]”"’%]?[.,;:!?]|[a-z]{2}[)”"’]|\b[^\W\d_]*[a-z]{4})$""")
_NOT_MARKED = re.compile(r"(?:\b\d[\d.,]*|\b(?:second|metre|meter|inch|feet|foot|mile|hour|minute|pixel)s?)$")
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
    gutters = _gutters(table)
    parts = [[part for line in row for part in _cells(line, gutters)] for row in table]
    spans = [[(_left(part), _right(part)) for part in row] for row in parts if len(row) > 1]
    rows = [_row(cells, table, spans) for cells in parts]
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


def _row(cells: Sequence[Piece], rows: Sequence[Sequence[Line]], spans: Sequence[Sequence[Span]]) -> Piece:
    """A row of a table, its cells parted by bars; what other rows write across is no gap between cells."""
    parts: list[Piece] = []
    for part in cells:
        if parts and not _is_gap(_right(parts[-1]), _left(part), rows):
            parts[-1] = together(list(_between([parts[-1], part], " ")))
        else:
            parts.append(part)
    return together(list(_between(list(_with_empty(parts, spans)), " |")))


def _with_empty(parts: Sequence[Piece], spans: Sequence[Sequence[Span]]) -> Iterator[Piece]:
    """The cells, each after the first with a space before it, and an empty one for each column that is passed over."""
    placed = all(_is_usual([_under(_left(part), _right(part), row) == 1 for row in spans]) for part in parts)
    for at, part in enumerate(parts):
        if at and placed:  # each in a column, none the head of several
            between = [_within(_right(parts[at - 1]), _left(part), row) for row in spans]
            passed = median(count for count in between if count) if _is_usual([bool(n) for n in between]) else 0
            yield from [together([])] * int(passed)
        yield together([_mark(" "), part]) if at else part


def _is_usual(cases: Sequence[bool]) -> bool:
    return sum(cases) > 0.4 * len(cases)


def _under(left: float, right: float, row: Sequence[Span]) -> int:
    """How many cells of a row share half of their width, or of that between two places."""
    return sum(min(b, right) - max(a, left) >= 0.5 * min(b - a, right - left) for a, b in row)


def _within(left: float, right: float, row: Sequence[Span]) -> int:
    """How many cells of a row stand between two places."""
    return sum(left <= a and b <= right for a, b in row)


def _gutters(rows: Sequence[Sequence[Line]]) -> list[Span]:
    """Strips before columns of numbers that hardly any row writes across."""
    if len(rows) < 4:
        return []
    start = min(line.left for row in rows for line in row)
    end = max(line.right for row in rows for line in row)
    places = np.arange(start, end, 0.5)
    size = median(line.size for row in rows for line in row)
    written = np.array([_written(row, places) for row in rows])
    free = np.flatnonzero(written.sum(0) <= max(1, 0.15 * len(rows)))
    out: list[Span] = []
    for run in np.split(free, np.flatnonzero(np.diff(free) > 1) + 1):
        if 0.2 * size < 0.5 * len(run):
            out.append((float(places[run[0]]), float(places[run[-1]])))
    return [strip for strip in out if _is_before_numbers(rows, *strip)]


def _written(row: Sequence[Line], places: NDArray[np.float64]) -> NDArray[np.bool_]:
    out = np.zeros(len(places), bool)
    for line in row:
        for letter, box in zip(line.text, line.boxes, strict=True):
            if letter != " ":
                out |= (box[0] <= places) & (places <= box[2])
    return out


def _is_before_numbers(rows: Sequence[Sequence[Line]], left: float, right: float) -> bool:
    """Whether most rows have a word to the left of a strip and a number next to it on the right."""
    count = 0
    for row in rows:
        letters = [(float(box[0]), c) for li in row for c, box in zip(li.text, li.boxes, strict=True) if c != " "]
        before = max((pair for pair in letters if pair[0] < left), default=(0.0, ""))[1]
        after = "".join(
            letter for _, letter in sorted(pair for pair in letters if -1 <= pair[0] - right < 1.5 * row[0].size)[:2]
        )
        count += bool(re.match(r"[\w%)*†]", before)) and bool(_VALUE.match(after))
    return count >= max(3, 0.5 * len(rows))


def _left(part: Piece) -> float:
    return float(part.boxes[0, 0])


def _right(part: Piece) -> float:
    return float(part.boxes[-1, 2])


def _is_gap(left: float, right: float, rows: Sequence[Sequence[Line]]) -> bool:
    """Whether most rows leave some place between the two free."""
    places = np.linspace(left, right, 9)[1:-1].tolist()
    return any(sum(any(_writes_at(place, line) for line in row) for row in rows) < 0.4 * len(rows) for place in places)


def _writes_at(place: float, line: Line) -> bool:
    at = np.flatnonzero((line.boxes[:, 0] <= place) & (place <= line.boxes[:, 2]))
    return any(line.text[n] != " " for n in at.tolist())


def _cells(line: Line, gutters: Sequence[Span]) -> Iterator[Piece]:
    """A line cut at the gaps that are wider than those between words, and at gutters."""
    spaces = [at for at, letter in enumerate(line.text) if letter == " "]
    wide = {at for at in spaces if line.boxes[at, 2] - line.boxes[at, 0] > 0.6 * line.size}
    at_strip = {
        at: b - a for at in spaces for a, b in gutters if a < line.boxes[at, 2] - 1 and b > line.boxes[at, 0] + 1
    }
    narrow = {at for at, width in at_strip.items() if width < 0.8 * line.size}
    if len(narrow | wide) < len(spaces):  # a word more than a cell: only numbers are sure to stand for themselves
        narrow = {at for at in at_strip if _VALUE.match(line.text[at + 1 :])}
    start = 0
    for at in sorted(wide | narrow):
        yield piece_of(line, start, at)
        start = at + 1
    yield piece_of(line, start, len(line.text))


def _between(pieces: Sequence[Piece], mark: str) -> Iterator[Piece]:
    for at, piece in enumerate(pieces):
        if at:
            yield _mark(mark)
        yield piece


def _mark(text: str) -> Piece:
    """Text that stands on no page."""
    return Piece(text, np.zeros((len(text), 4), np.float32), np.zeros(len(text), np.int32))


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
        cut, space = _seam(line.text, following, words) if following is not None else (0, False)
        pieces += _with_marks(line, len(line.text) - cut)
        if space:
            pieces.append(Piece(" ", np.zeros((1, 4), np.float32), np.full(1, line.page, np.int32)))
    return together(pieces)


def _with_marks(line: Line, end: int) -> Iterator[Piece]:
    """A line up to `end`, numbers raised after a word or a sentence in brackets: they point to notes or references."""
    done = 0
    raised = "".join("x" if high else " " for high in raised_letters(line)) if line.text[:1] else ""
    for run in re.finditer(r"x[x ,–-]*(?<=x)", raised[:end]):
        before = line.text[: run.start()]
        if (
            _NOTE_MARK.fullmatch(line.text[slice(*run.span())])
            and _MARKED.search(before)
            and _ends_word(line, run.end())
        ):
            if _NOT_MARKED.search(before):
                continue
            yield from (piece_of(line, done, run.start()), _mark("["), piece_of(line, *run.span()), _mark("]"))
            done = run.end()
    yield piece_of(line, done, end)


def _ends_word(line: Line, at: int) -> bool:
    return not line.text[at : at + 1].isalnum()


def _seam(text: str, following: str, words: Counter[str]) -> tuple[int, bool]:
    """How many characters go at a line's end, and whether a space comes between it and the next."""
    if UNSPACED.match(text[-1:]) and UNSPACED.match(following):
        return 0, False
    last, first = text.rpartition(" ")[2], following.partition(" ")[0]
    if re.search(r"https?:|www\.|doi\.org", last) and re.search(r"[/:._=-]$", last):
        return 0, False
    if text.endswith("—") or (text.endswith("–") and last != "–"):
        return 0, False
    before, after = re.search(r"([\w-]*\w)-$", last), re.match(r"\w+(?:-\w+)*", first)
    if not before or not after:
        return 0, not (text.endswith("-") and last != "-" and bool(after))
    left, right = before[1].casefold(), after[0].casefold()
    if right in ("and", "or") and not words[left + right]:  # pre- and postwar
        return 0, True
    term = bool(re.search(r"[A-Z\d]$", before[1]))  # CO2-based, RNA-bound
    return int(not _keeps_hyphen(left, right, after[0] if not term else after[0].upper(), words)), False


def _keeps_hyphen(left: str, right: str, shown: str, words: Counter[str]) -> bool:
    joined, hyphened = words[left + right], words[f"{left}-{right}"]
    if joined or hyphened:
        return hyphened > joined
    if "-" in left or left in _KEPT_HYPHENS or not shown[0].islower():
        return True
    if len(left) > 4 and left.endswith("ly") and right.endswith(("ed", "ing")):
        return True
    return len(left) > 3 and len(right) > 3 and bool(words[left]) and bool(words[right])
