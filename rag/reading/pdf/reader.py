"""PDF files as a person reads them, through pypdfium2."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...errors import SourceError
from ...types import Page, Section
from ..sandbox.limits import allow_seconds
from .file import open_pdf, xmp_packet
from .lettering import UNSPACED

if TYPE_CHECKING:
    from .glyphs import Line, PageLines
    from .metadata import Metadata

_SECONDS = 60  # of the processor, twice, and one a page more
_MOST_SECONDS = 1500
_LEAST_WORDS = 40  # of running prose: less is a lone figure
_LEAST_UNSPACED = 20  # letters of a line without blanks that is more than a label
_MOST_PAGES = 2000
_MOST_LETTERS = 3_500_000  # as many as fit into the memory
_AT_ONCE = 100_000  # letters
_EDGE = 0.11  # of a page's height: where page numbers stand
_APART = 12  # points at most between the places of two page numbers
_LEAST_ROW = 3  # pages
_NO_TEXT = "there is no text on its pages (a scan, or a lone figure)"

Boxes = NDArray[np.uint16]


@dataclass(frozen=True, slots=True)
class Document:
    """What stands in a PDF. `sections` and `pages` are spans of `body`, which does not hold the title.

    `boxes` and `title_boxes` have a row a character of `body` and of `title`: left, top, right, bottom in tenths of a
    point from the upper left corner of the page as it is shown, zeros for what stands on none. `certainty` says how
    sure each guessed field is, `title_page` which page the title stands on, `notes` what a reader has to know.
    """

    title: str
    body: str
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str | None = None
    doi: str | None = None
    arxiv_id: str | None = None
    certainty: tuple[tuple[str, float], ...] = ()
    sections: tuple[Section, ...] = ()
    pages: tuple[Page, ...] = ()
    notes: tuple[str, ...] = ()
    title_page: Page | None = None
    page_count: int = 0
    boxes: Boxes = field(default_factory=lambda: _no_boxes(0), compare=False, repr=False)
    title_boxes: Boxes = field(default_factory=lambda: _no_boxes(0), compare=False, repr=False)

    def boxes_after_title(self) -> Boxes:
        """The boxes of title, two line ends and body, which is how a paper is stored."""
        return np.concatenate([self.title_boxes, _no_boxes(2), self.boxes])


def read_pdf(path: Path, most_pages: int | None = None) -> Document:
    """The document in a PDF file, or in its first `most_pages` pages.

    A worker process calls this (see rag.reading.sandbox): the parser may crash, and takes what memory it can get.

    Raises:
        SourceError: it is encrypted, damaged, without text, or longer than a paper.
    """
    from .covers import cover_sheets
    from .layout import arrange
    from .metadata import guess_metadata

    pdf = open_pdf(path)
    count = min(len(pdf), most_pages or len(pdf))
    if count > _MOST_PAGES:
        raise SourceError(f"it has {count:,} pages, which are more than {_MOST_PAGES:,}: split it")
    allow_seconds(min(2 * _SECONDS + count, _MOST_SECONDS))
    pages, notes = _pages(pdf, most_pages)
    cover = cover_sheets(pages)
    found = guess_metadata(pages, pdf.get_metadata_dict(), xmp_packet(path), path.name, cover)
    title = [pages[found.title_page].lines[at] for at in found.title_lines]
    label = pages[found.title_page].label if title else None
    notes += _cover_note([page.number for page in pages[:cover] if page.lines])
    pages = _without_byline(pages, found)[cover:]
    layout = arrange(pages, title)
    del pages  # the boxes of a long text take much of the memory
    body = layout.piece.text
    prose = [s for s in layout.sections if s.kind in ("body", "abstract", "appendix", "acknowledgements")]
    if sum(_prose_words(body[s.start : s.end]) for s in prose) < _LEAST_WORDS:
        raise SourceError("it has hardly any running text (a lone figure or table, or a cover)")
    return Document(
        title=found.title,
        body=body,
        authors=found.authors,
        year=found.year,
        venue=found.venue,
        doi=found.doi,
        arxiv_id=found.arxiv_id,
        certainty=found.certainty,
        sections=layout.sections,
        pages=layout.pages,
        notes=tuple(notes),
        title_page=Page(title[0].page, label, 0, len(found.title)) if title else None,
        page_count=len(pdf),
        boxes=_tenths(layout.piece.boxes),
        title_boxes=_title_boxes(found.title, title),
    )


def _without_byline(pages: Sequence[PageLines], found: Metadata) -> list[PageLines]:
    """The pages without the lines that name the authors, which are stored as such."""
    own = set(found.author_lines)
    first = pages[found.title_page]
    kept = replace(first, lines=tuple(line for at, line in enumerate(first.lines) if at not in own))
    return [kept if page is first else page for page in pages]


def _pages(pdf: Any, most_pages: int | None) -> tuple[list[PageLines], list[str]]:
    """The pages that have text, and what is to be said of those that have not."""
    import pypdfium2

    from .glyphs import read_lines
    from .ligatures import with_ligatures
    from .ocr import read_scan

    pages: list[PageLines] = []
    unread: list[int] = []
    scans: list[int] = []
    letters = 0
    for at in range(min(len(pdf), most_pages or len(pdf))):
        try:
            page = pdf[at]
            lines = read_lines(page, at + 1, pdf.get_page_label(at) or None)
            if not lines.lines and (lines.image or lines.pictures):
                lines = read_scan(page, lines)
                scans += [] if lines.lines else [at + 1]
            page.close()
        except pypdfium2.PdfiumError:
            unread.append(at + 1)  # one broken page does not cost the others
            continue
        pages.append(lines)
        letters += sum(len(line.text) for line in lines.lines)
        if letters > _MOST_LETTERS:
            raise SourceError(f"it has more than {_MOST_LETTERS:,} letters up to page {at + 1:,}: split it")
    pages, restored, lost = with_ligatures(pages)
    if not any(page.lines for page in pages):
        raise SourceError(_NO_TEXT + (_remedy() if scans else ""))
    if not any(page.label for page in pages):
        pages = _labelled(pages)
    return pages, [*_notes(pages, unread, scans), *_letter_notes(restored, lost)]


def _labelled(pages: Sequence[PageLines]) -> list[PageLines]:
    """The pages with the numbers printed on them as labels, where these rise by one from page to page.

    The number that a page would have in that row is its label where it prints none itself, as first pages often do.
    """
    places: dict[int, list[tuple[int, float, float]]] = {}
    for page in pages:
        for number, x, y in _printed_numbers(page):
            places.setdefault(number - page.number, []).append((page.number, x, y))
    rows = {step: _longest_row(found) for step, found in places.items()}
    step = max(rows, key=lambda step: rows[step], default=0)
    if not step or rows[step] < max(_LEAST_ROW, len(pages) / 2):
        return list(pages)
    return [replace(page, label=str(page.number + step) if page.number + step > 0 else None) for page in pages]


def _printed_numbers(page: PageLines) -> Iterator[tuple[int, float, float]]:
    """The numbers at the outer ends of a page's head and foot lines, each with its middle from the left and its top."""
    for line in page.lines:
        if line.turned or _EDGE * page.height < (line.top + line.bottom) / 2 < (1 - _EDGE) * page.height:
            continue
        for found in re.finditer(r"^\W{0,3}(\d{1,5})(?!\S)|(?<!\S)(\d{1,5})\W{0,3}$", line.text):
            group = found.lastindex or 1
            left, right = line.boxes[found.start(group)][0], line.boxes[found.end(group) - 1][2]
            yield int(found[group]), float(left + right) / 2, line.top


