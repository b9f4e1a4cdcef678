"""Errors of SQLite reach the user as errors that say what to do."""

from __future__ import annotations

import contextlib
import errno
import inspect
import sqlite3
from pathlib import Path

import pytest

from rag.errors import FootnoteError, LibraryBusy, LibraryError, ReadOnlyLibrary
from rag.filters import Filters
from rag.store import schema
from rag.store.papers import Records
from rag.store.sqlite_errors import translate_errors

ERRORS = [each for each in vars(sqlite3).values() if isinstance(each, type) and issubclass(each, sqlite3.Error)]
ARGUMENTS = {
    "terms": ["otter"],
    "papers": [1],
    "keys": [1],
    "ids": ["ab"],
    "among": ["ab"],
    "key": 1,
    "paper": 1,
    "source": 1,
    "start": 0,
    "end": 1,
    "limit": 5,
    "chunks": [1],
    "name": "otters",
    "identity": "1-ab",
    "filters": Filters(years=(2000,)),
    "sql": "SELECT * FROM papers",
    "most": 5,
    "field": "year",
    "value": "2000",
    "words": "otter",
    "facet": "tags",
    "order": "title",
    "offset": 0,
    "length": 5,
    "venue": "A Journal",
    "kind": "author",
    "label": "ab",
    "first": 1999,
    "last": 2000,
    "citekeys": ["ab"],
    "year": 2000,
    "surname": "brook",
    "citekey": "ab",
    "prefix": "ot",
    "phrase": "otter kite",
    "table": "paper_words",
    "row": 1,
    "title": "Otters",
}


@pytest.mark.parametrize(
    ("text", "kind", "remedy"),
    [
        ("database is locked", LibraryBusy, "another `footnote` process"),
        ("database or disk is full", LibraryError, "Free some space"),
        ("database disk image is malformed", LibraryError, "Restore a copy"),
        ("file is not a database", LibraryError, "Restore a copy"),
        ("no such table: papers", LibraryError, "Restore a copy"),
        ("no such table: chunk_words", LibraryError, "`footnote rebuild`"),
        ("vtable constructor failed: paper_words", LibraryError, "`footnote rebuild`"),
        ("attempt to write a readonly database", ReadOnlyLibrary, "Check the folder's permissions"),
        ("unable to open database file", LibraryError, "Check the folder's permissions"),
        ("something new", LibraryError, "cannot be used: something new"),
    ],
)
def test_each_error_says_what_to_do(tmp_path: Path, text: str, kind: type[LibraryError], remedy: str) -> None:
    for error in ERRORS:
        with pytest.raises(kind, match=remedy), translate_errors(tmp_path / "footnote.sqlite"):
            raise error(text)


def test_a_full_disk_is_recognized_from_the_file_system_too(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="is full"), translate_errors(tmp_path / "footnote.sqlite", OSError):
        raise OSError(errno.ENOSPC, "No space left on device", "/x")


def test_no_method_of_the_record_lets_an_error_of_sqlite_through(tmp_path: Path) -> None:
    records = Records(tmp_path / "footnote.sqlite")
    with sqlite3.connect(records.path) as db:
        for table in schema.TABLES:
            db.execute(f"DROP TABLE {table}")
    db.close()
    failed = set()
    for name, function in inspect.getmembers(Records, inspect.isfunction):
        method = function.__get__(records)
        parameters = inspect.signature(method).parameters
        if name.startswith("_") or "db" in parameters or name == "close":
            continue
        needed = {key: ARGUMENTS[key] for key, each in parameters.items() if each.default is inspect.Parameter.empty}
        try:
            result = method(**needed)
            with result if hasattr(result, "__enter__") else contextlib.nullcontext():
                list(result if inspect.isgenerator(result) else ())
        except FootnoteError:
            failed.add(name)
    assert {"transaction", "indexing", "rows", "papers", "vectors", "word_scores", "candidates", "sources"} <= failed
    assert len(failed) > 25
    records.close()
