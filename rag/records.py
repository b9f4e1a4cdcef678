"""The record: one SQLite file with papers, sources, chunks, their vectors and the word index. All else is derived."""

from __future__ import annotations

import bisect
import contextlib
import json
import os
import re
import secrets
import sqlite3
import threading
import time
import weakref
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .errors import AmbiguousPaper, LibraryError, UnknownPaper
from .readable import folded, readable
from .types import Chunk, Page, Paper, PaperRef, Section, Span

SCHEMA_VERSION = 4
_BUSY_SECONDS = 60.0
_MOST_INDEXED = 32  # states of the record that are known as those of an index; few versions of one are kept
_LIST_LIMIT = 30_000  # SQLite takes 32,766 values in a statement
_ERRORS = (sqlite3.Error, UnicodeDecodeError)  # the latter for SQLite's words about a damaged schema

_SCHEMA = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE papers (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    folded_title TEXT NOT NULL,      -- of `title`: papers are asked for by it
    read_title TEXT NOT NULL,        -- folded, as the source gave it: a corrected title does not make a new paper
    read_digest TEXT NOT NULL,       -- sha256 of the text as the source gave it
    text TEXT NOT NULL,
    year INTEGER,
    details TEXT NOT NULL,           -- JSON: authors, venue, doi, ..., pages, sections
    corrections TEXT NOT NULL,       -- JSON: the fields that a person has set; they outlive a new reading
    vector BLOB NOT NULL,            -- float32, of the whole paper
    added TEXT NOT NULL
);
CREATE INDEX papers_by_reading ON papers (read_title, read_digest);
CREATE INDEX papers_by_title ON papers (folded_title);
CREATE TABLE sources (
    key INTEGER PRIMARY KEY,
    location TEXT NOT NULL UNIQUE,   -- the absolute path; never shown
    name TEXT NOT NULL,              -- what is shown: the file's name
    digest TEXT                      -- of the file and what is said of it; NULL until all its papers are stored
);
CREATE TABLE entries (               -- which papers a source holds
    source INTEGER NOT NULL REFERENCES sources ON DELETE CASCADE,
    paper INTEGER NOT NULL REFERENCES papers ON DELETE CASCADE,
    PRIMARY KEY (source, paper)
) WITHOUT ROWID;
CREATE INDEX entries_by_paper ON entries (paper);
CREATE TABLE chunks (
    key INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again: the index is brought up to date by it
    paper INTEGER NOT NULL REFERENCES papers ON DELETE CASCADE,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    page INTEGER,
    page_label TEXT,
    section TEXT,
    sentences BLOB NOT NULL,         -- int32 pairs: the spans of the sentences
    vector BLOB NOT NULL,            -- float32
    sentence_vectors BLOB NOT NULL   -- float16, a row a sentence
);
CREATE INDEX chunks_by_paper ON chunks (paper);
CREATE VIRTUAL TABLE chunk_words USING fts5 (title, section, text, tokenize = 'porter unicode61 remove_diacritics 2');
CREATE VIRTUAL TABLE paper_words USING fts5 (title, text, tokenize = 'porter unicode61 remove_diacritics 2');
"""

# What each version added to the one before; a record is brought up to date when it is opened.
_MIGRATIONS = {
    2: """
