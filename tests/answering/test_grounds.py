"""What an answer rests on is said in words that a reader can check."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rag.answering.grounds import grounds
from rag.assistant import Assistant
from rag.types import Answer, Citation, Sentence

CITATION = Citation(
    1, "Counting Otters", "a", (), None, None, None, None, None, 0, 10, "The kite fails in fog.", "a.txt"
)
BOTH = "2 quotes, both from one paper"
ANSWER = Answer("", "", False, True, 0.5, "quote", None, (), (CITATION,), ())


def of(question: str, *quotes: tuple[str, str]) -> str:
    citations = tuple(replace(CITATION, paper_id=paper, quote=quote) for paper, quote in quotes)
    return grounds(replace(ANSWER, citations=citations), question)


@pytest.mark.parametrize(
    ("question", "quotes", "said"),
    [
        ("When does the kite fail?", [("a", "It fails on 3 days.")], "1 quote"),
        ("How many kites?", [("a", "Kites fail."), ("a", "So do clocks.")], f"{BOTH}; neither holds a number"),
        ("How many kites?", [("a", "Seven kites fail."), ("b", "So do clocks.")], "2 quotes, from 2 papers"),
        ("How many kites?", [("a", "Kites fail.")], "1 quote; it does not hold a number"),
        ("Which licence?", [("a", "It is large.")] * 3, "3 quotes, all from one paper; none holds “licence”"),
        ("Which licence?", [("a", "Its licence is open.")], "1 quote"),
        ("Does FENSTER work?", [("a", "It works.")], "1 quote; it does not hold “fenster”"),
        ("Why is that?", [("a", "It works.")], "1 quote"),
    ],
)  # fmt: skip
def test_quotes_and_papers_are_counted_and_what_they_lack_is_named(
    question: str, quotes: list[tuple[str, str]], said: str
) -> None:
    assert of(question, *quotes) == said


def test_titles_are_no_quotes_and_a_refusal_rests_on_nothing() -> None:
    assert of("Which paper?", ("a", CITATION.title), ("a", "It works.")) == "1 quote"
    assert of("Which paper?", ("a", CITATION.title)) == ""
    assert grounds(replace(ANSWER, refused=True), "Why?") == ""


def test_counted_answers_rest_on_metadata() -> None:
    counted = replace(ANSWER, sentences=(Sentence("2 papers.", (1,), "counted"),))
    titled = replace(counted, citations=(replace(CITATION, quote=CITATION.title),))
    assert grounds(titled, "How many papers?") == "counted in the metadata of 1 paper"


def test_an_answer_says_what_it_rests_on(assistant: Assistant) -> None:
    answer = assistant.ask("What share of the otters does the kite count?")
    assert "quote" in answer.grounds
    assert answer.to_dict()["grounds"] == answer.grounds
