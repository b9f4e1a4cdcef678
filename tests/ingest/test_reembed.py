"""A library is re-embedded while others use it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from helpers.fake_embedder import fake_embedder

from rag.assistant import Assistant
from rag.cli.parser import main
from rag.errors import LibraryBusy, LibraryError, LibraryMismatch
from rag.ingest.progress import Progress
from rag.ingest.reembed import Reembedding
from rag.library import Library
from rag.store.papers import Records, StoredChunk
from rag.store.vectors import unpack
from rag.types import Chunk, Paper, Span

Embedded = tuple[list[StoredChunk], np.ndarray]
OLD, NEW = 4, 6  # dimensions


def embedded(papers: Sequence[Paper], dimensions: int) -> list[Embedded]:
    """Return one chunk per paper, whose vector encodes the length of the text."""
    found = []
    for paper in papers:
        vector = np.full(dimensions, len(paper.text), np.float32)
        chunk = Chunk(0, len(paper.text), (Span(0, 3), Span(4, len(paper.text))), 2, "ii", "Methods")
        found.append(([StoredChunk(chunk, vector, np.stack([vector, vector / 2]))], vector))
    return found


def put(records: Records, title: str, text: str, key: int | None = None) -> None:
    paper = Paper(id="", title=title, text=f"{title}\n\n{text}")
    ((chunks, vector),) = embedded([paper], OLD)
    with records.transaction() as db:
        records.put_paper(db, paper, vector, chunks, reading=(title, text), corrections={}, key=key)


def vectors(records: Records) -> list[list[float]]:
    """Return the vector of each paper's chunk, in the order of the papers."""
    rows = records.rows("SELECT vector FROM chunks ORDER BY paper")
    return [unpack(row["vector"], 1)[0].round(1).tolist() for row in rows]


def wanted(records: Records, dimensions: int) -> list[list[float]]:
    return [[float(len(records.paper(paper.id).text))] * dimensions for paper in records.papers()]


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records(tmp_path / "footnote.sqlite")
    for n in range(20):
        put(opened, f"Paper {n}", "word " * (n + 1))
    with opened.transaction() as db:
        opened.set_meta(db, "made_with", "old")
    yield opened
    opened.close()


def elsewhere(change: Callable[[], object]) -> None:
    """Make a change on another connection, which must not block."""
    other = threading.Thread(target=change)
    other.start()
    other.join(5)
    assert not other.is_alive()


def test_changes_during_a_rebuild_are_neither_blocked_nor_lost(records: Records) -> None:
    calls = 0

    def remove() -> None:
        with records.transaction() as db:
            records.remove_paper(db, records.paper_key("Paper 3"))

    def embed(papers: Sequence[Paper]) -> list[Embedded]:
        nonlocal calls
        calls += 1
        if calls == 2:
            elsewhere(lambda: put(records, "New paper", "It came meanwhile."))
            elsewhere(lambda: put(records, "Paper 1", "It was changed meanwhile.", records.paper_key("Paper 1")))
            elsewhere(remove)
            assert vectors(records) == wanted(records, OLD)  # questions are answered as before
        return embedded(papers, NEW)

    Reembedding(records, "new", embed).run()
    titles = [paper.title for paper in records.papers()]
    assert titles == [f"Paper {n}" for n in range(20) if n != 3] + ["New paper"]
    assert vectors(records) == wanted(records, NEW)
    assert records.meta("made_with") == "new"
    (found,) = records.rows("SELECT * FROM chunks WHERE paper = ?", (records.paper_key("Paper 1"),))
    assert (found["start"], found["page"], found["page_label"], found["section"]) == (0, 2, "ii", "Methods")
    assert np.frombuffer(found["sentences"], "<i4").tolist() == [0, 3, 4, found["end"]]
    marks = unpack(found["sentence_vectors"], 2)
    assert marks.shape == (2, NEW)
    assert marks[:, 0].round(1).tolist() == [found["end"], found["end"] / 2]
    assert not (records.path.parent / "rebuilding").exists()


def test_an_interrupted_rebuild_changes_nothing_and_continues_where_it_stopped(records: Records) -> None:
    stored: list[str] = []

    def embed(papers: Sequence[Paper]) -> list[Embedded]:
        if len(stored) >= 16 and "again" not in stored:
            stored.append("again")
            raise KeyboardInterrupt
        stored.extend(paper.title for paper in papers)
        return embedded(papers, NEW)

    with pytest.raises(KeyboardInterrupt):
        Reembedding(records, "new", embed).run()
    assert records.meta("made_with") == "old"
    assert vectors(records) == wanted(records, OLD)
    told: list[Progress] = []
    Reembedding(records, "new", embed).run(told.append)
    assert len(stored) == 20 + 1  # each paper once
    assert told[-1].papers == 20
    assert vectors(records) == wanted(records, NEW)


