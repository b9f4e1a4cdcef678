"""What the record knows of papers that a person removed, so that their folders do not bring them back."""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Iterable

from .sources import SourceRecords

_MANY_WORDS = 3  # a title of so many words is hardly that of another paper


class RemovalRecords(SourceRecords):
    """The part of the record about removed papers."""

    def put_removal(self, db: sqlite3.Connection, paper: int) -> None:
        """Remember that a person removes a paper, for each of its sources; call it before the paper goes.

        The sources are read again when they are next added, to say which paper was left out.
        """
        rows = db.execute(
            "SELECT s.key, s.location, p.read_title, p.read_digest, "
            "(SELECT count(*) FROM entries WHERE source = s.key) = 1 AS alone "
            "FROM entries e JOIN sources s ON s.key = e.source JOIN papers p ON p.key = e.paper WHERE e.paper = ?",
            (paper,),
        ).fetchall()
        for row in rows:
            reading = (row["read_title"], row["read_digest"])
            self.keep_out(db, row["location"], reading, alone=bool(row["alone"]))
            db.execute("UPDATE sources SET digest = NULL WHERE key = ?", (row["key"],))

    def is_removed(self, db: sqlite3.Connection, location: str, reading: tuple[str, str], *, alone: bool) -> bool:
        """Return whether a paper that was read at `location` is one that a person removed.

        It is one by its text, anywhere; by its title, at the same place or where the file that it was removed from is
        gone; and as the only paper of a source whose only paper was removed. `reading` is as of `Records.readings`.
        """
        title, digest = _digest(reading[0]), reading[1]
        rows = db.execute(
            "SELECT location, title_digest, read_digest, alone FROM removals "
            "WHERE read_digest = ? OR title_digest = ? OR location = ?",
            (digest, title, location),
        )
        return any(
            row["read_digest"] == digest
            or (row["location"] == location and (row["title_digest"] == title or (alone and row["alone"])))
            or (row["title_digest"] == title and _has_moved(row["location"], location, reading[0]))
            for row in rows
        )

    def is_removed_as_read(self, db: sqlite3.Connection, reading: tuple[str, str]) -> bool:
        """Return whether a person removed a paper with this very title and text."""
        sql = "SELECT 1 FROM removals WHERE title_digest = ? AND read_digest = ?"
        return db.execute(sql, (_digest(reading[0]), reading[1])).fetchone() is not None

    def keep_out(self, db: sqlite3.Connection, location: str, reading: tuple[str, str], *, alone: bool) -> None:
        """Remember a removed paper as it was read now at `location`, in place of what it was there before."""
        title, digest = _digest(reading[0]), reading[1]
        db.execute(
            "DELETE FROM removals WHERE location = ? AND (title_digest = ? OR read_digest = ? OR (alone AND ?))",
            (location, title, digest, alone),
        )
        db.execute("INSERT OR REPLACE INTO removals VALUES (?, ?, ?, ?)", (location, title, digest, alone))

    def removed_at(self, location: str) -> int:
        """Return how many papers were removed that the source at `location` held."""
        return int(self.rows("SELECT count(*) FROM removals WHERE location = ?", (location,))[0][0])

    def bring_back(self, db: sqlite3.Connection, location: str, readings: Iterable[tuple[str, str]]) -> None:
        """Forget the removals at `location`, and those of the papers that were read there now at other places too.

        Sources at other places that hold one of them are read again when they are next added.
        """
        for digest in sorted({digest for _, digest in readings}):
            db.execute(
                "UPDATE sources SET digest = NULL WHERE location IN "
                "(SELECT location FROM removals WHERE read_digest = ? AND location <> ?)",
                (digest, location),
            )
            db.execute("DELETE FROM removals WHERE read_digest = ?", (digest,))
        db.execute("DELETE FROM removals WHERE location = ?", (location,))

    def move_removals(self, db: sqlite3.Connection, old: str, new: str) -> None:
        """A file was renamed: what was removed from it stays removed."""
        db.execute("UPDATE OR REPLACE removals SET location = ? WHERE location = ?", (new, old))

    def count_removals(self) -> int:
        """Return how many papers that a person removed are kept out of their folders."""
        return int(self.rows("SELECT count(*) FROM (SELECT DISTINCT read_digest FROM removals)")[0][0])


def _digest(title: str) -> str:
    return hashlib.sha256(title.encode()).hexdigest()


def _has_moved(old: str, new: str, title: str) -> bool:
    same_name = os.path.basename(old) == os.path.basename(new)
    return (same_name or len(title.split()) >= _MANY_WORDS) and not os.path.exists(old)
