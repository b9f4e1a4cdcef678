"""What a library keeps: who is who among papers and sources, what survives a change, a crash, a kill.

Run as a script (`test_library.py FUNCTION ARGUMENT...`) it is the other process of some tests.
"""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import signal
import sqlite3
import string
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.papers import ROOT

from rag.assistant import Assistant
from rag.config import Embedding
from rag.errors import (
    AddInterrupted,
    AmbiguousPaper,
    EmptyLibrary,
    LibraryError,
    LibraryMismatch,
    SourceError,
    UnknownPaper,
)
from rag.ingest.chunking import chunk_paper
from rag.ingest.progress import Progress
from rag.models.embedder import load_embedder
from rag.reports import AddReport
from rag.types import Failure, Paper

Entry = tuple[str, str]

KITES: Entry = ("Otters Seen from Kites", "A kite carries the camera. It finds nine otters in ten.")
CLOCKS: Entry = ("Clocks That Read the Tide", "Sensors agree on a time without radio. They drift by two seconds.")
BIRDS: Entry = ("A Grammar of Alarm Calls", "Seven rules predict the next call. Playback confirms six.")


# The light model, and a desk to work at


def make_model(folder: Path, size: int) -> Path:
    """A random BERT of two layers that reads letters, as a folder of sentence-transformers."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    letters = string.ascii_lowercase + string.digits
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *("##" + c for c in letters), *".,:-"]
    body = folder / "body"
    body.mkdir(parents=True)
    (body / "vocab.txt").write_text("\n".join(words))
    torch.manual_seed(size)
    shape = {"hidden_size": size, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 64}
    BertModel(BertConfig(vocab_size=len(words), max_position_embeddings=128, **shape)).save_pretrained(body)
    BertTokenizerFast(str(body / "vocab.txt"), model_max_length=128).save_pretrained(body)
    parts = [Transformer(str(body), max_seq_length=128), Pooling(size, "mean")]
    SentenceTransformer(modules=parts, device="cpu").save(str(folder / "model"))
    return folder / "model"


class Desk:
    """A folder of papers, and a library of them that is made with a light model."""

    def __init__(self, root: Path, model: Path) -> None:
        self.root, self.model = root, model
        self.papers, self.library = root / "papers", root / "library"
        self.papers.mkdir()
        self.assistant = self.open()

    def open(self, model: Path | None = None, **tables: dict[str, Any]) -> Assistant:
        return open_library(self.library, model or self.model, **tables)

    def write(self, name: str, *entries: Entry | dict[str, Any]) -> Path:
        """A file of JSON lines."""
        rows = [
            entry if isinstance(entry, dict) else dict(zip(("title", "text"), entry, strict=True)) for entry in entries
        ]
        path = self.papers / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path

    def add(self, *paths: Path) -> AddReport:
        return self.assistant.add(list(paths) or [self.papers])

    def held(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Title, text after the title, and sources of all papers, in order."""
        texts = {paper.id: self.assistant.paper(paper.id).text for paper in self.assistant.papers()}
        return sorted((p.title, texts[p.id][len(p.title) + 2 :], p.sources) for p in self.assistant.papers())

    def ids(self) -> dict[str, str]:
        return {paper.title: paper.id for paper in self.assistant.papers()}

    def found(self, words: str, **filters: Any) -> list[str]:
        """The titles whose passages hold one of `words`."""
        passages = self.assistant.search(words, 50, **filters)
        return [p.title for p in passages if any(word in p.text.casefold() for word in words.casefold().split())]


def open_library(library: Path | str, model: Path | str, **tables: dict[str, Any]) -> Assistant:
    return Assistant.open(library, mode="quote", overrides={"embedding": {"model": str(model)}, **tables})