def _longest_row(found: Sequence[tuple[int, float, float]]) -> int:
    """How many pages have their number in the same place, those of even and of odd number each in their own."""
    count = 0
    for side in (0, 1):
        near = [
            {n for n, x2, y2 in found if n % 2 == side and abs(x2 - x) < _APART and abs(y2 - y) < _APART}
            for n, x, y in found
            if n % 2 == side
        ]
        count += max(map(len, near), default=0)
    return count


def _notes(pages: Sequence[PageLines], unread: Sequence[int], scans: Sequence[int]) -> Iterator[str]:
    hidden = [page for page in pages if page.hidden > 0]
    if hidden:
        count = sum(page.hidden for page in hidden)
        where = _numbers([page.number for page in hidden])
        yield f"{count} characters that a person cannot see ({where}) were left out"
    layers = [page.number for page in pages if page.hidden < 0]
    if layers:
        yield f"the text of {_numbers(layers)} is a scan's hidden layer"
    if scans:
        yield f"{_numbers(scans)} {_have(scans)} no text: a scan{_remedy()}"
    if unread:
        yield f"{_numbers(unread)} {'is' if len(unread) == 1 else 'are'} damaged and could not be read"


def _letter_notes(restored: int, lost: int) -> Iterator[str]:
    if restored:
        yield f"the file does not say what {_count(restored, 'ligature')} (fi, fl, ff) are: guessed from the words"
    if lost:
        yield f"{_count(lost, 'sign')} could not be read: the file does not say which they are"


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _cover_note(sheets: Sequence[int]) -> list[str]:
    what = "is a cover sheet" if len(sheets) == 1 else "are cover sheets"
    return [f"{_numbers(sheets)} {what} and not searched"] if sheets else []


