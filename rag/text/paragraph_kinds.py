"""Classify a paragraph by its words: a statement about the work, furniture, a label, or running text."""

import re
from collections.abc import Sequence

from .kinds import ABSTRACT, APPENDIX, BACK_MATTER, BODY, FOOTNOTE, FURNITURE, REFERENCES, heading_kind
from .reference_lists import reference_lists

_CLASSED = frozenset({BODY, ABSTRACT, APPENDIX, FOOTNOTE, BACK_MATTER})
_MAX_PARAGRAPH = 3000  # characters of a statement; longer paragraphs are body text
_MIN_LETTERS = 0.2  # of a paragraph's characters; leaders and numbers have fewer
_MAX_LABEL = 160  # characters
_MARK = r"[\s*∗†‡§¶#✉•·|>\[-]*"  # before the first word
_LABEL_END = r"\s*(?:[:.—–|]|-\s|$|\n)"
_STATEMENT_END = rf"(?:{_LABEL_END}|\s+(?-i:[A-Z\[†]))"  # a run-in heading may have no mark after it
_DATE = (
    r"(?:(?:\d{1,2}(?:st|nd|rd|th)?[ .-]+\w{3,9}|\w{3,9}\.? \d{1,2},?)[ ,.-]+(?:19|20)\d\d"
    r"|(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2})"
)
_DATA = r"(?:data|code|software|materials?)"
_THIS = r"(?:this|the|our) (?:\w+ )?(?:work|research|study|project|trial|article|paper|publication)"

