"""What a question asks for, by its words: its kind, its subject, the places that it names, and its parts.

Everything that depends on the wording of a question is decided here. Rules are tried from the top; the first one that
fits gives the kind, so that "Which papers discuss the limitations of X?" asks for papers.

| kind          | recognised by                                            | an answer is                             |
|---------------|----------------------------------------------------------|------------------------------------------|
| papers        | "which papers ...", "is there a study ...", "find ..."   | a list of papers                         |
| statement     | `back_matter`: funding, data, interests, licence, ...    | such a statement                         |
| limitations   | limitations, caveats, "what does it not ... yet",        | a section or sentence on what is lacking |
|               | "which problems came up", "where does it fail"           |                                          |
| future        | future work, next steps, open questions                  | a section or sentence on what is left    |
| contributions | contributions, novelty                                   | a sentence that says what is contributed |
| conclusions   | conclusions, "what do they conclude"                     | the conclusion                           |
| summary       | "what is this paper about", main findings, aim, "sum up" | the abstract or the conclusion           |
| definition    | "what is X", "define X", "how is X defined"              | a sentence "X is ...", "X refers to ..." |
| place         | "what does Table 1 show", where no other rule fits       | that table, figure, section, equation    |
| yes_no        | begins with a verb ("does", "is"), or asks "whether"     | a sentence that says so or denies it     |
| date          | when, which year                                         | a sentence with a date                   |
| number        | how many, how much, what share, size, score, ...         | a sentence with a number beside the noun |
| list          | which or what with a plural, "list ...", "name the ..."  | sentences that name such things          |
| name          | which or what with a singular noun                       | a sentence that names such a thing       |
| person        | who, whose                                               | a sentence that names someone            |
| reason        | why, "for what reason"                                   | a sentence that gives a reason           |
| method        | how                                                      | a sentence that says how                 |
| other         | all else, keywords included                              | the sentence nearest to the question     |
"""

import re
from dataclasses import dataclass

from .back_matter import asks_about_back_matter
from .parts import VERB, WORK, clauses, compared, is_about_several, joined
from .places import names_only_places, places_in
from .terms import search_terms

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|large|big|long|often|fast|far|well|few|high|low|small|strong|accurate|deep|old)\b"
    r"|\bwhat (?:\w+ ){0,3}(?:percent|percentage|share|fraction|number|accuracy|score|size|rate|amount|gain|"
    r"improvement|ratio|factor|speed|cost|figure|result|reduction|drop|margin)\b"
    r"|\bwhen\b|\bwhich year\b|\bby what\b|\bwhat fraction\b|%",
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(
    r"\b(?:which|what|on what|name of|called) (?:\w+ ){0,3}"
    r"(?:data|dataset|datasets|benchmark|benchmarks|corpus|corpora|model|"
    r"models|llm|llms|method|methods|metric|metrics|task|tasks|language|languages|baseline|baselines|"
    r"algorithm|domain|domains)\b",
    re.IGNORECASE,
)
_ASKS_PAPER = re.compile(
    r"\b(?:which|what|any|whose) (?:(?!(?:do|does|did|has|have|had|can|could|will|would|should|may|might)\b)\w+ ){0,2}"
    r"(?:paper|papers|work|works|study|studies|article|survey|research|"
    r"publication|authors?|project|effort|approach|method|system|framework|benchmark|dataset|scheme|technique)\b"
    r"|^who\b|\bwho (?:first )?\w+(?:ed|s)\b|\blooking for\b|\bis there\b|\bare there\b|\bfind (?:me )?",
    re.IGNORECASE,
)
_PAPERS = re.compile(r"\b(?:papers|works|studies|articles|publications|surveys|preprints)\b", re.IGNORECASE)
_ASKED = re.compile(r"\b(?:how many|how much|which|what|whose)\s+((?:[\w@-]+\s+){0,3}[\w@-]+)", re.IGNORECASE)
_NAME = re.compile(r"\b(?:[A-Z][a-z]*[A-Z0-9]\w*|[A-Z]{2,}\w*|[A-Z][a-z]+-[A-Z0-9]\w*)")

