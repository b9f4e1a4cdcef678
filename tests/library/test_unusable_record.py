"""Records that cannot be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
from helpers.workspace import (
    BIRDS,
    CLOCKS,
    KITES,
    Workspace,
)

from rag.errors import (
    LibraryError,
)


def test_a_record_of_a_newer_version_is_refused(workspace: Workspace) -> None:
    workspace.write("a.jsonl", KITES)
    workspace.add()
    workspace.assistant.close()
    with sqlite3.connect(workspace.library / "footnote.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    for ask in (workspace.assistant.papers, lambda: workspace.assistant.search("otters"), lambda: workspace.add()):
        with pytest.raises(LibraryError, match=r"newer Footnote \(record version 99.*Update Footnote"):
            ask()


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda data: b"no database " * 1000, id="overwritten"),
        pytest.param(lambda data: bytes(100) + data[100:], id="without its header"),
        pytest.param(lambda data: data[:5000], id="cut off"),
        pytest.param(lambda data: data[:4096] + bytes(len(data) - 4096), id="zeros"),
        pytest.param(
            lambda data: data.replace(b"sqlite_autoindex_papers_1", b"sqlite\xffautoindex_papers_1"), id="schema"
        ),
    ],
)
def test_a_damaged_record_is_a_library_error(workspace: Workspace, damage: Callable[[bytes], bytes]) -> None:
    workspace.write("a.jsonl", KITES, CLOCKS)
    workspace.add()
    workspace.assistant.close()
    file = workspace.library / "footnote.sqlite"
    file.write_bytes(damage(file.read_bytes()))
    for ask in (
        workspace.assistant.papers,
        lambda: workspace.assistant.search("otters"),
        lambda: workspace.add(workspace.write("b.jsonl", BIRDS)),
        lambda: workspace.assistant.edit(KITES[0], year=2000),
    ):
        with pytest.raises(LibraryError, match=r"'library' .*damaged"):
            ask()
