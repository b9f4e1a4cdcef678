"""The numbers and names that the quotes give for what was asked, which prose must keep to be shown over them.

- A question for a number or a date needs a number: one of those that stand in the quotes beside a noun that the
  question asks for ("how many otters": 120 of "120 otters in 11 rivers"); where none does, any of the first quote with
  a number that the question does not hold. A question about several things needs as many numbers as it has parts.
- A question for a paper needs the title of the paper quoted first, its part before a colon, or a name such as GPT-4 in
  it.
- A question for something that has a name (a dataset, a model, a person) needs one of the names in the quotes that the
  question does not hold: of those that stand beside a noun that the question asks for, where there are such.

Other questions need nothing here. Numbers are equal in any form (1,200 and 1200; 1.2 s and 1200 ms). A name is kept in
another spelling too: GPT4 for GPT-4.
"""

import re
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import NamedTuple

from ..ingest.sentences import split_sentences
from ..retrieval.parts import VERB
from ..retrieval.terms import stem
from ..retrieval.wanted import Wanted, asked_for, asks_for_name, asks_for_number, asks_for_paper, names_in
from ..text.readable import folded, readable
from ..types import Answer, Citation, Span
from .checks.quantities import NAME, Quantity, find_names, find_quantities

_AFTER = 4  # words after a number among which the noun is that it counts
_BEFORE = 3  # words before it
_WORD = re.compile(r"[^\W\d_]+")
_WHAT_DOES = re.compile(rf"\W*what {VERB}\b", re.IGNORECASE)
_BOUNDARY = re.compile(r"[,;:()]\s|\b(?:and|or|but|while|whereas)\b|[.!?]\s")


class Needed(NamedTuple):
    """Facts, as the quotes write them, and how many of them are needed at least."""

    facts: tuple[str, ...]
    least: int = 1

    def missing_in(self, text: str) -> tuple[str, ...]:
        """Return the facts that `text` lacks; none if it has what is needed."""
        missing = tuple(fact for fact in self.facts if not _holds(text, fact))
        return missing if len(self.facts) - len(missing) < min(self.least, len(self.facts)) else ()


def needed_facts(quoted: Answer, wanted: Wanted) -> Needed:
    """Return what prose must keep of the answer in quotes."""
    quotes = [readable(each.quote) for each in quoted.citations if each.quote != each.title]
    if wanted.kind in ("number", "date") or asks_for_number(wanted.question):
        least = max(2, len(wanted.parts)) if wanted.is_about_several else 1
        return Needed(_numbers(quotes, wanted.question), least)
    if wanted.kind == "papers" or (len(quotes) < len(quoted.citations) and _asks_for_one_paper(wanted)):
        return Needed(_title_names(quoted.citations))
    if wanted.kind == "person" or asks_for_name(wanted.question):
        return Needed(_names_asked_for(quotes, wanted.question))
    return Needed(())


def _asks_for_one_paper(wanted: Wanted) -> bool:
    """Return whether a question is for a paper, as "who showed ..." and unlike "what does the paper show"."""
    is_on_paper = _WHAT_DOES.match(wanted.question)
    return wanted.kind in ("name", "person", "list") and asks_for_paper(wanted.question) and not is_on_paper


def _numbers(quotes: Sequence[str], question: str) -> tuple[str, ...]:
    asked = {(each.value, each.kind) for each in find_quantities(question)}
    found = [
        [(text, each.span) for each in find_quantities(text) if each.is_stated and (each.value, each.kind) not in asked]
        for text in quotes
    ]
    beside = _beside(chain.from_iterable(found), question)
    return _distinct(beside or next(filter(None, found), []))


def _names_asked_for(quotes: Sequence[str], question: str) -> tuple[str, ...]:
    known = folded(question)
    found = [
        (text, span)
        for text in quotes
        for sentence in split_sentences(text)
        for span in _names(text[sentence.start : sentence.end], sentence.start)
        if folded(text[slice(*span)]) not in known
    ]
    return _distinct(_beside(found, question) or found)


def _beside(found: Iterable[tuple[str, Span]], question: str) -> list[tuple[str, Span]]:
    """Return the facts, as spans of a text, that stand beside a noun that the question asks for."""
    nouns = set(map(stem, asked_for(question)))
    return [(text, span) for text, span in found if nouns & _words_beside(text, span)]


def _distinct(found: Iterable[tuple[str, Span]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(text[slice(*span)].strip() for text, span in found))


def _words_beside(text: str, span: Span) -> set[str]:
    """Return the stems of the words around a fact in its part of the sentence."""
    before = _BOUNDARY.split(text[: span.start])[-1]
    after = _BOUNDARY.split(text[span.end :], maxsplit=1)[0]
    return set(map(stem, [*_WORD.findall(before)[-_BEFORE:], *_WORD.findall(after)[:_AFTER]]))


def _title_names(citations: Sequence[Citation]) -> tuple[str, ...]:
    title = readable(citations[0].title) if citations else ""
    return tuple(dict.fromkeys(filter(None, [title, title.split(":")[0], *names_in(title)])))


def _names(sentence: str, start: int) -> list[Span]:
    """Return the spans of the names in a sentence that begins at `start` of its text."""
    names = find_names(sentence)
    return [Span(start + m.start(), start + m.end()) for m in NAME.finditer(sentence) if m[0] in names]


def _holds(text: str, fact: str) -> bool:
    wanted = find_quantities(fact)
    if wanted and not find_names(fact):
        return any(_equal(each, wanted[0]) for each in find_quantities(text))
    return _squeezed(fact) in _squeezed(text)


def _equal(one: Quantity, other: Quantity) -> bool:
    if one.kind and other.kind:
        return one.measured == other.measured
    return one.value == other.value


def _squeezed(text: str) -> str:
    return re.sub(r"[\W_]+", "", text.casefold())
