"""Damaged, emptied and read-only records are reported with a remedy, and never taken for intact or new ones."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers.papers import PAPERS

from rag.assistant import Assistant
from rag.cli.parser import main
from rag.errors import FootnoteError, LibraryError, ReadOnlyLibrary
from rag.store.papers import Records
from rag.store.sqlite_errors import as_library_error

OTTERS, CLOCKS, BIRDS = PAPERS
PAGE = 16 * 1024  # bytes, of a record
QUESTION = "How many of the otters does the kite count?"


@pytest.fixture
def library(assistant: Assistant) -> Path:
    """The folder of a library that no process has open; one question was asked of it."""
    assistant.ask(QUESTION)
    assistant.close()
    return assistant.library.folder


def opened(library: Path) -> Assistant:
    overrides = {"ollama": {"host": "http://127.0.0.1:9"}}
    return Assistant.open(library=library, mode="quote", overrides=overrides)


def found(library: Path) -> list[tuple[str, str]]:
    """What `doctor` finds wrong, but for Ollama, and the remedies."""
    with opened(library) as assistant:
        return [(each.what, each.remedy) for each in assistant.check() if not each.ok]


def change(library: Path, *statements: str) -> None:
    with sqlite3.connect(library / "footnote.sqlite") as db:
        db.execute("PRAGMA writable_schema = ON")
        for statement in statements:
            db.execute(statement)
    db.close()


def zeroed_pages(library: Path) -> None:
    path = library / "footnote.sqlite"
    data = bytearray(path.read_bytes())
    middle = len(data) // 2 // PAGE * PAGE
    data[middle : middle + 3 * PAGE] = bytes(3 * PAGE)
    path.write_bytes(data)


def flipped_bits_in_a_text(library: Path) -> None:
    path = library / "footnote.sqlite"
    data = path.read_bytes()
    assert b"at a tenth of the cost" in data
    path.write_bytes(data.replace(b"at a tenth of the cost", b"at a tenth of the lost"))


def test_an_intact_library_has_no_findings(library: Path) -> None:
    assert found(library) == []
    with opened(library) as assistant:
        assert assistant.check()[0].what == "record: intact"


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (zeroed_pages, "damaged"),
        (flipped_bits_in_a_text, "the text or metadata of papers has changed: "),
        (lambda library: change(library, "DROP TABLE works"), "tables are missing: works"),
        (lambda library: change(library, "DROP TABLE papers"), "tables are missing: papers"),
        (lambda library: change(library, "UPDATE chunks SET vector = zeroblob(length(vector))"), "damaged vectors"),
        (lambda library: change(library, "UPDATE papers SET vector = zeroblob(length(vector))"), "papers have damaged"),
        (
            lambda library: change(library, "UPDATE answers SET answer = substr(answer, 9)"),
            "saved answers are damaged",
        ),
        (lambda library: change(library, "UPDATE meta SET value = '{' WHERE name = 'made_with'"), "made_with"),
        (lambda library: change(library, "UPDATE entries SET paper = 99 WHERE paper = 1"), "rows whose paper"),
        (lambda library: change(library, "UPDATE papers SET details = '[]' WHERE key = 1"), "text or metadata"),
    ],
)
def test_damage_of_the_record_is_reported_with_its_remedy(
    library: Path, damage: Callable[[Path], None], said: str
) -> None:
    damage(library)
    faults = found(library)
    assert any(said in what for what, _ in faults)
    assert all("estore a copy" in what + remedy for what, remedy in faults)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM chunk_words_docsize WHERE id = 1",
        "DELETE FROM chunk_words_data WHERE id > 10",
        "UPDATE chunk_words_data SET block = zeroblob(length(block)) WHERE id > 10",
        "UPDATE paper_words_data SET block = x'00' WHERE id = 10",
        "DROP TABLE paper_words_idx",
        "DROP TABLE chunk_words_config",
        "DROP TABLE chunk_words",
        "DELETE FROM sqlite_master WHERE name = 'chunk_words'",
    ],
)
def test_damage_of_the_word_index_is_reported_and_a_rebuild_repairs_it(library: Path, damage: str) -> None:
    change(library, damage)
    faults = found(library)
    assert faults
    assert all(remedy == "footnote rebuild" or "`footnote rebuild`" in what for what, remedy in faults)
    with opened(library) as assistant:
        assistant.rebuild()
        (key,) = assistant.library.records.word_scores(["otters"], 9, None)
        assert "otters" in assistant.library.records.candidates([key]).texts([0])[0]
    assert found(library) == []


@pytest.mark.parametrize(
    ("damage", "command"),
    [
        ("UPDATE answers SET answer = substr(answer, 9)", ["history"]),
        ("UPDATE answers SET request = '{'", ["again", "1"]),
        ("UPDATE meta SET value = '{' WHERE name = 'made_with'", ["ask", QUESTION]),
    ],
)
def test_ordinary_commands_report_damaged_values(
    library: Path, damage: str, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    change(library, damage)
    assert main([*command, "--library", str(library)]) == 1
    said = capsys.readouterr().err
    assert "damaged" in said
    assert "Unexpected" not in said


def test_a_damaged_file_is_not_repaired_by_rebuilding_its_word_index(library: Path) -> None:
    path = library / "footnote.sqlite"
    data = bytearray(path.read_bytes())
    for start in range(len(data) // 3 // PAGE * PAGE, len(data) - PAGE, 2 * PAGE):
        data[start : start + PAGE] = bytes(PAGE)
    path.write_bytes(data)
    assert all("estore a copy" in what + remedy for what, remedy in found(library))


@pytest.mark.parametrize("table", ["papers", "chunks", "chunk_words", "answers", "meta"])
def test_ordinary_commands_report_a_dropped_table(library: Path, table: str) -> None:
    change(library, f"DROP TABLE {table}")
    with opened(library) as assistant:
        act = assistant.history if table == "answers" else lambda: assistant.search(QUESTION)
        with pytest.raises(LibraryError, match=r"damaged .*(Restore a copy|rebuild)"):
            act()


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE papers SET details = '[]'",
        "UPDATE papers SET details = '{}'",
        "UPDATE papers SET vector = x'0102'",
        "UPDATE chunks SET vector = x'010203'",
        "UPDATE chunks SET sentences = x'0102'",
        "UPDATE chunks SET sentence_vectors = x'01'",
        "UPDATE answers SET answer = '{'",
        "UPDATE answers SET request = '[1'",
    ],
)
def test_a_damaged_value_is_a_library_error(assistant: Assistant, damage: str) -> None:
    assistant.ask(QUESTION)
    assistant.close()
    change(assistant.library.folder, damage)
    with opened(assistant.library.folder) as again:
        if "answers" in damage:
            with pytest.raises(LibraryError, match="damaged"):
                again.history()
        else:
            with pytest.raises(LibraryError, match="damaged"):
                again.ask(QUESTION)


def empty(library: Path) -> None:
    (library / "footnote.sqlite").write_bytes(b"")


def without_tables(library: Path) -> None:
    (library / "footnote.sqlite").unlink()
    change(library, "PRAGMA journal_mode = WAL", "PRAGMA user_version = 0")


def of_another_program(library: Path) -> None:
    (library / "footnote.sqlite").unlink()
    change(library, "CREATE TABLE bookmarks (url TEXT)")


@pytest.mark.parametrize("damage", [empty, without_tables, of_another_program])
@pytest.mark.parametrize("beside", ["index", "uploads"])
def test_an_empty_record_with_an_index_or_uploads_is_not_a_new_library(
    library: Path, folder: Path, damage: Callable[[Path], None], beside: str
) -> None:
    if beside == "uploads":
        (library / "index").rename(library / "uploads")
    damage(library)
    kept = sorted(path.name for path in (library / beside).iterdir())
    with opened(library) as assistant:
        for act in (lambda: assistant.add([folder]), lambda: assistant.ask(QUESTION), assistant.rebuild):
            with pytest.raises(LibraryError, match="Restore a copy of the library's folder"):
                act()
    assert sorted(path.name for path in (library / beside).iterdir()) == kept
    assert found(library) != []


@pytest.mark.parametrize("command", [["list"], ["ask", QUESTION], ["doctor"]])
def test_a_library_that_lost_its_record_is_not_a_new_one(
    library: Path, folder: Path, command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    (library / "footnote.sqlite").unlink()
    main([*command, "--library", str(library)])
    out, err = capsys.readouterr()
    assert "footnote.sqlite is missing" in out + err
    with opened(library) as assistant:
        assert len(assistant.add([folder]).added) == 3
    assert found(library) == []


def test_an_empty_file_alone_becomes_a_library(tmp_path: Path, folder: Path) -> None:
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "footnote.sqlite").touch()
    with opened(tmp_path / "new") as assistant:
        assert len(assistant.add([folder]).added) == 3


def test_the_log_of_a_deleted_record_is_not_read_into_a_new_one(library: Path, folder: Path) -> None:
    with opened(library) as assistant:
        assistant.edit(OTTERS, year=2001)
        log = (library / "footnote.sqlite-wal").read_bytes()
    (library / "footnote.sqlite").unlink()
    (library / "footnote.sqlite-wal").write_bytes(log)
    with opened(library) as assistant:
        assert len(assistant.add([folder]).added) == 3
    assert found(library) == []


def test_a_full_disk_is_reported_as_such(library: Path) -> None:
    for error in (sqlite3.OperationalError("database or disk is full"), OSError(28, "No space left on device", "/x")):
        message = str(as_library_error(error, library / "footnote.sqlite"))
        assert message == (
            "The disk with the library 'library' is full. Everything stored so far is kept. Free some space and try "
            "again."
        )


def test_a_full_disk_stops_an_add_and_keeps_stored_papers(library: Path, folder: Path) -> None:
    with opened(library) as assistant:
        records = assistant.library.records
        pages = records.rows("PRAGMA page_count")[0][0]
        records._db.execute(f"PRAGMA max_page_count = {pages + 2}")
        for number in range(12):
            (folder / f"{number}.txt").write_text(f"Moss {number}\n\n" + "Moss grows on 12 of 40 roofs. " * 40)
        with pytest.raises(LibraryError, match=r"is full\. Everything stored so far is kept"):
            assistant.add([folder])
    with opened(library) as assistant:
        assert len(assistant.papers()) >= 3
        assert len(assistant.add([folder]).failed) == 0
        assert len(assistant.papers()) == 15


# Read-only


@pytest.fixture
def frozen(library: Path) -> Iterator[Path]:
    """The library through a mount that cannot be written."""
    mount = library.parent / "frozen"
    mount.mkdir()
    try:
        subprocess.run(["mount", "-o", "ro,bind", library, mount], check=True, capture_output=True, timeout=20)
        subprocess.run(["mount", "-o", "remount,ro,bind", mount], check=True, capture_output=True, timeout=20)
    except (subprocess.SubprocessError, OSError):
        pytest.skip("needs the right to mount a folder read-only")
    yield mount
    subprocess.run(["umount", "-l", mount], check=True, timeout=20)


@pytest.fixture(params=["a mount", "permissions"])
def read_only(request: pytest.FixtureRequest, library: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    if request.param == "a mount":
        return Path(request.getfixturevalue("frozen"))
    shutil.copytree(library, library.parent / "closed")  # a stand-in: permissions do not bind root
    monkeypatch.setattr("rag.store.database.is_read_only", lambda path: path.is_file())
    return library.parent / "closed"


def files(folder: Path) -> list[tuple[str, int]]:
    return sorted((path.name, path.stat().st_mtime_ns) for path in folder.rglob("*") if path.is_file())


def test_a_read_only_library_can_be_asked_searched_listed_and_shown(read_only: Path, folder: Path) -> None:
    before = files(read_only)
    with opened(read_only) as assistant:
        answers = [assistant.ask(QUESTION) for _ in range(2)]
        assert all("94.5%" in answer.text for answer in answers)
        assert ["read-only" in " ".join(answer.notes) for answer in answers] == [True, False]
        assert answers[0].number is None
        assert assistant.search("tide clock")[0].title == CLOCKS
        assert {paper.title for paper in assistant.papers()} == set(PAPERS)
        assert assistant.paper(OTTERS).text.startswith(OTTERS)
        assert len(assistant.history()) == 1  # the one that was kept while it could be written
        assert assistant.backup(folder / "mine.zip") == assistant.export(folder / "mine.jsonl") == (3, 1, 0)
        for act in (
            lambda: assistant.add([folder]),
            lambda: assistant.library.add_uploads([("a.txt", folder / "kites.txt")]),
            lambda: assistant.edit(OTTERS, year=2000),
            lambda: assistant.remove(OTTERS),
            assistant.rebuild,
            lambda: assistant.restore(folder / "mine.zip", replace=True),
            lambda: assistant.import_library(folder / "mine.jsonl", replace=True),
        ):
            with pytest.raises(ReadOnlyLibrary, match="read-only: you can ask and search it"):
                act()
    assert [what for what, _ in found(read_only)] == []
    assert files(read_only) == before


def test_a_read_only_copy_with_unmerged_log_and_no_index_can_be_searched(
    library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(library) as writing:
        writing.edit(OTTERS, title="Counting Otters from Balloons")
        shutil.copytree(library, library.parent / "copy", ignore=shutil.ignore_patterns("index", "*-shm"))
    monkeypatch.setattr("rag.store.database.is_read_only", lambda path: path.is_file())
    assert (library.parent / "copy" / "footnote.sqlite-wal").stat().st_size
    with opened(library.parent / "copy") as assistant:
        assert assistant.search("otters")[0].title == "Counting Otters from Balloons"
    assert not (library.parent / "copy" / "index").exists()


def test_a_reader_that_cannot_write_sees_what_another_process_writes(frozen: Path, library: Path) -> None:
    with opened(frozen) as reading:
        assert reading.search("otters")[0].title == OTTERS
        with opened(library) as writing:
            writing.edit(OTTERS, title="Counting Otters from Balloons")
            assert reading.search("otters")[0].title == "Counting Otters from Balloons"
        assert reading.search("otters")[0].title == "Counting Otters from Balloons"


def test_an_older_record_that_is_read_only_is_an_error(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    change(library, "PRAGMA user_version = 4")
    monkeypatch.setattr("rag.store.database.is_read_only", lambda path: path.is_file())
    with pytest.raises(FootnoteError, match=r"older Footnote .* read-only.* Copy it to a place"):
        Records(library / "footnote.sqlite")