_OPENING = re.compile(
    r"^\W*(?:(?:please|hi|hello|hey|so|and|ok(?:ay)?)\b\W*|(?:can|could|would|will) you (?:please )?(?=[a-z])"
    r"|i (?:want|would like|need|['’]d like) to know\b\W*|(?:do you know|tell me|explain(?: to me)?|show me|say)\b\W*"
    r"(?=(?:what|which|who|whose|when|where|why|how|whether|if|about)\b))+",
    re.IGNORECASE,
)
"""What stands before the question proper: "Please tell me what ...", "Can you summarise ..."."""
_HERE = re.compile(
    rf"\s*\b(?:(?:in|of|by|from|for|according to) )?(?:this|the|that|these|their|our) (?:\w+ )?{WORK}\b(?!['’])"
    r"|\s*\baccording to (?:the )?authors?\b|\s*\b(?:here|in this context)$",
    re.IGNORECASE,
)
"""A mention of the paper at hand, which is no part of the subject."""

_DESCRIBED = re.compile(
    r"\b(?:the|this|their) (?P<before>(?:(?!the\b|and\b)[\w-]+ ){0,4})(?:paper|study|article|review|preprint)\b"
    r"(?: (?:on|about|of|by) (?P<after>(?:(?!\b(?:and|or|with) (?:the|this)\b).)*))?",
    re.IGNORECASE,
)
"""A paper as a question describes it: "the otter paper", "the study of otters in two bays"."""
_PLURAL = rf"(?: (?:the|all|other|different|various)\b)*(?: (?!{VERB}\b)[\w-]+){{0,2}}? (?!{VERB}\b)[\w-]*[^\Wsui]s\b"
"""A noun in the plural with up to two words before it."""
_ONE_OF_KIND = rf"(?: [\w-]+){{0,2}} (?:species|series) (?!{VERB}\b)[\w-]+[^\Wsui]s\b"
"""A noun that is the same in singular and plural, with a verb that says it is one: "which seal species dives"."""
_IS_YES_NO = re.compile(rf"^{VERB}(?:n['’]?t)? |^(?:whether|if) |\bwhether or not\b", re.IGNORECASE)
_KINDS = tuple(
    (kind, re.compile(pattern, re.IGNORECASE) if pattern else None)
    for kind, pattern in (
        (
            "papers",
            rf"^(?:which|what|whose|any|all|list(?: all)?|find(?: me)?|show(?: me)?|name)"
            rf"(?: (?!{VERB}\b|this\b|the\b(?! papers\b)|of\b|about\b)[\w-]+){{0,3}} {WORK}\b"
            rf"|^(?:is|are) there (?:[\w-]+ ){{0,3}}{WORK}\b|\blooking for (?:[\w-]+ ){{0,3}}{WORK}\b"
            rf"|^{WORK} (?:on|about|that|which|using|from|with|by)\b",
        ),
        ("statement", None),  # by `asks_about_back_matter`
        (
            "limitations",
            r"\blimitations?\b|\b(?:its|their|the|what|which) limits\b|^limits\b"
            r"|\b(?:weakness(?:es)?|shortcomings?|drawbacks?|caveats?|downsides?|disadvantages?)\b"
            r"|\bthreats to validity\b|\bfailure (?:cases|modes)\b"
            rf"|^(?:what|where) {VERB}(?:n['’]?t\b| (?:(?!(?:of|for|by|with|in|when|than)\b)[\w'’-]+ ){{0,5}}?"
            r"(?:not|fails?|lacks?|missing(?: from| in|\W*$)|go wrong)\b)"
            r"|^what (?:cannot|can['’]?t|fails?|failed|lacks?|went wrong)\b"
            r"|\b(?:problems?|difficult(?:y|ies)|obstacles?|challenges?|issues?) (?:\w+ ){0,4}"
            r"(?:c[ao]me up|ar[io]sen?|arose|occur(?:red|s)?|encounter(?:ed)?|fac(?:e|ed)|experienced?|"
            r"r[au]n into|remain(?:s|ed)?|had|met|there (?:were|are))\b"
            r"|\b(?:ran into|had|have) (?:\w+ ){0,2}(?:problems|difficulties|trouble)\b",
        ),
        (
            "future",
            r"\bfuture (?:\w+ )?(?:works?|directions?|research|plans?|stud(?:y|ies)|steps?)\b|\bnext steps?\b"
            r"|\bopen (?:\w+ )?(?:questions?|problems?|issues?|challenges?)\b|\bin (?:the )?future\b|\bdo next\b",
        ),
        ("contributions", r"\bcontributions?\b|\bnovelty\b|^what(?: exactly)?(?:['’]?s| is| are) (?:new|novel)\b"),
        ("conclusions", r"\bconclusions?\b|\bconclude[sd]?\b"),
        (
            "summary",
            r"^(?:summar[iy][sz]e|sum up|(?:give (?:me )?|write |what is )?(?:an? |the )?(?:\w+ )?"
            r"(?:summary|overview|gist))\b|\btl;?\s?dr\b|\btake[- ]?aways?\b"
            r"|\bin (?:a nutshell|(?:one|two|three|a few|\d+) (?:sentences?|words?|lines?))\b"
            r"|\b(?:main|key|central|core|principal|major|overall|most important) (?:\w+ )?"
            r"(?:ideas?|points?|findings?|results?|messages?|claims?|arguments?|outcomes?|insights?|topics?)\b"
            r"|\bwhat(?:['’]?s| is| are| was) .{1,200}\babout\W*$"
            r"|^what (?:do|does|did|is|are|was) (?:[\w-]+ ){0,5}?"
            rf"(?:{WORK}|authors?(?: of(?: [\w-]+){{1,3}}?)?|they|it)(?: \w+)? "
            r"(?:do|doing|about|find|found|show|study|studied|propose|proposed|argue|investigate|claim|discover|present|"
            r"report)\W*$"
            rf"|\b(?:aims?|goals?|objectives?|purpose|topic|motivation)\b(?: of)? (?:this|the|these|their) {WORK}"
            r"|^(?:what (?:is|are|was|were) )?(?:the |its |their )?(?:\w+ )?(?:aims?|goals?|objectives?|purpose|topic|"
            r"abstract)\W*$",
        ),
        ("definition", None),  # by `_definition`
        ("place", None),  # by `_places`
        ("yes_no", _IS_YES_NO.pattern),
        ("reason", r"^(?:why|how come)\b"),
        ("date", rf"\bwhen (?:{VERB})\b|^when\b|\b(?:which|what) (?:year|date|month|time period|period)\b"),
        (
            "number",
            rf"{_ASKS_NUMBER.pattern}|^(?:number|amount|size|percentage|share|proportion|count|total) of\b"
            r"|\bwhat (?:is|are|was|were) the (?:(?!between\b)\w+ ){0,2}(?:sizes|scores|numbers|rates|proportions?|"
            r"values?|dimensions?|lengths?|duration|counts?|total|f1|auc|bleu|rouge|precision|recall|perplexity)\b",
        ),
        ("method", r"^how\b"),
        (
            "list",
            r"^(?:list|name|enumerate|give)\b"
            rf"|\b(?:which|what (?:kinds|types|sorts) of)(?!{_ONE_OF_KIND}){_PLURAL}"
            r"(?! (?:is|was|has|the|an?|on|into|this|its|their)\b)"
            rf"|\bwhat(?: (?:are|were)(?: the| all| some)?)?{_PLURAL}"
            rf"(?= (?:{VERB}|of|in|for|or|and|that|which|from|they)\b|\W*$)",
        ),
        ("person", r"^(?:who|whose|whom|by whom)\b"),
        ("reason", r"\b(?:what|which) (?:\w+ )?(?:reasons?|causes?)\b|^reasons?\b"),
        ("method", r"\bin (?:what|which) (?:way|manner)\b"),
        ("name", r"\b(?:which|what)\b"),
    )
)

