"""Which questions ask for metadata, by their whole wording.

| form   | examples                                                     | an answer is                      |
|--------|--------------------------------------------------------------|-----------------------------------|
| count  | "how many papers are by X", "number of papers from 2019"     | a number, and the papers          |
| list   | "which papers are from 2019", "list my papers", "X's papers" | the papers                        |
| most   | "who wrote the most papers", "the most common venue"         | the most frequent value           |
| newest | "what is my newest paper", also oldest                       | the paper                         |
| span   | "which years do my papers cover"                             | the first and the last year       |
| fact   | "who wrote X", "when was X published", "DOI of X"            | a field of the paper that is named |
| held   | "do I have X", "is X in my library"                          | yes or no                         |

A question has to fit as a whole: `rest` has to be nothing but conditions (`conditions`), and `about` has to name a
paper of the library. So "how many papers did the survey cover?" and "when was the data published?" stay questions about
the content of papers.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from .parts import clauses


class MetadataQuestion(NamedTuple):
    """What a question may ask of the metadata.

    Attributes:
        form: one of the forms in the table above.
        field: authors, first author, last author, year, venue, ...; for `newest` also oldest.
        rest: the text of its conditions, read by `conditions`.
        about: the words that name a paper; empty for "it" and "this paper".
        needs_condition: whether it is about metadata only with a condition: "studies by X", not "studies".
    """

    form: str
    field: str = ""
    rest: str = ""
    about: str = ""
    needs_condition: bool = False


_PAPERS = (
    r"(?:(?:research |scientific |journal |conference )?"
    r"(?:papers?|articles?|publications?|preprints?|pdfs?|manuscripts?|documents?))"
)
_WEAK = r"(?P<weak>studies|works|texts|titles|books|chapters|theses|reports|entries|items)"
_ANY = rf"(?:{_PAPERS}|{_WEAK})"
_MINE = r"(?:(?:all|any|the|my|our|these|those|of|different|distinct|stored) )*"
_REST = r"(?P<rest>(?: .*)?)"
_WORK = r"(?:paper|article|publication|preprint|manuscript|study|work|document|book|chapter|thesis|report|survey)"
_ABOUT = r"(?P<about>.+?)"
_OF_ABOUT = rf"(?: (?:of|for|on|behind) {_ABOUT})?"
_BE = r"(?:is|are|was|were)"
_WHO = r"(?:who|(?:which|what) (?:authors?|researchers?|people|person))"
_VENUE = r"(?:(?:publication )?(?:venues?|journals?|conferences?|proceedings|workshops?|magazines?|outlets?))"
_VALUE = rf"(?P<value>{_VENUE}|years?)"
_PUBLISHED = r"(?:(?:first )?(?:published|printed|written|come out|came out|appear(?:ed)?|presented))"
_WHAT = (
    rf"(?:(?:what|which) {_BE} |what['’]s |give me |tell me |show me |show |list |name )?(?:the |its |their |my |our )*"
)
_ORDINAL = r"(?:(?P<ordinal>first|lead|last|senior|main) )?"
_THE_MOST = rf"(?:the )?most (?:of (?:the |my )?)?{_PAPERS}"
_OFTEN = r"(?:the )?most(?: often| frequent(?:ly)?| common)?"
_COMMON = r"(?:most (?:frequent|common|popular|prolific|productive|published|represented)|top)"
_WROTE = (
    r"(?:written|wrote|writes?|published|publish(?:es)?|(?:co-?)?author(?:s|ed)?|contributed(?: to)?|appears? (?:on|in)"
    r"|(?:is |are )?(?:on|in)|holds?|provides?)"
)
_SUPERLATIVE = r"(?P<value>oldest|newest|latest|most recent|earliest|most recently published)"
_LIBRARY = r"(?: in (?:my|the|this|our) (?:library|collection))"
_OWNER = r"(?P<owner>[^?]{2,60}?)"

_FORMS: tuple[tuple[str, str, str], ...] = (
    ("count", "", rf"how many {_MINE}{_ANY}{_REST}"),
    ("count", "", rf"(?:{_WHAT}|count (?:the )?)(?:total )?number of {_MINE}{_ANY}{_REST}"),
    ("count", "", rf"count {_MINE}{_ANY}{_REST}"),
    ("most", "authors", rf"{_WHO} (?:has |have |had )?(?:{_WROTE} )?{_THE_MOST}{_REST}"),
    ("most", "authors", rf"{_WHO} (?:appears?|occurs?|is (?:named|listed)|publish(?:es|ed)?|wrote) {_OFTEN}{_REST}"),
    ("most", "authors", rf"(?:(?:who|what|which) {_BE} |name |show me )?(?:the |my )?{_COMMON} authors?{_REST}"),
    ("most", "", rf"(?:which|what) {_VALUE} (?:has |have |had )?(?:{_WROTE} )?{_THE_MOST}{_REST}"),
    ("most", "", rf"(?:which|what) {_VALUE} (?:appears?|occurs?|is) {_OFTEN}{_REST}"),
    ("most", "", rf"{_WHAT}{_COMMON} (?:publication )?{_VALUE}(?: of publication)?{_REST}"),
    ("most", "", rf"(?:in|from) (?:which|what) {_VALUE} (?:{_BE} |come |came )?{_THE_MOST}(?: {_BE})?"
                 rf"(?: from| {_PUBLISHED})?"),
    ("newest", "", rf"{_WHAT}{_SUPERLATIVE} {_PAPERS}{_REST}"),
    ("newest", "", rf"(?:which|what) (?:(?:one )?of )?{_MINE}(?:{_PAPERS}|one|ones|them) (?:is|was|are) "
                   rf"(?:the |my )?{_SUPERLATIVE}(?: one)?{_REST}"),
    ("span", "", rf"(?:which|what) (?:years?|time span|period|range of years) (?:do|does|are) {_MINE}{_PAPERS} "
                 rf"(?:cover(?:ed)?|span|come from|from|range over)"),
    ("fact", "authors", rf"who (?:wrote|authored|co-?authored|has written|have written) {_ABOUT}"),
    ("fact", "authors", rf"who {_BE} (?:the |its |their )?{_ORDINAL}authors?{_OF_ABOUT}"),
    ("fact", "authors", rf"(?:who|by whom) {_BE} {_ABOUT} (?:by|written by|written)"),
    ("fact", "authors", rf"{_WHAT}(?:names? of the )?{_ORDINAL}authors?(?: names?)?{_OF_ABOUT}"),
    ("fact", "author count", rf"how many (?:authors?|people) (?:does|do|did|has|have) {_ABOUT}(?: have)?"),
    ("fact", "author count", rf"how many (?:authors?|people) (?:are there (?:of|on)|are on|wrote|authored) {_ABOUT}"),
    ("fact", "page count", rf"how many pages (?:does|do|did|has|have) {_ABOUT}(?: have)?"),
    ("fact", "page count", rf"{_WHAT}(?:number of pages|page count|length in pages){_OF_ABOUT}"),
    ("fact", "year", rf"when (?:{_BE}|did|has) {_ABOUT} (?:been )?{_PUBLISHED}"),
    ("fact", "year", rf"(?:in |from )?(?:which|what) year (?:{_BE}|did|does) {_ABOUT}(?: (?:{_PUBLISHED}|from))?"),
    ("fact", "year", rf"{_WHAT}(?:publication (?:year|date)|(?:year|date) of publication){_OF_ABOUT}"),
    ("fact", "year", rf"how (?:old|recent) is {_ABOUT}"),
    ("fact", "venue", rf"where (?:{_BE}|did|has) {_ABOUT} (?:been )?{_PUBLISHED}"),
    ("fact", "venue", rf"(?:in |at )?(?:which|what) {_VENUE} (?:{_BE}|did) {_ABOUT}(?: {_PUBLISHED})?(?: in| at)?"),
    ("fact", "venue", rf"(?:which|what) {_VENUE} published {_ABOUT}"),
    ("fact", "venue", rf"{_WHAT}{_VENUE}{_OF_ABOUT}"),
    ("fact", "doi", rf"{_WHAT}doi{_OF_ABOUT}"),
    ("fact", "arxiv_id", rf"{_WHAT}arxiv (?:id|number|identifier){_OF_ABOUT}"),
    ("fact", "url", rf"{_WHAT}(?:url|web address){_OF_ABOUT}"),
    ("fact", "citekey", rf"{_WHAT}(?:citekey|cite key|citation key|bibtex key){_OF_ABOUT}"),
    ("list", "", rf"(?:(?:do|have) (?:i|we|you) (?:have|got)|(?:is|are) there) (?:an? |some )?"
                 rf"(?:{_MINE}{_ANY}|(?:any|some)thing){_REST}"),
    ("held", "", rf"(?:do|have) (?:i|we|you) (?:have|got|hold|own) (?:a copy of )?{_ABOUT}{_LIBRARY}?"),
    ("held", "", rf"is {_ABOUT} (?:part of|in) (?:my|the|this|our) (?:library|collection)"),
    ("held", "", rf"is there (?:a|any) {_WORK} (?:called|titled|named|entitled|with the title) {_ABOUT}"),
    ("list", "", rf"(?:which|what) {_MINE}{_ANY}{_REST}"),
    ("list", "", rf"(?:list|show|give|name|display|print|enumerate)(?: me)? {_MINE}{_ANY}{_REST}"),
    ("list", "", rf"(?:(?:what|which) {_BE} |list |show me |name )?(?:all )?{_OWNER}['’]s? {_ANY}{_REST}"),
    ("list", "", rf"what (?:did|has|have) {_OWNER} (?:write|written|publish|published|author|authored){_REST}"),
    ("list", "", rf"(?:all )?(?:the )?{_ANY}{_REST}"),
)  # fmt: skip
_COMPILED = tuple((form, field, re.compile(pattern, re.IGNORECASE)) for form, field, pattern in _FORMS)
_OPENING = re.compile(
    r"^(?:(?:please|hi|hello|hey|so|and|but|also|ok(?:ay)?|then)\b[\s,]*|(?:can|could|would|will) you (?:please )?"
    r"|(?:do you know|tell me|i (?:want|would like|need|['’]d like) to know)\s+"
    r"(?=(?:who|what|which|when|where|how|by)\b))+",
    re.IGNORECASE,
)
_CLOSING = re.compile(r"[\s,]*(?:\bplease\b|\bexactly\b|[?!.])[\s?!.]*$", re.IGNORECASE)
_POINTER = re.compile(
    rf"(?:it|this|that|they|them|these|those|(?:this|that|these)(?: \w+)? {_WORK}s?"
    rf"|the (?:same |above |current |given |present |said )?(?:{_WORK}s?|one))",
    re.IGNORECASE,
)
_MAX_LENGTH = 300  # characters; longer questions tell more than a field


def metadata_questions(question: str) -> tuple[MetadataQuestion, ...]:
    """Return what a question asks of the metadata; nothing if it is no such question.

    "Who wrote X, and when was it published?" asks two things of X.
    """
    parts = [metadata_question(part) for part in clauses(question)]
    facts = [part for part in parts if part and part.form == "fact"]
    if 1 < len(parts) == len(facts):
        return tuple(part._replace(about=part.about or facts[0].about) for part in facts)
    whole = metadata_question(question)
    return (whole,) if whole else ()


def metadata_question(question: str) -> MetadataQuestion | None:
    """Return what a question asks of the metadata if its wording is that of such a question."""
    asked = _CLOSING.sub("", _OPENING.sub("", " ".join(question.split())))
    if len(asked) > _MAX_LENGTH:
        return None
    for form, field, pattern in _COMPILED:
        if match := pattern.fullmatch(asked):
            groups = match.groupdict()
            rest = (groups.get("rest") or "").strip()
            if owner := groups.get("owner"):
                rest = f"by {owner} {rest}".strip()
            about = (groups.get("about") or "").strip()
            return MetadataQuestion(
                form,
                _field(form, field, groups),
                rest,
                "" if _POINTER.fullmatch(about) else about,
                bool(groups.get("weak")),
            )
    return None


def _field(form: str, field: str, groups: dict[str, str | None]) -> str:
    value = (groups.get("value") or "").casefold()
    if form == "newest":
        return "oldest" if value in ("oldest", "earliest") else "newest"
    if form == "most" and value:
        return "year" if value.startswith("year") else "venue"
    if ordinal := (groups.get("ordinal") or "").casefold():
        return "last author" if ordinal in ("last", "senior") else "first author"
    return field


def described_paper(about: str) -> str | None:
    """Return the description in "the paper on X" or "the study that shows X"; None if the words describe no paper."""
    match = _DESCRIBED.fullmatch(about)
    return match["description"] if match else None


def titled_work(about: str) -> str | None:
    """Return the words before the noun in "the giant panda paper"; None if the words name no paper in this way."""
    match = _TITLED.fullmatch(about)
    return match["words"] if match else None


_DESCRIBED = re.compile(
    rf"(?:the |an? |that |my |our )?(?:\w+ )?{_WORK} (?P<description>(?:on|about|that|which|where|with|by|from|in|of|"
    r"describing|introducing|proposing|presenting|comparing|using|titled|called)\b.+)",
    re.IGNORECASE,
)
_TITLED = re.compile(rf"(?:the |that |this |my |our )(?P<words>.+) {_WORK}", re.IGNORECASE)
