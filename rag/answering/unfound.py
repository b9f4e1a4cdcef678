"""Say what a question asked for and no paper has: a place, a statement of some kind, a part, a paper of several."""

from collections.abc import Iterator

from ..retrieval.search import SearchResult
from ..text.readable import readable
from .confidence import confidence_in
from .evidence import Evidence

_STATED = {"limitations": "limitations", "future": "future work", "contributions": "contributions"}
_SAID = 0.5  # how far a sentence fits that says such a thing


def unfound(result: SearchResult, evidence: Evidence) -> Iterator[str]:
    """Yield a sentence on each thing that the question asks for and that the papers it is about do not have."""
    if result.of_papers:
        yield from dict.fromkeys(_unfound_in_each(result, evidence))
        return
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
    if result.coverage.is_silent:
        yield f"{readable(candidates.paper(result.scope.papers[0]).title)} holds no word of the question."


def _unfound_in_each(result: SearchResult, evidence: Evidence) -> Iterator[str]:
    """Yield what is not found in each of several papers, and which of them may not answer if another one does."""
    may_answer = not confidence_in(evidence).unsure
    for each, found in zip(result.of_papers, evidence.of_papers, strict=True):
        yield from unfound(each, found)
        if may_answer and not each.coverage.is_silent and not each.is_stated and confidence_in(found).unsure:
            yield f"{readable(result.candidates.paper(each.scope.papers[0]).title)} may not answer this."