def start(function: str, *arguments: object) -> subprocess.Popen[str]:
    """A function of this file in a process of its own."""
    command = [sys.executable, __file__, function, *map(str, arguments)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen(command, text=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, **pipes)


def tell(value: Any) -> None:
    """A line of the other process to the test."""
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


def say(process: subprocess.Popen[str], line: str) -> None:
    """A line of the test to the other process."""
    assert process.stdin
    process.stdin.write(line + "\n")
    process.stdin.flush()


@pytest.fixture(autouse=True)
def no_library_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions go to Chroma, as in a library of many papers."""
    monkeypatch.setattr("rag.store.index.EXACT", 0)


@pytest.fixture(scope="session")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models of 32 and 48 dimensions, and the cache with their exports."""
    folder = tmp_path_factory.mktemp("light")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        for size in (32, 48):
            load_embedder(Embedding(model=str(make_model(folder / str(size), size))))
    return folder


@pytest.fixture
def desk(tmp_path: Path, light: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(light / "cache"))
    desk = Desk(tmp_path, light / "32" / "model")
    yield desk
    desk.assistant.close()


# Who is who


def test_the_same_title_and_text_in_several_files_is_one_paper_with_all_sources(desk: Desk) -> None:
    desk.write("a.jsonl", KITES, KITES)
    desk.write("b.jsonl", KITES, CLOCKS)
    assert str(desk.add()) == "2 added"
    desk.write("c.jsonl", ("OTTERS seen from  kites!", KITES[1]))
    assert str(desk.add()) == "0 added, 2 unchanged"
    assert desk.held() == [(*CLOCKS, ("b.jsonl",)), (*KITES, ("a.jsonl", "b.jsonl", "c.jsonl"))]
    assert desk.assistant.paper(KITES[0]).source == "a.jsonl"


def test_the_same_title_with_another_text_from_another_source_is_another_paper(desk: Desk) -> None:
    first, second = ("Summary", "Of the first year."), ("Summary", "Of the second year.")
    desk.write("a.jsonl", first)
    desk.write("b.jsonl", second)
    assert str(desk.add()) == "2 added"
    assert desk.held() == [(*first, ("a.jsonl",)), (*second, ("b.jsonl",))]


def test_several_papers_of_one_title_in_one_source_stay_apart_through_a_change(desk: Desk) -> None:
    desk.write("a.jsonl", ("Summary", "Of the north."), ("Summary", "Of the south."))
    desk.add()
    ids = {desk.assistant.paper(p.id).text.split()[-1]: p.id for p in desk.assistant.papers()}
    desk.write("a.jsonl", ("Summary", "Of the north."), ("Summary", "Of the deep south."))
    assert str(desk.add()) == "0 added, 1 updated, 1 unchanged"
    assert {desk.assistant.paper(p.id).text.split()[-1]: p.id for p in desk.assistant.papers()} == ids


def test_changed_text_in_the_same_source_is_an_update_that_keeps_the_id(desk: Desk) -> None:
    desk.write("a.jsonl", KITES, CLOCKS)
    desk.add()
    ids = desk.ids()
    assert desk.found("radio") == [CLOCKS[0]]
    desk.write("a.jsonl", KITES, (CLOCKS[0], "Sensors agree by sonar."))
    report = desk.add()
    assert str(report) == "0 added, 1 updated, 1 unchanged"
    assert [tuple(ref) for ref in report.updated] == [(ids[CLOCKS[0]], CLOCKS[0])]
    assert desk.ids() == ids
    assert desk.found("radio") == []
    assert desk.found("sonar") == [CLOCKS[0]]
    assert desk.assistant.library.records.count() == {"papers": 2, "chunks": 2, "sources": 1}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([KITES], [("Otters from Above", "Another text.")], id="the only paper of its file"),
        pytest.param([KITES, BIRDS], [("Otters from Above", KITES[1]), BIRDS], id="the text is the same"),
        pytest.param([KITES, BIRDS], [(KITES[0].upper(), KITES[1]), BIRDS], id="the title is only spelled otherwise"),
    ],
)
def test_a_new_title_in_the_same_source_is_an_update_that_keeps_the_id(
    desk: Desk, before: list[Entry], after: list[Entry]
) -> None:
    desk.write("a.jsonl", *before)
    desk.add()
    old = desk.ids()[KITES[0]]
    desk.write("a.jsonl", *after)
    assert [ref.id for ref in desk.add().updated] == [old]
    assert desk.held() == sorted((*entry, ("a.jsonl",)) for entry in after)
    assert desk.ids()[after[0][0]] == old


def test_an_entry_that_took_the_place_of_another_is_another_paper(desk: Desk) -> None:
    desk.write("a.jsonl", KITES, BIRDS)
    desk.add()
    desk.assistant.edit(KITES[0], tags=["rivers"])
    desk.write("a.jsonl", CLOCKS, BIRDS)
    assert str(desk.add()) == "1 added, 1 unchanged, 1 removed"
    assert desk.assistant.paper(CLOCKS[0]).tags == ()


def test_an_entry_that_vanished_loses_that_source_and_the_paper_goes_with_the_last(desk: Desk) -> None:
    desk.write("a.jsonl", KITES, BIRDS)
    desk.write("b.jsonl", KITES, CLOCKS)
    desk.add()
    desk.write("a.jsonl", BIRDS)
    assert str(desk.add()) == "0 added, 3 unchanged"
    assert desk.held() == [(*BIRDS, ("a.jsonl",)), (*CLOCKS, ("b.jsonl",)), (*KITES, ("b.jsonl",))]
    desk.write("b.jsonl", CLOCKS)
    report = desk.add()
    assert [ref.title for ref in report.removed] == [KITES[0]]
    assert desk.found("otters") == []
    assert sorted(desk.ids()) == [BIRDS[0], CLOCKS[0]]


@pytest.mark.parametrize(("old", "new"), [("a", "b"), ("b", "a")])
def test_an_entry_that_moved_to_another_file_keeps_its_id(desk: Desk, old: str, new: str) -> None:
    desk.write(f"{old}.jsonl", KITES, CLOCKS)
    desk.write(f"{new}.jsonl", BIRDS)
    desk.add()
    ids = desk.ids()
    desk.write(f"{old}.jsonl", CLOCKS)
    desk.write(f"{new}.jsonl", BIRDS, KITES)
    assert str(desk.add()) == "0 added, 3 unchanged"
    assert desk.ids() == ids
    assert (*KITES, (f"{new}.jsonl",)) in desk.held()


@pytest.mark.parametrize(("changed", "copy"), [("a", "b"), ("b", "a")])
def test_a_copy_of_the_old_version_stays_that_when_the_original_changes(desk: Desk, changed: str, copy: str) -> None:
    old, new = ("Notes", "The first draft."), ("Notes", "The second draft.")
    desk.write(f"{changed}.jsonl", old)
    desk.add()
    desk.write(f"{copy}.jsonl", old)
    desk.write(f"{changed}.jsonl", new)
    desk.add()
    assert desk.held() == [(*old, (f"{copy}.jsonl",)), (*new, (f"{changed}.jsonl",))]


