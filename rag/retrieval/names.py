"""Papers that a question names.

The rules, for each paper whose title shares words with the question:
- its short name, the part of the title before the colon, is in the question: "What does SPECTER optimize?" An ordinary
  word counts as a name only where it is written as one (with a capital, not first in the question) or is rare;
- most of its title is in the question, with three words of it in a row;
- one of its authors and its year are: "Brook et al. (2019)"; or its citekey.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from ..store.papers import Records
from ..text.names import plain_name
from ..text.readable import readable
from .terms import STOP_WORDS, search_terms, stem

_PAPERS = 200  # whose titles are compared with the question
_MOST = 20  # papers that one question names; more share a word that is no name
_WORDS_OF_NAME = 4
_TITLE_SHARE, _TITLE_RUN = 0.7, 3  # of a title's words that must be in the question, and how many of them in a row
_CALLED_SHARE = 0.3  # of a title's words in "the paper ..." that name it
_RARE_SHARE, _RARE_PAPERS = 0.05, 3  # of the library's papers that may hold an ordinary word that is a name

_NAME_LIKE = re.compile(r"[^\W\d_][^\W_]*[A-Z\d]|\d[^\W_]*[A-Z]")
_COLON = re.compile(r"\s*(?::|\s[-–—]+\s)\s*")
_TOKEN = re.compile(r"[^\W_]+")
_AUTHOR_YEAR = re.compile(
    r"\b([^\W\d_][\w'’-]+)(?: et al\.?| (?:and|&) (?:colleagues|([^\W\d_][\w'’-]+)))?(?:['’]s)?(?:,? \(?|\()"
    r"((?:19|20)\d\d)[a-z]?\b"
)
_CITEKEY = re.compile(r"@?[^\W\d_][\w:+/-]*\d[\w:+/-]*")
_QUOTES = "\"'“”‘’«» "
_WORK = r"(?:paper|article|study|work|publication|preprint|manuscript|book|report|survey|chapter|thesis)"
_PAPER_NAMED = re.compile(
    rf"(?P<article>(?:the|this|that|my|our) )?(?P<before>{_WORK} (?:called |titled |named |entitled )?)?"
    rf"(?P<name>.+?)(?P<after> {_WORK})?",
    re.IGNORECASE,
)


class NamedPaper(NamedTuple):
    """A paper that a question names: its key, and the words of the question that name it."""

    key: int
    words: str


def named_papers(records: Records, question: str, papers: Sequence[int] | None = None) -> list[NamedPaper]:
    """Return the papers that a question names, in the order in which it does; of `papers` only, if they are given."""
    asked = _Asked(question)
    named: dict[int, tuple[int, NamedPaper]] = {}
    titles = records.titles_with(search_terms(question), _PAPERS, papers)
    known = records.count_papers()
    for key, title in titles.items():
        if (found := _title_in(asked, title) or _short_name_in(asked, title, records, known)) is not None:
            named.setdefault(key, (found[0], NamedPaper(key, found[1])))
    for at, words, key in _cited(records, question):
        if papers is None or key in set(papers):
            named.setdefault(key, (at, NamedPaper(key, words)))
    ordered = [paper for _, paper in sorted(named.values())]
    return ordered if len(ordered) <= _MOST else []


class _Asked:
    """A question's words, plain and as written."""

    def __init__(self, question: str) -> None:
        found = list(_TOKEN.finditer(question))
        self.question = question
        self.written = [match[0] for match in found]
        self.plain = [plain_name(word) for word in self.written]
        self.starts = [match.start() for match in found]
        self.stems = {stem(word) for word in self.plain if word not in STOP_WORDS}
        self.windows: dict[str, tuple[int, int]] = {}  # runs of words, joined: their first and last word
        for size in range(_WORDS_OF_NAME, 0, -1):
            for first in range(len(found) - size + 1):
                self.windows["".join(self.plain[first : first + size])] = (first, first + size)

    def text(self, first: int, last: int) -> str:
        """Return the question's text from one word up to another."""
        return self.question[self.starts[first] : self.starts[last - 1] + len(self.written[last - 1])]


def short_name(title: str) -> str:
    """Return the name of a title that begins with one: SPECTER of "SPECTER: Document-level ..."; else nothing."""
    name, *rest = _COLON.split(readable(title), maxsplit=1)
    return name if rest and 0 < len(_TOKEN.findall(name)) <= _WORDS_OF_NAME else ""


