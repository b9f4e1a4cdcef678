"""Connections to the record's file, also where nothing can be written, and SQLite's errors in words for people."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from ..errors import LibraryBusy, LibraryError, ReadOnlyLibrary, reason
from . import schema

BUSY_SECONDS = 60.0
ERRORS = (sqlite3.Error, UnicodeDecodeError)  # the latter for SQLite's words about a damaged schema
_LITTLE = 4 * 2**20  # bytes: a disk with less is full, whatever SQLite calls it
_DAMAGED = ("not a database", "malformed", "no such table", "no such column", "vtable constructor", "fts5")


class State(NamedTuple):
    """What tells that another process has written: sizes and times of the file and its log, in bytes and ns."""

    record: tuple[int, int]
    log: tuple[int, int]


def is_read_only(path: Path) -> bool:
    """Return whether there is a record that this process cannot write."""
    return path.is_file() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def state_of(path: Path) -> State:
    """Return the state of a record's file and its log."""
    return State(_size_and_time(path), _size_and_time(_log_of(path)))


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to the record, which is made where it is missing.

    Raises:
        sqlite3.Error, OSError: see `translated`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        _make(path)
    return _connected(str(path))


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Return a connection that writes nothing, not even the files that SQLite reads a log with.

    It sees the record as it is now: connect again where `state_of` has changed.

    Raises:
        sqlite3.Error, OSError: see `translated`.
    """
    if not _size_and_time(_log_of(path))[0]:
        return _reading(f"file:{quote(str(path))}?immutable=1")
    with contextlib.suppress(sqlite3.Error):  # a process that writes has the files that a log is read with
        db = _reading(f"file:{quote(str(path))}?mode=ro")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return db
    with tempfile.TemporaryDirectory(prefix="footnote-") as folder:  # deleted at once, and open all the same
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        shutil.copyfile(_log_of(path), _log_of(copy))
        stored = _connected(str(copy))
        try:
            db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            stored.backup(db)
        finally:
            stored.close()
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA query_only = ON")
    return db


def translated(error: Exception, path: Path) -> LibraryError:
    """Return SQLite's or the file system's error as something that a person can act on."""
    name = path.parent.name
    text = reason(error)
    if "locked" in text:
        return LibraryBusy(
            f"The library {name!r} has been busy for {BUSY_SECONDS:.0f} s: another `footnote` writes to it."
        )
    if "is full" in text or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
        return _full(name)
    if any(part in text for part in _DAMAGED) or isinstance(error, UnicodeDecodeError):
        if "chunk_words" in text or "paper_words" in text or "fts5" in text:
            return LibraryError(
                f"The word index of the library {name!r} is damaged ({text}). `footnote rebuild` makes it again."
            )
        return LibraryError(
            f"{path.name} in the library {name!r} is damaged ({text}). Restore a copy of the library's folder, or move "
            "it away and add the papers again."
        )
    if "readonly" in text or is_read_only(path):
        return read_only(path)
    if "disk I/O error" in text and _free(path) < _LITTLE:
        return _full(name)
    if "unable to open" in text or isinstance(error, OSError):
        return LibraryError(
            f"The library {name!r} cannot be opened or written ({text}). Check the folder's permissions."
        )
    return LibraryError(f"The library {name!r} cannot be used: {text}.")


def read_only(path: Path) -> ReadOnlyLibrary:
    """Return the error for a change of a library that cannot be written."""
    return ReadOnlyLibrary(
        f"The library {path.parent.name!r} is read-only: it can be asked and searched, and nothing in it can be "
        "changed. Check the folder's permissions, or copy it to a place where you can write."
    )


def _make(path: Path) -> None:
    """Make a record aside and give it its name once it is whole, so that an empty file is never a new record."""
    for left in (_log_of(path), path.with_name(f"{path.name}-shm")):  # of a record that was deleted
        left.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=path.parent) as folder:
        new = Path(folder) / path.name
        db = _connected(str(new))
        try:
            db.execute("BEGIN IMMEDIATE")
            schema.migrate(db)
            db.execute("COMMIT")
        finally:
            db.close()
        with contextlib.suppress(FileExistsError):  # another process was quicker
            try:
                os.link(new, path)
            except FileExistsError:
                raise
            except OSError:  # a file system without links
                if not path.exists():
                    os.rename(new, path)


def _connected(name: str) -> sqlite3.Connection:
    db = sqlite3.connect(name, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        db.row_factory = sqlite3.Row
        _use_wal(db)
        db.execute("PRAGMA synchronous = NORMAL")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA secure_delete = ON")
    except BaseException:
        db.close()
        raise
    return db


def _reading(address: str) -> sqlite3.Connection:
    db = sqlite3.connect(address, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    return db


def _use_wal(db: sqlite3.Connection) -> None:
    """Switch a new file to write-ahead logging; the lock that this takes is the one that SQLite does not wait for."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _log_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _size_and_time(path: Path) -> tuple[int, int]:
    try:
        state = path.stat()
    except OSError:
        return 0, 0
    return state.st_size, state.st_mtime_ns


def _free(path: Path) -> int:
    with contextlib.suppress(OSError):
        return shutil.disk_usage(path.parent).free
    return _LITTLE


def _full(name: str) -> LibraryError:
    return LibraryError(
        f"The disk with the library {name!r} is full. What was stored until then is kept; make room and go on."
    )
