"""The numbers and names that the quotes give for what was asked, which prose must keep to be shown over them.

They are taken from the leading quote: the first that is no title, for a question for a number the first such with a
number that the question does not hold.

- A question for a number or a date needs numbers: those in the leading quote beside a noun that the question asks for
  ("how many otters": 120 of "120 otters in 11 rivers"). Where no number stands beside one, any of them will do, and for
  a question about several things all of them are needed.
- A question for a paper needs a name from the title of the paper quoted first, or that title.
- A question for a name, a list or a person needs names: one that is in the leading quote and not in the question; for
  a list all of them.

Numbers are equal in any form (1,200 and 1200; 1.2 s and 1200 ms). A name is kept in another spelling too: GPT4 for
GPT-4. Other questions need nothing here.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..retrieval.terms import stem
from ..retrieval.wanted import Wanted, asked_for, asks_for_name, asks_for_number, asks_for_paper
from ..text.readable import folded, readable
from ..types import Answer, Citation
from .quantities import Quantity, find_names, find_quantities

_AFTER = 4  # words after a number among which the noun is that it counts
_BEFORE = 3  # words before it
_WORD = re.compile(r"[^\W\d_]+")
_BOUNDARY = re.compile(r"[,;:()]\s|\b(?:and|or|but|while|whereas)\b|[.!?]\s")


class Needed(NamedTuple):
    """Facts, as the quotes write them; `every`: all are needed, otherwise one of them."""

    facts: tuple[str, ...]
    every: bool = True

    def missing_in(self, text: str) -> tuple[str, ...]:
        """Return the facts that `text` lacks; none if it has what is needed."""
        missing = tuple(fact for fact in self.facts if not _holds(text, fact))
        return missing if self.every or len(missing) == len(self.facts) else ()


def needed_facts(quoted: Answer, wanted: Wanted) -> Needed:
    """Return what prose must keep of the answer in quotes."""
    titles = [each for each in quoted.citations if each.quote == each.title]
    quotes = [each for each in quoted.citations if each not in titles]
    if wanted.kind in ("number", "date") or asks_for_number(wanted.question):
        return _numbers(quotes, wanted)
    if wanted.kind == "papers" or (titles and asks_for_paper(wanted.question)):
        return Needed(_title_names(quoted.citations), every=False)
    if quotes and (wanted.kind in ("name", "list", "person") or asks_for_name(wanted.question)):
        known = folded(wanted.question)
        names = tuple(name for name in _names(readable(quotes[0].quote)) if folded(name) not in known)
        return Needed(names, every=wanted.kind == "list")
    return Needed(())


def _numbers(quotes: Sequence[Citation], wanted: Wanted) -> Needed:
    asked = {(each.value, each.kind) for each in find_quantities(wanted.question)}
    for quote in quotes:
        text = readable(quote.quote)
        found = [each for each in find_quantities(text) if each.is_stated and (each.value, each.kind) not in asked]
        if found:
            nouns = set(map(stem, asked_for(wanted.question)))
            beside = [each for each in found if nouns & _words_beside(text, each)]
            facts = tuple(dict.fromkeys(text[slice(*each.span)].strip() for each in beside or found))
            return Needed(facts, every=wanted.is_about_several)
    return Needed(())


def _words_beside(text: str, number: Quantity) -> set[str]:
    """Return the stems of the words around a number in its part of the sentence."""
    before = _BOUNDARY.split(text[: number.span.start])[-1]
    after = _BOUNDARY.split(text[number.span.end :], maxsplit=1)[0]
    return set(map(stem, [*_WORD.findall(before)[-_BEFORE:], *_WORD.findall(after)[:_AFTER]]))


def _title_names(citations: Sequence[Citation]) -> tuple[str, ...]:
    """Return the title of the paper quoted first, its part before a colon, and the names in it."""
    if not citations:
        return ()
    title = readable(citations[0].title)
    return tuple(dict.fromkeys([title, title.split(":")[0], *_names(title)]))


def _names(text: str) -> list[str]:
    names = find_names(text)
    return [name for name in re.findall(r"[^\W_]+(?:-[^\W_]+)*", text) if name in names]


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
