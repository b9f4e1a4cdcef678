"""Read and write the papers of a library's record.

The record is one SQLite file: papers, sources, chunks with their vectors, the word index and saved answers. Everything
else in a library's folder is derived from it, except uploaded files.
"""

import json
import secrets
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import UnknownPaper
from ..text.readable import folded
from ..types import Chunk, Paper, PaperRef
from . import word_index
from .database import LIST
from .derived import put_listing
from .listing import ListingRecords
from .rows import details_of, pack_boxes, paper_of, put_labels, undamaged, unpack_boxes, work_names
from .search import Candidates
from .sources import NOT_FOUND, PARTLY, Failed, StoredSource
from .vectors import pack

__all__ = ["NOT_FOUND", "PARTLY", "Candidates", "Failed", "Records", "Stored", "StoredChunk", "StoredSource"]

_PAPER_COLUMNS = "key, id, title, text, year, details"


class Stored(NamedTuple):
    """When a paper was added, in ISO form, and how many chunks it has."""

    added: str
    chunks: int


class StoredChunk(NamedTuple):
    """A chunk with its vectors: `vector` (dimensions,), `sentence_vectors` (sentences, dimensions)."""

    chunk: Chunk
    vector: NDArray[np.float32]
    sentence_vectors: NDArray[np.float32]


