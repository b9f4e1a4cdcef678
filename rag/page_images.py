"""Draw the pages of a paper's PDF with a quote marked, measure them, and find where a quote is."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .errors import DrawingError, SourceError
from .ingest.files import check_unchanged
from .ingest.moved import file_of
from .reading.pdf.draw import WIDTH, draw_page, page_sizes
from .store.papers import Records, StoredSource
from .types import Box, Paper, Span

_T = TypeVar("_T")

_TALL = 1.6  # times the median height; taller boxes say nothing about the height of their line


def find_quote(records: Records, name: str, quote: str, start: int) -> Span | None:
    """Return where a saved quote is in a paper now: at `start`, else at the nearest match, or None.

    A quote moves when the paper is read again or its title is corrected.
    """
    text = records.paper(name).text
    start = max(start, 0)
    matches = {text.rfind(quote, 0, start + len(quote)), text.find(quote, start)} - {-1}
    if not quote or not matches:
        return None
    nearest = min(matches, key=lambda match: abs(match - start))
    return Span(nearest, nearest + len(quote))


def can_draw(records: Records, name: str) -> bool:
    """Return whether the paper has a PDF whose pages can be drawn. Reads no file."""
    return any(file_of(records, source.location).is_file() for source in _pdf_sources(records, name))


def draw_paper_page(
    records: Records, name: str, page: int, start: int | None = None, end: int | None = None, width: int = WIDTH
) -> bytes:
    """Return a page of a paper's PDF, numbered from 1, as a PNG; mark the part of `text[start:end]` that is on it.

    For a saved quote, get start and end from `find_quote`, and the page from `Paper.page_at`. Raise UnknownPaper or
    AmbiguousPaper if no paper matches the name, or several do. Raise DrawingError if the paper has no PDF, the file is
    gone or has changed, or the page cannot be drawn.
    """
    boxes = boxes_of(records, name, start, end) if start is not None and end is not None else []
    return _of_first_pdf(records, name, f"Page {page}", lambda file: draw_page(file, page, boxes, width))


def paper_page_sizes(records: Records, name: str) -> tuple[tuple[float, float], ...]:
    """Return the width and height of each page of a paper's PDF as shown, in points.

    Raises:
        UnknownPaper, AmbiguousPaper: no paper matches the name, or several do.
        DrawingError: the paper has no PDF, the file is gone or has changed, or cannot be read.
    """
    return _of_first_pdf(records, name, "The PDF", page_sizes)


def _of_first_pdf(records: Records, name: str, what: str, read: Callable[[Path], _T]) -> _T:
    """Return `read(path)` for the first readable PDF of a paper. Raise DrawingError if there is none."""
    reasons = []
    for source in _pdf_sources(records, name):
        file, remedy = file_of(records, source.location), "Add the file, or the folder where it is now"
        try:
            check_unchanged(file, (source.digest or "").partition(".")[0])
            remedy = "Open the file itself"
            return read(file)
        except SourceError as error:
            reasons.append(f"{what} of {source.name!r} cannot be shown: {error}. {remedy}.")
    raise DrawingError(next(iter(reasons), "There is no page to show: the paper was not read from a PDF."))


def boxes_of(records: Records, name: str, start: int, end: int) -> list[Box]:
    """Return the rectangles of a span of a paper on its pages, one for each piece of a line; none if unknown."""
    paper = records.paper(name)
    start, end = max(start, 0), min(end, len(paper.text))
    boxes = records.boxes(records.paper_key(paper.id), start, end)
    return rectangles(boxes, page_numbers(paper, start, start + len(boxes)))


def page_numbers(paper: Paper, start: int, end: int) -> NDArray[np.int32]:
    """Return the number of the page of each character of `text[start:end]`; 0 if it is on none."""
    numbers = np.zeros(end - start, np.int32)
    for page in paper.pages:
        numbers[max(page.start - start, 0) : max(page.end - start, 0)] = page.number
    return numbers


def rectangles(boxes: NDArray[np.uint16], pages: NDArray[np.int32]) -> list[Box]:
    """Return the rectangles of characters with these boxes and pages, one for each piece of a line."""
    found: list[Box] = []
    for (left, top, right, bottom), page in zip(_with_even_heights(boxes / 10.0).tolist(), pages.tolist(), strict=True):
        if page == 0 or right <= left:
            continue
        last = found[-1] if found else None
        # The same line: to the right of the last one, or on it (accents, ligatures), and at its height.
        follows = last and left >= last.right - (right - left) - 1 and top < last.bottom and bottom > last.top
        if last and follows and last.page == page:
            joined = min(last.top, top), max(last.right, right), max(last.bottom, bottom)
            found[-1] = Box(page, last.left, *joined)
        else:
            found.append(Box(page, left, top, right, bottom))
    return found


def _with_even_heights(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return character boxes, (characters, 4), with each too tall one given the height of its nearest neighbour.

    Math fonts have letter boxes that overlap the lines above and below.
    """
    heights = boxes[:, 3] - boxes[:, 1]
    visible = np.flatnonzero(heights > 0)
    if not len(visible):
        return boxes
    is_tall = heights > _TALL * np.median(heights[visible])
    others = visible[~is_tall[visible]]
    for tall in np.flatnonzero(is_tall):
        at = int(np.searchsorted(others, tall))
        middle = (boxes[tall, 1] + boxes[tall, 3]) / 2
        neighbour = min(others[max(at - 1, 0) : at + 1], key=lambda i: abs(boxes[i, [1, 3]].mean() - middle))
        boxes[tall, [1, 3]] = boxes[neighbour, [1, 3]]
    return boxes


def _pdf_sources(records: Records, name: str) -> list[StoredSource]:
    sources = records.sources_in_full(records.paper_key(name))
    return [source for source in sources if source.digest and source.location.lower().endswith(".pdf")]