_JOINING = frozenset({"list", "name", "number", "date", "person", "place", "other"})
"""The kinds in which "and" joins things that are asked for; elsewhere it joins what is said about one thing."""
TOPICS = frozenset({"limitations", "future", "contributions", "conclusions", "summary"})
"""The kinds that ask about a paper as a whole, or about what it is."""
_QUOTED = re.compile(r"(?<!\w)(?:\"[^\"]{10,300}\"|“[^”]{10,300}”|«[^»]{10,300}»|['‘].{10,300}?['’](?!\w))")
_OF_TOPICS = re.compile(
    r"\b(?:limit|weak|shortcoming|drawback|caveat|downside|disadvantage|threat|validity|failure|future|direction|plan|step"
    r"|question|problem|issue|challenge|open|contribut|novel|conclu|summar|sum|tl|dr|overview|gist|nutshell|takeaway|main"
    r"|key|central|core|principal|major|overall|important|idea|point|finding|result|message|claim|argument|outcome|insight"
    r"|topic|aim|goal|objective|purpose|motivation|abstract|sentence|nutshell|describe|report|argue|investigate|discover)\w*",
    re.IGNORECASE,
)
"""The words by which topics are asked for; the rest of such a question is its subject."""

_ARTICLE = r"(?:(?P<article>an?|the) )?"
_TERM = r"(?P<subject>[^?.!;:]{1,80}?)"
_DEFINES = re.compile(
    rf"^(?:define|explain|definition of|meaning of|describe what is meant by) {_ARTICLE}{_TERM}\W*$"
    rf"|^what(?: is|['’]?s) (?:the )?(?:definition|meaning) of {_ARTICLE.replace('article', 'article2')}"
    rf"{_TERM.replace('subject', 'subject2')}\W*$"
    rf"|^what (?:is|are) (?:really )?meant by {_TERM.replace('subject', 'subject3')}\W*$"
    rf"|^what do(?:es)? (?:they|it|the authors?|we|you|one) mean by {_TERM.replace('subject', 'subject4')}\W*$"
    rf"|^what (?:is|do(?:es)?) {_TERM.replace('subject', 'subject5')} (?:mean|stands? for|short for)\W*$"
    rf"|^how (?:is|are|was|were) {_TERM.replace('subject', 'subject6')} defined\W*$"
    rf"|^how do(?:es)? .{{1,30}} define {_TERM.replace('subject', 'subject7')}\W*$"
    rf"|^{_TERM.replace('subject', 'subject8')} (?:definition|meaning)\W*$",
    re.IGNORECASE,
)
_WHAT_IS = re.compile(
    r"^what(?: (?:is|are|was|were)|['’]?s) (?:(?P<article>an?|the) )?(?P<subject>[^?.!;:,]{1,60}?)(?: exactly)?\W*$"
    r"|^what (?:(?P<article2>an?|the) )?(?P<subject2>[^?.!;:,]{1,60}?) (?:is|are)\W*$",
    re.IGNORECASE,
)
_COMPLEMENT = re.compile(
    r"\b(?:of|in|for|on|by|with|to|from|at|between|used|about|like|they|their|its|his|her|this|that|these|those|which|"
    r"there|being|and|or|than|not|new|novel|more|most|best|better|worst|"
    r"two|three|four|five|several|main|different)\b|\w+ed\b|\w+est\b",
    re.IGNORECASE,
)
_MAX_SUBJECT = 4  # words of X in "what is X"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question asks for.

    Attributes:
        terms: its search terms.
        kind: one of the kinds in the table above.
        subject: the terms of what it asks about for some kinds: X in "what is X", "limitations of X".
        works: the terms by which it describes papers, X in "the X paper" and "the study of X", for each.
        places: labels that it names, as `Table 1`, `Figure 2b`, `Section 3.1`, `Equation 2`, `Algorithm 1`.
        parts: the several things that it asks about ("A and B", "compare A with B"), in its words; empty for one.
        is_about_several: whether an answer has to cover several things, named in `parts` or not ("each", "both").
    """

    question: str
    terms: tuple[str, ...]
    kind: str
    subject: tuple[str, ...] = ()
    works: tuple[tuple[str, ...], ...] = ()
    places: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()
    is_about_several: bool = False


def wanted_by(question: str) -> Wanted:
    """Return what a question asks for."""
    asked = _OPENING.sub("", " ".join(question.split()))
    places = places_in(asked)
    kind, subject = _kind(clauses(asked)[0], places)
    parts = compared(asked) or (joined(asked) if kind in _JOINING else ())
    several = bool(parts) or is_about_several(asked)
    described = (search_terms(f"{each['before']} {each['after'] or ''}") for each in _DESCRIBED.finditer(asked))
    works = tuple(filter(None, described))
    return Wanted(question, search_terms(question), kind, subject, works, places, parts, several)


def _kind(asked: str, places: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the kind of a question without its opening, and its subject."""
    defined, plain = _defined(asked), _OF_TOPICS.sub(" ", _DESCRIBED.sub(" ", _QUOTED.sub(" ", asked)))
    if defined and _DEFINES.match(" ".join(_HERE.sub(" ", asked).split())):
        return "definition", _subject_terms(defined)
    for kind, pattern in _KINDS:
        if kind in TOPICS and (
            len(search_terms(plain)) > _MAX_SUBJECT or (kind != "limitations" and _IS_YES_NO.match(asked))
        ):
            continue  # it mentions a topic, but asks about something else
        if kind == "definition" and defined:
            return kind, _subject_terms(defined)
        if kind == "statement" and asks_about_back_matter(asked):
            return kind, ()
        if kind == "place" and places and names_only_places(asked):
            return kind, ()
        if pattern and pattern.search(asked):
            return kind, search_terms(_OF_TOPICS.sub(" ", _HERE.sub(" ", asked))) if kind in TOPICS else ()
    return "other", ()


