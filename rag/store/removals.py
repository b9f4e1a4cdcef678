"""Remember the papers that the user removed, so that their folders do not add them again."""

import hashlib
import os
import sqlite3
from collections.abc import Iterable

from .sources import SourceRecords

_DISTINCTIVE_WORDS = 3  # two papers hardly share a title of so many words


class RemovalRecords(SourceRecords):
    """The part of the record about removed papers. A `reading` is as in `Records.readings`."""

    def put_removal(self, db: sqlite3.Connection, paper: int) -> None:
        """Remember a removal for each source of a paper that is about to be removed.

        The next `add` reads these sources again, to report the paper as left out.
        """
        rows = db.execute(
            "SELECT s.key, s.location, p.read_title, p.read_digest, "
            "(SELECT count(*) FROM entries WHERE source = s.key) = 1 AS alone "
            "FROM entries e JOIN sources s ON s.key = e.source JOIN papers p ON p.key = e.paper WHERE e.paper = ?",
            (paper,),
        ).fetchall()
        for row in rows:
            self.keep_out(
                db, row["location"], (row["read_title"], row["read_digest"]), is_only_paper=bool(row["alone"])
            )
            db.execute("UPDATE sources SET digest = NULL WHERE key = ?", (row["key"],))

    def is_removed(
        self, db: sqlite3.Connection, location: str, reading: tuple[str, str], *, is_only_paper: bool
    ) -> bool:
        """Return whether the user removed the paper that was read at `location`.

        It matches a removal by its text; by its title at the same location or if the file of the removal is gone; or as
        the only paper of a source whose only paper was removed.
        """
        title, digest = _digest(reading[0]), reading[1]
        rows = db.execute(
            "SELECT location, title_digest, read_digest, alone FROM removals "
            "WHERE read_digest = ? OR title_digest = ? OR location = ?",
            (digest, title, location),
        )
        return any(
            row["read_digest"] == digest
            or (row["location"] == location and (row["title_digest"] == title or (is_only_paper and row["alone"])))
            or (row["title_digest"] == title and _has_moved(row["location"], location, reading[0]))
            for row in rows
        )

    def is_removed_as_read(self, db: sqlite3.Connection, reading: tuple[str, str]) -> bool:
        """Return whether the user removed a paper with exactly this title and text."""
        sql = "SELECT 1 FROM removals WHERE title_digest = ? AND read_digest = ?"
        return db.execute(sql, (_digest(reading[0]), reading[1])).fetchone() is not None

    def keep_out(self, db: sqlite3.Connection, location: str, reading: tuple[str, str], *, is_only_paper: bool) -> None:
        """Remember a removed paper as it reads now at `location`, in place of its older removal there."""
        title, digest = _digest(reading[0]), reading[1]
        db.execute(
            "DELETE FROM removals WHERE location = ? AND (title_digest = ? OR read_digest = ? OR (alone AND ?))",
            (location, title, digest, is_only_paper),
        )
        db.execute("INSERT OR REPLACE INTO removals VALUES (?, ?, ?, ?)", (location, title, digest, is_only_paper))

    def removals(self) -> dict[str, int]:
        """Return how many papers were removed from each source, by location."""
        return dict(map(tuple, self.rows("SELECT location, count(*) FROM removals GROUP BY location")))

    def bring_back(self, db: sqlite3.Connection, location: str, readings: Iterable[tuple[str, str]]) -> None:
        """Forget the removals at `location`, and the removals of papers with the given texts everywhere.

        The next `add` reads the other sources that hold one of these papers again.
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
        """Move the removals of a renamed file."""
        db.execute("UPDATE OR REPLACE removals SET location = ? WHERE location = ?", (new, old))


def _digest(title: str) -> str:
    return hashlib.sha256(title.encode()).hexdigest()


def _has_moved(old: str, new: str, title: str) -> bool:
    same_name = os.path.basename(old) == os.path.basename(new)
    return (same_name or len(title.split()) >= _DISTINCTIVE_WORDS) and not os.path.exists(old)
