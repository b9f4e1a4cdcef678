"""Divide a question on several papers into one on each.

"How many students can A and B handle?" becomes "How many students can A handle?" for the paper A: the name of one paper
would mislead the search in the others. A paper is named by the words that `names` finds, or by words beside "and" that
only its title has. "Each", "both" and "compare" are left out, for they say nothing about one paper.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence

from ..types import Span
from .parts import VERB, WORK, sides
from .terms import STOP_WORDS, search_terms, stems_in

_TOKEN = re.compile(r"[^\W_]+(?:['’.-][^\W_]+)*")
_JOIN = r"(?:\b(?:and|or|with|to|from|against|versus|vs|than)\b\.?|[,&/])"
_JOINS = re.compile(_JOIN, re.IGNORECASE)
_JOINED_TO = re.compile(rf"\s*{_JOIN}\s*(?:the |in |of )*$|(?:the )?$", re.IGNORECASE)
_COMPARES = re.compile(r"\b(?:compar\w+|differ\w*|contrast\w*|versus|vs|relat\w+)\b", re.IGNORECASE)
_FUNCTION_WORDS = STOP_WORDS | {"compare", "compared", "versus", "vs", "differ", "two", "three"}
_OF = re.compile(r" of (?:the )?", re.IGNORECASE)
_NUMBER = r"(?:two|three|four|five|[2-5])"

_COMPARED_FIRST = re.compile(r"^\W*(?:compar|contrast|for |in )[^:?]*:\s*(?=\w+ \w)", re.IGNORECASE)
"""A comparison before what is asked of each: "Compare A with B: what is each about?"."""
_OPENING = re.compile(
    r"^\W*(?:(?:what|which) (?:is|are) the )?(?:main |key )?"
    r"(?:compar(?:e|ison)|contrast|differences?|similarit(?:y|ies))(?: of| between| in)?\s+",
    re.IGNORECASE,
)
_WORKS = re.compile(
    rf"\b(?:which of )?(?:(?:each|both|all|every|either)(?: of)?(?: the| these| those)?(?: {_NUMBER})?"
    rf"|(?:the |these |those ){_NUMBER}) {WORK}\b",
    re.IGNORECASE,
)
_EACH = re.compile(
    rf"\beach(?: one)?(?= {VERB}\b| about\b)|(?<=of )(?:each|both)\b(?=\W*$)|(?<=does )each(?: one)?\b", re.IGNORECASE
)
_COLLECTIVE = re.compile(
    rf"\b(?:both|each|either)(?: of)?\b(?: (?={_NUMBER}\b))?|\brespective(?:ly)?\b"
    rf"|(?:(?<=these )|(?<=the )){_NUMBER}\b",
    re.IGNORECASE,
)
_SPACES = re.compile(r"\s+(?=[?.!,;:])|(?<=\s)\s+|[,;:\s]+(?=[?.!]*$)")


def divided(question: str, papers: Mapping[int, str], named: Mapping[int, str]) -> list[str]:
    """Return what a question asks of each of some papers, in their order.

    `papers` has their titles by key, and `named` the words by which the question names some of them.
    """
    asked = _COMPARED_FIRST.sub("", question)
    if asked != question:
        return [_of_one(asked)] * len(papers)
    spans = _named_spans(question, named)
    spans |= _titled_spans(question, papers, spans)
    ordered = sorted(spans.values())
    if len(ordered) > 1 and not _tells_between(question, ordered):
        whole = Span(ordered[0].start, ordered[-1].end)
        return [_of_one(_replaced(question, whole, spans.get(key))) for key in papers]
    return [_of_one(_without_others(question, spans, key)) for key in papers]


def _without_others(question: str, spans: Mapping[int, Span], key: int) -> str:
    """Return the side of a comparison that names one paper only, or the question without the names of the others."""
    names = {each: question[slice(*span)].rstrip(" .)") for each, span in spans.items()}
    for side in sides(question):
        if [each for each, name in names.items() if name in side] == [key]:
            return side + ")" * (side.count("(") - side.count(")"))
    for start, end in sorted((span for each, span in spans.items() if each != key), reverse=True):
        question = _JOINED_TO.sub("", question[:start]) + question[end:]
    return question


def _replaced(question: str, whole: Span, own: Span | None) -> str:
    """Return the question with a list of names replaced by one of them; unchanged for a paper that is not named."""
    return question[: whole.start] + question[slice(*own)] + question[whole.end :] if own else question


def _tells_between(question: str, spans: Sequence[Span]) -> bool:
    """Return whether something other than function words stands between some names."""
    gaps = (question[one.end : other.start] for one, other in itertools.pairwise(spans))
    return any(search_terms(_COMPARES.sub(" ", gap)) for gap in gaps)


def _named_spans(question: str, named: Mapping[int, str]) -> dict[int, Span]:
    found = {key: question.find(words) for key, words in named.items()}
    return {key: Span(at, at + len(named[key])) for key, at in found.items() if at >= 0}


def _titled_spans(question: str, papers: Mapping[int, str], taken: Mapping[int, Span]) -> dict[int, Span]:
    """Return, by paper, words beside "and" that hold a word of its title only, if such words tell papers apart."""
    stems = {key: stems_in(title) for key, title in papers.items()}
    found: dict[int, Span] = {}
    for span in _phrases(question):
        words = stems_in(question[slice(*span)])
        shares = {key: len(words & of_title) for key, of_title in stems.items()}
        best = max(shares, key=lambda key: shares[key])
        is_free = not any(span.start < other.end and other.start < span.end for other in taken.values())
        if is_free and shares[best] and list(shares.values()).count(shares[best]) == 1 and best not in taken:
            found.setdefault(best, span)
    return found if len(found) + len(taken) > 1 else {}


def _phrases(question: str) -> Iterator[Span]:
    """Yield the runs of content words on both sides of each word that joins ("A and the B of C")."""
    runs = list(_runs(question))
    for join in _JOINS.finditer(question):
        yield from [run for run in runs if run.end <= join.start()][-1:]
        after = [run for run in runs if run.start >= join.end()][:2]
        if len(after) > 1 and _OF.fullmatch(question, after[0].end, after[1].start):
            first = _TOKEN.match(question, after[1].start)
            yield Span(after[0].start, first.end() if first else after[0].end)
        else:
            yield from after[:1]


def _runs(question: str) -> Iterator[Span]:
    """Yield the longest runs of words that are no function words."""
    start = end = -1
    for token in _TOKEN.finditer(question):
        is_content = token[0].casefold() not in _FUNCTION_WORDS
        if is_content and start >= 0 and not question[end : token.start()].strip():
            end = token.end()
            continue
        if start >= 0:
            yield Span(start, end)
        start, end = token.span() if is_content else (-1, -1)
    if start >= 0:
        yield Span(start, end)


def _of_one(question: str) -> str:
    """Return a question on several papers in words for a single one."""
    one = _WORKS.sub("the paper", _OPENING.sub("", question))
    one = _COLLECTIVE.sub("", _EACH.sub("the paper", one))
    return _SPACES.sub("", one).strip() or question
