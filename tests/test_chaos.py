"""A library survives kills, many processes at once, and damage: the record is whole, and the index equal to it.

The suite runs a small part of it. All of it (300 kills; 2,000 papers and 24 processes for 60 s; 40 damaged libraries)
takes about ten minutes: `CHAOS=full python -m pytest tests/test_chaos.py`.

Run as a script it serves the functions `do_...` to `helpers.fork_server`.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import shutil
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from helpers.fake_embedder import fake_embedder
from helpers.fork_server import ForkServer, serve, start_fork_server

import rag.library
from rag.assistant import Assistant
from rag.errors import UnknownPaper
from rag.store.index import Index
from rag.store.papers import Records
from rag.store.vectors import pack

pytestmark = pytest.mark.slow

FULL = os.environ.get("CHAOS") == "full"
KILLS = 300 if FULL else 8
DAMAGED = 40 if FULL else 8  # a version has eight files and folders
PAPERS, ASKERS, SECONDS = (2000, 20, 60.0) if FULL else (200, 4, 4.0)
PER_FILE = 5
SIZES = (24, 32)  # dimensions of the two models


def entry(number: int, version: int) -> dict[str, str]:
    text = " ".join(f"Sentence {i} of {number} says {version * 7919 % 1000 + i}." for i in range(3 + number % 4))
    return {"title": f"Paper {number:04}", "text": text}


def write(papers: Path, file: int, version: int) -> Path:
    path = papers / f"{file:04}.jsonl"
    lines = [json.dumps(entry(file * PER_FILE + i, version)) + "\n" for i in range(PER_FILE)]
    unfinished = path.with_suffix(".part")
    unfinished.write_text("".join(lines))
    os.replace(unfinished, path)
    return path


# The processes


def open_chaos(library: Path, size: int | None = None) -> Assistant:
    """The library with the model that it was made with, or that of another size."""
    record = library / "footnote.sqlite"
    if size is None:
        made = Records(record).meta("made_with") if record.exists() else None
        size = int(json.loads(made)["model"]) if made else SIZES[0]
    overrides = {"embedding": {"model": str(size)}, "cross_encoder": {"model": "none"}}
    return Assistant.open(library, mode="quote", overrides=overrides)


def do_add(library: Path, papers: Path, chance: random.Random) -> None:
    files = sorted(papers.glob("*.jsonl"))
    with open_chaos(library) as assistant:
        assistant.add(chance.sample(files, min(4, len(files))))


def do_remove(library: Path, papers: Path, chance: random.Random) -> None:
    with open_chaos(library) as assistant:
        assistant.remove(chance.choice(assistant.papers()).id)


def do_edit(library: Path, papers: Path, chance: random.Random) -> None:
    with open_chaos(library) as assistant:
        paper = chance.choice(assistant.papers())
        assistant.edit(paper.id, title=f"{paper.title[:10]} corrected {chance.random():.3f}")


def do_rebuild(library: Path, papers: Path, chance: random.Random) -> None:
    with open_chaos(library) as assistant:
        assistant.rebuild()


def do_upload(library: Path, papers: Path, chance: random.Random) -> None:
    with open_chaos(library) as assistant:
        assistant.add_uploads([(path.name, path) for path in chance.sample(sorted(papers.glob("*.jsonl")), 2)])


def do_ask(library: Path, papers: Path, chance: random.Random) -> None:
    with open_chaos(library) as assistant:
        answer = assistant.ask(f"What does sentence 2 of {chance.randrange(60)} say?", conversation=0)
        if answer.number:
            assistant.rate(answer.number, True, "so it is")
        assistant.rename_conversation(chance.choice(assistant.conversations()).key, "renamed")
        if len(assistant.conversations()) > 3:
            assistant.delete_conversation(chance.choice(assistant.conversations()).key)


def do_backup(library: Path, papers: Path, chance: random.Random) -> None:
    with open_chaos(library) as assistant:
        assistant.backup(papers.parent / "kept.zip")


def do_restore(library: Path, papers: Path, chance: random.Random) -> None:
    with open_chaos(library) as assistant:
        assistant.restore(papers.parent / "kept.zip", replace=True)


def do_export(library: Path, papers: Path, chance: random.Random) -> None:
    with open_chaos(library) as assistant:
        assistant.export(papers.parent / "kept.jsonl")


def do_import(library: Path, papers: Path, chance: random.Random) -> None:
    with open_chaos(library) as assistant:
        assistant.import_library(papers.parent / "kept.jsonl", replace=True)


def do_switch(library: Path, papers: Path, chance: random.Random) -> None:
    """Rebuild with the other model."""
    with open_chaos(library) as assistant:
        size = int(assistant.settings.embedding.model)
    with open_chaos(library, sum(SIZES) - size) as assistant:
        assistant.rebuild()


def until(seconds: float, step: Callable[[], object]) -> int:
    """Take a step again and again; return how often."""
    end, count = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        step()
        count += 1
    return count


def do_write_on(library: Path, papers: Path, chance: random.Random, files: Sequence[int]) -> int:
    with open_chaos(library) as assistant:

        def step() -> None:
            file = chance.choice(files)
            report = assistant.add([write(papers, file, chance.randrange(1000))])
            assert not report.failed, report.failed

        return until(SECONDS, step)


def do_remove_on(library: Path, papers: Path, chance: random.Random) -> int:
    with open_chaos(library) as assistant:

        def step() -> None:
            with contextlib.suppress(UnknownPaper):  # a writer's file held it no longer
                assistant.remove(chance.choice(assistant.papers()).id)
            time.sleep(0.1)

        return until(SECONDS, step)


def do_rebuild_on(library: Path, papers: Path, chance: random.Random) -> int:
    with open_chaos(library) as assistant:
        return until(SECONDS, assistant.rebuild)


def do_ask_on(library: Path, papers: Path, chance: random.Random) -> int:
    """Search; the index has to find what a comparison with all vectors finds, unless the record changed meanwhile."""
    with open_chaos(library) as assistant:

        def step() -> None:
            question = f"What does sentence {chance.randrange(5)} of {chance.randrange(PAPERS)} say?"
            assert assistant.search(question, top_k=5)
            assert_index_is_exact(assistant.library.records, assistant.library.index, 1, chance)

        return until(SECONDS, step)


def prepare() -> None:
    """Make the functions above quick and their index small, in the process that they are forked from."""
    rag.library.load_embedder = lambda settings: fake_embedder(int(settings.model))
    rag.store.index.MAX_NEW, rag.store.index.EXACT = 20, 0
    rag.store.index.IDLE_SECONDS = 0.2


@pytest.fixture
def fork_server() -> Iterator[ForkServer]:
    with start_fork_server(__file__) as started:
        yield started


@pytest.fixture
def fake_embedders(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.library.load_embedder", lambda settings: fake_embedder(int(settings.model)))


# What has to hold


def assert_index_is_exact(records: Records, index: Index, questions: int, chance: random.Random) -> None:
    before = records.identity
    found = list(records.vectors())
    if not found:
        return
    keys = [key for some, _, _ in found for key in some]
    vectors = np.concatenate([some for _, _, some in found])
    for _ in range(questions):
        question = vectors[chance.randrange(len(vectors))] + np.float32(0.1)
        question /= np.linalg.norm(question)
        distances = 1.0 - vectors @ question
        nearest = index.nearest(question, 10)
        if records.identity != before:
            return
        # Equal texts are equally near: distances are compared, up to how Chroma rounds.
        places = {key: row for row, key in enumerate(keys)}
        assert set(nearest) <= places.keys()
        assert len(nearest) == min(10, len(keys))
        mine = np.array([distances[places[key]] for key in nearest])
        assert np.allclose(mine, np.sort(distances)[:10], atol=1e-5)


def assert_whole(library: Path) -> None:
    """The record is whole: SQLite says so, and chunks, words and vectors are those of the papers' texts."""
    with sqlite3.connect(library / "footnote.sqlite") as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []
        chunks = {row[0] for row in db.execute("SELECT key FROM chunks")}
        assert chunks == {row[0] for row in db.execute("SELECT rowid FROM chunk_words")}
        keys = {row[0] for row in db.execute("SELECT key FROM papers")}
        assert keys == {row[0] for row in db.execute("SELECT rowid FROM paper_words")}
        assert keys == {row[0] for row in db.execute("SELECT DISTINCT paper FROM chunks")}
    db.close()
    with open_chaos(library) as assistant:
        records = assistant.library.records
        for paper in assistant.papers():
            paper = assistant.paper(paper.id)
            ((wanted, _),) = assistant.library.embed([paper])
            rows = records.rows(
                "SELECT start, end, vector FROM chunks WHERE paper = ? ORDER BY key", (records.paper_key(paper.id),)
            )
            assert [(row["start"], row["end"]) for row in rows] == [(c.chunk.start, c.chunk.end) for c in wanted]
            for row, stored in zip(rows, wanted, strict=True):
                assert row["vector"] == pack(stored.vector[None])
        index = assistant.library.index
        assert_index_is_exact(records, index, 5, random.Random(1))
        index.update()
        assert index.check()[0], index.check()
        assert_index_is_exact(records, index, 5, random.Random(2))


