"""The record: one SQLite file with papers, sources, chunks, their vectors and the word index. All else is derived."""

from __future__ import annotations

import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .. import arguments
from ..errors import AmbiguousPaper, UnknownPaper
from ..filters import Filters
from ..text.readable import folded, readable
from ..types import Chunk, Paper, PaperRef, Span
from .database import LIST
from .rows import chunk_of, details_of, merged, pack_boxes, paper_of, undamaged, unpack_boxes, work_names
from .schema import SECURE_DELETE_FROM, optimize_words, put_labels, renew_words
from .search import Candidates, SearchRecords
from .sources import NOT_FOUND, PARTLY, Failed, StoredSource

__all__ = ["NOT_FOUND", "PARTLY", "Candidates", "Failed", "Records", "Stored", "StoredChunk", "StoredSource"]

_IN_SOURCES = "key IN (SELECT e.paper FROM entries e JOIN sources s ON s.key = e.source WHERE {})"
_CITEKEY = "json_extract(details, '$.citekey')"
# What a paper is named by, each tried only where the one before fits none: what is exact goes before what is not.
_NAMED_BY = (
    "id = :name",
    f"folded_title = :folded OR {_CITEKEY} = :name OR {_IN_SOURCES.format('s.name = :name OR s.location = :path')}",
    f"{_CITEKEY} = :name COLLATE NOCASE OR {_IN_SOURCES.format('s.name = :name COLLATE NOCASE')}",
    "instr(folded_title, :folded) > 0",
)
_LISTED = 10  # papers that are listed where a name fits several


class Stored(NamedTuple):
    """When a paper came, in ISO form, and how many chunks it has."""

    added: str
    chunks: int


class StoredChunk(NamedTuple):
    """A chunk with its vectors: `vector` (dimensions,), `sentence_vectors` (sentences, dimensions)."""

    chunk: Chunk
    vector: NDArray[np.float32]
    sentence_vectors: NDArray[np.float32]


