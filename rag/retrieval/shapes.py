"""What a text looks like that answers a kind of question; the kinds are in `wanted`.

`fit` is from 0 to 1. It is 0 for kinds that have no shape of their own.

| kind          | fits                                                                                           |
|---------------|------------------------------------------------------------------------------------------------|
| definition    | "X is a ...", "X refers to ...", "we define X as", "called X", "we propose X, a ...";          |
|               | less: "X is ...", "X, a ...", "long form (X)", and outside of abstract and introduction        |
| summary       | the abstract, then the conclusion, before all "we propose", "this paper", "results show"       |
| conclusions   | the conclusion, "we conclude", "our results show"                                              |
| contributions | "our contribution", "novel", "we propose"; more in abstract and introduction                   |
| limitations   | a section of that name; "limitation", "not yet", "currently lacks"; less: "fails to", "cannot"  |
| future        | a section of that name; "future work", "we plan to"                                            |
| place         | the table, figure or section itself; less: a sentence that mentions it                         |
| number        | a number within a few words of the noun that is counted, or with the unit wanted (`amounts`)    |
| date          | a year or a month                                                                              |
| list          | items: commas, "and", "such as", a colon                                                       |
| reason        | "because", "due to", "in order to"                                                             |
"""

import functools
import re
from collections.abc import Callable, Sequence

from ..text.kinds import ABSTRACT, BODY, CAPTION, TABLE
from .amounts import amount_fit
from .places import is_place, mentions
from .terms import stem
from .wanted import Wanted, asked_for

_SAYS_WHAT = re.compile(
    r"\b(?:we|this (?:paper|work|study|article|thesis|review|survey)|our (?:paper|work|study|approach|method|model|"
    r"results?|findings?|experiments?|analysis)|results?|findings?|experiments?|the authors?)\b[^.]{0,40}\b"
    r"(?:propos|present|introduc|develop|describ|investigat|stud|explor|show|find|found|demonstrat|suggest|indicat|"
    r"reveal|achiev|outperform|conclud|report|examin|analy|address|aim|provid|evaluat|compar|review|focus|discuss|"
    r"summari[sz]|survey|argu|assess|quantif|characteri[sz]|measur|test|identif|offer|highlight|outlin)\w*"
    r"|\b(?:in conclusion|in summary|to conclude|aim of this|purpose of this)\b",
    re.IGNORECASE,
)
_CONCLUSION = re.compile(r"\bconclu|\bsummary\b|\bdiscussion\b", re.IGNORECASE)
_OPENING = re.compile(r"\babstract\b|\bintroduction\b", re.IGNORECASE)
SECTIONS = {
    "limitations": re.compile(r"\blimit(?:s|ations?)\b|\bweakness|\bthreats to\b|\bcaveat|\bshortcoming", re.I),
    "future": re.compile(r"\bfuture\b|\boutlook\b|\bopen (?:problems|questions|challenges)\b|\bnext steps\b", re.I),
    "contributions": re.compile(r"\bcontributions?\b", re.I),
    "conclusions": _CONCLUSION,
}
"""The titles of the sections that answer some kinds."""
OF_SENTENCES = frozenset({"definition", "limitations", "future"})
"""The kinds that a sentence of the right shape answers, wherever it stands."""
_STRONG = {
    "limitations": r"\blimitations?\b|\bshortcoming|\bdrawback|\bweakness|\bcaveat|\bthreats? to validity\b"
    r"|\b(?:\w+ )?(?:currently|still) (?:lacks?|fails?|limited|unable)\b|\b(?:not|n['’]t) (?:yet|currently)\b"
    r"|\bbeyond the scope\b",
    "future": r"\bfuture (?:work|research|stud|direction|version|plan|effort|development)\w*"
    r"|\bin (?:the )?future\b|\bwe (?:plan|intend|hope|would like|aim) to\b|\bremains? to be\b|\bnext steps?\b"
    r"|\bfurther (?:research|work|stud|investigation|explor)\w*|\bleave\b.*\b(?:to|for)\b",
    "contributions": r"\bcontributions?\b|\bnovel\b|\bwe (?:propose|present|introduce|develop|release)\b"
    r"|\bfor the first time\b|\bthe first (?:to|work|study)\b",
    "conclusions": r"\bconclu(?:de|sion)|\bin summary\b|\b(?:results?|findings?|we|experiments?) (?:show|suggest|"
    r"indicate|demonstrate|find|found|reveal|confirm)",
    "date": r"\b(?:19|20)\d\d\b|\b(?:january|february|march|april|june|july|august|september|october|november|"
    r"december)\b",
    "reason": r"\bbecause\b|\bsince\b|\bdue to\b|\bin order to\b|\bso that\b|\btherefore\b|\breasons?\b"
    r"|\bas a result\b",
}
_WEAK = {
    "limitations": r"\b(?:is|are|was|were) limited\b|\blimit(?:s|ed|ing)? (?:the|our|its|access|to)\b"
    r"|\bfail(?:s|ed)? to\b"
    r"|\bunable to\b|\brestricted to\b|\bsmall sample|\bgenerali[sz]e to\b|\blacks?\b|\bcannot\b|\bcould not\b"
    r"|\bproblem(?:s|atic)?\b|\bdifficult(?:y|ies)?\b|\b(?:un)?fortunately\b",
    "future": r"\bfuture\b",
    "conclusions": r"\bwe\b",
}
_STRONG_SHAPES = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _STRONG.items()}
_WEAK_SHAPES = {kind: re.compile(pattern, re.IGNORECASE) for kind, pattern in _WEAK.items()}
_ITEM = re.compile(r",|;|\band\b|\bor\b|\bsuch as\b|\bincluding\b|:\s", re.IGNORECASE)
_MOST_ITEMS = 5
_LATER = 0.9  # what a definition counts that is neither in the abstract nor in the introduction
_SHORT = 3  # letters; the end of a longer word of a subject may be another ("bodies", "body")


