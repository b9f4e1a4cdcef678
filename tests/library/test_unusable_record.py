"""Records that cannot be used."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

import pytest
from helpers.desk import (
    BIRDS,
    CLOCKS,
    KITES,
    Desk,
)

from rag.errors import (
    LibraryError,
)


def test_a_record_of_a_newer_version_is_refused(desk: Desk) -> None:
    desk.write("a.jsonl", KITES)
    desk.add()
    desk.assistant.close()
    with sqlite3.connect(desk.library / "footnote.sqlite") as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    for ask in (desk.assistant.papers, lambda: desk.assistant.search("otters"), lambda: desk.add()):
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
def test_a_damaged_record_is_a_library_error(desk: Desk, damage: Callable[[bytes], bytes]) -> None:
    desk.write("a.jsonl", KITES, CLOCKS)
    desk.add()
    desk.assistant.close()
    file = desk.library / "footnote.sqlite"
    file.write_bytes(damage(file.read_bytes()))
    for ask in (
        desk.assistant.papers,
        lambda: desk.assistant.search("otters"),
        lambda: desk.add(desk.write("b.jsonl", BIRDS)),
        lambda: desk.assistant.edit(KITES[0], year=2000),
    ):
        with pytest.raises(LibraryError, match=r"'library' .*damaged"):
            ask()
