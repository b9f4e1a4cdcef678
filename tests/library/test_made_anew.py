"""Libraries under other settings, and indexes made from the record."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from helpers.workspace import (
    BIRDS,
    CLOCKS,
    KITES,
    Workspace,
    check_spans,
    indexed,
)

from rag.assistant import Assistant
from rag.errors import (
    LibraryMismatch,
)


def other_settings(workspace: Workspace, light: Path, kind: str) -> Assistant:
    if kind == "model":
        return workspace.open(light / "48" / "model")
    return workspace.open(chunking={"max_tokens": 64} if kind == "max_tokens" else {"overlap_sentences": 1})


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("model", r"model '\S+/32/model', the settings say '\S+/48/model'"),
        ("max_tokens", "max_tokens 256, the settings say 64"),
        ("overlap_sentences", "overlap_sentences 0, the settings say 1"),
    ],
)
def test_other_settings_are_an_error_that_names_both_and_a_rebuild_mends_it(
    workspace: Workspace, light: Path, kind: str, names: str
) -> None:
    workspace.write(
        "a.jsonl", (KITES[0], " ".join(f"On day {n} the kite found {n * n} of them." for n in range(8))), CLOCKS
    )
    workspace.add()
    workspace.assistant.edit(CLOCKS[0], title="Clocks", year=1987)
    papers = [workspace.assistant.paper(name) for name in workspace.ids()]
    with other_settings(workspace, light, kind) as other:
        added = workspace.write("b.jsonl", BIRDS)
        for ask in (
            lambda: other.search("otters"),
            lambda: other.add(added),
            lambda: other.edit("Clocks", title="Other Clocks"),
        ):
            with pytest.raises(LibraryMismatch, match=f"{names}(.|\n)*`footnote rebuild`"):
                ask()
        other.rebuild()
        assert [other.paper(paper.id) for paper in papers] == papers
        for paper in papers:
            check_spans(other, paper.id)
        assert indexed(other)
        assert other.search("radio")[0].title == "Clocks"
        assert str(other.add(workspace.papers)) == "1 added, 2 unchanged"
        with pytest.raises(LibraryMismatch):  # it was open before
            workspace.assistant.search("otters")


def damage_index(workspace: Workspace, earlier: Path, kind: str) -> None:
    index = workspace.library / "index"
    (version,) = (path for path in index.iterdir() if path.is_dir())
    if kind == "half-built":  # died while it was written
        half = version.rename(index / "building-x")
        for path in half.rglob("*.*"):
            os.truncate(path, path.stat().st_size // 2)
        return
    shutil.rmtree(index)
    if kind != "deleted":
        shutil.copytree(earlier, index)


@pytest.mark.parametrize("kind", ["deleted", "older", "half-built"])
def test_the_index_is_made_from_the_record_without_the_embedding_model(workspace: Workspace, kind: str) -> None:
    workspace.write("a.jsonl", KITES, CLOCKS)
    workspace.add()
    workspace.assistant.close()
    earlier = shutil.copytree(workspace.library / "index", workspace.root / "earlier")
    workspace.write("a.jsonl", KITES, BIRDS)
    workspace.add()
    workspace.assistant.close()
    damage_index(workspace, earlier, kind)
    with workspace.open(workspace.root / "no such model") as assistant:
        assert indexed(assistant)
        assistant.library.index.update()
        assert indexed(assistant)
        assistant.close()
        (version,) = (path for path in (workspace.library / "index").iterdir() if path.is_dir())
        assert version.name[0].isdigit()
    assert sorted(workspace.titles_found("otters playback")) == [BIRDS[0], KITES[0]]


def test_an_index_of_another_model_is_not_built_on(workspace: Workspace, light: Path) -> None:
    workspace.write("a.jsonl", KITES, CLOCKS)
    workspace.add()
    workspace.assistant.close()
    earlier = shutil.copytree(workspace.library / "index", workspace.root / "earlier")
    with workspace.open(light / "48" / "model") as other:
        other.rebuild()
        other.close()
        damage_index(workspace, earlier, "older")  # as if killed between the record and the index
        assert indexed(other)


@pytest.mark.parametrize("record", ["deleted", "restored"])
def test_an_index_of_another_history_is_not_built_on(workspace: Workspace, record: str) -> None:
    file = workspace.library / "footnote.sqlite"
    workspace.write("a.jsonl", BIRDS)
    if record == "restored":
        workspace.add()
        workspace.assistant.close()
        backup = file.read_bytes()
    workspace.write("b.jsonl", KITES, CLOCKS)
    workspace.add()
    revision = int(workspace.assistant.library.records.meta("revision") or 0)
    workspace.assistant.close()
    if record == "deleted":
        file.unlink()
    else:
        file.write_bytes(backup)
    workspace.write("b.jsonl", CLOCKS, KITES)
    workspace.assistant = workspace.open()
    workspace.add()
    while int(workspace.assistant.library.records.meta("revision") or 0) < revision:
        workspace.assistant.edit(BIRDS[0], year=2000)
    assert indexed(workspace.assistant)