class Records(ListingRecords):
    """The record of a library: its papers, and by inheritance their sources, removals, search, filters and lists."""

    def count(self) -> dict[str, int]:
        """Return how many papers, chunks and sources there are."""
        return {table: self._value(f"SELECT count(*) FROM {table}") for table in ("papers", "chunks", "sources")}

    def count_papers(self) -> int:
        """Return the number of papers."""
        return int(self._value("SELECT count(*) FROM papers"))

    def first_papers(self, most: int) -> list[int]:
        """Return the keys of the first papers, at most `most`."""
        return [row[0] for row in self.rows("SELECT key FROM papers ORDER BY key LIMIT ?", (most,))]

    def count_chunks(self, after: int = 0) -> int:
        """Return how many chunks have a key above `after`."""
        if not after:  # counted in an index, which is much smaller than the table
            return int(self._value("SELECT count(*) FROM chunks"))
        return int(self._value("SELECT count(*) FROM chunks WHERE key > ?", (after,)))

    def searched(self) -> dict[str, int]:
        """Return what a question searches: papers, how many of them are abstracts only, and files that failed."""
        sql = (
            "SELECT (SELECT count(*) FROM papers), (SELECT count(*) FROM papers "
            "WHERE json_extract(details, '$.brief')), "
            "(SELECT count(*) FROM failures WHERE digest <> ? AND instr(digest, ?) <> 1)"
        )
        return dict(zip(("papers", "brief", "failed"), self.rows(sql, (NOT_FOUND, PARTLY))[0], strict=True))

    # Reading papers

    def papers(self) -> list[Paper]:
        """Return all papers in the order in which they were added, without texts and tables."""
        rows = self.rows("SELECT key, id, title, '' AS text, year, details FROM papers ORDER BY key")
        names = self.source_names()
        return [paper_of(row, names.get(row["key"], ())) for row in rows]

    def paper(self, name: str) -> Paper:
        """Return the paper with this name and its text. Raise UnknownPaper or AmbiguousPaper as `paper_key` does."""
        paper = self.at(self.paper_key(name))
        if paper is None:
            raise UnknownPaper(f"The paper {name!r} was just removed.")
        return paper

    def at(self, key: int) -> Paper | None:
        """Return the paper with this key and its text, or None if it was removed."""
        row = self._one(f"SELECT {_PAPER_COLUMNS} FROM papers WHERE key = ?", (key,))
        return None if row is None else paper_of(row, self.source_names([key]).get(key, ()))

    def stored(self, ids: Sequence[str]) -> dict[str, Stored]:
        """Return when papers were added and how many chunks they have, by paper id."""
        sql = (
            f"SELECT id, added, (SELECT count(*) FROM chunks WHERE paper = papers.key) FROM papers WHERE id IN ({LIST})"
        )
        return {row[0]: Stored(row[1], row[2]) for row in self.rows(sql, (json.dumps(list(ids)),))}

    def keys_of(self, ids: Collection[str]) -> list[int]:
        """Return the keys of the papers with some ids."""
        return [row[0] for row in self.rows(f"SELECT key FROM papers WHERE id IN ({LIST})", (json.dumps(list(ids)),))]

    def ids(self, among: Sequence[str]) -> set[str]:
        """Return which of some ids belong to papers."""
        return {row[0] for row in self.rows(f"SELECT id FROM papers WHERE id IN ({LIST})", (json.dumps(list(among)),))}

    def refs(self, keys: Sequence[int]) -> dict[int, PaperRef]:
        """Return ids and titles of papers by key."""
        rows = self._in("SELECT key, id, title FROM papers WHERE key IN ({})", keys)
        return {row["key"]: PaperRef(row["id"], row["title"]) for row in rows}

    def brief_papers(self) -> set[int]:
        """Return the keys of the papers that are abstracts only so far."""
        return {row[0] for row in self.rows("SELECT key FROM papers WHERE json_extract(details, '$.brief')")}

    def readings(self) -> dict[tuple[str, str], int]:
        """Return the papers' keys by what was read from their sources: (folded title, digest of the text)."""
        rows = self.rows("SELECT read_title, read_digest, key FROM papers")
        return {(row["read_title"], row["read_digest"]): row["key"] for row in rows}

    def reading(self, key: int) -> tuple[str, str] | None:
        """Return a paper's (folded title, digest of the text) as read from its source, or None if it was removed."""
        row = self._one("SELECT read_title, read_digest FROM papers WHERE key = ?", (key,))
        return None if row is None else (row[0], row[1])

    def corrections(self, key: int) -> dict[str, Any]:
        """Return the fields of a paper that the user has set."""
        row = self._one("SELECT corrections FROM papers WHERE key = ?", (key,))
        with undamaged("a correction of a paper's metadata"):
            return dict(json.loads(row[0])) if row else {}

    def works(self, papers: Iterable[int]) -> dict[int, int]:
        """Return for each paper the key of one version of its work; versions of the same work get the same key."""
        work = {key: key for key in papers}
        first_with: dict[str, int] = {}
        for row in self._in("SELECT paper, name FROM works WHERE paper IN ({})", sorted(work)):
            one, other = work[row["paper"]], work[first_with.setdefault(row["name"], row["paper"])]
            if one != other:
                work = {key: other if each == one else each for key, each in work.items()}
        return work

    def boxes(self, key: int, start: int, end: int) -> NDArray[np.uint16]:
        """Return the boxes of the characters of a span, (characters, 4) as `Paper.boxes`; no rows if unknown."""
        row = self._one("SELECT shift, packed FROM boxes WHERE paper = ?", (key,))
        if row is None:
            return np.zeros((0, 4), np.uint16)
        boxes = np.zeros((max(end - start, 0), 4), np.uint16)
        first = start + row["shift"]  # index into the stored boxes
        known = unpack_boxes(row["packed"])[max(first, 0) : max(first + len(boxes), 0)]
        boxes[max(-first, 0) : max(-first, 0) + len(known)] = known
        return boxes

    # Writing papers

    def put_paper(
        self,
        db: sqlite3.Connection,
        paper: Paper,
        vector: NDArray[np.float32],
        chunks: Sequence[StoredChunk],
        *,
        reading: tuple[str, str],
        corrections: dict[str, Any],
        key: int | None = None,
    ) -> int:
        """Store a paper with its chunks and return its key; `key` is that of its old version, which it replaces."""
        if key is None:  # another process may have stored the same paper
            sql = "SELECT key FROM papers WHERE read_title = ? AND read_digest = ?"
            if row := db.execute(sql, reading).fetchone():
                return int(row[0])
        values = (
            *(paper.title, folded(paper.title), *reading, paper.text, paper.year, details_of(paper)),
            *(json.dumps(corrections, ensure_ascii=False), pack(vector[None])),
        )
        if key is None:
            cursor = db.execute(
                "INSERT INTO papers (title, folded_title, read_title, read_digest, text, year, details, corrections, "
                "vector, id, added) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, secrets.token_hex(6), datetime.now(UTC).isoformat(timespec="seconds")),
            )
            key = int(cursor.lastrowid or 0)
        else:
            self._remove_chunks(db, key)
            db.execute(  # the boxes stay; a new title shifts the text against them
                "UPDATE boxes SET shift = shift - ? + (SELECT length(text) FROM papers WHERE key = ?) WHERE paper = ?",
                (len(paper.text), key, key),
            )
            db.execute(
                "UPDATE papers SET title = ?, folded_title = ?, read_title = ?, read_digest = ?, text = ?, year = ?, "
                "details = ?, corrections = ?, vector = ? WHERE key = ?",
                (*values, key),
            )
        self._put_names(db, key, paper)
        if paper.boxes is not None:
            db.execute("INSERT OR REPLACE INTO boxes VALUES (?, 0, ?)", (key, pack_boxes(paper.boxes)))
        db.executemany(
            "INSERT INTO chunks (paper, start, end, page, page_label, section, sentences, vector, sentence_vectors) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (_chunk_values(key, *chunk) for chunk in chunks),
        )
        word_index.add_paper(db, key)
        return key

    def put_details(self, db: sqlite3.Connection, key: int, paper: Paper, corrections: dict[str, Any]) -> None:
        """Store new metadata of a paper whose title and text stay the same."""
        db.execute(
            "UPDATE papers SET year = ?, details = ?, corrections = ? WHERE key = ?",
            (paper.year, details_of(paper), json.dumps(corrections, ensure_ascii=False), key),
        )
        self._put_names(db, key, paper)

    def _put_names(self, db: sqlite3.Connection, key: int, paper: Paper) -> None:
        fields = ("authors", "tags", "collections", "venue", "citekey")
        values = {name: getattr(paper, name) for name in fields}
        put_labels(db, key, values)
        put_listing(db, key, paper.title, paper.year, values)
        db.execute("DELETE FROM works WHERE paper = ?", (key,))
        db.executemany("INSERT INTO works VALUES (?, ?)", [(key, name) for name in work_names(paper)])

    def remove_paper(self, db: sqlite3.Connection, key: int) -> None:
        """Remove a paper with its chunks and entries; call `word_index.overwrite_removed` after the last one."""
        self._remove_chunks(db, key)
        db.execute("DELETE FROM papers WHERE key = ?", (key,))

    def _remove_chunks(self, db: sqlite3.Connection, key: int) -> None:
        word_index.remove_paper(db, key)
        db.execute("DELETE FROM chunks WHERE paper = ?", (key,))


def _chunk_values(
    paper: int, chunk: Chunk, vector: NDArray[np.float32], sentence_vectors: NDArray[np.float32]
) -> tuple[Any, ...]:
    return (
        *(paper, chunk.start, chunk.end, chunk.page, chunk.page_label, chunk.section),
        np.array(chunk.sentences, "<i4").tobytes(),
        pack(vector[None]),
        pack(sentence_vectors),
    )
