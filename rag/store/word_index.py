"""Maintain the FTS5 tables of the word search; `search` queries them."""

import contextlib
import sqlite3
from collections.abc import Sequence
from typing import NamedTuple

from ..text.readable import readable
from ..types import Span
from . import schema
from .rows import chunk_of, merged

TABLES = ("chunk_words", "paper_words")
SHADOW_SUFFIXES = ("_data", "_idx", "_docsize", "_config")
"""FTS5 keeps the words of a table T in tables T_data, T_idx, ..."""
FORM = "1"
"""What `readable` makes of texts: raise it with a change there, and records index their words again."""

_MADE_WITH = "words"  # the fact in `meta` that says with which `FORM` the words were made
_CAN_DELETE_SECURELY = sqlite3.sqlite_version_info >= (3, 42)


class _Words(NamedTuple):
    """The rows of the word indexes for one paper: (title, text), and by chunk (key, title, section, text)."""

    paper: tuple[str, str]
    chunks: list[tuple[int, str, str, str]]


def add_paper(db: sqlite3.Connection, key: int) -> None:
    """Index the words of a stored paper and of its stored chunks."""
    words = _words_of(db, key)
    db.execute("INSERT INTO paper_words (rowid, title, text) VALUES (?, ?, ?)", (key, *words.paper))
    db.executemany("INSERT INTO chunk_words (rowid, title, section, text) VALUES (?, ?, ?, ?)", words.chunks)


def remove_paper(db: sqlite3.Connection, key: int) -> None:
    """Remove the words of a paper, if it has any; the paper and its chunks must still be stored as they were indexed.

    An index without content has to be given the words that it removes.
    """
    if not db.execute("SELECT 1 FROM paper_words_docsize WHERE id = ?", (key,)).fetchone():
        return
    words = _words_of(db, key)
    delete = "INSERT INTO {0} ({0}, rowid, {1}) VALUES ('delete', {2})"
    db.executemany(delete.format("chunk_words", "title, section, text", "?, ?, ?, ?"), words.chunks)
    db.execute(delete.format("paper_words", "title, text", "?, ?, ?"), (key, *words.paper))


def _words_of(db: sqlite3.Connection, key: int) -> _Words:
    title, text = db.execute("SELECT title, text FROM papers WHERE key = ?", (key,)).fetchone()
    chunks = [(row["key"], chunk_of(row)) for row in db.execute("SELECT * FROM chunks WHERE paper = ?", (key,))]
    spans = [Span(0, len(title)), *merged([chunk for _, chunk in chunks])]
    shown = readable(title)
    return _Words(
        (shown, readable("\n\n".join(text[start:end] for start, end in spans))),
        [(k, shown, readable(c.section or ""), readable(text[c.start : c.end])) for k, c in chunks],
    )


def marked(phrase: str, texts: Sequence[str], before: str, after: str) -> str | None:
    """Return a part of the first text that holds a phrase, in any inflection, with the phrase between two marks.

    `phrase` is quoted for FTS5. Return None if no text holds it.
    """
    with contextlib.closing(sqlite3.connect(":memory:", isolation_level=None)) as db:
        db.execute(f"CREATE VIRTUAL TABLE words USING fts5 (text, {schema.TOKENIZER})")
        db.executemany("INSERT INTO words VALUES (?)", [(text,) for text in texts])
        sql = "SELECT snippet(words, -1, ?, ?, '', 8) FROM words WHERE words MATCH ? LIMIT 1"
        row = db.execute(sql, (before, after, phrase)).fetchone()
    return None if row is None else str(row[0])


def is_current(db: sqlite3.Connection) -> bool:
    """Return whether the words were made by this version of `readable`."""
    row = db.execute("SELECT value FROM meta WHERE name = ?", (_MADE_WITH,)).fetchone()
    return row is not None and row[0] == FORM


def overwrite_removed(db: sqlite3.Connection) -> None:
    """Overwrite the words of removed papers, if this SQLite did not do so when it deleted them."""
    if not _CAN_DELETE_SECURELY:
        optimize(db)


def enable_secure_delete(db: sqlite3.Connection) -> None:
    """Make FTS5 overwrite what it deletes, if this SQLite can."""
    for table in TABLES if _CAN_DELETE_SECURELY else ():
        if not db.execute(f"SELECT v FROM {table}_config WHERE k = 'secure-delete' AND v = 1").fetchone():
            db.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('secure-delete', 1)")


def optimize(db: sqlite3.Connection) -> None:
    """Merge the segments of the word indexes, which drops the words of deleted rows from the file."""
    for table in TABLES:
        db.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")


def rebuild(db: sqlite3.Connection) -> None:
    """Rebuild the word indexes from the papers, however damaged they are."""
    db.execute("PRAGMA writable_schema = ON")  # FTS5 cannot drop a table that it cannot read
    try:
        for table in TABLES:
            db.execute("DELETE FROM sqlite_master WHERE name = ?", (table,))
    finally:
        db.execute("PRAGMA writable_schema = RESET")
    for table in TABLES:
        for suffix in (*SHADOW_SUFFIXES, "_content"):  # earlier versions kept the words' texts as well
            db.execute(f"DROP TABLE IF EXISTS {table}{suffix}")
    for statement in schema.WORD_INDEXES:
        db.execute(statement)
    enable_secure_delete(db)
    db.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_MADE_WITH, FORM))
    for (key,) in db.execute("SELECT key FROM papers ORDER BY key").fetchall():
        add_paper(db, key)
