"""Scope: the papers that a question is put to, and how its passages are shared among them.

- One paper (named, left by the filters, or the only one in the library): all its passages are candidates, and it may
  give any number of them.
  A question that holds the whole title of one paper is put to that paper, without the title.
- A few papers (2 to 5) that are given by name, or named or compared in the question: the question is divided into one
  on each (`division`), whose passages are all candidates.
- A few papers that other filters leave: all their passages are candidates, and each paper gives its fair share, as far
  as it has that many. The question may be about one of them.
- The library, or more papers than these: at most `[retrieval] passages_per_paper` of one paper, but for the one that
  the question names. All passages of that are candidates.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence, Set
from dataclasses import dataclass

from ..store.papers import Records
from ..text.readable import readable
from .back_matter import papers_meant
from .division import divided
from .introduced import introduced_papers
from .names import named_papers
from .parts import sides
from .terms import search_terms, stem, stems_in
from .wanted import TOPICS, Wanted

MAX_FEW = 5
"""The most papers that a question may be limited to and still be taken to be about each of them."""

_TITLE_WORDS = 4  # search terms of a title that names a paper for sure; a shorter one may be a topic
_EMPTY_QUOTES = re.compile(r"[\"'“‘«]\s*[\"'”’»]")
_WHOLE = 1000  # chunks: longer papers, such as books, give their nearest chunks and those with the question's words


@dataclass(frozen=True, slots=True)
class Scope:
    """The papers that a question is put to.

    Attributes:
        papers: keys of the papers that the question is put to, at most `MAX_FEW`; none where it is put to a library.
        per_paper: the most passages of one paper in a library.
        named: keys of the papers that the question itself names, by title, short name, authors and year or citekey,
            or else describes by words of their titles.
        question: what is asked of these papers: the question, without the title of the one paper that it names.
        asked: what is asked of each of several papers, in the order of `papers`.
        is_one_of_several: whether the question is put to other papers too.
    """

    papers: tuple[int, ...]
    per_paper: int
    named: tuple[int, ...] = ()
    question: str = ""
    asked: tuple[str, ...] = ()
    is_one_of_several: bool = False

    def each(self) -> list[Scope]:
        """Return a scope for each of several papers, with what is asked of it; else this one alone."""
        if not self.asked:
            return [self]
        return [
            Scope((paper,), self.per_paper, (paper,), question, is_one_of_several=True)
            for paper, question in zip(self.papers, self.asked, strict=True)
        ]

    def shared(
        self, order: Sequence[int], papers: Sequence[int], count: int, kept: Set[int] = frozenset()
    ) -> list[int]:
        """Return the best `count` rows of `order`, in its order, with as many of each paper as the scope grants.

        `papers` has the paper of each row. The rows in `kept` come before others.
        """
        if kept:
            rest = [row for row in order if row not in kept]
            taken = {*list(kept)[:count], *self.shared(rest, papers, max(0, count - len(kept)))}
            return [row for row in order if row in taken]
        if not self.papers:
            return _at_most(order, papers, self.per_paper, self.named)[:count]
        share = _at_most(order, papers, math.ceil(count / len(self.papers)))[:count]
        is_taken = set(share)
        rest = [row for row in order if row not in is_taken][: count - len(share)]
        taken = is_taken.union(rest)
        return [row for row in order if row in taken]


def scope_of(
    records: Records, wanted: Wanted, papers: Sequence[int] | None, per_paper: int, are_given: bool = False
) -> Scope:
    """Return the scope of a question that is limited to some papers, None for all; `per_paper` is the setting.

    `are_given` says that these papers were given by name.

    A question for papers ("which papers compare BERT and GPT?") is not about those that it names.
    """
    few = records.first_papers(2) if papers is None else papers
    given = tuple(few) if len(few) <= (1 if papers is None else MAX_FEW) else ()
    if wanted.kind == "papers":
        return Scope(given, per_paper, (), wanted.question)
    found = {each.key: each.words for each in named_papers(records, wanted.question, papers)}
    found |= introduced_papers(records, wanted.question, found, papers)
    described = _described(records, wanted, papers)
    if len(found) == 1 and len(given) < 2 and found.keys() >= set(described):
        key, words = next(iter(found.items()))
        if rest := _without_title(wanted.question, words):
            return Scope((key,), per_paper, (key,), rest)
        if wanted.kind in TOPICS:  # "what is X about?"
            return Scope((key,), per_paper, (key,), wanted.question)
    named = tuple(dict.fromkeys((*found, *described)))
    named = named if len(named) <= MAX_FEW else ()
    put_to = named if len(named) > 1 else given
    if len(put_to) < 2 or not (are_given or len(named) > 1):
        return Scope(put_to, per_paper, named, wanted.question)
    titles = {key: readable(ref.title) for key, ref in records.refs(put_to).items()}
    asked = divided(wanted.question, {key: titles.get(key, "") for key in put_to}, found)
    return Scope(put_to, per_paper, named, wanted.question, tuple(asked))


def _described(records: Records, wanted: Wanted, papers: Sequence[int] | None) -> tuple[int, ...]:
    """Return the papers that the question describes by words of their titles ("the otter paper").

    The sides of a comparison describe papers only where each holds two words of a title, or names a paper.
    """
    found = [papers_meant(records, words, papers) for words in wanted.works]
    described = [meant[0] for meant, are_named in found if meant and are_named and len(meant) == 1]
    compared = [_side_meant(records, side, papers) for side in sides(wanted.question)]
    return tuple(dict.fromkeys((*described, *(compared if all(compared) else ()))))


def _side_meant(records: Records, side: str, papers: Sequence[int] | None) -> int:
    """Return the paper that one side of a comparison is about, 0 for none."""
    if named := named_papers(records, side, papers):
        return named[0].key if len(named) == 1 else 0
    terms = search_terms(side)
    meant, are_named = papers_meant(records, terms, papers)
    if not meant or not are_named or len(meant) > 1:
        return 0
    held = stems_in(records.refs(meant)[meant[0]].title)
    return meant[0] if sum(stem(term) in held for term in terms) > 1 else 0


def _without_title(question: str, title: str) -> str:
    """Return what a question asks beside a long title in it; "" if the title is short, or there is nothing beside."""
    rest = _EMPTY_QUOTES.sub("", question.replace(title, "", 1)).strip(" :;,.-–—")
    return rest if len(search_terms(title)) >= _TITLE_WORDS and search_terms(rest) else ""


def all_chunks(records: Records, scope: Scope) -> list[int]:
    """Return the keys of all chunks of the papers asked about; none where they are too many to compare one by one."""
    papers = scope.papers or scope.named
    return (records.chunks_of(papers, _WHOLE) or []) if papers else []


def _at_most(order: Sequence[int], papers: Sequence[int], most: int, free: Sequence[int] = ()) -> list[int]:
    """Return the rows of `order` without those of a paper after its best `most`; papers in `free` keep all."""
    count: Counter[int] = Counter()
    rows = []
    for row in order:
        count[papers[row]] += 1
        if count[papers[row]] <= most or papers[row] in free:
            rows.append(row)
    return rows
