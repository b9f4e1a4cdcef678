"""The SQLite file of a library: connections, transactions, and SQLite's errors in words for people."""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
import threading
import time
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from . import schema
from .errors import LibraryBusy, LibraryError, reason

_BUSY_SECONDS = 60.0
_MOST_INDEXED = 32  # states of the record that are known as those of an index; few versions of one are kept
LIST = "SELECT value FROM json_each(?)"
"""The values of a list that is given to a statement as `list_value`."""

_ERRORS = (sqlite3.Error, UnicodeDecodeError)  # the latter for SQLite's words about a damaged schema


class _Held:
    """A thread's connection, which is closed when the thread ends and lets go of it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection

    def __del__(self) -> None:
        self.connection.close()


class Database:
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
            if version > schema.VERSION:
                raise LibraryError(
                    f"The library {self.path.parent.name!r} was made by a newer Footnote (record version {version}, "
                    f"this one knows {schema.VERSION}). Update Footnote."
                )
            if version < schema.VERSION:
                with self.transaction() as db:
                    schema.migrate(db)
        except _ERRORS as error:
            raise _translated(error, self.path) from error

    def _one(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        rows = self.rows(sql, values)
        return rows[0] if rows else None

    def _in(self, sql: str, values: Sequence[int]) -> list[sqlite3.Row]:
        """Return the rows of a statement with one `IN ({})`."""
        return self.rows(sql.format(LIST), (list_value(values),)) if values else []


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


def list_value(keys: Sequence[int]) -> str:
    """Return keys as the one value of `LIST`."""
    return json.dumps([int(key) for key in keys])


def _translated(error: Exception, path: Path) -> LibraryError:
    """SQLite's and the file system's errors as something a person can act on."""
    text = reason(error)
    name = path.parent.name
    if "locked" in text:
        return LibraryBusy(
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
