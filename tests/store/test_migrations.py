"""Records of every older version are migrated, also if the process is killed at any of the statements."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np
import pytest
from helpers.fork_server import ForkServer, serve, start_fork_server

from rag.store import schema
from rag.store.migrations import MIGRATIONS, VERSION
from rag.store.papers import Records

DETAILS = {"authors": ["Eva van Brook"], "venue": "River Studies", "pages": [], "sections": [], "tags": ["rivers"]}


def old_record(path: Path, version: int) -> Path:
    """Write a record as an older version left it: a paper of the first version and an answer of the third, migrated."""
    path.parent.mkdir(parents=True)
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA journal_mode = WAL")
        db.row_factory = sqlite3.Row
        db.execute("BEGIN")
        for number, migration in enumerate(MIGRATIONS[:version], 1):
            migration(db)
            if number == 1:
                values = ("0a", "Otters", "otters", "otters", "0f", "Otters\n\nThey swim.", 2019, json.dumps(DETAILS))
                db.execute(
                    "INSERT INTO papers (id, title, folded_title, read_title, read_digest, text, year, details, "
                    "corrections, vector, added) VALUES (?, ?, ?, ?, ?, ?, ?, ?, '{}', ?, '2026-01-01')",
                    (*values, np.full(4, 0.5, "<f4").tobytes()),
                )
            if number == 3:
                columns = "asked, question, request, made_with, answer"
                db.execute(f"INSERT INTO answers ({columns}) VALUES ('', 'Why?', '{{}}', '{{}}', '{{}}')")
        db.execute(f"PRAGMA user_version = {version}")
        db.execute("COMMIT")
    return path


def do_open(library: Path, papers: Path, chance: Random) -> None:
    Records(library / "footnote.sqlite").close()


def assert_migrated(path: Path, version: int) -> None:
    records = Records(path)
    tables = {row[0] for row in records.rows("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables >= set(schema.TABLES)
    assert records.rows("PRAGMA user_version")[0][0] == VERSION
    assert [(paper.id, paper.authors) for paper in records.papers()] == [("0a", ("Eva van Brook",))]
    assert len(records.rows("SELECT 1 FROM answers")) == (version >= 3)
    labels = {tuple(row) for row in records.rows("SELECT kind, label FROM labels")}
    assert {("author", "eva van brook"), ("tag", "rivers"), ("venue", "river studies")} <= labels
    records.close()


@pytest.fixture(scope="module")
def fork_server() -> Iterator[ForkServer]:
    with start_fork_server(__file__) as started:
        yield started


@pytest.mark.parametrize("version", range(1, VERSION))
def test_a_migration_that_is_killed_at_any_statement_is_done_at_the_next_opening(
    tmp_path: Path, fork_server: ForkServer, version: int
) -> None:
    kill_at, status = 1, -9
    while status == -9:
        library = tmp_path / str(kill_at)
        path = old_record(library / "footnote.sqlite", version)
        status, error = fork_server.run("do_open", library, tmp_path, 0, kill_at=kill_at)
        assert status in (0, -9), error
        assert_migrated(path, version)
        kill_at += 1 + kill_at // 6
    assert kill_at > 10


def test_a_damaged_answer_does_not_stop_a_migration(tmp_path: Path) -> None:
    path = old_record(tmp_path / "library" / "footnote.sqlite", 5)
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        db.execute("UPDATE answers SET answer = '{'")
    assert_migrated(path, 5)


if __name__ == "__main__":
    serve(globals())
