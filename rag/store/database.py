"""The SQLite file of a library: one connection per thread, transactions, and the identity of its state."""

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
from . import word_index
from .connection import INDEX, UPLOADS, FileState, connect, connect_read_only, file_state
from .migrations import VERSION, migrate
from .sqlite_errors import BUSY_SECONDS, is_read_only, read_only_error, translate_errors

_MAX_INDEXED = 32  # record identities that are remembered as indexed
LIST = "SELECT value FROM json_each(?)"
"""SQL for the values of a list that `list_value` made a parameter of."""


class _ThreadConnection:
    """A connection that closes when its thread ends. `state` is that of the file if it is opened read-only."""

    def __init__(self, connection: sqlite3.Connection, state: FileState | None) -> None:
        self.connection = connection
        self.state = state

    def __del__(self) -> None:
        self.connection.close()


class Database:
    """The SQLite file of a library. Each thread has its own connection."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.read_only = is_read_only(path)
        self._local = threading.local()
        self._connections: weakref.WeakSet[_ThreadConnection] = weakref.WeakSet()
        self._lock = threading.Lock()
        self._migrate()

    def close(self) -> None:
        """Close the connections of all threads."""
        with self._lock:
            for each in list(self._connections):
                each.connection.close()
            self._local = threading.local()

    @contextlib.contextmanager
    def transaction(self, of_papers: bool = True) -> Iterator[sqlite3.Connection]:
        """Yield a connection whose changes are committed together or not at all.

        `of_papers` gives the record a new identity. Raise ReadOnlyLibrary if the record cannot be written. Raise
        LibraryError if another process locks the record for a minute, the disk is full, or the file is damaged.
        """
        self.check_writable()
        db = self._db
        with translate_errors(self.path):
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

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Hold the record as it is now in this thread: what others write meanwhile is not seen. Yield the connection.

        Raise LibraryError as `transaction` does.
        """
        db = self._db
        with translate_errors(self.path):
            db.execute("BEGIN")
            self._local.is_held = True
            try:
                db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()  # the snapshot begins with the first read
                yield db
            finally:
                self._local.is_held = False
                db.execute("ROLLBACK")

    def check_writable(self) -> None:
        """Raise ReadOnlyLibrary if the record cannot be written."""
        if self.read_only:
            raise read_only_error(self.path)

    def overwrite_log(self) -> None:
        """Empty the write-ahead log, which may hold deleted text, unless another process reads it right now."""
        with translate_errors(self.path):
            self._db.execute("PRAGMA busy_timeout = 1000")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            self._db.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")

    def rows(self, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[sqlite3.Row]:
        """Return the rows of a SELECT. Raise LibraryError as `transaction` does."""
        with translate_errors(self.path):
            return self._db.execute(sql, values).fetchall()

    def _one(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Row | None:
        return next(iter(self.rows(sql, values)), None)

    def _value(self, sql: str, values: Sequence[Any] = ()) -> Any:
        """Return the first column of the first row of a SELECT that always has one."""
        return self.rows(sql, values)[0][0]

    def _in(self, sql: str, values: Sequence[int]) -> list[sqlite3.Row]:
        """Return the rows of a SELECT with one `IN ({})`."""
        return self.rows(sql.format(LIST), (list_value(values),)) if values else []

    def meta(self, name: str) -> str | None:
        """Return a fact about the library: `made_with`, `revision`, `token` or `indexed`."""
        row = self._one("SELECT value FROM meta WHERE name = ?", (name,))
        return None if row is None else str(row[0])

    def set_meta(self, db: sqlite3.Connection, name: str, value: str) -> None:
        """Store a fact about the library."""
        db.execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", (name, value)
        )

    @property
    def identity(self) -> str:
        """The revision, which grows with each change of papers, and a random token.

        A restored backup can reach a revision for the second time, but never an identity.
        """
        rows = self.rows("SELECT name, value FROM meta WHERE name IN ('revision', 'token')")
        found = {row["name"]: row["value"] for row in rows}
        return f"{found.get('revision', 0)}-{found.get('token', '0')}"  # old records have no token yet

    @contextlib.contextmanager
    def indexing(self) -> Iterator[str]:
        """Hold a snapshot of the record in this thread, to build a vector index from; yield the record's identity.

        Remember the identity first. Only an index of a remembered identity may be updated: any other belongs to another
        history, in which the same keys may stand for other chunks. Raise LibraryError as `transaction` does.
        """
        while True:
            with self.transaction(of_papers=False) as db:
                identity = self.identity
                others = [each for each in self._indexed() if each != identity]
                self.set_meta(db, "indexed", json.dumps([*others[-_MAX_INDEXED + 1 :], identity]))
            db.execute("BEGIN")
            try:
                if self.identity == identity:  # else another process changed papers in between
                    yield identity
                    return
            finally:
                db.execute("COMMIT")

    def was_indexed(self, identity: str) -> bool:
        """Return whether an index was built from this record at the given identity."""
        return identity in self._indexed()

    def _indexed(self) -> list[str]:
        return list(json.loads(self.meta("indexed") or "[]"))

    @property
    def _db(self) -> sqlite3.Connection:
        held: _ThreadConnection | None = getattr(self._local, "held", None)
        state = file_state(self.path) if self.read_only else None
        if held is not None and held.state != state and not getattr(self._local, "is_held", False):
            # Another process wrote.
            held.connection.close()
            held = None
        if held is None:
            with translate_errors(self.path, OSError):
                connection = connect_read_only(self.path) if self.read_only else connect(self.path)
            held = self._local.held = _ThreadConnection(connection, state)
            with self._lock:
                self._connections.add(held)
        return held.connection

    def _migrate(self) -> None:
        with translate_errors(self.path):
            version = int(self._db.execute("PRAGMA user_version").fetchone()[0])
            self._check_version(version)
            if version < VERSION:
                with self.transaction() as db:
                    migrate(db)
                self.overwrite_log()
            elif not self.read_only and not word_index.is_current(self._db):
                with self.transaction(of_papers=False) as db:
                    word_index.rebuild(db)

    def _check_version(self, version: int) -> None:
        name, folder = self.path.name, self.path.parent
        if version > VERSION:
            raise LibraryError(
                f"The library {folder.name!r} was made by a newer Footnote (record version {version}; this Footnote "
                f"knows up to {VERSION}). Update Footnote."
            )
        if version == 0:
            if self._db.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
                raise LibraryError(
                    f"{name} in the library {folder.name!r} is a database of another program. Restore a copy of the "
                    "library's folder, or choose another folder."
                )
            if remains := [part for part in (INDEX, UPLOADS) if (folder / part).is_dir()]:
                raise LibraryError(
                    f"{name} in the library {folder.name!r} is damaged: it is empty, but {' and '.join(remains)} in "
                    "the same folder belong to a library with papers. Restore a copy of the library's folder, or move "
                    f"{name} away and add the papers again."
                )
        if version < VERSION and self.read_only:
            raise LibraryError(
                f"The library {folder.name!r} was made by an older Footnote (record version {version}) and is "
                "read-only, so it cannot be upgraded. Copy it to a place where you can write."
            )


def list_value(keys: Sequence[int]) -> str:
    """Return keys as the parameter of `LIST`."""
    return json.dumps([int(key) for key in keys])
