"""Define the kinds of text in a paper, and recognise the kind by a heading. All readers use these."""

import re

BODY = "body"
ABSTRACT = "abstract"
APPENDIX = "appendix"
TABLE = "table"
CAPTION = "caption"
FOOTNOTE = "footnote"
REFERENCES = "references"
BACK_MATTER = "back_matter"
"""Statements about the work: funding, availability of data, interests, contributions, thanks, licence, abbreviations.
They answer only questions about these."""
FURNITURE = "furniture"
"""Text that states nothing: labels, addresses, dates, correspondence, keywords, copyright lines."""

PROSE = frozenset({BODY, ABSTRACT, APPENDIX})
NEVER_QUOTED = frozenset({REFERENCES, FURNITURE})

_NUMBER = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*|[IVX]{1,5}|[A-Z](?:\.\d{1,2})*)[.:)]?\s+|[一二三四五六七八九十]+、\s?")
_STATED = r"(?: (?:statements?|information|sources?|declarations?|section))?"
_INTERESTS = r"(?:conflicts?|competing|declarations?)(?: of)?(?: financial)? interests?|conflicts? of interests?"
_DATA = r"(?:data|code|software|materials?)"
_HEADINGS = {
    ABSTRACT: (
        r"abstract|summary|zusammenfassung|kurzfassung|r[ée]sum[ée]|resumen|resumo|riassunto",
        r"摘\s?要|要\s?旨|概\s?要|초\s?록|תקציר|ملخص",
    ),
    REFERENCES: (
        r"(?:list of )?(?:cited )?references?(?: and notes| cited| list)?|bibliograph(?:y|ie)|works cited",
        r"(?:cited )?literature(?: cited| references)?|literatur(?:verzeichnis)?|quellen(?:verzeichnis)?",
        r"r[ée]f[ée]rences(?: bibliographiques)?|referencias(?: bibliográficas)?|refer[êe]ncias(?: bibliográficas)?",
        r"bibliograf[ií]a|参\s?考\s?文\s?献|引用文献|文\s?献|참고\s?문헌|список литературы|литература",
    ),
    BACK_MATTER: (
        r"acknowledge?ments?\b.*|thanks|danksagung|remerciements|agradecimientos|致\s?谢|謝\s?辞",
        rf"(?:(?:source|statement|disclosure)s? of )?funding{_STATED}(?: and .*)?|role of the funding source",
        r"financial (?:support|disclosures?)(?: statement)?|grant (?:support|information)",
        rf"authors?(?:s’|s'|’s|'s|’|')? contributions?{_STATED}|contributors|(?:credit )?authorship\b.*",
        rf"(?:declarations? of )?(?:{_INTERESTS}){_STATED}|disclosures?(?: statement)?|declarations?",
        rf"{_DATA}(?:(?:,| and| &|, and) {_DATA})* (?:availability|accessibility|access|sharing){_STATED}",
        rf"availability of (?:supporting )?{_DATA}\b.*|availability(?: and (?:requirements|implementation))?",
        r"ethics approval and consent to participate|consent (?:for|to) (?:publication|participate)",
        r"compliance with ethical standards|reporting summary|patient consent statement",
        r"(?:list of )?(?:abbreviations?|acronyms)(?: (?:used|and acronyms|and symbols))?|abkürzungen",
        r"rights and permissions|open access|licen[cs]e|copyright(?: and licen[cs]e)?",
        r"additional (?:files?|information|material)",
    ),
    FURNITURE: (
        r"key ?words?(?: and phrases)?|index terms|subject (?:areas?|categor(?:y|ies))",
        r"categories and subject descriptors|general terms|ccs concepts",
        r"(?:revised )?amendments from version \d+",
        r"article (?:info(?:rmation)?|history|notes?)|edited by|reviewed by|academic editor|(?:open )?peer review",
        r"(?:how to |to )?cite (?:this|the) (?:article|paper)(?: as)?|(?:suggested )?citation",
        r"authors?['’]?s?['’]? (?:details|information|affiliations?)|affiliations?|about the authors?",
        r"correspond(?:ence|ing authors?)|(?:author )?for correspondence|publisher['’]s notes?",
    ),
    APPENDIX: (
        r"(?:appendix|appendices|anhang|annexe?|supplementary|supplemental|supporting)\b.*|附\s?录",
    ),
    BODY: (
        r"introduction|background|related works?|(?:materials? and |patients and )?methods?|methodology",
        r"results?(?: and discussion)?|discussions?|conclusions?|limitations?",
        r"ethic(?:s|al)(?: statement| considerations)?",
    ),
}  # fmt: skip
_KINDS = {kind: re.compile("|".join(words), re.I) for kind, words in _HEADINGS.items()}


def heading_kind(heading: str) -> str | None:
    """Return the kind of section that a standard heading begins, numbered or not; None for any other heading."""
    plain = plain_heading(heading)
    return next((kind for kind, pattern in _KINDS.items() if pattern.fullmatch(plain)), None)


def plain_heading(heading: str) -> str:
    """Return a heading without its number and the punctuation after it."""
    return _NUMBER.sub("", " ".join(heading.split()), count=1).strip(" .:—–-")