def _remedy() -> str:
    return "" if shutil.which("tesseract") else ". Install Tesseract to have scans read"


def _have(numbers: Sequence[int]) -> str:
    return "has" if len(numbers) == 1 else "have"


def _numbers(numbers: Sequence[int]) -> str:
    """`page 3`, `pages 2 and 5`, `pages 2, 5, 6 and 9 more`."""
    shown = [str(number) for number in numbers[:5]]
    if len(numbers) > 5:
        shown.append(f"{len(numbers) - 5} more")
    head, last = ", ".join(shown[:-1]), shown[-1]
    return f"pages {head} and {last}" if head else f"page {last}"


def _prose_words(text: str) -> int:
    """How many words the sentences of a text have: what is more than a label or a number.

    Where words are not separated by blanks, two letters count as one.
    """
    count = 0
    for line in text.split("\n"):
        unspaced = len(UNSPACED.findall(line))
        if len(line.split()) > 5 or unspaced > _LEAST_UNSPACED:
            count += len(re.findall(r"[^\W\d_]{2,}", line)) + unspaced // 2
    return count


def _tenths(boxes: NDArray[np.float32]) -> Boxes:
    tenths = np.zeros(boxes.shape, np.uint16)
    for start in range(0, len(boxes), _AT_ONCE):  # all at once would take three times the memory
        part = np.nan_to_num(boxes[start : start + _AT_ONCE]) * 10
        tenths[start : start + _AT_ONCE] = np.clip(np.rint(part), 0, 65535)
    return tenths


def _no_boxes(count: int) -> Boxes:
    return np.zeros((count, 4), np.uint16)


def _title_boxes(title: str, lines: Sequence[Line]) -> Boxes:
    """The boxes of the title's characters: its letters and digits are those of its lines, in their order."""
    boxes = _no_boxes(len(title))
    drawn = [(letter.casefold(), box) for line in lines for letter, box in zip(line.text, line.boxes, strict=True)]
    at = 0
    for number, letter in enumerate(title):
        if not letter.isalnum():
            continue
        found = next((n for n in range(at, min(at + 12, len(drawn))) if drawn[n][0] == letter.casefold()), None)
        if found is not None:
            boxes[number] = _tenths(drawn[found][1])
            at = found + 1
    return boxes
