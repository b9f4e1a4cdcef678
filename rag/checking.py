"""Do quotes support a sentence? Checked without a model server: words, numbers, names, directions, nearest tokens.

Surfaces are compared: that a quote is about something else, that a number changed, that an increase became a decrease,
that a "not" came in. Nothing is reasoned: a contradiction in quite other words passes.
"""

from __future__ import annotations

import functools
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .embedding import Embedder, TokenVectors, Vectors
from .readable import readable
from .sentences import split_sentences
from .weights import SupportWeights, load_weights

SUPPORT_FEATURES = (
    "words", "tokens", "close_tokens", "names", "numbers", "same_direction", "other_direction", "turned", "negated",
    "denied", "quote_length",
)  # fmt: skip

_CLOSE = 0.6  # cosine from which two tokens mean about the same
_NEAREST = 4  # sentences of the quotes that directions and negations are compared with
_AROUND = 12  # words to each side of a word with a direction that tell what it is said of
_REACH = 5  # words after a negation that are negated

# Words with a direction. Without "loss" and "augment": in papers on learning these are mostly names of things.
_VERBS_UP = (
    "increase raise improve promote activate enhance induce elevate stimulate facilitate cause accelerate upregulate "
    "stabilize strengthen boost expand extend prolong amplify potentiate encourage outperform protect enable "
    "aggravate exceed gain overexpress double rescue"
)
_VERBS_DOWN = (
    "decrease reduce lower worsen inhibit impair suppress block prevent delay downregulate destabilize weaken diminish "
    "limit shorten dampen attenuate discourage underperform harm hinder restrict halt alleviate lag decline deplete "
    "halve abolish silence eliminate disrupt lack"
)
_OTHERS_UP = (
    "higher more greater larger longer better best faster stronger older heavier strong rapid rapidly superior many "
    "positive positively effective beneficial susceptible susceptibility sensitive sensitivity necessary required "
    "essential presence present dependent related able capable similar same growth gains rise rises rose rising "
    "promotion activation induction enhancement elevation improvement stabilization upregulation overexpression "
    "sufficient sufficiency acceleration abundant"
)
_OTHERS_DOWN = (
    "less smaller shorter worse worst slower weaker younger lighter weak slow slowly inferior few negative negatively "
    "ineffective harmful resistant resistance unnecessary dispensable absence absent independent unrelated unable "
    "incapable different loses lost fall falls fell falling inhibition suppression impairment reduction "
    "deterioration destabilization downregulation depletion deficient deficiency scarce"
)
_NEGATIONS = frozenset("no not nor neither never none without cannot".split())
_SPELLED = "zero one two three four five six seven eight nine ten eleven twelve".split()

_WORD = re.compile(r"[^\W_]+(?:['’]t\b)?")
_NAME = re.compile(r"[^\W\d_][^\W_]*(?:-[^\W_]+)*")
_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:[.·]\d+)?|(?<!\d)[.·]\d+"
_NUMBER = re.compile(rf"(?<![\w.,·])(?:{_DIGITS})")  # not the 53 of p53
_ANY_NUMBER = re.compile(_DIGITS)


class Support(NamedTuple):
    """How far quotes support a sentence: `quoted`, `supported`, `partly` or `unsupported`, and the probability."""

    label: str
    probability: float


def support(sentence: str, quotes: Sequence[str], embedder: Embedder, weights: SupportWeights | None = None) -> Support:
    """How far `quotes` support `sentence`, which comes without its citation numbers.

    It is `quoted` where it stands in one of them word for word: in readable form, but for case, white space and the
    punctuation around it. Otherwise a logistic regression over `SUPPORT_FEATURES` decides, fitted as if half of all
    sentences were supported. Where a number is not in the quotes, or a negation is on one side alone, the sentence is
    `partly` supported at most, whatever its probability. Without words, or without quotes, it is `unsupported`.
    """
    sentence, texts = _plain(sentence), [_plain(quote) for quote in quotes]
    if not _has_words(sentence) or not any(map(_has_words, texts)):
        return Support("unsupported", 0.0)
    if any(_stands_in(sentence, text) for text in texts):
        return Support("quoted", 1.0)
    weights = weights or load_weights().support
    features = support_features(sentence, texts, embedder)[None]
    probability = float(weights.model.probability(features)[0])
    if probability >= weights.supported_above and agrees(features)[0]:
        return Support("supported", probability)
    return Support("partly" if probability >= weights.partly_above else "unsupported", probability)


