"""Find a sentence that says "weakly" where its quotes say "highly" of the same, or the reverse."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .opposites import negates
from .synonyms import is_light, means_the_same
from .word_overlap import split_words

_REACH = 3  # words to each side of a degree among which is what has it
_NEGATED = 2  # words after a negation
_HIGH = frozenset(
    "high highly strong strongly great greatly substantial substantially considerable considerably heavy heavily "
    "extensive extensively major significant significantly wide widely dramatic dramatically marked markedly vast "
    "vastly close closely huge massive impressive large largely".split()
)
_LOW = frozenset(
    "low weak weakly slight slightly marginal marginally minimal minimally hardly barely scarcely limited modest "
    "modestly poor poorly negligible negligibly loose loosely minor little small".split()
)


class _Degree(NamedTuple):
    """A word of degree, whether it is a high one, and the words next to it that say something."""

    word: str
    is_high: bool
    of: tuple[str, ...]


def other_degree(sentence: str, quotes: Sequence[str]) -> str:
    """Return a word of degree whose opposite the quotes have for the same, "" if there is none."""
    own = list(_degrees(sentence))
    quoted = [each for quote in quotes for each in _degrees(quote)] if own else []
    for degree in own:
        shared = [(_count_shared(degree, each), each.is_high) for each in quoted]
        most = max((count for count, _ in shared), default=0)
        if most and (most, degree.is_high) not in shared:
            return degree.word
    return ""


def _count_shared(one: _Degree, other: _Degree) -> int:
    return sum(any(means_the_same(word, each) for each in other.of) for word in one.of)


def _degrees(text: str) -> Iterator[_Degree]:
    words = split_words(text)
    for i, word in enumerate(words):
        if word in _HIGH or (word in _LOW and words[i - 1 : i] != ["a"]):
            near = words[max(0, i - _REACH) : i] + words[i + 1 : i + 1 + _REACH]
            is_negated = any(map(negates, words[max(0, i - _NEGATED) : i]))
            yield _Degree(word, (word in _HIGH) != is_negated, tuple(each for each in near if _says_something(each)))


def _says_something(word: str) -> bool:
    return not is_light(word) and word not in _HIGH and word not in _LOW