def fit(wanted: Wanted, section: str | None, kind: str, sentence: str) -> float:
    """Return how far a sentence, in a section of a kind of text, is what a question of this kind wants."""
    return _FITS[wanted.kind](wanted, section or "", kind, sentence) if wanted.kind in _FITS else 0.0


def place_fit(wanted: Wanted, section: str | None, sentence: str) -> float:
    """Return 1 for a sentence in a place that the question names, 0.5 for one that mentions it, 0 for others."""
    if any(is_place(section or "", place) for place in wanted.places):
        return 1.0
    return 0.5 if any(mentions(sentence, place) for place in wanted.places) else 0.0


def _definition(wanted: Wanted, section: str, kind: str, sentence: str) -> float:
    folded = sentence.casefold()
    if not all(stem(term) in folded for term in wanted.subject):
        return 0.0
    is_early = kind == ABSTRACT or bool(_OPENING.search(section))
    found = next((value for value, pattern in _defining(wanted.subject) if pattern.search(sentence)), 0.0)
    return found if is_early else _LATER * found


@functools.lru_cache(64)
def _defining(subject: Sequence[str]) -> tuple[tuple[float, re.Pattern[str]], ...]:
    """Return patterns of sentences that say what a subject is, the surest first, with how far they fit."""
    words = (re.escape(term[:-1] if term[-1] in "sy" and len(term) > _SHORT else term) for term in subject)
    name = r"(?<![\w-])" + r"\W+(?:\w+\W+)?".join(rf"{word}\w{{0,3}}" for word in words)
    named = rf"[\"'“”‘’`]*{name}[\"'“”‘’`]*(?: ?\([^)]{{1,60}}\))?"
    opening = r"^\W*(?:[^,]{1,60}, )?(?:(?:an?|our|this) )?(?:\w+ )?"
    introduces = (
        r"\b(?:(?:introduc|propos|describ|releas|creat)(?:es?|ed|ing)|(?:present|develop)(?:s|ed|ing)?|designed|buil[dt]s?)"
        r" (?:(?!(?:of|in|on|for|with|from|using|by)\b)\w+ ){0,3}"
    )
    what = r"(?:,?\[?\d*\]?,?| ?[:—–-]) ?(?:an?|the|one of|which|that|i\.e\.|that is)\b"
    joins = r"(?:at|in|to|for|by|with|than|as|on|of|and|or|not|also|then|more|most|less|very|still)\b"
    plural = rf"(?:(?!{joins})[\w-]+ ){{0,4}}(?!{joins})[\w-]*[^\Wsui]s\b"
    patterns = (
        (
            1.0,
            rf"{opening}{named},? (?:is|are) (?:an?|one of|any|the)\b"
            rf"|{named},? (?:is|are) (?:defined|one of|any)\b",
        ),
        (1.0, rf"{opening}{named},? are {plural}"),
        (1.0, rf"{named} (?:refers?|means?|denotes?|describes?|measures?|stands? for|consists? of|comprises?)\b"),
        (1.0, rf"\bdefin(?:e[sd]?|ing|ition of) (?:(?:an?|the) )?{named}|{named} [^.]{{0,30}}\bdefined (?:as|by|to)\b"),
        (
            1.0,
            r"\b(?:call(?:s|ed)?|term(?:s|ed)?|known as|refer(?:red)? to (?:\w+ ){0,3}as|dub(?:bed)?|name[sd]?)"
            rf" (?:(?:it|them) )?(?:(?:an?|the) )?{named}",
        ),
        (1.0, rf"{introduces}{named}{what}|\({name}\),? (?:is|which|that|an?)\b"),
        (0.8, rf"{introduces}{named} (?:\w+ ){{0,2}}(?:to|for|that|which)\b"),
        (0.8, rf"{opening}{named},?(?: [^,]{{1,40}},)? (?:is|are) (?:designed|used|meant|intended) (?:to|for|as)\b"),
        (0.6, rf"{introduces}{named}"),
        (0.6, rf"{opening}{named},? is (?!\w+(?:ed|ly|ing)\b|{joins}|well\b|shown\b|given\b)"),
        (0.5, rf"{named}(?:,| ?[:—–-]) (?:an?|the|which|i\.e\.|that is)\b|\({name}[);,]|{name} \("),
    )
    return tuple((value, re.compile(pattern, re.IGNORECASE)) for value, pattern in patterns)


