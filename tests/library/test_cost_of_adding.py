"""What an add costs, what it cannot read, and what is read again on request."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.desk import (
    CLOCKS,
    KITES,
    Desk,
    open_library,
    start,
    tell,
)

from rag.assistant import Assistant
from rag.errors import (
    EmptyLibrary,
)
from rag.types import Failure


def report_modules(library: str, model: str, papers: str) -> None:
    with open_library(library, model) as assistant:
        report = assistant.add(papers)
    tell([str(report), sorted({"openvino"} & set(sys.modules))])


def test_an_unchanged_file_costs_no_embedding(desk: Desk) -> None:
    path = desk.papers / "a.md"
    path.write_text("# Kites\n\nOtters from above.\n")
    desk.add()

    def again() -> Any:
        return json.loads(
            start(__file__, "report_modules", desk.library, desk.model, desk.papers).communicate(timeout=60)[0]
        )

    os.utime(path, (1, 1))
    assert again() == ["0 added, 1 unchanged", []]
    path.write_text("# Kites\n\nOtters from below.\n")
    assert again() == ["0 added, 1 updated", ["openvino"]]


def test_a_file_that_fails_keeps_its_old_version_and_is_tried_again(desk: Desk) -> None:
    path = desk.write("a.jsonl", KITES)
    desk.write("b.jsonl", CLOCKS)
    desk.add()
    ids = desk.ids()
    path.write_text("")
    for told, unchanged in (("failed", 1), ("failed_before", 2)):
        report = desk.add()
        assert str(report) == f"0 added, {unchanged} unchanged, 1 {told.replace('_', ' ')}"
        assert getattr(report, told) == [Failure("a.jsonl", None, "the file is empty")]
        assert desk.held() == [(*CLOCKS, ("b.jsonl",)), (*KITES, ("a.jsonl",))]
    desk.write("a.jsonl", (KITES[0], "Now whole again."))
    assert str(desk.add()) == "0 added, 1 updated, 1 unchanged"
    assert desk.ids() == ids


def test_partial_failures_are_reported_at_each_add_and_cost_no_paper(desk: Desk) -> None:
    path = desk.write("a.jsonl", KITES, CLOCKS)
    desk.add()
    ids = desk.ids()
    path.write_text(path.read_text().replace('{"title": "Clocks', '{"title" "Clocks'))
    for told, unchanged in (("failed", 1), ("failed_before", 2)):
        report = desk.add()
        assert str(report) == f"0 added, {unchanged} unchanged, 1 {told.replace('_', ' ')}"
        assert [failure[:2] for failure in getattr(report, told)] == [("a.jsonl", 2)]
        assert desk.ids() == ids
    desk.write("a.jsonl", KITES, CLOCKS)
    assert (str(desk.add()), str(desk.add())) == ("0 added, 2 unchanged", "0 added, 2 unchanged")
    assert desk.ids() == ids


def test_paths_that_lead_nowhere_are_named_and_stop_no_other(desk: Desk) -> None:
    desk.write("sub/a.jsonl", KITES)
    (desk.papers / "sub" / "up").symlink_to(desk.papers)
    (desk.papers / "again.jsonl").symlink_to(desk.papers / "sub" / "a.jsonl")
    (desk.papers / "broken.txt").symlink_to(desk.root / "nothing")
    (desk.papers / "ring.txt").symlink_to(desk.papers / "ring.txt")
    os.mkfifo(desk.root / "pipe")
    (desk.root / "film.mov").write_bytes(b"\0")
    report = desk.add(desk.papers, desk.root / "missing", desk.root / "pipe", desk.root / "film.mov")
    reasons = {failure.source: failure.reason for failure in report.failed}
    nowhere = "there is no such file or folder (or the link leads nowhere)"
    assert reasons.pop("film.mov").startswith("'.mov' files are not supported")
    assert reasons == {
        "broken.txt": nowhere,
        "ring.txt": "it is a loop of symbolic links",
        "missing": nowhere,
        "pipe": "it is neither a file nor a folder",
    }
    assert desk.held() == [(*KITES, ("a.jsonl",))]


def test_nothing_but_a_missing_path_makes_no_library(desk: Desk) -> None:
    assert str(desk.add(desk.root / "missing")) == "0 added, 1 failed"
    assert not desk.library.exists()
    assert desk.assistant.papers() == []
    with pytest.raises(EmptyLibrary, match="footnote add"):
        desk.assistant.search("otters")


def test_failed_files_are_read_again_on_request(assistant: Assistant, folder: Path) -> None:
    for name in ("torn.pdf", "empty.txt"):
        (folder / name).write_bytes(b"")
    assert len(assistant.add([folder]).failed) == 2
    assert assistant.add([folder]).failed == []  # they have not changed
    report = assistant.retry("torn.pdf")
    assert [failure.source for failure in report.failed] == ["torn.pdf"]
    assert sorted(failure.source for failure in assistant.failures()) == ["empty.txt", "torn.pdf"]
    (folder / "empty.txt").write_text("Owls on Ice\n\nOwls listen to 4 voles below the ice.\n")
    (folder / "torn.pdf").unlink()
    report = assistant.retry()
    assert [paper.title for paper in report.added] == ["Owls on Ice"]
    assert assistant.failures() == []


def test_reading_a_file_again_does_not_bring_back_a_removed_paper(assistant: Assistant, folder: Path) -> None:
    entries = [{"title": "Owls on Ice", "text": "Owls listen."}, {"title": "Voles", "text": "Voles dig."}]
    lines = [json.dumps(each) for each in entries]
    (folder / "notes.jsonl").write_text("\n".join([*lines, "{broken"]))
    assistant.add([folder])
    assistant.remove("Voles")
    assert [failure.line for failure in assistant.retry("notes.jsonl").failed] == [3]
    assert "Voles" not in {paper.title for paper in assistant.papers()}


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
