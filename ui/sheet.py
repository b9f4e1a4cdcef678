"""The side sheet of a paper in the Library place: what it shows, and the routes by which a person changes papers."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Annotated, Any

from fastapi import Body, FastAPI, HTTPException
from starlette.responses import JSONResponse, Response

from rag import Assistant, Citation, Paper, SavedAnswer, bibtex_fields, cite_keys, failure_lines, readable
from rag.errors import SourceError, UnknownPaper

from .downloads import http_errors
from .papers_route import paper_row
from .place import Services
from .tables import shown_tables
from .view_address import citation_address, paper_address, place_address

FIELDS = {
    "title": "Title",
    "authors": "Authors, separated by semicolons",
    "year": "Year",
    "venue": "Venue",
    "doi": "DOI",
    "arxiv_id": "arXiv id",
    "citekey": "Citation key",
    "tags": "Tags, separated by semicolons",
}
_LISTS = ("authors", "tags")
_CERTAIN, _LIKELY = 0.95, 0.8
_OUTLINED = ("body", "abstract", "appendix", "references", "back_matter")
_MOST_SECTIONS = 200
_MOST_ANSWERS = 50
_MOST_QUOTES = 50
_MOST_FAILURES = 500

_MOST_IDS = 10_000
_MAX_TAG = 200  # characters

Ids = Annotated[list[str], Body(max_length=_MOST_IDS)]
Changes = Annotated[dict[str, str], Body(embed=True)]


def add_sheet(app: FastAPI, services: Services) -> None:
    """Add the routes to `app`."""
    assistant = services.assistant

    @app.get("/paper/{paper}/sheet.json")
    def sheet(paper: str) -> Response:
        with http_errors():
            return _json(_sheet(assistant, assistant.paper(paper)))

    @app.get("/paper/{paper}/tables.json")
    def tables(paper: str) -> Response:
        with http_errors():
            return _json(shown_tables(assistant.tables(paper))._asdict())

    @app.post("/paper/{paper}/edit.json")
    def edit(paper: str, changes: Changes) -> Response:
        if not changes.keys() <= FIELDS.keys():
            raise HTTPException(422, "No such field can be corrected.")
        with http_errors():
            assistant.edit(paper, **{name: parse_field(name, text) for name, text in changes.items()})
            return _json(_sheet(assistant, assistant.paper(paper)))

    @app.post("/paper/{paper}/remove.json")
    def remove(paper: str) -> Response:
        with http_errors():
            return _json({"title": readable(assistant.remove(paper).title)})

    @app.post("/papers/tag.json")
    def tag(ids: Ids, tag: Annotated[str, Body(max_length=_MAX_TAG)], added: Annotated[bool, Body()]) -> Response:
        with http_errors():
            return _of_each(assistant, ids, lambda paper: _tag(assistant, paper, tag, added))

    @app.post("/papers/remove.json")
    def remove_all(ids: Annotated[list[str], Body(embed=True, max_length=_MOST_IDS)]) -> Response:
        with http_errors():
            return _of_each(assistant, ids, lambda paper: assistant.remove(paper.id))

    @app.post("/bibtex.json")
    def bibtex(text: Annotated[str, Body(embed=True)]) -> Response:
        with http_errors():
            return _json({name: _as_text(value) for name, value in bibtex_fields(text).items()})

    @app.get("/failures.json")
    def failures() -> Response:
        with http_errors():
            return _json(_failures(services))

    @app.post("/failures/forget.json")
    def forget(name: Annotated[str, Body(embed=True)]) -> Response:
        services.adding.forget(name)
        with http_errors():
            return _json(_failures(services))

    @app.post("/failures/retry.json")
    def retry(name: Annotated[str | None, Body(embed=True)] = None) -> Response:
        with http_errors():
            report = assistant.retry(name)
        return _json({"done": f"{report}.", "failed": failure_lines(report.failed)} | _failures(services))


def parse_field(name: str, text: str) -> Any:
    """Return the value that a person wrote for a field. Raise SourceError for a year that is none."""
    if name in _LISTS:
        return [item for part in re.split(r"[;\n]", text) if (item := " ".join(part.split()))]
    if name == "year" and text.strip():
        if not re.fullmatch(r"\d{4}", text.strip()):
            raise SourceError(f"The year {text!r} is not a whole number from 1000 to 2100.")
        return int(text)
    return " ".join(text.split()) or None


def _of_each(assistant: Assistant, ids: Sequence[str], act: Callable[[Paper], object]) -> Response:
    """Do something with each of some papers; return the ids of those that it was done with, and why others were not."""
    done, failed = [], []
    for paper_id in ids:
        try:
            act(assistant.paper(paper_id))
            done.append(paper_id)
        except (SourceError, UnknownPaper) as error:  # others are meant for the whole library
            failed.append(str(error))
    return _json({"done": done, "failed": failed})


def _tag(assistant: Assistant, paper: Paper, tag: str, added: bool) -> None:
    """Add a tag to a paper, or remove it whatever its case."""
    (wanted,) = parse_field("tags", tag) or ("",)
    tags = [*paper.tags, wanted] if added else [each for each in paper.tags if each.casefold() != wanted.casefold()]
    if wanted and tuple(tags) != paper.tags:
        assistant.edit(paper.id, tags=list(dict.fromkeys(tags)))


def _made_key(assistant: Assistant, paper: Paper) -> str:
    """Return the BibTeX key that exports make for a paper without one."""
    return "" if paper.citekey else cite_keys(assistant.papers_for_keys([paper.id])).get(paper.id, "")


def _sheet(assistant: Assistant, paper: Paper) -> dict[str, Any]:
    stored = assistant.stored([paper.id]).get(paper.id)
    if stored is None:
        raise UnknownPaper("The paper was just removed.")
    answers = assistant.citing(paper.id, _MOST_ANSWERS)
    return {
        "paper": paper_row(paper),
        "open": paper_address(paper.id),
        "made_key": _made_key(assistant, paper),
        "fields": [
            {"name": name, "label": label, "value": _as_text(getattr(paper, name)), "doubt": _doubt(paper, name)}
            for name, label in FIELDS.items()
        ],
        "facts": [
            ("Read", paper_row(paper)["read"]),
            ("Added", stored.added[:10]),
            ("Files", ", ".join(paper.sources)),
            ("Passages", f"{stored.chunks:,}"),
        ],
        "notes": list(paper.notes),
        "outline": list(_outline(paper))[:_MOST_SECTIONS],
        "quotes": list(_quotes(paper, answers))[:_MOST_QUOTES],
        "questions": [_question(each) for each in answers],
    }


def _outline(paper: Paper) -> Iterator[dict[str, str]]:
    before = None
    for section in paper.sections:
        if section.title and section.kind in _OUTLINED and section.title != before:
            before = section.title
            page = paper.page_at(section.start)
            place = f"p. {page.label or page.number}" if page else ""
            yield {"title": readable(section.title), "place": place, "view": place_address(paper, section.start)}


def _quotes(paper: Paper, answers: Sequence[SavedAnswer]) -> Iterator[dict[str, Any]]:
    """Yield what saved answers quote from a paper, the last first, each once."""
    seen = set()
    for saved in answers:
        for citation in _citations(saved, paper.id):
            if citation.quote not in seen and citation.quote != paper.title:
                seen.add(citation.quote)
                place = f"p. {citation.page_label or citation.page}" if citation.page else ""
                yield {
                    "text": readable(citation.quote),
                    "place": place,
                    "view": citation_address(citation, [citation]),
                    "question": saved.question,
                }


def _citations(saved: SavedAnswer, paper_id: str) -> Iterable[Citation]:
    answer = saved.as_answer()
    below = answer.quotes.citations if answer.quotes else ()
    return (citation for citation in (*answer.citations, *below) if citation.paper_id == paper_id)


def _question(saved: SavedAnswer) -> dict[str, Any]:
    return {"text": saved.question, "asked": saved.asked[:10], "conversation": saved.conversation}


def _doubt(paper: Paper, name: str) -> str:
    """Return how far a guessed field may be wrong; "" for one that is certain."""
    certainty = dict(paper.certainty).get(name, 1.0)
    return "" if certainty >= _CERTAIN else "likely" if certainty >= _LIKELY else "unsure"


def _failures(services: Services) -> dict[str, Any]:
    """Return the files that could not be read: those that can be read again, then uploads, which are not kept."""
    failures = services.assistant.failures()
    stored = [{"name": each.source, "reason": each.reason, "kept": True} for each in failures]
    names = {each.source for each in failures}
    unread = services.adding.unread().items()
    uploads = [{"name": name, "reason": reason, "kept": False} for name, reason in unread if name not in names]
    return {"failures": [*stored, *uploads][:_MOST_FAILURES], "count": len(stored) + len(uploads), "kept": len(stored)}


def _as_text(value: Any) -> str:
    return "; ".join(value) if isinstance(value, (list, tuple)) else str(value or "")


def _json(content: Any) -> Response:
    return JSONResponse(content, headers={"cache-control": "no-store"})
