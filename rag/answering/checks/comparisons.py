"""Find a comparison that a sentence turns round: it puts ahead what its quotes put behind.

"A outperforms B", "A is better than B", "B is worse than A", "A is ahead of B", "relative to B, A gains" and "A rather
than B" all put A ahead of B.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ...ingest.sentences import split_sentences
from .opposites import direction_of, negates
from .synonyms import FUNCTION_WORDS, GENERIC_WORDS, stem_among
from .word_overlap import WORD, split_words, stem

_MOST_COMPARISONS = 8  # of a text
_NEAR = 60  # characters before "than" in which its comparative is
_NEGATED = 4  # words after a negation
_AHEAD = (
    r"(?:outperform|beat|pass|surpass|exceed|outscore|outrank|outpace|outdo|overtake)(?:s|es|ed|ing|en)?|outdoes|overtook"
    r"|ahead of|above|superior to|instead of|rather than|preferred to"
)
_BEHIND = (
    r"(?:outperformed|beaten|surpassed|exceeded|outscored|outranked|overtaken) by|inferior to|behind|below"
    r"|(?:lags?|trails?|underperform(?:s|ed)?)(?: behind)?"
)
_PIVOT = re.compile(
    rf"\b(?:(?P<behind>{_BEHIND})|(?P<ahead>{_AHEAD})|(?P<than>than)"
    r"|(?P<over>(?:prefer|favou?r|emphasi[sz]e|choose|prioriti[sz]e|gain|improve|advantage|win)\w*\b[^,;:.]{0,80}?\bover))(?!\w)",
    re.IGNORECASE,
)
_RELATIVE = re.compile(
    r"\b(?:relative to|(?:when )?compared (?:to|with)|in comparison (?:to|with)|in contrast to|as opposed to|unlike)\s"
    r"(?P<behind>[^,;:.]+)",
    re.IGNORECASE,
)
_STOP = re.compile(r"[;:]\s|,?\s(?:whereas|while|but|although|though|yet)\s")
_END = re.compile(
    r",(?!\s(?:namely|such as|including)\s)|[;:()]"
    r"|\s(?:by|on|in|for|at|when|if|and|but|whereas|while|because|since|as|is|are|was|were|does|do|did)\s"
)
_NUMBER = re.compile(
    r"\s(?:about |around |roughly |nearly |almost |over |only )?\d[\d.,]*[%x]?(?!\w)"
)  # "more than 25%", "above about 0.7": numbers are compared elsewhere
_SAY_NOTHING = FUNCTION_WORDS | GENERIC_WORDS
_AMOUNT = frozenset("less fewer lower smaller shorter".split())  # of something that may be good or bad
_NO_COMPARATIVE = frozenset("other rather whether either her never over under after number computer paper".split())
_SCALES = {"lower": "high", "higher": "high", "smaller": "large", "larger": "large", "bigger": "large"}
_SCALES |= {"shorter": "long", "longer": "long"}


class _Comparison(NamedTuple):
    """What is ahead and behind, and in what if it may be good or bad to be ahead: "cost" of "A costs less than B"."""

    ahead: frozenset[str]
    behind: frozenset[str]
    amount: str = ""


def turned_round(sentence: str, quotes: Sequence[str]) -> str:
    """Return what the sentence puts behind and the quotes ahead, "" if there is no such thing."""
    own = _comparisons(sentence, ())
    if not own:
        return ""
    keys = list(dict.fromkeys(key for each in own for key in each.ahead | each.behind))
    quoted = [each for text in quotes for a, b in split_sentences(text) for each in _comparisons(text[a:b], keys)]
    for each in own:
        if any(_contradict(each, other) for other in quoted) or _is_only_ahead(each, quoted):
            return " ".join(word for word in split_words(sentence) if stem(word) in each.behind)
    return ""


def _contradict(one: _Comparison, other: _Comparison) -> bool:
    if one.amount != other.amount:
        return False
    behind = one.behind & (other.ahead - other.behind)
    return bool(behind and (one.ahead - one.behind) & (other.behind - other.ahead))


def _is_only_ahead(one: _Comparison, quoted: Sequence[_Comparison]) -> bool:
    """Return whether the quotes put ahead, and nowhere behind, all that a sentence puts behind something else."""
    behind = one.behind - one.ahead
    ahead = any(behind <= other.ahead - other.behind for other in quoted if one.amount == other.amount)
    return bool(behind) and ahead and not any(behind & other.behind for other in quoted)


def _comparisons(text: str, known: Sequence[str]) -> list[_Comparison]:
    found = [*_relative(text, known), *_direct(text, known)]
    return [each for each in found if each.ahead and each.behind][:_MOST_COMPARISONS]


def _relative(text: str, known: Sequence[str]) -> Iterator[_Comparison]:
    for match in _RELATIVE.finditer(text):
        rest = f"{text[: match.start()]} , {text[match.end() :]}"
        directions = [direction_of(word) for word in split_words(rest)]
        if any(directions):
            ahead, behind = _keys(rest, known), _keys(match["behind"], known)
            yield _Comparison(ahead, behind) if next(filter(None, directions)) > 0 else _Comparison(behind, ahead)


def _direct(text: str, known: Sequence[str]) -> Iterator[_Comparison]:
    stops = [match.end() for match in _STOP.finditer(text)]
    for match in _PIVOT.finditer(text):
        start = max((stop for stop in stops if stop <= match.start()), default=0)
        near = split_words(text[max(start, match.start() - _NEAR) : match.start()])
        direction, amount = _direction(match, near)
        end = _END.search(text, match.end() + 1)
        before = text[start : match.end() if match["over"] else match.start()]
        first, second = _keys(before, known), _keys(text[match.end() : end.start() if end else None], known)
        if any(map(negates, near[-_NEGATED:])):
            direction = -direction  # "does not fall behind"
        if direction and not _NUMBER.match(text, match.end()):
            yield _Comparison(*((first, second) if direction > 0 else (second, first)), amount)


def _direction(pivot: re.Match[str], before: Sequence[str]) -> tuple[int, str]:
    """Return 1 if what is before a pivot is ahead, -1 if it is behind, 0 if that is not known; and in what."""
    if not pivot["than"]:
        return (-1 if pivot["behind"] else 1), ""
    at = next((i for i in reversed(range(len(before))) if direction_of(before[i])), None)
    if at is None:  # "cheaper than": ahead in this alone
        word = next((word for word in before[-_NEGATED:] if word.endswith("er") and word not in _NO_COMPARATIVE), "")
        return int(bool(word)), stem(word)
    word = before[at]
    if word in _AMOUNT:
        return -1, _SCALES.get(word) or stem(next(iter(before[at + 1 :]), word))
    return direction_of(word), ""


def _keys(text: str, known: Sequence[str]) -> frozenset[str]:
    words = (match[0].casefold() for match in WORD.finditer(text))
    return frozenset(stem_among(word, known) for word in words if word not in _SAY_NOTHING and not direction_of(word))
