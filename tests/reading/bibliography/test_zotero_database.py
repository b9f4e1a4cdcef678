"""The databases of Zotero and Better BibTeX: locked, changing, damaged, large, and of other versions."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.zotero_folder import ZoteroFolder

from rag.errors import SourceError
from rag.reading.bibliography.zotero import is_zotero, read_zotero

BETTER_BIBTEX = """
CREATE TABLE citationkey (itemID NOT NULL PRIMARY KEY, itemKey NOT NULL, libraryID NOT NULL,
    citationKey NOT NULL CHECK (citationKey <> ''), pinned CHECK (pinned in (0, 1)), UNIQUE (libraryID, itemKey));
"""


def test_better_bibtex_gives_citekeys_for_each_library(zotero: ZoteroFolder) -> None:
    for library in (1, 2):
        zotero.item("AAAA1111", title="Otters", library=library)
    with sqlite3.connect(zotero.folder / "better-bibtex.sqlite") as keys:
        keys.executescript(BETTER_BIBTEX)
        keys.executemany(
            "INSERT INTO citationkey VALUES (?, 'AAAA1111', ?, ?, 0)", [(1, 1, "mine2021"), (2, 2, "ours2021")]
        )
    keys.close()
    assert [item.details["citekey"] for item in zotero.read()] == ["mine2021", "ours2021"]


def test_an_older_better_bibtex_kept_them_as_json(zotero: ZoteroFolder) -> None:
    zotero.item("AAAA1111", title="Otters")
    row = {"citekey": "reed1999", "pinned": True, "itemID": 1, "libraryID": 1, "itemKey": "AAAA1111"}
    with sqlite3.connect(zotero.folder / "better-bibtex.sqlite") as keys:
        keys.execute('CREATE TABLE "better-bibtex" (name TEXT PRIMARY KEY NOT NULL, data TEXT NOT NULL)')
        keys.execute(
            'INSERT INTO "better-bibtex" VALUES (?, ?)', ["better-bibtex.citekey", json.dumps({"data": [row]})]
        )
    keys.close()
    assert zotero.only().details["citekey"] == "reed1999"


@pytest.mark.parametrize("content", [b"", b"no database at all" * 100, b"SQLite format 3\0" + bytes(4096)])
def test_a_broken_better_bibtex_database_loses_only_the_citekeys(zotero: ZoteroFolder, content: bytes) -> None:
    zotero.item("AAAA1111", title="Otters")
    (zotero.folder / "better-bibtex.sqlite").write_bytes(content)
    zotero.database.commit()
    (item,), (failure,) = read_zotero(zotero.folder)
    assert (item.title, item.details["citekey"]) == ("Otters", None)
    assert failure.source == "better-bibtex.sqlite"
    assert failure.reason.startswith("the citekeys of Better BibTeX cannot be read (")


HOLD = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
database.execute("PRAGMA locking_mode = EXCLUSIVE")
database.execute(f"PRAGMA journal_mode = {sys.argv[2]}")
database.execute("PRAGMA wal_autocheckpoint = 0")
database.execute("PRAGMA cache_size = 1")
database.execute("BEGIN EXCLUSIVE")
database.execute("UPDATE itemDataValues SET value = 'Written while Zotero is open' WHERE value = 'Otters'")
database.execute("COMMIT")
database.execute("BEGIN EXCLUSIVE")
database.execute("UPDATE itemDataValues SET value = 'Not yet committed ' || value || valueID")
database.execute("CREATE TABLE filler (x)")
database.executemany("INSERT INTO filler VALUES (?)", [("x" * 4000,)] * 50)
print("held", flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_a_database_that_zotero_holds_is_read_as_it_was_last_committed(zotero: ZoteroFolder, journal: str) -> None:
    zotero.item("AAAA1111", title="Otters")
    zotero.database.commit()
    zotero.database.close()
    # In another process: within one, POSIX drops a lock whenever any handle on the file is closed.
    command = [sys.executable, "-c", HOLD, str(zotero.folder / "zotero.sqlite"), journal]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        other = sqlite3.connect(zotero.folder / "zotero.sqlite", timeout=0)
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("SELECT * FROM items").fetchall()
        other.close()
        before = {file.name: file.read_bytes() for file in zotero.folder.glob("zotero.sqlite*")}
        assert len(before) == 2  # so there is a journal next to the database
        assert is_zotero(zotero.folder)
        items, failures = read_zotero(zotero.folder)
        assert {file.name: file.read_bytes() for file in zotero.folder.glob("*") if file.is_file()} == before
        holder.communicate()
    assert ([item.title for item in items], failures) == (["Written while Zotero is open"], [])


@pytest.mark.parametrize("times", [1, 9])
def test_a_database_that_changes_while_it_is_copied_is_copied_again(
    zotero: ZoteroFolder, monkeypatch: pytest.MonkeyPatch, times: int
) -> None:
    zotero.item("AAAA1111", title="Before")
    copy, copies = shutil.copyfile, []

    def copied_and_changed(source: Path, target: Path) -> None:
        copies.append(copy(source, target))
        if len(copies) <= times:
            zotero.database.execute("UPDATE itemDataValues SET value = value || ' and after'")
            zotero.database.commit()
            os.utime(source, ns=(len(copies), len(copies)))

    monkeypatch.setattr(shutil, "copyfile", copied_and_changed)
    if times == 1:
        assert zotero.only().title == "Before and after"
    else:
        with pytest.raises(SourceError, match=r"zotero\.sqlite keeps changing; wait until Zotero is idle"):
            zotero.read()


def test_a_database_is_found_through_a_link_and_missed_without_one(zotero: ZoteroFolder, tmp_path: Path) -> None:
    zotero.item("AAAA1111", title="Otters")
    zotero.database.commit()
    assert zotero.database.execute("PRAGMA journal_mode = wal").fetchone() == ("wal",)
    (tmp_path / "link").mkdir()
    with pytest.raises(SourceError, match=r"zotero\.sqlite cannot be copied: No such file or directory"):
        read_zotero(tmp_path / "link")
    (tmp_path / "link" / "zotero.sqlite").symlink_to(zotero.folder / "zotero.sqlite")
    zotero.item("AAAA2222", title="Reeds")
    zotero.database.commit()
    assert [item.title for item in read_zotero(tmp_path / "link")[0]] == ["Otters", "Reeds"]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ("DROP TABLE itemAttachments", "(tables 125) does not have the tables of Zotero 5 to 8 (no such table"),
        (
            "UPDATE version SET version = 77; ALTER TABLE itemAttachments RENAME parentItemID TO sourceItemID",
            "is from a Zotero before 5 (tables 77); open it once in a newer Zotero, then try again",
        ),
        ("DROP TABLE version; DROP TABLE items", "is damaged or not a Zotero database (no such table: "),
    ],
)
def test_unknown_tables_are_refused_with_a_remedy(zotero: ZoteroFolder, change: str, reason: str) -> None:
    zotero.database.executescript(change)
    with pytest.raises(SourceError, match=re.escape(reason)):
        zotero.read()


@pytest.mark.parametrize("damage", ["empty", "text", "cut off", "zeros in it"])
def test_a_damaged_database_is_refused_with_a_remedy(zotero: ZoteroFolder, damage: str) -> None:
    for number in range(300):
        zotero.item(f"K{number}", title=f"Otters of the river number {number}")
    zotero.database.commit()
    zotero.database.close()
    file = zotero.folder / "zotero.sqlite"
    raw = file.read_bytes()
    file.write_bytes(
        {
            "empty": b"",
            "text": b"no database",
            "cut off": raw[:9000],
            "zeros in it": raw[:4096] + bytes(len(raw) - 4096),
        }[damage]
    )
    with pytest.raises(
        SourceError, match=r"is damaged or not a Zotero database \(.*replace it with zotero\.sqlite\.bak"
    ):
        read_zotero(zotero.folder)


def test_broken_characters_do_not_affect_the_rest(zotero: ZoteroFolder) -> None:
    zotero.item("AAAA1111", title="Otters")
    zotero.database.execute("UPDATE itemDataValues SET value = CAST(x'4f740074ff65' AS TEXT)")
    assert zotero.only().title == "Ot t\ufffde"


@pytest.mark.parametrize(
    ("names", "answer"),
    [
        (["zotero.sqlite", "storage/"], True),
        (["storage/"], False),
        (["zotero.sqlite"], False),
        (["zotero.sqlite/", "storage/"], False),
        ([], False),
    ],
)
def test_a_zotero_folder_is_recognised_by_its_database(tmp_path: Path, names: list[str], answer: bool) -> None:
    for name in names:
        (tmp_path / name).mkdir() if name.endswith("/") else (tmp_path / name).write_text("no database")
    assert is_zotero(tmp_path) == answer


def test_a_database_without_storage_is_recognised_by_its_tables(zotero: ZoteroFolder) -> None:
    (zotero.folder / "storage").rmdir()
    assert is_zotero(zotero.folder)
    zotero.database.executescript("DROP TABLE itemAttachments")
    assert not is_zotero(zotero.folder)


def test_thousands_of_items_are_read(zotero: ZoteroFolder) -> None:
    inner = zotero.collection("Rivers")
    for number in range(2000):
        item = zotero.item(f"I{number}", title=f"Otters {number}", date=f"{1900 + number % 120}-00-00")
        zotero.creator(item, "Ash", f"Rowan {number}")
        zotero.file(f"F{number}", f"storage:{number}.pdf", item, there=number < 5)
        zotero.database.execute("INSERT INTO collectionItems VALUES (?, ?, 0)", [inner, item])
    items = zotero.read("rivers")
    assert len(items) == len({item.key for item in items}) == 2000
    assert sum(len(item.files) for item in items) == 5
    assert items[1999].details["authors"] == ("Ash Rowan 1999",)
