"""Do quotes support a sentence? Checked without a model server: words, numbers, names, directions, nearest tokens.

Surfaces are compared: that a quote is about something else, that a number changed, that an increase became a decrease,
that a "not" came in, that "from A to B" or who outperforms whom was turned round.

Nothing is reasoned. What passes: a contradiction in other words, or in words that have no direction here; in a short
sentence one subject for another that is no name ("otters" for "beavers"); common nouns that change places ("dropout
outperforms weight decay"); numbers that change places elsewhere than in "from A to B". What is held back, though right:
a number that was counted, added up or rounded, or given without its sign ("falls by 4.2" of -4.2); an opposite from the
other side ("A underperforms B" of "B outperforms A"); "has no X" of "X is absent".
"""

from __future__ import annotations

import functools
import itertools
import math
import re
import unicodedata
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..ingest.sentences import split_sentences
from ..models.protocols import Embedder, TokenVectors, Vectors
from ..models.weights import SupportWeights, load_weights
from ..text.readable import readable
from ..types import Span

SUPPORT_FEATURES = (
    "words", "tokens", "close_tokens", "names", "numbers", "same_direction", "other_direction", "turned", "negated",
    "denied", "quote_length",
)  # fmt: skip

_CLOSE = 0.6  # cosine from which two tokens mean about the same
_NEAREST = 4  # sentences of the quotes that directions and negations are compared with
_AROUND = 12  # words to each side of a word with a direction that tell what it is said of
_REACH = 5  # words after a negation that are negated
_OPPOSITE = 0.5  # `other_direction` from which, with a `turned` of at most `_TURNED`, quotes contradict: of SciFact's
_TURNED = -0.1  # training pairs that are so, 25 contradict, 3 say nothing, and 2 support
_COMPARED = 60  # sentences of the quotes, those that share the most words, that are compared at all
_LONGEST = 10_000  # characters of a sentence or a quote that are read

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
    "essential presence present dependent related able capable similar same growth gains rise rises rose rising "
    "promotion activation induction enhancement elevation improvement stabilization upregulation overexpression "
    "sufficient sufficiency acceleration abundant beaten"
)
_OTHERS_DOWN = (
    "less smaller shorter worse worst slower weaker younger lighter weak slow slowly inferior few negative negatively "
    "ineffective harmful resistant resistance unnecessary dispensable absence absent independent unrelated unable "
    "incapable different loses lost fall falls fell falling inhibition suppression impairment reduction "
    "deterioration destabilization downregulation depletion deficient deficiency scarce"
)
_NEGATIONS = frozenset(
    "no not nor neither never none without cannot hardly barely scarcely rarely impossible unable lack lacks "
    "lacked".split()
)
_NOT_ALONE = ("only", "just", "merely")  # "not only fast but small" negates nothing
_NO_OBJECT = frozenset("with when if after in on at under for through during upon as and or but".split())
_AFTER_OBJECT = _NO_OBJECT | set("while than from over into by that which where because without".split())
_ARTICLES = ("the", "a", "an", "its", "their", "our")

_ONES = "zero one two three four five six seven eight nine ten eleven twelve"
_TEENS = "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SPELLED = {word: value for value, word in enumerate(f"{_ONES} {_TEENS}".split())}
_SPELLED |= {word: value for value, word in zip(range(20, 100, 10), _TENS.split(), strict=True)}
_SPELLED |= {"twice": 2, "thrice": 3}
_MAGNITUDES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "k": 3, "K": 3, "M": 6, "B": 9}
_UNITS = {
    "share": {"1": "% percent"},
    "time": {
        "1e-9": "ns nanosecond nanoseconds", "1e-6": "μs microsecond microseconds",
        "1e-3": "ms millisecond milliseconds", "1": "s sec secs second seconds", "60": "min mins minute minutes",
        "3600": "h hr hrs hour hours", "86400": "day days", "604800": "week weeks",
    },
    "calendar": {"1": "month months", "12": "year years", "120": "decade decades"},
    "length": {"1e-9": "nm", "1e-6": "μm", "1e-3": "mm", "1e-2": "cm", "1": "m metre metres meter meters", "1e3": "km"},
    "mass": {"1e-9": "ng", "1e-6": "μg", "1e-3": "mg", "1": "g gram grams", "1e3": "kg"},
    "bytes": {"1": "byte bytes", "1e3": "kB KB", "1e6": "MB", "1e9": "GB", "1e12": "TB"},
    "frequency": {"1": "Hz", "1e3": "kHz", "1e6": "MHz", "1e9": "GHz"},
}  # fmt: skip
_UNIT = {
    name: (kind, Decimal(size))
    for kind, sizes in _UNITS.items()
    for size, names in sizes.items()
    for name in names.split()
}