def assert_kept_are_whole(folder: Path) -> None:
    """Under its name there is a whole backup and a whole export, whatever was killed."""
    with open_chaos(folder / "from backup") as restored, open_chaos(folder / "from export") as imported:
        assert restored.restore(folder / "kept.zip", replace=True).papers
        assert imported.import_library(folder / "kept.jsonl", replace=True).papers


# The tests


@pytest.mark.usefixtures("fake_embedders")
def test_kills_at_random_moments_leave_the_record_intact_and_the_index_equal_to_it(
    tmp_path: Path, fork_server: ForkServer
) -> None:
    chance = random.Random(7)
    library, papers = tmp_path / "library", tmp_path / "papers"
    papers.mkdir()
    files = [write(papers, file, 0) for file in range(12)]
    with open_chaos(library) as assistant:
        assistant.add(files)
    actions = ["do_add", "do_remove", "do_edit", "do_rebuild", "do_switch", "do_upload", "do_ask"]
    actions += ["do_backup", "do_restore", "do_export", "do_import"]
    whole = {}
    for action in actions:
        write(papers, 0, 1)
        began = time.monotonic()
        assert fork_server.run(action, library, papers, 0) == (0, "")
        whole[action] = time.monotonic() - began
    statuses: Counter[int] = Counter()
    while statuses[-signal.SIGKILL] < KILLS:
        for _ in range(3):
            write(papers, chance.randrange(12), chance.randrange(1000))
        action = chance.choice(actions)
        status, error = fork_server.run(
            action, library, papers, chance.random(), kill_after=whole[action] * chance.random()
        )
        assert status in (0, -signal.SIGKILL), error
        statuses[status] += 1
        if sum(statuses.values()) % 4 == 0:
            assert_whole(library)
            assert_kept_are_whole(tmp_path)
            with open_chaos(library) as assistant:  # what was removed comes back, so that there is something left
                if len(assistant.papers()) < 30:
                    shutil.rmtree(library)
                    assistant.close()
                    assistant.add(files)
    assert_whole(library)