def _subject_terms(subject: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", subject.casefold()))


def _defined(asked: str) -> str | None:
    """Return X of a question such as "what is X" or "define X"; None for any other question."""
    asked = " ".join(_HERE.sub(" ", asked).split())
    if match := _DEFINES.match(asked):
        return next(value for name, value in match.groupdict().items() if value and name.startswith("subject"))
    if not (match := _WHAT_IS.match(asked)):
        return None
    subject, article = match["subject"] or match["subject2"], match["article"] or match["article2"]
    if len(subject.split()) > _MAX_SUBJECT or places_in(subject):
        return None
    is_known = (article or "").casefold() == "the"  # "what is the corpus" asks which one it is
    if (is_known and subject.islower()) or (_COMPLEMENT.search(subject) and not (article and not is_known)):
        return None
    return subject if search_terms(subject) or names_in(subject) else None


def asks_for_number(question: str) -> bool:
    """Return whether the question asks for a number ("how many ...?", "what share ...?", "when ...?")."""
    return bool(_ASKS_NUMBER.search(question))


def asks_for_name(question: str) -> bool:
    """Return whether the question asks for a name of something ("which dataset ...?")."""
    return bool(_ASKS_NAME.search(question))


def asks_for_paper(question: str) -> bool:
    """Return whether the question is for a paper or its authors' work ("which paper ...?", "who showed ...?")."""
    return bool(_ASKS_PAPER.search(question))


def asks_for_papers(wanted: Wanted) -> bool:
    """Return whether the question is for a list of papers ("which papers ...?"), and not for one."""
    return wanted.kind == "papers" and bool(_PAPERS.search(wanted.question))


def asked_for(question: str) -> list[str]:
    """Return the words that name what is asked for: learning and rate in "which learning rate was used"."""
    words: list[str] = []
    for match in _ASKED.finditer(question):
        for word in match[1].split():
            terms = search_terms(word)
            if not terms:
                break
            words += terms
    return words


def names_in(text: str) -> list[str]:
    """Return the names in a text, such as GPT-4 or HotpotQA."""
    names: list[str] = _NAME.findall(text)
    return names