def test_a_shared_paper_is_not_changed_by_one_of_its_sources(desk: Desk) -> None:
    desk.write("a.jsonl", KITES)
    desk.write("b.jsonl", KITES)
    desk.add()
    changed = (KITES[0], "It finds all otters.")
    desk.write("b.jsonl", changed)
    assert str(desk.add()) == "1 added, 1 unchanged"
    assert desk.held() == [(*KITES, ("a.jsonl",)), (*changed, ("b.jsonl",))]


def test_a_renamed_file_or_folder_keeps_its_papers(desk: Desk) -> None:
    desk.write("a.jsonl", KITES, CLOCKS)
    desk.write("old/b.jsonl", BIRDS)
    desk.add()
    ids = desk.ids()
    (desk.papers / "a.jsonl").rename(desk.papers / "z.jsonl")
    (desk.papers / "old").rename(desk.papers / "new")
    assert str(desk.add()) == "0 added, 3 unchanged"
    assert desk.ids() == ids
    assert desk.held() == [(*BIRDS, ("b.jsonl",)), (*CLOCKS, ("z.jsonl",)), (*KITES, ("z.jsonl",))]
    assert desk.assistant.library.records.count()["sources"] == 2


def test_changed_metadata_with_the_same_text_are_taken_over(desk: Desk) -> None:
    desk.write("a.jsonl", {"title": KITES[0], "text": KITES[1], "year": 2019})
    desk.add()
    desk.write("a.jsonl", {"title": KITES[0], "text": KITES[1], "year": 2020, "authors": ["Ada Reed"]})
    assert str(desk.add()) == "0 added, 1 updated"
    paper = desk.assistant.paper(KITES[0])
    assert (paper.year, paper.authors) == (2020, ("Ada Reed",))


def test_a_title_without_text_is_no_paper(desk: Desk) -> None:
    desk.write("a.jsonl", KITES, ("A Title Alone", " "))
    report = desk.add()
    assert (str(report), sorted(desk.ids())) == ("1 added, 1 failed", [KITES[0]])
    assert report.failed[0][:2] == ("a.jsonl", 2)


def test_no_absolute_path_is_shown(desk: Desk) -> None:
    desk.write("a.jsonl", KITES)
    (desk.papers / "empty.txt").touch()
    report = desk.add(desk.papers, desk.root / "missing")
    answer = desk.assistant.ask("Who sees otters from kites?")
    shown = json.dumps([report.failed, [p.to_dict() for p in desk.assistant.papers()], answer.to_dict()])
    assert len(report.failed) == 2
    assert KITES[0] in shown
    assert str(desk.root) not in shown


# What an add costs and what it cannot do


def report_modules(library: str, model: str, papers: str) -> None:
    with open_library(library, model) as assistant:
        report = assistant.add(papers)
    tell([str(report), sorted({"openvino"} & set(sys.modules))])


def test_an_unchanged_file_costs_no_embedding(desk: Desk) -> None:
    path = desk.papers / "a.md"
    path.write_text("# Kites\n\nOtters from above.\n")
    desk.add()

    def again() -> Any:
        return json.loads(start("report_modules", desk.library, desk.model, desk.papers).communicate(timeout=60)[0])

    os.utime(path, (1, 1))
    assert again() == ["0 added, 1 unchanged", []]
    path.write_text("# Kites\n\nOtters from below.\n")
    assert again() == ["0 added, 1 updated", ["openvino"]]


def test_a_file_that_fails_keeps_its_old_version_and_is_tried_again(desk: Desk) -> None:
    path = desk.write("a.jsonl", KITES)
    desk.write("b.jsonl", CLOCKS)
    desk.add()
    ids = desk.ids()
    path.write_text("")
    for told, unchanged in (("failed", 1), ("failed_before", 2)):
        report = desk.add()
        assert str(report) == f"0 added, {unchanged} unchanged, 1 {told.replace('_', ' ')}"
        assert getattr(report, told) == [Failure("a.jsonl", None, "the file is empty")]
        assert desk.held() == [(*CLOCKS, ("b.jsonl",)), (*KITES, ("a.jsonl",))]
    desk.write("a.jsonl", (KITES[0], "Now whole again."))
    assert str(desk.add()) == "0 added, 1 updated, 1 unchanged"
    assert desk.ids() == ids


def test_partial_failures_are_reported_at_each_add_and_cost_no_paper(desk: Desk) -> None:
    path = desk.write("a.jsonl", KITES, CLOCKS)
    desk.add()
    ids = desk.ids()
    path.write_text(path.read_text().replace('{"title": "Clocks', '{"title" "Clocks'))
    for told, unchanged in (("failed", 1), ("failed_before", 2)):
        report = desk.add()
        assert str(report) == f"0 added, {unchanged} unchanged, 1 {told.replace('_', ' ')}"
        assert [failure[:2] for failure in getattr(report, told)] == [("a.jsonl", 2)]
        assert desk.ids() == ids
    desk.write("a.jsonl", KITES, CLOCKS)
    assert (str(desk.add()), str(desk.add())) == ("0 added, 2 unchanged", "0 added, 2 unchanged")
    assert desk.ids() == ids


