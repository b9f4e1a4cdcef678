"""Readers run in worker processes with time and memory limits, so that a bad file does not affect others."""

from __future__ import annotations

import fcntl
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from helpers.worker_replies import frame

from rag.errors import SourceError
from rag.reading.bibliography.snapshot import sqlite_snapshot
from rag.reading.sandbox import pool as sandbox
from rag.reading.sandbox.limits import Limits
from rag.reading.sandbox.messages import pack_reading, unpack_reading
from rag.reading.sandbox.pool import call
from rag.reading.sandbox.requests import file_limits, read_file_in_sandbox, read_items_in_sandbox
from rag.reading.sources import Reading
from rag.types import Cell, Failure, Page, Paper, Section, Span, Table

LIMITS = Limits(5.0, 20.0, 1 << 30, 2000, "too long", "too large", "broken")


@pytest.mark.parametrize(
    ("reply", "script", "reason"),
    [
        (b"", "kill -9 $$", "broken"),
        (b"", "kill -11 $$", "broken"),
        (b"", "exit 1", "broken"),
        (b"", "kill -PROF $$", "too long"),
        (b"", "exec sleep 5", "too long"),
        (b"\xff\xff\xff\xff", "exec sleep 5", "too large"),
        (b"\0\0\0\1[", "", "broken"),
        (frame([1]), "", "broken"),
        (frame({}), "", "broken"),
        (frame({"broken": True}), "", "broken"),
        (frame({"refused": "it is \x1b[31mred\u202e"}), "", "it is red"),
        (frame({"unexpected": "ValueError: 12"}), "", "reading it failed unexpectedly (ValueError: 12)"),
    ],
)
def test_every_failure_of_a_worker_gives_a_reason(
    fake_worker: Callable[..., None], reply: bytes, script: str, reason: str
) -> None:
    fake_worker(reply, script)
    with pytest.raises(SourceError) as caught:
        call("file", {}, LIMITS._replace(wall=0.3 if reason == "too long" else 20.0))
    assert str(caught.value) == reason


def test_a_worker_that_retired_while_idle_is_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    count, program = tmp_path / "count", tmp_path / "fake-worker"
    (tmp_path / "reply").write_bytes(frame({"value": 7}))
    program.write_text(
        f"#!/bin/sh\necho >> '{count}'\n[ $(wc -l < '{count}') = 1 ] && exit 75\ncat '{tmp_path}/reply'\n"
    )
    program.chmod(0o755)
    sandbox.POOL.close()
    monkeypatch.setattr(sys, "executable", str(program))
    assert call("file", {}, LIMITS) == 7
    sandbox.POOL.close()
    assert count.read_text() == "\n\n"


def test_stopping_a_call_kills_its_worker(fake_worker: Callable[..., None]) -> None:
    fake_worker(b"", "exec sleep 30")
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    started = time.monotonic()
    with pytest.raises(SourceError, match="reading was stopped"):
        call("file", {}, LIMITS, stop)
    assert time.monotonic() - started < 10


def test_workers_are_reused_and_a_fault_affects_one_file(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text("A Title\n\nA text.\n")
    bad.write_text("A Title\n")
    sandbox.POOL.close()
    for _ in range(2):
        assert [paper.title for paper in read_file_in_sandbox(good, "good.txt").papers] == ["A Title"]
        with pytest.raises(SourceError, match="has no text"):
            read_file_in_sandbox(bad, "bad.txt")
    assert len(sandbox.POOL.idle) == 1


def test_a_reader_that_exceeds_its_limits_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text("A Title\n\n" + "A text of some length. " * 100_000)
    arguments = {"path": str(path), "name": "a.txt", "most_pages": None, "outside": True}
    limits = file_limits(path)
    with pytest.raises(SourceError, match="took more time than a file of its size should"):
        call("file", arguments, limits._replace(cpu=0.001))
    with pytest.raises(SourceError, match="reading it crashed"):
        call("file", arguments, limits._replace(memory=1_000_000))
    assert len(read_file_in_sandbox(path, "a.txt").papers) == 1


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_workers_end_with_their_parent_and_leave_nothing_behind(tmp_path: Path, how: int) -> None:
    script = """
        import sys, time
        from pathlib import Path
        from rag.reading.sandbox import pool as sandbox
        from rag.reading.sandbox.requests import read_file_in_sandbox
        read_file_in_sandbox(Path(sys.argv[1]), "a.txt")
        print(sandbox.POOL.idle[0].process.pid, flush=True)
        time.sleep(60)
    """
    path, scratch = tmp_path / "a.txt", tmp_path / "scratch"
    path.write_text("A Title\n\nA text.\n")
    scratch.mkdir()
    command = [sys.executable, "-c", textwrap.dedent(script), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(scratch)}) as parent:
        assert parent.stdout
        worker = int(parent.stdout.readline())
        parent.send_signal(how)
        parent.wait(20)
    deadline = time.monotonic() + 20
    while Path(f"/proc/{worker}/cmdline").exists() and Path(f"/proc/{worker}/cmdline").read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    assert list(scratch.iterdir()) == []


