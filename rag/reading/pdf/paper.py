"""Turn what was read from a PDF into a paper."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...types import Paper
from ..sources import Reading

_MIN_YEAR_CERTAINTY = 0.5  # the file's own date is no year of publication


def read_pdf_paper(path: Path, name: str, most_pages: int | None = None) -> Reading:
    """Return the paper in a PDF; see `read_pdf` for the errors."""
    from .reader import read_pdf

    document = read_pdf(path, most_pages)
    shift = len(document.title) + 2
    paper = Paper(
        title=document.title,
        text=f"{document.title}\n\n{document.body}",
        authors=document.authors,
        year=document.year if dict(document.certainty).get("year", 0.0) >= _MIN_YEAR_CERTAINTY else None,
        venue=document.venue,
        doi=document.doi,
        arxiv_id=document.arxiv_id,
        pages=(
            *([document.title_page] if document.title_page else []),
            *(replace(page, start=page.start + shift, end=page.end + shift) for page in document.pages),
        ),
        sections=tuple(replace(s, start=s.start + shift, end=s.end + shift) for s in document.sections),
        certainty=document.certainty,
        notes=document.notes,
        boxes=document.boxes_after_title(),
    )
    return Reading([paper])
