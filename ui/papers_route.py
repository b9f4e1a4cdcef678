"""Serve the lists of papers: a page at a time, with the count for each filter value."""

from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query
from starlette.responses import JSONResponse, Response

from rag import Assistant, Paper, readable

from .downloads import http_errors

_MOST_ROWS = 100  # of one reply; lists ask for more when a person does
_MOST_AUTHORS = 3
_MAX_WORDS = 200  # characters
_EXTENTS = {"abstract": "Abstract only", "scan": "Scanned", "full": "Full text"}

Chosen = Annotated[list[str], Query(max_length=200)]
Years = Annotated[list[int], Query(max_length=200)]


def add_papers_route(app: FastAPI, assistant: Assistant) -> None:
    """Add the route to `app`."""

    @app.get("/papers.json")
    def listed(
        words: Annotated[str, Query(max_length=_MAX_WORDS)] = "",
        years: Years = [],  # noqa: B006
        tags: Chosen = [],  # noqa: B006
        collections: Chosen = [],  # noqa: B006
        order: Literal["newest", "title", "author", "year"] = "newest",
        first: Annotated[int, Query(ge=0, lt=2**62)] = 0,
    ) -> Response:
        filters: dict[str, Any] = {"years": years or None, "tags": tags or None, "collections": collections or None}
        with http_errors():
            page = assistant.papers_page(words, sort=order, offset=first, limit=_MOST_ROWS, **filters)
            facets = assistant.facets(words, **filters)
        rows = [paper_row(paper) for paper in page.papers]
        reply = {"total": page.total, "found": page.found, "papers": rows, "facets": facets}
        return JSONResponse(reply, headers={"cache-control": "no-store"})


def paper_row(paper: Paper) -> dict[str, Any]:
    """Return the values of a paper's row."""
    authors = ", ".join(paper.authors[:_MOST_AUTHORS]) + (" et al." if len(paper.authors) > _MOST_AUTHORS else "")
    return {
        "id": paper.id,
        "title": readable(paper.title),
        "authors": authors,
        "year": paper.year,
        "venue": readable(paper.venue or ""),
        "tags": list(paper.tags),
        "read": _EXTENTS.get(paper.extent, ""),
    }