def titled_papers(records: Records, words: str, papers: Sequence[int] | None = None) -> list[int]:
    """Return the papers that some words alone name: a title, the greater part of one, a short name, or a citekey.

    "the BERT paper" and "BERT" name a paper with that short name, but "the prompts" none that is called Prompts.
    """
    core = words.strip(_QUOTES)
    match = _PAPER_NAMED.fullmatch(core)
    is_called_paper = bool(match and (match["before"] or match["after"]))
    name = (match["name"] if match else core).strip(_QUOTES)
    is_definite = bool(match and match["article"]) and not is_called_paper and name[:1].islower()
    plain = plain_name(name).replace(" ", "")
    if not plain:
        return []
    found = list(records.papers_with_citekeys([name]).values())
    share = _CALLED_SHARE if is_called_paper else _TITLE_SHARE
    for key, title in records.titles_with(search_terms(name), _PAPERS, papers).items():
        called = plain_name(short_name(title)).replace(" ", "")
        whole = plain_name(readable(title)).replace(" ", "")
        is_name = plain == called and not is_definite
        if plain == whole or is_name or (plain in whole and _is_most_of(name, title, share)):
            found.append(key)
    found = [key for key in dict.fromkeys(found) if papers is None or key in set(papers)]
    return found or [paper.key for paper in named_papers(records, words, papers) if is_called_paper]


def _is_most_of(name: str, title: str, share: float) -> bool:
    """Return whether a name has some telling words, and this share of the title's."""
    telling = {stem(word) for word in search_terms(readable(title))}
    held = {stem(word) for word in search_terms(name)}
    return len(held) > 1 and len(held & telling) >= share * len(telling)


def _short_name_in(asked: _Asked, title: str, records: Records, known: int) -> tuple[int, str] | None:
    name = short_name(title)
    window = asked.windows.get(plain_name(name).replace(" ", "")) if name else None
    if window is None:
        return None
    first, last = window
    written = asked.written[first:last]
    is_written_as_name = any(_NAME_LIKE.search(word) for word in written) or (
        first > 0 and all(word[0].isupper() for word in written if word.casefold() not in STOP_WORDS)
    )
    if not is_written_as_name:
        terms = [word for word in asked.plain[first:last] if word not in STOP_WORDS]
        rare = max(_RARE_PAPERS, _RARE_SHARE * known)
        if not terms or min(records.document_frequencies(terms)) > rare:
            return None
    return asked.starts[first], asked.text(first, last)


def _title_in(asked: _Asked, title: str) -> tuple[int, str] | None:
    words = [plain_name(word) for word in _TOKEN.findall(readable(title))]
    telling = {stem(word) for word in words if word not in STOP_WORDS}
    held = telling & asked.stems
    if len(held) < max(_TITLE_RUN, _TITLE_SHARE * len(telling)):
        return None
    run, last = _longest_run(words, asked.plain)
    return (asked.starts[last - run], asked.text(last - run, last)) if run >= _TITLE_RUN else None


def _longest_run(words: Sequence[str], others: Sequence[str]) -> tuple[int, int]:
    """Return the length of the longest run of equal words, and the index after it in `others`."""
    best, end, before = 0, 0, [0] * (len(others) + 1)
    for word in words:
        row = [0] * (len(others) + 1)
        for at, other in enumerate(others, 1):
            if word == other:
                row[at] = before[at - 1] + 1
                if row[at] > best:
                    best, end = row[at], at
        before = row
    return best, end


def _cited(records: Records, question: str) -> Iterator[tuple[int, str, int]]:
    """Yield place, words and paper of each reference by author and year, or by citekey."""
    for match in _AUTHOR_YEAR.finditer(question):
        of_year = records.papers_of_years(int(match[3]), int(match[3]))
        by_all = [records.papers_by(name) for name in match.groups()[:2] if name]
        for key in sorted(of_year.intersection(*by_all)):
            yield match.start(), match[0], key
    words = {match[0].lstrip("@").casefold(): match for match in _CITEKEY.finditer(question)}
    for citekey, key in records.papers_with_citekeys(list(words)).items():
        yield words[citekey].start(), words[citekey][0], key
