"""Search the record: the SQL of the word search (BM25), and chunks with their vectors and texts."""

import bisect
import itertools
import json
import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..text.kinds import BODY
from ..text.readable import readable
from ..types import Chunk, Paper, Table
from .database import LIST, list_value
from .removals import RemovalRecords
from .rows import chunk_of, paper_of, tables_of, undamaged
from .vectors import unpack

_MANY_PAPERS = 5000  # of a filter: it is quicker to find more rows of all papers, and leave out those of others
_SPARE = 1.5  # times as many rows as a filter would leave of the best, if it left as many of them as of all
_COMMON = 30_000  # rows that hold a common term; to score so many takes 20 ms


class _WordIndex(NamedTuple):
    """A word index, and the SQL that selects its rows for a list of papers."""

    table: str
    rows_of: str


_CHUNK_WORDS = _WordIndex("chunk_words", f"SELECT key FROM chunks WHERE paper IN ({LIST})")
_PAPER_WORDS = _WordIndex("paper_words", LIST)


class Candidates:
    """Chunks that may answer a question, with vectors and papers; a row for each chunk.

    Nothing is fetched or decoded twice: papers are decoded and texts fetched when they are first asked for.

    Attributes:
        keys, paper_keys: the keys of each row's chunk and paper.
        vectors, paper_vectors: (rows, dimensions).
        sentence_vectors: (sentences, dimensions); row i's are `first_sentence[i]` to `first_sentence[i + 1]`.
    """

    def __init__(
        self,
        chunks: list[sqlite3.Row],
        papers: dict[int, sqlite3.Row],
        names: dict[int, tuple[str, ...]],
        fetch_texts: Callable[[Sequence[int]], dict[int, str]],
    ) -> None:
        self._chunks, self._paper_rows, self._names, self._fetch_texts = chunks, papers, names, fetch_texts
        self._decoded: dict[int, Chunk] = {}
        self._papers: dict[int, Paper] = {}
        self._titles: dict[int, str] = {}
        self._sections: dict[int, list[tuple[int, int, str]]] = {}  # start, end, kind
        self._texts: dict[int, str | None] = {}  # of whole papers; None where it is gone
        self.keys: list[int] = [row["key"] for row in chunks]
        self.paper_keys: list[int] = [row["paper"] for row in chunks]
        lengths = [len(row["sentences"]) // 8 for row in chunks]
        self.first_sentence = np.concatenate([[0], np.cumsum(lengths)]).astype(int)
        with undamaged("a vector"):
            self.vectors = unpack(b"".join(row["vector"] for row in chunks), len(chunks))
            self.paper_vectors = unpack(b"".join(papers[key]["vector"] for key in self.paper_keys), len(chunks))
            self.sentence_vectors = unpack(b"".join(row["sentence_vectors"] for row in chunks), sum(lengths))

    def __len__(self) -> int:
        return len(self.keys)

    def chunk(self, row: int) -> Chunk:
        """Return the chunk of a row."""
        if row not in self._decoded:
            self._decoded[row] = chunk_of(self._chunks[row])
        return self._decoded[row]

    def length(self, row: int) -> int:
        """Return the number of characters of a row's chunk."""
        return int(self._chunks[row]["end"]) - int(self._chunks[row]["start"])

    def body_section(self, row: int) -> str | None:
        """Return the title of the chunk's section if it is body text; None in an abstract, a table, a caption, ..."""
        title = self._chunks[row]["section"]
        return str(title) if title is not None and self.kind(row) == BODY else None

    def kind(self, row: int) -> str:
        """Return the kind of text that a row's chunk is of (`text.kinds`)."""
        paper, at = self._chunks[row]["paper"], self._chunks[row]["start"]
        if paper not in self._sections:
            self._sections[paper] = sorted((s.start, s.end, s.kind) for s in self.paper(paper).sections)
        sections = self._sections[paper]
        found = bisect.bisect_right(sections, at, key=lambda each: each[0]) - 1
        return sections[found][2] if found >= 0 and at < sections[found][1] else BODY

    def paper(self, key: int) -> Paper:
        """Return the paper with this key, without its text."""
        if key not in self._papers:
            self._papers[key] = paper_of(self._paper_rows[key], self._names.get(key, ()))
        return self._papers[key]

    def readable_title(self, key: int) -> str:
        """Return the title of the paper with this key in readable form."""
        if key not in self._titles:
            self._titles[key] = readable(self.paper(key).title)
        return self._titles[key]

    def texts(self, rows: Sequence[int]) -> dict[int, str]:
        """Return the verbatim text of the chunks in some rows, by row; rows whose chunk was deleted are left out."""
        self._load_texts(rows)
        spans = {row: (self._chunks[row]["start"], self._chunks[row]["end"]) for row in rows}
        texts = {row: self._texts[self.paper_keys[row]] for row in rows}
        return {row: text[slice(*spans[row])] for row, text in texts.items() if text is not None}

    def paper_text(self, row: int) -> str:
        """Return the text of the paper in a row that `texts` returned."""
        text = self._texts[self.paper_keys[row]]
        assert text is not None
        return text

    def tables(self, row: int) -> tuple[Table, ...]:
        """Return the tables of the paper in a row that `texts` returned."""
        return tables_of(self._paper_rows[self.paper_keys[row]], len(self.paper_text(row)))

    def _load_texts(self, rows: Sequence[int]) -> None:
        if wanted := {self.paper_keys[row]: self.keys[row] for row in rows if self.paper_keys[row] not in self._texts}:
            self._texts |= dict.fromkeys(wanted) | self._fetch_texts(list(wanted.values()))


class SearchRecords(RemovalRecords):
    """The part of the record that is searched: word indexes and vectors."""

    def word_scores(self, terms: Sequence[str], limit: int, papers: Sequence[int] | None) -> dict[int, float]:
        """Return BM25 by chunk key for the best `limit` chunks that contain any of `terms`; larger is better."""
        return self._bm25(_CHUNK_WORDS, terms, limit, papers)

    def chunks_holding(self, terms: Sequence[str], chunks: Sequence[int]) -> dict[str, set[int]]:
        """Return for each term, stemmed, which of some chunks hold it in their text or heading."""
        sql = f"SELECT rowid FROM chunk_words WHERE chunk_words MATCH ? AND +rowid IN ({LIST})"
        keys = list_value(chunks)
        return {t: {row[0] for row in self.rows(sql, (f"{{section text}} : {quoted_term(t)}", keys))} for t in terms}

    def paper_word_scores(self, terms: Sequence[str], limit: int, papers: Sequence[int] | None) -> dict[int, float]:
        """Return BM25 by paper key, each paper scored as a whole."""
        return self._bm25(_PAPER_WORDS, terms, limit, papers)

    def _bm25(
        self, index: _WordIndex, terms: Sequence[str], limit: int, papers: Sequence[int] | None
    ) -> dict[int, float]:
        """Return BM25 by row of a word index, of all rows or those of some papers, best first."""
        if not terms or papers is None:
            return self._scored(index, terms, limit)
        if len(papers) > _MANY_PAPERS:
            wanted = set(papers)
            among = int(_SPARE * limit * max(self._value("SELECT count(*) FROM papers") / len(wanted), 1))
            found = self._scored(index, terms, among)
            owners = self.owners(list(found)) if index is _CHUNK_WORDS else {key: key for key in found}
            kept = {key: score for key, score in found.items() if owners.get(key) in wanted}
            if len(kept) >= limit or len(found) < among:
                return dict(itertools.islice(kept.items(), limit))
        # The plus sign keeps SQLite from running the match once for each row of the list.
        return self._scored(index, terms, limit, f" AND +rowid IN ({index.rows_of})", (list_value(papers),))

    def _scored(
        self, index: _WordIndex, terms: Sequence[str], limit: int, where: str = "", values: Sequence[Any] = ()
    ) -> dict[int, float]:
        """Return BM25 by row for the best rows that contain any of `terms`, best first."""
        table = index.table
        sql = f"SELECT rowid, -bm25({table}) FROM {table} WHERE {table} MATCH ?{where} ORDER BY 2 DESC LIMIT ?"
        found: dict[int, float] = {}
        for match in self._matches(table, [quoted_term(term) for term in terms], limit, found):
            for row, score in self.rows(sql, (match, *values, limit)):
                found[row] = max(found.get(row, score), score)
        return dict(sorted(found.items(), key=lambda each: (-each[1], each[0]))[:limit])

    def _matches(self, table: str, terms: Sequence[str], limit: int, found: Collection[int]) -> Iterator[str]:
        """Yield queries that together find the best rows with any of some terms; `found` are those found so far.

        BM25 adds up over terms, so a row's score is the largest that one of the queries gives it. A row in a large
        index is not found, and not scored, that holds only some common terms: it would take longest and rank low.
        """
        common = [term for term in terms if self._is_common(table, term)] if len(terms) > 1 else []
        rare = " OR ".join(term for term in terms if term not in common)
        if rare:
            yield rare
        if rare and common:
            yield f"({rare}) AND ({' OR '.join(common)})"
        if len(common) > 1:
            yield " AND ".join(common)
        if not rare:
            for left_out in common:
                if len(found) >= limit:
                    return
                yield " AND ".join(term for term in common if term != left_out)

    def _is_common(self, table: str, term: str) -> bool:
        sql = f"SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {table} MATCH ? LIMIT ?)"
        return bool(self._value(sql, (term, _COMMON)) == _COMMON)

    def document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """Return for each term, stemmed, how many papers contain it."""
        sql = (
            "SELECT (SELECT count(*) FROM paper_words WHERE paper_words MATCH term.value) "
            "FROM json_each(?) AS term ORDER BY term.key"
        )
        return [row[0] for row in self.rows(sql, (json.dumps([quoted_term(term) for term in terms]),))]

    def is_indexed(self, table: str, row: int, title: str) -> bool:
        """Return whether a word index has a title in a row; True of a title without words."""
        match = f"title : {quoted_term(readable(title))}"
        sql = f"SELECT 1 FROM {table} WHERE {table} MATCH ? AND rowid = ?"
        return not any(map(str.isalnum, title)) or bool(self.rows(sql, (match, row)))

    def candidates(self, keys: Sequence[int]) -> Candidates:
        """Return chunks with vectors and papers; keys that no longer exist are left out."""
        chunks = self._in("SELECT * FROM chunks WHERE key IN ({})", keys)
        wanted = sorted({row["paper"] for row in chunks})
        columns = "key, id, title, '' AS text, year, details, vector"  # texts are long: see paper_texts
        rows = self._in(f"SELECT {columns} FROM papers WHERE key IN ({{}})", wanted)
        papers = {row["key"]: row for row in rows}
        present = [row for row in chunks if row["paper"] in papers]
        return Candidates(present, papers, self.source_names(wanted), self.paper_texts)

    def paper_texts(self, chunks: Sequence[int]) -> dict[int, str]:
        """Return the texts of the papers that hold some chunks, by paper key.

        A paper that is updated gets new chunks with new keys: the spans of a chunk that is there fit the text.
        """
        sql = "SELECT p.key, p.text FROM chunks c JOIN papers p ON p.key = c.paper WHERE c.key IN ({})"
        return {row[0]: row[1] for row in self._in(sql, chunks)}

    def vectors(self, after: int = 0, batch: int = 5000) -> Iterator[tuple[list[int], list[int], NDArray[np.float32]]]:
        """Yield (keys, paper keys, vectors) of the chunks with a key above `after`, in batches."""
        while rows := self.rows(
            "SELECT key, paper, vector FROM chunks WHERE key > ? ORDER BY key LIMIT ?", (after, batch)
        ):
            with undamaged("a vector"):
                matrix = unpack(b"".join(row["vector"] for row in rows), len(rows))
            yield [row["key"] for row in rows], [row["paper"] for row in rows], matrix
            after = rows[-1]["key"]

    def vectors_of(self, papers: Sequence[int], most: int) -> tuple[list[int], NDArray[np.float32]] | None:
        """Return the keys and vectors of all chunks of some papers; None if there are more than `most`."""
        if len(papers) > most:
            return None
        sql = f"SELECT key, vector FROM chunks WHERE paper IN ({LIST}) LIMIT ?"
        rows = self.rows(sql, (list_value(papers), most + 1))
        if len(rows) > most:
            return None
        with undamaged("a vector"):
            return [row["key"] for row in rows], unpack(b"".join(row["vector"] for row in rows), len(rows))

    def owners(self, chunks: Sequence[int]) -> dict[int, int]:
        """Return the papers of those of some chunks that still exist."""
        return {row[0]: row[1] for row in self._in("SELECT key, paper FROM chunks WHERE key IN ({})", chunks)}

    def chunks_of(self, papers: Sequence[int], most: int) -> list[int] | None:
        """Return the keys of all chunks of some papers; None if there are more than `most`."""
        sql = f"SELECT key FROM chunks WHERE paper IN ({LIST}) ORDER BY key LIMIT ?"
        keys = [row[0] for row in self.rows(sql, (list_value(papers), most + 1))]
        return keys if len(keys) <= most else None

    def chunk_keys(self, among: Sequence[int] | None = None) -> set[int]:
        """Return the keys of all chunks, or those of some keys that still exist."""
        sql = "SELECT key FROM chunks"
        return {row[0] for row in (self.rows(sql) if among is None else self._in(f"{sql} WHERE key IN ({{}})", among))}


def quoted_term(term: str) -> str:
    """Return a word or phrase for an FTS5 query."""
    return '"' + term.replace('"', '""') + '"'