def test_paths_that_lead_nowhere_are_named_and_stop_no_other(desk: Desk) -> None:
    desk.write("sub/a.jsonl", KITES)
    (desk.papers / "sub" / "up").symlink_to(desk.papers)
    (desk.papers / "again.jsonl").symlink_to(desk.papers / "sub" / "a.jsonl")
    (desk.papers / "broken.txt").symlink_to(desk.root / "nothing")
    (desk.papers / "ring.txt").symlink_to(desk.papers / "ring.txt")
    os.mkfifo(desk.root / "pipe")
    (desk.root / "film.mov").write_bytes(b"\0")
    report = desk.add(desk.papers, desk.root / "missing", desk.root / "pipe", desk.root / "film.mov")
    reasons = {failure.source: failure.reason for failure in report.failed}
    nowhere = "there is no such file or folder (or the link leads nowhere)"
    assert reasons.pop("film.mov").startswith("files of the kind '.mov' are not read")
    assert reasons == {
        "broken.txt": nowhere,
        "ring.txt": "it is a loop of symbolic links",
        "missing": nowhere,
        "pipe": "it is neither a file nor a folder",
    }
    assert desk.held() == [(*KITES, ("a.jsonl",))]


def test_nothing_but_a_missing_path_makes_no_library(desk: Desk) -> None:
    assert str(desk.add(desk.root / "missing")) == "0 added, 1 failed"
    assert not desk.library.exists()
    assert desk.assistant.papers() == []
    with pytest.raises(EmptyLibrary, match="footnote add"):
        desk.assistant.search("otters")


# Spans


def check_spans(assistant: Assistant, name: str) -> Paper:
    """Every sentence of a paper stands in a chunk, and every chunk is a span of one section."""
    paper, library = assistant.paper(name), assistant.library
    records = library.records
    key = records.paper_key(paper.id)
    candidates = records.candidates([row[0] for row in records.rows("SELECT key FROM chunks WHERE paper = ?", (key,))])
    chunks = [candidates.chunk(row) for row in range(len(candidates))]
    assert chunks == chunk_paper(paper, library.embedder, assistant.settings.chunking)
    assert paper.text.startswith(paper.title)
    left = list(paper.text)
    for chunk in chunks:
        section, page = paper.section_at(chunk.start), paper.page_at(chunk.start)
        assert section == paper.section_at(chunk.end - 1)
        assert (chunk.section, chunk.page) == (section and section.title, page and page.number)
        for start, end in chunk.sentences:
            left[start:end] = " " * (end - start)
    assert "".join(left).split() == paper.title.split()
    return paper


def test_quotes_and_passages_are_spans_of_the_stored_text(assistant: Assistant) -> None:
    answer = assistant.ask("How many of the otters does the kite count?")
    assert not answer.refused
    assert any("94.5%" in citation.quote for citation in answer.citations)
    for citation in answer.citations:
        assert assistant.paper(citation.paper_id).text[citation.start : citation.end] == citation.quote
    for passage in answer.passages:
        assert assistant.paper(passage.paper_id).text[passage.start : passage.end] == passage.text
    for paper in assistant.papers():
        check_spans(assistant, paper.id)


# Correcting and removing

MARKDOWN = (
    "---\ntitle: Otters Seen\nyear: 2001\n---\nAn opening line.\n\n# Method\n\nA kite flies.\n\n# Outcome\n\n{}\n"
)


@pytest.mark.parametrize(
    ("field", "given", "stored"),
    [
        ("title", " Otters,\n Seen ", "Otters, Seen"),
        ("authors", ["Ada Reed", "Bo Lund"], ("Ada Reed", "Bo Lund")),
        ("authors", "Ada Reed", ("Ada Reed",)),
        ("year", 1999, 1999),
        ("year", None, None),
        ("venue", "River Letters", "River Letters"),
        ("doi", "10.1/x", "10.1/x"),
        ("arxiv_id", "2401.00001", "2401.00001"),
        ("citekey", "reed1999", "reed1999"),
        ("tags", ["rivers"], ("rivers",)),
        ("collections", ["field work"], ("field work",)),
    ],
)
def test_a_correction_outlives_a_new_reading_of_the_changed_source(
    desk: Desk, field: str, given: Any, stored: Any
) -> None:
    path = desk.papers / "a.md"
    path.write_text(MARKDOWN.format("Nine of ten are seen."))
    desk.add()
    before = desk.assistant.papers()[0]
    assert getattr(desk.assistant.edit(before.id, **{field: given}), field) == stored
    assert getattr(desk.open().papers()[0], field) == stored
    path.write_text(MARKDOWN.format("All are seen.").replace("2001", "2002"))
    assert [ref.id for ref in desk.add().updated] == [before.id]
    paper = desk.assistant.paper(before.id)
    assert "All are seen." in paper.text
    assert getattr(paper, field) == stored
    assert paper.year == (given if field == "year" else 2002)


