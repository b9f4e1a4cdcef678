"""Routes of the page's links: pages of PDFs as images, answers and conversations as Markdown and BibTeX."""

import contextlib
import threading
from collections.abc import Iterator
from typing import Annotated, Literal

from fastapi import FastAPI, HTTPException
from fastapi import Path as Parameter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from rag import Assistant, FootnoteError, bibtex, cited_papers, markdown
from rag.errors import UnknownAnswer, UnknownConversation, UnknownPaper

from .view_address import checksum

_PROCESSES = 2  # that draw pages at the same time
_WAIT_SECONDS = 20  # for a free one

Number = Annotated[int, Parameter(ge=0, lt=2**63)]  # an SQLite key


def add_downloads(app: FastAPI, assistant: Assistant) -> None:
    """Add the routes to `app`."""
    app.add_exception_handler(HTTPException, _plain_text)
    processes = threading.BoundedSemaphore(_PROCESSES)

    @app.get("/drawn/{paper}/{page}.png")
    def drawn(paper: str, page: int, start: int = 0, end: int = 0, check: int = 0) -> Response:
        with http_errors(), free_process(processes):
            # If the paper has changed since the link was made, other words are there now: mark nothing.
            is_same = checksum(assistant.paper(paper).text[start:end]) == check
            png = assistant.draw_page(paper, page, *((start, end) if is_same else ()))
        cache_control = "private, max-age=3600" if is_same else "no-store"
        return Response(png, media_type="image/png", headers={"cache-control": cache_control})

    @app.get("/export/{kind}/{number}.{form}")
    def export(kind: Literal["answer", "conversation"], number: Number, form: Literal["md", "bib"]) -> Response:
        with http_errors():
            if kind == "answer":
                saved, name = [assistant.saved_answer(number)], ""
            else:
                name = next((each.name for each in assistant.conversations() if each.key == number), "")
                saved = assistant.conversation(number)
            answers = [each.as_answer() for each in saved]
            library = assistant.papers_for_keys({each.paper_id for answer in answers for each in answer.citations})
        if form == "md":
            text, media_type = markdown(answers, name, library), "text/markdown"
        else:
            text, media_type = bibtex(cited_papers(answers, library), library), "application/x-bibtex"
        disposition = f'attachment; filename="{kind}-{number}.{form}"'
        return Response(text, media_type=media_type, headers={"content-disposition": disposition})


@contextlib.contextmanager
def http_errors() -> Iterator[None]:
    """Turn the program's errors into HTTP errors with the same message."""
    try:
        yield
    except (UnknownPaper, UnknownAnswer, UnknownConversation) as error:
        raise HTTPException(404, str(error)) from error
    except FootnoteError as error:
        raise HTTPException(409, str(error)) from error


@contextlib.contextmanager
def free_process(processes: threading.BoundedSemaphore, seconds: float = _WAIT_SECONDS) -> Iterator[None]:
    """Hold one of the processes that draw pages. Raise HTTPException 503 if none is free after `seconds`."""
    if not processes.acquire(timeout=seconds):
        raise HTTPException(503, "Many pages are being drawn. Load this one again in a moment.")
    try:
        yield
    finally:
        processes.release()


def _plain_text(request: Request, error: Exception) -> Response:
    status, text = (error.status_code, str(error.detail)) if isinstance(error, HTTPException) else (500, "Error")
    return PlainTextResponse(text, status)
