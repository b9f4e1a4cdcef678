"""Uploads are copied completely, kept while a paper needs them, and safe under any file name."""

from __future__ import annotations

import errno
import json
import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.papers import PAPERS, write_pdf

from rag.assistant import Assistant
from rag.errors import LibraryMismatch
from rag.ingest.uploads import upload_name
from rag.reports import AddReport
from rag.types import Failure

KITES, CLOCKS, BIRDS = PAPERS


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    with Assistant.open(library=tmp_path / "library", mode="quote") as assistant:
        yield assistant


@pytest.fixture
def inbox(tmp_path: Path) -> Path:
    """Return the folder for uploaded files before they are added."""
    folder = tmp_path / "inbox"
    folder.mkdir()
    return folder


def text_file(inbox: Path, title: str, name: str = "blob") -> Path:
    path = inbox / name
    path.write_text(f"{title}\n\n{PAPERS[title]}\n")
    return path


def copies(assistant: Assistant) -> list[str]:
    """Return the names of everything in the uploads folder."""
    folder = assistant.library.folder / "uploads"
    return sorted(path.name for path in folder.rglob("*") if path.is_file() or path.name.startswith("."))


def upload(assistant: Assistant, *files: tuple[str, Path]) -> AddReport:
    return assistant.library.add_uploads(files)


def test_good_uploads_are_added_and_bad_ones_reported_and_deleted(assistant: Assistant, inbox: Path) -> None:
    (inbox / "empty").touch()
    (inbox / "broken").write_bytes(b"%PDF-1.7 and nothing more")
    (inbox / "titles").write_text('{"title": "A title alone"}\n{"title": 3}\n')
    report = upload(
        assistant,
        ("otters.txt", text_file(inbox, KITES)),
        ("virus.exe", text_file(inbox, KITES)),
        ("empty.pdf", inbox / "empty"),
        ("broken.pdf", inbox / "broken"),
        ("titles.jsonl", inbox / "titles"),
        ("gone.pdf", inbox / "gone"),
    )
    assert [ref.title for ref in report.added] == [KITES]
    assert {failure.source: failure.reason for failure in report.failed if failure.source != "titles.jsonl"} == {
        "gone.pdf": "it cannot be copied into the library: No such file or directory",
        "virus.exe": next(f.reason for f in report.failed if f.source == "virus.exe"),
        "empty.pdf": "the file is empty",
        "broken.pdf": "it is damaged or not a PDF",
    }
    assert "'.exe' files are not supported; supported formats: .txt" in str(report.failed)
    assert "titles.jsonl" in str(report.failed)
    assert copies(assistant) == ["otters.txt"]
    records = assistant.library.records
    assert records.searched() == {"papers": 1, "brief": 0, "failed": 0}
    assert records.count()["sources"] == 1
    assert assistant.papers()[0].source == "otters.txt"
    assert "94.5%" in assistant.ask("How many otters does the kite count?").text
    shutil.rmtree(inbox)
    assert str(assistant.library.folder) not in repr(report)


def test_a_file_that_failed_may_be_uploaded_again(assistant: Assistant, inbox: Path) -> None:
    (inbox / "a").write_bytes(b"%PDF-1.7")
    failed = [Failure("a.pdf", None, "it is damaged or not a PDF")]
    assert [upload(assistant, ("a.pdf", inbox / "a")).failed for _ in range(2)] == [failed, failed]
    assert copies(assistant) == []


def test_the_same_file_again_is_unchanged(assistant: Assistant, inbox: Path) -> None:
    path = text_file(inbox, KITES)
    assert str(upload(assistant, ("a.txt", path), ("a.txt", path))) == "1 added"
    assert str(upload(assistant, ("a.txt", path))) == "0 added, 1 unchanged"
    assert str(upload(assistant, ("other name.txt", path))) == "0 added, 1 unchanged"
    assert copies(assistant) == ["a.txt", "other name.txt"]
    assert assistant.papers()[0].sources == ("a.txt", "other name.txt")
    assistant.remove(KITES)
    assert copies(assistant) == []


def test_two_files_of_one_name_are_two_sources(assistant: Assistant, inbox: Path) -> None:
    report = upload(
        assistant, ("paper.txt", text_file(inbox, KITES, "1")), ("paper.txt", text_file(inbox, CLOCKS, "2"))
    )
    assert [ref.title for ref in report.added] == [KITES, CLOCKS]
    assert copies(assistant) == ["paper.txt", "paper.txt"]
    assert assistant.library.records.count()["sources"] == 2


