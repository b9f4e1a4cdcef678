"""Maintain the FTS5 tables of the word search; `search` queries them."""

import sqlite3

from ..text.readable import readable
from ..types import Span
from . import schema
from .rows import chunk_of, merged

TABLES = ("chunk_words", "paper_words")
SHADOW_SUFFIXES = ("_data", "_idx", "_content", "_docsize", "_config")
"""FTS5 keeps the words of a table T in tables T_data, T_idx, ..."""

_CAN_DELETE_SECURELY = sqlite3.sqlite_version_info >= (3, 42)


def add_paper(db: sqlite3.Connection, key: int, title: str, text: str) -> None:
    """Index the words of a stored paper and of its stored chunks."""
    chunks = [(row["key"], chunk_of(row)) for row in db.execute("SELECT * FROM chunks WHERE paper = ?", (key,))]
    spans = [Span(0, len(title)), *merged([chunk for _, chunk in chunks])]
    searched = readable("\n\n".join(text[start:end] for start, end in spans))
    db.execute("INSERT INTO paper_words (rowid, title, text) VALUES (?, ?, ?)", (key, readable(title), searched))
    db.executemany(
        "INSERT INTO chunk_words (rowid, title, section, text) VALUES (?, ?, ?, ?)",
        [(k, readable(title), readable(c.section or ""), readable(text[c.start : c.end])) for k, c in chunks],
    )


def remove_paper(db: sqlite3.Connection, key: int) -> None:
    """Remove the words of a paper; its chunks must still be stored."""
    db.execute("DELETE FROM chunk_words WHERE rowid IN (SELECT key FROM chunks WHERE paper = ?)", (key,))
    db.execute("DELETE FROM paper_words WHERE rowid = ?", (key,))


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
        for suffix in SHADOW_SUFFIXES:
            db.execute(f"DROP TABLE IF EXISTS {table}{suffix}")
    for statement in schema.WORD_INDEXES:
        db.execute(statement)
    enable_secure_delete(db)
    for (key,) in db.execute("SELECT key FROM papers ORDER BY key").fetchall():
        add_paper(db, key, *db.execute("SELECT title, text FROM papers WHERE key = ?", (key,)).fetchone())