_UNREADABLE = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")  # no tokenizer takes half of a surrogate pair
_DOTS = re.compile(r"([.!?])[.!?]{3,}")  # long runs, as in tables of contents, take splitting into sentences long
_WORD = re.compile(r"[^\W_]+(?:['’]t\b)?")
_NAME = re.compile(r"[^\W\d_][^\W_]*(?:-[^\W_]+)*")
_PLURAL = re.compile(r"(?<=\w\w)(?<![aius])s$")
_INFLECTED = re.compile(r"(?<=[aeiouy])(?P<rest>[^aeiouy]*)(?:(?<!e)(?<!emb)ed|ing)$")
_QUANTITY = re.compile(
    rf"""
    (?P<sign>(?<![^\s(\[=:~<>≈∼])[-−–])?  # else it is a hyphen or the dash of a range
    (?:
        (?P<digits>(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:[.·]\d+)?|(?<!\d)[.·]\d+)
        | (?<!\w)(?i:(?P<tens>{"|".join(_TENS.split())})-)?(?i:(?P<spelled>{"|".join(_SPELLED)}))(?![^\W_])
    )
    (?P<magnitudes>(?:[\s-]?(?:hundred|thousand|million|billion|trillion)(?!\w)|(?<=\d)[kKMB](?!\w))*)
    (?:[\s-]?(?P<unit>%|(?:{"|".join(name for name in _UNIT if name not in ("%", "s", "m"))}|(?<=[\s-])[sm])(?!\w)))?
    """,
    re.VERBOSE,
)
_FROM = re.compile(r"\bfrom\W+(?:\w+\W+)?$")
_TO = re.compile(r"\W*(?:\w+\W+)?to\W+(?:\w+\W+)?|\W*→\W*")
_UP_FROM = re.compile(r"\W*(?:\w+\W+)?from\W+(?:\w+\W+)?")


class Support(NamedTuple):
    """How far quotes support a sentence: `quoted`, `supported`, `partly` or `unsupported`, and the probability."""

    label: str
    probability: float


def support(sentence: str, quotes: Sequence[str], embedder: Embedder, weights: SupportWeights | None = None) -> Support:
    """How far `quotes` support `sentence`, which comes without its citation numbers.

    It is `quoted` where `is_quoted` says so. Otherwise a logistic regression over `SUPPORT_FEATURES` decides, fitted as
    if half of all sentences were supported. Where `agrees` finds a contradiction or a number that is not in the quotes,
    the sentence is `partly` supported at most, whatever its probability. Without words, or without quotes, it is
    `unsupported`, and so is one of more than `_LONGEST` characters; of a quote as many are read.
    """
    if is_quoted(sentence, quotes):
        return Support("quoted", 1.0)
    if len(sentence) > _LONGEST or not _has_words(_plain(sentence)) or not any(_has_words(_plain(q)) for q in quotes):
        return Support("unsupported", 0.0)
    weights = weights or load_weights().support
    features = support_features(sentence, quotes, embedder)[None]
    probability = float(weights.model.probability(features)[0])
    if probability >= weights.supported_above and agrees(features)[0]:
        return Support("supported", probability)
    return Support("partly" if probability >= weights.partly_above else "unsupported", probability)


def is_quoted(sentence: str, quotes: Iterable[str]) -> bool:
    """Whether `sentence` stands in one of `quotes` word for word.

    Both are compared in readable form, but for case, white space and the punctuation around the sentence.
    """
    inside = _inside(_plain(sentence)) if len(sentence) <= _LONGEST else ""
    return bool(inside) and any(_stands_in(inside, _plain(quote).casefold()) for quote in quotes)


