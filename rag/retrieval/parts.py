"""The several things that a question asks about: "A and B", "compare A with B", two questions in one."""

import re
from collections.abc import Iterable

from .terms import search_terms

VERB = r"(?:is|are|was|were|do|does|did|has|have|had|can|could|will|would|should|may|might)"
"""The verbs that questions begin with."""
WORK = r"(?:papers?|works?|stud(?:y|ies)|articles?|publications?|surveys|preprints?)"
"""What a paper is called."""

_COMPARES = re.compile(
    r"\b(?:compar(?:e[sd]?|ing|ison(?: of| between)?)|differences? (?:between|of|in)|similarit(?:y|ies) (?:between|of)|"
    r"relation(?:ship)? between|distinguish(?:es)?|between) (?P<a>.{1,80}?) (?:and|with|to|from|against|or) "
    r"(?P<b>.{1,80}?)(?:,| (?:in|on|for|when|regarding|with regard)\b.*)?\W*$"
    r"|^(?:how (?:do|does|did) )?(?P<a2>.{1,80}?) (?:vs\.?|versus|compared? (?:with|to)|differs? from) "
    r"(?P<b2>.{1,80}?)\W*$",
    re.IGNORECASE,
)
_CLAUSES = re.compile(
    r",? (?:and|or) (?=(?:also )?(?:(?:in|at|by|from|on|for|to) )?(?:what|which|who|whose|when|where|why|how)\b)",
    re.IGNORECASE,
)
_AND = re.compile(r",? (?:and|&|as well as) ", re.IGNORECASE)
_SEVERAL = re.compile(
    rf"\b(?:both|each|every|across|all(?: of)?(?: the)? {WORK}|respective(?:ly)?|(?:these|the two|the three) {WORK})\b",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:the|an?|its|their) ", re.IGNORECASE)
_BETWEEN_PHRASES = re.compile(
    r"[,;:]|\b(?:what|which|who|whose|where|when|why|how|the|a|an|of|in|on|for|by|with|to|from|at|between|over|about|both|many|"
    r"much|their|its|this|that|these|those|all|as|than|using|use[sd]?|make|made|be|been|being|not|any|some|it|they|we|"
    rf"authors?|{WORK}|{VERB})\b",
    re.IGNORECASE,
)
_SIDE_WORDS = 8  # of a side of a comparison, at most
_PHRASE_WORDS = 3  # of a part beside "and", at most


def compared(question: str) -> tuple[str, ...]:
    """Return the things that a question compares, or the questions that it consists of; () for neither."""
    asked = clauses(question)
    return asked if len(asked) > 1 else sides(asked[0])


def sides(question: str) -> tuple[str, ...]:
    """Return the things that a question compares; () if it compares none."""
    match = _COMPARES.search(question.rstrip(" ?.!"))
    if match is None:
        return ()
    first = [match["a"]] if match["a"] else [_ending(match["a2"])]
    found = [each for side in first for each in side.split(", ")] + _AND.split(match["b"] or match["b2"])
    return _distinct(" ".join(_ARTICLE.sub("", side.strip()).split()[:_SIDE_WORDS]) for side in found)


def clauses(question: str) -> tuple[str, ...]:
    """Return the questions that a question consists of: "who ..." and "where ..." of "who ... and where ...?"."""
    return tuple(_CLAUSES.split(question.rstrip(" ?.!")))


def joined(question: str) -> tuple[str, ...]:
    """Return the things that "and" joins in a question, up to three words of each; () for none."""
    before, *after = _AND.split(question.rstrip(" ?.!"), maxsplit=1)
    if after:
        return _distinct([*map(_ending, before.split(",")), _beginning(after[0])])
    return ()


def is_about_several(question: str) -> bool:
    """Return whether a question is about each of several things, named or not ("both", "each paper")."""
    return bool(_SEVERAL.search(question))


def _distinct(parts: Iterable[str]) -> tuple[str, ...]:
    """Return the parts that name something, each once; () for fewer than two."""
    named = (part.strip() for part in parts if any(not term.isdigit() for term in search_terms(part)))
    found = tuple(dict.fromkeys(named))
    return found if len(found) > 1 else ()


def _ending(text: str) -> str:
    """Return the last words of a text, from behind its last function word."""
    return " ".join(_BETWEEN_PHRASES.split(text)[-1].split()[-_PHRASE_WORDS:])


def _beginning(text: str) -> str:
    """Return the first words of a text, from behind an article up to its first function word."""
    return " ".join(_BETWEEN_PHRASES.split(_ARTICLE.sub("", text.strip()))[0].split()[:_PHRASE_WORDS])