@pytest.mark.parametrize("title", ["O", "Otters and How a Kite Made of Paper Counts Them All Along the River"])
def test_a_corrected_title_moves_all_spans_with_it(desk: Desk, title: str) -> None:
    def write(outcome: str) -> None:
        (desk.papers / "a.md").write_text(MARKDOWN.format(outcome))

    def parts(paper: Paper) -> list[tuple[Any, str]]:
        return [(s.title, paper.text[s.start : s.end]) for s in paper.sections]

    write("Nine otters of ten are seen.")
    desk.add()
    before = check_spans(desk.assistant, desk.assistant.papers()[0].id)
    desk.assistant.edit(before.title, title=title)
    after = check_spans(desk.assistant, title)
    assert len(parts(before)) >= 2
    assert (after.id, parts(after)) == (before.id, parts(before))
    assert after.text == title + before.text[len(before.title) :]
    passage = desk.assistant.search("nine seen")[0]
    assert "Nine otters" in passage.text
    assert after.text[passage.start : passage.end] == passage.text
    with pytest.raises(UnknownPaper, match="footnote list"):
        desk.assistant.paper(before.title)
    assert str(desk.add()) == "0 added, 1 unchanged"
    write("Of all otters, each one is seen.")
    assert str(desk.add()) == "0 added, 1 updated"
    again = check_spans(desk.assistant, title)
    assert (again.id, parts(again)[-1]) == (before.id, (parts(before)[-1][0], "Of all otters, each one is seen."))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": "x"}, "'text' cannot be edited; title, authors"),
        ({"title": "  "}, "needs a title"),
        ({"year": "soon"}, "'soon' is not a whole number"),
    ],
)
def test_an_impossible_correction_is_refused_and_changes_nothing(
    desk: Desk, changes: dict[str, Any], message: str
) -> None:
    desk.write("a.jsonl", KITES)
    desk.add()
    identity = desk.assistant.library.records.identity
    with pytest.raises(SourceError, match=message):
        desk.assistant.edit(KITES[0], venue="River Letters", **changes)
    assert desk.assistant.library.records.identity == identity


@pytest.mark.parametrize("by", ["id", "title"])
def test_a_removed_paper_is_found_no_more_until_it_is_added_again(desk: Desk, by: str) -> None:
    desk.write("a.jsonl", KITES)
    desk.write("b.jsonl", CLOCKS)
    desk.add()
    name = desk.ids()[KITES[0]] if by == "id" else "otters seen FROM kites"
    assert desk.assistant.remove(name).title == KITES[0]
    assert desk.found("otters radio") == [CLOCKS[0]]
    assert desk.assistant.library.records.count() == {"papers": 1, "chunks": 1, "sources": 1}
    with pytest.raises(UnknownPaper):
        desk.assistant.remove(name)
    desk.assistant.add([desk.papers / "a.jsonl"])
    assert desk.found("otters") == [KITES[0]]


# Filters


@pytest.fixture
def shelf(desk: Desk) -> Desk:
    rows = [("North", 2001, ["Ada Reed"], ["ice"]), ("South", 2002, ["Bo Lund", "Ada Reed"], ["sand", "Ice"])]
    for title, year, authors, tags in [*rows, ("East", 2001, ["Cy Moor"], [])]:
        entry = {"title": title, "text": f"The river {title}.", "year": year, "authors": authors, "tags": tags}
        desk.write(f"{title.lower()}.jsonl", entry)
    desk.write("twins-a.jsonl", ("Summary", "The river in short."))
    desk.write("twins-b.jsonl", ("Summary", "The river at length."))
    desk.add()
    return desk


@pytest.mark.parametrize(
    ("filters", "titles"),
    [
        ({}, "East North South Summary Summary"),
        ({"papers": "north"}, "North"),
        ({"papers": ["North", "EAST"]}, "East North"),
        ({"years": 2001}, "East North"),
        ({"years": [2001, 2002]}, "East North South"),
        ({"authors": "reed"}, "North South"),
        ({"authors": ["Lund", "moor"]}, "East South"),
        ({"sources": "twins"}, "Summary Summary"),
        ({"sources": ["SOUTH.jsonl"]}, "South"),
        ({"tags": "ice"}, "North South"),
        ({"tags": "sand", "authors": "Reed", "years": [2002]}, "South"),
        ({"papers": "North", "years": 2002}, ""),
    ],
)
def test_a_filter_leaves_the_papers_that_fit_it(shelf: Desk, filters: dict[str, Any], titles: str) -> None:
    assert sorted(shelf.found("river", **filters)) == titles.split()
    answer = shelf.assistant.ask("Which river is it?", **filters)
    assert {passage.title for passage in answer.passages} == set(titles.split())
    assert answer.refused or titles


@pytest.mark.parametrize(
    ("filters", "what"),
    [
        ({"papers": ["North", "West"]}, "the id, title, citekey or file name 'West'"),
        ({"years": 1900}, "the year '1900'"),
        ({"authors": "Reedy"}, "the author 'Reedy'"),
        ({"sources": "west.jsonl"}, "the source 'west.jsonl'"),
        ({"tags": "ic"}, "the tag 'ic'"),
    ],
)
def test_a_filter_that_no_paper_fits_is_an_error_that_names_it(shelf: Desk, filters: dict[str, Any], what: str) -> None:
    with pytest.raises(UnknownPaper, match=what):
        shelf.assistant.search("river", **filters)


def test_an_ambiguous_title_lists_the_ids_and_each_of_them_works(shelf: Desk) -> None:
    ids = [paper.id for paper in shelf.assistant.papers() if paper.title == "Summary"]
    for ask in (
        lambda: shelf.assistant.search("river", papers="summary"),
        lambda: shelf.assistant.edit("Summary", year=2000),
        lambda: shelf.assistant.remove("Summary"),
    ):
        with pytest.raises(
            AmbiguousPaper,
            match=r"2 papers fit '[sS]ummary'; name one by its id:\n" + "\n".join(f"  {i}  Summary" for i in ids),
        ):
            ask()
    for paper_id in ids:
        assert [p.paper_id for p in shelf.assistant.search("river", papers=paper_id)] == [paper_id]