@pytest.mark.usefixtures("fake_embedders")
def test_concurrent_adds_removals_rebuilds_and_questions_do_not_interfere(
    tmp_path: Path, fork_server: ForkServer
) -> None:
    library, papers = tmp_path / "library", tmp_path / "papers"
    papers.mkdir()
    files = [write(papers, file, 0) for file in range(PAPERS // PER_FILE)]
    with open_chaos(library) as assistant:
        assistant.add(files)
        assert len(assistant.papers()) == PAPERS
    half = len(files) // 2
    fork_server.start("do_write_on", library, papers, 1, list(range(half)))
    fork_server.start("do_write_on", library, papers, 2, list(range(half, len(files))))
    fork_server.start("do_remove_on", library, papers, 3)
    fork_server.start("do_rebuild_on", library, papers, 4)
    for asker in range(ASKERS):
        fork_server.start("do_ask_on", library, papers, 10 + asker)
    names: dict[int, str] = {}
    steps: Counter[str] = Counter()
    errors, ended = [], 0
    while ended < 4 + ASKERS:
        line = fork_server.receive()
        names.setdefault(line["process"], line.get("began", "?"))
        if "error" in line:
            errors.append(line["error"])
        if "result" in line:
            steps[names[line["process"]]] += line["result"]
        if "status" in line:
            ended += 1
            if line["status"]:
                errors.append(f"{names[line['process']]} ended with {line['status']}")
    print(dict(steps))  # noqa: T201  # shown by -s
    assert errors == []
    assert all(steps[name] for name in ("do_write_on", "do_remove_on", "do_rebuild_on", "do_ask_on"))
    assert_whole(library)


def parts(library: Path) -> list[Path]:
    """The files of the index and its folders."""
    (version,) = (path for path in (library / "index").iterdir() if path.is_dir() and path.name[0].isdigit())
    return [version, *sorted(version.rglob("*"))]


def harm(path: Path, chance: random.Random) -> str:
    """Damage a file, or delete a folder; return how."""
    if path.is_dir():
        shutil.rmtree(path)
        return f"{path.name} deleted"
    data = bytearray(path.read_bytes())
    kind = chance.choice(["flip", "zero", "truncate", "delete"])
    at = chance.randrange(max(1, len(data)))
    if kind == "delete" or not data:
        path.unlink()
    elif kind == "flip":
        data[at] ^= 1 << chance.randrange(8)
        path.write_bytes(data)
    elif kind == "zero":
        end = min(len(data), at + 4096)
        if not any(data[at:end]):
            at, end = 0, len(data)
        data[at:end] = bytes(end - at)
        path.write_bytes(data)
    else:
        path.write_bytes(data[:at])
    return f"{path.name}: {kind} at {at}"


@pytest.mark.usefixtures("fake_embedders")
@pytest.mark.parametrize("seed", range(DAMAGED))
def test_a_damaged_index_crashes_no_process_and_changes_no_answer(
    tmp_path: Path, shelved: Path, fork_server: ForkServer, seed: int
) -> None:
    library = shutil.copytree(shelved, tmp_path / "library")
    chance = random.Random(seed)
    files = parts(library)
    how = harm(files[seed % len(files)], chance)
    status, error = fork_server.run("do_look", library, tmp_path, seed)
    assert (status, error) == (0, ""), how


def do_look(library: Path, papers: Path, chance: random.Random) -> None:
    """The damage is told, answers are exact in spite of it, and a rebuild mends it."""
    with open_chaos(library) as assistant:
        records, index = assistant.library.records, assistant.library.index
        assert not index.check()[0]
        assert_index_is_exact(records, index, 5, chance)
        assert assistant.search("What does sentence 2 of 7 say?", top_k=5)
        index.rebuild()
        assert index.check()[0]
        assert_index_is_exact(records, index, 5, chance)


@pytest.fixture(scope="module")
def shelved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A library whose index has vectors both in Chroma's database and beside it."""
    root = tmp_path_factory.mktemp("shelved")
    (root / "papers").mkdir()
    files = [write(root / "papers", file, 0) for file in range(240)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("rag.library.load_embedder", lambda settings: fake_embedder(int(settings.model)))
        with open_chaos(root / "library") as assistant:
            assistant.add(files)
    return root / "library"


if __name__ == "__main__":
    prepare()
    serve(globals())
