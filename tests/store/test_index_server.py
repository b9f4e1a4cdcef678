"""The index on a Chroma server: shared, killed, restarted, emptied, changed, and refused."""

from __future__ import annotations

import http.server
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from helpers.chroma_run import COLLECTIONS, ChromaRun
from helpers.commands import environment
from helpers.random_papers import DIMENSIONS, PER_PAPER, exact, is_exact, put, remove

from rag.errors import IndexServerError, LibraryError
from rag.store import chroma_server
from rag.store.chroma_server import ChromaServer
from rag.store.index import Index
from rag.store.index_store import Stopped
from rag.store.papers import Records

VECTOR = np.ones(DIMENSIONS, np.float32) / 4
TITLES = [f"Paper {n}" for n in range(4)]


@pytest.fixture(autouse=True)
def no_library_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.store.index.EXACT", 0)
    monkeypatch.setattr("rag.store.index.MAX_NEW", PER_PAPER)
    monkeypatch.setattr("rag.store.index.IDLE_SECONDS", 0.0)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChromaRun]:
    """A server that no test kills."""
    with ChromaRun(tmp_path_factory.mktemp("chroma")) as server:
        yield server


@pytest.fixture
def own(tmp_path: Path) -> Iterator[ChromaRun]:
    """A server of one test."""
    with ChromaRun(tmp_path / "chroma") as server:
        yield server


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    opened = Records(tmp_path / "footnote.sqlite")
    put(opened, TITLES)
    yield opened
    opened.close()


def indexed(records: Records, url: str, folder: str = "index") -> Index:
    """Return an index of a record on a server."""
    return Index(records.path.parent / folder, records, ChromaServer(url))


def of_library(server: ChromaRun, records: Records) -> list[dict[str, Any]]:
    """Return the collections of a library."""
    return [each for each in server.collections() if each["name"].startswith(f"footnote-{records.meta('library')}-")]


def test_the_server_finds_what_a_comparison_with_all_vectors_finds(shared: ChromaRun, records: Records) -> None:
    index = indexed(records, shared.url)
    index.update()
    assert is_exact(index, records)
    assert index.is_open
    assert index.gap == ""
    assert index.check() == (
        True,
        f"in step with the record (revision {records.meta('revision')}) on the Chroma server at {shared.url}",
    )
    index.close()
    assert is_exact(index, records)  # its connections are opened again
    index.close()


def test_a_collection_carries_the_library_and_the_state_of_the_record(shared: ChromaRun, records: Records) -> None:
    index = indexed(records, shared.url)
    index.update()
    (collection,) = of_library(shared, records)
    assert collection["metadata"] == {
        "layout": 1, "identity": records.identity, "size": 4 * PER_PAPER, "last_key": 4 * PER_PAPER
    }  # fmt: skip
    assert f"-{records.identity}-" in collection["name"]
    index.close()


def test_only_numbers_reach_the_server(own: ChromaRun, records: Records) -> None:
    put(records, ["Unmistakable otters"])
    index = indexed(records, own.url)
    index.update()
    assert is_exact(index, records)
    own.kill()
    files = [path for path in own.folder.rglob("*") if path.is_file()]
    assert files
    assert not any(word in path.read_bytes() for path in files for word in (b"otters", b"Paper 1", b"Text."))


def test_the_collection_grows_in_place_and_loses_what_was_removed(shared: ChromaRun, records: Records) -> None:
    index = indexed(records, shared.url)
    index.update()
    (before,) = of_library(shared, records)
    for title in ("Paper 0", "Paper 3"):
        remove(records, title)
    put(records, ["New 1", "New 2"])
    assert is_exact(index, records)  # the newer chunks are compared
    index.wait()  # for a build that the question began
    index.update()
    (after,) = of_library(shared, records)
    assert after["id"] == before["id"]
    assert shared.count(after["id"]) == 4 * PER_PAPER
    assert is_exact(index, records)
    assert index.check()[0]
    index.close()


