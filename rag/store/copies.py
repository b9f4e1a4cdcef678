"""Copy a record while it is in use, and replace the content of a record in one transaction."""

import contextlib
import sqlite3
import time
from pathlib import Path

from ..errors import LibraryError, reason
from .connection import connect, page_size
from .papers import Records
from .sqlite_errors import translate_errors

_PAGES = 4096  # copied between two looks at Ctrl-C: 16 MB
_SIDE_FILES = ("", "-wal", "-shm")  # suffixes of the files of a record


def copy_record(records: Records, target: Path) -> None:
    """Copy a record, as it is at one moment, to a new file. Other processes may read and write it meanwhile.

    Raise LibraryError if the record is damaged, or the disk with the new file is full.
    """
    with records.snapshot() as db:
        try:
            with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy:
                copy.execute("PRAGMA synchronous = OFF")  # a copy that is not complete is thrown away
                _copy(db, copy)
        except sqlite3.Error as error:
            raise LibraryError(f"A copy of the library cannot be written ({reason(error)}).") from error


def replace_record(path: Path, new: Path) -> None:
    """Replace the content of the record at `path` by that of the record `new`; create it if it is missing.

    It is one transaction: after a kill or a full disk the old content is there, and other processes see the old or the
    new one. A record that is too damaged for this is renamed. Raise LibraryError as `Records.transaction` does.
    """
    with translate_errors(path, OSError):
        _set_aside_if_damaged(path)
        with (
            contextlib.closing(sqlite3.connect(new, isolation_level=None)) as source,
            contextlib.closing(connect(path)) as db,
        ):
            if page_size(source) != page_size(db):  # SQLite copies into a record with pages of the same size only
                source.execute("PRAGMA journal_mode = DELETE")
                source.execute(f"PRAGMA page_size = {page_size(db)}")
                source.execute("VACUUM")
            _copy(source, db)
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def is_without_content(path: Path) -> bool:
    """Return whether a record has no paper, answer, removal or failure, and may be written.

    Raise ReadOnlyLibrary if it cannot be written, and LibraryError if it cannot be opened.
    """
    records = Records(path)
    try:
        records.check_writable()
        tables = ("papers", "answers", "removals", "failures")
        return not any(records.rows(f"SELECT 1 FROM {table} LIMIT 1") for table in tables)
    finally:
        records.close()


def check_schema(records: Records) -> None:
    """Raise LibraryError if a record from elsewhere has triggers or views, which would run with later changes."""
    foreign = records.rows("SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view') LIMIT 1")
    if foreign:
        raise LibraryError(f"Its record has a trigger or view, {foreign[0][0]!r}, which Footnote never makes.")


def _copy(source: sqlite3.Connection, target: sqlite3.Connection) -> None:
    def check(status: int, remaining: int, total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):  # after the timeout; Python would try without end
            raise sqlite3.OperationalError("database is locked")

    source.backup(target, pages=_PAGES, progress=check)


def _set_aside_if_damaged(path: Path) -> None:
    if not path.is_file():
        return
    try:
        with contextlib.closing(connect(path)) as db:
            db.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.OperationalError:
        raise
    except (sqlite3.DatabaseError, UnicodeDecodeError):
        stamp = time.strftime("%Y%m%d-%H%M%S")
        for suffix in _SIDE_FILES:
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(path.with_name(f"{path.name}.damaged-{stamp}{suffix}"))
