"""Places of a paper that a question names: tables, figures, sections, equations, algorithms, appendices."""

import re

from .terms import search_terms

_PLACE = re.compile(
    r"(?:\b(?P<kind>tables?|tab\.|fig(?:ure)?s?\.?|sections?|sec\.|eq(?:uation|n)?s?\.?|algorithms?|alg\.|appendix|"
    r"appendices|theorems?|lemmas?|chapters?)|§)\s?\(?"
    r"(?P<number>(?:[A-Z]\.?)?\d+(?:\.\d+)*[a-z]?\b|[IVX]+\b|(?-i:[A-Z])\b)",
    re.IGNORECASE,
)
_LABELS = {
    "tab": "Table", "fig": "Figure", "sec": "Section", "": "Section", "cha": "Section", "eq": "Equation",
    "alg": "Algorithm", "app": "Appendix", "the": "Theorem", "lem": "Lemma",
}  # fmt: skip
_SHOWS = re.compile(
    r"\b(?:explain|describe|depict|illustrate|contain|display|mean|result|caption|summari[sz]e|see|report|list)(?:e?d|s)?\b",
    re.IGNORECASE,
)


def places_in(question: str) -> tuple[str, ...]:
    """Return the places that a question names by their labels, as `Table 1`, `Figure 2b` or `Section 3.1`."""
    found = []
    for match in _PLACE.finditer(question):
        kind = (match["kind"] or "").casefold()
        label = next(label for start, label in _LABELS.items() if kind.startswith(start) and bool(start) == bool(kind))
        found.append(f"{label} {match['number']}")
    return tuple(dict.fromkeys(found))


def names_only_places(question: str) -> bool:
    """Return whether a question has no terms beside places and the words that ask what these show."""
    return not search_terms(_SHOWS.sub(" ", _PLACE.sub(" ", question)))