def test_a_reading_survives_the_round_trip_and_is_cleaned() -> None:
    text = "A Ti\u00adtle\n\nsoft\u00ad hyphen\n\nnext \x1b[31mred\x1b[0m part"
    boxes = np.arange(4 * len(text), dtype=np.uint16).reshape(len(text), 4)
    part, nxt = text.index("soft"), text.index("next")
    paper = Paper(
        title="A Ti\u00adtle",
        text=text,
        authors=("J\u202eo",),
        year=2020,
        pages=(Page(1, "i", 0, part), Page(2, None, part, len(text))),
        sections=(Section("Me\u200bthod", part, nxt - 2, "body"), Section(None, nxt, len(text), "appendix")),
        tables=(Table("Table\u202e 1", part, len(text), Span(part, nxt - 2), 0, ((Cell(nxt, len(text), 0, 2),),)),),
        certainty=(("year", 0.5),),
        boxes=boxes,
    )
    raw = pack_reading(Reading([paper], [Failure("a\u202e.pdf", 3, "bad\x07")]))
    reading = unpack_reading(sandbox.json.loads(sandbox.json.dumps(raw)))
    (found,) = reading.papers
    assert found.text == "A Title\n\nsoft hyphen\n\nnext red part"
    assert (found.title, found.authors, found.year) == ("A Title", ("Jo",), 2020)
    assert [found.text[page.start : page.end] for page in found.pages] == ["A Title\n\n", found.text[9:]]
    assert [(each.title, found.text[each.start : each.end]) for each in found.sections] == [
        ("Method", "soft hyphen"),
        (None, "next red part"),
    ]
    start, end = found.text.index("next"), len(found.text)
    assert found.tables == (Table("Table 1", 9, end, Span(9, start - 2), 0, ((Cell(start, end, 0, 2),),)),)
    assert found.boxes is not None
    assert len(found.boxes) == len(found.text)
    assert found.boxes[found.text.index("red")].tolist() == boxes[text.index("red")].tolist()
    assert reading.failures == [Failure("a.pdf", 3, "bad ")]


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Another"},
        {"title": " "},
        {"pages": [[1, None, 5, 900]]},
        {"pages": [[1, None, 5, 2]]},
        {"sections": [["A", -1, 5, "body"]]},
        {"tables": [[None, 0, 900, None, 0, [], None]]},
        {"tables": [[None, 3, 9, [0, 5], 0, [], None]]},
        {"tables": [[None, 3, 9, None, 1, [], None]]},
        {"tables": [[None, 3, 9, None, 0, [[-1, 5, 0, 1]], None]]},
        {"tables": [[None, 3, 9, None, 0, [[1, 2, 0, 1, 1, 3, 1, 1]], None]]},
        {"tables": [[None, 3, 9, None, 0, [[1, 1, 0, 0]], None]]},
        {"tables": [[None, 3, 9, None, 0, [[1, 1, 199, 2]], None]]},
        {"tables": [[None, 3, 9, None, 0, [[1, 1, 0]], None]]},
        {"tables": [[None, 3, 9, None, 0, [[]], None]]},
        {"boxes": "AAAA"},
        {"boxes": "eJwDAAAAAAE="},
        {"authors": 5},
        {"year": "soon"},
    ],
)
def test_an_invalid_reading_is_refused(change: dict[str, object]) -> None:
    raw = pack_reading(Reading([Paper("A Title", "A Title\n\nA text.")]))
    with pytest.raises((ValueError, KeyError, TypeError)):
        unpack_reading({**raw, "papers": [{**raw["papers"][0], **change}]})


def test_an_invalid_date_in_a_bibliography_is_ignored(tmp_path: Path) -> None:
    bib = tmp_path / "a.bib"
    bib.write_text("@article{a, title={A Title}, abstract={A text.}, date-added={2020-13-45}}\n")
    ((item,), failures) = read_items_in_sandbox(bib)
    assert (item.title, failures) == ("A Title", [])


def test_the_database_copy_of_a_killed_process_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "scratch"))
    left, used = tmp_path / "scratch" / "footnote-zotero-left", tmp_path / "scratch" / "footnote-zotero-used"
    for folder in (left, used):
        folder.mkdir(parents=True)
        (folder / "lock").touch()
    sqlite3.connect(tmp_path / "zotero.sqlite").close()
    with (used / "lock").open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with sqlite_snapshot(tmp_path / "zotero.sqlite") as database:
            assert database.execute("SELECT 1").fetchone() == (1,)
    assert list((tmp_path / "scratch").iterdir()) == [used]
