"""Store where papers were read from, and which files could not be read."""

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .database import Database

PARTLY, NOT_FOUND = "partly ", ""  # see Failed.digest


class Failed(NamedTuple):
    """A file that could not be read.

    `digest` is that of the file when it was tried. It begins with `PARTLY` if only some of the file's entries failed,
    and is `NOT_FOUND` if nothing could be tried. `reason` has one line per failure, see `failures.as_reason`.
    """

    location: str
    name: str
    digest: str
    reason: str


class StoredSource(NamedTuple):
    """A source of a paper; `digest` is None unless the source was read completely."""

    location: str
    name: str
    digest: str | None


class SourceRecords(Database):
    """The part of the record about sources."""

    def sources(self) -> dict[str, tuple[int, str | None]]:
        """Return all sources as location -> (key, digest)."""
        return {row["location"]: (row["key"], row["digest"]) for row in self.rows("SELECT * FROM sources")}

    def all_sources(self) -> list[StoredSource]:
        """Return all sources in the order in which they were added."""
        return [StoredSource(*row) for row in self.rows("SELECT location, name, digest FROM sources ORDER BY key")]

    def put_source(self, db: sqlite3.Connection, location: str, name: str) -> int:
        """Return the key of the source at `location`, created if new; clear its digest until `finish_source`."""
        sql = (
            "INSERT INTO sources (location, name) VALUES (?, ?) "
            "ON CONFLICT (location) DO UPDATE SET name = excluded.name, digest = NULL RETURNING key"
        )
        return int(db.execute(sql, (location, name)).fetchall()[0][0])

    def move_source(self, db: sqlite3.Connection, old: str, location: str, name: str) -> None:
        """Store the new location of a renamed file; do nothing if another process has already added it there."""
        db.execute("UPDATE OR IGNORE sources SET location = ?, name = ? WHERE location = ?", (location, name, old))

    def link(self, db: sqlite3.Connection, source: int, paper: int) -> None:
        """Store that a source holds a paper; do nothing if the paper was just removed."""
        db.execute("INSERT OR IGNORE INTO entries SELECT ?, key FROM papers WHERE key = ?", (source, paper))

    def entries(self, source: int) -> list[int]:
        """Return the keys of the papers that a source holds."""
        return [row[0] for row in self.rows("SELECT paper FROM entries WHERE source = ? ORDER BY paper", (source,))]

    def sources_of(self, paper: int) -> list[int]:
        """Return the keys of the sources that hold a paper, first added first."""
        return [row[0] for row in self.rows("SELECT source FROM entries WHERE paper = ? ORDER BY source", (paper,))]

    def sources_in_full(self, paper: int) -> list[StoredSource]:
        """Return the sources that hold a paper, in the order in which they were added."""
        sql = (
            "SELECT s.location, s.name, s.digest FROM entries e JOIN sources s ON s.key = e.source "
            "WHERE e.paper = ? ORDER BY s.key"
        )
        return [StoredSource(*row) for row in self.rows(sql, (paper,))]

    def source_names(self, papers: Sequence[int] | None = None) -> dict[int, tuple[str, ...]]:
        """Return the names of the sources of all papers, or of some, by paper key."""
        sql = "SELECT e.paper, s.name FROM entries e JOIN sources s ON s.key = e.source"
        order = " ORDER BY e.paper, s.key"
        rows = self.rows(sql + order) if papers is None else self._in(sql + " WHERE e.paper IN ({})" + order, papers)
        names: dict[int, list[str]] = {}
        for paper, name in rows:
            names.setdefault(paper, []).append(name)
        return {paper: tuple(dict.fromkeys(each)) for paper, each in names.items()}

    def finish_source(self, db: sqlite3.Connection, source: int, digest: str, papers: Iterable[int]) -> list[int]:
        """Store that a source was read completely and holds exactly `papers`; return the papers left without source."""
        db.execute("UPDATE sources SET digest = ? WHERE key = ?", (digest, source))
        lost = sorted(set(self.entries(source)) - set(papers))
        db.executemany("DELETE FROM entries WHERE source = ? AND paper = ?", [(source, paper) for paper in lost])
        return [paper for paper in lost if not self.sources_of(paper)]

    def drop_source(self, db: sqlite3.Connection, location: str) -> list[int]:
        """Delete the source at `location`; return the keys of the papers left without source."""
        row = self._one("SELECT key FROM sources WHERE location = ?", (location,))
        if row is None:
            return []
        without_source = self.finish_source(db, row["key"], "", ())
        db.execute("DELETE FROM sources WHERE key = ?", (row["key"],))
        return without_source

    def drop_empty_sources(self, db: sqlite3.Connection, locations: Iterable[str]) -> None:
        """Delete those of some sources that hold no paper, so that the next `add` reads them again."""
        sql = "DELETE FROM sources WHERE location = ? AND NOT EXISTS (SELECT 1 FROM entries WHERE source = sources.key)"
        db.executemany(sql, [(location,) for location in locations])

    def failures(self) -> dict[str, Failed]:
        """Return the files that could not be read, by location."""
        rows = self.rows("SELECT location, name, digest, reason FROM failures")
        return {row["location"]: Failed(*row) for row in rows}

    def put_failure(self, db: sqlite3.Connection, failed: Failed) -> None:
        """Store a file that could not be read, so that it is not retried until it changes."""
        db.execute("INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?)", failed)

    def forget_failures(self, db: sqlite3.Connection, locations: Iterable[str]) -> None:
        """Delete the failures of files that were read or are gone."""
        db.executemany("DELETE FROM failures WHERE location = ?", [(location,) for location in locations])
