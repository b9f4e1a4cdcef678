"""A backup holds all that must not be lost, and is restored wholly or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import sqlite3
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock
from helpers.commands import footnote_here
from helpers.small_library import BIRDS, OTTERS, QUESTION, all_of, open_small

from rag import Assistant
from rag.errors import EmptyLibrary, LibraryError
from rag.store.integrity import faults_of
from rag.store.migrations import migrate

MANIFEST = "footnote-backup.json"


@pytest.fixture(scope="module")
def kept(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the library."""
    file = tmp_path_factory.mktemp("kept") / "mine.zip"
    with open_small(filled) as opened:
        opened.backup(file)
    return file


def uploads(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (folder / "uploads").rglob("*") if path.is_file()}


def test_a_restored_backup_holds_all_that_the_library_held(library: Assistant, kept: Path, tmp_path: Path) -> None:
    with open_small(tmp_path / "new") as restored:
        assert str(restored.restore(kept)) == "papers: 3, saved answers: 2, uploaded files: 1"
        assert all_of(restored) == all_of(library)
        assert uploads(tmp_path / "new") == uploads(tmp_path / "library")
        assert restored.library.index.check()[0]
        assert not list((tmp_path / "new").glob(".unfinished-*"))


def test_a_backup_unpacked_by_hand_is_a_library(library: Assistant, kept: Path, tmp_path: Path) -> None:
    shutil.unpack_archive(kept, tmp_path / "by hand")
    with open_small(tmp_path / "by hand") as unpacked:
        assert all_of(unpacked) == all_of(library)


