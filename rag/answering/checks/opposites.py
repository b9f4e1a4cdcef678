"""Compare what a sentence and quotes say goes up or down, what outperforms what, and what they negate."""

import functools
import itertools
import re
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ...models.protocols import TokenVectors, Vectors
from .quantities import NAME, may_be_name
from .word_overlap import WORD, is_content_word, stem

_CONTEXT_WORDS = 12  # to each side of a word with a direction
_NEGATED_WORDS = 5  # after a negation

# Words with a direction. Without "loss" and "augment": in papers on learning these are mostly names of things.
_VERBS_UP = (
    "increase raise improve promote activate enhance induce elevate stimulate facilitate cause accelerate upregulate "
    "stabilize strengthen boost expand extend prolong amplify potentiate encourage outperform protect enable "
    "aggravate exceed gain overexpress double rescue surpass beat"
)
_VERBS_DOWN = (
    "decrease reduce lower worsen inhibit impair suppress block prevent delay downregulate destabilize weaken diminish "
    "limit shorten dampen attenuate discourage underperform harm hinder restrict halt alleviate lag decline deplete "
    "halve abolish silence eliminate disrupt lack trail degrade hurt"
)
_OTHERS_UP = (
    "higher more greater larger longer better best faster stronger older heavier strong rapid rapidly superior many "
    "positive positively effective beneficial susceptible susceptibility sensitive sensitivity necessary required "
    "essential presence present dependent related similar same growth gains rise rises rose rising "
    "promotion activation induction enhancement elevation improvement stabilization upregulation overexpression "
    "receptive vulnerable prone sufficient sufficiency acceleration abundant beaten"
)
_OTHERS_DOWN = (
    "less smaller shorter worse worst slower weaker younger lighter weak slow slowly inferior few negative negatively "
    "ineffective harmful resistant resistance immune unnecessary dispensable absence absent independent unrelated "
    "different loses lost fall falls fell falling inhibition suppression impairment reduction "
    "deterioration destabilization downregulation depletion deficient deficiency scarce"
)
_NEGATIONS = frozenset(
    "no not nor neither never none without cannot hardly barely scarcely rarely impossible unable lack lacks "
    "lacked".split()
)
# What follows may be called negated or not: "had difficulty keeping", "failed to keep", "kept with difficulty".
_HAMPERING = frozenset(
    "difficulty difficulties trouble struggle struggles struggled fail fails failed failing unsuitable unfit".split()
)
_HAMPERED_WORDS = 10  # after such a word
_DECIDING = 2  # quotes, up to which one of them decides what is negated; of more, all do
_POORLY = frozenset("poorly badly".split())
_BESIDE = 2  # words to each side of one of these
_NOT_ALONE = ("only", "just", "merely")  # "not only fast but small" negates nothing
_NO_OBJECT = frozenset("with when if after in on at under for through during upon as and or but".split())
_AFTER_OBJECT = _NO_OBJECT | set("while than from over into by that which where because without".split())
_ARTICLES = ("the", "a", "an", "its", "their", "our")


class DirectedWord(NamedTuple):
    """A word with a direction, 1 or -1: its position in the sentence, and its vector, the mean of its tokens'.

    `left` and `right` are the possible names before and after it, swapped in the passive. `object` holds the stems of
    up to three words after it, without articles.
    """

    position: int
    direction: int
    vector: Vectors
    left: set[str]
    right: set[str]
    object: set[str]


class AnalysedSentence(NamedTuple):
    """A sentence's words, whether each is negated or said to be hard, and those with a direction."""

    words: list[str]
    negated: list[bool]
    hampered: list[bool]
    directed: list[DirectedWord]


def analyse(sentence: str, tokens: TokenVectors) -> AnalysedSentence:
    """Find directions and negations in a sentence."""
    matches = list(WORD.finditer(sentence))
    words = [match[0].casefold() for match in matches]
    negating = [negates(word, following) for word, following in zip(words, [*words[1:], ""], strict=True)]
    negated = [any(negating[max(0, index - _NEGATED_WORDS) : index]) for index in range(len(words))]
    hampered = [
        not _HAMPERING.isdisjoint(words[max(0, index - _HAMPERED_WORDS) : index])
        or not _POORLY.isdisjoint(words[max(0, index - _BESIDE) : index + _BESIDE + 1])
        for index in range(len(words))
    ]
    names = [(match.start(), match[0]) for match in NAME.finditer(sentence) if may_be_name(match[0])]
    directed = []
    for index, match in enumerate(matches):
        if words[index] not in _directions():
            continue
        inside = [start < match.end() and end > match.start() for start, end in tokens.spans]
        if any(inside):  # false past the embedder's last token
            direction = _directions()[words[index]] * (-1 if negated[index] else 1)
            following = words[index + 1 : index + 5]
            vector = tokens.vectors[inside].mean(axis=0)
            sides = _sides(match, following, names)
            directed.append(DirectedWord(index, direction, vector, *sides, _object(following)))
    return AnalysedSentence(words, negated, hampered, directed)


def direction_context(sentence: AnalysedSentence, quotes: Sequence[AnalysedSentence], *, same: bool) -> float:
    """Return the largest share of the sentence's words around a quote's word of the same, or other, direction."""
    about = _subject(sentence.words)
    shares = [
        len(about & _subject(_context(quote.words, other.position))) / len(about)
        for own in sentence.directed
        for quote in quotes
        for other in quote.directed
        if (own.direction == other.direction) == same and about
    ]
    return max(shares, default=0.0)


