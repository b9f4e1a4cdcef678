"""Compare a sentence word by word with a quote that it nearly copies, and a stated cause with the quote's."""

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import NamedTuple

from .opposites import count_negations, direction_of
from .quantities import find_quantities
from .statements import may_be_verb, subject_of
from .synonyms import is_light, means_the_same, share_held
from .word_overlap import WORD, split_words, stem

_MIN_WORDS = 3  # of a sentence, without function words
_MIN_COPIED = 0.65  # share of its words that stand in the quote in the same order
_MIN_SHARED = 0.6  # share of its words that stand in the quote at all, for a comparison of places
_MAX_CHARACTERS = 2_000  # of a sentence or quote in which causes are looked for
_MOST_READ = 150  # words of a sentence or quote that are compared
_MOST_CHANGED = 2  # words in the place of as many others
_CAUSE_HELD = 0.7  # share of the words of a stated cause that the quotes must hold
_MIN_CAUSE_WORDS = 2

_ARTICLES = frozenset(("the", "a", "an"))
_POINTING = frozenset("the this that these those its their it they".split())
_SAID_OF = 0.75  # share of what a sentence says of its subject that a quote holds, to say so of another one
_MOST_SUBJECT = 8  # words
_REFERRING = frozenset(
    "it its they their them we our us this these that those such he she his her which who both".split()
)
_GENERAL = frozenset(
    "model models system systems dataset datasets data benchmark benchmarks framework frameworks tool tools "
    "algorithm algorithms experiment experiments evaluation evaluations result results task tasks performance "
    "corpus main goal aim purpose one ones number numbers average".split()
)

_OPPOSED = frozenset(
    frozenset(pair.split("/"))
    for pair in (
        "with/without more/less more/fewer most/least all/none all/few many/few every/no each/no "
        "before/after above/below over/under first/last first/second same/other same/different always/never "
        "often/never both/neither some/no much/little within/outside inside/outside up/down before/during "
        "after/during either/neither"
    ).split()
)

_CAUSE = re.compile(
    r"\b(?:because(?: of)?|due to|owing to|thanks to|as a result of|caused by|results? from|stems? from"
    r"|since (?=it|they|the|there|this|its)"
    r"|(?:the )?(?:main |primary )?(?:reason|cause)(?: \w+){0,6}? (?:is|was|being)(?: that)?)\b",
    re.IGNORECASE,
)
_NUMBER_OF = re.compile(r"\ba (?:large |small |great )?number of\b", re.IGNORECASE)
_NUMBERED = re.compile(r"(?<=[^\W\d_])-(?=\d)")  # in GPT-4
_BY = re.compile(r"\bby\b", re.IGNORECASE)


class _Word(NamedTuple):
    """A word that says something, case-folded.

    `before` is the function word before it, apart from articles; `is_pointed_at` if "the", "this" or "it" is before it.
    """

    text: str
    before: str
    is_name: bool
    is_pointed_at: bool


def changed_word(sentence: str, quotes: Sequence[str]) -> str:
    """Return a word of a near-copy that stands in the place of another one in the quote, "" if there is none.

    A word that means about the same is no change, nor is one that only moved. Two that changed places are.
    """
    own = _words(sentence)
    if len(own) < _MIN_WORDS:
        return ""
    mine = [stem(word.text) for word in own]
    found = [_words(quote) for quote in quotes]
    order = [_copied(mine, _as_said(_texts(own), _texts(other))) for other in found]
    if not order:
        return ""
    at = order.index(max(order))
    nearest = quotes[at]
    turned = count_negations(split_words(sentence)) != count_negations(split_words(nearest))
    return _changed(own, found[at], turned=turned) or _opposed(sentence, nearest) or _exchanged(sentence, nearest)