# Other settings


def other_settings(desk: Desk, light: Path, kind: str) -> Assistant:
    if kind == "model":
        return desk.open(light / "48" / "model")
    return desk.open(chunking={"max_tokens": 64} if kind == "max_tokens" else {"overlap_sentences": 1})


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("model", r"model '\S+/32/model', the settings say '\S+/48/model'"),
        ("max_tokens", "max_tokens 256, the settings say 64"),
        ("overlap_sentences", "overlap_sentences 0, the settings say 1"),
    ],
)
def test_other_settings_are_an_error_that_names_both_and_a_rebuild_mends_it(
    desk: Desk, light: Path, kind: str, names: str
) -> None:
    desk.write("a.jsonl", (KITES[0], " ".join(f"On day {n} the kite found {n * n} of them." for n in range(8))), CLOCKS)
    desk.add()
    desk.assistant.edit(CLOCKS[0], title="Clocks", year=1987)
    papers = [desk.assistant.paper(name) for name in desk.ids()]
    with other_settings(desk, light, kind) as other:
        added = desk.write("b.jsonl", BIRDS)
        for ask in (
            lambda: other.search("otters"),
            lambda: other.add(added),
            lambda: other.edit("Clocks", title="Other Clocks"),
        ):
            with pytest.raises(LibraryMismatch, match=f"{names}(.|\n)*`footnote rebuild`"):
                ask()
        other.rebuild()
        assert [other.paper(paper.id) for paper in papers] == papers
        for paper in papers:
            check_spans(other, paper.id)
        assert indexed(other)
        assert other.search("radio")[0].title == "Clocks"
        assert str(other.add(desk.papers)) == "1 added, 2 unchanged"
        with pytest.raises(LibraryMismatch):  # it was open before
            desk.assistant.search("otters")


# The index


def indexed(assistant: Assistant) -> bool:
    """Whether the index holds the record's chunks, each with its vector. No embedding model is needed for it."""
    library = assistant.library
    keys = sorted(library.records.chunk_keys())
    for some, _, vectors in library.records.vectors():
        for key, vector in zip(some, vectors, strict=True):
            nearest = library.index.nearest(vector, len(keys) + 5)
            if sorted(nearest) != keys or nearest[0] != key:
                return False
    return True