def agrees(features: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Whether, a row each, the quotes give all numbers and nothing is negated, denied or of the other direction."""
    values = dict(zip(SUPPORT_FEATURES, features.T, strict=True))
    same, other = values["same_direction"], values["other_direction"]
    opposite = (other >= _OPPOSITE) & (other > same) & (values["turned"] <= _TURNED)
    return np.asarray((values["numbers"] == 1) & (values["negated"] == 0) & (values["denied"] == 0) & ~opposite)


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
    - denied: 1 where a word that the sentence does not negate is negated wherever it stands in the nearest sentences,
      where these give the object of a word with a direction the other one alone ("reduces noise" for "more noise") or
      turn round what it says of two names, and where the quotes turn round a "from A to B";
    - quote_length: the logarithm of the quotes' number of sentences; in more text more is found by chance.
    """
    sentence = _plain(sentence)
    texts = (text[a:b] for text in map(_plain, quotes) for a, b in split_sentences(text))
    against = _sharing_words(sentence, [text for text in texts if _has_words(text)])
    own, *others = embedder.token_vectors([sentence, *against])
    cosines = np.array([(own.vectors @ each.vectors.T).max(axis=1) for each in others])  # (quotes' sentences, tokens)
    nearest = np.argsort(-cosines.mean(axis=1), kind="stable")[:_NEAREST]
    best = cosines.max(axis=0)
    parsed, compared = _parsed(sentence, own), [_parsed(against[i], others[i]) for i in nearest]
    whole = " ".join(against)
    folded = whole.casefold()
    names = _names(sentence)
    negated, denied = _negations(parsed, compared)
    turned_round = _roles_turned(parsed, compared) or _direction_turned(parsed, compared)
    return np.array(
        [
            _words_held(parsed.words, _words(whole)),
            best.mean(),
            (best > _CLOSE).mean(),
            sum(_stands_in(name.casefold(), folded) for name in names) / len(names) if names else 1.0,
            _numbers_held(sentence, whole),
            _around(parsed, compared, same=True),
            _around(parsed, compared, same=False),
            _turned(parsed, compared),
            negated,
            float(denied or turned_round or _range_turned(sentence, whole)),
            math.log(len(against)),
        ],
        float,
    )


# Texts


def _plain(text: str) -> str:
    text = _UNREADABLE.sub(" ", text[:_LONGEST])
    return _DOTS.sub(r"\1", " ".join(unicodedata.normalize("NFKC", readable(text)).split()))


def _has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)


def _inside(text: str) -> str:
    """`text` as it is compared word for word, from its first letter or digit to its last."""
    places = [place for place, character in enumerate(text) if character.isalnum()]
    return text[places[0] : places[-1] + 1].casefold() if places else ""


def _stands_in(text: str, other: str) -> bool:
    """Whether `text` stands in `other` from word to word; both are case-folded."""
    start = other.find(text)
    while start >= 0:
        end = start + len(text)
        if not (other[start - 1 : start].isalnum() or other[end : end + 1].isalnum()):
            return True
        start = other.find(text, start + 1)
    return False


def _sharing_words(sentence: str, others: Sequence[str]) -> list[str]:
    """Of `others` the `_COMPARED` that share the most words with the sentence, in their order."""
    if len(others) <= _COMPARED:
        return list(others)
    wanted = set(map(_stem, _words(sentence)))
    shared = [len(wanted & set(map(_stem, _words(other)))) for other in others]
    return [others[i] for i in sorted(np.argsort(np.negative(shared), kind="stable")[:_COMPARED])]


def _words(text: str) -> list[str]:
    return [match.casefold() for match in _WORD.findall(text)]


def _words_held(words: Sequence[str], others: Iterable[str]) -> float:
    known = {_stem(word) for word in others}
    wanted = {word for word in words if _tells(word)} or set(words)
    return sum(len(word) for word in wanted if _stem(word) in known) / sum(map(len, wanted))


@functools.lru_cache(maxsize=1 << 14)
def _stem(word: str) -> str:
    """Enough of a word to know it again in most of its forms: increas-es, -ed and -ing, help and helped, run, running.

    Without plurals, "ed" and "ing" the first five letters, and of these not a silent e or the second of two consonants.
    """
    start = _INFLECTED.sub(r"\g<rest>", _PLURAL.sub("", word))[:5]
    if len(start) > 2 and start[-1] in "ey":
        return start[:-1] + "i" * (start[-1] == "y")
    return start[:-1] if len(start) > 2 and start[-1] == start[-2] and start[-1] not in "aeiou0123456789" else start


