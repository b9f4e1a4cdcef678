"""A question that joins two names is put to the papers which these names belong to."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest

from rag.retrieval.introduced import introduced_papers
from rag.store.papers import Records, StoredChunk
from rag.types import Chunk, Paper, Span

PAPERS = {
    "Counting Otters from Above: OtterNet and its Kites": "OtterNet counts otters. It beats FOX on every river.",
    "Listening to Foxes": "Forest Observation by Ears (FOX) hears foxes. FOX needs three ears. It is slower than CLAW.",
    "Clocks of the Tide": "CLAW is a clock. CLAW and FOX are compared with WETs. They are dry.",
    "Dry Ponds": "Wet ponds (WETs) dry. The inner WETs of a WET come last. Inner WETs are rare; an inner WET is small.",
    "Wet Ponds": "Wet ponds (WETs) fill. Two WETs are enough.",
    "A Review of Rivers": "FOX, CLAW, OtterNet and WETs are reviewed. FOX and CLAW are old.",
}
OTTERNET, FOX, CLAW, DRY, WET = range(1, 6)


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Records]:
    opened = written(tmp_path_factory.mktemp("record"), PAPERS)
    yield opened
    opened.close()


def written(folder: Path, papers: Mapping[str, str]) -> Records:
    """Return a record of papers, given as titles with bodies."""
    opened = Records(folder / "footnote.sqlite")
    with opened.transaction() as db:
        for title, body in papers.items():
            text, vector = f"{title}\n\n{body}", np.ones(4, np.float32) / 2
            chunk = Chunk(len(title) + 2, len(text), (Span(len(title) + 2, len(text)),), None, None, None)
            opened.put_paper(
                db,
                Paper(id="", title=title, text=text),
                vector,
                [StoredChunk(chunk, vector, vector[None])],
                reading=(title, body),
                corrections={},
            )
    return opened


@pytest.mark.parametrize(
    ("question", "papers"),
    [
        ("How do FOX and CLAW differ?", {FOX: "FOX", CLAW: "CLAW"}),
        ("Compare FOX with OtterNet.", {FOX: "FOX", OTTERNET: "OtterNet"}),
        ("What do OtterNet, FOX and the CLAW measure?", {OTTERNET: "OtterNet", FOX: "FOX", CLAW: "CLAW"}),
        ("How do the inner WETs and FOX differ?", {DRY: "WETs", FOX: "FOX"}),
        ("Is CLAW better than OtterNet?", {CLAW: "CLAW", OTTERNET: "OtterNet"}),
    ],
)
def test_joined_names_belong_to_the_papers_that_introduce_them(
    records: Records, question: str, papers: dict[int, str]
) -> None:
    assert introduced_papers(records, question, {}) == papers


@pytest.mark.parametrize(
    "question",
    [
        "What does FOX hear?",  # one name is left to the search
        "Does OtterNet beat FOX and CLAW?",  # it is about OtterNet
        "How do WETs and FOX differ?",  # two papers introduce WETs
        "How do BEAR and FOX differ?",
        "How do fox and claw differ?",
        "How do otters and kites differ?",
    ],
)
def test_other_names_are_left_to_the_search(records: Records, question: str) -> None:
    assert introduced_papers(records, question, {}) == {}


def test_a_paper_that_is_named_in_another_way_keeps_its_words(records: Records) -> None:
    named = {OTTERNET: "Counting Otters from Above: OtterNet"}
    assert introduced_papers(records, "How does OtterNet differ from FOX?", named) == {**named, FOX: "FOX"}
    assert introduced_papers(records, "How do CLAW and FOX differ?", named) == {}


def test_only_the_papers_asked_count(records: Records) -> None:
    assert introduced_papers(records, "How do FOX and CLAW differ?", {}, papers=[CLAW, DRY]) == {}


def test_a_hostile_paper_takes_no_time(tmp_path: Path) -> None:
    parts = ("FOX (", "FOX ( ", "FOX (a\n", "FOX - ", "FOX, a ", "a " * 9 + "(FOX ")
    hostile = {f"Otters {number}": (part * 2500)[:2500] for number, part in enumerate(parts * 5)}
    records = written(tmp_path, hostile)
    started = time.perf_counter()
    introduced_papers(records, "How do FOX and CLAW differ?", {})
    assert time.perf_counter() - started < 2
    records.close()


def test_hostile_questions_take_no_time(records: Records) -> None:
    for part in ("A" * 5000, "aB" * 3000, "FOX, " * 1000, "FOX and " * 1000, "fooo FOX " * 800):
        assert introduced_papers(records, f"How do {part} and", {}) == {}