class Records(SearchRecords):
    """The record of a library: its papers, and by inheritance their sources and what is searched."""

    def count(self) -> dict[str, int]:
        """How many papers, chunks and sources there are."""
        tables = ("papers", "chunks", "sources")
        row = self._one("SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables))
        assert row is not None
        return dict(zip(tables, row, strict=True))

    def count_papers(self) -> int:
        """Return the number of papers."""
        row = self._one("SELECT count(*) FROM papers")
        assert row is not None
        return int(row[0])

    def count_chunks(self, after: int = 0) -> int:
        """How many chunks have a key above `after`."""
        row = self._one("SELECT count(*) FROM chunks WHERE key > ?", (after,))
        assert row is not None
        return int(row[0])

    def brief_papers(self) -> set[int]:
        """The keys of the papers of which only the abstract was read so far."""
        return {row[0] for row in self.rows("SELECT key FROM papers WHERE json_extract(details, '$.brief')")}

    def searched(self) -> dict[str, int]:
        """What a question is put to: papers, how many of them are abstracts so far, and files that failed."""
        row = self._one(
            "SELECT (SELECT count(*) FROM papers), (SELECT count(*) FROM papers "
            "WHERE json_extract(details, '$.brief')), "
            "(SELECT count(*) FROM failures WHERE digest <> ? AND instr(digest, ?) <> 1)",
            (NOT_FOUND, PARTLY),
        )
        assert row is not None
        return dict(zip(("papers", "brief", "failed"), row, strict=True))

    def papers(self) -> list[Paper]:
        """All papers in the order in which they came, without their texts."""
        rows = self.rows("SELECT key, id, title, '' AS text, year, details FROM papers ORDER BY key")
        names = self.source_names()
        return [paper_of(row, names.get(row["key"], ())) for row in rows]

    def stored(self, ids: Sequence[str]) -> dict[str, Stored]:
        """Return when each of at most 32,000 papers came and how many chunks it has, by the paper's id."""
        sql = "SELECT id, added, (SELECT count(*) FROM chunks WHERE paper = papers.key) FROM papers WHERE id IN "
        return {row[0]: Stored(row[1], row[2]) for row in self.rows(f"{sql}({', '.join('?' * len(ids))})", ids)}

    def paper(self, name: str) -> Paper:
        """The paper that `name` names, with its text; see `paper_key`.

        Raises:
            UnknownPaper, AmbiguousPaper: none fits, or several do.
        """
        paper = self.at(self.paper_key(name))
        if paper is None:
            raise UnknownPaper(f"The paper {name!r} was removed a moment ago.")
        return paper

    def paper_key(self, name: str) -> int:
        """The key of the paper with this id; else title, citekey, file name or path; else part of a title.

        Raises:
            UnknownPaper, AmbiguousPaper: none fits, or several do; the message lists their ids and titles.
        """
        arguments.text("paper", name)  # that it is a text; blanks in it may be those of a file's name
        name = name.encode("utf-8", "replace").decode()  # half of a surrogate pair would be refused by SQLite
        values = {"name": name.strip(), "folded": folded(name), "path": os.path.abspath(os.path.expanduser(name))}
        for condition in _NAMED_BY if values["folded"] else ():
            rows = self.rows(f"SELECT key, id, title FROM papers WHERE {condition} ORDER BY key", values)
            if len(rows) > 1:
                raise AmbiguousPaper(_several(name, rows))
            if rows:
                return int(rows[0]["key"])
        raise UnknownPaper(
            f"No paper in this library has the id, title, citekey or file name {name!r}, and no title contains it. "
            "`footnote list` shows them all."
        )

    def readings(self) -> dict[tuple[str, str], int]:
        """The papers' keys by what their sources gave: (folded title, digest of the text)."""
        rows = self.rows("SELECT read_title, read_digest, key FROM papers")
        return {(row["read_title"], row["read_digest"]): row["key"] for row in rows}

    def refs(self, keys: Sequence[int]) -> dict[int, PaperRef]:
        """Ids and titles of papers by key."""
        rows = self._in("SELECT key, id, title FROM papers WHERE key IN ({})", keys)
        return {row["key"]: PaperRef(row["id"], row["title"]) for row in rows}

    def ids(self, among: Sequence[str]) -> set[str]:
        """Return those of some ids that papers have."""
        rows = self.rows(f"SELECT id FROM papers WHERE id IN ({LIST})", (json.dumps(list(among)),))
        return {row[0] for row in rows}

    def corrections(self, key: int) -> dict[str, Any]:
        """The fields of a paper that a person has set."""
        row = self._one("SELECT corrections FROM papers WHERE key = ?", (key,))
        with undamaged("a correction of a paper's metadata"):
            return dict(json.loads(row[0])) if row else {}

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
        """Stores a paper with its chunks, as a new one or, with `key`, in place of its old version; returns the key."""
        if key is None:  # another process may have stored the same meanwhile
            sql = "SELECT key FROM papers WHERE read_title = ? AND read_digest = ?"
            if row := db.execute(sql, reading).fetchone():
                return int(row[0])
        details = details_of(paper)
        values = (
            *(paper.title, folded(paper.title), *reading, paper.text, paper.year, details),
            *(json.dumps(corrections, ensure_ascii=False), vector.astype("<f4").tobytes()),
        )
        if key is None:
            cursor = db.execute(
                "INSERT INTO papers (title, folded_title, read_title, read_digest, text, year, details, corrections, "
                "vector, id, added) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (*values, secrets.token_hex(6), datetime.now(UTC).isoformat(timespec="seconds")),
            )
            key = int(cursor.lastrowid or 0)
        else:
            db.execute(  # the boxes stay where they are; where the title became longer, the text is moved against them
                "UPDATE boxes SET shift = shift - ? + (SELECT length(text) FROM papers WHERE key = ?) WHERE paper = ?",
                (len(paper.text), key, key),
            )
            db.execute(
                "UPDATE papers SET title = ?, folded_title = ?, read_title = ?, read_digest = ?, text = ?, year = ?, "
                "details = ?, corrections = ?, vector = ? WHERE key = ?",
                (*values, key),
            )
            self._remove_chunks(db, key)
        self._put_names(db, key, paper)
        if paper.boxes is not None:
            db.execute("INSERT OR REPLACE INTO boxes VALUES (?, 0, ?)", (key, pack_boxes(paper.boxes)))
        for chunk, chunk_vector, sentence_vectors in chunks:
            db.execute(
                "INSERT INTO chunks (paper, start, end, page, page_label, section, sentences, vector, "
                "sentence_vectors) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(key, chunk.start, chunk.end, chunk.page, chunk.page_label, chunk.section),
                    np.array(chunk.sentences, "<i4").tobytes(),
                    chunk_vector.astype("<f4").tobytes(),
                    sentence_vectors.astype("<f2").tobytes(),
                ),
            )
        self._put_words(db, key, paper.title, paper.text)
        return key

    def _put_words(self, db: sqlite3.Connection, key: int, title: str, text: str) -> None:
        """Index the words of a paper and of its chunks, as they are stored."""
        chunks = [(row["key"], chunk_of(row)) for row in db.execute("SELECT * FROM chunks WHERE paper = ?", (key,))]
        spans = [Span(0, len(title)), *merged([chunk for _, chunk in chunks])]
        searched = readable("\n\n".join(text[a:b] for a, b in spans))
        db.execute("INSERT INTO paper_words (rowid, title, text) VALUES (?, ?, ?)", (key, readable(title), searched))
        db.executemany(
            "INSERT INTO chunk_words (rowid, title, section, text) VALUES (?, ?, ?, ?)",
            [(k, readable(title), readable(c.section or ""), readable(text[c.start : c.end])) for k, c in chunks],
        )

    def rebuild_words(self) -> None:
        """Make the word index again from the papers, whatever state it is in."""
        with self.transaction(of_papers=False) as db:
            renew_words(db)
            for (key,) in db.execute("SELECT key FROM papers ORDER BY key").fetchall():
                title, text = db.execute("SELECT title, text FROM papers WHERE key = ?", (key,)).fetchone()
                self._put_words(db, key, title, text)

    def put_details(self, db: sqlite3.Connection, key: int, paper: Paper, corrections: dict[str, Any]) -> None:
        """Stores corrected metadata of a paper whose title and text stay as they are."""
        details = details_of(paper)
        db.execute(
            "UPDATE papers SET year = ?, details = ?, corrections = ? WHERE key = ?",
            (paper.year, details, json.dumps(corrections, ensure_ascii=False), key),
        )
        self._put_names(db, key, paper)

    def _put_names(self, db: sqlite3.Connection, key: int, paper: Paper) -> None:
        """Store what a paper shares with other versions of it, and what it is filtered by."""
        put_labels(db, key, {"authors": paper.authors, "tags": paper.tags, "collections": paper.collections})
        db.execute("DELETE FROM works WHERE paper = ?", (key,))
        db.executemany("INSERT INTO works VALUES (?, ?)", [(key, name) for name in work_names(paper)])

    def works(self, papers: Iterable[int]) -> dict[int, int]:
        """The work that each of some papers is a version of, by the key of one of its versions."""
        work = {key: key for key in papers}
        named: dict[str, int] = {}
        for row in self._in("SELECT paper, name FROM works WHERE paper IN ({})", sorted(work)):
            one, other = work[row["paper"]], work[named.setdefault(row["name"], row["paper"])]
            if one != other:
                work = {key: other if each == one else each for key, each in work.items()}
        return work

    def boxes(self, key: int, start: int, end: int) -> NDArray[np.uint16]:
        """Where the characters of a span stand on their pages, (characters, 4) as `Paper.boxes`; none where unknown."""
        row = self._one("SELECT shift, packed FROM boxes WHERE paper = ?", (key,))
        if row is None:
            return np.zeros((0, 4), np.uint16)
        known = unpack_boxes(row["packed"])
        boxes = np.zeros((max(end - start, 0), 4), np.uint16)
        first = start + row["shift"]  # in what the boxes are of
        inside = slice(max(first, 0), max(first + len(boxes), 0))
        found = known[inside]
        boxes[max(-first, 0) : max(-first, 0) + len(found)] = found
        return boxes

    def reading(self, key: int) -> tuple[str, str] | None:
        """(folded title, digest of the text) of a paper as its source gave it; None where it was removed."""
        row = self._one("SELECT read_title, read_digest FROM papers WHERE key = ?", (key,))
        return None if row is None else (row[0], row[1])

    def at(self, key: int) -> Paper | None:
        """The paper with this key, with its text; None where it was removed."""
        row = self._one("SELECT key, id, title, text, year, details FROM papers WHERE key = ?", (key,))
        return None if row is None else paper_of(row, self.source_names([key]).get(key, ()))

    def remove_paper(self, db: sqlite3.Connection, key: int) -> None:
        """Remove a paper with its chunks and its places in sources; call `forget_words` after the last one."""
        self._remove_chunks(db, key)
        db.execute("DELETE FROM papers WHERE key = ?", (key,))

    def forget_words(self, db: sqlite3.Connection) -> None:
        """Overwrite the words of papers that were removed, where this SQLite did not when it deleted them."""
        if sqlite3.sqlite_version_info < SECURE_DELETE_FROM:
            optimize_words(db)

    def _remove_chunks(self, db: sqlite3.Connection, key: int) -> None:
        db.execute("DELETE FROM chunk_words WHERE rowid IN (SELECT key FROM chunks WHERE paper = ?)", (key,))
        db.execute("DELETE FROM paper_words WHERE rowid = ?", (key,))
        db.execute("DELETE FROM chunks WHERE paper = ?", (key,))

    def papers_matching(self, filters: Filters) -> list[int] | None:
        """Return the keys of the papers that match, perhaps none; None where no filter is set.

        Raises:
            UnknownPaper, AmbiguousPaper: for a paper, author, source or tag that no paper has.
        """
        if not filters:
            return None
        keys = {self.paper_key(name) for name in filters.papers} if filters.papers else None
        left_out = {self.paper_key(name) for name in filters.without}
        if keys is not None and filters == Filters(papers=filters.papers, without=filters.without):
            return sorted(keys - left_out)
        fitting = {
            "year": [self._of_year(year) for year in filters.years],
            "author": [self._labelled("author", author, "instr(label, ?)") for author in filters.authors],
            "source": [self._from_source(name) for name in filters.sources],
            "tag": [self._labelled("tag", tag, "label = ?") for tag in filters.tags],
            "collection": [self._labelled("collection", name, "instr(label, ?)") for name in filters.collections],
        }
        wanted = {"year": filters.years, "author": filters.authors, "source": filters.sources, "tag": filters.tags}
        for what, found in fitting.items():
            together = set().union(*found)
            if found and not together:
                names = " or ".join(repr(str(name)) for name in wanted.get(what, filters.collections))
                raise UnknownPaper(f"No paper in this library has the {what} {names}.")
            if found:
                keys = together if keys is None else keys & together
        if keys is None:
            keys = {row[0] for row in self.rows("SELECT key FROM papers")}
        return sorted(keys - left_out)

    def _of_year(self, year: int) -> set[int]:
        return {row[0] for row in self.rows("SELECT key FROM papers WHERE year = ?", (year,))}

    def _labelled(self, kind: str, label: str, fits: str) -> set[int]:
        sql = f"SELECT paper FROM labels WHERE kind = ? AND {fits}"
        return {row[0] for row in self.rows(sql, (kind, label.casefold()))}

    def _from_source(self, name: str) -> set[int]:
        part = name.casefold()
        sources = [row["key"] for row in self.rows("SELECT key, name FROM sources") if part in row["name"].casefold()]
        return {row[0] for row in self._in("SELECT paper FROM entries WHERE source IN ({})", sources)}


def _several(name: str, rows: Sequence[sqlite3.Row]) -> str:
    shown = [f"  {row['id']}  {readable(row['title'])}" for row in rows[:_LISTED]]
    more = [f"  and {len(rows) - _LISTED:,} more"] if len(rows) > _LISTED else []
    return "\n".join([f"{len(rows):,} papers fit {name!r}; name one by its id:", *shown, *more])