def agrees(features: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether, a row each, all numbers stand in the quotes and no negation is on one side alone."""
    numbers, negated, denied = (features[:, SUPPORT_FEATURES.index(name)] for name in ("numbers", "negated", "denied"))
    return np.asarray((numbers == 1) & (negated == 0) & (denied == 0))


def support_features(sentence: str, quotes: Sequence[str], embedder: Embedder) -> NDArray[np.float64]:
    """What speaks for the quotes' supporting the sentence, values as `SUPPORT_FEATURES`. Both must hold words.

    - words: the share of the sentence's longer words, by letters, that stand in the quotes in some form;
    - tokens: MaxSim, the mean over the sentence's tokens of the cosine to the nearest token of the quotes (Khattab and
      Zaharia 2020, "ColBERT"); close_tokens: the share of those over `_CLOSE`;
    - names, numbers: the share of them that stands in the quotes, 1 where there are none;
    - same_direction, other_direction: where the sentence has a word such as "increases", the most of its words that
      stand around one of the same, of the other direction in the nearest sentences of the quotes, as a share; a
      negation turns a direction;
    - turned: by how much less such a word's cosine is to the nearest one of its direction than to one of the other,
      0 or below, at the least;
    - negated: 1 where the sentence negates a word and the nearest sentences negate none of those that it does;
    - denied: 1 where a word that the sentence does not negate is negated wherever it stands in the nearest sentences;
    - quote_length: the logarithm of the quotes' number of sentences; in more text more is found by chance.
    """
    sentence = _plain(sentence)
    against = [text[a:b] for text in map(_plain, quotes) for a, b in split_sentences(text) if _has_words(text[a:b])]
    own, *others = embedder.token_vectors([sentence, *against])
    cosines = np.array([(own.vectors @ each.vectors.T).max(axis=1) for each in others])  # (quotes' sentences, tokens)
    nearest = np.argsort(-cosines.mean(axis=1), kind="stable")[:_NEAREST]
    best = cosines.max(axis=0)
    parsed, compared = _parsed(sentence, own), [_parsed(against[i], others[i]) for i in nearest]
    whole = " ".join(against)
    names, numbers = _names(sentence), _numbers(sentence)
    return np.array(
        [
            _words_held(parsed.words, _words(whole)),
            best.mean(),
            (best > _CLOSE).mean(),
            sum(_stands_in(name, whole) for name in names) / len(names) if names else 1.0,
            len(numbers & _numbers_held(whole)) / len(numbers) if numbers else 1.0,
            _around(parsed, compared, same=True),
            _around(parsed, compared, same=False),
            _turned(parsed, compared),
            *_negations(parsed, compared),
            math.log(len(against)),
        ],
        float,
    )


# Texts


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFKC", readable(text)).split())


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _stands_in(text: str, other: str) -> bool:
    """Whether `text`, but for case and the punctuation around it, stands in `other` from word to word."""
    inside = re.sub(r"^\W+|\W+$", "", text.casefold())
    return bool(re.search(rf"(?<!\w){re.escape(inside)}(?!\w)", other.casefold()))


def _words(text: str) -> list[str]:
    return [match.casefold() for match in _WORD.findall(text)]


def _words_held(words: Sequence[str], others: Iterable[str]) -> float:
    known = {_stem(word) for word in others}
    wanted = {word for word in words if _tells(word)} or set(words)
    return sum(len(word) for word in wanted if _stem(word) in known) / sum(map(len, wanted))


def _stem(word: str) -> str:
    """Enough of a word to know it again in most of its forms."""
    return word.removesuffix("s")[:5]


def _tells(word: str) -> bool:
    """Whether a word says what a text is about; the short ones mostly do not."""
    return len(word) > 3 or any(c.isdigit() for c in word)


def _numbers(text: str) -> set[Decimal]:
    """The numbers that a text states in digits."""
    return {_value(number) for number in _NUMBER.findall(text)}


def _numbers_held(text: str) -> set[Decimal]:
    """All numbers that a text gives in any way: 1,200 is 1200, 34.0% is 34%, "two" is 2, p53 has 53."""
    spelled = {Decimal(_SPELLED.index(word)) for word in _words(text) if word in _SPELLED}
    return spelled | {_value(number) for number in _ANY_NUMBER.findall(text)}


def _value(number: str) -> Decimal:
    return Decimal(number.replace(",", "").replace("·", "."))


def _names(text: str) -> set[str]:
    """Names, acronyms, formulas: words with a capital or a digit, but for a mere capital that opens the text."""
    return {
        match[0]
        for match in _NAME.finditer(text)
        if any(c.isupper() or c.isdigit() for c in match[0][1:]) or (match.start() and match[0][0].isupper())
    }


# Directions and negations


class _Directed(NamedTuple):
    """A word with a direction, 1 or -1: its place among the words, and its vector, the mean of its tokens'."""

    place: int
    direction: int
    vector: Vectors


