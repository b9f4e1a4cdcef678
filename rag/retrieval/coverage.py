"""Coverage: which passages speak of which of the several things, and papers, that a question asks about.

A passage speaks of a part of the question where it, its heading or its paper's title holds at least half of the words
that only this part has. A part is missing where no candidate holds any of these words, and a paper of several is
silent where none of its candidates holds a word of what is asked of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..store.papers import Records
from ..store.search import Candidates
from .scope import Scope
from .terms import search_terms, stem, stems_in
from .wanted import Wanted

_MIN_SHARE = 0.5  # of a part's own words
_PASSAGES = 2  # that are kept for each part, if so many speak of it
_FOUND = 20  # passages that are looked up by the words of each part


@dataclass(frozen=True, slots=True)
class Coverage:
    """What speaks of the several things that a question asks about.

    Attributes:
        parts: these things, in the question's words; none where it asks about one.
        rows: for each part, the rows of the passages that speak of it, best first.
        missing: those of the parts that nothing speaks of.
        is_silent: whether the paper, one of several, says nothing on the question.
    """

    parts: tuple[str, ...] = ()
    rows: tuple[tuple[int, ...], ...] = ()
    missing: tuple[str, ...] = ()
    is_silent: bool = False

    def kept(self) -> set[int]:
        """Return the rows that stay among the best for the parts' sake."""
        return {row for rows in self.rows for row in rows[:_PASSAGES]}


def own_words(parts: Sequence[str]) -> list[tuple[str, ...]]:
    """Return for each part the search terms that not all parts have."""
    terms = [search_terms(part) for part in parts]
    common = set.intersection(*map(set, terms)) if terms else set()
    return [tuple(term for term in of_part if term not in common) or of_part for of_part in terms]


def chunks_for_parts(records: Records, parts: Sequence[str], papers: Sequence[int] | None) -> set[int]:
    """Return keys of the chunks that fit the words of each part best."""
    found = (records.word_scores(terms, _FOUND, papers) for terms in own_words(parts))
    return {key for of_part in found for key in of_part}


def coverage_of(
    records: Records, wanted: Wanted, scope: Scope, candidates: Candidates, order: Sequence[int]
) -> Coverage:
    """Return what covers the parts of a question, and the papers of its scope; `order` has the rows, best first."""
    if not wanted.parts and not scope.is_one_of_several:
        return Coverage()
    words = own_words(wanted.parts)
    terms = {term for of_part in words for term in of_part}.union(wanted.terms if scope.is_one_of_several else ())
    keys = [
        key
        for key, paper in zip(candidates.keys, candidates.paper_keys, strict=True)
        if not scope.is_one_of_several or paper in scope.papers
    ]
    holding = records.chunks_holding(sorted(terms), keys)
    rows = tuple(tuple(_speaking(of_part, candidates, order, holding)) for of_part in words)
    return Coverage(
        wanted.parts,
        rows,
        missing=tuple(
            part
            for part, of_part, found in zip(wanted.parts, words, rows, strict=True)
            if of_part and not found and not any(holding[term] for term in of_part)
        ),
        is_silent=scope.is_one_of_several and bool(terms) and not any(holding.values()),
    )


def _speaking(
    part: Sequence[str], candidates: Candidates, order: Sequence[int], holding: Mapping[str, set[int]]
) -> Iterator[int]:
    """Yield the rows that hold enough words of a part, in the text, the heading or the paper's title."""
    titles = {key: stems_in(candidates.readable_title(key)) for key in set(candidates.paper_keys)}
    for row in order:
        key, title = candidates.keys[row], titles[candidates.paper_keys[row]]
        if sum(key in holding[term] or stem(term) in title for term in part) >= max(1, _MIN_SHARE * len(part)):
            yield row
