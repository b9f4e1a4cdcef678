"""The tables of the record, and what brings an older record up to date."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from typing import Any

SECURE_DELETE_FROM = (3, 42)  # FTS5 of this SQLite can delete words for good

FIRST = """
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

BOXES_WORKS_FAILURES = """
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
"""

ANSWERS = """
CREATE TABLE answers (               -- what was asked and answered, with all that is needed to ask it again
    key INTEGER PRIMARY KEY,
    asked TEXT NOT NULL,
    question TEXT NOT NULL,
    request TEXT NOT NULL,           -- JSON: history, scope
    made_with TEXT NOT NULL,         -- JSON: mode, model, its digest, prompt version, options
    answer TEXT NOT NULL             -- JSON: as Answer.to_dict()
)
"""

CONVERSATIONS = """
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
)
"""

REMOVALS_LABELS = """
CREATE TABLE removals (              -- papers that a person removed: a folder that still holds them adds them no more
    location TEXT NOT NULL,          -- of the source
    title_digest TEXT NOT NULL,      -- sha256 of papers.read_title: none of its words stay
    read_digest TEXT NOT NULL,       -- as of papers
    alone INTEGER NOT NULL,          -- 1 where the source held no other paper
    PRIMARY KEY (location, title_digest, read_digest)
) WITHOUT ROWID;
CREATE INDEX removals_by_digest ON removals (read_digest);
CREATE INDEX removals_by_title ON removals (title_digest);
CREATE TABLE labels (                -- what papers are filtered by: author, tag, collection, case folded
    kind TEXT NOT NULL,
    label TEXT NOT NULL,
    paper INTEGER NOT NULL REFERENCES papers ON DELETE CASCADE,
    PRIMARY KEY (kind, label, paper)
) WITHOUT ROWID;
CREATE INDEX labels_by_paper ON labels (paper);
CREATE INDEX papers_by_year ON papers (year);
CREATE INDEX papers_in_brief ON papers (key) WHERE json_extract(details, '$.brief');
"""

WORD_TABLES = ("chunk_words", "paper_words")
WORD_PARTS = ("_data", "_idx", "_content", "_docsize", "_config")
"""What the names of FTS5's own tables add to that of a table of words."""

LABELS = {"author": "authors", "tag": "tags", "collection": "collections"}
"""The kinds of labels, and the field of a paper that each is from."""

TABLES = (
    *("meta", "papers", "sources", "entries", "chunks", *WORD_TABLES, "boxes", "works", "failures", "conversations"),
    *("answers", "feedback", "removals", "labels"),
)
"""All tables of a record of this version."""


def migrate(db: sqlite3.Connection) -> None:
    """Make a new record's tables, or bring an older record up to date, within a transaction."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])  # another process may have been quicker
    for step in MIGRATIONS[version:]:
        step(db)
    db.execute(f"PRAGMA user_version = {VERSION}")


def delete_words_for_good(db: sqlite3.Connection) -> None:
    """Have FTS5 overwrite what it deletes, where this SQLite can; `optimize_words` does it where it cannot."""
    for table in WORD_TABLES if sqlite3.sqlite_version_info >= SECURE_DELETE_FROM else ():
        if not db.execute(f"SELECT v FROM {table}_config WHERE k = 'secure-delete' AND v = 1").fetchone():
            db.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('secure-delete', 1)")


def optimize_words(db: sqlite3.Connection) -> None:
    """Write the word index again without the words of papers that are gone, which stay in its segments until then."""
    for table in WORD_TABLES:
        db.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")


def renew_words(db: sqlite3.Connection) -> None:
    """Make the tables of words again, empty, however damaged they are."""
    db.execute("PRAGMA writable_schema = ON")  # FTS5 drops no table that it cannot read
    try:
        for table in WORD_TABLES:
            db.execute("DELETE FROM sqlite_master WHERE name = ?", (table,))
    finally:
        db.execute("PRAGMA writable_schema = RESET")
    for table in WORD_TABLES:
        for part in WORD_PARTS:
            db.execute(f"DROP TABLE IF EXISTS {table}{part}")
    _script(db, FIRST[FIRST.index("CREATE VIRTUAL TABLE") :])
    delete_words_for_good(db)


def put_labels(db: sqlite3.Connection, key: int, fields: dict[str, Any]) -> None:
    """Store what a paper is filtered by, in place of what was stored; `fields` has `authors`, `tags`, `collections`."""
    db.execute("DELETE FROM labels WHERE paper = ?", (key,))
    rows = {(kind, label.casefold(), key) for kind, name in LABELS.items() for label in fields.get(name, ())}
    db.executemany("INSERT INTO labels VALUES (?, ?, ?)", sorted(rows))


def _script(db: sqlite3.Connection, statements: str) -> None:
    for statement in statements.split(";\n"):  # executescript would end the transaction
        db.execute(statement)


def _first(db: sqlite3.Connection) -> None:
    _script(db, FIRST)
    db.execute("INSERT INTO meta VALUES ('revision', '0')")


def _boxes_works_failures(db: sqlite3.Connection) -> None:
    _script(db, BOXES_WORKS_FAILURES)


def _answers(db: sqlite3.Connection) -> None:
    _script(db, ANSWERS)


def _conversations(db: sqlite3.Connection) -> None:
    _script(db, CONVERSATIONS)


def _removals_and_labels(db: sqlite3.Connection) -> None:
    _script(db, REMOVALS_LABELS)
    for key, details in db.execute("SELECT key, details FROM papers"):
        put_labels(db, key, json.loads(details))
    delete_words_for_good(db)
    optimize_words(db)  # what was removed before goes too


MIGRATIONS: list[Callable[[sqlite3.Connection], None]] = [
    _first,
    _boxes_works_failures,
    _answers,
    _conversations,
    _removals_and_labels,
]
"""What each version changed, beginning with the first; a record is brought up to date when it is opened."""

VERSION = len(MIGRATIONS)
