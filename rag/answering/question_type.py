"""What a question asks for, by its words: a number, a name, a paper."""

import re

from ..retrieval.terms import search_terms

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|large|big|long|often|fast|far|well|few|high|low|small|strong|accurate|deep|old)\b"
    r"|\bwhat (?:\w+ ){0,3}(?:percent|percentage|share|fraction|number|accuracy|score|size|rate|amount|gain|"
    r"improvement|ratio|factor|speed|cost|figure|result|reduction|drop|margin)\b"
    r"|\bwhen\b|\bwhich year\b|\bby what\b|\bwhat fraction\b|%",
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(
    r"\b(?:which|what|on what|name of|called) (?:\w+ ){0,3}"
    r"(?:data|dataset|datasets|benchmark|benchmarks|corpus|corpora|model|"
    r"models|llm|llms|method|methods|metric|metrics|task|tasks|language|languages|baseline|baselines|"
    r"algorithm|domain|domains)\b",
    re.IGNORECASE,
)
_ASKS_PAPER = re.compile(
    r"\b(?:which|what|any|whose) (?:\w+ ){0,2}"
    r"(?:paper|papers|work|works|study|studies|article|survey|research|"
    r"publication|authors?|project|effort|approach|method|system|framework|benchmark|dataset|scheme|technique)\b"
    r"|^who\b|\bwho (?:first )?\w+(?:ed|s)\b|\blooking for\b|\bis there\b|\bare there\b|\bfind (?:me )?",
    re.IGNORECASE,
)
_ASKED = re.compile(r"\b(?:how many|how much|which|what|whose)\s+((?:[\w@-]+\s+){0,3}[\w@-]+)", re.IGNORECASE)
_NAME = re.compile(r"\b(?:[A-Z][a-z]*[A-Z0-9]\w*|[A-Z]{2,}\w*|[A-Z][a-z]+-[A-Z0-9]\w*)")


def asks_for_number(question: str) -> bool:
    """Return whether the question asks for a number ("how many ...?", "what share ...?", "when ...?")."""
    return bool(_ASKS_NUMBER.search(question))


def asks_for_name(question: str) -> bool:
    """Return whether the question asks for a name of something ("which dataset ...?")."""
    return bool(_ASKS_NAME.search(question))


def asks_for_paper(question: str) -> bool:
    """Return whether the question is for a paper or its authors' work ("which paper ...?", "who showed ...?")."""
    return bool(_ASKS_PAPER.search(question))


def asked_for(question: str) -> list[str]:
    """Return the words that name what is asked for: learning and rate in "which learning rate was used"."""
    words: list[str] = []
    for match in _ASKED.finditer(question):
        for word in match[1].split():
            terms = search_terms(word)
            if not terms:
                break
            words += terms
    return words


def names_in(text: str) -> list[str]:
    """Return the names in a text, such as GPT-4 or HotpotQA."""
    names: list[str] = _NAME.findall(text)
    return names