def damage_index(desk: Desk, earlier: Path, kind: str) -> None:
    index = desk.library / "index"
    (version,) = (path for path in index.iterdir() if path.is_dir())
    if kind == "half-built":  # died while it was written
        half = version.rename(index / "building-x")
        for path in half.rglob("*.*"):
            os.truncate(path, path.stat().st_size // 2)
        return
    shutil.rmtree(index)
    if kind != "deleted":
        shutil.copytree(earlier, index)


@pytest.mark.parametrize("kind", ["deleted", "older", "half-built"])
def test_the_index_is_made_from_the_record_without_the_embedding_model(desk: Desk, kind: str) -> None:
    desk.write("a.jsonl", KITES, CLOCKS)
    desk.add()
    desk.assistant.close()
    earlier = shutil.copytree(desk.library / "index", desk.root / "earlier")
    desk.write("a.jsonl", KITES, BIRDS)
    desk.add()
    desk.assistant.close()
    damage_index(desk, earlier, kind)
    with desk.open(desk.root / "no such model") as assistant:
        assert indexed(assistant)
        assistant.library.index.update()
        assert indexed(assistant)
        assistant.close()
        (version,) = (path for path in (desk.library / "index").iterdir() if path.is_dir())
        assert version.name[0].isdigit()
    assert sorted(desk.found("otters playback")) == [BIRDS[0], KITES[0]]


def test_an_index_of_another_model_is_not_built_on(desk: Desk, light: Path) -> None:
    desk.write("a.jsonl", KITES, CLOCKS)
    desk.add()
    desk.assistant.close()
    earlier = shutil.copytree(desk.library / "index", desk.root / "earlier")
    with desk.open(light / "48" / "model") as other:
        other.rebuild()
        other.close()
        damage_index(desk, earlier, "older")  # as if killed between the record and the index
        assert indexed(other)


@pytest.mark.parametrize("record", ["deleted", "restored"])
def test_an_index_of_another_history_is_not_built_on(desk: Desk, record: str) -> None:
    file = desk.library / "footnote.sqlite"
    desk.write("a.jsonl", BIRDS)
    if record == "restored":
        desk.add()
        desk.assistant.close()
        backup = file.read_bytes()
    desk.write("b.jsonl", KITES, CLOCKS)
    desk.add()
    revision = int(desk.assistant.library.records.meta("revision") or 0)
    desk.assistant.close()
    if record == "deleted":
        file.unlink()
    else:
        file.write_bytes(backup)
    desk.write("b.jsonl", CLOCKS, KITES)
    desk.assistant = desk.open()
    desk.add()
    while int(desk.assistant.library.records.meta("revision") or 0) < revision:
        desk.assistant.edit(BIRDS[0], year=2000)
    assert indexed(desk.assistant)


# Two at once


def test_another_assistant_sees_a_later_add_at_its_next_question(desk: Desk) -> None:
    desk.write("a.jsonl", KITES)
    desk.add()
    with desk.open() as other:
        assert [p.title for p in other.search("otters radio")] == [KITES[0]]
        desk.write("a.jsonl", (KITES[0], "Eagles look down."))
        desk.write("b.jsonl", CLOCKS)
        desk.add()
        assert {p.text for p in other.search("radio eagles")} == {"Eagles look down.", CLOCKS[1]}
        desk.assistant.remove(CLOCKS[0])
        assert [p.title for p in other.search("radio eagles")] == [KITES[0]]
        other.add(desk.write("c.jsonl", BIRDS))
        assert indexed(desk.assistant)
        assert len(desk.ids()) == 2
    assert desk.found("playback") == [BIRDS[0]]  # the other has closed its files


def answer_lines(library: str, model: str) -> None:
    with open_library(library, model) as assistant:
        for line in sys.stdin:
            tell(sorted(passage.title for passage in assistant.search(line)))


def test_another_process_sees_a_later_add_at_its_next_question(desk: Desk) -> None:
    desk.write("a.jsonl", KITES)
    desk.add()
    with start("answer_lines", desk.library, desk.model) as other:
        assert other.stdin
        assert other.stdout

        def asked(question: str) -> Any:
            say(other, question)
            return json.loads(other.stdout.readline())

        assert asked("otters") == [KITES[0]]
        desk.write("b.jsonl", CLOCKS)
        desk.add()
        assert asked("radio") == [CLOCKS[0], KITES[0]]
        desk.assistant.remove(KITES[0])
        assert asked("otters") == [CLOCKS[0]]
        other.stdin.close()
    assert other.returncode == 0


def add_when_told(library: str, model: str, papers: str) -> None:
    with open_library(library, model) as assistant:
        tell("ready")
        sys.stdin.readline()
        assistant.add(papers)


def test_two_processes_that_add_the_same_papers_at_once_store_each_once(desk: Desk) -> None:
    entries = [(f"Paper {n}", f"Body number {n}.") for n in range(40)]
    for n in range(0, 40, 2):
        desk.write(f"{n:02}.jsonl", *entries[n : n + 2])
    others = [start("add_when_told", desk.library, desk.model, desk.papers) for _ in range(2)]
    assert [other.stdout and other.stdout.readline() for other in others] == ['"ready"\n'] * 2
    for other in others:
        say(other, "go")
    assert [other.wait(60) for other in others] == [0, 0]
    assert [entry[:2] for entry in desk.held()] == sorted(entries)
    assert indexed(desk.assistant)
    for other in others:
        other.communicate()


# A record that cannot be used


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


# Stopped


def test_ctrl_c_names_what_is_not_done_and_a_later_add_goes_on(desk: Desk) -> None:
    entries = [(f"Paper {n}", f"Body number {n}.") for n in range(120)]
    for n in range(0, 120, 10):
        desk.write(f"{n:03}.jsonl", *entries[n : n + 10])

    def stop(progress: Progress) -> None:
        if progress.papers:
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(AddInterrupted) as caught:
        desk.assistant.add([desk.papers], stop)
    stored = len(desk.ids())
    files = stored // 10  # that are whole
    assert 0 < stored < 120
    message = str(caught.value)
    assert message.startswith(f"Stopped: {stored} papers are stored. Not done: ")
    assert set(re.findall(r"\d{3}\.jsonl", message)) >= {f"{n:03}.jsonl" for n in range(10 * files, 120, 10)}
    assert desk.found("body", papers="Paper 3") == ["Paper 3"]
    assert str(desk.add()) == f"{120 - stored} added, {stored} unchanged"
    assert [entry[:2] for entry in desk.held()] == sorted(entries)
    assert str(desk.add()) == "0 added, 120 unchanged"


def test_ctrl_c_while_a_file_is_read_names_that_file(desk: Desk) -> None:
    desk.write("a.jsonl", KITES)
    (desk.papers / "large.txt").write_text("A long tale.\n\n" + "And then it rained again. " * 700_000)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    def soon(progress: Progress) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0.1)

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        with pytest.raises(AddInterrupted, match=r"Not done: .*large\.txt"):
            desk.assistant.add([desk.papers], soon)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


# Killed

KILLS = 20
FILES, PER_FILE = 24, 5


def mark(number: int, version: int) -> str:
    return f"mark{number}x{version}"


def draft(number: int, version: int) -> Entry:
    text = f"The {mark(number, version)} stands here. " + "A sentence goes on for a while. " * (number % 4)
    return f"Paper {number:03}", text.strip()


