"""List papers a page at a time, and count the papers of each year, tag and collection."""

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
_MOST_WORDS = 100  # SQLite limits the depth of an expression to 1,000
_LAST = 2**62  # the largest offset that SQLite accepts


class PaperPage(NamedTuple):
    """A page of a list: its papers without their texts, how many match in all, and how many the library has."""

    papers: tuple[Paper, ...]
    found: int
    total: int


class ListMethods:
    """Methods of `Assistant` that list papers; their cost does not depend on the length of the papers.

    A paper matches if its title, authors, tags or sources have all `words`, ignoring case. Filters are those of `ask`,
    except that nothing matches a year, author, source, tag or collection that no paper has. All raise UnknownPaper or
    AmbiguousPaper for a filter that names no paper or several, and QuestionError if `words` is too long or no string.
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
        """Return `limit` of the matching papers, after the first `offset`.

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
        """Return the most frequent years, tags and collections of the matching papers, each with its number of papers.

        A filter does not apply to its own facet, so that further values can be chosen there.
        """
        words, scope = _checked(words), Filters.of(filters, named)
        limit = arguments.whole("most", most, 1, _MOST)
        if not self.library.exists:
            return {name: [] for name in FACETS}
        records = self.library.records
        return {name: records.facet(name, words, scope.without_values(name), limit) for name in FACETS}

    def papers_for_keys(self, ids: Collection[str]) -> list[Paper]:
        """Return papers, and those that would get the same BibTeX keys, in the order in which they were added.

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
    """Return the words to search for. Raise QuestionError if `words` is not a string, or has too many."""
    text = arguments.text("words", words)
    if (count := len(text.split())) > _MOST_WORDS:
        raise QuestionError(f"There are {count:,} search words; the limit is {_MOST_WORDS}.")
    return text