def direction_difference(sentence: AnalysedSentence, quotes: Sequence[AnalysedSentence]) -> float:
    """Return how much less a word is like the quotes' words of its direction than like the others: 0 or below."""
    least = 0.0
    for own in sentence.directed:
        nearest = {True: 0.0, False: 0.0}  # by whether the directions are the same
        for other in _directed(quotes):
            same = own.direction == other.direction
            nearest[same] = max(nearest[same], float(own.vector @ other.vector))
        least = min(least, nearest[True] - nearest[False])
    return least


def reverses_roles(sentence: AnalysedSentence, quotes: Sequence[AnalysedSentence]) -> bool:
    """Return whether the quotes say of two names only the reverse: who outperforms whom."""
    quoted = _directed(quotes)
    return any(
        any(_relates(own, other, reverse=True) and own.direction == other.direction for other in quoted)
        and not any(_relates(own, other, reverse=own.direction != other.direction) for other in quoted)
        for own in sentence.directed
    )


def reverses_object(sentence: AnalysedSentence, quotes: Sequence[AnalysedSentence]) -> bool:
    """Return whether the quotes only reduce what the sentence increases, or the reverse."""
    for own in sentence.directed:
        same = {
            own.direction == other.direction
            for other in _directed(quotes)
            if own.object and other.object and (own.object <= other.object or other.object <= own.object)
        }
        if same == {False}:
            return True
    return False


def negations(sentence: AnalysedSentence, quotes: Sequence[AnalysedSentence]) -> tuple[bool, bool]:
    """Return whether the sentence negates what the quotes do not, and whether they negate what it does not.

    Of two quotes the one that holds most of what it negates decides: the other may negate a word of it by chance.
    """
    negated, affirmed = _stems(sentence, negated=True), _stems(sentence, negated=False)
    stems = [(_stems(quote, negated=True), _stems(quote, negated=False)) for quote in quotes]
    quoted_negated = set().union(*(first for first, _ in stems))
    quoted_affirmed = set().union(*(second for _, second in stems))
    held = [len(negated & (first | second)) for first, second in stems] if len(stems) <= _DECIDING else []
    most = max(held, default=0)
    if any(negated & first and len(negated & (first | second)) >= most for first, second in stems):
        return False, False  # how far a negation reaches is not known exactly
    return bool(negated), bool((affirmed - negated) & (quoted_negated - quoted_affirmed))


def direction_of(word: str) -> int:
    """Return 1 for a word that says that something goes up or is ahead, -1 for the reverse, and 0 for others."""
    return _directions().get(word, 0)


def count_negations(words: Sequence[str]) -> int:
    return sum(negates(word, following) for word, following in zip(words, [*words[1:], ""], strict=True))


@functools.cache
def _directions() -> dict[str, int]:
    """Return the direction, 1 or -1, of each form of the words above."""
    found = {}
    for direction, verbs, others in ((1, _VERBS_UP, _OTHERS_UP), (-1, _VERBS_DOWN, _OTHERS_DOWN)):
        forms = [form for verb in verbs.split() for form in _forms(verb)]
        found.update(dict.fromkeys([*forms, *others.split()], direction))
    return found


def _forms(verb: str) -> list[str]:
    base = verb.removesuffix("e")
    return [verb, verb + ("es" if verb.endswith("s") else "s"), base + "ed", base + "ing"]


def negates(word: str, following: str = "") -> bool:
    if word in ("fail", "fails", "failed"):
        return following == "to"
    if word in ("leave", "leaves", "left"):
        return following in ("out", "open")
    if word == "lack" and following == "of":
        return False  # what results from a lack is not negated
    return (word in _NEGATIONS or word.endswith(("n't", "n’t"))) and following not in _NOT_ALONE


def _sides(
    match: re.Match[str], following: Sequence[str], names: Sequence[tuple[int, str]]
) -> tuple[set[str], set[str]]:
    """Return the names on both sides of a word; none if it has no object, as in "it rises with B"."""
    if following and following[0] in _NO_OBJECT:
        return set(), set()
    left = {name.casefold() for start, name in names if start < match.start()}
    right = {name.casefold() for start, name in names if start >= match.end()}
    passive = following[:1] == ["by"] and not any(word[0].isdigit() for word in following)  # not "improved by 5%"
    return (right, left) if passive else (left, right)


def _object(following: Sequence[str]) -> set[str]:
    """Return the stems of a direct object: "increases the training time of", "less noise"."""
    start = 1 if following and following[0] in _ARTICLES else 0
    nouns = itertools.takewhile(lambda word: is_content_word(word) and not _ends_object(word), following[start:][:3])
    return set(map(stem, nouns))


def _ends_object(word: str) -> bool:
    return word in _AFTER_OBJECT or word in _directions() or negates(word)


def _context(words: Sequence[str], position: int) -> Sequence[str]:
    return words[max(0, position - _CONTEXT_WORDS) : position + _CONTEXT_WORDS + 1]


def _subject(words: Iterable[str]) -> set[str]:
    return {stem(word) for word in words if is_content_word(word) and word not in _directions() and not negates(word)}


def _directed(quotes: Sequence[AnalysedSentence]) -> list[DirectedWord]:
    return [directed for quote in quotes for directed in quote.directed]


def _relates(own: DirectedWord, other: DirectedWord, *, reverse: bool) -> bool:
    """Return whether both words stand between the same names, or with `reverse`, the other way round."""
    left, right = (other.right, other.left) if reverse else (other.left, other.right)
    return bool(own.left & left and own.right & right)


def _stems(sentence: AnalysedSentence, *, negated: bool) -> set[str]:
    return {
        stem(word)
        for word, is_negated, is_hampered in zip(sentence.words, sentence.negated, sentence.hampered, strict=True)
        if (is_negated == negated or is_hampered) and len(word) > 3 and not negates(word)
    }
