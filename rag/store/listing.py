"""Lists of papers from indexed columns, a page at a time: searched, filtered, sorted, and counted by facets."""

import json
from collections.abc import Sequence
from typing import Any

from ..filters import Filters
from ..types import Paper
from .database import LIST, list_value
from .metadata import MetadataRecords

ORDERS = {
    "added": "l.paper",
    "newest": "l.paper DESC",
    "title": "l.title, l.paper",
    "author": "l.author = '', l.author, l.paper",
    "year": "l.year DESC, l.paper DESC",
}
"""How lists are sorted: as the papers were added, last added first, by title, by first author, latest year first."""

FACETS = ("years", "tags", "collections")
"""By what lists are narrowed down, with a count for each value."""

_KINDS = {"authors": "author", "tags": "tag", "collections": "collection"}
_LAST_CHARACTER = "\U0010ffff"
_OTHER_LETTER = "*[^ -~]*"  # a character that is not ASCII
_WHOLE = ("tags",)  # others are compared by a part of the name

Condition = tuple[str, list[Any]]
"""An SQL condition on a row `l` of the table `listing`, and its parameters."""


class ListingRecords(MetadataRecords):
    """The part of the record that lists papers. `words` are all in the title, authors, tags or sources of a paper."""

    def listed(self, words: str, filters: Filters, order: str, offset: int, limit: int) -> list[int]:
        """Return the keys of a page of the papers that match."""
        where, values = self._where(words, filters)
        sql = f"SELECT l.paper FROM listing l WHERE {where} ORDER BY {ORDERS[order]} LIMIT ? OFFSET ?"
        return [row[0] for row in self.rows(sql, (*values, limit, offset))]

    def count_listed(self, words: str, filters: Filters) -> int:
        """Return how many papers match."""
        where, values = self._where(words, filters)
        return int(self._value(f"SELECT count(*) FROM listing l WHERE {where}", values))

    def facet(self, facet: str, words: str, filters: Filters, most: int) -> list[tuple[str, int]]:
        """Return the most frequent values of a facet with the number of matching papers that have each."""
        where, values = self._where(words, filters)
        if facet == "years":
            sql = f"SELECT CAST(year AS TEXT), count(*) FROM listing l WHERE year IS NOT NULL AND {where} GROUP BY year"
        else:
            among = "" if where == "1" else f" AND paper IN (SELECT l.paper FROM listing l WHERE {where})"
            sql = (
                f"SELECT coalesce(max(shown), label), count(*) FROM labels WHERE kind = '{_KINDS[facet]}'{among} "
                "GROUP BY label"
            )
        return [(row[0], row[1]) for row in self.rows(f"{sql} ORDER BY 2 DESC, 1 LIMIT ?", (*values, most))]

    def page(self, keys: Sequence[int]) -> list[Paper]:
        """Return papers without texts and tables, in the order of their keys."""
        return list(self.described(keys).values())

    def with_similar_keys(self, year: int | None, surname: str, citekey: str) -> list[int]:
        """Return the papers whose BibTeX key may be `citekey`: of a year and an author, or with such a citekey."""
        made = self.rows("SELECT paper FROM listing WHERE year IS ? AND instr(author, ?)", (year, surname.casefold()))
        first = citekey.casefold()
        sql = "SELECT paper FROM labels WHERE kind = 'citekey' AND label >= ? AND label < ?"
        return [row[0] for row in (*made, *self.rows(sql, (first, first + _LAST_CHARACTER)))]

    def _where(self, words: str, filters: Filters) -> Condition:
        wanted = dict.fromkeys(words.casefold().split())
        conditions = [self._has_word(word) for word in wanted]
        conditions += [_has_label(name, getattr(filters, name)) for name in _KINDS if getattr(filters, name)]
        if filters.years:
            conditions.append((f"l.year IN ({LIST})", [json.dumps(filters.years)]))
        if filters.sources:
            conditions.append(self._in_sources([source.casefold() for source in filters.sources]))
        for names, negation in ((filters.papers, ""), (filters.without, "NOT ")):
            if names:
                keys = list_value([self.paper_key(name) for name in names])
                conditions.append((f"l.paper {negation}IN ({LIST})", [keys]))
        where = " AND ".join(condition for condition, _ in conditions)
        return where or "1", [value for _, values in conditions for value in values]

    def _has_word(self, word: str) -> Condition:
        condition, values = self._in_sources([word])
        return f"(instr(l.words, ?) OR {condition})", [word, *values]

    def _in_sources(self, parts: Sequence[str]) -> Condition:
        """Return the condition that a paper has a source whose name contains one of some folded texts.

        SQLite knows the case of ASCII letters only: names are compared here where others are looked for.
        """
        others = [part for part in parts if not part.isascii()]
        names = self.rows(f"SELECT key, name FROM sources WHERE name GLOB '{_OTHER_LETTER}'") if others else []
        keys = [key for key, name in names if any(part in name.casefold() for part in others)]
        named = " OR ".join([*["instr(lower(name), ?)"] * len(parts), f"key IN ({LIST})"])
        condition = f"l.paper IN (SELECT paper FROM sources JOIN entries ON source = key WHERE {named})"
        return condition, [*parts, list_value(keys)]


def _has_label(facet: str, values: Sequence[str]) -> Condition:
    wanted = [value.casefold() for value in values]
    if facet in _WHOLE:
        condition, parameters = f"label IN ({LIST})", [json.dumps(wanted)]
    else:
        condition, parameters = " OR ".join(["instr(label, ?)"] * len(wanted)), wanted
    return f"l.paper IN (SELECT paper FROM labels WHERE kind = '{_KINDS[facet]}' AND ({condition}))", parameters
