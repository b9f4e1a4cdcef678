"""Bring a record's tables to the current version, one function per version."""

import contextlib
import json
import sqlite3
from collections.abc import Callable, Sequence

import numpy as np

from . import schema, vectors, word_index
from .derived import put_cited, put_listing
from .rows import UNREADABLE, put_labels, undamaged

_GROUP = "ORDER BY key LIMIT 1000"  # rows that are converted together


def migrate(db: sqlite3.Connection) -> None:
    """Run the migrations that a record lacks; a new record gets all of them. Call it within a transaction."""
    version = int(db.execute("PRAGMA user_version").fetchone()[0])
    for migration in MIGRATIONS[version:]:
        migration(db)
    db.execute(f"PRAGMA user_version = {VERSION}")


def create_papers_sources_chunks(db: sqlite3.Connection) -> None:
    _execute_all(db, schema.PAPERS_SOURCES_CHUNKS)
    db.execute("INSERT INTO meta VALUES ('revision', '0')")


def add_boxes_works_failures(db: sqlite3.Connection) -> None:
    _execute_all(db, schema.BOXES_WORKS_FAILURES)


def add_answers(db: sqlite3.Connection) -> None:
    _execute_all(db, schema.ANSWERS)


def add_conversations_feedback(db: sqlite3.Connection) -> None:
    _execute_all(db, schema.CONVERSATIONS_FEEDBACK)


def add_removals_labels(db: sqlite3.Connection) -> None:
    _execute_all(db, schema.REMOVALS_LABELS)
    word_index.enable_secure_delete(db)
    word_index.optimize(db)  # overwrites the words of papers that were removed before


def label_names_venues_citekeys(db: sqlite3.Connection) -> None:
    """Do nothing: `add_listing_cited` writes all labels again."""


def add_listing_cited(db: sqlite3.Connection) -> None:
    _execute_all(db, schema.LISTING_CITED)
    for key, title, year, details in db.execute("SELECT key, title, year, details FROM papers"):
        with undamaged("the metadata of a paper"):
            fields = json.loads(details)
        put_labels(db, key, fields)
        put_listing(db, key, title, year, fields)
    for key, answer in db.execute("SELECT key, answer FROM answers"):
        with contextlib.suppress(*UNREADABLE):  # a damaged answer must not lock the papers; the history names it
            put_cited(db, key, json.loads(answer))


def pack_vectors(db: sqlite3.Connection) -> None:
    """Pack the vectors, which earlier versions stored as float32 (chunks and papers) and float16 (sentences)."""
    last = 0
    while rows := db.execute(f"SELECT key, vector FROM papers WHERE key > ? {_GROUP}", (last,)).fetchall():
        last = rows[-1][0]
        db.executemany(
            "UPDATE papers SET vector = ? WHERE key = ?", [(_packed(vector, "<f4", 1), key) for key, vector in rows]
        )
    last = 0
    columns = "key, vector, sentence_vectors, length(sentences) / 8"
    while rows := db.execute(f"SELECT {columns} FROM chunks WHERE key > ? {_GROUP}", (last,)).fetchall():
        last = rows[-1][0]
        values = [
            (_packed(vector, "<f4", 1), _packed(sentences, "<f2", count), key) for key, vector, sentences, count in rows
        ]
        db.executemany("UPDATE chunks SET vector = ?, sentence_vectors = ? WHERE key = ?", values)


def index_words_without_texts(db: sqlite3.Connection) -> None:
    word_index.rebuild(db)


def _packed(stored: bytes, form: str, rows: int) -> bytes:
    with undamaged("a vector"):
        return vectors.pack(np.frombuffer(stored, form).reshape(rows, -1)) if rows else b""


def _execute_all(db: sqlite3.Connection, statements: Sequence[str]) -> None:
    for statement in statements:  # executescript would commit the transaction
        db.execute(statement)


MIGRATIONS: list[Callable[[sqlite3.Connection], None]] = [
    create_papers_sources_chunks,
    add_boxes_works_failures,
    add_answers,
    add_conversations_feedback,
    add_removals_labels,
    label_names_venues_citekeys,
    add_listing_cited,
    pack_vectors,
    index_words_without_texts,
]

VERSION = len(MIGRATIONS)
