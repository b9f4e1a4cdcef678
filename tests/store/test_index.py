"""The vector index: which record it belongs to, what damage it survives, and when it is rebuilt."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.growth import growth
from helpers.random_papers import DIMENSIONS, PER_PAPER, exact, is_exact, put, remove

from rag.errors import LibraryError
from rag.store.index import Index
from rag.store.index_build import Built, build
from rag.store.papers import Records


def change(records: Records) -> str:
    """Change papers; return the identity after it."""
    with records.transaction():
        pass
    return records.identity


def versions(index: Index) -> list[Path]:
    return sorted(path for path in index.store.versions.folder.iterdir() if path.is_dir() and path.name[0].isdigit())


@pytest.fixture(autouse=True)
def no_library_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.store.index.EXACT", 0)


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.store.index.EXACT", 6 * PER_PAPER)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a record of four papers and an index of it."""
    folder = tmp_path_factory.mktemp("built")
    records = Records(folder / "footnote.sqlite")
    put(records, [f"Paper {n}" for n in range(4)])
    Index(folder / "index", records).update()
    records.close()
    return folder


@pytest.fixture
def records(tmp_path: Path, built: Path) -> Iterator[Records]:
    shutil.copy(built / "footnote.sqlite", tmp_path)
    opened = Records(tmp_path / "footnote.sqlite")
    yield opened
    opened.close()


@pytest.fixture
def index(tmp_path: Path, records: Records, built: Path) -> Iterator[Index]:
    """An index that is built and not open."""
    shutil.copytree(built / "index", tmp_path / "index")
    made = Index(tmp_path / "index", records)
    yield made
    made.close()


# Which record it belongs to


def restore(records: Records, backup: Path) -> None:
    records.close()
    for suffix in ("-wal", "-shm"):
        records.path.with_name(records.path.name + suffix).unlink(missing_ok=True)
    shutil.copy(backup, records.path)


def test_an_identity_of_the_record_does_not_repeat_after_a_backup_is_restored(tmp_path: Path) -> None:
    records = Records(tmp_path / "footnote.sqlite")
    change(records)
    records.close()
    shutil.copy(records.path, tmp_path / "backup")
    later = change(records)
    with records.indexing() as indexed:
        assert indexed == later
    assert records.was_indexed(later)
    restore(records, tmp_path / "backup")
    restored = change(records)
    assert restored.split("-")[0] == later.split("-")[0]
    assert restored != later
    assert not records.was_indexed(later)


def test_a_transaction_that_changes_no_papers_keeps_the_identity(tmp_path: Path) -> None:
    records = Records(tmp_path / "footnote.sqlite")
    before = change(records)
    with records.transaction(of_papers=False) as db:
        records.set_meta(db, "something", "else")
    assert records.identity == before


def test_the_snapshot_that_an_index_is_built_from_does_not_change(tmp_path: Path) -> None:
    records = Records(tmp_path / "footnote.sqlite")
    with records.indexing() as identity:
        other = threading.Thread(target=change, args=(records,))
        other.start()
        other.join()
        assert records.identity == identity
    assert records.identity != identity
    assert records.was_indexed(identity)


