"""What the record gives to a search: BM25 of words, chunks with their vectors, and their texts."""

from __future__ import annotations

import bisect
import json
import sqlite3
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from ..types import Chunk, Paper
from .database import LIST, list_value
from .removals import RemovalRecords
from .rows import chunk_of, paper_of, undamaged


class Candidates:
    """Chunks that may answer a question, with their vectors; a row each.

    `vectors` and `paper_vectors` are (rows, dimensions); the vectors of row i's sentences are
    `sentence_vectors[first_sentence[i]:first_sentence[i + 1]]`. Papers come without their texts.
    """

    def __init__(
        self, chunks: list[sqlite3.Row], papers: dict[int, sqlite3.Row], names: dict[int, tuple[str, ...]]
    ) -> None:
        self._chunks, self._papers, self._names = chunks, papers, names
        self._sections: dict[int, list[tuple[int, int, str]]] = {}  # of papers asked for: start, end, kind
        self.keys: list[int] = [row["key"] for row in chunks]
        self.paper_keys: list[int] = [row["paper"] for row in chunks]
        lengths = [len(row["sentences"]) // 8 for row in chunks]
        self.first_sentence = np.concatenate([[0], np.cumsum(lengths)]).astype(int)
        self.vectors = _matrix([row["vector"] for row in chunks], "<f4", len(chunks))
        self.paper_vectors = _matrix([papers[key]["vector"] for key in self.paper_keys], "<f4", len(chunks))
        self.sentence_vectors = _matrix([row["sentence_vectors"] for row in chunks], "<f2", sum(lengths))

    def __len__(self) -> int:
        return len(self.keys)

    def chunk(self, row: int) -> Chunk:
        """The chunk of a row."""
        return chunk_of(self._chunks[row])

    def body_section(self, row: int) -> str | None:
        """The title of the section that a chunk is running text of; None in an abstract, a table, a caption, ..."""
        chunk = self._chunks[row]
        if chunk["section"] is None:
            return None
        if chunk["paper"] not in self._sections:
            with undamaged(f"the metadata of the paper {self._papers[chunk['paper']]['id']}"):
                self._sections[chunk["paper"]] = sorted(
                    (start, end, kind)
                    for _, start, end, kind in json.loads(self._papers[chunk["paper"]]["details"])["sections"]
                )
        sections = self._sections[chunk["paper"]]
        start, end, kind = sections[bisect.bisect_right(sections, chunk["start"], key=lambda each: each[0]) - 1]
        return str(chunk["section"]) if kind == "body" and start <= chunk["start"] < end else None

    def length(self, row: int) -> int:
        """How many characters a row's chunk has."""
        return int(self._chunks[row]["end"]) - int(self._chunks[row]["start"])

    def paper(self, key: int) -> Paper:
        """The paper with this key, without its text."""
        return paper_of(self._papers[key], self._names.get(key, ()))


def _matrix(blobs: list[bytes], kind: str, rows: int) -> NDArray[np.float32]:
    """Return vectors, (rows, dimensions). Raise LibraryError where the bytes are not of so many rows."""
    data = b"".join(blobs)
    if not rows and not data:
        return np.zeros((0, 0), np.float32)
    with undamaged("a vector"):
        return (
            np.frombuffer(data, kind)
            .reshape(rows, len(data) // (rows * np.dtype(kind).itemsize))
            .astype(np.float32, copy=False)
        )


class SearchRecords(RemovalRecords):
    """The part of the record that is searched."""

    def word_scores(self, terms: Sequence[str], limit: int, papers: Sequence[int] | None) -> dict[int, float]:
        """BM25 of the chunks that hold any of `terms`, by chunk key, best `limit` only; larger is better."""
        chunks = f"SELECT key FROM chunks WHERE paper IN ({LIST})"
        return self._bm25("chunk_words", "1.0, 1.0, 1.0", terms, limit, chunks, papers)

    def paper_word_scores(self, terms: Sequence[str], limit: int, papers: Sequence[int] | None) -> dict[int, float]:
        """BM25 of the papers as wholes, by paper key; larger is better."""
        return self._bm25("paper_words", "1.0, 1.0", terms, limit, LIST, papers)

    def _bm25(
        self, table: str, weights: str, terms: Sequence[str], limit: int, among: str, papers: Sequence[int] | None
    ) -> dict[int, float]:
        """BM25 of the rows of a table of words; only those that `among` selects for `papers`, where they are given."""
        if not terms:
            return {}
        match = " OR ".join('"' + term.replace('"', '""') + '"' for term in terms)
        # Without the plus sign SQLite runs the whole match again for each row of the list.
        where = "" if papers is None else f" AND +rowid IN ({among})"
        values = (match,) if papers is None else (match, list_value(papers))
        sql = (
            f"SELECT rowid, -bm25({table}, {weights}) FROM {table} WHERE {table} MATCH ?{where} ORDER BY 2 DESC LIMIT ?"
        )
        return {row[0]: row[1] for row in self.rows(sql, (*values, limit))}

    def document_frequencies(self, terms: Sequence[str]) -> list[int]:
        """In how many papers each term occurs (after stemming)."""
        sql = "SELECT count(*) FROM paper_words WHERE paper_words MATCH ?"
        counts = []
        for term in terms:
            row = self._one(sql, ('"' + term.replace('"', '""') + '"',))
            counts.append(int(row[0]) if row else 0)
        return counts

    def chunk_keys_of(self, papers: Sequence[int]) -> list[int]:
        """The keys of all chunks of some papers."""
        return [row[0] for row in self._in("SELECT key FROM chunks WHERE paper IN ({})", papers)]

    def candidates(self, keys: Sequence[int]) -> Candidates:
        """Chunks with vectors and papers; keys that are no longer there are left out."""
        chunks = self._in("SELECT * FROM chunks WHERE key IN ({})", keys)
        wanted = sorted({row["paper"] for row in chunks})
        columns = "key, id, title, '' AS text, year, details, vector"  # texts are long: see chunk_texts
        rows = self._in(f"SELECT {columns} FROM papers WHERE key IN ({{}})", wanted)
        papers = {row["key"]: row for row in rows}
        present = [row for row in chunks if row["paper"] in papers]
        return Candidates(present, papers, self.source_names(wanted))

    def chunk_texts(self, keys: Sequence[int]) -> dict[int, str]:
        """The verbatim text of chunks by key."""
        sql = (
            "SELECT c.key, substr(p.text, c.start + 1, c.end - c.start) FROM chunks c JOIN papers p ON p.key = c.paper "
            "WHERE c.key IN ({})"
        )
        return {row[0]: row[1] for row in self._in(sql, keys)}

    def vectors(self, after: int = 0, batch: int = 5000) -> Iterator[tuple[list[int], list[int], NDArray[np.float32]]]:
        """The chunks' (keys, papers' keys, vectors) in batches, those with a key above `after`."""
        while rows := self.rows(
            "SELECT key, paper, vector FROM chunks WHERE key > ? ORDER BY key LIMIT ?", (after, batch)
        ):
            matrix = _matrix([row["vector"] for row in rows], "<f4", len(rows))
            yield [row["key"] for row in rows], [row["paper"] for row in rows], matrix
            after = rows[-1]["key"]

    def chunk_keys(self, among: Sequence[int] | None = None) -> set[int]:
        """The keys of all chunks, or of those among some keys that are still there."""
        sql = "SELECT key FROM chunks"
        return {row[0] for row in (self.rows(sql) if among is None else self._in(f"{sql} WHERE key IN ({{}})", among))}
