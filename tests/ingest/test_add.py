"""Adding many PDFs, abstracts first; remembered failures; changing folders."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.papers import write_pdf, write_plant

from rag.assistant import Assistant
from rag.errors import AddInterrupted
from rag.ingest import read as adding
from rag.ingest.progress import Progress
from rag.page_images import boxes_of
from rag.store.migrations import MIGRATIONS
from rag.store.papers import Records
from rag.store.rows import work_names
from rag.types import Box, Paper

PLANTS = (
    "Alder Aspen Beech Birch Cedar Clover Elder Fern Hazel Heather Hemlock Holly Ivy Juniper Larch Laurel Linden Maple "
    "Mulberry Oak"
).split()


@pytest.fixture
def plants(tmp_path: Path) -> Path:
    folder = tmp_path / "plants"
    folder.mkdir()
    for number, plant in enumerate(PLANTS, 11):
        write_plant(folder, plant, number)
    return folder


@pytest.fixture
def assistant(tmp_path: Path) -> Iterator[Assistant]:
    with Assistant.open(library=tmp_path / "library", mode="quote") as assistant:
        yield assistant


@pytest.mark.slow
def test_abstracts_are_stored_first_newest_first_and_can_be_asked_meanwhile(plants: Path, assistant: Assistant) -> None:
    stages: list[str] = []
    answers = []

    def watch(progress: Progress) -> None:
        if progress.stage == "Papers" and "Papers" not in stages:
            with Assistant.open(library=assistant.library.folder, mode="quote") as other:
                answers.append(other.ask("How much did maple grow a week?"))
                answers.append(other.ask("Which depth did the roots of maple reach in sand?"))
        stages.append(progress.stage)

    report = assistant.add(plants, watch)
    assert len(report.added) == len(PLANTS)
    assert (report.updated, report.failed) == ([], [])
    assert list(dict.fromkeys(stages)) == ["Abstracts", "Papers"]
    meanwhile, too_soon = answers
    assert any("28 mm" in citation.quote and citation.page == 1 for citation in meanwhile.citations)
    assert meanwhile.searched.items() >= {"papers": 20, "brief": 20, "failed": 0}.items()
    assert "Papers are still being read: 0 full texts, 20 abstracts so far." in meanwhile.notes
    assert not any("128 cm" in citation.quote for citation in too_soon.citations)
    after = assistant.ask("Which depth did the roots of maple reach in sand?")
    assert any("128 cm" in citation.quote and citation.page == 2 for citation in after.citations)
    assert after.searched.items() >= {"papers": 20, "brief": 0, "failed": 0}.items()
    assert after.notes == ()
    assert [paper.title.split()[4] for paper in assistant.papers()] == PLANTS[::-1]


@pytest.mark.slow
def test_an_interrupted_add_continues_where_it_stopped(plants: Path, assistant: Assistant) -> None:
    def stop(progress: Progress) -> None:
        if progress.stage == "Papers":
            raise KeyboardInterrupt

    with pytest.raises(AddInterrupted, match=r"20 papers are stored. Not done: Oak.pdf, "):
        assistant.add(plants, stop)
    ids = {paper.id for paper in assistant.papers()}
    assert all(paper.brief for paper in assistant.papers())
    stages = []
    report = assistant.add(plants, lambda progress: stages.append(progress.stage))
    assert set(stages) == {"Papers"}
    assert len(report.updated) == len(PLANTS)
    assert {paper.id for paper in assistant.papers()} == ids
    assert not any(paper.brief for paper in assistant.papers())


@pytest.mark.slow
def test_the_same_file_twice_among_many_is_one_paper(plants: Path, assistant: Assistant) -> None:
    (plants / "copies").mkdir()
    (plants / "copies" / "again.pdf").write_bytes((plants / "Oak.pdf").read_bytes())
    report = assistant.add(plants)
    assert len(report.added) == len(PLANTS)
    assert report.removed == []
    assert sorted(assistant.paper("On the Growth of Oak in Shade").sources) == ["Oak.pdf", "again.pdf"]


def test_a_failed_file_is_retried_only_after_it_changes(
    tmp_path: Path, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "bad.pdf").write_bytes(b"%PDF-1.7 cut off")
    first = assistant.add(tmp_path / "bad.pdf")
    read = adding.read_file_in_sandbox
    with monkeypatch.context() as patched:
        patched.setattr(adding, "read_file_in_sandbox", lambda *_, **__: pytest.fail("it was read again"))
        second = assistant.add(tmp_path / "bad.pdf")
    assert second.failed == first.failed
    assert [str(failure) for failure in first.failed] == ["bad.pdf: it is damaged or not a PDF"]
    assert adding.read_file_in_sandbox is read
    assert assistant.library.records.searched()["failed"] == 1
    write_plant(tmp_path, "Oak", 12).replace(tmp_path / "bad.pdf")
    assert len(assistant.add(tmp_path / "bad.pdf").added) == 1
    assert assistant.library.records.searched()["failed"] == 0


def test_papers_are_removed_when_their_files_are_gone_from_a_folder(tmp_path: Path, assistant: Assistant) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    for plant in ("Oak", "Fern"):
        (folder / f"{plant}.md").write_text(f"# On {plant}\n\n{plant} grows in the shade of larger plants.\n")
    (folder / "bad.pdf").write_bytes(b"none")
    elsewhere = tmp_path / "Ivy.md"
    elsewhere.write_text("# On Ivy\n\nIvy climbs.\n")
    assistant.add([folder, elsewhere])
    (folder / "Oak.md").unlink()
    (folder / "bad.pdf").unlink()
    elsewhere.unlink()
    report = assistant.add(folder)
    assert [ref.title for ref in report.removed] == ["On Oak"]
    assert [paper.title for paper in assistant.papers()] == ["On Fern", "On Ivy"]
    assert assistant.library.records.searched() == {"papers": 2, "brief": 0, "failed": 0}


def test_an_empty_folder_removes_no_paper(tmp_path: Path, assistant: Assistant) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "Oak.md").write_text("# On Oak\n\nOak grows.\n")
    assistant.add(folder)
    (folder / "Oak.md").rename(tmp_path / "Oak.md")
    assert assistant.add(folder).removed == []
    assert len(assistant.papers()) == 1


# Metadata from bibliographies


def test_bibtex_next_to_files_overrides_their_metadata(tmp_path: Path, assistant: Assistant) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    write_plant(folder, "Oak", 12)
    (folder / "mine.bib").write_text(
        "@article{oak2020, title = {Oak, as It Grows}, author = {Hazel, Ivy and Fern, Holly}, year = 2020,\n"
        "  abstract = {Not this.}, file = {:Oak.pdf:PDF}}\n"
        "@article{moss, title = {Moss}, abstract = {Moss needs water.}, file = {:Moss.pdf:PDF}}\n"
    )
    report = assistant.add(folder)
    assert sorted(ref.title for ref in report.added) == ["Moss", "Oak, as It Grows"]
    assert [str(failure) for failure in report.failed] == ["mine.bib, line 3: the file 'Moss.pdf' of 'Moss' is missing"]
    oak = assistant.paper("Oak, as It Grows")
    assert (oak.citekey, oak.year, oak.authors) == ("oak2020", 2020, ("Ivy Hazel", "Holly Fern"))
    assert oak.text.startswith("Oak, as It Grows\n\n")
    assert "112 cm" in oak.text
    citations = assistant.ask("How deep did the roots of oak reach?").citations
    assert [(c.citekey, c.page) for c in citations if "112 cm" in c.quote] == [("oak2020", 2)]
    assert sorted(ref.title for ref in assistant.add(folder / "mine.bib").unchanged) == ["Moss", "Oak, as It Grows"]
    (folder / "mine.bib").write_text((folder / "mine.bib").read_text().replace("2020,", "2021,"))
    assistant.add(folder)
    assert assistant.paper(oak.id).year == 2021


def test_a_preprint_and_its_journal_version_are_cited_once(tmp_path: Path, assistant: Assistant) -> None:
    body = "The roots of holly reached a depth of 77 cm in sand."
    rows = [
        {"title": "Roots of Holly", "text": f"{body} This is the preprint.", "authors": ["Ivy Fern"]},
        {"title": "Roots of holly", "text": f"{body} This was printed.", "authors": ["I. Fern"], "doi": "10.1/x"},
        {"title": "Roots of Holly", "text": f"{body} By someone else.", "authors": ["Hazel Oak"]},
        {"title": "Holly's Roots", "text": f"{body} By its number.", "doi": "10.1/X"},
    ]
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assistant.add(tmp_path / "a.jsonl")
    found = assistant.search("How deep did the roots of holly reach?")
    texts = [passage.text.removeprefix(body).strip() for passage in found]
    assert len(texts) == 2
    assert "By someone else." in texts
    preprint = next(paper.id for paper in assistant.papers() if paper.authors == ("Ivy Fern",))
    assert [p.paper_id for p in assistant.search("roots of holly", papers=[preprint])] == [preprint]


@pytest.mark.parametrize("title", ["O", "What Was Known of the Roots of Oaks before Anyone Dug Them Out of the Sand"])
def test_a_corrected_title_does_not_move_quotes_on_their_page(tmp_path: Path, assistant: Assistant, title: str) -> None:
    path = write_plant(tmp_path, "Oak", 12)
    assistant.add(path)

    def place() -> tuple[str, int | None, list[Box], str | None]:
        (citation,) = [
            c for c in assistant.ask("How deep did the roots of oak reach?").citations if "112 cm" in c.quote
        ]
        boxes = boxes_of(assistant.library.records, citation.paper_id, citation.start, citation.end)
        return citation.quote, citation.page, boxes, citation.section

    before = place()
    assert before[1:2] + before[3:] == (2, "1 Introduction")
    assert {box.page for box in before[2]} == {2}
    assert all(0 < box.left < box.right < 595 and 0 < box.top < box.bottom < 842 for box in before[2])
    assistant.edit("On the Growth of Oak in Shade", title=title)
    assert place() == before
    assert assistant.paper(title).text.startswith(f"{title}\n\n")
    write_pdf(path, "On the Growth of Oak in Shade", "We looked again. " * 12, "The roots reached 112 cm. " * 9)
    assert [ref.title for ref in assistant.add(path).updated] == [title]
    assert boxes_of(assistant.library.records, title, 0, 1)[0].page == 1


def test_the_abstract_stands_in_for_an_unreadable_file(tmp_path: Path, assistant: Assistant) -> None:
    (tmp_path / "oak.pdf").write_bytes(b"%PDF-1.7 cut off")
    (tmp_path / "mine.bib").write_text(
        "@article{oak, title={Oak Roots}, abstract={Roots of oak reach 3 m.}, file={:oak.pdf:PDF}}"
    )
    for _ in range(2):
        report = assistant.add(tmp_path / "mine.bib")
        assert [str(failure) for failure in report.failed] == ["oak.pdf: it is damaged or not a PDF"]
        (paper,) = assistant.papers()
        assert (paper.title, paper.citekey, paper.brief) == ("Oak Roots", "oak", False)
        assert paper.notes == ("only its abstract is here; the file could not be read: it is damaged or not a PDF",)
    write_plant(tmp_path, "Oak", 12).replace(tmp_path / "oak.pdf")
    assert [ref.id for ref in assistant.add(tmp_path / "mine.bib").updated] == [paper.id]
    assert assistant.paper("Oak Roots").notes == ()


# Records


def test_a_record_of_the_first_version_is_migrated(tmp_path: Path) -> None:
    path = tmp_path / "footnote.sqlite"
    db = sqlite3.connect(path)
    MIGRATIONS[0](db)
    nothing = {"authors": [], "tags": [], "collections": [], "pages": [], "venue": None, "doi": None, "arxiv_id": None}
    details = nothing | {"url": None, "citekey": None, "sections": [["Methods", 5, 9]]}
    db.execute(
        "INSERT INTO papers VALUES (1, 'ab', 'Oak', 'oak', 'oak', '', 'Oak\n\nIt grows.', 2020, ?, '{}', X'', '')",
        (json.dumps(details),),
    )
    db.execute("PRAGMA user_version = 1")
    db.commit()
    db.close()
    for _ in range(2):
        opened = Records(path)
        paper = opened.paper("oak")
        assert (paper.title, paper.year, paper.sections[0].kind, paper.brief) == ("Oak", 2020, "body", False)
        assert opened.searched() == {"papers": 1, "brief": 0, "failed": 0}
        opened.close()


# Following a folder


@pytest.mark.slow
def test_watch_follows_a_folder_until_it_is_stopped(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "oak.md").write_text("# On Oak\n\nOak grows.\n")
    command = [sys.executable, "-m", "rag", "watch", str(folder), "--library", str(folder / "library")]
    following = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert following.stdout
        assert following.stdout.readline() == "1 added\n"
        (folder / "fern.md").write_text("# On Fern\n\nFern grows.\n")
        assert following.stdout.readline() == "1 added, 1 unchanged\n"
        (folder / "oak.md").unlink()
        assert following.stdout.readline() == "0 added, 1 unchanged, 1 removed\n"
        time.sleep(2.5)  # its own writes are not changes
        following.send_signal(signal.SIGINT)
        assert following.wait(20) == 0
        assert following.stdout.read() == ""
    finally:
        following.kill()
        following.communicate()


def test_a_question_during_an_add_builds_no_index_for_a_few_chunks(tmp_path: Path, assistant: Assistant) -> None:
    def add(name: str, *plants: str) -> None:
        rows = [{"title": f"On {plant}", "text": f"{plant} grows in the shade."} for plant in plants]
        (tmp_path / name).write_text("\n".join(map(json.dumps, rows)))
        assistant.add(tmp_path / name)

    def versions() -> set[str]:
        return {path.name for path in (assistant.library.folder / "index").iterdir() if path.is_dir()}

    add("a.jsonl", *PLANTS[:10])
    with Assistant.open(library=assistant.library.folder, mode="quote") as reader:
        assert reader.search("alder")[0].title == "On Alder"
        before = versions()
        with assistant.library.records.transaction() as db:  # as during an `add`, when the record is ahead of the index
            assistant.library.records.remove_paper(db, assistant.library.records.paper_key("On Aspen"))
        moved = assistant.library.index.update
        assistant.library.index.update = lambda: None  # type: ignore[method-assign]
        add("b.jsonl", *PLANTS[10:])
        assistant.library.index.update = moved  # type: ignore[method-assign]
        assert [p.title for p in reader.search("laurel in the shade", 1)] == ["On Laurel"]
        only = [paper.id for paper in assistant.papers() if paper.title in ("On Laurel", "On Oak")]
        assert {p.title for p in reader.search("in the shade", papers=only)} == {"On Laurel", "On Oak"}
        assert "On Aspen" not in [p.title for p in reader.search("aspen", 20)]
        assert len(reader.search("in the shade", 30)) == len(PLANTS) - 1
        assert versions() == before
    with Assistant.open(library=assistant.library.folder, mode="quote") as later:
        assert later.search("laurel in the shade")[0].title == "On Laurel"
        assert versions() == before


@pytest.mark.parametrize(
    "name", [b"bad\xff\xfe.md", b"line\nbreak.md", b"\x1b[31mred.md", "otter \U0001f9a6.md".encode()]
)
def test_a_file_of_any_name_is_added_and_found_again(tmp_path: Path, assistant: Assistant, name: bytes) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    (folder / "oak.md").write_text("# On Oak\n\nOak grows.\n")
    path = os.fsencode(folder) + b"/" + name
    with open(path, "w") as file:
        file.write("# On Fern\n\nFern grows.\n")
    assert len(assistant.add(folder).added) == 2
    assert len(assistant.add(folder).unchanged) == 2
    assert all(source.isprintable() for paper in assistant.papers() for source in paper.sources)
    os.unlink(path)
    assert [ref.title for ref in assistant.add(folder).removed] == ["On Fern"]


def test_a_paper_keeps_its_text_and_gets_a_note_when_its_file_becomes_unreadable(
    tmp_path: Path, assistant: Assistant
) -> None:
    path = write_plant(tmp_path, "Oak", 12)
    good = path.read_bytes()
    assistant.add(path)
    path.write_bytes(b"%PDF-1.7 cut off")
    for _ in range(2):
        assert len(assistant.add(path).failed) == 1
        (paper,) = assistant.papers()
        assert paper.notes == (
            "this is its text as it was; the changed file could not be read: it is damaged or not a PDF",
        )
    assert "112 cm" in assistant.paper(paper.id).text
    path.write_bytes(good)
    assert assistant.add(path).failed == []
    assert assistant.papers()[0].notes == ()
    assert assistant.library.records.searched()["failed"] == 0


def test_a_guessed_identifier_does_not_join_papers_of_other_authors(tmp_path: Path, assistant: Assistant) -> None:
    cited, citing, printed = (
        Paper(title, f"{title}\n\nText.", authors=(author,), doi="10.1/x", certainty=certainty)
        for title, author, certainty in (
            ("Otters", "A. Hazel", ()),
            ("Kites", "B. Fern", (("doi", 0.8),)),
            ("The Otters", "A. Hazel", (("doi", 0.8),)),
        )
    )
    assert not work_names(cited) & work_names(citing)
    assert work_names(cited) & work_names(printed)