@pytest.mark.parametrize("more", [1, 2, 3])
@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize("exact_up_to", [0, 1000])
def test_an_index_of_another_history_is_never_read(
    records: Records, tmp_path: Path, more: int, is_open: bool, exact_up_to: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The restored record gets a smaller, the same or a larger revision than the index has; its keys repeat."""
    monkeypatch.setattr("rag.store.index.EXACT", exact_up_to)
    records.close()
    shutil.copy(records.path, tmp_path / "backup")
    put(records, ["Other 1", "Other 2"])
    index = Index(tmp_path / "index", records)
    index.update()
    if is_open:
        assert is_exact(index, records)
    restore(records, tmp_path / "backup")
    put(records, [f"New {n}" for n in range(more)])
    assert is_exact(index, records)
    index.update()
    assert index.check()[0]
    assert is_exact(index, records)
    index.close()


# Damage


def segment(version: Path) -> Path:
    (found,) = (path for path in version.iterdir() if path.is_dir())
    return found


def flip(path: Path, at: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 0x40
    path.write_bytes(bytes(data))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "no segment folder": lambda version: shutil.rmtree(segment(version)),
    "no database": lambda version: (version / "chroma.sqlite3").unlink(),
    "no seal": lambda version: (version / "seal.json").unlink(),
    "a bit of header.bin": lambda version: flip(segment(version) / "header.bin", 20),
    "a bit of data_level0.bin": lambda version: flip(segment(version) / "data_level0.bin", 500),
    "a bit of chroma.sqlite3": lambda version: flip(version / "chroma.sqlite3", 5000),
    "a digit of the seal": lambda version: flip(version / "seal.json", -3),
    "an empty seal": lambda version: (version / "seal.json").write_bytes(b""),
    "half of chroma.sqlite3": lambda version: (version / "chroma.sqlite3").write_bytes(
        (version / "chroma.sqlite3").read_bytes()[:50_000]
    ),
    "zeros in data_level0.bin": lambda version: (segment(version) / "data_level0.bin").write_bytes(bytes(180_000)),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_reported_and_does_not_change_results(
    index: Index, records: Records, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    DAMAGES[damage](versions(index)[0])
    well, what = index.check()
    assert not well
    assert "damaged" in what
    assert is_exact(index, records)
    assert "The search index is damaged (" in caplog.text
    assert "`footnote rebuild`" in caplog.text
    index.rebuild()
    assert index.check() == (True, f"in step with the record (revision {records.meta('revision')})")
    assert is_exact(index, records)


def test_a_damaged_index_is_rebuilt_in_the_background(
    index: Index, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.store.index.IDLE_SECONDS", 0.0)
    shutil.rmtree(segment(versions(index)[0]))
    assert is_exact(index, records)
    index.wait()
    assert index.check()[0]
    assert is_exact(index, records)
    assert index.is_open


def test_leftovers_of_a_killed_deletion_are_not_opened_and_the_next_build_deletes_them(
    index: Index, records: Records
) -> None:
    (version,) = versions(index)
    half = version.rename(version.with_name("deleting-x"))
    (half / "chroma.sqlite3").unlink()
    assert index.check() == (False, "missing")
    assert is_exact(index, records)
    index.update()
    assert not half.exists()
    assert index.check()[0]


@pytest.mark.parametrize("count", [900, 2500])
def test_queries_change_no_byte_of_a_version(tmp_path: Path, records: Records, count: int) -> None:
    """Chroma writes to its files even to read; to which ones depends on the number of vectors."""
    put(records, ["Long"], count - 4 * PER_PAPER)
    index = Index(tmp_path / "index", records)
    index.update()
    for _ in range(2):
        assert is_exact(index, records)
        assert index.is_open
        index.close()
        assert index.check()[0]


# In a small library


@pytest.mark.usefixtures("small")
def test_in_a_small_library_no_version_is_opened(index: Index, records: Records) -> None:
    assert is_exact(index, records)
    remove(records, "Paper 1")
    put(records, ["Paper 4"])
    assert is_exact(index, records)
    assert not index.is_open
    assert index.check()[0]


@pytest.mark.usefixtures("small")
def test_a_library_that_has_grown_is_searched_in_its_index(index: Index, records: Records) -> None:
    assert is_exact(index, records)
    put(records, [f"New {n}" for n in range(3)])
    assert is_exact(index, records)
    assert index.is_open


@pytest.mark.usefixtures("small")
@pytest.mark.parametrize("damage", [shutil.rmtree, lambda version: (version / "seal.json").unlink()])
def test_a_missing_index_of_a_small_library_is_rebuilt_in_the_background(
    index: Index, records: Records, damage: Callable[[Path], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.store.index.IDLE_SECONDS", 0.0)
    damage(versions(index)[0])
    assert is_exact(index, records)
    index.wait()
    assert index.check()[0]
    assert is_exact(index, records)


# While others use it


def test_a_rebuild_does_not_disturb_open_versions(index: Index, records: Records, tmp_path: Path) -> None:
    other = Index(tmp_path / "index", records)
    assert is_exact(other, records)
    assert other.is_open
    folder = other._open.view.folder
    index.rebuild()
    assert is_exact(index, records)
    assert folder.is_dir()
    assert is_exact(other, records)
    assert other._open.view.folder == folder
    other.close()
    assert not folder.exists()


def test_questions_are_answered_during_a_build(index: Index, records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    started, proceed = threading.Event(), threading.Event()

    def build_later(records: Records, folder: Path) -> Built:
        started.set()
        proceed.wait(30)
        return build(records, folder)

    monkeypatch.setattr("rag.store.index_folder.build", build_later)
    builder = threading.Thread(target=index.rebuild)
    builder.start()
    assert started.wait(30)
    put(records, ["Meanwhile"])
    assert is_exact(index, records)
    assert builder.is_alive()
    proceed.set()
    builder.join()
    assert is_exact(index, records)


def test_a_long_build_blocks_no_question(records: Records, tmp_path: Path) -> None:
    """Chroma holds the interpreter lock while it adds, so it must not build in a thread."""
    put(records, ["Long"], 2000)
    index = Index(tmp_path / "index", records)
    vector = np.ones(DIMENSIONS, np.float32) / 4
    builder = threading.Thread(target=index.update)
    builder.start()
    answered = 0
    while builder.is_alive():
        index.nearest(vector, 10)
        answered += 1
        time.sleep(0.02)
    builder.join()
    assert answered > 10
    assert is_exact(index, records)
    index.close()


def test_a_build_in_the_background_ends_when_the_index_is_closed(
    records: Records, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.store.index.IDLE_SECONDS", 0.0)
    put(records, ["Long"], 2000)
    index = Index(tmp_path / "index", records)
    index.nearest(np.ones(DIMENSIONS, np.float32) / 4, 10)
    time.sleep(0.5)
    index.close()
    assert [path.name for path in (tmp_path / "index").iterdir() if path.is_dir()] == []


OPEN_INDEX = """
import sys, time
from pathlib import Path
import rag.store.index
from rag.store.index import Index
from rag.store.papers import Records
import numpy as np
folder = Path(sys.argv[1])
rag.store.index.EXACT = 0
index = Index(folder / "index", Records(folder / "footnote.sqlite"))
index.nearest(np.ones(16, np.float32) / 4, 3)
print("open", flush=True)
time.sleep(60)
"""


def test_the_next_process_deletes_the_view_of_a_killed_one(index: Index, tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OPEN_INDEX, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout
        assert other.stdout.readline() == "open\n"
        assert index.check()[0]
        (view,) = (path for path in (tmp_path / "index").glob("open-*") if path.is_dir())
        other.kill()
    assert index.check()[0]
    assert not view.exists()
    assert list((tmp_path / "index").glob("open-*")) == []


# When it is built


def test_nothing_is_built_until_many_chunks_are_new(
    index: Index, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.store.index.MAX_NEW", 3 * PER_PAPER)
    before = versions(index)
    put(records, ["One more"])
    index.update()
    assert versions(index) == before
    assert is_exact(index, records)
    remove(records, "One more")
    assert is_exact(index, records)
    put(records, [f"New {n}" for n in range(4)])
    assert is_exact(index, records)
    index.update()
    assert versions(index) != before
    assert is_exact(index, records)


def test_the_nearest_chunks_are_found_after_all_nearer_ones_were_removed(index: Index, records: Records) -> None:
    vector = next(records.vectors())[2][0]
    assert index.nearest(vector, 10) == exact(records, vector, 10)
    for title in ("Paper 0", "Paper 2"):
        remove(records, title)
        assert index.nearest(vector, 10) == exact(records, vector, 10)


@pytest.mark.parametrize("compared", [20_000, 0])
def test_only_chunks_of_the_given_papers_are_found(
    index: Index, records: Records, compared: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.store.index._FEW_CHUNKS", compared)
    put(records, ["Newer"])
    vector = next(records.vectors())[2][0]
    papers = [records.paper_key("Paper 1"), records.paper_key("Newer")]
    ((keys, owners, _),) = records.vectors()
    wanted = {key for key, owner in zip(keys, owners, strict=True) if owner in papers}
    assert index.nearest(vector, 500, papers) == [key for key in exact(records, vector, 500) if key in wanted]
    assert index.nearest(vector, 5, []) == []


# Without disk space


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device"),
        RuntimeError("Database error: (code: 13) database or disk is full"),
    ],
)
def test_a_full_disk_is_reported_and_the_old_version_kept(
    index: Index, records: Records, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = versions(index)

    def full(*_: object) -> None:
        raise error

    monkeypatch.setattr("rag.store.index_build._update_collection", full)
    with pytest.raises(LibraryError, match="The disk is full"):
        index.rebuild()
    assert versions(index) == before
    assert [path.name for path in before[0].parent.iterdir() if path.name.startswith("building-")] == []
    assert index.check()[0]
    assert is_exact(index, records)


def test_a_full_disk_is_reported_even_if_chroma_does_not_say_so(
    index: Index, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    def failed(*_: object) -> None:
        raise RuntimeError("Error in compaction: Failed to apply logs to the metadata segment")

    monkeypatch.setattr("rag.store.index_build._update_collection", failed)
    with pytest.raises(LibraryError, match="cannot be used"):
        index.rebuild()
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=300_000))
    with pytest.raises(LibraryError, match="The disk is full"):
        index.rebuild()
    assert is_exact(index, records)


@pytest.mark.parametrize("number", [errno.EROFS, errno.ENOSPC])
def test_without_write_access_questions_are_answered_and_damage_is_reported(
    index: Index, records: Records, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("pathlib.Path.mkdir", fail)
    assert index.check()[0]
    assert is_exact(index, records)
    flip(versions(index)[0] / "chroma.sqlite3", 5000)
    assert index.check() == (False, "damaged (chroma.sqlite3 has changed)")
    assert is_exact(index, records)


def test_the_time_of_a_comparison_with_all_vectors_is_linear(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.store.index.IDLE_SECONDS", 3600)  # no version is built meanwhile
    vector = np.ones(DIMENSIONS, np.float32) / 4
    filled = {count: Records(tmp_path / f"{count}.sqlite") for count in (500, 2000)}
    for count, records in filled.items():
        put(records, [f"Paper {count}"], count)

    def nearest(count: int) -> None:
        index = Index(tmp_path / f"index {count}", filled[count])
        for _ in range(20):
            index.nearest(vector, 10)
        index.close()

    assert growth(nearest, 500) < 8
