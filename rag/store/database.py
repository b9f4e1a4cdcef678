"""The SQLite file of a library: a connection for each thread, transactions, and what identifies its state."""

from __future__ import annotations

import contextlib
import json
import secrets
import sqlite3
import threading
import weakref
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import LibraryError
from . import schema
from .connection import (
    BUSY_SECONDS,
    ERRORS,
    State,
    connect,
    connect_read_only,
    is_read_only,
    read_only,
    state_of,
    translated,
)
from .files import INDEX, UPLOADS

_MOST_INDEXED = 32  # states of the record that are known as those of an index; few versions of one are kept
LIST = "SELECT value FROM json_each(?)"
"""The values of a list that is given to a statement as `list_value`."""


class _Held:
    """A thread's connection, which is closed when the thread ends and lets go of it."""

    def __init__(self, connection: sqlite3.Connection, state: State | None) -> None:
        self.connection = connection
        self.state = state  # of the file that it reads, where it cannot write

    def __del__(self) -> None:
        self.connection.close()


class Database:
    """The SQLite file of a library. Each thread has a connection of its own."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.read_only = is_read_only(path)
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
            ReadOnlyLibrary: nothing can be written here.
            LibraryError: another process holds the library for a minute, the disk is full, or the file is damaged.
        """
        self.check_writable()
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
        except ERRORS as error:
            raise translated(error, self.path) from error

    def check_writable(self) -> None:
        """Raise ReadOnlyLibrary where nothing can be written."""
        if self.read_only:
            raise read_only(self.path)

    def overwrite_log(self) -> None:
        """Empty SQLite's log, so that what was deleted is not read there; not where others use the record just now."""
        db = self._db
        try:
            db.execute("PRAGMA busy_timeout = 1000")
            db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            db.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
        except ERRORS as error:
            raise translated(error, self.path) from error

    def rows(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        """The rows of a statement that reads."""
        try:
            return self._db.execute(sql, values).fetchall()
        except ERRORS as error:
            raise translated(error, self.path) from error

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
        state = state_of(self.path) if self.read_only else None
        if held is not None and held.state != state:  # another process wrote what this one can only read
            held.connection.close()
            held = None
        if held is None:
            held = self._local.held = _Held(self._connect(), state)
            with self._lock:
                self._held.add(held)
        return held.connection

    def _connect(self) -> sqlite3.Connection:
        try:
            return connect_read_only(self.path) if self.read_only else connect(self.path)
        except (*ERRORS, OSError) as error:
            raise translated(error, self.path) from error

    def _prepare_schema(self) -> None:
        try:
            version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
            self._check_version(version)
            if version < schema.VERSION:
                with self.transaction() as db:
                    schema.migrate(db)
                self.overwrite_log()
        except ERRORS as error:
            raise translated(error, self.path) from error

    def _check_version(self, version: int) -> None:
        name, folder = self.path.name, self.path.parent
        if version > schema.VERSION:
            raise LibraryError(
                f"The library {folder.name!r} was made by a newer Footnote (record version {version}, "
                f"this one knows {schema.VERSION}). Update Footnote."
            )
        if version == 0:
            if self._db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                raise LibraryError(
                    f"{name} in the library {folder.name!r} is a database, but no record of Footnote. Restore a copy "
                    "of the library's folder, or name another folder."
                )
            if beside := [part for part in (INDEX, UPLOADS) if (folder / part).is_dir()]:
                raise LibraryError(
                    f"{name} in the library {folder.name!r} is damaged: it is empty, though {' and '.join(beside)} "
                    "beside it are of a library with papers. Restore a copy of the library's folder, or move the file "
                    "away and add the papers again."
                )
        if version < schema.VERSION and self.read_only:
            raise LibraryError(
                f"The library {folder.name!r} was made by an older Footnote (record version {version}) and is "
                "read-only, so it cannot be brought up to date. Copy it to a place where you can write."
            )

    def _one(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        rows = self.rows(sql, values)
        return rows[0] if rows else None

    def _in(self, sql: str, values: Sequence[int]) -> list[sqlite3.Row]:
        """Return the rows of a statement with one `IN ({})`."""
        return self.rows(sql.format(LIST), (list_value(values),)) if values else []


def list_value(keys: Sequence[int]) -> str:
    """Return keys as the one value of `LIST`."""
    return json.dumps([int(key) for key in keys])
