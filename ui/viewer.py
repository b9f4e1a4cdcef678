"""The viewer of a paper beside the answer: its area on the page, and the routes from which viewer.js fills it."""

import threading
import zlib
from collections.abc import Iterator
from typing import Annotated, Any

import gradio as gr
from fastapi import Body, FastAPI, Query
from starlette.responses import JSONResponse, Response

from rag import MAX_QUESTION, Assistant, Paper, readable
from rag.errors import DrawingError

from .downloads import free_process, http_errors
from .evidence import about_place
from .question_queue import QuestionQueue
from .view_address import Mark, marks_in, passage_address

_PROCESSES = 2  # that measure and draw pages at the same time
_WIDTHS = (600, 1000, 1500, 2200)  # pixels of a drawn page
_KEPT = {"cache-control": "private, max-age=3600"}  # by the browser; addresses have the library's version
_MOST_SIMILAR = 10
_MAX_SEARCHED = 200  # characters

Words = Annotated[str, Query(max_length=_MAX_SEARCHED)]


def viewer_area() -> None:
    """Add the area that viewer.js fills; it is not shown until a paper is opened."""
    gr.Column(elem_id="viewer")


def add_viewer(app: FastAPI, assistant: Assistant, queue: QuestionQueue) -> None:
    """Add the routes to `app`."""
    processes = threading.BoundedSemaphore(_PROCESSES)

    @app.get("/paper/{paper}/view.json")
    def view(paper: str, marks: str = "") -> Response:
        with http_errors(), free_process(processes):
            return _json(_view(assistant, paper, marks_in(marks)))

    @app.get("/paper/{paper}/{page}/words.json")
    def words(paper: str, page: int) -> Response:
        with http_errors():
            return _json(assistant.page_words(paper, page), _KEPT)

    @app.get("/paper/{paper}/{page}/picture.png")
    def picture(paper: str, page: int, width: int) -> Response:
        drawn_width = next((each for each in _WIDTHS if each >= width), _WIDTHS[-1])
        with http_errors(), free_process(processes):
            png = assistant.draw_page(paper, page, width=drawn_width)
        return Response(png, media_type="image/png", headers=_KEPT)

    @app.get("/paper/{paper}/found.json")
    def found(paper: str, words: Words) -> Response:
        with http_errors():
            return _json([match._asdict() for match in assistant.find_in_paper(paper, words)])

    @app.post("/similar.json")
    def similar(text: Annotated[str, Body(embed=True)]) -> Response:
        with http_errors(), queue.turn():
            passages = assistant.search(" ".join(text.split())[:MAX_QUESTION], _MOST_SIMILAR)
        return _json(
            [
                {
                    "title": readable(passage.title),
                    "about": about_place(passage),
                    "text": readable(passage.text),
                    "view": passage_address(passage),
                }
                for passage in passages
            ]
        )


def _view(assistant: Assistant, name: str, marks: list[Mark]) -> dict[str, Any]:
    """Return what viewer.js shows of a paper: its pages or, if they cannot be drawn, its text; and the marks."""
    paper = assistant.paper(name)
    pages, why = _pages(assistant, paper)
    kept = [mark for mark in marks if mark.is_of(paper.text)]
    lost = "The paper has changed since: the quote is not marked." if marks and not kept else ""
    return {
        "paper": paper.id,
        "version": zlib.crc32(assistant.version().encode()),
        "title": readable(paper.title),
        "about": _about(paper),
        "pages": pages,
        "labels": {page.number: page.label for page in paper.pages if page.label} if pages else {},
        "text": [] if pages else list(_blocks(paper)),
        "sides": assistant.text_sides(paper.id) if pages else None,
        "column": assistant.column_sides(paper.id, kept[0].start, kept[0].end) if pages and kept else None,
        "notes": [note for note in (why, lost) if note],
        "marks": [
            {
                "number": mark.number,
                "start": mark.start,
                "end": mark.end,
                "words": paper.text[mark.start : mark.end],
                "boxes": assistant.boxes_of(paper.id, mark.start, mark.end) if pages else [],
            }
            for mark in kept
        ],
    }


def _pages(assistant: Assistant, paper: Paper) -> tuple[tuple[tuple[float, float], ...], str]:
    """Return the sizes of a paper's pages; none and the reason, if it has a PDF whose pages cannot be shown."""
    if not assistant.can_draw(paper.id):
        return (), ""
    try:
        return assistant.page_sizes(paper.id), ""
    except DrawingError as error:
        return (), str(error)


def _blocks(paper: Paper) -> Iterator[dict[str, Any]]:
    """Yield a paper's text paragraph by paragraph, each with its start, and with its section's title in the first."""
    sections = iter(paper.sections)
    section = next(sections, None)
    start = 0
    for text in paper.text.split("\n\n"):
        heading = ""
        while section and section.start <= start:
            heading, section = section.title or "", next(sections, None)
        yield {"start": start, "text": text, "heading": readable(heading)}
        start += len(text) + 2


def _about(paper: Paper) -> str:
    authors = ", ".join(paper.authors[:3]) + (" et al." if len(paper.authors) > 3 else "")
    return " · ".join(filter(None, [authors, str(paper.year or ""), readable(paper.venue or "")]))


def _json(content: Any, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse(content, headers=headers or {"cache-control": "no-store"})
