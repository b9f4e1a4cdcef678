"""Draw the pages of a paper's PDF with a quote marked, and find where a quote is."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .errors import DrawingError, SourceError
from .ingest.files import check_unchanged
from .ingest.uploads import uploaded_copy
from .reading.pdf.draw import draw_page
from .store.papers import Records, StoredSource
from .types import Box, Span

_TALL = 1.6  # times the median height: taller boxes do not tell the height of their line


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
    return any(_file(records, source).is_file() for source in _pdf_sources(records, name))


def draw_paper_page(records: Records, name: str, page: int, start: int | None = None, end: int | None = None) -> bytes:
    """Return a page of a paper's PDF, numbered from 1, as a PNG; mark the part of `text[start:end]` that is on it.

    For a saved quote, get start and end from `find_quote`, and the page from `Paper.page_at`. Raise UnknownPaper or
    AmbiguousPaper if no paper matches the name, or several do. Raise DrawingError if the paper has no PDF, the file is
    gone or has changed, or the page cannot be drawn.
    """
    boxes = boxes_of(records, name, start, end) if start is not None and end is not None else []
    reasons = []
    for source in _pdf_sources(records, name):
        file, remedy = _file(records, source), "Add the file again"
        try:
            check_unchanged(file, (source.digest or "").partition(".")[0])
            remedy = "Open the file itself"
            return draw_page(file, page, boxes)
        except SourceError as error:
            reasons.append(f"Page {page} of {source.name!r} cannot be shown: {error}. {remedy}.")
    raise DrawingError(next(iter(reasons), "There is no page to show: the paper was not read from a PDF."))


def boxes_of(records: Records, name: str, start: int, end: int) -> list[Box]:
    """Return the rectangles of a span of a paper on its pages, one for each piece of a line; none if unknown."""
    paper = records.paper(name)
    start, end = max(start, 0), min(end, len(paper.text))
    characters = _with_even_heights(records.boxes(records.paper_key(paper.id), start, end) / 10.0)
    rectangles: list[Box] = []
    for position, (left, top, right, bottom) in enumerate(characters.tolist(), start):
        page = paper.page_at(position)
        if page is None or right <= left:
            continue
        last = rectangles[-1] if rectangles else None
        # The same line: to the right of the last one, or on it (accents, ligatures), and at its height.
        follows = last and left >= last.right - (right - left) - 1 and top < last.bottom and bottom > last.top
        if last and follows and last.page == page.number:
            joined = min(last.top, top), max(last.right, right), max(last.bottom, bottom)
            rectangles[-1] = Box(page.number, last.left, *joined)
        else:
            rectangles.append(Box(page.number, left, top, right, bottom))
    return rectangles


def _with_even_heights(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return characters' boxes, (characters, 4), with each tall one as high as its nearest neighbour.

    Math fonts give letters boxes that reach over the lines above and below.
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


def _file(records: Records, source: StoredSource) -> Path:
    return uploaded_copy(records.path.parent, source.location) or Path(source.location)