def test_a_rebuild_that_fails_at_the_end_leaves_the_library_unchanged(
    records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_paper = Records.put_paper

    def fail_late(self: Records, db: object, paper: Paper, *rest: object, **others: object) -> int:
        if paper.title == "Paper 15":
            raise OSError(28, "No space left on device")
        return put_paper(self, db, paper, *rest, **others)  # type: ignore[arg-type]

    monkeypatch.setattr(Records, "put_paper", fail_late)
    with pytest.raises(LibraryError, match=r"No space left on device.*is unchanged\. Free some space"):
        Reembedding(records, "new", lambda papers: embedded(papers, NEW)).run()
    assert records.meta("made_with") == "old"
    assert vectors(records) == wanted(records, OLD)


def test_a_damaged_intermediate_file_is_embedded_again(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Records, "put_paper", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Reembedding(records, "new", lambda papers: embedded(papers, NEW)).run()
    monkeypatch.undo()
    for n, file in enumerate(sorted((records.path.parent / "rebuilding").glob("*.npz"))):
        data = bytearray(file.read_bytes())
        if n % 3 == 0:
            file.write_bytes(data[: len(data) // 2])
        elif n % 3 == 1:
            data[len(data) // 2] ^= 1
            file.write_bytes(data)
    Reembedding(records, "new", lambda papers: embedded(papers, NEW)).run()
    assert vectors(records) == wanted(records, NEW)


def test_intermediate_files_of_other_settings_are_not_used(records: Records, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Records, "put_paper", lambda *_, **__: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Reembedding(records, "other", lambda papers: embedded(papers, OLD + 1)).run()
    monkeypatch.undo()
    Reembedding(records, "new", lambda papers: embedded(papers, NEW)).run()
    assert vectors(records) == wanted(records, NEW)


@pytest.fixture
def fake_embedders(monkeypatch: pytest.MonkeyPatch) -> None:
    """Use fake embedders; the model name in the settings is their number of dimensions."""
    monkeypatch.setattr("rag.library.load_embedder", lambda settings: fake_embedder(int(settings.model)))


def open_with(library: Path, model: int) -> Assistant:
    overrides = {"embedding": {"model": str(model)}, "cross_encoder": {"model": "none"}}
    return Assistant.open(library, mode="quote", overrides=overrides)


@pytest.mark.usefixtures("fake_embedders")
def test_papers_embedded_before_a_rebuild_are_not_stored_after_it(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_with(tmp_path / "library", 32) as old, open_with(tmp_path / "library", 48) as new:
        old.add([folder])
        (folder / "more.txt").write_text("A Late Paper\n\nIt is embedded while another process rebuilds.\n")
        embed = Library.embed

        def rebuilt_meanwhile(self: Library, papers: Sequence[Paper]) -> list[Embedded]:
            found = embed(self, papers)
            new.rebuild()
            return found

        monkeypatch.setattr(Library, "embed", rebuilt_meanwhile)
        with pytest.raises(LibraryMismatch):
            old.add([folder])
        with pytest.raises(LibraryMismatch):
            old.search("otters")
        monkeypatch.undo()
        assert {len(vector) for _, _, found in new.library.records.vectors() for vector in found} == {48}
        assert len(new.papers()) == 3


@pytest.mark.usefixtures("fake_embedders")
def test_watch_retries_when_the_library_is_busy(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    add, tries = Assistant.add, []

    def busy_twice(self: Assistant, *paths: object, **options: object) -> object:
        tries.append(paths)
        if len(tries) < 3:
            raise LibraryBusy("The library 'library' has been busy for 60 s.")
        return add(self, *paths, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(Assistant, "add", busy_twice)
    monkeypatch.setattr("watchfiles.watch", lambda *_, **__: iter([set(), set(), set(), set()]))
    monkeypatch.setenv("FOOTNOTE_EMBEDDING__MODEL", "32")
    monkeypatch.setenv("FOOTNOTE_CROSS_ENCODER__MODEL", "none")
    assert main(["watch", str(folder), "--library", str(tmp_path / "library")]) == 0
    told = capsys.readouterr()
    assert len(tries) == 3
    assert told.err.count("has been busy for 60 s. Trying again.") == 2
    assert "3 added" in told.out
