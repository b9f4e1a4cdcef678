"""Check that each number of a sentence stands beside the same things as in its quotes."""

import bisect
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from .quantities import Quantity, find_quantities
from .synonyms import FUNCTION_WORDS, is_light, means_the_same
from .word_overlap import WORD, stem

_REACH = 8  # words to each side of a number that say what it counts
_AWAY = 0.6  # weight of the words that are not right before the first number of a sentence, at most
_BESIDE = 0.5  # weight from which a word stands beside a number
_MOST_PAIRED = 12  # numbers of a sentence that are compared in pairs
_MOST_NUMBERS = 100  # of a text
_ACROSS = 0.35  # what is left of a word's weight across the boundary of a clause
_CLEARLY, _MARGIN = 1.3, 0.15  # how much better another number must fit
_ENDS_NOUN = re.compile(rf"[.,;:()]|\b(?:{'|'.join(map(re.escape, sorted(FUNCTION_WORDS)))})\b")
_SHARE_OF = re.compile(r"\s?(?:out )?of (?:the |all |these )?\d[\d,.]*(?<![,.])\s")
_BOUNDARY = re.compile(r"[;:)]|\((?!\d)|,|\b(?:and|but|whereas|while|although|yet|versus|vs)\b|\.(?=\s)")
_ASIDE = re.compile(r"\([^()\d]{1,200}\)")
_SCALE = re.compile(r"(?:\bout of|/)\s?$")  # "4.1 out of 5"
_SCALE_REACH = 8
_LABEL = re.compile(r"\b(\w{1,12})\s?[=<>≈≤≥]\s?$")  # "P = 0.4"
_LABEL_REACH = 16
_OF_MODELS = ("parameter", "parameters", "params")  # "a 13B model" has 13B parameters
_STOP = re.compile(r"[.!?;]\s")
_RESPECTIVELY = re.compile(r"\brespectively\b", re.IGNORECASE)


class _Place(NamedTuple):
    """A number and the words around it with their weights: near ones and those of its clause count more."""

    quantity: Quantity
    words: dict[str, float]
    noun: tuple[str, ...]  # the words after it, up to the end of the noun


def other_number(sentence: str, quotes: str) -> str:
    """Return the number of a sentence that stands beside another number's words in the quotes, "" if there is none."""
    if _RESPECTIVELY.search(sentence) or _RESPECTIVELY.search(quotes):
        return ""
    own, quoted = (list(_places(_ASIDE.sub(_blank, text))) for text in (sentence, quotes))
    for place in own:
        same = [other for other in quoted if _equal(place.quantity, other.quantity)]
        others = [other for other in quoted if _may_stand_for(other, place, own)]
        if same and (_counts_else(place, same) or (others and _fits_better(place, same, others))):
            return sentence[slice(*place.quantity.span)].strip()
    for one, two in itertools.combinations(own[:_MOST_PAIRED], 2):
        if _may_be_exchanged(one.quantity, two.quantity) and _fit_better_exchanged(one, two, quoted):
            return sentence[slice(*one.quantity.span)].strip()
    return ""


def _fit_better_exchanged(one: _Place, two: _Place, quoted: Sequence[_Place]) -> bool:
    """Return whether both numbers stand in the quotes and fit better there in each other's places."""
    first = [other for other in quoted if _equal(one.quantity, other.quantity)]
    second = [other for other in quoted if _equal(two.quantity, other.quantity)]
    if not (first and second) or (_is_of(one, first, second) and _is_of(two, second, first)):
        return False
    right = max(_fit(one, other) for other in first) + max(_fit(two, other) for other in second)
    wrong = max(_fit(one, other) for other in second) + max(_fit(two, other) for other in first)
    return wrong > _CLEARLY * right + _MARGIN


def _is_of(place: _Place, same: Sequence[_Place], others: Sequence[_Place]) -> bool:
    """Return whether a number counts what it counts in the quotes, "3 red roofs" and "3 roofs", and others do not."""
    return _share_noun(place, same) and not _share_noun(place, others)


def _share_noun(place: _Place, others: Sequence[_Place]) -> bool:
    nouns = [word for word in place.noun if not is_light(word)]
    return any(means_the_same(mine, theirs) for mine in nouns for other in others for theirs in other.noun)