CREATE TABLE boxes (                 -- where the characters of a paper read from a PDF stand on its pages
    paper INTEGER PRIMARY KEY REFERENCES papers ON DELETE CASCADE,
    shift INTEGER NOT NULL,          -- the paper's text begins so many characters before what the boxes are of
    packed BLOB NOT NULL
);
CREATE TABLE works (                 -- names of what a paper is a version of: papers that share one are the same work
    paper INTEGER NOT NULL REFERENCES papers ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (paper, name)
) WITHOUT ROWID;
CREATE TABLE failures (              -- files that could not be read: not tried again until they change
    location TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID;
""",
    3: """
CREATE TABLE answers (               -- what was asked and answered, with all that is needed to ask it again
    key INTEGER PRIMARY KEY,
    asked TEXT NOT NULL,
    question TEXT NOT NULL,
    request TEXT NOT NULL,           -- JSON: history, scope
    made_with TEXT NOT NULL,         -- JSON: mode, model, its digest, prompt version, options
    answer TEXT NOT NULL             -- JSON: as Answer.to_dict()
)""",
    4: """
CREATE TABLE conversations (
    key INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used again, nor an answer's: an open page may still name them
    name TEXT NOT NULL,
    started TEXT NOT NULL
);
CREATE TABLE answers_in_conversations (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    asked TEXT NOT NULL,
    question TEXT NOT NULL,
    request TEXT NOT NULL,
    made_with TEXT NOT NULL,
    answer TEXT NOT NULL,
    conversation INTEGER REFERENCES conversations ON DELETE CASCADE  -- NULL where it was given in none
);
INSERT INTO answers_in_conversations SELECT *, NULL FROM answers;
DROP TABLE answers;
ALTER TABLE answers_in_conversations RENAME TO answers;
CREATE INDEX answers_by_conversation ON answers (conversation);
CREATE TABLE feedback (              -- what a person thought of an answer
    answer INTEGER PRIMARY KEY REFERENCES answers ON DELETE CASCADE,
    good INTEGER,                    -- 1, 0, or NULL where there is a comment alone
    comment TEXT NOT NULL,
    given TEXT NOT NULL
)""",
}

_DETAILS = (
    "authors", "venue", "doi", "arxiv_id", "url", "citekey", "tags", "collections", "pages", "sections", "certainty",
    "notes", "zotero", "brief",
)  # fmt: skip

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


class Failed(NamedTuple):
    """A file that could not be read: where it is, its name, the digest of what was tried, and why it failed."""

    location: str
    name: str
    digest: str
    reason: str


class Stored(NamedTuple):
    """When a paper came, in ISO form, and how many chunks it has."""

    added: str
    chunks: int


class StoredSource(NamedTuple):
    """Where a paper was read: the source's location and name, and its digest where it was read whole."""

    location: str
    name: str
    digest: str | None


class StoredChunk(NamedTuple):
    """A chunk with its vectors: `vector` (dimensions,), `sentence_vectors` (sentences, dimensions)."""

    chunk: Chunk
    vector: NDArray[np.float32]
    sentence_vectors: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scope:
    """Which papers a question is put to: all that fit every filter that is set, but for those in `without`.

    `papers` and `without` name papers, as `Records.paper_key` takes them; `years` whole years; `authors`, `sources`, `tags` and `collections` match
    when any one fits, authors, sources and collections by a part of their name, case folded.
    """

    papers: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    authors: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Scope()


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
        return _chunk(self._chunks[row])

    def body_section(self, row: int) -> str | None:
        """The title of the section that a chunk is running text of; None in an abstract, a table, a caption, ..."""
        chunk = self._chunks[row]
        if chunk["section"] is None:
            return None
        if chunk["paper"] not in self._sections:
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
        return _paper(self._papers[key], self._names.get(key, ()))


def _matrix(blobs: list[bytes], kind: str, rows: int) -> NDArray[np.float32]:
    if not rows:
        return np.zeros((0, 0), np.float32)
    return np.frombuffer(b"".join(blobs), kind).reshape(rows, -1).astype(np.float32, copy=False)


class _Held:
    """A thread's connection, which is closed when the thread ends and lets go of it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        self.connection.close()


class Records:
    """The SQLite file of a library. Each thread has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._local = threading.local()
        self._held: weakref.WeakSet[_Held] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._prepare_schema()

    def close(self) -> None:
        """Closes the connections of all threads."""
        with self._lock:
            for held in list(self._held):
                held.connection.close()
            self._local = threading.local()

    @contextlib.contextmanager
    def transaction(self, of_papers: bool = True) -> Iterator[sqlite3.Connection]:
        """A write that happens whole or not at all, and gives the record a new identity if it is one of papers.

        Raises:
            LibraryError: another process holds the library for a minute, the disk is full, or the file is damaged.
        """
        db = self._db
        try:
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                if of_papers:
                    db.execute("UPDATE meta SET value = value + 1 WHERE name = 'revision'")
                    self.set_meta(db, "token", secrets.token_hex(8))
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    db.execute("ROLLBACK")
                raise
        except _ERRORS as error:
            raise _translated(error, self.path) from error

    def rows(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        """The rows of a statement that reads."""
        try:
            return self._db.execute(sql, values).fetchall()
        except _ERRORS as error:
            raise _translated(error, self.path) from error

    # What the library was made with

    def meta(self, name: str) -> str | None:
        """A fact about the library as a whole: `made_with`, `revision`."""
        row = self._one("SELECT value FROM meta WHERE name = ?", (name,))
        return None if row is None else str(row[0])

    def set_meta(self, db: sqlite3.Connection, name: str, value: str) -> None:
        db.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )

    @property
    def revision(self) -> int:
        """A number that grows with each change."""
        return int(self.meta("revision") or 0)

    @property
    def identity(self) -> str:
        """The revision and a random token, which changes with each change of papers and never repeats.

        A restored backup reaches the revisions of the state that it replaced, never its identities.
        """
        rows = self.rows("SELECT name, value FROM meta WHERE name IN ('revision', 'token')")
        found = {row["name"]: row["value"] for row in rows}
        return f"{found.get('revision', 0)}-{found.get('token', '0')}"  # records of old versions have no token yet

    @contextlib.contextmanager
    def indexing(self) -> Iterator[str]:
        """Hold a view of the record in this thread, for an index to be built from it; yield the record's identity.

        The identity is noted first: only an index of a state that is noted may be brought up to date later. An index
        of any other state belongs to another history, and its keys may stand for other chunks.

        Raises:
            LibraryError: as `transaction`.
        """
        while True:
            with self.transaction(of_papers=False) as db:
                noted = self.identity
                kept = [each for each in self._indexed() if each != noted][-_MOST_INDEXED + 1 :]
                self.set_meta(db, "indexed", json.dumps([*kept, noted]))
            db.execute("BEGIN")
            try:
                if self.identity == noted:  # else another process changed papers in between
                    yield noted
                    return
            finally:
                db.execute("COMMIT")

    def was_indexed(self, identity: str) -> bool:
        """Return whether an index was built from this record, now or earlier, when it had the identity."""
        return identity in self._indexed()

    def _indexed(self) -> list[str]:
        return list(json.loads(self.meta("indexed") or "[]"))

    # Papers

    def count(self) -> dict[str, int]:
        """How many papers, chunks and sources there are."""
        tables = ("papers", "chunks", "sources")
        row = self._one("SELECT " + ", ".join(f"(SELECT count(*) FROM {table})" for table in tables))
        assert row is not None
        return dict(zip(tables, row, strict=True))

    def brief_papers(self) -> set[int]:
        """The keys of the papers of which only the abstract was read so far."""
        return {row[0] for row in self.rows("SELECT key FROM papers WHERE details ->> '$.brief'")}

    def searched(self) -> dict[str, int]:
        """What a question is put to: papers, how many of them are abstracts so far, and files that failed."""
        row = self._one(
            "SELECT (SELECT count(*) FROM papers), (SELECT count(*) FROM papers WHERE details ->> '$.brief'), "
            "(SELECT count(*) FROM failures)"
        )
        assert row is not None
        return dict(zip(("papers", "brief", "failed"), row, strict=True))

    def papers(self) -> list[Paper]:
        """All papers in the order in which they came, without their texts."""
        rows = self.rows("SELECT key, id, title, '' AS text, year, details FROM papers ORDER BY key")
        names = self._source_names()
        return [_paper(row, names.get(row["key"], ())) for row in rows]

    def stored(self) -> dict[str, Stored]:
        """When each paper came and how many chunks it has, by the paper's id."""
        sql = "SELECT id, added, (SELECT count(*) FROM chunks WHERE paper = papers.key) FROM papers"
        return {row[0]: Stored(row[1], row[2]) for row in self.rows(sql)}

    def paper(self, name: str) -> Paper:
        """The paper that `name` names, with its text; see `paper_key`.

        Raises:
            UnknownPaper, AmbiguousPaper: none fits, or several do.
        """
        key = self.paper_key(name)
        row = self._one("SELECT key, id, title, text, year, details FROM papers WHERE key = ?", (key,))
        assert row is not None
        return _paper(row, self._source_names([key]).get(key, ()))

    def paper_key(self, name: str) -> int:
        """The key of the paper with this id; else title, citekey, file name or path; else part of a title.

        Raises:
            UnknownPaper, AmbiguousPaper: none fits, or several do; the message lists their ids and titles.
        """
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

    def corrections(self, key: int) -> dict[str, Any]:
        """The fields of a paper that a person has set."""
        row = self._one("SELECT corrections FROM papers WHERE key = ?", (key,))
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
        details = json.dumps({name: _packed(getattr(paper, name)) for name in _DETAILS}, ensure_ascii=False)
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
        self._put_works(db, key, paper)
        if paper.boxes is not None:
            db.execute("INSERT OR REPLACE INTO boxes VALUES (?, 0, ?)", (key, _pack_boxes(paper.boxes)))
        title = readable(paper.title)
        spans = [Span(0, len(paper.title)), *_merged([stored.chunk for stored in chunks])]
        searched = readable("\n\n".join(paper.text[a:b] for a, b in spans))
        db.execute("INSERT INTO paper_words (rowid, title, text) VALUES (?, ?, ?)", (key, title, searched))
        for chunk, chunk_vector, sentence_vectors in chunks:
            cursor = db.execute(
                "INSERT INTO chunks (paper, start, end, page, page_label, section, sentences, vector, "
                "sentence_vectors) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(key, chunk.start, chunk.end, chunk.page, chunk.page_label, chunk.section),
                    np.array(chunk.sentences, "<i4").tobytes(),
                    chunk_vector.astype("<f4").tobytes(),
                    sentence_vectors.astype("<f2").tobytes(),
                ),
            )
            db.execute(
                "INSERT INTO chunk_words (rowid, title, section, text) VALUES (?, ?, ?, ?)",
                (cursor.lastrowid, title, readable(chunk.section or ""), readable(paper.text[chunk.start : chunk.end])),
            )
        return key

    def put_details(self, db: sqlite3.Connection, key: int, paper: Paper, corrections: dict[str, Any]) -> None:
        """Stores corrected metadata of a paper whose title and text stay as they are."""
        details = json.dumps({name: _packed(getattr(paper, name)) for name in _DETAILS}, ensure_ascii=False)
        db.execute(
            "UPDATE papers SET year = ?, details = ?, corrections = ? WHERE key = ?",
            (paper.year, details, json.dumps(corrections, ensure_ascii=False), key),
        )
        self._put_works(db, key, paper)

    def _put_works(self, db: sqlite3.Connection, key: int, paper: Paper) -> None:
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
        known = _unpack_boxes(row["packed"])
        boxes = np.zeros((max(end - start, 0), 4), np.uint16)
        first = start + row["shift"]  # in what the boxes are of
        inside = slice(max(first, 0), max(first + len(boxes), 0))
        found = known[inside]
        boxes[max(-first, 0) : max(-first, 0) + len(found)] = found
        return boxes

    def reading(self, key: int) -> tuple[str, str]:
        """(folded title, digest of the text) of a paper as its source gave it."""
        row = self._one("SELECT read_title, read_digest FROM papers WHERE key = ?", (key,))
        assert row is not None
        return row[0], row[1]

    def remove_paper(self, db: sqlite3.Connection, key: int) -> None:
        """Removes a paper with its chunks and its places in sources."""
        self._remove_chunks(db, key)
        db.execute("DELETE FROM papers WHERE key = ?", (key,))

    def _remove_chunks(self, db: sqlite3.Connection, key: int) -> None:
        db.execute("DELETE FROM chunk_words WHERE rowid IN (SELECT key FROM chunks WHERE paper = ?)", (key,))
        db.execute("DELETE FROM paper_words WHERE rowid = ?", (key,))
        db.execute("DELETE FROM chunks WHERE paper = ?", (key,))

    # Sources

    def sources(self) -> dict[str, tuple[int, str | None]]:
        """All sources: location -> (key, digest)."""
        return {row["location"]: (row["key"], row["digest"]) for row in self.rows("SELECT * FROM sources")}

    def put_source(self, db: sqlite3.Connection, location: str, name: str) -> int:
        """The key of the source at `location`, made where it is new; its digest is cleared until it is read whole."""
        db.execute(
            "INSERT INTO sources (location, name) VALUES (?, ?) "
            "ON CONFLICT (location) DO UPDATE SET name = excluded.name, digest = NULL",
            (location, name),
        )
        row = db.execute("SELECT key FROM sources WHERE location = ?", (location,)).fetchone()
        return int(row[0])

    def move_source(self, db: sqlite3.Connection, key: int, location: str, name: str) -> None:
        """A file was renamed: its papers stay."""
        db.execute("UPDATE sources SET location = ?, name = ? WHERE key = ?", (location, name, key))

    def link(self, db: sqlite3.Connection, source: int, paper: int) -> None:
        """Notes that a source holds a paper."""
        db.execute("INSERT OR IGNORE INTO entries VALUES (?, ?)", (source, paper))

    def entries(self, source: int) -> list[int]:
        """The keys of the papers that a source holds."""
        return [row[0] for row in self.rows("SELECT paper FROM entries WHERE source = ? ORDER BY paper", (source,))]

    def sources_of(self, paper: int) -> list[int]:
        """The keys of the sources that hold a paper."""
        return [row[0] for row in self.rows("SELECT source FROM entries WHERE paper = ?", (paper,))]

    def sources_in_full(self, paper: int) -> list[StoredSource]:
        """The sources that hold a paper, in the order in which they came."""
        sql = (
            "SELECT s.location, s.name, s.digest FROM entries e JOIN sources s ON s.key = e.source "
            "WHERE e.paper = ? ORDER BY s.key"
        )
        return [StoredSource(*row) for row in self.rows(sql, (paper,))]

    def finish_source(self, db: sqlite3.Connection, source: int, digest: str, papers: Iterable[int]) -> list[int]:
        """A source was read whole and holds exactly `papers`; returns the keys of papers that now have no source."""
        db.execute("UPDATE sources SET digest = ? WHERE key = ?", (digest, source))
        gone = sorted(
            {row[0] for row in db.execute("SELECT paper FROM entries WHERE source = ?", (source,))} - set(papers)
        )
        db.executemany("DELETE FROM entries WHERE source = ? AND paper = ?", [(source, paper) for paper in gone])
        return [p for p in gone if not db.execute("SELECT 1 FROM entries WHERE paper = ? LIMIT 1", (p,)).fetchone()]

    def failures(self) -> dict[str, Failed]:
        """The files that could not be read, by location."""
        rows = self.rows("SELECT location, name, digest, reason FROM failures")
        return {row["location"]: Failed(*row) for row in rows}

    def put_failure(self, db: sqlite3.Connection, failed: Failed) -> None:
        """Remembers a file that could not be read, so that it is tried again only when it has changed."""
        db.execute("INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?)", failed)

    def forget_failures(self, db: sqlite3.Connection, locations: Iterable[str]) -> None:
        """These files were read after all, or are gone."""
        db.executemany("DELETE FROM failures WHERE location = ?", [(location,) for location in locations])

    def drop_source(self, db: sqlite3.Connection, source: int) -> list[int]:
        """Forgets a source; returns the keys of papers that now have none."""
        gone = self.finish_source(db, source, "", ())
        db.execute("DELETE FROM sources WHERE key = ?", (source,))
        return gone

    def drop_empty_sources(self, db: sqlite3.Connection, locations: Iterable[str]) -> None:
        """Forgets those of some sources that hold no paper, so that they are read again when they are next added."""
        sql = "DELETE FROM sources WHERE location = ? AND key NOT IN (SELECT source FROM entries)"
        db.executemany(sql, [(location,) for location in locations])

    # Searching

    def scoped(self, scope: Scope) -> list[int] | None:
        """The keys of the papers in scope, which may be none; None where there is no filter.

        Raises:
            UnknownPaper, AmbiguousPaper: for a paper, author, source or tag that no paper has.
        """
        if not scope:
            return None
        keys = {self.paper_key(name) for name in scope.papers} if scope.papers else None
        left_out = {self.paper_key(name) for name in scope.without}
        if keys is not None and scope == Scope(papers=scope.papers, without=scope.without):
            return sorted(keys - left_out)
        rows = self.rows("SELECT key, year, details FROM papers")
        names = self._source_names()
        details = {row["key"]: json.loads(row["details"]) for row in rows}
        tests: list[tuple[str, Sequence[str | int], dict[int, list[str]], bool]] = [
            ("year", scope.years, {row["key"]: [str(row["year"])] for row in rows}, True),
            ("author", scope.authors, {k: d["authors"] for k, d in details.items()}, False),
            ("source", scope.sources, {k: list(names.get(k, ())) for k in details}, False),
            ("tag", scope.tags, {k: d["tags"] for k, d in details.items()}, True),
            ("collection", scope.collections, {k: d["collections"] for k, d in details.items()}, False),
        ]
        for what, wanted, having, whole in tests:
            if wanted:
                fitting = _fitting(what, [str(w) for w in wanted], having, whole)
                keys = fitting if keys is None else keys & fitting
        return sorted((set(details) if keys is None else keys) - left_out)

    def word_scores(self, terms: Sequence[str], limit: int, papers: Sequence[int] | None) -> dict[int, float]:
        """BM25 of the chunks that hold any of `terms`, by chunk key, best `limit` only; larger is better."""
        where = "" if papers is None else f" AND rowid IN (SELECT key FROM chunks WHERE paper IN ({_listed(papers)}))"
        return self._bm25("chunk_words", "1.0, 1.0, 1.0", terms, limit, where)

    def paper_word_scores(self, terms: Sequence[str], limit: int, papers: Sequence[int] | None) -> dict[int, float]:
        """BM25 of the papers as wholes, by paper key; larger is better."""
        where = "" if papers is None else f" AND rowid IN ({_listed(papers)})"
        return self._bm25("paper_words", "1.0, 1.0", terms, limit, where)

    def _bm25(self, table: str, weights: str, terms: Sequence[str], limit: int, where: str) -> dict[int, float]:
        if not terms:
            return {}
        match = " OR ".join('"' + term.replace('"', '""') + '"' for term in terms)
        sql = (
            f"SELECT rowid, -bm25({table}, {weights}) FROM {table} WHERE {table} MATCH ?{where} ORDER BY 2 DESC LIMIT ?"
        )
        return {row[0]: row[1] for row in self.rows(sql, (match, limit))}

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
        return Candidates(present, papers, self._source_names(wanted))

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
            matrix = np.frombuffer(b"".join(row["vector"] for row in rows), "<f4").reshape(len(rows), -1)
            yield [row["key"] for row in rows], [row["paper"] for row in rows], matrix
            after = rows[-1]["key"]

    def chunk_keys(self, among: Sequence[int] | None = None) -> set[int]:
        """The keys of all chunks, or of those among some keys that are still there."""
        sql = "SELECT key FROM chunks"
        return {row[0] for row in (self.rows(sql) if among is None else self._in(f"{sql} WHERE key IN ({{}})", among))}

    # Below the surface

    @property
    def _db(self) -> sqlite3.Connection:
        held: _Held | None = getattr(self._local, "held", None)
        if held is None:
            held = self._local.held = _Held(self._connect())
            with self._lock:
                self._held.add(held)
        return held.connection

    def _connect(self) -> sqlite3.Connection:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            db = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
            db.row_factory = sqlite3.Row
            _use_wal(db)
            db.execute("PRAGMA synchronous = NORMAL")
            db.execute("PRAGMA foreign_keys = ON")
            db.execute("PRAGMA secure_delete = ON")
        except (*_ERRORS, OSError) as error:
            raise _translated(error, self.path) from error
        return db

    def _prepare_schema(self) -> None:
        try:
            version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
            if version > SCHEMA_VERSION:
                raise LibraryError(
                    f"The library {self.path.parent.name!r} was made by a newer Footnote (record version {version}, "
                    f"this one knows {SCHEMA_VERSION}). Update Footnote."
                )
            if version < SCHEMA_VERSION:
                with self.transaction() as db:
                    _migrate(db)
        except _ERRORS as error:
            raise _translated(error, self.path) from error

    def _one(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        rows = self.rows(sql, values)
        return rows[0] if rows else None

    def _in(self, sql: str, values: Sequence[int]) -> list[sqlite3.Row]:
        """Rows of a statement with `IN ({})`, in as many parts as SQLite's limit takes."""
        rows: list[sqlite3.Row] = []
        for start in range(0, len(values), _LIST_LIMIT):
            rows += self.rows(sql.format(_listed(values[start : start + _LIST_LIMIT])))
        return rows

    def _source_names(self, papers: Sequence[int] | None = None) -> dict[int, tuple[str, ...]]:
        sql = "SELECT e.paper, s.name FROM entries e JOIN sources s ON s.key = e.source"
        order = " ORDER BY e.paper, s.key"
        rows = self.rows(sql + order) if papers is None else self._in(sql + " WHERE e.paper IN ({})" + order, papers)
        names: dict[int, list[str]] = {}
        for paper, name in rows:
            names.setdefault(paper, []).append(name)
        return {paper: tuple(dict.fromkeys(each)) for paper, each in names.items()}


def _use_wal(db: sqlite3.Connection) -> None:
    """Switches a new file to write-ahead logging; the lock that this takes is the one that SQLite does not wait for."""
    deadline = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _migrate(db: sqlite3.Connection) -> None:
    """Makes a new record's tables, or brings an older one up to date, within a transaction."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])  # another process may have been quicker
    if version == 0:
        for statement in _SCHEMA.split(";\n"):
            db.execute(statement)
        db.execute("INSERT INTO meta VALUES ('revision', '0')")
        version = 1
    for step in range(version + 1, SCHEMA_VERSION + 1):
        for statement in _MIGRATIONS[step].split(";\n"):
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")


def _listed(keys: Sequence[int]) -> str:
    return ",".join(str(int(key)) for key in keys)


def _several(name: str, rows: Sequence[sqlite3.Row]) -> str:
    shown = [f"  {row['id']}  {readable(row['title'])}" for row in rows[:_LISTED]]
    more = [f"  and {len(rows) - _LISTED:,} more"] if len(rows) > _LISTED else []
    return "\n".join([f"{len(rows):,} papers fit {name!r}; name one by its id:", *shown, *more])


def _fitting(what: str, wanted: Sequence[str], having: dict[int, list[str]], whole: bool) -> set[int]:
    fitting: set[int] = set()
    for want in wanted:
        needle = want.casefold()
        found = {
            key
            for key, values in having.items()
            if any(needle == v.casefold() if whole else needle in v.casefold() for v in values)
        }
        fitting |= found
    if not fitting:
        names = " or ".join(repr(want) for want in wanted)
        raise UnknownPaper(f"No paper in this library has the {what} {names}.")
    return fitting


def work_names(paper: Paper) -> set[str]:
    """Names that a paper shares with its other versions: its DOI, its arXiv id, its title with the first author.

    A number that was guessed may be that of a work it cites: it counts together with the first author's name alone.
    """
    names = set()
    surname = folded(paper.authors[0]).rpartition(" ")[2] if paper.authors else None
    certainty = dict(paper.certainty)
    doi = (paper.doi or "").casefold()
    arxiv = re.sub("v[0-9]+$", "", (paper.arxiv_id or doi.partition("10.48550/arxiv.")[2]).casefold())
    for kind, number, sure in (
        ("doi", "" if "/arxiv." in doi else doi, certainty.get("doi", 1.0)),
        ("arxiv", arxiv, certainty.get("arxiv_id", 1.0)),
    ):
        if number and sure >= 1.0:
            names.add(f"{kind} {number}")
        if number and surname:
            names.add(f"{kind} {number} {surname}")
    if surname:
        names.add(f"title {folded(paper.title)} {surname}")
    return names


def _merged(chunks: Sequence[Chunk]) -> list[Span]:
    """The spans that some chunks cover, each character once."""
    spans: list[Span] = []
    for chunk in sorted(chunks, key=lambda chunk: chunk.start):
        if spans and chunk.start < spans[-1].end:
            spans[-1] = Span(spans[-1].start, max(spans[-1].end, chunk.end))
        else:
            spans.append(Span(chunk.start, chunk.end))
    return spans


def _pack_boxes(boxes: NDArray[np.uint16]) -> bytes:
    """Neighbours in a line differ little, so their differences compress to a tenth."""
    return zlib.compress(np.diff(boxes.astype("<u2"), axis=0, prepend=np.zeros((1, 4), "<u2")).T.tobytes(), 6)


def _unpack_boxes(packed: bytes) -> NDArray[np.uint16]:
    differences = np.frombuffer(zlib.decompress(packed), "<u2").reshape(4, -1).T
    return np.cumsum(differences, axis=0, dtype=np.uint16)


def _packed(value: Any) -> Any:
    if isinstance(value, tuple) and value and isinstance(value[0], Page):
        return [[p.number, p.label, p.start, p.end] for p in value]
    if isinstance(value, tuple) and value and isinstance(value[0], Section):
        return [[s.title, s.start, s.end, s.kind] for s in value]
    return list(value) if isinstance(value, tuple) else value


def _paper(row: sqlite3.Row, sources: tuple[str, ...]) -> Paper:
    details = json.loads(row["details"])
    return Paper(
        id=row["id"],
        title=row["title"],
        text=row["text"],
        year=row["year"],
        authors=tuple(details["authors"]),
        venue=details["venue"],
        doi=details["doi"],
        arxiv_id=details["arxiv_id"],
        url=details["url"],
        citekey=details["citekey"],
        tags=tuple(details["tags"]),
        collections=tuple(details["collections"]),
        sources=sources,
        pages=tuple(Page(*page) for page in details["pages"]),
        sections=tuple(Section(*section) for section in details["sections"]),
        certainty=tuple((name, value) for name, value in details.get("certainty", ())),
        notes=tuple(details.get("notes", ())),
        zotero=details.get("zotero"),
        brief=details.get("brief", False),
    )


def _chunk(row: sqlite3.Row) -> Chunk:
    pairs = np.frombuffer(row["sentences"], "<i4").reshape(-1, 2).tolist()
    return Chunk(
        start=row["start"],
        end=row["end"],
        sentences=tuple(Span(a, b) for a, b in pairs),
        page=row["page"],
        page_label=row["page_label"],
        section=row["section"],
    )


def _translated(error: Exception, path: Path) -> LibraryError:
    """SQLite's and the file system's errors as something a person can act on."""
    text = str(error)
    name = path.parent.name
    if "locked" in text:
        return LibraryError(
            f"The library {name!r} has been busy for {_BUSY_SECONDS:.0f} s: another `footnote` writes to it."
        )
    if "full" in text:
        return LibraryError(
            f"The disk with the library {name!r} is full. What was added so far is kept; make room and go on."
        )
    if "not a database" in text or "malformed" in text or isinstance(error, UnicodeDecodeError):
        return LibraryError(
            f"{path.name} in the library {name!r} is damaged ({text}). Restore a copy, or add the papers again."
        )
    if "readonly" in text or "unable to open" in text or isinstance(error, OSError):
        return LibraryError(
            f"The library {name!r} cannot be opened or written ({text}). Check the folder's permissions."
        )
    return LibraryError(f"The library {name!r} cannot be used: {text}.")
