"""What the record knows of sources: where papers were read, and which files failed."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from .database import Database

PARTLY, NOT_FOUND = "partly ", ""  # see Failed


class Failed(NamedTuple):
    """Something that could not be read: where it is, its name, the digest of what was tried, and why it failed.

    The digest begins with `PARTLY` where entries of the file failed and the others were read; it is `NOT_FOUND` where
    nothing could be tried. `reason` has a line for each failure, as `failures.as_reason` writes them.
    """

    location: str
    name: str
    digest: str
    reason: str


class StoredSource(NamedTuple):
    """Where a paper was read: the source's location and name, and its digest where it was read whole."""

    location: str
    name: str
    digest: str | None


class SourceRecords(Database):
    """The part of the record about sources."""

    def sources(self) -> dict[str, tuple[int, str | None]]:
        """All sources: location -> (key, digest)."""
        return {row["location"]: (row["key"], row["digest"]) for row in self.rows("SELECT * FROM sources")}

    def put_source(self, db: sqlite3.Connection, location: str, name: str) -> int:
        """The key of the source at `location`, made where it is new; its digest is cleared until it is read whole."""
        db.execute(
            "INSERT INTO sources (location, name) VALUES (?, ?) "
            "ON CONFLICT (location) DO UPDATE SET name = excluded.name, digest = NULL",
            (location, name),
        )
        row = db.execute("SELECT key FROM sources WHERE location = ?", (location,)).fetchone()
        return int(row[0])

    def move_source(self, db: sqlite3.Connection, old: str, location: str, name: str) -> None:
        """A file was renamed: its papers stay. Nothing happens where another process has added it meanwhile."""
        db.execute("UPDATE OR IGNORE sources SET location = ?, name = ? WHERE location = ?", (location, name, old))

    def link(self, db: sqlite3.Connection, source: int, paper: int) -> None:
        """Note that a source holds a paper; a paper that another process removed meanwhile is passed over."""
        db.execute("INSERT OR IGNORE INTO entries SELECT ?, key FROM papers WHERE key = ?", (source, paper))

    def entries(self, source: int) -> list[int]:
        """The keys of the papers that a source holds."""
        return [row[0] for row in self.rows("SELECT paper FROM entries WHERE source = ? ORDER BY paper", (source,))]

    def sources_of(self, paper: int) -> list[int]:
        """The keys of the sources that hold a paper."""
        return [row[0] for row in self.rows("SELECT source FROM entries WHERE paper = ?", (paper,))]

    def sources_in_full(self, paper: int) -> list[StoredSource]:
        """The sources that hold a paper, in the order in which they came."""
        sql = (
            "SELECT s.location, s.name, s.digest FROM entries e JOIN sources s ON s.key = e.source "
            "WHERE e.paper = ? ORDER BY s.key"
        )
        return [StoredSource(*row) for row in self.rows(sql, (paper,))]

    def finish_source(self, db: sqlite3.Connection, source: int, digest: str, papers: Iterable[int]) -> list[int]:
        """A source was read whole and holds exactly `papers`; returns the keys of papers that now have no source."""
        db.execute("UPDATE sources SET digest = ? WHERE key = ?", (digest, source))
        gone = sorted(
            {row[0] for row in db.execute("SELECT paper FROM entries WHERE source = ?", (source,))} - set(papers)
        )
        db.executemany("DELETE FROM entries WHERE source = ? AND paper = ?", [(source, paper) for paper in gone])
        return [p for p in gone if not db.execute("SELECT 1 FROM entries WHERE paper = ? LIMIT 1", (p,)).fetchone()]

    def failures(self) -> dict[str, Failed]:
        """The files that could not be read, by location."""
        rows = self.rows("SELECT location, name, digest, reason FROM failures")
        return {row["location"]: Failed(*row) for row in rows}

    def put_failure(self, db: sqlite3.Connection, failed: Failed) -> None:
        """Remembers a file that could not be read, so that it is tried again only when it has changed."""
        db.execute("INSERT OR REPLACE INTO failures VALUES (?, ?, ?, ?)", failed)

    def forget_failures(self, db: sqlite3.Connection, locations: Iterable[str]) -> None:
        """These files were read after all, or are gone."""
        db.executemany("DELETE FROM failures WHERE location = ?", [(location,) for location in locations])

    def drop_source(self, db: sqlite3.Connection, location: str) -> list[int]:
        """Forget the source at `location`; return the keys of papers that now have none."""
        row = db.execute("SELECT key FROM sources WHERE location = ?", (location,)).fetchone()
        if row is None:
            return []
        source = int(row[0])
        gone = self.finish_source(db, source, "", ())
        db.execute("DELETE FROM sources WHERE key = ?", (source,))
        return gone

    def drop_empty_sources(self, db: sqlite3.Connection, locations: Iterable[str]) -> None:
        """Forgets those of some sources that hold no paper, so that they are read again when they are next added."""
        sql = "DELETE FROM sources WHERE location = ? AND NOT EXISTS (SELECT 1 FROM entries WHERE source = sources.key)"
        db.executemany(sql, [(location,) for location in locations])

    def source_names(self, papers: Sequence[int] | None = None) -> dict[int, tuple[str, ...]]:
        sql = "SELECT e.paper, s.name FROM entries e JOIN sources s ON s.key = e.source"
        order = " ORDER BY e.paper, s.key"
        rows = self.rows(sql + order) if papers is None else self._in(sql + " WHERE e.paper IN ({})" + order, papers)
        names: dict[int, list[str]] = {}
        for paper, name in rows:
            names.setdefault(paper, []).append(name)
        return {paper: tuple(dict.fromkeys(each)) for paper, each in names.items()}
