"""How far a sentence holds the number that a question asks for: of what is counted, or in the unit that is wanted."""

import functools
import re
from collections.abc import Collection

from .terms import has_stem

_NUMBER = re.compile(r"\d[\d.,]*%?|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|twenty|hundred|"
                     r"thousand|million|half|third|quarter)\b", re.IGNORECASE)  # fmt: skip
_NO_AMOUNT = re.compile(
    r"\[\d[\d, –-]*\]|\((?:[^()]*\D)?(?:1[5-9]|20)\d\d[a-z]?\)|^\W*\d{1,2}\.(?=\s)"
    r"|\b(?:tables?|fig(?:ure|s)?|eqs?|equations?|sections?|appendix|chapter|algorithm|file|ref|step|phase)\b"
    r"\.? ?S?\d+",
    re.IGNORECASE,
)
"""Numbers that are no amounts: of references, years in parentheses, items, tables and figures."""
_COUNTS = re.compile(r"\bhow (?:many|often)\b|\bnumber of\b", re.IGNORECASE)
_NEAR = 30  # characters between a number and what it counts
_NEAR_COUNTED = 12  # characters between what is counted and a number behind it, as in "samples (n = 14)"

_TIME = (
    r"(?:nano|micro|milli)?(?:seconds?|minutes?|hours?)|days?|nights?|weeks?|months?|years?|decades?|centur\w+|min|hrs?"
    r"|h|ms|s|yrs?"
)
_LENGTH = r"(?:nano|micro|milli|centi|kilo)?met(?:er|re)s?|[nµμmck]?m|feet|ft|inch(?:es)?|miles?|layers?"
_MASS = r"(?:micro|milli|kilo)?gram(?:me)?s?|[µμmk]?g|t|tons?|tonnes?|lbs?|pounds?"
_MEASURES = tuple(
    (
        re.compile(asks, re.IGNORECASE),
        re.compile(rf"[\s–-]*(?:\d[\d.,]*(?![\d.,])\s*|(?:to|and|or|more)\s|[±-]\s*)*(?:{units})\b", re.IGNORECASE),
    )
    for asks, units in (
        (r"\bhow (?:old|long ago)\b|\bat what age\b", _TIME),
        (r"\bhow long\b(?!\W+(?:is|are|was|were)\b)|\bduration\b|\bhow much (?:more )?time\b", _TIME),
        (r"\bhow (?:tall|wide|deep|high up|far away|far apart)\b", _LENGTH),
        (r"\bhow heavy\b|\bhow much (?:do|does|did) \w+ weigh\b", _MASS),
    )
)
"""The units of the number that a question wants, by its words."""


def amount_fit(question: str, asked: Collection[str], sentence: str) -> float:
    """Return 1 for a number before what it counts or with the unit wanted; less behind it, and for any other number.

    `asked` are the stems of what is counted or measured.
    """
    is_count, units = bool(_COUNTS.search(question)), _units(question)
    folded = _NO_AMOUNT.sub(lambda match: " " * len(match[0]), sentence).casefold()
    found = 0.0
    for match in _NUMBER.finditer(folded):
        after = folded[match.end() : match.end() + _NEAR]
        if units.match(after) if units else _holds_any(after, asked):
            return 1.0
        before = folded[max(0, match.start() - (_NEAR_COUNTED if is_count else _NEAR)) : match.start()]
        found = max(found, 0.7 if not units and _holds_any(before, asked) else 0.3)
    return found


def _holds_any(text: str, stems: Collection[str]) -> bool:
    return any(has_stem(text, each) for each in stems)


@functools.lru_cache(64)
def _units(question: str) -> re.Pattern[str] | None:
    """Return the units in which a question wants its number; None if it wants a count or does not say."""
    return next((units for asks, units in _MEASURES if asks.search(question)), None)
