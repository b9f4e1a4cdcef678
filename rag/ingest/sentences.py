"""Split scientific text into sentences."""

import bisect
import re
from collections.abc import Sequence

from ..types import Paper, Span

# A full stop after these does not end a sentence.
_ABBREVIATIONS = frozenset(
    "al e.g i.e cf vs viz ca approx resp fig figs eq eqs eqn sec sect secs tab ref refs vol ch chap "
    "def thm lem prop cor alg ex dr prof mr mrs ms st jr sr inc ltd co corp dept univ ed eds est incl excl max min "
    "avg std w.r.t i.i.d a.k.a s.t jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
# These end a sentence before a capital letter.
_OPEN_ABBREVIATIONS = frozenset({"etc", "al"})

# These end a sentence unless a number or an identifier follows: "no. 5", "pp. 3", "Grant No. FP7-298820".
_COUNTING = frozenset("no nos nr nrs p pp app".split())
_IDENTIFIER = re.compile(r"[^\s,;]*\d|[A-Z]{2,}[-/][A-Z]")
_IDENTIFIED = re.compile(
    r"\b(?:grants?|agreements?|awards?|contracts?|projects?|applications?|patents?|protocols?|registrations?|approvals?|"
    r"accessions?|licen[cs]es?|permits?|trials?|orders?|cat(?:alog(?:ue)?)?\.?|ref(?:erence)?\.?)\s$",
    re.IGNORECASE,
)
# These end a sentence unless the name of an unnamed species follows: "L. sp. D".
_SPECIES = frozenset("sp spp subsp ssp aff".split())
_UNNAMED = re.compile(r"(?:nov|indet|n)\.|\d|(?:A(?! [a-z])|[B-Z])\d*(?!\w)")

_LINE = re.compile(r"[^\n]+")
_CELL_END = " | "
_FEW_WORDS = 4  # as many may be a lone cell

# A terminator, closing quotes and brackets, and citations after the stop ("[12]").
_END = re.compile(
    r"""(?<![.!?…])[.!?…]+["'”’)\]}»*†‡]*(?:\s?\[[\d,;\s–-]{1,24}\])?(?=\s|$)"""
    r"""|\n[ \t]*\n\s*|(?:[。！？｡؟۔।॥]|(?<!\d)．)+[」』）”’"]*"""
)
_ALWAYS = "\n。！？｡．؟۔।॥"
_OPENS = re.compile(
    r"""\s*(?:["'“‘(\[{«`$*•–-]+\s*)?(?:[A-Z0-9À-ÞΑ-Ω©]|\\[A-Za-z]|[^\x00-\u024f]|[a-z]+[A-Z0-9]|\$\S|https?:)"""
)
_WORD_BEFORE = re.compile(r"""[^\s("'“\[{~]+$""")


def split_sentences(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Return the sentences of `text[start:end]` as spans of `text`, without the white space around them.

    A blank line always ends a sentence. A full stop does if a new sentence can begin after it, but not after an
    abbreviation ("et al.", "e.g.", "Fig. 3"), an initial ("J. Smith") or within a number ("34.0\\%").
    """
    end = len(text) if end is None else end
    spans: list[Span] = []
    begin = start
    for match in _END.finditer(text, start, end):
        if match.end() <= begin:
            continue
        if text[match.start()] in _ALWAYS or _ends_sentence(text, begin, match, end):
            _append(spans, text, begin, match.end())
            begin = match.end()
    _append(spans, text, begin, end)
    return spans


def split_table(paper: Paper, start: int, end: int) -> list[Span]:
    """Return what can be quoted of a table in a span of the paper: its caption, its notes and each whole row.

    The header, of which the section's title has a copy, and lone cells say nothing by themselves.
    """
    table, section = paper.table_at(start), paper.section_at(start)
    if table:
        headers = [row[0].start for row in table.rows[: table.header_rows] if row]
    else:
        whole = (section.start, section.end) if section else (start, end)
        rows = [line for line in _lines(paper.text, *whole) if _CELL_END in paper.text[slice(*line)]]
        headers = [row.start for row in rows[:1] if len(rows) > 1]
    lines = _lines(paper.text, start, end)
    return [line for line in lines if not _holds(line, headers) and _says_something(paper.text[slice(*line)])]


def _holds(line: Span, positions: Sequence[int]) -> bool:
    """Return whether one of some sorted positions is in a line; the first cell may begin after a bar."""
    at = bisect.bisect_left(positions, line.start)
    return at < len(positions) and positions[at] < line.end


def _lines(text: str, start: int, end: int) -> list[Span]:
    spans: list[Span] = []
    for match in _LINE.finditer(text, start, end):
        _append(spans, text, match.start(), match.end())
    return spans


def _says_something(line: str) -> bool:
    """Return whether a line of a table is a row with a label, or a sentence."""
    cells = line.split(_CELL_END)
    if len(cells) == 1:
        return len(line.split()) > _FEW_WORDS
    return bool(cells[0].strip()) and any(cell.strip() for cell in cells[1:]) and any(map(str.isalpha, line))


def _ends_sentence(text: str, begin: int, match: re.Match[str], end: int) -> bool:
    if match.end() >= end:
        return True
    if text[match.start()] in ".…" and not _OPENS.match(text, match.end(), end):
        return False
    if match[0] != ".":
        return True
    found = _WORD_BEFORE.search(text, max(begin, match.start() - 40), match.start())
    word = found[0].lower() if found else ""
    following = text[match.end() : min(match.end() + 30, end)].lstrip()
    if word in _COUNTING:
        if following[:1].isdigit():
            return False
        at = match.start() - len(word)
        is_identified = _IDENTIFIED.search(text[max(begin, at - 40) : at])
        return not (is_identified and _IDENTIFIER.match(following))
    if word in _SPECIES:
        return not _UNNAMED.match(following)
    if word.isdigit() and not text[begin : match.start() - len(word)].strip():
        return False  # the number of a list item or heading
    if word in _OPEN_ABBREVIATIONS:
        return following[:1].isupper() and not following.startswith(("(", "["))
    if word in _ABBREVIATIONS:
        return False
    return not (found and re.fullmatch(r"(?:[A-Z]\.)*[A-Z]", found[0]) and _is_initial(text, begin, found.start()))


def _is_initial(text: str, begin: int, position: int) -> bool:
    """Return whether a single capital is an initial; "vitamin C." and "Plan B." end a noun phrase."""
    before = re.search(r"(\S+)\s+$", text[max(begin, position - 40) : position])
    return before is None or before[1][:1].isupper() or before[1].endswith((",", ".", "and"))


def _append(spans: list[Span], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start < end:
        spans.append(Span(start, end))