def test_only_chunks_of_the_given_papers_are_found(
    shared: ChromaRun, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.store.index._FEW_CHUNKS", 0)
    index = indexed(records, shared.url)
    index.update()
    papers = [records.paper_key(title) for title in ("Paper 1", "Paper 2")]
    wanted = set(records.chunks_of(papers, 1000) or ())
    assert index.nearest(VECTOR, 20, papers) == [key for key in exact(records, VECTOR, 200) if key in wanted][:20]
    assert index.nearest(VECTOR, 5, []) == []
    index.close()


def test_vectors_of_another_length_get_a_new_collection(shared: ChromaRun, records: Records) -> None:
    index = indexed(records, shared.url)
    index.update()
    (before,) = of_library(shared, records)
    index.close()
    for title in TITLES:
        remove(records, title)
    put(records, ["Longer"], dimensions=DIMENSIONS * 2)
    index.update()
    (after,) = of_library(shared, records)
    assert after["id"] != before["id"]
    longer = np.ones(DIMENSIONS * 2, np.float32) / np.sqrt(DIMENSIONS * 2, dtype=np.float32)
    assert index.nearest(longer, 10) == exact(records, longer, 10)
    index.close()


# Shared by several machines


def test_two_libraries_on_one_server_leave_each_other_alone(
    shared: ChromaRun, records: Records, tmp_path: Path
) -> None:
    (tmp_path / "other").mkdir()
    other = Records(tmp_path / "other" / "footnote.sqlite")
    put(other, ["Elsewhere 1", "Elsewhere 2"])
    first, second = indexed(records, shared.url), indexed(other, shared.url)
    first.update()
    second.update()
    first.rebuild()
    second.rebuild()
    assert (len(of_library(shared, records)), len(of_library(shared, other))) == (1, 1)
    assert is_exact(first, records)
    assert is_exact(second, other)
    assert first.check()[0]
    assert second.check()[0]
    first.close()
    second.close()
    other.close()


def test_a_reader_sees_no_change_while_another_machine_extends_or_rebuilds(shared: ChromaRun, records: Records) -> None:
    """The two have different folders, and so no lock in common."""
    reader, builder = indexed(records, shared.url), indexed(records, shared.url, "another machine")
    builder.update()
    assert is_exact(reader, records)
    for number, change in enumerate((builder.update, builder.rebuild, builder.update)):
        put(records, [f"New {number}", f"Newer {number}"])
        remove(records, f"Paper {number}")
        change()
        assert is_exact(reader, records)
        assert is_exact(builder, records)
    assert reader.is_open
    assert len(of_library(shared, records)) == 1
    reader.close()
    builder.close()


def test_two_machines_that_build_at_the_same_time_end_with_one_intact_collection(
    shared: ChromaRun, records: Records
) -> None:
    put(records, [f"More {n}" for n in range(30)])
    both = [indexed(records, shared.url, folder) for folder in ("one", "two")]
    threads = [threading.Thread(target=index.update) for index in both]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    put(records, ["Last 1", "Last 2", "Last 3", *(f"Last {n}" for n in range(4, 14))])
    both[0].update()
    assert len(of_library(shared, records)) == 1
    for index in both:
        assert is_exact(index, records)
        assert index.check()[0]
        index.close()


@pytest.mark.parametrize("more", [1, 2, 3])
def test_an_index_of_another_history_is_never_read(
    shared: ChromaRun, records: Records, tmp_path: Path, more: int
) -> None:
    """A backup is restored, whose keys repeat; the collection of the lost history is deleted by a rebuild."""
    index = indexed(records, shared.url)
    index.update()
    records.close()
    shutil.copy(records.path, tmp_path / "backup")
    put(records, ["Other 1", "Other 2"])
    index.update()
    assert is_exact(index, records)
    records.close()
    for suffix in ("-wal", "-shm"):
        records.path.with_name(records.path.name + suffix).unlink(missing_ok=True)
    shutil.copy(tmp_path / "backup", records.path)
    put(records, [f"New {n}" for n in range(more)])
    assert is_exact(index, records)
    index.update()
    assert is_exact(index, records)
    assert index.check()[0]
    index.rebuild()
    assert len(of_library(shared, records)) == 1
    assert is_exact(index, records)
    index.close()


# Damage


def test_what_the_server_has_lost_is_reported_and_put_back(shared: ChromaRun, records: Records) -> None:
    index = indexed(records, shared.url)
    index.update()
    (collection,) = of_library(shared, records)
    shared.request("POST", f"{COLLECTIONS}/{collection['id']}/delete", {"ids": ["3", "77"]})
    assert index.check() == (False, "damaged (it lacks 2 chunks)")
    assert is_exact(index, records)
    index.wait()  # for a build in the background
    assert index.check()[0]
    assert is_exact(index, records)
    index.close()


def test_changed_vectors_are_reported(shared: ChromaRun, records: Records) -> None:
    index = indexed(records, shared.url)
    index.update()
    (collection,) = of_library(shared, records)
    body = {"ids": ["2"], "embeddings": [[1.0] * DIMENSIONS], "metadatas": [{"paper": 1}]}
    shared.request("POST", f"{COLLECTIONS}/{collection['id']}/upsert", body)
    assert index.check() == (False, "damaged (1 of 100 sampled vectors have changed)")
    index.rebuild()
    assert index.check()[0]
    index.close()


def test_a_build_that_was_stopped_goes_on_where_it_was(
    shared: ChromaRun, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.store.index_server._BATCH", 10)
    monkeypatch.setattr("rag.store.index_server._BATCHES", 10)
    index = indexed(records, shared.url)
    calls = 0

    def is_stopped() -> bool:
        nonlocal calls
        calls += 1
        return calls > 16

    with pytest.raises(Stopped):
        index.store.build(lambda version: True, is_stopped, fresh=False, wait=True)
    (partial,) = of_library(shared, records)
    assert partial["metadata"]["last_key"] == 100
    assert is_exact(index, records)
    index.wait()
    index.update()
    (whole,) = of_library(shared, records)
    assert (whole["id"], whole["metadata"]["last_key"]) == (partial["id"], 4 * PER_PAPER)
    assert index.check()[0]
    assert is_exact(index, records)
    index.close()


BUILD = """
import sys
from pathlib import Path
import rag.store.index_server
from rag.store.chroma_server import ChromaServer
from rag.store.index import Index
from rag.store.papers import Records
rag.store.index_server._BATCH, rag.store.index_server._BATCHES = 5, 3
folder = Path(sys.argv[1])
Index(folder / "index", Records(folder / "footnote.sqlite"), ChromaServer(sys.argv[2])).rebuild()
"""


def test_killed_builders_leave_an_index_that_is_right_and_is_completed(shared: ChromaRun, records: Records) -> None:
    """Each rebuild begins a collection beside those that the killed ones left; one that ends deletes them all."""
    index = indexed(records, shared.url)
    put(records, [f"More {n}" for n in range(20)])
    for number in range(3):
        before = sum(shared.count(each["id"]) for each in of_library(shared, records))
        command = [sys.executable, "-c", BUILD, str(records.path.parent), shared.url]
        with subprocess.Popen(command, env=environment()) as builder:
            while sum(shared.count(each["id"]) for each in of_library(shared, records)) < before + 40 * (number + 1):
                assert builder.poll() is None
                time.sleep(0.01)
            builder.kill()
        assert is_exact(index, records)
        index.wait()
    index.update()
    assert index.check()[0]
    assert is_exact(index, records)
    index.rebuild()
    assert len(of_library(shared, records)) == 1
    assert is_exact(index, records)
    index.close()


# Not there


@pytest.fixture
def short_of_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chroma_server, "QUESTION_SECONDS", 0.6)
    monkeypatch.setattr(chroma_server, "PAUSE_SECONDS", 0.5)


@pytest.mark.usefixtures("short_of_patience")
@pytest.mark.parametrize("was_open", [False, True])
def test_without_its_server_a_large_library_is_searched_by_words_and_says_so(
    own: ChromaRun, records: Records, was_open: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("rag.store.index.SCANNED", PER_PAPER)
    index = indexed(records, own.url)
    index.update()
    if was_open:
        assert is_exact(index, records)
    own.kill()
    assert index.nearest(VECTOR, 10) == []
    assert index.gap.startswith("Searched by words alone, without vectors. The Chroma server at http://127.0.0.1:")
    assert "Questions are answered without it, by words alone, until it does." in caplog.text
    with pytest.raises(IndexServerError, match="does not answer"):
        index.check()
    own.start()
    time.sleep(chroma_server.PAUSE_SECONDS)
    assert is_exact(index, records)
    assert index.gap == ""
    index.close()


@pytest.mark.usefixtures("short_of_patience")
def test_without_its_server_a_smaller_library_is_compared_one_by_one(own: ChromaRun, records: Records) -> None:
    index = indexed(records, own.url)
    index.update()
    assert is_exact(index, records)
    own.kill()
    put(records, ["Meanwhile"])
    assert is_exact(index, records)
    assert index.gap == ""
    index.close()


def test_a_question_waits_for_a_server_that_is_restarted(
    own: ChromaRun, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chroma_server, "QUESTION_SECONDS", 60.0)
    monkeypatch.setattr("rag.store.index.SCANNED", 0)
    index = indexed(records, own.url)
    index.update()
    assert index.nearest(VECTOR, 10) == exact(records, VECTOR, 10)
    own.kill()
    restart = threading.Timer(0.5, own.start)
    restart.start()
    assert index.nearest(VECTOR, 10) == exact(records, VECTOR, 10)
    assert index.gap == ""
    restart.join()
    index.close()


def test_an_add_goes_on_when_the_server_was_killed_and_restarted_in_it(
    own: ChromaRun, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.store.index_server._BATCH", 10)
    index = indexed(records, own.url)
    adding = threading.Thread(target=index.update)
    adding.start()
    while not (found := of_library(own, records)) or own.count(found[0]["id"]) < 50:
        time.sleep(0.01)
    own.kill()
    assert adding.is_alive()
    own.start()
    adding.join()
    assert index.check()[0]
    assert is_exact(index, records)
    assert index.is_open
    index.close()


@pytest.mark.usefixtures("short_of_patience")
def test_a_server_that_lost_all_is_filled_again_in_the_background(own: ChromaRun, records: Records) -> None:
    index = indexed(records, own.url)
    index.update()
    assert is_exact(index, records)
    own.kill()
    shutil.rmtree(own.folder)
    own.start()
    assert index.check() == (False, f"missing on the Chroma server at {own.url}")
    assert is_exact(index, records)
    index.wait()
    assert index.check()[0]
    assert is_exact(index, records)
    assert index.is_open
    index.close()


@pytest.mark.usefixtures("short_of_patience")
def test_a_silent_server_delays_the_first_question_alone(records: Records) -> None:
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        index = indexed(records, f"http://127.0.0.1:{deaf.getsockname()[1]}")
        began = time.monotonic()
        assert is_exact(index, records)  # asks 8 times
        assert time.monotonic() - began < 0.6 + 8 * 0.2 + 1.5
        with pytest.raises(IndexServerError, match=r"does not answer \(no reply in time\)"):
            index.check()
        index.close()


class _Page(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"<html>")

    def log_message(self, *_: object) -> None:
        pass


def test_another_program_at_the_address_is_no_server(records: Records) -> None:
    with http.server.HTTPServer(("127.0.0.1", 0), _Page) as page:
        threading.Thread(target=page.serve_forever, daemon=True).start()
        index = indexed(records, f"http://127.0.0.1:{page.server_port}")
        put(records, ["More"])
        with pytest.raises(LibraryError, match="its reply is not JSON: another program may be answering there"):
            index.check()
        assert is_exact(index, records)
        page.shutdown()
        index.close()


@pytest.mark.parametrize("url", ["http://192.0.2.7:8000", "http://127.0.0.1@192.0.2.7:8000", "192.0.2.7"])
def test_another_machine_is_refused_before_anything_connects(
    records: Records, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    reached: list[Any] = []
    monkeypatch.setattr(socket, "create_connection", lambda *to, **more: reached.append(to))
    index = indexed(records, url)
    for ask in (index.update, index.rebuild):
        with pytest.raises(IndexServerError, match=r"another machine.*\[index\] allow_remote = true"):
            ask()
    assert is_exact(index, records)
    assert reached == []
    index.close()


@pytest.mark.parametrize("url", ["http://[::1", "http://127.0.0.1:99999", "https://"])
def test_an_invalid_address_is_named(records: Records, url: str) -> None:
    index = indexed(records, url)
    with pytest.raises(IndexServerError, match=r"\[index\] url is '.*', which is not a valid address"):
        index.update()
    assert is_exact(index, records)
    index.close()


def test_no_proxy_of_the_environment_is_used(
    shared: ChromaRun, records: Records, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "socks5://127.0.0.1:9")
    index = indexed(records, shared.url)
    index.update()
    assert index.check()[0]
    index.close()
