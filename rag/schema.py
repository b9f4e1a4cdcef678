"""The tables of the record, and what brings an older record up to date."""

from __future__ import annotations

import sqlite3

VERSION = 4

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

# What each version added to the one before; a record is brought up to date when it is opened.
MIGRATIONS = {
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


def migrate(db: sqlite3.Connection) -> None:
    """Makes a new record's tables, or brings an older one up to date, within a transaction."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])  # another process may have been quicker
    if version == 0:
        for statement in FIRST.split(";\n"):
            db.execute(statement)
        db.execute("INSERT INTO meta VALUES ('revision', '0')")
        version = 1
    for step in range(version + 1, VERSION + 1):
        for statement in MIGRATIONS[step].split(";\n"):
            db.execute(statement)
    db.execute(f"PRAGMA user_version = {VERSION}")