def _summary(_wanted: Wanted, section: str, kind: str, sentence: str) -> float:
    if kind in (CAPTION, TABLE):
        return -0.5
    is_opening = kind == ABSTRACT or (kind == BODY and not section)  # an abstract may have no heading
    place = 0.6 if is_opening else 0.4 if _CONCLUSION.search(section) else 0.0
    return place + 0.4 * bool(_SAYS_WHAT.search(sentence))


def _topic(wanted: Wanted, section: str, kind: str, sentence: str) -> float:
    strong = _STRONG_SHAPES[wanted.kind].search(sentence)
    weak = wanted.kind in _WEAK_SHAPES and _WEAK_SHAPES[wanted.kind].search(sentence)
    said = 1.0 if strong else 0.4 if weak else 0.0
    if SECTIONS[wanted.kind].search(section):
        return 0.8 + 0.2 * said
    if kind == TABLE:
        return 0.0
    opens = wanted.kind == "contributions" and (kind == ABSTRACT or _OPENING.search(section))
    return (0.9 if wanted.kind in OF_SENTENCES else 0.8 if opens else 0.5) * said


def _shaped(wanted: Wanted, _section: str, _kind: str, sentence: str) -> float:
    return float(bool(_STRONG_SHAPES[wanted.kind].search(sentence)))


def _number(wanted: Wanted, _section: str, _kind: str, sentence: str) -> float:
    return amount_fit(wanted.question, {stem(term) for term in asked_for(wanted.question) or wanted.terms}, sentence)


def _list(_wanted: Wanted, _section: str, _kind: str, sentence: str) -> float:
    return min(len(_ITEM.findall(sentence)), _MOST_ITEMS) / _MOST_ITEMS


_FITS: dict[str, Callable[[Wanted, str, str, str], float]] = {
    "definition": _definition,
    "summary": _summary,
    "conclusions": _topic,
    "contributions": _topic,
    "limitations": _topic,
    "future": _topic,
    "number": _number,
    "date": _shaped,
    "list": _list,
    "reason": _shaped,
}
