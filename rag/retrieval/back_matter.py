"""Questions about a paper's back matter (funding, data, interests, licence, ...) are answered from it.

The rule: a question that asks for a kind of statement is answered from the back matter that makes such a statement, in
the papers that the question's other words choose (by their titles, else by their text), or in all papers of the scope
if there are no other words. Where no such statement is found, it is answered like any other question. Titles are not
quoted: they only choose the paper. Other questions are never answered from back matter.
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from ..store.papers import Records
from .terms import search_terms, stem, stems_in

_MIN_TITLE_SHARE = 0.5  # of the question's other words, that the title of a paper it names must hold
_PAPERS = 200  # that are tried for their titles
_GENERAL = "statement information public publicly supported money organisation organization institution agency".split()
"""Words of questions about back matter that do not name a topic."""

_DATA = r"(?:data|datasets?|data sets?|code|software|scripts?|materials?)"
_OPEN = r"(?:available|accessible|public|publicly|deposited|download(?:ed)?|shared|released|open[- ]source)"
_STATED_OPEN = rf"{_OPEN}(?:\W*$|[?,.;]|\W+(?:at|on|in|from|to|for|under|upon|with|as|by|and|or|online|anywhere)\b)"
_ASKS = r"(?:is|are|was|were|has|have|did|does|can|could|may|(?:how|where) (?:can|do|may|could) (?:i|we|one))"


class Statement(NamedTuple):
    """A kind of statement: how questions ask for it, what it says, and the words that find it in the word index.

    `explains`: whether it must hold the question's other words, as the explanation of an abbreviation does.
    """

    asked: re.Pattern[str]
    stated: re.Pattern[str]
    words: tuple[str, ...]
    explains: bool = False

    def is_made_in(self, section: str | None, text: str) -> bool:
        """Return whether a text makes such a statement, or is under a heading that says so."""
        return bool(self.stated.search(section or "") or self.stated.search(text))


def _statement(asked: str, stated: str, words: str, explains: bool = False) -> Statement:
    return Statement(re.compile(asked, re.I), re.compile(stated, re.I), tuple(words.split()), explains)


_FUNDING = r"\bfund(?:ed|s|ing|ers?)?\b|\bfinanc(?:ed|ing)\b|\bfinancial(?:ly)? support|\bgrants?\b|\bsponsor\w*"
_INTERESTS = r"\b(?:competing|conflicts? of|conflicting|declared?)\b[^.]{0,20} interests?\b|\bdisclos\w+"
_LICENCE = r"\blicen[cs](?:e|es|ed)\b|\bcopyright\w*|\bcreative commons\b|\bcc[- ]by\b|\bopen access\b"
_THANKS = r"\backnowledg\w+|\bthank(?:s|ed|ful)?\b"
_ETHICS = r"\bethic\w+|\bconsent\w*"
_STATEMENTS = (
    _statement(
        rf"{_FUNDING}|\bpaid for\b|\bmoney c[oa]mes? from\b",
        rf"{_FUNDING}|\b(?:was|is|were|been|are)\b[^.]{{0,20}} supported\b|\bsupport (?:from|of|by)\b",
        "funded funding supported support grant financed financial sponsored",
    ),
    _statement(
        rf"\b{_DATA}\b.*\b{_STATED_OPEN}|^\W*{_ASKS}\b.*\b{_OPEN}\b.*\b{_DATA}\b"
        rf"|^\W*where (?:is|are|can)\b.*\b{_DATA}\b"
        rf"|\b(?:availability|accessibility)\b.*\b{_DATA}\b|\b{_DATA}\b.*\b(?:availability|accessibility|repository)\b",
        rf"\b{_DATA}\b.*\b(?:{_OPEN}|availability|accessibility|repository|request)\b"
        rf"|\b(?:{_OPEN}|availability|accessibility|repository)\b.*\b{_DATA}\b",
        "data code software availability available deposited repository request",
    ),
    _statement(_INTERESTS, _INTERESTS, "competing conflict interests disclosed declare"),
    _statement(
        rf"{_LICENCE}|\b(?:can|may|could|allowed)\b.*\breus(?:e|ed|able)\b",
        _LICENCE,
        "licence license licensed licensee creative commons copyright distributed",
    ),
    _statement(
        r"\bauthors?['’]?s?['’]? contributions\b|\bcontributions? of (?:each|every|the individual|all)\b.*\bauthors?\b"
        r"|\b(?:who|which authors?|each author)\b.*\bcontribut\w+",
        r"\bcontribut\w+|\b(?:conceived|designed|drafted|wrote|written|revised|performed)\b",
        "contributed contributions conceived designed wrote drafted authors",
    ),
    _statement(
        r"\babbreviat\w+|\bacronyms?\b", r"\babbreviat\w+|\bacronyms?\b|\w\s?[:=]\s?\w", "abbreviations abbreviation"
    ),
    _statement(r"\bstands? for\b|\bshort for\b", r"\w\s?[:=,]\s?\w", "", explains=True),
    _statement(_THANKS, rf"{_THANKS}|\b(?:grateful|gratefully|indebted)\b", "acknowledgements thank thanks grateful"),
    _statement(_ETHICS, _ETHICS, "ethics ethical consent committee approved"),
)


class Asked(NamedTuple):
    """The kind of statement that a question asks for.

    Attributes:
        words: those that find such statements in the word index.
        papers: the papers that the question's other words choose; None if there are none, and all are meant.
        is_certain: whether the question names these papers by their titles, or the scope is one paper.
        holds: stems of which such a statement must hold one, if any.
    """

    statement: Statement
    words: tuple[str, ...]
    papers: list[int] | None
    is_certain: bool
    holds: frozenset[str] = frozenset()

    def is_answered_by(self, section: str | None, text: str) -> bool:
        """Return whether a text of back matter makes such a statement."""
        return self.statement.is_made_in(section, text) and (not self.holds or bool(self.holds & stems_in(text)))


def asks_about_back_matter(question: str) -> bool:
    """Return whether a question is about what back matter says: only these are answered from it."""
    return any(statement.asked.search(question) for statement in _STATEMENTS)


def asked_statement(records: Records, question: str, papers: Sequence[int] | None) -> Asked | None:
    """Return the kind of statement that a question asks for, and the papers of the scope `papers` that it is about."""
    statement = next((each for each in _STATEMENTS if each.asked.search(question)), None)
    if statement is None:
        return None
    topic = search_terms(statement.asked.sub(" ", question))
    topic = tuple(term for term in topic if stem(term) not in {stem(word) for word in (*statement.words, *_GENERAL)})
    is_only = (records.count_papers() if papers is None else len(papers)) == 1
    if statement.explains:
        return Asked(statement, topic, None, is_only, frozenset(map(stem, topic)))
    chosen, are_named = papers_meant(records, topic, papers)
    return Asked(statement, statement.words, chosen, is_only or are_named)


def papers_meant(records: Records, topic: Sequence[str], papers: Sequence[int] | None) -> tuple[list[int] | None, bool]:
    """Return the papers that some words choose, None for all; and whether their titles hold the words."""
    scores = records.paper_word_scores(topic, _PAPERS, papers)
    if not scores:
        return None, False
    stems = set(map(stem, topic))
    shares = {key: len(stems & stems_in(ref.title)) / len(stems) for key, ref in records.refs(list(scores)).items()}
    best = max(shares.values(), default=0.0)
    if best >= _MIN_TITLE_SHARE:
        return [key for key in shares if shares[key] == best], True
    return list(scores)[:1], False