def test_a_copy_is_deleted_with_its_last_paper(assistant: Assistant, inbox: Path, folder: Path) -> None:
    rows = [{"title": title, "text": text} for title, text in PAPERS.items()]
    (inbox / "all").write_text("".join(json.dumps(row) + "\n" for row in rows))
    upload(assistant, ("all.jsonl", inbox / "all"))
    assistant.remove(KITES)
    assistant.remove(CLOCKS)
    assert copies(assistant) == ["all.jsonl"]
    assistant.remove(BIRDS)
    assert copies(assistant) == []
    assert list((assistant.library.folder / "uploads").iterdir()) == []
    assistant.add(sorted(folder.iterdir()))  # their folder would not bring removed papers back
    assistant.remove(KITES)
    assert len(list(folder.iterdir())) == 3  # files that were not uploaded belong to the user


HOSTILE = {
    "Paper.PDF": "Paper.PDF",
    "../../etc/x.txt": "x.txt",
    "..\\..\\x.txt": "x.txt",
    "/etc/passwd": "passwd",
    "C:\\Users\\ada\\x.txt": "x.txt",
    "CON.txt": "_CON.txt",
    "nul": "_nul",
    "com1.tar.txt": "_com1.tar.txt",
    "a\0b\r\n\x1b[31m.txt": "ab[31m.txt",
    "invoice\u202etxt.exe": "invoicetxt.exe",
    "half \ud800.txt": "half.txt",
    ".hidden.txt": "hidden.txt",
    "--rm.txt": "rm.txt",
    "-.txt": "upload.txt",
    "..": "upload",
    "": "upload",
    "a/": "upload",
    "x" * 300 + ".txt": "x" * 120 + ".txt",
    "é" * 300 + ".txt": "é" * 60 + ".txt",
    "x." + "y" * 300: "x." + "y" * 11,
    "e\u0301tude: what?.txt": "étude_ what_.txt",
    "trailing. .txt. ": "trailing.txt",
    "zotero.sqlite#A.txt": "zotero.sqlite#A.txt",
    "<img src=x onerror=alert(1)>.txt": "_img src=x onerror=alert(1)_.txt",
}


@pytest.mark.parametrize(("name", "kept"), HOSTILE.items())
def test_a_hostile_file_name_is_made_harmless(name: str, kept: str) -> None:
    assert upload_name(name) == kept


def test_files_of_hostile_names_stay_in_the_library(assistant: Assistant, inbox: Path) -> None:
    path = text_file(inbox, KITES)
    before = path.read_bytes()
    good = {kept for kept in HOSTILE.values() if kept.lower().endswith(".txt")}
    for title in ([KITES], []):
        report = upload(assistant, *((name, path) for name in HOSTILE))
        assert [ref.title for ref in report.added] == title
        assert copies(assistant) == sorted(good)
        assert {failure.source for failure in report.failed} == set(HOSTILE.values()) - good
    assert path.read_bytes() == before
    assert sorted(path.name for path in inbox.parent.iterdir()) == ["inbox", "library"]


def test_an_uploaded_bibliography_cannot_name_files_of_this_machine(
    assistant: Assistant, inbox: Path, tmp_path: Path
) -> None:
    secret = write_pdf(tmp_path / "secret.pdf", "A Secret Plan", "We plan it. " * 30, "We did it. " * 30)
    entry = "@article{{{0}, title={{Kites and {0}}}, abstract={{Otters are counted {0} by {0}.}}, file={{{1}}}}}"
    places = {"north": secret, "south": "../../../secret.pdf", "east": tmp_path / "nothing.pdf"}
    (inbox / "refs").write_text("\n".join(entry.format(*place) for place in places.items()))
    report = upload(assistant, ("refs.bib", inbox / "refs"))
    assert [ref.title for ref in report.added] == [f"Kites and {place}" for place in places]
    assert report.failed == []
    assert copies(assistant) == ["refs.bib"]


def test_adding_the_folder_around_a_library_skips_its_uploads(
    assistant: Assistant, inbox: Path, folder: Path, tmp_path: Path
) -> None:
    upload(assistant, ("otters.txt", text_file(inbox, KITES)))
    shutil.rmtree(inbox)
    for _ in range(2):
        assistant.add([tmp_path])
        assert sorted(p.sources for p in assistant.papers()) == [
            ("calls.txt",),
            ("networks.txt",),
            ("otters.txt", "kites.txt"),
        ]
    assert str(assistant.add([assistant.library.folder])) == "0 added"
    assert copies(assistant) == ["otters.txt"]
    shutil.rmtree(folder)
    assistant.add([tmp_path])
    assert "otters.txt" in assistant.paper(KITES).sources


