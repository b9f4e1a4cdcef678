"""Find and count papers by their metadata: words of titles, authors, years, venues, citekeys."""

import json
import re
from collections.abc import Callable, Collection, Iterable, Sequence

from ..text.names import fits_name, is_near, is_near_name, name_key, plain_name
from ..text.readable import readable
from ..types import Paper
from . import word_index
from .database import LIST, list_value
from .filters import FilterRecords
from .rows import paper_of
from .search import quoted_term
from .sqlite_errors import translate_errors

_SURNAME = "substr(label, 1, instr(label || ' ', ' ') - 1)"
_FEW = 1000  # papers that are quicker sorted than found in the order of the library's
_OPEN, _CLOSE = "\x02", "\x03"  # mark what was found in a text


class MetadataRecords(FilterRecords):
    """The part of the record that finds and counts papers by their metadata."""

    def titles_with(self, terms: Sequence[str], limit: int, papers: Sequence[int] | None = None) -> dict[int, str]:
        """Return the titles that hold any of some terms, by paper key: the best `limit` by BM25, best first."""
        if not terms:
            return {}
        match = f"title : ({' OR '.join(map(quoted_term, terms))})"
        among = "" if papers is None else f" AND +rowid IN ({LIST})"
        sql = f"SELECT rowid FROM paper_words WHERE paper_words MATCH ?{among} ORDER BY bm25(paper_words) LIMIT ?"
        keys = [row[0] for row in self.rows(sql, (match, *([] if papers is None else [list_value(papers)]), limit))]
        titles = {row["key"]: row["title"] for row in self._in("SELECT key, title FROM papers WHERE key IN ({})", keys)}
        return {key: titles[key] for key in keys if key in titles}

    def openings(self, keys: Sequence[int], length: int) -> dict[int, tuple[str, str]]:
        """Return the titles of papers, and the first `length` characters of their texts, by key."""
        rows = self._in(f"SELECT key, title, substr(text, 1, {int(length)}) FROM papers WHERE key IN ({{}})", keys)
        return {row[0]: (row[1], row[2]) for row in rows}

    def papers_with_title_words(self, phrase: str) -> set[int]:
        """Return the papers whose title holds a phrase, in any inflection."""
        sql = "SELECT rowid FROM paper_words WHERE paper_words MATCH ?"
        return {row[0] for row in self.rows(sql, (f"title : {quoted_term(phrase)}",))}

    def papers_of_years(self, first: int, last: int) -> set[int]:
        """Return the papers of the years `first` to `last`."""
        return {row[0] for row in self.rows("SELECT key FROM papers WHERE year BETWEEN ? AND ?", (first, last))}

    def papers_with_citekeys(self, citekeys: Sequence[str]) -> dict[str, int]:
        """Return the papers with some citekeys, by citekey in lower case."""
        sql = f"SELECT label, paper FROM labels WHERE kind = 'citekey' AND label IN ({LIST})"
        return {row[0]: row[1] for row in self.rows(sql, (json.dumps([key.casefold() for key in citekeys]),))}

    def authors(self, name: str) -> dict[str, set[int]]:
        """Return the authors that a name fits, "Brook", "E. Brook" or "Brook, E.", with their papers.

        Authors are given by the `name_key` of their names.
        """
        asked = name_key(name)
        return self._authors_where(asked.split()[0], lambda key: fits_name(asked, key)) if asked else {}

    def authors_near(self, name: str) -> dict[str, set[int]]:
        """Return the authors of whose names a name may be a mistyping, as `authors` does."""
        asked = name_key(name)
        if not asked:
            return {}
        surname, letter = asked.split()[0], asked[0]
        sql = f"SELECT DISTINCT {_SURNAME} FROM labels WHERE kind = 'name' AND label >= ? AND label < ?"
        near = [row[0] for row in self.rows(sql, (letter, chr(ord(letter) + 1))) if is_near(surname, row[0])]
        found: dict[str, set[int]] = {}
        for each in near:
            found |= self._authors_where(each, lambda key: is_near_name(asked, key))
        return found

    def _authors_where(self, surname: str, is_meant: Callable[[str], bool]) -> dict[str, set[int]]:
        """Return the authors with a surname whose key is meant."""
        sql = "SELECT label, paper FROM labels WHERE kind = 'name' AND label >= ? AND label < ?"
        found: dict[str, set[int]] = {}
        for label, paper in self.rows(sql, (surname, surname + "!")):  # "!" is after a blank and before letters
            if label in found or is_meant(label):
                found.setdefault(label, set()).add(paper)
        return found

    def papers_by(self, name: str) -> set[int]:
        """Return the papers of all authors that a name fits."""
        return {paper for papers in self.authors(name).values() for paper in papers}

    def author_named(self, key: str, papers: Iterable[int]) -> str:
        """Return the name of the author with a `name_key` as the first of some papers has it."""
        authors = (author for paper in self.described(sorted(papers)[:1]).values() for author in paper.authors)
        return next((author for author in authors if name_key(author) == key), key)

    def papers_in_venue(self, venue: str) -> set[int]:
        """Return the papers of the venue with this name; if there is none, of all whose name holds its words."""
        wanted = plain_name(venue)
        if not wanted:
            return set()
        sql = "SELECT paper FROM labels WHERE kind = 'venue' AND "
        rows = self.rows(sql + "label = ?", (wanted,)) or self.rows(
            sql + "instr(' ' || label || ' ', ?)", (f" {wanted} ",)
        )
        return {row[0] for row in rows}

    def papers_labelled(self, kind: str, label: str) -> set[int]:
        """Return the papers with a whole tag or collection, ignoring case."""
        sql = "SELECT paper FROM labels WHERE kind = ? AND label = ?"
        return {row[0] for row in self.rows(sql, (kind, label.casefold()))}

    def papers_without(self, field: str) -> set[int]:
        """Return the papers without a year, a venue or authors."""
        if field == "year":
            return {row[0] for row in self.rows("SELECT key FROM papers WHERE year IS NULL")}
        kind = {"authors": "name"}.get(field, field)
        sql = "SELECT key FROM papers WHERE key NOT IN (SELECT paper FROM labels WHERE kind = ?)"
        return {row[0] for row in self.rows(sql, (kind,))}

    def counts(self, field: str, papers: Collection[int] | None = None) -> list[tuple[str, int]]:
        """Return the values of a field, `name` (of authors), `venue` or `year`, by how many papers have them."""
        among = "" if papers is None else f" AND +paper IN ({LIST})"
        values = () if papers is None else (list_value(sorted(papers)),)
        if field == "year":
            among = among.replace("paper", "key")
            sql = f"SELECT CAST(year AS TEXT), count(*) FROM papers WHERE year IS NOT NULL{among} GROUP BY year"
        else:
            sql = f"SELECT label, count(*) FROM labels WHERE kind = '{field}'{among} GROUP BY label"
        return [(row[0], row[1]) for row in self.rows(f"{sql} ORDER BY 2 DESC, 1", values)]

    def papers_with(self, field: str, value: str) -> set[int]:
        """Return the papers with one of the values that `counts` returns."""
        if field == "year":
            return self.papers_of_years(int(value), int(value))
        sql = "SELECT paper FROM labels WHERE kind = ? AND label = ?"
        return {row[0] for row in self.rows(sql, (field, value))}

    def years_of(self, papers: Collection[int] | None) -> dict[int, int]:
        """Return how many papers each year has, oldest first; those without a year are left out."""
        return {int(year): count for year, count in sorted(self.counts("year", papers))}

    def in_order(self, papers: Collection[int] | None, most: int) -> list[int]:
        """Return the newest of some papers, or of all, newest first; those without a year come last."""
        order = "ORDER BY year DESC, key DESC LIMIT ?"
        if papers is None:
            rows = self.rows(f"SELECT key FROM papers {order}", (most,))
        else:
            among = f"{'+' if len(papers) > _FEW else ''}key IN ({LIST})"  # the plus sign: by the index of the years
            rows = self.rows(f"SELECT key FROM papers WHERE {among} {order}", (list_value(sorted(papers)), most))
        return [row[0] for row in rows]

    def count_without(self, field: str, papers: Collection[int] | None) -> int:
        """Return how many papers, of all or of some, have no year or no venue."""
        if papers is not None:
            return len(self.papers_without(field) & set(papers))
        sql = "SELECT (SELECT count(*) FROM papers) - (SELECT count(*) FROM labels WHERE kind = ?)"
        if field == "year":
            return int(self._value("SELECT count(*) FROM papers WHERE year IS NULL"))
        return int(self._value(sql, (field,)))

    def described(self, papers: Sequence[int]) -> dict[int, Paper]:
        """Return papers without texts and tables by key, in the order of `papers`; removed ones are left out."""
        rows = self._in("SELECT key, id, title, '' AS text, year, details FROM papers WHERE key IN ({})", papers)
        names = self.source_names(papers)
        found = {row["key"]: paper_of(row, names.get(row["key"], ())) for row in rows}
        return {key: found[key] for key in papers if key in found}

    def known_words(self, words: Sequence[str]) -> set[str]:
        """Return which of some words or phrases a paper holds, in any inflection."""
        sql = (
            "SELECT json_extract(value, '$[0]') FROM json_each(?) WHERE EXISTS "
            "(SELECT 1 FROM paper_words WHERE paper_words MATCH json_extract(value, '$[1]'))"
        )
        asked = [(word, quoted_term(word)) for word in dict.fromkeys(words) if word]
        return {row[0] for row in self.rows(sql, (json.dumps(asked),))}

    def vocabulary(self, prefix: str) -> list[str]:
        """Return the stems of the words of all papers that begin with some letters."""
        with translate_errors(self.path):
            self._db.execute("CREATE VIRTUAL TABLE IF NOT EXISTS temp.words USING fts5vocab(main, paper_words, row)")
        sql = "SELECT term FROM temp.words WHERE term >= ? AND term < ?"
        return [row[0] for row in self.rows(sql, (prefix, prefix[:-1] + chr(ord(prefix[-1]) + 1)))] if prefix else []

    def written_form(self, phrase: str) -> str | None:
        """Return a phrase as a paper writes it; None if no paper holds it."""
        match = quoted_term(phrase)
        row = self._one("SELECT rowid FROM chunk_words WHERE chunk_words MATCH ? LIMIT 1", (match,))
        texts = self._texts_of_chunk(row[0]) if row else self._title_with(match)
        marked = word_index.marked(match, texts, _OPEN, _CLOSE)
        found = re.search(f"{_OPEN}(.+?){_CLOSE}", marked or "")
        return found[1] if found else None

    def _texts_of_chunk(self, key: int) -> list[str]:
        """Return the text, the section and the paper's title of a chunk; nothing if it was removed."""
        sql = (
            "SELECT substr(p.text, c.start + 1, c.end - c.start), coalesce(c.section, ''), p.title "
            "FROM chunks c JOIN papers p ON p.key = c.paper WHERE c.key = ?"
        )
        return list(map(readable, self._one(sql, (key,)) or ()))

    def _title_with(self, match: str) -> list[str]:
        """Return a title that matches, of a paper that may have no chunk."""
        sql = "SELECT title FROM papers WHERE key = (SELECT rowid FROM paper_words WHERE paper_words MATCH ? LIMIT 1)"
        return [readable(row[0]) for row in self.rows(sql, (match,))]
