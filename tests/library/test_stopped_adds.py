"""Adds that are interrupted or killed.

Run as a script (`test_stopped_adds.py FUNCTION ARGUMENT...`) it is the process that is killed.
"""

from __future__ import annotations

import json
import os
import random
import re
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from helpers.workspace import (
    KITES,
    Entry,
    Workspace,
    check_spans,
    open_library,
    send_line,
    send_to_test,
    start_process,
)

from rag.errors import (
    AddInterrupted,
)
from rag.ingest.progress import Progress


def test_ctrl_c_names_what_is_not_done_and_a_later_add_goes_on(workspace: Workspace) -> None:
    entries = [(f"Paper {n}", f"Body number {n}.") for n in range(120)]
    for n in range(0, 120, 10):
        workspace.write(f"{n:03}.jsonl", *entries[n : n + 10])

    def stop(progress: Progress) -> None:
        if progress.papers:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(AddInterrupted) as caught:
        workspace.assistant.add([workspace.papers], stop)
    stored = len(workspace.ids())
    files = stored // 10  # that are whole
    assert 0 < stored < 120
    message = str(caught.value)
    assert message.startswith(f"Stopped: {stored} papers are stored. Not done: ")
    assert set(re.findall(r"\d{3}\.jsonl", message)) >= {f"{n:03}.jsonl" for n in range(10 * files, 120, 10)}
    assert workspace.titles_found("body", papers="Paper 3") == ["Paper 3"]
    assert str(workspace.add()) == f"{120 - stored} added, {stored} unchanged"
    assert [entry[:2] for entry in workspace.stored()] == sorted(entries)
    assert str(workspace.add()) == "0 added, 120 unchanged"


def test_ctrl_c_while_a_file_is_read_names_that_file(workspace: Workspace) -> None:
    workspace.write("a.jsonl", KITES)
    (workspace.papers / "large.txt").write_text("A long tale.\n\n" + "And then it rained again. " * 700_000)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def soon(progress: Progress) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.1)

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(AddInterrupted, match=r"Not done: .*large\.txt"):
            workspace.assistant.add([workspace.papers], soon)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


KILLS = 20
FILES, PER_FILE = 24, 5


def mark(number: int, version: int) -> str:
    return f"mark{number}x{version}"


def draft(number: int, version: int) -> Entry:
    text = f"The {mark(number, version)} stands here. " + "A sentence goes on for a while. " * (number % 4)
    return f"Paper {number:03}", text.strip()


def check_then_add(library: str, model: str, papers: str) -> None:
    """Tells its id, then the versions of the papers that are there, each checked to be whole, then how many papers an
    `add` has stored."""
    send_to_test({"process": os.getpid()})
    with open_library(library, model) as assistant:
        there: dict[int, int] = {}
        for paper in assistant.papers():
            text = check_spans(assistant, paper.id).text
            number, version = map(int, re.findall(r"mark(\d+)x(\d+)", text)[0])
            assert number not in there
            assert (paper.title, text.partition("\n\n")[2]) == draft(number, version)
            there[number] = version
        if there:
            records, index = assistant.library.records, assistant.library.index
            for number, version in there.items():
                found = records.candidates([*records.word_scores([mark(number, version)], 9, None)]).texts([0])
                assert mark(number, version) in found[0]
            old = [mark(number, version) for number, latest in there.items() for version in range(latest)]
            assert records.word_scores(old, 1, None) == records.paper_word_scores(old, 1, None) == {}
            ((keys, _, vectors),) = records.vectors()
            index.update()
            assert index.check()[0]
            sample = list(zip(keys, vectors, strict=True))[:: len(keys) // 10 or 1]
            missed = [key for key, vector in sample if index.nearest(vector, 1) != [key]]
            assert len(missed) <= 1  # the graph over the vectors is an approximate one, made anew in each process
            last = mark(*max(there.items()))
            assert last in assistant.search(last, 1)[0].text
        send_to_test(list(there.items()))
        assistant.add(papers, lambda progress: send_to_test(progress.papers))


def fork_each() -> None:
    """For each line on stdin a process that runs `check_then_add`; its exit status is told in the end."""
    import chromadb  # noqa: F401  # once for all: a start costs more than an add
    import openvino  # noqa: F401

    for line in sys.stdin:
        process = os.fork()
        if not process:
            try:
                check_then_add(*json.loads(line))
            except BaseException:  # noqa: BLE001  # it must not go on as its parent
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        send_to_test({"status": os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])})


@pytest.fixture
def fork_server(workspace: Workspace) -> Iterator[subprocess.Popen[str]]:
    with start_process(__file__, "fork_each") as process:
        yield process


def test_a_kill_at_any_moment_loses_no_stored_paper_and_leaves_none_half_done(
    workspace: Workspace, fork_server: subprocess.Popen[str]
) -> None:
    chance = random.Random(20)
    versions = dict.fromkeys(range(FILES * PER_FILE), 0)

    def write(files: Iterable[int]) -> None:
        for file in files:
            numbers = range(file * PER_FILE, (file + 1) * PER_FILE)
            workspace.write(f"{file:02}.jsonl", *(draft(number, versions[number]) for number in numbers))

    def heard() -> Any:
        assert fork_server.stdout
        return json.loads(fork_server.stdout.readline())

    def add(library: str, seconds: float) -> tuple[int, dict[int, int], int, float]:
        """A process that is killed after `seconds` of adding: its exit status, the papers that it found, how many it
        stored, and the seconds that it took."""
        send_line(fork_server, json.dumps([str(workspace.root / library), str(workspace.model), str(workspace.papers)]))
        process, there, stored = heard()["process"], dict[int, int](), 0
        killer = threading.Timer(seconds, os.kill, (process, signal.SIGKILL))
        began = time.monotonic()
        while not isinstance(line := heard(), dict):
            if isinstance(line, int):
                stored = line
                continue
            there, began = dict(line), time.monotonic()
            killer.start()
        killer.cancel()
        return line["status"], there, stored, time.monotonic() - began

    write(range(FILES))
    status, _, count, whole = add("trial", 60)
    assert (status, count) == (0, len(versions))
    kills = 0
    old, new, stored = dict[int, int](), dict[int, int](), dict[int, int]()
    while kills < KILLS:
        status, there, count, _ = add("library", whole * chance.random() ** 2)
        assert status in (0, -signal.SIGKILL)
        kills += status == -signal.SIGKILL
        assert old.keys() | stored.keys() <= there.keys()
        assert all(version in (old.get(number), new[number]) for number, version in there.items())
        assert stored.items() <= there.items()
        changed = [number for number, version in versions.items() if there.get(number) != version]
        old, new = there, dict(versions)
        stored = {number: new[number] for number in changed[:count]}
        files = [file for file in range(FILES) if chance.random() < 0.7]
        versions |= {n: versions[n] + 1 for file in files for n in range(file * PER_FILE, (file + 1) * PER_FILE)}
        write(files)
    assert [add("library", 60)[0], add("library", 60)[:3]] == [0, (0, versions, 0)]


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
