"""Find two things of a sentence that have changed places: of each it says what its quotes say of the other.

The things are what opens two clauses of the sentence. What a text says of a thing stands near it and in its clause.
"""

import itertools
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ...ingest.sentences import split_sentences
from .quantities import find_quantities
from .statements import may_be_verb
from .synonyms import is_light, stem_among
from .word_overlap import WORD, split_words

_ACROSS = 0.35  # what is left of the nearness of two words across the boundary of a clause
_CLEARLY = 1.2  # how much nearer each thing must stand to what the sentence says of the other
_NEAR = 0.2  # mean nearness from which a text says the words of a thing
_MOST_WORDS = 150  # of a sentence or quote
_MOST_CLAUSES = 6
_JOINT = re.compile(
    r"[;:,]\s(?:and\s)?|\s(?:whereas|while|but|although|though|yet|because|since)\s"
    r"|\sand\s(?=(?:the|an?|its|their|it|they|this|these|that)\s|[A-Z])"
)
_AND = re.compile(r"\sand\s(?=(?P<following>(?:[^\s,;:.]+\s){1,4}))")


class _Word(NamedTuple):
    """A word that says something, or a number; `part` is the part between two joints that it is in."""

    key: str
    start: int
    part: int
    is_verb: bool


class _Clause(NamedTuple):
    """What opens a clause and the rest of it, by their keys; `opening` as it is written."""

    opening: str
    thing: frozenset[str]
    said: frozenset[str]


_Places = Mapping[str, Sequence[tuple[int, int, int]]]  # of a key: sentence, part and place there


def exchanged(sentence: str, quotes: Sequence[str]) -> str:
    """Return a thing that has changed places with another one, "" if there is none."""
    own = _clauses(sentence)[:_MOST_CLAUSES]
    if len(own) < 2:
        return ""
    keys = [key for clause in own for key in clause.thing | clause.said]
    places: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    sentences = [text[a:b] for text in quotes for a, b in split_sentences(text)]
    for number, text in enumerate(sentences):
        for place, word in enumerate(_words(text, keys)):
            places[word.key].append((number, word.part, place))
    pairs = itertools.combinations(own, 2)
    return next((one.opening for one, other in pairs if _have_changed(one, other, places)), "")


def _have_changed(one: _Clause, other: _Clause, places: _Places) -> bool:
    things = one.thing | other.thing
    here, there = one.said - other.said - things, other.said - one.said - things
    first, second = one.thing - other.thing, other.thing - one.thing
    return _stands_nearer(first, there, here, places) and _stands_nearer(second, here, there, places)


def _stands_nearer(thing: frozenset[str], to: frozenset[str], than: frozenset[str], places: _Places) -> bool:
    return bool(thing) and _nearness(thing, to, places) > max(_NEAR, _CLEARLY * _nearness(thing, than, places))


def _nearness(thing: frozenset[str], words: frozenset[str], places: _Places) -> float:
    """Return how near the words stand to a thing, at the mean."""
    pairs = [_nearest(places.get(one, ()), places.get(other, ())) for one in thing for other in words]
    return sum(pairs) / max(len(pairs), 1)


def _nearest(one: Sequence[tuple[int, int, int]], other: Sequence[tuple[int, int, int]]) -> float:
    found = (
        _ACROSS ** abs(part - other_part) / max(abs(place - other_place), 1) ** 0.5
        for number, part, place in one
        for other_number, other_part, other_place in other
        if number == other_number
    )
    return max(found, default=0.0)


def _clauses(sentence: str) -> list[_Clause]:
    """Return the clauses that have a verb, each with the parts without one that are before it or close the sentence."""
    found: list[_Clause] = []
    pending: list[_Word] = []
    words = _words(sentence, ())
    for _, part in itertools.groupby(words, key=lambda word: word.part):
        pending += part
        verb = next((i for i, word in enumerate(pending) if word.is_verb and i), 0)
        if verb:
            thing, said = pending[:verb], pending[verb:]
            opening = sentence[thing[0].start : said[0].start].strip(" ,;:")
            found.append(_Clause(opening, _keys(thing), _keys(said)))
            pending = []
    if found and pending:
        found[-1] = found[-1]._replace(said=found[-1].said | _keys(pending))
    return found


def _keys(words: Sequence[_Word]) -> frozenset[str]:
    return frozenset(word.key for word in words)


def _words(text: str, known: Sequence[str]) -> list[_Word]:
    """Return the words of a text that say something and its numbers; a word that means the same as a key gets this."""
    numbers = {each.span.start: each for each in find_quantities(text) if each.is_stated}
    joints = sorted({match.start() for match in _JOINT.finditer(text)} | set(_before_clauses(text)))
    found: list[_Word] = []
    part, until = 0, 0
    for match in itertools.islice(WORD.finditer(text), _MOST_WORDS):
        start, word = match.start(), match[0].casefold()
        while part < len(joints) and joints[part] < start:
            part += 1
        if start in numbers:
            until = numbers[start].span.end
            found.append(_Word(f"#{numbers[start].value}", start, part, is_verb=False))
        elif start >= until:
            is_verb, is_name = may_be_verb(word), start > 0 and match[0][0].isupper()
            if is_verb or is_name or not is_light(word):
                found.append(_Word(stem_among(word, known), start, part, is_verb and not is_name))
    return found


def _before_clauses(text: str) -> Iterator[int]:
    """Yield the places of each "and" that is followed by words and a verb: "and moss grows"."""
    for match in _AND.finditer(text):
        following = split_words(match["following"])
        if any(may_be_verb(word) and not word.endswith(("ed", "ing")) for word in following[1:]):
            yield match.start()
