"""Say what a question asked for and no paper has: a place, a kind of statement, a part, a name, a paper of several."""

import re
from collections.abc import Iterator

from ..retrieval.search import SearchResult
from ..text.kinds import REFERENCES
from ..text.readable import readable
from .confidence import confidence_in
from .evidence import Evidence

_STATED = {"limitations": "limitations", "future": "future work", "contributions": "contributions"}
_SAID = 0.5  # how far a sentence fits that says such a thing
_NAME = re.compile(r"(?<=[\w,)] )[A-Z][\w-]*\w")  # not at the start of the question
_ACRONYM = re.compile(r"[A-Z]{2,6}s?")


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
    for name in unnamed(result):
        yield f"{readable(candidates.paper(result.scope.papers[0]).title)} does not mention “{name}”."
    for part in result.coverage.missing:
        yield f"No passage that was found speaks of {part!r}."
    if result.coverage.is_silent:
        yield f"{readable(candidates.paper(result.scope.papers[0]).title)} holds no word of the question."


def unnamed(result: SearchResult) -> list[str]:
    """Return the names in a question to one paper that it does not hold outside its references.

    Acronyms may be spelled out in it. A question in which most words begin with a capital is taken to have no names.
    """
    names = dict.fromkeys(_NAME.findall(result.question))
    capitals = [word[:1].isupper() for word in result.question.split()]
    if not names or len(result.scope.papers) != 1 or not result.order or 2 * sum(capitals) > len(capitals):
        return []
    row = result.order[0]
    if row not in result.candidates.texts([row]):
        return []
    paper, text = result.candidates.paper(result.candidates.paper_keys[row]), result.candidates.paper_text(row)
    for section in paper.sections:
        if section.kind == REFERENCES:  # other papers' titles and places
            text = text[: section.start] + " " * (section.end - section.start) + text[section.end :]
    known = " ".join([text, *paper.authors, paper.venue or ""]).casefold().replace("-", "")
    return [name for name in names if not _is_mentioned(name, known)]


def _is_mentioned(name: str, known: str) -> bool:
    """Return whether a case-folded text without hyphens has a name, in the singular too, or what it is short for."""
    folded = name.casefold().replace("-", "")
    if folded.removesuffix("s") in known:
        return True
    letters = folded.removesuffix("s")
    return bool(_ACRONYM.fullmatch(name)) and bool(re.search(r"\b" + r"[^\W_]*[\W_]+".join(letters), known))


def _unfound_in_each(result: SearchResult, evidence: Evidence) -> Iterator[str]:
    """Yield what is not found in each of several papers, and which of them may not answer if another one does."""
    may_answer = not confidence_in(evidence).unsure
    for each, found in zip(result.of_papers, evidence.of_papers, strict=True):
        yield from unfound(each, found)
        if may_answer and not each.coverage.is_silent and not each.is_stated and confidence_in(found).unsure:
            yield f"{readable(result.candidates.paper(each.scope.papers[0]).title)} may not answer this."
