"""Read a PDF file as a paper: lines, metadata, layout, and notes about what could not be read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from time import monotonic
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...errors import SourceError
from ...text.kinds import BACK_MATTER, PROSE
from ...types import Page, Paper
from ..sandbox.limits import allow_seconds
from .file import open_pdf
from .lines import Line, PageLines, read_lines
from .writing_systems import UNSPACED

_BASE_SECONDS = 120  # of CPU time, plus one per page
_MAX_SECONDS = 1500
_RECOGNITION_SECONDS = 900  # for the OCR of all pages; the sandbox allows 1500
_MAX_PAGES = 2000
_MAX_CHARACTERS = 3_500_000  # more would exceed the memory limit
_BATCH = 100_000  # characters whose boxes are converted at a time, to save memory
_MIN_PROSE_WORDS = 40  # less is a lone figure
_MIN_TABLE_ROWS = 20  # of a document that consists only of tables
_MIN_UNSPACED_LETTERS = 20  # in a line of prose; less is a label
_MAX_LISTED = 5  # page numbers in a note


Boxes = NDArray[np.uint16]


class _Extracted(NamedTuple):
    """The readable pages, and the numbers of damaged pages, of scans without text, and of pages read by OCR."""

    pages: list[PageLines]
    damaged: list[int]
    scans: list[int]
    recognised: set[int]


def read_pdf(path: Path, max_pages: int | None = None) -> Paper:
    """Read a PDF file, or its first `max_pages` pages, as a paper with character boxes.

    Call this in a sandbox worker, since the parser may crash and use any amount of memory.

    Raises:
        SourceError: the file is encrypted, damaged, without text, or longer than a paper.
        OSError: it cannot be read.
    """
    from .cover_sheets import count_covers
    from .layout import arrange
    from .metadata import guess_metadata
    from .xmp import xmp_packet

    pdf = open_pdf(path)
    count = min(len(pdf), max_pages or len(pdf))
    if count > _MAX_PAGES:
        raise SourceError(f"it has {count:,} pages; the limit is {_MAX_PAGES:,}: split it")
    allow_seconds(min(_BASE_SECONDS + count, _MAX_SECONDS))
    pages, notes, scanned = _read_pages(pdf, count)
    extent = "scan" if 2 * len(scanned) > len([page for page in pages if page.lines]) else "full"
    covers = count_covers(pages)
    found = guess_metadata(pages, pdf.get_metadata_dict(), xmp_packet(path), path.name, covers)
    first = pages[found.title_page]
    title_lines = [first.lines[at] for at in found.title_lines]
    if sheets := [page.number for page in pages[:covers] if page.lines]:
        notes.append(
            f"{_pages(sheets)} {'is a cover sheet' if len(sheets) == 1 else 'are cover sheets'} and not searched"
        )
    text_lines = tuple(line for at, line in enumerate(first.lines) if at not in found.author_lines)
    layout = arrange([replace(first, lines=text_lines), *pages[covers + 1 :]], title_lines)
    del pages  # a long text's boxes need much memory
    body = layout.text.text
    prose = [body[each.start : each.end] for each in layout.sections if each.kind in {*PROSE, BACK_MATTER}]
    rows = sum(len(table.rows) for table in layout.tables)
    if sum(map(_count_prose_words, prose)) < _MIN_PROSE_WORDS and rows < _MIN_TABLE_ROWS:
        raise SourceError("it has hardly any running text (a lone figure or table, or a cover)")
    title, start = found.title, len(found.title) + 2
    title_page = [Page(title_lines[0].page, first.label, 0, len(title))] if title_lines else []
    return Paper(
        title=title,
        text=f"{title}\n\n{body}",
        authors=found.authors,
        year=found.year,
        venue=found.venue,
        doi=found.doi,
        arxiv_id=found.arxiv_id,
        pages=(*title_page, *(replace(p, start=p.start + start, end=p.end + start) for p in layout.pages)),
        sections=tuple(replace(s, start=s.start + start, end=s.end + start) for s in layout.sections),
        tables=tuple(table.moved(lambda at: at + start) for table in layout.tables),
        certainty=found.certainty,
        notes=tuple(notes),
        extent=extent,
        boxes=np.concatenate([_title_boxes(title, title_lines), _no_boxes(2), _tenths(layout.text.boxes)]),
    )


def _read_pages(pdf: Any, count: int) -> tuple[list[PageLines], list[str], set[int]]:
    """Return the first `count` pages except damaged ones, notes about what could not be read, and scanned pages.

    The text of scanned pages comes from OCR, here or in the program that made the file.
    """
    from .garbled import recognise_garbled
    from .ligatures import restore_ligatures
    from .line_numbers import remove_line_numbers
    from .ocr import tesseract
    from .page_labels import label_pages

    deadline = monotonic() + _RECOGNITION_SECONDS
    extracted = _extract_pages(pdf, count, deadline)
    pages, recognised, garbled = recognise_garbled(pdf, extracted.pages, deadline)
    pages, restored, unread = restore_ligatures(pages)
    pages = remove_line_numbers(pages)
    remedy = "" if tesseract() else ". Install Tesseract to have {} read"
    if not any(page.lines for page in pages):
        raise SourceError(_why_without_text(pages, extracted.scans, garbled, remedy))
    notes = [
        *_hidden_text_notes(pages),
        *_page_notes(extracted, recognised, garbled, remedy),
        *_character_notes(restored, unread),
    ]
    scanned = extracted.recognised.union(recognised, (page.number for page in pages if page.hidden < 0))
    return pages if any(page.label for page in pages) else label_pages(pages), notes, scanned


def _extract_pages(pdf: Any, count: int, deadline: float) -> _Extracted:
    """Read the lines of the first `count` pages, with OCR for pages without text until `deadline`."""
    import pypdfium2

    from .ocr import read_scan
    from .symbols import SymbolReader
    from .weights import Weights

    symbols, weights = SymbolReader(), Weights()
    found = _Extracted([], [], [], set())
    characters = 0
    for number in range(1, count + 1):
        try:
            pdf_page = pdf[number - 1]
            page = read_lines(pdf_page, number, pdf.get_page_label(number - 1) or None, symbols, weights)
            if not page.lines and (page.image or page.pictures):
                page = read_scan(pdf_page, page) if monotonic() < deadline else page
                if page.lines:
                    found.recognised.add(number)
                else:
                    found.scans.append(number)
            pdf_page.close()
        except pypdfium2.PdfiumError:
            found.damaged.append(number)
            continue
        found.pages.append(page)
        characters += sum(len(line.text) for line in page.lines)
        if characters > _MAX_CHARACTERS:
            raise SourceError(f"it has more than {_MAX_CHARACTERS:,} letters up to page {number:,}: split it")
    return found


def _why_without_text(pages: Sequence[PageLines], scans: Sequence[int], garbled: Sequence[int], remedy: str) -> str:
    if garbled:
        return f"its fonts map letters to wrong characters, so its text is unreadable{remedy.format('it')}"
    hidden = sum(page.hidden for page in pages)
    if hidden > 0:
        return f"none of its text is visible ({_counted(hidden, 'character')}: covered or transparent)"
    return "there is no text on its pages (a scan, or a lone figure)" + (remedy.format("scans") if scans else "")


def _page_notes(extracted: _Extracted, recognised: Sequence[int], garbled: Sequence[int], remedy: str) -> Iterator[str]:
    """Yield notes about pages that were read by OCR, or not completely."""
    if scans := extracted.scans:
        yield f"{_pages(scans)} {'has' if len(scans) == 1 else 'have'} no text: a scan{remedy.format('scans')}"
    if recognised:
        yield f"{_pages(recognised)}: read by OCR, since its fonts map letters to wrong characters"
    if garbled:
        reason = "text in fonts that map letters to wrong characters was left out"
        yield f"{_pages(garbled)}: {reason}{remedy.format('it')}"
    if damaged := extracted.damaged:
        yield f"{_pages(damaged)} {'is' if len(damaged) == 1 else 'are'} damaged and could not be read"


def _character_notes(restored: int, unread: int) -> Iterator[str]:
    """Yield notes about characters that the file does not map to letters."""
    if restored:
        ligatures = _counted(restored, "ligature")
        yield f"the file does not say what {ligatures} (fi, fl, ff) are: guessed from the words"
    if unread:
        yield f"{_counted(unread, 'character')} could not be read: the file does not say which they are"


def _hidden_text_notes(pages: Sequence[PageLines]) -> Iterator[str]:
    hidden = [page.number for page in pages if page.hidden > 0]
    if hidden:
        count = sum(page.hidden for page in pages if page.hidden > 0)
        yield f"{count} invisible characters ({_pages(hidden)}) were left out"
    scan_layers = [page.number for page in pages if page.hidden < 0]
    if scan_layers:
        yield f"the text of {_pages(scan_layers)} is the hidden text layer of a scan"


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _pages(numbers: Sequence[int]) -> str:
    """Return `page 3`, `pages 2 and 5`, `pages 2, 5, 6, 7, 8 and 9 more`."""
    shown = [str(number) for number in numbers[:_MAX_LISTED]]
    if len(numbers) > _MAX_LISTED:
        shown.append(f"{len(numbers) - _MAX_LISTED} more")
    head, last = ", ".join(shown[:-1]), shown[-1]
    return f"pages {head} and {last}" if head else f"page {last}"


def _count_prose_words(text: str) -> int:
    """Count the words in lines longer than a label; in scripts without spaces two letters count as a word."""
    count = 0
    for line in text.split("\n"):
        unspaced = len(UNSPACED.findall(line))
        if len(line.split()) > 5 or unspaced > _MIN_UNSPACED_LETTERS:
            count += len(re.findall(r"[^\W\d_]{2,}", line)) + unspaced // 2
    return count


def _tenths(boxes: NDArray[np.float32]) -> Boxes:
    """Convert boxes from points to tenths of a point."""
    tenths = np.zeros(boxes.shape, np.uint16)
    for start in range(0, len(boxes), _BATCH):
        part = np.nan_to_num(boxes[start : start + _BATCH]) * 10
        tenths[start : start + _BATCH] = np.clip(np.rint(part), 0, 65535)
    return tenths


def _no_boxes(count: int) -> Boxes:
    return np.zeros((count, 4), np.uint16)


def _title_boxes(title: str, lines: Sequence[Line]) -> Boxes:
    """Return the boxes of the title's characters by matching its letters and digits, in order, to its lines."""
    boxes = _no_boxes(len(title))
    printed = [(letter.casefold(), box) for line in lines for letter, box in zip(line.text, line.boxes, strict=True)]
    at = 0
    for number, letter in enumerate(title):
        if not letter.isalnum():
            continue
        found = next((n for n in range(at, min(at + 12, len(printed))) if printed[n][0] == letter.casefold()), None)
        if found is not None:
            boxes[number] = _tenths(printed[found][1])
            at = found + 1
    return boxes
