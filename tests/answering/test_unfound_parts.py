"""The notes of an answer say which part of the question nothing speaks of, and where was searched."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from helpers.fake_embedder import fake_embedder

from rag.assistant import Assistant

KITES, MILLS = "Kites: Seen from Afar by Night", "Mills: An Overview"
TEXTS = {KITES: "Ropes of hemp hold each kite on the ground.", MILLS: "The mill grinds corn with stones of flint."}


@pytest.fixture(scope="module")
def two_papers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    root = tmp_path_factory.mktemp("unfound")
    lines = [json.dumps({"title": title, "text": text}) + "\n" for title, text in TEXTS.items()]
    (root / "papers.jsonl").write_text("".join(lines))
    off = {"cross_encoder": {"model": "none"}}
    with Assistant.open(library=root / "library", mode="quote", overrides=off, embedder=fake_embedder()) as opened:
        opened.add(root / "papers.jsonl")
        yield opened


def test_a_note_names_the_part_that_no_passage_speaks_of(two_papers: Assistant) -> None:
    answer = two_papers.ask("What do they say on anchors and ropes?", papers=[KITES])
    assert "No passage that was found speaks of 'anchors'." in answer.notes


def test_a_note_names_the_paper_that_holds_no_word_of_the_question(two_papers: Assistant) -> None:
    answer = two_papers.ask("Is there hemp?", papers=[KITES, MILLS])
    assert f"{MILLS} holds no word of the question." in answer.notes


def test_a_note_names_the_papers_that_the_question_names(two_papers: Assistant) -> None:
    answer = two_papers.ask("Compare Kites with Mills")
    assert f"Searched in the papers that the question names: {KITES}; {MILLS}." in answer.notes
