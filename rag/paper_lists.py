"""Lists of papers a page at a time, and how many papers have each year, tag and collection."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple, Unpack

from . import arguments
from .errors import QuestionError
from .export.bibtex import wanted_key
from .export.reference import surname
from .filters import FilterArguments, Filters
from .library import Library
from .store.listing import FACETS, ORDERS
from .types import Paper

_MOST = 10_000  # papers of a page, and values of a facet
_MOST_WORDS = 100  # SQLite takes no deeper condition than 1,000
_LAST = 2**62  # SQLite takes no larger offset


class PaperPage(NamedTuple):
    """A page of a list: its papers without their texts, how many are found in all, and how many the library has."""

    papers: tuple[Paper, ...]
    found: int
    total: int


class ListMethods:
    """What `Assistant` offers to lists of papers. The time that it takes does not depend on the papers' texts.

    `words` are all in a paper's title, authors, tags or sources, ignoring case. Filters are those of `ask`, but for a
    year, author, source, tag or collection that no paper has, nothing is found. All raise UnknownPaper or
    AmbiguousPaper if a filter names a paper that does not fit, and QuestionError if `words` are too many or no text.
    """

    library: Library

    def papers_page(
        self,
        words: str = "",
        *,
        filters: Filters | None = None,
        sort: str = "added",
        offset: int = 0,
        limit: int = 100,
        **named: Unpack[FilterArguments],
    ) -> PaperPage:
        """Return `limit` of the papers that match, after the first `offset`.

        `sort` is added (as they were added), newest (last added first), title, author (the first one) or year (latest
        first). Raise QuestionError if an argument has another value.
        """
        words, scope = _checked(words), Filters.of(filters, named)
        if sort not in ORDERS:
            raise QuestionError(f"sort is {arguments.shown(sort)}; expected {', '.join(ORDERS)}.")
        first = min(arguments.whole("offset", offset, 0), _LAST)
        most = arguments.whole("limit", limit, 1, _MOST)
        if not self.library.exists:
            return PaperPage((), 0, 0)
        records = self.library.records
        total = records.count_papers()
        found = records.count_listed(words, scope) if words or scope else total
        return PaperPage(tuple(records.page(records.listed(words, scope, sort, first, most))), found, total)

    def facets(
        self, words: str = "", *, filters: Filters | None = None, most: int = 100, **named: Unpack[FilterArguments]
    ) -> dict[str, list[tuple[str, int]]]:
        """Return the most frequent years, tags and collections of the papers that match, each with their number.

        What is chosen in a facet does not count for itself, so that further values of it can be chosen.
        """
        words, scope = _checked(words), Filters.of(filters, named)
        limit = arguments.whole("most", most, 1, _MOST)
        if not self.library.exists:
            return {name: [] for name in FACETS}
        records = self.library.records
        return {name: records.facet(name, words, scope.without_values(name), limit) for name in FACETS}

    def papers_for_keys(self, ids: Collection[str]) -> list[Paper]:
        """Return papers, and those that compete with them for BibTeX keys, in the order in which they were added.

        `rag.bibtex` and `rag.cite_keys` take them in place of the whole library. Removed papers are left out.
        """
        if not self.library.exists:
            return []
        records = self.library.records
        keys = set(records.keys_of(ids))
        for paper in records.page(sorted(keys)):
            author = surname(paper.authors[0]) if paper.authors else ""
            name = author if author.isascii() else ""  # keys have letters without their accents
            keys.update(records.with_similar_keys(paper.year, name, wanted_key(paper)))
        return records.page(sorted(keys))


def _checked(words: str) -> str:
    """Return words to look for. Raise QuestionError if they are no text, or too many."""
    text = arguments.text("words", words)
    if (count := len(text.split())) > _MOST_WORDS:
        raise QuestionError(f"There are {count:,} words to look for; the limit is {_MOST_WORDS}.")
    return text
