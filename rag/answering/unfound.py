"""Say what a question asked for and no paper has: a place, a section or statement of some kind, one of its parts."""

from collections.abc import Iterator

from ..retrieval.search import SearchResult
from ..text.readable import readable
from .evidence import Evidence

_STATED = {"limitations": "limitations", "future": "future work", "contributions": "contributions"}
_SAID = 0.5  # how far a sentence fits that says such a thing


def unfound(result: SearchResult, evidence: Evidence) -> Iterator[str]:
    """Yield a sentence on each thing that the question asks for and that the papers it is about do not have."""
    candidates, wanted = result.candidates, result.wanted
    titles = {key: readable(candidates.paper(key).title) for key in result.aim.papers if key in candidates.paper_keys}
    papers = " or ".join(titles.values())
    for place in result.aim.missing:
        yield f"{place} is not in {papers}."
    said = evidence.fits[:, 0].max(initial=0.0)
    if wanted.kind in _STATED and titles and not result.aim.is_found and said < _SAID:
        yield f"No section or sentence of {papers} names {_STATED[wanted.kind]}."
    if wanted.kind == "statement" and result.asked is None:
        yield "No statement of the kind asked for was found at the papers' ends; the quotes are from their text."
    for part in result.coverage.missing:
        yield f"No passage that was found speaks of {part!r}."
    for key in result.coverage.silent:
        yield f"{candidates.readable_title(key)} holds no word of the question."