def test_a_backup_made_during_a_change_has_the_library_before_it(library: Assistant, tmp_path: Path) -> None:
    before = all_of(library)
    with sqlite3.connect(tmp_path / "library" / "footnote.sqlite", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("DELETE FROM answers")
        library.backup(tmp_path / "mine.zip")
        other.execute("COMMIT")
    other.close()
    assert library.history() == []
    with open_small(tmp_path / "new") as restored:
        restored.restore(tmp_path / "mine.zip")
        assert all_of(restored) == before


def test_a_library_is_replaced_only_on_request_and_open_ones_see_it(
    library: Assistant, kept: Path, tmp_path: Path
) -> None:
    before = all_of(library)
    library.remove(OTTERS)
    with open_small(tmp_path / "library") as other:
        assert len(other.search(QUESTION)) == 2
        with pytest.raises(LibraryError, match=r"There is a library in 'library' already.*--replace"):
            other.restore(kept)
        assert len(other.papers()) == 2
        library.restore(kept, replace=True)
        assert all_of(other) == all_of(library) == before
        assert OTTERS in [passage.title for passage in other.search(QUESTION)]


def test_a_backup_replaces_a_record_with_pages_of_another_size(kept: Path, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    with contextlib.closing(sqlite3.connect(tmp_path / "old" / "footnote.sqlite", isolation_level=None)) as old:
        old.row_factory = sqlite3.Row
        old.execute("PRAGMA page_size = 4096")
        old.execute("BEGIN")
        migrate(old)
        old.execute("COMMIT")
        old.execute("PRAGMA journal_mode = WAL")
    with open_small(tmp_path / "old") as library:
        assert str(library.restore(kept)) == "papers: 3, saved answers: 2, uploaded files: 1"
        assert not faults_of(library.library.records)
        assert library.ask(QUESTION).citations


def test_an_empty_library_needs_no_permission_to_be_replaced(kept: Path, tmp_path: Path) -> None:
    with open_small(tmp_path / "new") as empty:
        (tmp_path / "note.txt").write_text("A title alone\n")
        empty.add(tmp_path / "note.txt")
        assert empty.library.exists
        with empty.library.records.transaction() as db:
            db.execute("DELETE FROM failures")
        empty.restore(kept)
        assert len(empty.papers()) == 3


def change_a_byte(file: Path, at: float) -> None:
    data = bytearray(file.read_bytes())
    data[int(len(data) * at)] ^= 16
    file.write_bytes(data)


def rewrite(file: Path, change: Callable[[dict[str, bytes], dict[str, str]], None]) -> None:
    with zipfile.ZipFile(file) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    manifest = json.loads(members.pop(MANIFEST))
    change(members, manifest)
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
        archive.writestr(MANIFEST, json.dumps(manifest))


def leaving_the_folder(members: dict[str, bytes], manifest: dict[str, dict[str, str]]) -> None:
    (name,) = (name for name in members if name.startswith("uploads"))
    members["uploads/../../planted.txt"] = members.pop(name)
    manifest["sha256"]["uploads/../../planted.txt"] = manifest["sha256"].pop(name)


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-100]),
    "cut in half": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "empty": lambda file: file.write_bytes(b""),
    "another file": lambda file: file.write_text("not a backup"),
    "a byte changed": lambda file: change_a_byte(file, 0.3),
    "a late byte changed": lambda file: change_a_byte(file, 0.9),
    "no record": lambda file: rewrite(file, lambda members, _: members.pop("footnote.sqlite")),
    "another record": lambda file: rewrite(file, lambda members, _: members.update({"footnote.sqlite": b"SQLite"})),
    "no digests": lambda file: rewrite(file, lambda _, manifest: manifest.pop("sha256")),
    "newer": lambda file: rewrite(file, lambda _, manifest: manifest.update(format=99)),
    "leaving the folder": lambda file: rewrite(file, leaving_the_folder),
    "gone": lambda file: file.unlink(),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_backup_is_refused_and_changes_nothing(
    library: Assistant, kept: Path, tmp_path: Path, damage: str
) -> None:
    shutil.copy(kept, tmp_path / "mine.zip")
    DAMAGE[damage](tmp_path / "mine.zip")
    before = all_of(library)
    with pytest.raises(LibraryError, match=r"mine\.zip|newer Footnote") as error:
        library.restore(tmp_path / "mine.zip", replace=True)
    assert str(tmp_path) not in str(error.value)
    assert all_of(library) == before
    assert not (tmp_path.parent / "planted.txt").exists()
    assert not list((tmp_path / "library").glob(".unfinished-*"))


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("PRAGMA user_version = 99", "newer Footnote"),
        ("UPDATE papers SET text = text || '.'", "text or metadata of papers has changed"),
        ("CREATE TRIGGER t AFTER DELETE ON papers BEGIN DELETE FROM answers; END", "trigger or view, 't'"),
    ],
)
def test_the_record_in_a_backup_is_checked_before_it_is_used(
    library: Assistant, kept: Path, tmp_path: Path, statement: str, said: str
) -> None:
    shutil.unpack_archive(kept, tmp_path / "unpacked")
    with sqlite3.connect(tmp_path / "unpacked" / "footnote.sqlite") as db:
        db.execute(statement)
    db.close()
    manifest = json.loads((tmp_path / "unpacked" / MANIFEST).read_text())

    record = (tmp_path / "unpacked" / "footnote.sqlite").read_bytes()
    manifest["sha256"]["footnote.sqlite"] = hashlib.sha256(record).hexdigest()
    (tmp_path / "unpacked" / MANIFEST).write_text(json.dumps(manifest))
    shutil.make_archive(str(tmp_path / "changed"), "zip", tmp_path / "unpacked")
    before = all_of(library)
    with pytest.raises(LibraryError, match=said):
        library.restore(tmp_path / "changed.zip", replace=True)
    assert all_of(library) == before


def test_a_backup_replaces_an_older_one_and_no_other_file(library: Assistant, kept: Path, tmp_path: Path) -> None:
    shutil.copy(kept, tmp_path / "mine.zip")
    library.remove(BIRDS)
    assert library.backup(tmp_path / "mine.zip").papers == 2
    (tmp_path / "thesis.pdf").write_text("years of work")
    for other in (tmp_path / "thesis.pdf", tmp_path / "library"):
        with pytest.raises(LibraryError, match="already, and is not overwritten"):
            library.backup(other)
    assert (tmp_path / "thesis.pdf").read_text() == "years of work"