class _Parsed(NamedTuple):
    """A sentence's words, whether each is negated, and those with a direction."""

    words: list[str]
    negated: list[bool]
    directed: list[_Directed]


@functools.cache
def _directions() -> dict[str, int]:
    """The words with a direction."""
    found = {}
    for direction, verbs, others in ((1, _VERBS_UP, _OTHERS_UP), (-1, _VERBS_DOWN, _OTHERS_DOWN)):
        forms = [form for verb in verbs.split() for form in _forms(verb)]
        found.update(dict.fromkeys([*forms, *others.split()], direction))
    return found


def _forms(verb: str) -> list[str]:
    stem = verb.removesuffix("e")
    return [verb, verb + ("es" if verb.endswith("s") else "s"), stem + "ed", stem + "ing"]


def _negates(word: str) -> bool:
    return word in _NEGATIONS or word.endswith(("n't", "n’t"))


def _parsed(sentence: str, tokens: TokenVectors) -> _Parsed:
    words = _words(sentence)
    negated = [any(map(_negates, words[max(0, place - _REACH) : place])) for place in range(len(words))]
    directed = []
    for place, match in enumerate(_WORD.finditer(sentence)):
        inside = [start < match.end() and end > match.start() for start, end in tokens.spans]
        if words[place] in _directions() and any(inside):  # what the embedder does not read has no tokens
            direction = _directions()[words[place]] * (-1 if negated[place] else 1)
            directed.append(_Directed(place, direction, tokens.vectors[inside].mean(axis=0)))
    return _Parsed(words, negated, directed)


def _around(sentence: _Parsed, quotes: Sequence[_Parsed], same: bool) -> float:
    about = _subject(sentence.words)
    shares = [
        len(about & _subject(quote.words[max(0, other.place - _AROUND) : other.place + _AROUND + 1])) / len(about)
        for own in sentence.directed
        for quote in quotes
        for other in quote.directed
        if (own.direction == other.direction) == same and about
    ]
    return max(shares, default=0.0)


def _subject(words: Iterable[str]) -> set[str]:
    return {_stem(word) for word in words if _tells(word) and word not in _directions() and not _negates(word)}


def _turned(sentence: _Parsed, quotes: Sequence[_Parsed]) -> float:
    least = 0.0
    for own in sentence.directed:
        nearest = {True: 0.0, False: 0.0}  # by whether the directions are the same
        for other in (directed for quote in quotes for directed in quote.directed):
            same = own.direction == other.direction
            nearest[same] = max(nearest[same], float(own.vector @ other.vector))
        least = min(least, nearest[True] - nearest[False])
    return least


def _negations(sentence: _Parsed, quotes: Sequence[_Parsed]) -> tuple[float, float]:
    """Whether the sentence negates what the quotes do not, and whether they negate what it does not."""
    own = _stems(sentence, negated=True), _stems(sentence, negated=False)
    theirs = [set().union(*(_stems(quote, negated) for quote in quotes)) for negated in (True, False)]
    return float(bool(own[0]) and not own[0] & theirs[0]), float(bool((own[1] - own[0]) & (theirs[0] - theirs[1])))


def _stems(parsed: _Parsed, negated: bool) -> set[str]:
    return {
        _stem(word)
        for word, turned in zip(parsed.words, parsed.negated, strict=True)
        if turned == negated and len(word) > 3 and not _negates(word)
    }
