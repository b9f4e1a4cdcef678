"""Open SQLite connections to a library's record, for writing or read-only."""

import contextlib
import os
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from .migrations import migrate
from .sqlite_errors import BUSY_SECONDS

_CACHE_KIB = 32 * 1024  # of pages in each connection; a question reads about 1 MB of vectors, SQLite's default is 2 MB

_PAGE_SIZE = 16 * 1024  # a row with the vectors of a passage takes 2 KB: in pages of 4 KB a quarter would be empty

RECORD = "footnote.sqlite"
INDEX = "index"
UPLOADS = "uploads"
"""The copies of uploaded files."""


class FileState(NamedTuple):
    """(size in bytes, mtime in ns) of the record and of its write-ahead log; it changes when another process writes."""

    record: tuple[int, int]
    log: tuple[int, int]


def file_state(path: Path) -> FileState:
    """Return the state of a record's files."""
    return FileState(_size_and_mtime(path), _size_and_mtime(_log_path(path)))


def connect(path: Path) -> sqlite3.Connection:
    """Return a connection to the record; create the record if it is missing."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _create(path)
    return _open(str(path))


def connect_read_only(path: Path) -> sqlite3.Connection:
    """Return a connection that writes nothing, not even the shared-memory file that SQLite reads a log with.

    It may miss later changes: connect again when `file_state` has changed.
    """
    if not _size_and_mtime(_log_path(path))[0]:
        return _open_uri(f"file:{quote(str(path))}?immutable=1")
    with contextlib.suppress(sqlite3.Error):  # while another process writes, the shared-memory file is there
        db = _open_uri(f"file:{quote(str(path))}?mode=ro")
        db.execute("SELECT count(*) FROM sqlite_master").fetchone()
        return db
    with tempfile.TemporaryDirectory(prefix="footnote-") as folder:
        copy = Path(folder) / path.name
        shutil.copyfile(path, copy)
        shutil.copyfile(_log_path(path), _log_path(copy))
        with contextlib.closing(_open(str(copy))) as stored:
            db = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
            db.execute(f"PRAGMA page_size = {page_size(stored)}")  # a backup into memory keeps the size there
            stored.backup(db)
    db.row_factory = sqlite3.Row
    db.execute("PRAGMA query_only = ON")
    return db


def page_size(db: sqlite3.Connection) -> int:
    """Return the bytes of a page."""
    return int(db.execute("PRAGMA page_size").fetchone()[0])


def _create(path: Path) -> None:
    """Create a record under a temporary name and rename it when complete, so that an empty file is never a record."""
    for leftover in (_log_path(path), path.with_name(f"{path.name}-shm")):  # of a deleted record
        leftover.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory(prefix=".new-", dir=path.parent) as folder:
        new = Path(folder) / path.name
        with contextlib.closing(_open(str(new), f"PRAGMA page_size = {_PAGE_SIZE}")) as db:
            db.execute("BEGIN IMMEDIATE")
            migrate(db)
            db.execute("COMMIT")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # raises on a full disk; closing would leave half a file
        with contextlib.suppress(FileExistsError):  # another process created it first
            try:
                os.link(new, path)
            except FileExistsError:
                raise
            except OSError:  # a file system without hard links
                if not path.exists():
                    os.rename(new, path)


def _open(name: str, *first: str) -> sqlite3.Connection:
    """Open a connection for writing; `first` are run before anything else."""
    db = sqlite3.connect(name, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    try:
        db.row_factory = sqlite3.Row
        for statement in first:
            db.execute(statement)
        _enable_wal(db)
        # What is committed is on the disk: with NORMAL, a power failure could undo the corrections of the last hours.
        db.execute("PRAGMA synchronous = FULL")
        db.execute("PRAGMA foreign_keys = ON")
        db.execute("PRAGMA secure_delete = ON")
        db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    except BaseException:
        db.close()
        raise
    return db


def _open_uri(uri: str) -> sqlite3.Connection:
    db = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    db.row_factory = sqlite3.Row
    return db


def _enable_wal(db: sqlite3.Connection) -> None:
    """Switch to write-ahead logging; SQLite's busy timeout does not cover the lock that this takes."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            db.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > deadline:
                raise
        time.sleep(0.01)


def _log_path(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _size_and_mtime(path: Path) -> tuple[int, int]:
    try:
        stat = path.stat()
    except OSError:
        return 0, 0
    return stat.st_size, stat.st_mtime_ns
