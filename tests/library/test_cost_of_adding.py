"""What an add costs, what it cannot read, and what is read again on request."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.workspace import (
    CLOCKS,
    KITES,
    Workspace,
    open_library,
    send_to_test,
    start_process,
)

from rag.assistant import Assistant
from rag.errors import (
    EmptyLibrary,
)
from rag.types import Failure


def report_modules(library: str, model: str, papers: str) -> None:
    with open_library(library, model) as assistant:
        report = assistant.add(papers)
    send_to_test([str(report), sorted({"openvino"} & set(sys.modules))])


def test_an_unchanged_file_costs_no_embedding(workspace: Workspace) -> None:
    path = workspace.papers / "a.md"
    path.write_text("# Kites\n\nOtters from above.\n")
    workspace.add()

    def again() -> Any:
        return json.loads(
            start_process(__file__, "report_modules", workspace.library, workspace.model, workspace.papers).communicate(
                timeout=60
            )[0]
        )

    os.utime(path, (1, 1))
    assert again() == ["0 added, 1 unchanged", []]
    path.write_text("# Kites\n\nOtters from below.\n")
    assert again() == ["0 added, 1 updated", ["openvino"]]


def test_a_file_that_fails_keeps_its_old_version_and_is_tried_again(workspace: Workspace) -> None:
    path = workspace.write("a.jsonl", KITES)
    workspace.write("b.jsonl", CLOCKS)
    workspace.add()
    ids = workspace.ids()
    path.write_text("")
    for told, unchanged in (("failed", 1), ("failed_before", 2)):
        report = workspace.add()
        assert str(report) == f"0 added, {unchanged} unchanged, 1 {told.replace('_', ' ')}"
        assert getattr(report, told) == [Failure("a.jsonl", None, "the file is empty")]
        assert workspace.stored() == [(*CLOCKS, ("b.jsonl",)), (*KITES, ("a.jsonl",))]
    workspace.write("a.jsonl", (KITES[0], "Now whole again."))
    assert str(workspace.add()) == "0 added, 1 updated, 1 unchanged"
    assert workspace.ids() == ids


def test_partial_failures_are_reported_at_each_add_and_cost_no_paper(workspace: Workspace) -> None:
    path = workspace.write("a.jsonl", KITES, CLOCKS)
    workspace.add()
    ids = workspace.ids()
    path.write_text(path.read_text().replace('{"title": "Clocks', '{"title" "Clocks'))
    for told, unchanged in (("failed", 1), ("failed_before", 2)):
        report = workspace.add()
        assert str(report) == f"0 added, {unchanged} unchanged, 1 {told.replace('_', ' ')}"
        assert [failure[:2] for failure in getattr(report, told)] == [("a.jsonl", 2)]
        assert workspace.ids() == ids
    workspace.write("a.jsonl", KITES, CLOCKS)
    assert (str(workspace.add()), str(workspace.add())) == ("0 added, 2 unchanged", "0 added, 2 unchanged")
    assert workspace.ids() == ids


def test_paths_that_lead_nowhere_are_named_and_stop_no_other(workspace: Workspace) -> None:
    workspace.write("sub/a.jsonl", KITES)
    (workspace.papers / "sub" / "up").symlink_to(workspace.papers)
    (workspace.papers / "again.jsonl").symlink_to(workspace.papers / "sub" / "a.jsonl")
    (workspace.papers / "broken.txt").symlink_to(workspace.root / "nothing")
    (workspace.papers / "ring.txt").symlink_to(workspace.papers / "ring.txt")
    os.mkfifo(workspace.root / "pipe")
    (workspace.root / "film.mov").write_bytes(b"\0")
    report = workspace.add(
        workspace.papers, workspace.root / "missing", workspace.root / "pipe", workspace.root / "film.mov"
    )
    reasons = {failure.source: failure.reason for failure in report.failed}
    nowhere = "there is no such file or folder (or the link leads nowhere)"
    assert reasons.pop("film.mov").startswith("'.mov' files are not supported")
    assert reasons == {
        "broken.txt": nowhere,
        "ring.txt": "it is a loop of symbolic links",
        "missing": nowhere,
        "pipe": "it is neither a file nor a folder",
    }
    assert workspace.stored() == [(*KITES, ("a.jsonl",))]


def test_nothing_but_a_missing_path_makes_no_library(workspace: Workspace) -> None:
    assert str(workspace.add(workspace.root / "missing")) == "0 added, 1 failed"
    assert not workspace.library.exists()
    assert workspace.assistant.papers() == []
    with pytest.raises(EmptyLibrary, match="footnote add"):
        workspace.assistant.search("otters")


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
