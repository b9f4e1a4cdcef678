"""Recognise cover sheets of repositories, archives and publishers by their labels and notices."""

from __future__ import annotations

import re
from collections.abc import Sequence

from .authors import FRONT_MATTER_END, is_sentence
from .first_page import first_page
from .lines import PageLines

_MAX_SHEETS = 3
_MAX_WORDS = 700  # on a sheet; more is a page of the paper that has a notice
_MAX_PROSE = 350  # words in sentences on a sheet
_MIN_OWN_TEXT = 60  # words in sentences under the heading of an abstract
_NOTICES = [re.compile(pattern, re.I) for pattern in (  # one is enough
    r"see discussions, stats, and author profiles",
    r"your use of the jstor archive|jstor is a not-for-profit|jstor, please contact",
    r"hal is a multi-?disciplinary|l.archive ouverte pluridisciplinaire",
    r"\bis a repository copy of\b|repository copy of the",
    r"downloaded from .{1,200} on behalf of",
    r"has made this (?:article|work|document|item) (?:openly|freely) (?:available|accessible)",
    r"brought to you for free and open access by|follow this and additional works at",
    r"may be the (?:author.?s? )?version of|version of the authors? of a work",
    r"accepted (?:for publication )?(?:in|by) the following source",
    r"author.?s? (?:accepted|final|submitted|original) (?:manuscript|version|draft) of (?:an?|the) "
    r"(?:article|paper|work|chapter)",
    r"this is (?:an? |the )?(?:author.?s?|accepted|post-?print|pre-?print|peer.reviewed|submitted|published|final)"
    r"[\w\s,()'’-]{0,60} of (?:an?|the|this|a published) (?:\w+ )?(?:article|paper|work|chapter|following)",
    r"this (?:document|item|article|version|work|paper|file) (?:is|was|has been) "
    r"(?:made available|deposited|archived|downloaded|provided (?:from|by))",
    r"please (?:scroll down for article|cite the published version|cite (?:only )?the original)",
    r"submit your (?:article|manuscript) to this journal|view (?:related articles|crossmark data)",
    r"full terms (?:&|and) conditions of access and use",
    r"powered by the california digital library",
    r"your article is protected by copyright and all rights are held",
    r"if you believe that this document breaches copyright|take.?down policy",
    r"personal use of this material is permitted",
    r"institutional repository|research (?:repository|portal|explorer)$",
)]  # fmt: skip
_LABELS = [re.compile(rf"^\W*(?:{pattern})\s*(?:[:\]]|$)", re.I) for pattern in (
    r"(?:suggested |recommended |original |published )?citation(?: for (?:the )?published version.*)?",
    r"(?:to|please|how to) cite this.*|cite as",
    r"to link to this.*|link to (?:publication|published version|article|record).*",
    r"as published|published in|published by|first published|published version|appeared in",
    r"publisher(?:.s (?:version|pdf|statement|url|link))?",
    r"(?:document |article |publication |item )?version",
    r"(?:citable|permanent|persistent|stable|item|handle|official)\s?(?:link|url|uri|identifier)|permalink|handle|ur[il]",
    r"terms (?:of use|and conditions)|general rights|usage guidelines|copyright (?:and reuse|information|notice)"
    r"|rights|licen[cs]e",
    r"downloaded (?:on|from|by).*|download date|accessed|date deposited|deposited|archived",
    r"author\(?s?\)?|source|document type|item type|type|publication date|date|year|journal|series|collections?",
    r"digital object identifier|doi",
    r"peer.?reviewed|accepted manuscript|postprint|author accepted manuscript",
    r"subjects?|comments|submission history|submitted on|download|keywords",
)]  # fmt: skip
_LISTING = re.compile(r"^\W*(?:subjects|cite as|submission history|submitted on|comments|from|full-text links)\b", re.I)
_MIN_LABELS = 3


def count_covers(pages: Sequence[PageLines]) -> int:
    """Count the cover sheets and empty pages before the paper's first page; 0 if no first page follows them."""
    count = 0
    while count < min(_MAX_SHEETS, len(pages) - 1) and (not pages[count].lines or _is_cover(pages[count])):
        count += 1
    return count if any(page.lines for page in pages[:count]) and _may_be_first(pages, count) else 0


def _may_be_first(pages: Sequence[PageLines], number: int) -> bool:
    """Return whether a page may be a paper's first page: it has the heading of an abstract, or larger type."""
    page = first_page(pages, number)
    upper = [row for row in page.rows if row.top < 0.7 * page.height]
    return any(FRONT_MATTER_END.match(row.text) or row.size > 1.08 * page.body or row.bold for row in upper)


def _is_cover(page: PageLines) -> bool:
    """Return whether a page only says where a paper comes from and how it may be used."""
    texts = [row.text for row in first_page([page], 0).rows]
    if len({match[0].casefold() for text in texts if (match := _LISTING.match(text))}) >= _MIN_LABELS:
        return True
    if _word_count(texts) > _MAX_WORDS or _prose_words(texts) > _MAX_PROSE or _has_own_text(texts):
        return False
    whole = " ".join(texts)
    notices = any(pattern.search(whole) or any(map(pattern.search, texts)) for pattern in _NOTICES)
    labels = sum(any(map(pattern.match, texts)) for pattern in _LABELS)
    return notices or labels > _MIN_LABELS


def _has_own_text(texts: Sequence[str]) -> bool:
    """Return whether running text follows the heading of an abstract or an introduction."""
    start = next((at for at, text in enumerate(texts) if FRONT_MATTER_END.match(text)), len(texts))
    return _prose_words(texts[start:]) > _MIN_OWN_TEXT


def _prose_words(texts: Sequence[str]) -> int:
    return _word_count([text for text in texts if is_sentence(text)])


def _word_count(texts: Sequence[str]) -> int:
    return sum(len(text.split()) for text in texts)
