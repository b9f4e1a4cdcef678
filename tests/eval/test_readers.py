"""Readers of one page are answered, and told when it is busy."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from eval.perf.readers import Asked, ReadersNotMeasured, event_of, main, summary


def test_the_busy_and_the_failed_are_counted_apart_from_the_answered() -> None:
    asked = [
        *(Asked(0.0, seconds / 10) for seconds in range(1, 21)),
        Asked(0, 9, busy=True),
        Asked(0, 5, failed="torn"),
    ]
    found = summary(asked)
    assert (found["questions"], found["busy"], found["failed"]) == (22, 1, ["torn"])
    assert (found["median, s"], found["most, s"], found["busy at most, s"]) == (1.05, 2.0, 9)
    assert 1.9 < found["95 %, s"] <= 2.0


def test_a_page_without_the_event_is_refused() -> None:
    config = {"components": [{"id": 1, "props": {"elem_id": "question"}}], "dependencies": []}
    with pytest.raises(ReadersNotMeasured):
        event_of(config, "question", "submit")


@pytest.mark.slow
def test_readers_are_answered_and_a_burst_beyond_the_places_is_told_so(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    upload = folder.parent / "owls.txt"
    upload.write_text("Owls Listen\n\nOwls hear a mouse under 30 cm of snow.\n")
    words = ["--readers", "3", "--every", "1", "--seconds", "2", "--burst", "40", "--upload", str(upload)]
    with ThreadPoolExecutor(1) as apart:  # a browser of other tests may have an event loop in this thread
        assert apart.submit(main, ["--papers", str(folder), *words]).result() == 0
    measured = json.loads(capsys.readouterr().out)
    assert measured["all"]["questions"] >= 5
    assert measured["all"]["failed"] == measured["burst"]["failed"] == []
    assert measured["all"]["busy"] == 0
    assert measured["burst"]["busy"] > 0
    assert measured["burst"]["questions"] == 40