def _changed(own: Sequence[_Word], other: Sequence[_Word], *, turned: bool) -> str:
    """Return a word in the place of another one; with `turned` one of both is negated, and opposites are none."""
    said, quoted = _texts(own), _texts(other)
    mine, theirs = [stem(word) for word in said], _as_said(said, quoted)
    if _copied(mine, theirs) < _MIN_COPIED:
        return ""
    more, fewer = Counter(mine) - Counter(theirs), Counter(theirs) - Counter(mine)
    replaced: dict[tuple[str, str], int] = {}  # the stem of a word and that of one in whose place it stands
    for kind, a, b, start, end in SequenceMatcher(None, mine, theirs, autojunk=False).get_opcodes():
        if kind != "replace" or b - a > _MOST_CHANGED:
            continue
        c, d = _place(own, a, b, other, start, end)
        if d - c > _MOST_CHANGED + 1 or c == d or _same_letters(said[a:b], quoted[c:d]):
            continue
        if a == 0 and (_has_name(own[:b]) > _has_name(other[c:d]) or (own[0].is_pointed_at and _has_name(other[c:d]))):
            continue  # a name for "the system" or the reverse; whether it is of the same is for other gates
        for i, k in itertools.product(range(a, b), range(c, d)):
            other_place = replaced.get((theirs[k], mine[i]))
            if other_place is not None and not _are_listed(own[other_place + 1 : i + 1]):
                return said[i]
            replaced[mine[i], theirs[k]] = i
        if not turned and _opposite_directions(said[a:b], quoted[c:d]):
            return said[a]
        new = [i for i in range(a, b) if mine[i] not in theirs and _names_something(said[i])]
        if a == 0 and new and _GENERAL.issuperset(said[i] for i in new):
            continue
        gone = [
            i
            for i in range(c, d)
            if (theirs[i] not in mine or (fewer[theirs[i]] and b - a == d - c == 1)) and _names_something(quoted[i])
        ]
        if new and gone:
            return said[new[0]]
        repeated = [i for i in range(a, b) if more[mine[i]] and mine[i] in theirs and not direction_of(said[i])]
        if repeated and any(
            fewer[word] and word in mine for word in theirs[c:d]
        ):  # "the A more so" for "the B more so"
            return said[repeated[0]]
    return ""


def _place(own: Sequence[_Word], a: int, b: int, other: Sequence[_Word], c: int, d: int) -> tuple[int, int]:
    """Return the words c to d of the quote in whose place the words a to b may stand; none if there are none such.

    A copy may begin later than its quote, and end earlier: it then stands in the place of what has the same word before
    it, as "on code" for "on text of any kind".
    """
    if b == len(own) and d - c > b - a + 1:
        return (c, c + b - a + 1) if own[a].before == other[c].before else (c, c)
    if a == 0 and d - c > b - a + 1:
        return d - (b - a) - 1, d
    return c, d


def _are_listed(between: Sequence[_Word]) -> bool:
    """Return whether words, the last of two and those between both, may be items of one list."""
    return all(word.before in ("", "and", "or") for word in between)


def _has_name(words: Sequence[_Word]) -> bool:
    return any(word.is_name for word in words)


def _names_something(word: str) -> bool:
    """Return whether a word is a noun or an adjective, as far as can be told.

    Verbs and adverbs have too many synonyms; their opposites have a direction (opposites.py).
    """
    return not (direction_of(word) or may_be_verb(word) or word.endswith("ly"))


def _same_letters(own: Sequence[str], other: Sequence[str]) -> bool:
    """Return whether the words are the same written apart ("data set"), or one side are the other's initials."""
    said, quoted = "".join(own), "".join(other)
    if said == quoted or stem(said) == stem(quoted):
        return True
    pairs = ((own, other), (other, own))
    return any(word.removesuffix("s") == "".join(part[0] for part in many) for few, many in pairs for word in few)


def _opposite_directions(own: Sequence[str], other: Sequence[str]) -> bool:
    said, quoted = set(map(direction_of, own)) - {0}, set(map(direction_of, other)) - {0}
    return len(said) == len(quoted) == 1 and said != quoted


def _opposed(sentence: str, quote: str) -> str:
    """Return a function word that stands in the place of its opposite: "without" for "with"."""
    own, other = split_words(sentence)[:_MOST_READ], split_words(quote)[:_MOST_READ]
    for kind, a, b, c, d in SequenceMatcher(None, own, other, autojunk=False).get_opcodes():
        if kind == "replace" and b - a <= 2 and d - c <= 2:
            found = [word for word in own[a:b] for theirs in other[c:d] if frozenset((word, theirs)) in _OPPOSED]
            if found:
                return found[0]
    return ""


def other_subject(sentence: str, quotes: Sequence[str]) -> str:
    """Return the subject of which the quotes say what the sentence says of another one, "" if there is none.

    Only where the sentence's subject does not stand in that sentence of the quotes, and neither is a pronoun or as
    general as "the model".
    """
    subject, said = (_telling(words) for words in subject_of(sentence))
    if not subject or len(said) < _MIN_WORDS:
        return ""
    nearest = max(quotes, key=lambda quote: share_held(said, split_words(quote)), default="")
    their_words = split_words(nearest)
    if share_held(said, their_words) < _SAID_OF:
        return ""
    opening, _ = subject_of(nearest)
    theirs = _telling(opening)
    if not theirs or len(opening) > _MOST_SUBJECT or _REFERRING.intersection(opening):
        return ""
    if any(means_the_same(word, other) for word in subject for other in their_words):
        return ""
    own = split_words(sentence)
    return "" if any(means_the_same(word, other) for word in theirs for other in own) else " ".join(opening)


def _telling(words: Sequence[str]) -> list[str]:
    return [word for word in words if not is_light(word) and word not in _GENERAL]


