"""Complete chosen sentences, so that a quote can be understood alone.

- A lead-in ("... are:", "as follows.") takes its list along, or else the sentence after it.
- What only announces ("The study has some limitations.") takes the rest of its paragraph along.
- An item within a paragraph ("(1) ...?") takes the items after it along.
- A definition takes a sentence after it along that goes on about its subject ("It ...").
- A heading at the start of a paragraph ("Data collection.") takes the sentence after it along.
- An item of a list takes the other items and the lead-in along, where a list is asked for.
- A sentence that begins with a bare reference ("This shows ...", "They are ...") takes the one before it along.
- The row of a table names its values by their headers.
- A pointer ("Sizes are shown in Table 2.") gives way to what it points to: a small table as a whole, else the caption.

A quote stays one span of the text, within one section. Longer lists end after `_MOST_ITEMS` items.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from ..ingest.sentences import split_sentences
from ..retrieval.search import SearchResult
from ..retrieval.wanted import Wanted
from ..text.cleaning import UNREAD
from ..text.kinds import CAPTION, TABLE
from ..text.paragraph_kinds import is_copyright_line
from ..text.readable import readable
from ..types import Paper, Span
from .cells import row_sentence
from .features import Candidate

_MOST_ITEMS = 8
_LONGEST = 900  # characters of a completed quote
_LONGEST_POINTER = 220  # characters; a longer sentence says something besides
_LONGEST_LABEL = 40  # characters

_LISTED = frozenset({"list", "contributions", "limitations", "future", "summary"})
"""Kinds of questions that a list answers as a whole."""
_LEAD_IN = re.compile(r"(?::|\bas follows\.?|\bthe following(?: \w+)?\.)\W*$", re.IGNORECASE)
_ANNOUNCES = re.compile(
    r"\b(?:has|have|had|is|are|was|were)\b.{0,60}\b(?:limitations?|shortcomings?|drawbacks?|weaknesses|caveats|"
    r"contributions?|problems?|challenges|directions?)\W*$",
    re.IGNORECASE,
)
_LONGEST_ANNOUNCEMENT = 160  # characters
_FIRST_ITEM = re.compile(r"\((?:1|i|a)\)\s|^(?:[^,.]{1,30}, )?first(?:ly)?,", re.IGNORECASE)
_NEXT_ITEM = re.compile(
    r"(?:(?:and|or) )?\((?:\d{1,2}|[ivx]{1,4}|[b-h])\)\s"
    r"|(?:(?:and|or) )?(?:second|third|fourth|fifth|next|finally|last)(?:ly)?,",
    re.IGNORECASE,
)
_GOES_ON = re.compile(r"(?:it|they|its|their)\b", re.IGNORECASE)
_ITEM = re.compile(r"[•‣▪◦·*–-]\s|\(?(?:\d{1,2}|[a-z]|[ivx]{1,5}|[A-Z]|[IVX]{1,4}|RQ\d)[.):]\s")
_WORK = r"(?:paper|work|study|article|survey|review|section|chapter|thesis|report|research)"
_REFERS = re.compile(
    r"(?:(?:However|Moreover|Furthermore|Therefore|Thus|Hence|Instead|Additionally|In addition|As a result|Also),? )?"
    rf"(?:(?:this|these|those|such)\b(?! (?:\w+ )?{_WORK}\b)"
    r"|(?:they|it|he|she|their|its)\b(?! (?:is|was|has been|may be|seems|appears) (?:\w+ ){1,2}(?:that|to)\b))",
    re.IGNORECASE,
)
_PLACE = r"(?:table|fig(?:ure|\.)?)\s?[A-Z]?\.?\d+"
_POINTER = re.compile(
    r"\b(?:shown|given|listed|reported|summari[sz]ed|presented|provided|detailed|described|depicted|illustrated|found"
    rf"|seen|displayed|available|see|in|refer to)\s\(?(?:in |on )?(?:the )?(?P<label>{_PLACE})"
    rf"|^(?P<first>{_PLACE})\b[^.]{{0,40}}?\b(?:shows?|lists?|gives?|reports?|presents?|provides?"
    r"|summari[sz]es?|details?|describes?|depicts?|illustrates?|displays?|contains?|compares?)\b",
    re.IGNORECASE,
)
_SAYS_MORE = re.compile(r"\bthat\b|\bbecause\b|\bwhile\b|\bwhereas\b|;|\d+(?:\.\d+)?\s?%|\d\.\d", re.IGNORECASE)
_WORDS_OF_HEADING = 3
_SUBJECT = re.compile(r"(?:this|that|these|those|the|an?|we|it|they|he|she|there)\b", re.IGNORECASE)
_LABEL = re.compile(r"(table|fig)\w*\W*([A-Z]?\.?\d+)", re.IGNORECASE)


def completed(result: SearchResult, wanted: Wanted, chosen: Sequence[Candidate]) -> list[Candidate]:
    """Return the chosen sentences completed, in the same order; what is quoted by then is not quoted again."""
    done: list[Candidate] = []
    cells = [each for each in chosen if each.cell_fit]
    for each in chosen:
        if not (each.is_title or each.cell_fit):
            each = _told_row(result, each) or _pointed_to(result, each) or _extended(result, wanted, each)
            if any(_holds(each, cell) for cell in cells):  # a table whose cells say what is asked for
                continue
        if not any(_holds(other, each) for other in done):
            done = [other for other in done if not _holds(each, other)] + [each]
    return done


def _holds(one: Candidate, other: Candidate) -> bool:
    same = one.paper_key == other.paper_key and one.is_title == other.is_title
    return same and one.span.start <= other.span.start and other.span.end <= one.span.end


def _told_row(result: SearchResult, each: Candidate) -> Candidate | None:
    """Return the row of a table, with its values named by their headers; None if it is none."""
    if "|" not in each.text:
        return None
    text = result.candidates.paper_text(each.row)
    table = next((t for t in result.candidates.tables(each.row) if t.start <= each.span.start < t.end), None)
    rows = table.rows_at(*each.span) if table else []
    if table is None or len(rows) != 1:
        return None
    said = row_sentence(result.candidates.paper(each.paper_key), text, table, rows[0])
    return replace(each, text=said) if said else None


def _extended(result: SearchResult, wanted: Wanted, each: Candidate) -> Candidate:
    """Return a sentence with what it needs before and after it, as far as it stays short."""
    paper, text = result.candidates.paper(each.paper_key), result.candidates.paper_text(each.row)
    section = _section(paper, each.span.start, len(text))
    paragraph = _paragraph(text, section, each.span.start)
    start, end = each.span
    if _LEAD_IN.search(text[start:end]) and end >= paragraph.end:
        end = _end_of_list(text, section, start, paragraph) or _end_of_next(text, section, start, paragraph)
    elif start == paragraph.start and _is_heading(text[start:end]):
        end = _end_of_first(text, Span(end, paragraph.end), start) or end
    elif wanted.kind in _LISTED and _ITEM.match(text, start):
        start, end = _whole_list(text, section, each.span, paragraph)
    else:
        end = _end_of_rest(text, wanted, each.span, paragraph)
    if (start, end) == each.span and _REFERS.match(text, start) and start > paragraph.start:
        start = _start_of_last(text, paragraph, start, end)
    said = readable(text[start:end])
    is_furniture = UNREAD in said or any(map(is_copyright_line, said.split("\n\n")))
    return each if is_furniture else replace(each, span=Span(start, end), text=said)


def _section(paper: Paper, position: int, length: int) -> Span:
    section = paper.section_at(position)
    return Span(section.start, section.end) if section else Span(0, length)


def _paragraph(text: str, section: Span, position: int) -> Span:
    start = text.rfind("\n\n", section.start, position)
    end = text.find("\n\n", position, section.end)
    return Span(start + 2 if start >= 0 else section.start, end if end >= 0 else section.end)


def _next_paragraph(text: str, section: Span, paragraph: Span) -> Span | None:
    start = paragraph.end + 2
    return _paragraph(text, section, start) if start < section.end else None


def _end_of_list(text: str, section: Span, start: int, paragraph: Span) -> int:
    """Return the end of the items after a paragraph, as far as the quote stays short; 0 if there is no item."""
    end, items = 0, 0
    following = _next_paragraph(text, section, paragraph)
    while following and _ITEM.match(text, following.start) and items < _MOST_ITEMS:
        if following.end - start > _LONGEST:
            break
        end, items = following.end, items + 1
        following = _next_paragraph(text, section, following)
    return end


def _end_of_next(text: str, section: Span, start: int, paragraph: Span) -> int:
    """Return the end of the first sentence after a paragraph; that of the paragraph if it is too long."""
    following = _next_paragraph(text, section, paragraph)
    sentences = split_sentences(text, *following) if following else []
    is_short = bool(sentences) and sentences[0].end - start <= _LONGEST
    return sentences[0].end if is_short else paragraph.end


def _end_of_rest(text: str, wanted: Wanted, said: Span, paragraph: Span) -> int:
    """Return the end of the sentences of a paragraph that continue what is said, as far as the quote stays short."""
    sentence, end = text[slice(*said)], said.end
    is_short = len(sentence) <= _LONGEST_ANNOUNCEMENT
    announces = is_short and (_LEAD_IN.search(sentence) or (wanted.kind in _LISTED and _ANNOUNCES.search(sentence)))
    follows = None if announces else _NEXT_ITEM if _FIRST_ITEM.search(sentence) else None
    is_definition = wanted.kind == "definition"
    if not (announces or follows or is_definition):
        return end
    for at, following in enumerate(split_sentences(text, end, paragraph.end)):
        goes_on = announces or (follows and follows.match(text, following.start))
        if following.end - said.start > _LONGEST or not (
            goes_on or (is_definition and at == 0 and _GOES_ON.match(text, following.start))
        ):
            break
        end = following.end
    return end


def _is_heading(sentence: str) -> bool:
    """Return whether a sentence has too few words to say something, and does not begin like one that does."""
    return len(sentence.split()) <= _WORDS_OF_HEADING and not _SUBJECT.match(sentence)


def _end_of_first(text: str, rest: Span, start: int) -> int:
    """Return the end of the first sentence in the rest of a paragraph; 0 if there is none, or it is too long."""
    sentences = split_sentences(text, *rest)
    return sentences[0].end if sentences and sentences[0].end - start <= _LONGEST else 0


def _whole_list(text: str, section: Span, item: Span, paragraph: Span) -> Span:
    """Return the list that an item belongs to, with its lead-in, if that is short; else the item."""
    first = paragraph
    for _ in range(_MOST_ITEMS):
        if first.start <= section.start + 2:
            break
        before = _paragraph(text, section, first.start - 3)
        if _ITEM.match(text, before.start):
            first = before
            continue
        sentences = split_sentences(text, *before)
        if sentences and _LEAD_IN.search(text[slice(*sentences[-1])]):
            first = Span(sentences[-1].start, before.end)
        break
    end = _end_of_list(text, section, first.start, first)
    return Span(first.start, end) if end >= item.end and end - first.start <= _LONGEST else item


def _start_of_last(text: str, paragraph: Span, start: int, end: int) -> int:
    """Return the start of the sentence before a position; the position itself if the quote would get too long."""
    before = split_sentences(text, paragraph.start, start)
    return before[-1].start if before and end - before[-1].start <= _LONGEST else start


def _pointed_to(result: SearchResult, each: Candidate) -> Candidate | None:
    """Return the table or caption that a mere pointer points to, in its paper; None if it is no pointer."""
    pointer = _POINTER.search(each.text)
    if not pointer or len(each.text) > _LONGEST_POINTER or _SAYS_MORE.search(each.text):
        return None
    wanted = _key(pointer["label"] or pointer["first"])
    paper, text = result.candidates.paper(each.paper_key), result.candidates.paper_text(each.row)
    for section in paper.sections:
        if section.kind not in (TABLE, CAPTION):
            continue
        if _key(section.title or text[section.start : section.start + _LONGEST_LABEL]) == wanted:
            span = _shown(result, each, Span(section.start, section.end))
            return replace(each, span=span, text=readable(text[slice(*span)]))
    return None


def _shown(result: SearchResult, each: Candidate, section: Span) -> Span:
    """Return the span of a small table, or of a caption."""
    table = next((t for t in result.candidates.tables(each.row) if t.start == section.start), None)
    if section.end - section.start <= _LONGEST or table is None or table.caption is None:
        return section
    return table.caption


def _key(label: str) -> tuple[str, str]:
    match = _LABEL.match(label)
    return (match[1].casefold(), match[2].casefold()) if match else ("", label)