def _counts_else(place: _Place, same: Sequence[_Place]) -> bool:
    """Return whether the number counts something else wherever it stands in the quotes: "100 experts", "100 topics"."""
    if place.quantity.kind or not place.noun or is_light(place.noun[-1]) or place.noun[-1] in _OF_MODELS:
        return False
    return all(
        other.noun
        and not any(means_the_same(mine, theirs) for mine in place.noun for theirs in other.noun)
        and other.words.get(stem(place.noun[-1]), 0.0) < _BESIDE
        for other in same
    )


def _fits_better(place: _Place, same: Sequence[_Place], others: Sequence[_Place]) -> bool:
    if place.noun and not place.quantity.kind:
        head = place.noun[-1]
        if any(means_the_same(head, word) for other in same for word in other.noun):
            return False
        if any(other.noun and means_the_same(head, other.noun[-1]) for other in others):
            return True
    here = max(_fit(place, other) for other in same)
    there = max(_fit(place, other) for other in others)
    return there > _CLEARLY * here + _MARGIN


def _fit(place: _Place, other: _Place) -> float:
    return sum(weight * other.words.get(word, 0.0) for word, weight in place.words.items())


def _equal(one: Quantity, other: Quantity) -> bool:
    if one.kind and other.kind:
        return one.measured == other.measured
    return one.value == other.value


def _blank(aside: re.Match[str]) -> str:
    return " " * len(aside[0])


def _may_stand_for(other: _Place, one: _Place, own: Sequence[_Place]) -> bool:
    """Return whether a sentence may give the number of `one` in the place of `other`.

    Not if it has the number of that place too, with words that fit there as well.
    """
    return _may_be_exchanged(one.quantity, other.quantity) and not any(
        _equal(each.quantity, other.quantity) and _fit(each, other) >= _fit(one, other) for each in own
    )


def _may_be_exchanged(one: Quantity, other: Quantity) -> bool:
    return one.kind == other.kind and not _equal(one, other)


def _places(text: str) -> Iterator[_Place]:
    words = list(WORD.finditer(text))
    starts = [word.start() for word in words]
    boundaries = [match.start() for match in _BOUNDARY.finditer(text)]
    quantities = find_quantities(text)[:_MOST_NUMBERS]
    counted = {
        i
        for each in quantities
        for i in range(bisect.bisect_left(starts, each.span.start), bisect.bisect_left(starts, each.span.end))
    }
    opening: dict[str, float] = {}
    for number, quantity in enumerate(quantities):
        start, end = quantity.span
        first, after = bisect.bisect_left(starts, start), bisect.bisect_left(starts, end)
        before = list(_weighted(range(first - 1, max(-1, first - 1 - _REACH), -1), words, counted, boundaries, start))
        behind = _weighted(range(after, min(len(words), after + _REACH)), words, counted, boundaries, start)
        if number == 0 or _STOP.search(text, quantities[number - 1].span.end, start):
            opening = {word: weight for word, weight in before if weight < _AWAY}
        weights = dict(opening)  # what opens a sentence is said of all its numbers
        for word, weight in (*before, *behind):
            weights[word] = max(weights.get(word, 0.0), weight)
        if label := _LABEL.search(text, max(0, start - _LABEL_REACH), start):
            weights = {label[1].casefold(): 1.0}
        if quantity.is_stated and not _SCALE.search(text, max(0, start - _SCALE_REACH), start):
            yield _Place(quantity, weights, _noun(text, end))


def _weighted(
    side: Iterable[int], words: Sequence[re.Match[str]], counted: set[int], boundaries: Sequence[int], start: int
) -> Iterator[tuple[str, float]]:
    """Yield the stems of the words on one side of a number, nearest first, with their weights."""
    distance = 0
    for i in side:
        distance += 2 if i in counted else 1
        word = words[i][0].casefold()
        if i not in counted and len(word) > 1 and not is_light(word):
            low, high = sorted((words[i].start(), start))
            crossed = bisect.bisect_left(boundaries, high) - bisect.bisect_right(boundaries, low)
            yield stem(word), _ACROSS**crossed / distance**0.5


def _noun(text: str, start: int) -> tuple[str, ...]:
    """Return the words after a number up to the end of its noun: "2,174 LLM-generated hierarchies on"."""
    share = _SHARE_OF.match(text, start)  # "16 of 40 roofs" are roofs
    start = share.end() if share else start
    rest = text[start : start + 60]
    end = _ENDS_NOUN.search(rest)
    words = [word.casefold() for word in WORD.findall(rest[: end.start()] if end else rest)][:5]
    return tuple(words) if end or len(rest) < 60 else ()
