"""Find and remove the citation markers in what a model writes: [1], [1, 2], (see passages 1-3), passage 2 ..."""

import re
from typing import NamedTuple

from ..text.readable import readable

_LABEL = r"(?:passages?|sources?|papers?|refs?\.?|references?|citations?|quotes?|documents?|no\.?)"
_ITEM = (
    rf"(?:{_LABEL}\s?)?[#^№]?\d{{1,4}}(?:\s?[-–—]\s?\d{{1,4}})?"
    r"(?:,?\s(?:pp?\.|pages?)\s?\d{1,4}(?:\s?[-–]\s?\d{1,4})?)?(?:†[^,;\]】]{0,30}+)?"
)
_ITEMS = rf"{_ITEM}(?:\s?(?:[,;&]|and\b)\s?(?:and\s)?{_ITEM}){{0,30}}"
_SQUARE = rf"\\?[\[【［〔]{{1,2}}\s?(?P<square>{_ITEMS})\s?\\?[\]】］〕]{{1,2}}"
_CITATION = re.compile(
    rf"{_SQUARE}"
    rf"|\(\s?(?:see\s)?(?P<round>(?={_LABEL}\s?#?\d){_ITEMS})\s?\)"
    rf"|\b(?P<bare>passages?\s#?\d{{1,3}}(?:(?:,\s|\sand\s|,\sand\s)\d{{1,3}})*)\b",
    re.IGNORECASE,
)
_LAST_ROUND = re.compile(r"(?P<before>\S+)\s\((?P<items>\d{1,2}(?:\s?,\s?\d{1,2}){0,5})\)(?=\W*$)")
_NOT_CITED = re.compile(  # before a number in round brackets: "equation (3)", "n (12)"
    r"\W*(?:eqs?|equations?|figs?|figures?|tables?|sections?|steps?|levels?|class|types?|stages?|phases?|parts?|cases?"
    r"|items?|numbers?|versions?|appendix|rules?|points?|options?|n|is|are|was|were|of|to|equals?|=|[\d.,%]+)\W*",
    re.IGNORECASE,
)
_SENTENCE_START = re.compile(r"(?:^|[.!?:][\"'”’)]*\s+|^\W+)$")
_PREPOSITION = re.compile(
    r"\b(?:in|by|from|of|to|per|with|see|and|than|unlike|like|following|both|as)\s+$", re.IGNORECASE
)
_PAGES = re.compile(r",?\s(?:pp?\.|pages?)\s?\d{1,4}(?:\s?[-–]\s?\d{1,4})?|†[^,;\]】]*", re.IGNORECASE)
_MAX_RANGE = 50  # passages in a range such as [1-3]

_SQUARES_AFTER = rf"(?:\s?{_SQUARE}\.?)+".replace("?P<square>", "?:").replace(r"(?:\s?", "(?:[ ]?", 1)
_CITED_AFTER = re.compile(_SQUARES_AFTER, re.IGNORECASE)
_CITED_ON_NEXT_LINE = re.compile(rf"\n{_SQUARES_AFTER}(?=\n|$)", re.IGNORECASE)
_ROUND_AT_LINE_END = re.compile(r"[ ]\(\d{1,2}(?:,[ ]?\d{1,2}){0,5}\)(?=\n|$)")


class CitedSentence(NamedTuple):
    """A sentence without its citations, and the passage numbers that it cites, each once."""

    text: str
    numbers: tuple[int, ...]


def parse_citations(text: str) -> CitedSentence:
    """Split a sentence into its readable text and the numbers that it cites."""
    numbers: list[int] = []

    def replacement(match: re.Match[str]) -> str:
        cited = _cited_numbers(match)
        if 0 in cited:  # an interval or an index: passages are numbered from 1
            return match[0]
        numbers.extend(cited)
        if _is_noun(match):
            return "The paper" if not match.string[: match.start()].strip() else "the paper"
        return ""

    plain = _CITATION.sub(replacement, text)
    last = None if numbers else _LAST_ROUND.search(plain)
    if last and not _NOT_CITED.fullmatch(last["before"]):
        numbers.extend(map(int, re.findall(r"\d+", last["items"])))
        plain = plain[: last.end("before")] + plain[last.end() :]
    plain = " ".join(readable(plain).split())
    return CitedSentence(_without_gaps(plain) if numbers else plain, tuple(dict.fromkeys(numbers)))


def mask_citations(text: str) -> str:
    """Blank out citations and emphasis without changing the length, so that they hide no end of a sentence."""
    blank = _CITATION.sub(lambda m: ("X" if _is_noun(m) else " ") * len(m[0]), text)
    return re.sub(r"[*`]+|__+", lambda m: " " * len(m[0]), blank)


def end_with_citations(text: str, end: int) -> int:
    """Return the end of a sentence including the citations after it, unless they open the next sentence."""
    cited = _CITED_AFTER.match(text, end)
    if cited and not re.match(r"\s?[a-z]", text[cited.end() : cited.end() + 2]):
        return cited.end()
    below = _CITED_ON_NEXT_LINE.match(text, end) or _ROUND_AT_LINE_END.match(text, end)
    return below.end() if below else end


def _cited_numbers(match: re.Match[str]) -> list[int]:
    items = _PAGES.sub("", match["square"] or match["round"] or match["bare"])
    numbers: list[int] = []
    for first, last in re.findall(r"(\d+)(?:\s?[-–—]\s?(\d+))?", items):
        low, high = int(first), int(last or first)
        numbers += range(low, high + 1) if low <= high < low + _MAX_RANGE else [low, high]
    return numbers


def _is_noun(match: re.Match[str]) -> bool:
    """Return whether a citation is a part of its sentence, as in "[1] shows that" or "as in passage 2"."""
    before = match.string[max(0, match.start() - 24) : match.start()]
    if match["bare"]:
        return True
    if _PREPOSITION.search(before):
        return match["square"] is not None
    return bool(_SENTENCE_START.search(before)) and bool(
        re.match(r"\s[a-z]", match.string[match.end() : match.end() + 2])
    )


def _without_gaps(text: str) -> str:
    text = re.sub(r"\(\s*\)|\[\s*\]", "", text)
    text = re.sub(r"(?:\s*[,;])+(?=\s*[.!?]|\s*$)", "", text)
    text = re.sub(r"\s+([.,;:!?。！？])", r"\1", text)
    text = re.sub(r"(?<=[^.][.!?])\.+$", "", text)
    return re.sub(r"^[,;:.]+\s*", "", text).strip()