_LABELS = {
    BACK_MATTER: (
        r"acknowledge?ments?|funding(?: (?:statement|information|sources?))?|financial (?:support|disclosures?)",
        r"grant (?:information|support)|(?:source|statement|disclosure)s? of funding",
        r"authors?['’]?s?['’]? contributions?",
        r"(?:conflicts?|competing|declarations?)(?: of)?(?: financial)? interests?(?: statement)?|disclosures?",
        rf"{_DATA}(?: and {_DATA})? (?:availability|accessibility)(?: statement)?",
        rf"availability of {_DATA}(?: and {_DATA})?|(?:list of )?abbreviations?(?: used)?",
    ),
    FURNITURE: (
        r"key ?words?(?: and phrases)?|index terms|subject (?:areas?|categor(?:y|ies)|classification)",
        r"(?:jel|msc|ams|pacs)(?: \w+)? (?:codes?|numbers?|classification)|ccs concepts|general terms",
        r"(?:academic |handling |associate |section )?editors?|edited by|communicated by|referees?",
        r"(?:open )?(?:peer[- ])?review(?:ed by|ers?)|(?:open )?peer[- ]review",
        r"article (?:history|info(?:rmation)?|type|number)|history|citation",
        r"(?:how to |to |please )?cite (?:this )?(?:article|paper)(?: as)?|(?:suggested|recommended) citation",
        r"(?:author )?for correspondence|correspond(?:ence|ing authors?)(?: (?:to|address))?|author affiliations?",
        r"(?:present|current|permanent) address(?:es)?|e-?mails?(?: address(?:es)?)?|tel(?:ephone)?|fax",
        r"orcid(?: ids?)?|(?:electronic )?supplementary materials?|[pe]?-?issn|doi|publisher['’]s note",
    ),
}
_ASIDES = (
    r"(?:open access\W+)?(?:this|the) (?:is an )?(?:open[- ]access )?(?:article|work|paper|publication)\b"
    r"[^.]{0,60}\b(?:licen[cs]ed|distributed|creative commons|open access)\b",
    r"(?:©|\(c\)|copyright).{0,200}?\b(?:licensee|open access|creative commons|licen[cs]e)\b",
    rf"(?:{_THIS}|research)(?: (?:reported|presented|described|conducted)(?: \w+){{0,4}})? (?:was|is|has been|were)"
    r"(?: \w+){0,3} (?:supported|funded|financed|sponsored) (?:by|through)\b",
    r"this (?:material|paper|work) is based (?:up)?on work (?:partially |partly )?(?:supported|funded)\b",
    r"supplementary (?:materials?|data|information|files?) (?:is|are|can be)\b[^.]{0,60}\b(?:online|found|at)\b",
    r"(?:we|the authors?)(?: \w+){0,4} (?:thank|thanks|grateful|gratefully|indebted)\b",
    r"(?:these|all|both) authors? (?:have )?contributed equally",
)
"""The beginnings of sentences on licence, funding, supplements and thanks, which also occur within running text."""
_OPENINGS = {
    BACK_MATTER: (
        *_ASIDES,
        r"open access\W+this (?:article|paper|work)\b",
        r"(?:published|licensed|distributed|released|available) (?:by [^.]{0,60} )?under "
        r"(?:the |an? )?(?:terms|creative commons|cc|open)",
        r"(?:the )?(?:authors?|funders?)(?: \w+){0,3} (?:declares?|reports?|states?|discloses?|had no role)\b",
    ),
    FURNITURE: (
        rf"(?:(?:article |first |manuscript )?(?:received|accepted|revised|published|submitted|available)"
        rf"(?: online)?|publication date)(?: on| in)?\W{{0,4}}{_DATE}",
        r"(?:all correspondence|correspondence (?:should|to|concerning)|to whom correspondence)\b",
        r"(?:corresponding author|author for)\b|all rights reserved|published by\b",
        r"(?:©|\(c\) ?(?:19|20)\d\d|copyright (?:©|\(c\)|(?:19|20)\d\d))|(?:19|20)\d\d the authors?\b",
        r"\d{1,2} ?(?-i:[A-Z])[\w ,&-]{0,80}\b(?:universi|institut|departm|facult|school|laborator|hospital|college)",
        r"(?:the )?(?:online|electronic) version (?:of this article|contains)|electronic supplementary material",
        r"[\w’' -]{0,60}\bremains neutral with regard to jurisdictional",
        r"submit your (?:next )?manuscript|downloaded (?:from|by)|view (?:the )?article online",
        r"(?:https?://)?(?:dx\.|www\.)?doi(?:\.org)?\s?[:/ ]\s?(?:10\.)?\S+\s*$|\S+@\S+\.\w+\W*$",
        r"[^.]{0,60}\b\d{4}-\d{4}-\d{4}-\d{3}[\dX]\b",
        r"(?:(?:https?://)?(?:dx\.)?doi(?:\.org)?[:/ ]\s?\S+\s+)?\d{4}-\d{3}[\dX]\W{0,4}(?:©|\(c\)|copyright)",
    ),
}
_BY_LABEL = {
    BACK_MATTER: re.compile(rf"{_MARK}(?:{'|'.join(_LABELS[BACK_MATTER])}){_STATEMENT_END}", re.I),
    FURNITURE: re.compile(
        rf"{_MARK}(?:(?:{'|'.join(_LABELS[FURNITURE])}){_LABEL_END}|key ?words?{_STATEMENT_END})", re.I
    ),
}
_BY_OPENING = {kind: re.compile(rf"{_MARK}(?:{'|'.join(words)})", re.I) for kind, words in _OPENINGS.items()}
_ASIDE = re.compile(rf"{_MARK}(?:{'|'.join(_ASIDES)})", re.I)
_EXPLAINED = re.compile(r"\s*[\w/+-]{1,12}(?: \([^)]{1,12}\))?\s?[:=,–]\s?\S[^:=]{2,70}")
_SENTENCE_END = re.compile(r"[.!?…。！？．؟۔।:;,-][\"'”’)\]*†‡\d]*$")
_ITEM = re.compile(r"(?:[•▪◦‣–-]|\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})[.)])\s")
_URL = re.compile(r"https?:|www\.")
_COPYRIGHT_LINE = re.compile(
    r"(?:(?:copyright )?(?:©|\(c\))|copyright) ?(?:19|20)\d\d\b(?:(?!licen).){0,100}|all rights reserved\W*", re.I
)
_UNSPACED = re.compile("[\u0e01-\u0eff\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]")