def _tells(word: str) -> bool:
    """Whether a word says what a text is about; the short ones mostly do not."""
    return len(word) > 3 or any(c.isdigit() for c in word)


class _Quantity(NamedTuple):
    """A number as a text gives it, 5 million as 5000000; the kind of its unit, "" without one, and the unit's size.

    `stated` if it stands by itself, which the 53 of p53 does not, nor "one".
    """

    value: Decimal
    kind: str
    size: Decimal
    stated: bool
    span: Span

    @property
    def measured(self) -> tuple[str, Decimal]:
        """The kind of unit, and how much of it, whatever the unit: 1.2 s are 1200 ms."""
        return self.kind, self.value * self.size


def _quantities(text: str) -> list[_Quantity]:
    """All numbers that a text gives in any way: 1,200 is 1200, 34.0% is 34%, "two days" are 2 of days."""
    found = []
    for match in _QUANTITY.finditer(text):
        if match["digits"]:
            value = Decimal(match["digits"].replace(",", "").replace("·", "."))
            stated = match.start("digits") == 0 or not re.match(r"[\w.,·]", text[match.start("digits") - 1])
        else:
            value = Decimal(_SPELLED.get((match["tens"] or "").lower(), 0) + _SPELLED[match["spelled"].lower()])
            stated = match["spelled"].lower() != "one"
        value = value.scaleb(sum(_MAGNITUDES[name] for name in re.findall(r"[A-Za-z]+", match["magnitudes"])))
        kind, size = _UNIT.get(match["unit"] or "", ("", Decimal(1)))
        found.append(_Quantity(-value if match["sign"] else value, kind, size, stated, Span(*match.span())))
    return found


def _numbers_held(sentence: str, quotes: str) -> float:
    """The share of the numbers that the sentence states that the quotes give, 1 where there are none.

    A number without a unit is that with any.
    """
    theirs = _quantities(quotes)
    values, measured = {each.value for each in theirs}, {each.measured for each in theirs if each.kind}
    bare = {each.value for each in theirs if not each.kind}
    own = {(each.value, *each.measured) for each in _quantities(sentence) if each.stated}
    held = [value in bare or (kind, much) in measured if kind else value in values for value, kind, much in own]
    return sum(held) / len(held) if held else 1.0


def _range_turned(sentence: str, quotes: str) -> bool:
    """Whether the quotes have a "from A to B" of the sentence as "from B to A" only."""
    own, theirs = _ranges(sentence), _ranges(quotes)
    return any(a != b and (b, a) in theirs and (a, b) not in theirs for a, b in own)


def _ranges(text: str) -> set[tuple[Decimal, Decimal]]:
    """The numbers of each "from A to B", "A → B", "to B from A"."""
    found = set()
    for first, second in itertools.pairwise(_quantities(text)):
        between = text[first.span.end : second.span.start][:40]
        before = text[max(0, first.span.start - 40) : first.span.start]
        if _UP_FROM.fullmatch(between):
            found.add((second.value, first.value))
        elif _TO.fullmatch(between) and ("→" in between or _FROM.search(before)):
            found.add((first.value, second.value))
    return found


def _names(text: str) -> set[str]:
    """Names, acronyms, formulas: words with a capital or a digit, but for a mere capital that opens the text."""
    return {match[0] for match in _NAME.finditer(text) if _may_name(match) and (match.start() or _is_formula(match[0]))}


def _may_name(match: re.Match[str]) -> bool:
    """Whether a word may be a name; one that opens a text may be a common word, too."""
    return match[0][0].isupper() or _is_formula(match[0])


def _is_formula(word: str) -> bool:
    return any(c.isupper() or c.isdigit() for c in word[1:])


# Directions and negations


class _Directed(NamedTuple):
    """A word with a direction, 1 or -1: its place among the words, and its vector, the mean of its tokens'.

    `left` and `right` are the names, and what may be one, before and after it; the passive's are turned round. `object`
    is up to three words that follow it, without articles and in stems.
    """

    place: int
    direction: int
    vector: Vectors
    left: set[str]
    right: set[str]
    object: set[str]


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


