"""The notes of an answer say which part of the question nothing speaks of, and where was searched."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from helpers.fake_embedder import fake_embedder

from rag.assistant import Assistant
from rag.types import UNSURE

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


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("Are the ropes of German hemp?", "German"),
        ("Which ropes does ROHHEK hold?", ""),  # initials of words that follow each other
        ("Do the ropes hold a KOTG?", ""),
        ("What Do The Ropes Of Hemp Hold In Germany?", ""),
        ("Hemp holds each of the kites?", ""),
    ],
)
def test_a_name_that_the_paper_does_not_hold_is_said_and_the_answer_hedged(
    two_papers: Assistant, question: str, name: str
) -> None:
    answer = two_papers.ask(question, papers=[KITES])
    notes = [f"{KITES} does not mention “{name}”."] if name else []
    assert [note for note in answer.notes if "mention" in note] == notes
    if name:
        assert answer.text.startswith(UNSURE)
