"""Places of a paper that a question names: tables, figures, sections, equations, algorithms, appendices."""

import functools
import re

from .terms import search_terms

_NUMBER = r"(?:[A-Z]\.?)?\d+(?:\.\d+)*[a-z]?\b|[IVX]+\b|(?-i:[A-Z])\b"
_WORDS = {
    "Table": r"tables?|tab\.",
    "Figure": r"fig(?:ure)?s?\.?",
    "Section": r"sections?|sec\.|chapters?|§",
    "Equation": r"eq(?:uation|n)?s?\.?",
    "Algorithm": r"algorithms?|alg\.",
    "Appendix": r"appendix|appendices",
    "Theorem": r"theorems?",
    "Lemma": r"lemmas?",
}
_PLACES = re.compile(
    "|".join(rf"(?<!\w)(?P<{label}>{words})\s?\(?(?P<{label}_number>{_NUMBER})" for label, words in _WORDS.items()),
    re.IGNORECASE,
)
_SHOWS = re.compile(
    r"\b(?:explain|describe|depict|illustrate|contain|display|mean|result|caption|summari[sz]e|see|report|list)(?:e?d|s)?\b",
    re.IGNORECASE,
)
_ROMAN = {"I": 1, "V": 5, "X": 10}


def places_in(question: str) -> tuple[str, ...]:
    """Return the places that a question names by their labels, as `Table 1`, `Figure 2b` or `Section 3.1`."""
    found = []
    for match in _PLACES.finditer(question):
        label = next(label for label in _WORDS if match[label])
        found.append(f"{label} {match[f'{label}_number']}")
    return tuple(dict.fromkeys(found))


def names_only_places(question: str) -> bool:
    """Return whether a question has no terms beside places and the words that ask what these show."""
    return not search_terms(_SHOWS.sub(" ", _PLACES.sub(" ", question)))


def is_place(heading: str, place: str) -> bool:
    """Return whether a title is that of a place: `Table 2: Results` of `Table II`, `3.1 Data` of `Section 3`."""
    return bool(_patterns(place)[0].match(heading))


def mentions(text: str, place: str) -> bool:
    """Return whether a text names a place: "as Fig. 2 shows" names `Figure 2b`."""
    return bool(_patterns(place)[1].search(text))


@functools.lru_cache(256)
def _patterns(place: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return the pattern of a place's heading, and that of its mentions."""
    label, number = place.split(" ", 1)
    same = "|".join(re.escape(each) for each in _spellings(number))
    labelled = rf"(?<!\w)(?:{_WORDS[label]})\s?\(?(?:{same})(?![\w]|\.\d)"
    heading = rf"\W*(?:section\s)?(?:{same})(?:\.\d+)*[.:)]?(?:\s|$)" if label == "Section" else rf"\W*{labelled}"
    if label == "Equation":
        labelled += rf"|\((?:{same})\)\s*$"
    return re.compile(heading, re.IGNORECASE), re.compile(labelled, re.IGNORECASE | re.MULTILINE)


def _spellings(number: str) -> list[str]:
    """Return the ways in which a number may be written: 2 as II, II as 2, and 2b as 2 too."""
    spellings = [number]
    if re.fullmatch(r"[IVX]+", number, re.IGNORECASE):
        values = [_ROMAN[letter] for letter in number.upper()]
        spellings.append(str(sum(-v if v < max(values[at:]) else v for at, v in enumerate(values))))
    elif number.isdigit() and 0 < int(number) < 40:
        tens, ones = divmod(int(number), 10)
        spellings.append("X" * tens + ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"][ones])
    elif part := re.fullmatch(r"(\d+)[a-z]", number, re.IGNORECASE):
        spellings.append(part[1])
    return spellings
