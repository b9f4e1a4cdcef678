"""No file, however it is made, holds up an `add` or the questions that are asked meanwhile."""

from __future__ import annotations

import contextlib
import threading
import time
from pathlib import Path

import pytest
from helpers.hostile_files import hostile_files

from rag.assistant import Assistant
from rag.errors import SourceError
from rag.reading.sandbox.requests import read_file_in_sandbox

TEXTS = hostile_files()
# To read; what is read is embedded, which takes as long as for any text of that length.
SLOWEST = (
    "aliases.md merged.md deep.md sup.html blanks.ris divs.epub runs.docx half.jsonl packet.pdf laughs.xml".split()
)


def test_there_are_forty() -> None:
    assert len(TEXTS) >= 40
    assert all(50 < len(raw) < 250_000 for raw in TEXTS.values())


@pytest.mark.parametrize("name", TEXTS)
def test_a_hostile_text_is_read_or_refused_in_time(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    path.write_bytes(TEXTS[name])
    started = time.monotonic()
    with contextlib.suppress(SourceError):
        for paper in read_file_in_sandbox(path, name).papers:
            paper.text.encode()
    # Two seconds of the processor, which others may need as well.
    assert time.monotonic() - started < 8


@pytest.mark.slow
def test_questions_are_answered_while_hostile_texts_are_added(assistant: Assistant, tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    for name in SLOWEST:
        (folder / name).write_bytes(TEXTS[name])
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
    assert time.monotonic() - started < 8 * len(SLOWEST)
