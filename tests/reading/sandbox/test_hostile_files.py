"""No file can delay an `add`, or questions asked during it."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers.hostile_files import hostile_files

from rag.assistant import Assistant
from rag.errors import SourceError
from rag.reading.sandbox.requests import read_file_in_sandbox

MAX_SECONDS = 8  # allows for two seconds of CPU time on busy cores
SLOWEST = ("aliases.md", "sup.html", "divs.epub", "runs.docx")


def test_hostile_files_are_read_or_refused_in_time(tmp_path: Path) -> None:
    files = hostile_files()
    assert len(files) >= 40

    def seconds(name: str) -> float:
        path = tmp_path / name
        path.write_bytes(files[name])
        started = time.monotonic()
        with contextlib.suppress(SourceError):  # a refusal is fine
            for paper in read_file_in_sandbox(path, name).papers:
                paper.text.encode()
        return time.monotonic() - started

    with ThreadPoolExecutor(2) as threads:
        slow = {name: took for name, took in zip(files, threads.map(seconds, files), strict=True) if took > MAX_SECONDS}
    assert slow == {}


@pytest.mark.slow
def test_questions_are_answered_while_hostile_files_are_added(assistant: Assistant, tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    files = hostile_files()
    for name in SLOWEST:
        (folder / name).write_bytes(files[name])
    question = "How many otters does the kite count?"
    assistant.ask(question)
    adding = threading.Thread(target=assistant.add, args=[folder])
    started = time.monotonic()
    adding.start()
    waits = []
    while adding.is_alive():
        asked = time.monotonic()
        assert "94.5%" in assistant.ask(question).text
        waits.append(time.monotonic() - asked)
        adding.join(0.2)
    assert max(waits) < 10
    assert time.monotonic() - started < MAX_SECONDS * len(SLOWEST)