def test_papers_in_the_library_folder_are_read(tmp_path: Path, folder: Path) -> None:
    with Assistant.open(library=folder, mode="quote") as assistant:
        assert str(assistant.add([folder])) == "3 added"
        assert str(assistant.add([folder])) == "0 added, 3 unchanged"


def test_a_full_disk_fails_the_upload_and_leaves_no_file(
    assistant: Assistant, inbox: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(file: Any, out: Any) -> None:
        out.write(file.read(10))
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("rag.ingest.uploads.shutil.copyfileobj", full)
    report = upload(assistant, ("otters.txt", text_file(inbox, KITES)))
    assert str(report.failed[0]) == "otters.txt: it cannot be copied into the library: No space left on device"
    assert copies(assistant) == []


def test_leftovers_of_a_killed_upload_are_deleted_after_a_day(assistant: Assistant, inbox: Path) -> None:
    upload(assistant, ("otters.txt", text_file(inbox, KITES)))
    uploads = assistant.library.folder / "uploads"
    for name in (".aside", "0123456789abcdef", "fedcba9876543210"):
        (uploads / name).mkdir()
        (uploads / name / "left.pdf").write_text("half")
    for left in (*uploads.glob("[.0]*"), *uploads.glob("*/otters.txt")):
        os.utime(left if left.is_dir() else left.parent, (1_700_000_000,) * 2)
    upload(assistant, ("clocks.txt", text_file(inbox, CLOCKS)))
    assert copies(assistant) == ["clocks.txt", "left.pdf", "otters.txt"]


def test_a_failed_add_keeps_no_copy_of_the_upload(assistant: Assistant, inbox: Path) -> None:
    upload(assistant, ("otters.txt", text_file(inbox, KITES)))
    path = text_file(inbox, CLOCKS)
    other = Assistant.open(assistant.library.folder, overrides={"chunking": {"max_tokens": 99}})
    with other, pytest.raises(LibraryMismatch):
        other.library.add_uploads([("clocks.txt", path)])
    assert copies(assistant) == ["otters.txt"]


def test_a_moved_library_finds_its_copies(assistant: Assistant, inbox: Path, tmp_path: Path) -> None:
    abstract = "We fly a camera kite over eleven rivers and find otters with a small detector. " * 4
    upload(assistant, ("kites.pdf", write_pdf(inbox / "blob", "Otters from Kites", abstract, "It fails in fog. " * 20)))
    assistant.close()
    moved = (tmp_path / "library").rename(tmp_path / "moved")
    with Assistant.open(moved, mode="quote") as other:
        (paper,) = other.papers()
        assert other.can_draw(paper.id)
        assert other.draw_page(paper.id, 1).startswith(b"\x89PNG")
        assert str(upload(other, ("kites.pdf", inbox / "blob"))) == "0 added, 1 unchanged"
        assert other.library.records.count()["sources"] == 1
        other.remove(paper.id)
        assert copies(other) == []


def test_concurrent_uploads_and_removals_do_not_interfere(assistant: Assistant, inbox: Path) -> None:
    upload(assistant, ("calls.txt", text_file(inbox, BIRDS)))
    reports: list[AddReport] = []
    # The state of another upload between reading a file and storing its papers.
    with assistant.library.records.transaction() as db:
        assistant.library.records.put_source(db, "/somewhere/half.txt", "half.txt")
    files = [(f"{n}.txt", text_file(inbox, title, str(n))) for n, title in enumerate((KITES, CLOCKS, KITES))]
    threads = [threading.Thread(target=lambda file=file: reports.append(upload(assistant, file))) for file in files]
    for thread in threads:
        thread.start()
    assistant.remove(BIRDS)
    for thread in threads:
        thread.join()
    assert len(reports) == 3
    assert [report.failed for report in reports] == [[], [], []]
    assert sorted(paper.title for paper in assistant.papers()) == sorted([KITES, CLOCKS])
    assert copies(assistant) == ["0.txt", "1.txt", "2.txt"]
    assert "/somewhere/half.txt" in assistant.library.records.sources()