def test_a_damaged_library_makes_no_backup_and_an_older_one_stays(
    library: Assistant, kept: Path, tmp_path: Path
) -> None:
    shutil.copy(kept, tmp_path / "mine.zip")
    with library.library.records.transaction() as db:
        db.execute("UPDATE papers SET text = text || '.'")
    with pytest.raises(LibraryError, match=r"No backup was written, since the library is damaged.*older backup is"):
        library.backup(tmp_path / "mine.zip")
    assert (tmp_path / "mine.zip").read_bytes() == kept.read_bytes()


def test_a_backup_takes_the_place_of_a_record_that_is_no_database_and_keeps_it(kept: Path, tmp_path: Path) -> None:
    record = tmp_path / "library" / "footnote.sqlite"
    record.parent.mkdir()
    record.write_bytes(b"overwritten" * 1000)
    with open_small(tmp_path / "library") as opened:
        with pytest.raises(LibraryError, match=r"damaged.*add --replace"):
            opened.restore(kept)
        opened.restore(kept, replace=True)
        assert len(opened.papers()) == 3
    (aside,) = record.parent.glob("footnote.sqlite.damaged-*")
    assert aside.read_bytes() == b"overwritten" * 1000


def zeroed(record: Path) -> None:
    data = record.read_bytes()
    record.write_bytes(data[:8192] + bytes(len(data) // 2 - 8192) + data[len(data) // 2 :])


def change(record: Path, statement: str) -> None:
    with sqlite3.connect(record) as db:
        db.execute(statement)
    db.close()


DAMAGED_RECORDS: dict[str, Callable[[Path], object]] = {
    "zeroed": zeroed,
    "cut": lambda record: record.write_bytes(record.read_bytes()[: record.stat().st_size // 2]),
    "empty": lambda record: record.write_bytes(b""),
    "without a table": lambda record: change(record, "DROP TABLE chunks"),
    "newer": lambda record: change(record, "PRAGMA user_version = 99"),
}


@pytest.mark.parametrize("damage", DAMAGED_RECORDS)
def test_a_backup_replaces_a_damaged_record(library: Assistant, kept: Path, tmp_path: Path, damage: str) -> None:
    before = all_of(library)
    library.close()
    DAMAGED_RECORDS[damage](tmp_path / "library" / "footnote.sqlite")
    with open_small(tmp_path / "library") as opened:
        assert not all(finding.ok for finding in opened.check())
        opened.restore(kept, replace=True)
        assert all_of(opened) == before
        assert faults_of(opened.library.records) == []


def test_a_library_that_lost_its_record_is_restored(library: Assistant, kept: Path, tmp_path: Path) -> None:
    before = all_of(library)
    library.close()
    (tmp_path / "library" / "footnote.sqlite").unlink()
    with open_small(tmp_path / "library") as opened:
        opened.restore(kept)
        assert all_of(opened) == before


def test_the_commands_say_what_they_did(kept: Path, tmp_path: Path) -> None:
    done = footnote_here("restore", str(kept), cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "restored: papers: 3, saved answers: 2, uploaded files: 1\n")
    again = footnote_here("restore", str(kept), cwd=tmp_path)
    assert (again.returncode, again.stdout) == (1, "")
    assert "--replace" in again.stderr
    assert footnote_here("restore", str(kept), "--replace", cwd=tmp_path).returncode == 0
    done = footnote_here("backup", "copy.zip", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "backed up: papers: 3, saved answers: 2, uploaded files: 1\n")
    assert (tmp_path / "copy.zip").stat().st_size > 1000


def test_what_a_killed_process_left_is_deleted_whatever_the_clock_says(library: Assistant, tmp_path: Path) -> None:
    left, used = tmp_path / ".unfinished-left", tmp_path / ".unfinished-used"
    for path, age in ((left, 120), (used, 10**7)):
        path.mkdir()
        (path / "lock").touch()
        os.utime(path, (time.time() + age,) * 2)  # the clock was set back since
    with FileLock(used / "lock"):
        library.backup(tmp_path / "mine.zip")
    assert (left.exists(), used.exists()) == (False, True)


def test_without_a_library_there_is_no_backup(tmp_path: Path) -> None:
    with open_small(tmp_path / "none") as opened, pytest.raises(EmptyLibrary, match="There is no library"):
        opened.backup(tmp_path / "mine.zip")
    assert list(tmp_path.iterdir()) == []