def _copied(mine: Sequence[str], theirs: Sequence[str]) -> float:
    """Return the share of the sentence's stems that the quote has in the same order."""
    blocks = SequenceMatcher(None, mine, theirs, autojunk=False).get_matching_blocks()
    return sum(block.size for block in blocks) / max(len(mine), 1)


def _exchanged(sentence: str, quote: str) -> str:
    """Return a word that stands on the other side of a verb than in the quote, as another one does.

    Not where one of both is in the passive.
    """
    own, other = _content(sentence), _content(quote)
    known = set(map(stem, other))
    if sum(stem(word) in known for word in own) < _MIN_SHARED * len(own) or _passive(sentence) != _passive(quote):
        return ""
    for pivot in set(own) & set(other):
        if not _relates(pivot) or own.count(pivot) != 1 or other.count(pivot) != 1:
            continue
        left, right = _sides(own, pivot)
        their_left, their_right = _sides(other, pivot)
        to_left = (left - right) & (their_right - their_left)
        to_right = (right - left) & (their_left - their_right)
        if to_left and to_right:
            return next(word for word in own if stem(word) in to_left)
    return ""


def _relates(word: str) -> bool:
    """Return whether a word says what goes up or down for what, as "increases" and unlike "best" and "boosting"."""
    return bool(direction_of(word)) and may_be_verb(word) and not word.endswith("ing")


def _sides(words: Sequence[str], pivot: str) -> tuple[set[str], set[str]]:
    place = list(words).index(pivot)
    return set(map(stem, words[:place])), set(map(stem, words[place + 1 :]))


def _passive(text: str) -> bool:
    return bool(_BY.search(text))


def _as_said(own: Sequence[str], other: Sequence[str]) -> list[str]:
    """Return the stems of the quote's words; those that mean the same as a word of the sentence get its stem."""
    stems = {stem(word) for word in own}
    result = []
    for word in other:
        known = stem(word)
        if known not in stems:
            known = next((stem(mine) for mine in own if means_the_same(mine, word)), known)
        result.append(known)
    return result


def _content(text: str) -> list[str]:
    """Return the words that say something, without numbers."""
    return _texts(_words(text))


def _words(text: str) -> list[_Word]:
    text = _NUMBER_OF.sub("several", _NUMBERED.sub("", text[:_MAX_CHARACTERS]))
    for quantity in reversed(find_quantities(text)):  # number_places.py has these
        if quantity.is_stated:
            text = f"{text[: quantity.span.start]} {text[quantity.span.end :]}"
    found: list[_Word] = []
    before, is_pointed_at = "", False
    for match in WORD.finditer(text):
        word = match[0].casefold()
        if not is_light(word):
            is_name = any(c.isupper() or c.isdigit() for c in match[0][1:])
            found.append(_Word(word, before, is_name, is_pointed_at))
            before, is_pointed_at = "", False
        else:
            is_pointed_at = word in _POINTING
            before = before if word in _ARTICLES else word
    return found[:_MOST_READ]


def _texts(words: Sequence[_Word]) -> list[str]:
    return [word.text for word in words]


def other_cause(sentence: str, quotes: Sequence[str]) -> str:
    """Return the cause that a sentence states and its quotes do not give, "" if there is none."""
    held = [word for quote in quotes for word in _content(quote)]
    for effect, cause in _causes(sentence):
        if len(_stems(cause)) >= _MIN_CAUSE_WORDS:
            is_said = len(_stems(effect)) < _MIN_CAUSE_WORDS or share_held(_content(effect), held) >= _CAUSE_HELD
            if not is_said or share_held(_content(cause), held) < _CAUSE_HELD or _other_reason(effect, cause, quotes):
                return cause
    return ""


def _other_reason(effect: str, cause: str, quotes: Sequence[str]) -> bool:
    """Return whether the quotes give the effect another cause, and state this one elsewhere."""
    if len(_stems(effect)) < _MIN_CAUSE_WORDS or len(quotes) < 2:
        return False
    nearest = max(quotes, key=lambda quote: len(_stems(effect) & _stems(quote)))
    reasons = [after for _, after in _causes(nearest)]
    wanted = _content(cause)
    elsewhere = max((share_held(wanted, _content(quote)) for quote in quotes if quote is not nearest), default=0.0)
    return bool(reasons) and all(share_held(wanted, _content(reason)) < elsewhere for reason in reasons)


def _causes(text: str) -> Iterator[tuple[str, str]]:
    for match in _CAUSE.finditer(text[:_MAX_CHARACTERS]):
        yield text[: match.start()], re.split(r"[;.](?:\s|$)", text[match.end() :])[0]


def _stems(text: str) -> set[str]:
    return set(map(stem, _content(text)))
