"""Find numbers with their units, and names, in a sentence, and check whether quotes contain them."""

import itertools
import re
from decimal import Decimal
from typing import NamedTuple

from ...types import Span

_ONES = "zero one two three four five six seven eight nine ten eleven twelve"
_TEENS = "thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SPELLED = {word: value for value, word in enumerate(f"{_ONES} {_TEENS}".split())}
_SPELLED |= {word: value for value, word in zip(range(20, 100, 10), _TENS.split(), strict=True)}
_SPELLED |= {"twice": 2, "thrice": 3}
_MAGNITUDES = {"hundred": 2, "thousand": 3, "million": 6, "billion": 9, "trillion": 12, "k": 3, "K": 3, "M": 6, "B": 9}
_UNITS = {
    "share": {"1": "% percent p.p. pp"},
    "factor": {"1": "x × times fold"},
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
_SIZES = {
    name: (kind, Decimal(size))
    for kind, sizes in _UNITS.items()
    for size, names in sizes.items()
    for name in names.split()
}

_SIZES |= dict.fromkeys(("percentage points", "percentage point"), _SIZES["%"])

_UNIT_NAMES = "|".join(re.escape(name) for name in _SIZES if name not in ("%", "s", "m"))

_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻−–", "0123456789+---")
_POWER = r"(?:(?P<times>\s?[×x·⋅]\s?10)?(?P<exponent>[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]{1,3}|\^\{?[-−–+]?\d{1,3}\}?))?"  # 5 × 10⁶, 10^6

NAME = re.compile(r"[^\W\d_][^\W_]*(?:-[^\W_]+)*")
_QUANTITY = re.compile(
    rf"""
    (?P<sign>(?<![^\s(\[=:~<>≈∼])[-−–])?  # else it is a hyphen or the dash of a range
    (?:
        (?P<digits>(?:\d{{1,3}}(?:,\d{{3}})+|\d+)(?:[.·]\d+)?|(?<!\d)[.·]\d+){_POWER}
        | (?<!\w)(?i:(?P<tens>{"|".join(_TENS.split())})-)?(?i:(?P<spelled>{"|".join(_SPELLED)}))(?![^\W_])
    )
    (?P<magnitudes>(?:[\s-]?(?:hundred|thousand|million|billion|trillion)(?!\w)|(?<=\d)[kKMB](?!\w))*)
    (?:[\s-]?(?P<unit>%|(?:{_UNIT_NAMES}|(?<=[\s-])[sm])(?!\w)))?
    """,
    re.VERBOSE,
)
_PART = re.compile(r"(?<![\w/.])1/([2-9]\d{0,2}|1\d{1,2})(?![\w/.]\d|\w|/)")  # 1/38, which is not 38
_ITEM = r"[^,;:()]{1,60}"
_LISTED = re.compile(
    rf"(?: [\w-]+){{1,4}}(?:,|:| \(|,? namely|,? such as) (?P<list>{_ITEM}(?:, {_ITEM}){{0,9}}?),? (?:and|or) \w"
)
_MARK = re.compile(r"\(\d\)\s")  # of an item
_PART_OF_WORD = re.compile(r"[\w.,·]|\(\d\)\s")  # p53, or the mark of an item: "(1) "
_FROM = re.compile(r"\bfrom\W+(?:\w+\W+)?$")
_TO = re.compile(r"\W*(?:\w+\W+)?to\W+(?:\w+\W+)?|\W*→\W*")
_TO_FROM = re.compile(r"\W*(?:\w+\W+)?from\W+(?:\w+\W+)?")


class Quantity(NamedTuple):
    """A number in a text: 5 million is 5000000. `kind` and `size` are of its unit, "" and 1 if it has none.

    `is_stated` is false if it is a part of a word, as in p53, or "one".
    """

    value: Decimal
    kind: str
    size: Decimal
    is_stated: bool
    span: Span

    @property
    def measured(self) -> tuple[str, Decimal]:
        """The kind of unit and the amount in its base unit, so that 1.2 s equals 1200 ms."""
        return self.kind, self.value * self.size


def find_quantities(text: str) -> list[Quantity]:
    """Return the numbers in a text, in any form: 1,200 is 1200, 34.0% is 34%, "two days" is 2 days, 1/4 is 25%."""
    parts = {match.start(): match for match in _PART.finditer(text)}
    found, end = [], 0
    for match in _QUANTITY.finditer(text):
        if part := parts.get(match.start("digits")):
            share, end = (100 / Decimal(part[1])).quantize(Decimal("0.01")).normalize(), part.end()
            found.append(Quantity(share, *_SIZES["%"], True, Span(*part.span())))
        if match.start() < end:
            continue
        if match["digits"]:
            value = _raised_to_power(Decimal(match["digits"].replace(",", "").replace("·", ".")), match)
            is_stated = not (match.start("digits") and _PART_OF_WORD.match(text, match.start("digits") - 1))
        else:
            value = Decimal(_SPELLED.get((match["tens"] or "").lower(), 0) + _SPELLED[match["spelled"].lower()])
            is_stated = match["spelled"].lower() != "one"
        value = value.scaleb(sum(_MAGNITUDES[name] for name in re.findall(r"[A-Za-z]+", match["magnitudes"])))
        kind, size = _SIZES.get(match["unit"] or "", ("", Decimal(1)))
        found.append(Quantity(-value if match["sign"] else value, kind, size, is_stated, Span(*match.span())))
    return found


def _raised_to_power(number: Decimal, match: re.Match[str]) -> Decimal:
    """Return 5000000 for 5 × 10⁶; a number other than 10 before an exponent stays, as that may be a note's mark."""
    exponent = int(match["exponent"].translate(_RAISED).strip("^{}")) if match["exponent"] else 0
    if match["times"]:
        return number.scaleb(exponent)
    return Decimal(1).scaleb(exponent) if exponent and number == 10 else number


def share_of_numbers(sentence: str, quotes: str) -> float:
    """Return the share of the sentence's numbers that the quotes contain, 1 if it has none.

    A number without a unit matches one with any. One that counts what the sentence then
    lists needs none: "two formats, X and Y".
    """
    quoted = find_quantities(quotes)
    values, measured = {each.value for each in quoted}, {each.measured for each in quoted if each.kind}
    bare = {each.value for each in quoted if not each.kind}
    stated = {
        (each.value, *each.measured)
        for each in find_quantities(sentence)
        if each.is_stated and not _counts_a_list(each, sentence)
    }
    held = [value in bare or (kind, much) in measured if kind else value in values for value, kind, much in stated]
    return sum(held) / len(held) if held else 1.0


def _counts_a_list(number: Quantity, text: str) -> bool:
    """Return whether a number is that of the things listed after it: "three sizes, A, B and C", "two: (1) A; (2) B"."""
    if number.value == len(_MARK.findall(text)):
        return True
    listed = _LISTED.match(text, number.span.end)
    return listed is not None and number.value == listed["list"].count(", ") + 2


def reverses_range(sentence: str, quotes: str) -> bool:
    """Return whether the quotes contain a "from A to B" of the sentence only as "from B to A"."""
    quoted = _ranges(quotes)
    return any(a != b and (b, a) in quoted and (a, b) not in quoted for a, b in _ranges(sentence))


def _ranges(text: str) -> set[tuple[Decimal, Decimal]]:
    """Return the numbers of each "from A to B", "A → B" and "to B from A"."""
    found = set()
    for first, second in itertools.pairwise(find_quantities(text)):
        between = text[first.span.end : second.span.start][:40]
        before = text[max(0, first.span.start - 40) : first.span.start]
        if _TO_FROM.fullmatch(between):
            found.add((second.value, first.value))
        elif _TO.fullmatch(between) and ("→" in between or _FROM.search(before)):
            found.add((first.value, second.value))
    return found


def find_names(text: str) -> set[str]:
    """Return names, acronyms and formulas: words with a capital or a digit, except a capital that opens the text."""
    return {
        match[0] for match in NAME.finditer(text) if may_be_name(match[0]) and (match.start() or _is_formula(match[0]))
    }


def may_be_name(word: str) -> bool:
    """Return whether a word may be a name; at the start of a text it may be a common word too."""
    return word[0].isupper() or _is_formula(word)


def _is_formula(word: str) -> bool:
    return any(c.isupper() or c.isdigit() for c in word[1:])
