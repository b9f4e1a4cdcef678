"""The measurement of cost against size: libraries are added and grown, measured, and shown in a report."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval.__main__ import main
from eval.perf.grown import grow
from rag.assistant import Assistant
from rag.store.integrity import faults_of


def test_a_grown_library_is_whole_and_its_copies_differ(assistant: Assistant, folder: Path, tmp_path: Path) -> None:
    assistant.export(tmp_path / "small.jsonl")
    before = assistant.library.records.count()
    found = grow(tmp_path / "small.jsonl", tmp_path / "large.jsonl", 5 * before["chunks"] + 1)
    with Assistant.open(library=tmp_path / "grown", mode="quote") as grown:
        grown.import_library(tmp_path / "large.jsonl")
        records = grown.library.records
        assert records.count()["chunks"] == found > 5 * before["chunks"]
        assert not faults_of(records)
        papers = grown.library.papers()
        assert len({paper.title for paper in papers}) == len(papers) > 5 * before["papers"]
        for keys, _, vectors in records.vectors():
            assert len({row.tobytes() for row in vectors}) == len(keys)


@pytest.mark.slow
def test_small_sizes_are_measured_and_reported(folder: Path, tmp_path: Path) -> None:
    words = ["--sizes", "2", "40", "--texts", str(folder), "--questions", "2", "--rounds", "1"]
    assert main(["perf", *words, "--folder", str(tmp_path / "made"), "--out", str(tmp_path / "out")]) == 0
    measured = json.loads((tmp_path / "out" / "perf.json").read_text())
    small, large = measured["libraries"]
    assert small["add"] > small["encoder alone"] > 0
    assert large["import"] > 0
    assert large["passages"] >= 40 > small["passages"]
    for library in (small, large):
        assert library["recall@10"] == 1.0
        assert library["peak MB"] > 50
        assert library["vectors and words, ms"]["median"] > library["vectors, ms"]["median"] > 0
        assert library["profile"][0][1] > 0
    assert set(large["filtered / unfiltered"]) >= {"half", "tenth"}
    assert measured["beside"]["add / encoder alone"]["median"] > 0
    page = (tmp_path / "out" / "perf.html").read_text()
    assert page.count("<polyline") > 4
    assert "Where the time of an answer goes" in page


@pytest.mark.slow
def test_a_library_that_is_there_is_asked_only(folder: Path, tmp_path: Path) -> None:
    words = ["--sizes", "2", "--texts", str(folder), "--questions", "1", "--parts", "cold"]
    words += ["--folder", str(tmp_path / "made"), "--out", str(tmp_path / "out")]
    for made in (True, False):
        assert main(["perf", *words]) == 0
        (library,) = json.loads((tmp_path / "out" / "perf.json").read_text())["libraries"]
        assert ("add" in library) == made
        assert library["cold answer"] > 0
        assert "answer, ms" not in library