def _negates(word: str, following: str = "") -> bool:
    if word in ("fail", "fails", "failed"):
        return following == "to"
    if word == "lack" and following == "of":
        return False  # what comes of a lack is not negated
    return (word in _NEGATIONS or word.endswith(("n't", "n’t"))) and following not in _NOT_ALONE


def _parsed(sentence: str, tokens: TokenVectors) -> _Parsed:
    matches = list(_WORD.finditer(sentence))
    words = [match[0].casefold() for match in matches]
    negating = [_negates(word, following) for word, following in zip(words, [*words[1:], ""], strict=True)]
    negated = [any(negating[max(0, place - _REACH) : place]) for place in range(len(words))]
    names = [(match.start(), match[0]) for match in _NAME.finditer(sentence) if _may_name(match)]
    directed = []
    for place, match in enumerate(matches):
        if words[place] not in _directions():
            continue
        inside = [start < match.end() and end > match.start() for start, end in tokens.spans]
        if any(inside):  # what the embedder does not read has no tokens
            direction = _directions()[words[place]] * (-1 if negated[place] else 1)
            sides = _sides(match, words[place + 1 : place + 5], names)
            vector = tokens.vectors[inside].mean(axis=0)
            directed.append(_Directed(place, direction, vector, *sides, _object(words[place + 1 : place + 5])))
    return _Parsed(words, negated, directed)


def _sides(
    match: re.Match[str], following: Sequence[str], names: Sequence[tuple[int, str]]
) -> tuple[set[str], set[str]]:
    """The names that a word with a direction stands between; none where it has no object, as in "it rises with B"."""
    if following and following[0] in _NO_OBJECT:
        return set(), set()
    left = {name.casefold() for start, name in names if start < match.start()}
    right = {name.casefold() for start, name in names if start >= match.end()}
    passive = following[:1] == ["by"] and not any(word[0].isdigit() for word in following)  # not "improved by 5%"
    return (right, left) if passive else (left, right)


def _object(following: Sequence[str]) -> set[str]:
    """What a word with a direction is said of where this comes next: "increases the training time of", "less noise"."""
    start = 1 if following and following[0] in _ARTICLES else 0
    nouns = itertools.takewhile(lambda word: _tells(word) and not _ends_object(word), following[start : start + 3])
    return set(map(_stem, nouns))


def _ends_object(word: str) -> bool:
    return word in _AFTER_OBJECT or word in _directions() or _negates(word)


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


def _roles_turned(sentence: _Parsed, quotes: Sequence[_Parsed]) -> bool:
    """Whether the quotes say of two names only the other way round what the sentence says: who outperforms whom."""
    theirs = [directed for quote in quotes for directed in quote.directed]
    return any(
        any(_says(own, other, turned=True) and own.direction == other.direction for other in theirs)
        and not any(_says(own, other, turned=own.direction != other.direction) for other in theirs)
        for own in sentence.directed
    )


def _direction_turned(sentence: _Parsed, quotes: Sequence[_Parsed]) -> bool:
    """Whether what the sentence increases the quotes only reduce, or the other way round."""
    theirs = [directed for quote in quotes for directed in quote.directed]
    for own in sentence.directed:
        found = {own.direction == other.direction for other in theirs if _of_one(own.object, other.object)}
        if found == {False}:
            return True
    return False


def _of_one(first: set[str], second: set[str]) -> bool:
    return bool(first and second) and (first <= second or second <= first)


def _says(own: _Directed, other: _Directed, turned: bool) -> bool:
    """Whether both words stand between the same names, or `turned`, between them the other way round."""
    left, right = (other.right, other.left) if turned else (other.left, other.right)
    return bool(own.left & left and own.right & right)


def _negations(sentence: _Parsed, quotes: Sequence[_Parsed]) -> tuple[float, bool]:
    """Whether the sentence negates what the quotes do not, and whether they negate what it does not."""
    own = _stems(sentence, negated=True), _stems(sentence, negated=False)
    theirs = [set().union(*(_stems(quote, negated) for quote in quotes)) for negated in (True, False)]
    return float(bool(own[0]) and not own[0] & theirs[0]), bool((own[1] - own[0]) & (theirs[0] - theirs[1]))


def _stems(parsed: _Parsed, negated: bool) -> set[str]:
    return {
        _stem(word)
        for word, turned in zip(parsed.words, parsed.negated, strict=True)
        if turned == negated and len(word) > 3 and not _negates(word)
    }