def kinds_of_paragraphs(paragraphs: Sequence[tuple[str, str]]) -> list[str]:
    """Return the kind of each paragraph of a paper, given its text and the kind of its section.

    Lists of references are recognised by their shape, statements and furniture by their words.
    """
    kinds = [
        (paragraph_kind(text, kind == ABSTRACT) or kind) if kind in _CLASSED else kind for text, kind in paragraphs
    ]
    listed = [at for at, (_, kind) in enumerate(paragraphs) if kind in _CLASSED and kind != ABSTRACT]
    texts = ["" if kinds[at] != paragraphs[at][1] else paragraphs[at][0] for at in listed]  # not yet classified
    for found in reference_lists(texts):
        for at in found:
            kinds[listed[at]] = REFERENCES
    return kinds


def section_title(title: str | None, kind: str, new_kind: str) -> str | None:
    """Return the section title for a part of the section that has another kind; None if the title names its kind."""
    return title if kind == new_kind or (title and new_kind == REFERENCES and heading_kind(title) is None) else None


def paragraph_kind(text: str, in_abstract: bool = False) -> str | None:
    """Return BACK_MATTER or FURNITURE if a paragraph's own words show it; None for any other.

    In an abstract only a label counts ("Funding: ..."), since its prose may mention code or funders.
    """
    if len(text) > _MAX_PARAGRAPH:
        return None
    for patterns in (_BY_LABEL, {} if in_abstract else _BY_OPENING):
        if kind := next((kind for kind, pattern in patterns.items() if pattern.match(text)), None):
            return kind
    return BACK_MATTER if not in_abstract and _is_list_of_abbreviations(text) else None


def is_copyright_line(sentence: str) -> bool:
    """Return whether a sentence is only a copyright notice, as after an abstract: "© 2015 A Press B.V."."""
    return bool(_COPYRIGHT_LINE.fullmatch(sentence.strip()))


def begins_asides(sentence: str) -> bool:
    """Return whether a sentence is about licence, funding, supplements or thanks, as the following ones will be."""
    return bool(_ASIDE.match(sentence))


def is_item(text: str) -> bool:
    """Return whether a paragraph begins with the bullet or number of a list item."""
    return bool(_ITEM.match(text))


def is_prose(text: str) -> bool:
    """Return whether a paragraph is running text: enough words for a sentence, most of them in lower case."""
    if len(_UNSPACED.findall(text)) > 12:
        return True
    words = [word for word in text.split() if word[:1].isalpha()]
    lower = sum(word[0].islower() for word in words)
    if not any(word[0].isupper() or word[0].islower() for word in words):  # a script without capitals
        return len(words) > 5
    return (len(words) > 5 and lower >= 0.5 * len(words)) or (len(words) > 30 and lower >= 0.4 * len(words))


def is_label(text: str) -> bool:
    """Return whether a paragraph is a label instead of a sentence: a few words, capitalised or without a full stop."""
    if len(text) > _MAX_LABEL or is_item(text) or _URL.search(text) or text[:1].islower():
        return sum(map(str.isalpha, text)) < _MIN_LETTERS * len(text)
    words = [word for word in text.split() if word[:1].isalpha()]
    lower = sum(word[0].islower() for word in words)
    is_sentence = bool(_SENTENCE_END.search(text.rstrip())) and lower > 1 and lower >= 0.4 * len(words)
    return not is_sentence and not is_prose(text)


def _is_list_of_abbreviations(text: str) -> bool:
    """Return whether a paragraph explains at least three abbreviations and says nothing else."""
    parts = [part for part in re.split(r"[;\n]|\. (?=[A-Z])", text) if part.strip()]
    return len(parts) > 2 and sum(bool(_EXPLAINED.fullmatch(part)) for part in parts) >= 0.75 * len(parts)