def check_then_add(library: str, model: str, papers: str) -> None:
    """Tells its id, then the versions of the papers that are there, each checked to be whole, then how many papers an
    `add` has stored."""
    tell({"process": os.getpid()})
    with open_library(library, model) as assistant:
        there: dict[int, int] = {}
        for paper in assistant.papers():
            text = check_spans(assistant, paper.id).text
            number, version = map(int, re.findall(r"mark(\d+)x(\d+)", text)[0])
            assert number not in there
            assert (paper.title, text.partition("\n\n")[2]) == draft(number, version)
            there[number] = version
        if there:
            records, index = assistant.library.records, assistant.library.index
            for number, version in there.items():
                found = records.candidates([*records.word_scores([mark(number, version)], 9, None)]).texts([0])
                assert mark(number, version) in found[0]
            old = [mark(number, version) for number, latest in there.items() for version in range(latest)]
            assert records.word_scores(old, 1, None) == records.paper_word_scores(old, 1, None) == {}
            ((keys, _, vectors),) = records.vectors()
            index.update()
            assert index.check()[0]
            sample = list(zip(keys, vectors, strict=True))[:: len(keys) // 10 or 1]
            missed = [key for key, vector in sample if index.nearest(vector, 1) != [key]]
            assert len(missed) <= 1  # the graph over the vectors is an approximate one, made anew in each process
            last = mark(*max(there.items()))
            assert last in assistant.search(last, 1)[0].text
        tell(list(there.items()))
        assistant.add(papers, lambda progress: tell(progress.papers))


def fork_each() -> None:
    """For each line on stdin a process that runs `check_then_add`; its exit status is told in the end."""
    import chromadb  # noqa: F401  # once for all: a start costs more than an add
    import openvino  # noqa: F401

    for line in sys.stdin:
        process = os.fork()
        if not process:
            try:
                check_then_add(*json.loads(line))
            except BaseException:  # noqa: BLE001  # it must not go on as its parent
                traceback.print_exc()
                os._exit(1)
            os._exit(0)
        tell({"status": os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])})


@pytest.fixture
def nursery(desk: Desk) -> Iterator[subprocess.Popen[str]]:
    with start("fork_each") as process:
        yield process


def test_a_kill_at_any_moment_loses_no_stored_paper_and_leaves_none_half_done(
    desk: Desk, nursery: subprocess.Popen[str]
) -> None:
    chance = random.Random(20)
    versions = dict.fromkeys(range(FILES * PER_FILE), 0)

    def write(files: Iterable[int]) -> None:
        for file in files:
            numbers = range(file * PER_FILE, (file + 1) * PER_FILE)
            desk.write(f"{file:02}.jsonl", *(draft(number, versions[number]) for number in numbers))

    def heard() -> Any:
        assert nursery.stdout
        return json.loads(nursery.stdout.readline())

    def add(library: str, seconds: float) -> tuple[int, dict[int, int], int, float]:
        """A process that is killed after `seconds` of adding: its exit status, the papers that it found, how many it
        stored, and the seconds that it took."""
        say(nursery, json.dumps([str(desk.root / library), str(desk.model), str(desk.papers)]))
        process, there, stored = heard()["process"], dict[int, int](), 0
        killer = threading.Timer(seconds, os.kill, (process, signal.SIGKILL))
        began = time.monotonic()
        while not isinstance(line := heard(), dict):
            if isinstance(line, int):
                stored = line
                continue
            there, began = dict(line), time.monotonic()
            killer.start()
        killer.cancel()
        return line["status"], there, stored, time.monotonic() - began

    write(range(FILES))
    status, _, count, whole = add("trial", 60)
    assert (status, count) == (0, len(versions))
    kills = 0
    old, new, stored = dict[int, int](), dict[int, int](), dict[int, int]()
    while kills < KILLS:
        status, there, count, _ = add("library", whole * chance.random() ** 2)
        assert status in (0, -signal.SIGKILL)
        kills += status == -signal.SIGKILL
        assert old.keys() | stored.keys() <= there.keys()
        assert all(version in (old.get(number), new[number]) for number, version in there.items())
        assert stored.items() <= there.items()
        changed = [number for number, version in versions.items() if there.get(number) != version]
        old, new = there, dict(versions)
        stored = {number: new[number] for number in changed[:count]}
        files = [file for file in range(FILES) if chance.random() < 0.7]
        versions |= {n: versions[n] + 1 for file in files for n in range(file * PER_FILE, (file + 1) * PER_FILE)}
        write(files)
    assert [add("library", 60)[0], add("library", 60)[:3]] == [0, (0, versions, 0)]


def test_failed_files_are_read_again_on_request(assistant: Assistant, folder: Path) -> None:
    for name in ("torn.pdf", "empty.txt"):
        (folder / name).write_bytes(b"")
    assert len(assistant.add([folder]).failed) == 2
    assert assistant.add([folder]).failed == []  # they have not changed
    report = assistant.retry("torn.pdf")
    assert [failure.source for failure in report.failed] == ["torn.pdf"]
    assert sorted(failure.source for failure in assistant.failures()) == ["empty.txt", "torn.pdf"]
    (folder / "empty.txt").write_text("Owls on Ice\n\nOwls listen to 4 voles below the ice.\n")
    (folder / "torn.pdf").unlink()
    report = assistant.retry()
    assert [paper.title for paper in report.added] == ["Owls on Ice"]
    assert assistant.failures() == []


def test_reading_a_file_again_does_not_bring_back_a_removed_paper(assistant: Assistant, folder: Path) -> None:
    entries = [{"title": "Owls on Ice", "text": "Owls listen."}, {"title": "Voles", "text": "Voles dig."}]
    lines = [json.dumps(each) for each in entries]
    (folder / "notes.jsonl").write_text("\n".join([*lines, "{broken"]))
    assistant.add([folder])
    assistant.remove("Voles")
    assert [failure.line for failure in assistant.retry("notes.jsonl").failed] == [3]
    assert "Voles" not in {paper.title for paper in assistant.papers()}


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
