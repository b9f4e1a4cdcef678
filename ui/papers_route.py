"""The route from which the library pane is filled: a part of the papers, and how many each filter leaves."""

from typing import Annotated, Any, Literal

from fastapi import FastAPI, Query
from starlette.responses import JSONResponse, Response

from rag import Paper, readable

from .paper_list import FACETS, PaperCache

_MOST_ROWS = 100  # of one reply; the pane asks for more when it is scrolled to the end
_MOST_VALUES = 100  # of a facet
_MOST_AUTHORS = 3
_MAX_WORDS = 200  # characters

Chosen = Annotated[list[str], Query(max_length=200)]


def add_papers_route(app: FastAPI, papers: PaperCache) -> None:
    """Add the route to `app`."""

    @app.get("/papers.json")
    def listed(
        words: Annotated[str, Query(max_length=_MAX_WORDS)] = "",
        years: Chosen = [],  # noqa: B006
        tags: Chosen = [],  # noqa: B006
        collections: Chosen = [],  # noqa: B006
        order: Literal["added", "title", "author", "year"] = "added",
        first: Annotated[int, Query(ge=0)] = 0,
    ) -> Response:
        known = papers.current()
        found, counts = known.narrowed(words, {"years": years, "tags": tags, "collections": collections})
        shown = known.ordered(found, order)[first : first + _MOST_ROWS]
        reply = {
            "total": len(known.papers),
            "found": len(found),
            "papers": [_row(paper) for paper in shown],
            "facets": {name: counts[name].most_common(_MOST_VALUES) for name in FACETS},
        }
        return JSONResponse(reply, headers={"cache-control": "no-store"})


def _row(paper: Paper) -> dict[str, Any]:
    authors = ", ".join(paper.authors[:_MOST_AUTHORS]) + (" et al." if len(paper.authors) > _MOST_AUTHORS else "")
    about = [authors, str(paper.year or ""), readable(paper.venue or "")]
    return {
        "id": paper.id,
        "title": readable(paper.title),
        "about": " · ".join(filter(None, about)),
        "tags": list(paper.tags),
        "read": "Abstract only" if paper.brief else "",
    }
