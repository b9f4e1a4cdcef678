"""Variants of questions compared with the questions as asked, and papers excluded from a question."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from helpers.papers import PAPERS

from eval.collections.robustness import as_asked, as_keywords, paper_removed, summarise_robustness, with_typos
from eval.questions import QUESTIONS, Question, load_questions
from eval.score import evaluate
from rag.assistant import Assistant
from rag.errors import UnknownPaper
from rag.types import REFUSAL

OTTERS, TIDES, BIRDS = PAPERS
ASKED = "What share of the otters does the kite count?"


def question(text: str, key: str = "a", titles: tuple[str, ...] = (OTTERS,)) -> Question:
    return Question(key, "fact", text, titles, "", (("94.5%",),))


# Variants


def test_every_bundled_question_gets_a_typo_and_the_same_one_each_time(assistant: Assistant) -> None:
    for q in load_questions(QUESTIONS):
        typed = with_typos(assistant, q)["question"]
        assert typed != q.question
        assert typed == with_typos(assistant, q)["question"]


@pytest.mark.parametrize("text", ["Why?", "RAG or KG: A, B, C?", "Is it so?", "Oo", "x", "llllll llllll"])
def test_a_question_without_a_long_word_gets_one_typo_too(assistant: Assistant, text: str) -> None:
    for key in "abcdef":
        before, after = text.split(), with_typos(assistant, question(text, key))["question"].split()
        changed = [(b, a) for b, a in zip(before, after, strict=True) if b != a]
        assert changed
        assert all(abs(len(b) - len(a)) <= 1 and set(a) <= set(b) for b, a in changed)


def test_keywords_are_what_is_searched_for(assistant: Assistant) -> None:
    assert as_keywords(assistant, question("Which share of the otters is seen?"))["question"] == "share otters seen"
    assert as_keywords(assistant, question("otters kites"))["question"] == "otters kites"
    assert as_keywords(assistant, question("What is it?"))["question"] == "What is it?"


def test_the_papers_that_answer_are_left_out(assistant: Assistant) -> None:
    asked = paper_removed(assistant, question(ASKED, titles=(OTTERS.upper(), TIDES)))
    assert asked["without"] == [paper.id for paper in assistant.papers() if paper.title in (OTTERS, TIDES)]
    assert as_asked(assistant, question(ASKED)) == {"question": ASKED, "history": ()}


# Excluded papers


def test_a_paper_that_is_left_out_answers_nothing(assistant: Assistant) -> None:
    assert OTTERS in {passage.title for passage in assistant.search(ASKED)}
    answer = assistant.ask(ASKED, without=OTTERS)
    assert {passage.title for passage in (*answer.passages, *assistant.search(ASKED, without=OTTERS))} == {TIDES, BIRDS}
    assert OTTERS not in {citation.title for citation in answer.citations}
    assert list(assistant.stream(ASKED, without=OTTERS))[-1].text == answer.text


def test_the_papers_that_are_left_do_not_count_as_named(assistant: Assistant) -> None:
    ethanol = "What is the boiling point of ethanol?"
    assert not assistant.ask(ethanol, papers=[TIDES, BIRDS]).refused
    assert assistant.ask(ethanol, without=OTTERS).refused


@pytest.mark.parametrize("more", [{"without": list(PAPERS)}, {"papers": OTTERS, "without": [OTTERS]}])
def test_where_no_paper_is_left_the_answer_is_a_refusal(assistant: Assistant, more: dict[str, list[str]]) -> None:
    answer = assistant.ask(ASKED, **more)
    assert (answer.refused, answer.text, answer.passages, answer.confidence) == (True, REFUSAL, (), 0.0)
    assert assistant.search(ASKED, **more) == []


def test_a_paper_to_leave_out_goes_with_other_filters_and_has_to_be_there(assistant: Assistant) -> None:
    passages = assistant.search("How many?", sources=["kites.txt", "calls.txt"], without=assistant.paper(BIRDS).id)
    assert {passage.title for passage in passages} == {OTTERS}
    with pytest.raises(UnknownPaper, match="Moss"):
        assistant.ask(ASKED, without="Moss")


# Figures


def test_a_variant_is_compared_on_the_same_questions() -> None:
    right, wrong = {"falsely refused": 0.0, "RR": 1.0, "nugget recall": 1.0}, {"falsely refused": 0.0, "RR": 0.5}
    asked = {
        "right": right,
        "right too": {"falsely refused": 0.0, "RR": 1.0, "Success@1": 1.0},  # without nuggets
        "wrong": wrong | {"nugget recall": 0.5},
        "refused": {"falsely refused": 1.0, "RR": 1.0, "Success@1": 1.0},
    }
    again = {
        "right": wrong | {"nugget recall": 0.5},
        "right too": asked["right too"],
        "wrong": right,
        "refused": asked["refused"],
    }
    report = summarise_robustness(asked, {"typos": again, "removed": {key: {"refused": 1.0} for key in asked}})
    figures, differences = report["robustness"], report["robustness_differences"]
    assert {name: of["RR"]["n"] for name, of in figures.items() if "RR" in of} == {"as asked": 4, "typos": 4}
    assert (figures["typos"]["stays right"]["mean"], figures["typos"]["stays right"]["n"]) == (1 / 2, 2)
    assert list(figures["removed"]) == ["refused"]
    assert list(differences) == ["typos"]
    assert differences["typos"]["nugget recall"]["mean"] == 0
    assert (differences["typos"]["nugget recall"]["low"], differences["typos"]["nugget recall"]["high"]) == (-0.5, 0.5)


def test_later_turns_are_in_no_column_of_robustness(assistant: Assistant, tmp_path: Path) -> None:
    later = Question("c", "fact", "And in fog?", (OTTERS,), "", (("fails",),), history=((ASKED, "94.5%"),))
    report, _ = evaluate(assistant, [question(ASKED), later], tmp_path, robustness=True)
    assert report["measures"]["RR"]["n"] == 2
    columns = report["robustness"]
    assert list(columns) == ["as asked", "typos", "keywords", "removed"]
    assert [column.get("RR", column.get("refused"))["n"] for column in columns.values()] == [1, 1, 1, 1]
    assert columns["keywords"]["stays right"]["mean"] == 1
    assert report["robustness_differences"]["typos"]["RR"]["n"] == 1
    assert {path.name for path in tmp_path.glob("*.jsonl")} == {
        f"{name}.jsonl" for name in ("answers", "typos", "keywords", "removed")
    }


def test_a_library_of_the_one_paper_that_answers_refuses_without_it(folder: Path, tmp_path: Path) -> None:
    with Assistant.open(library=tmp_path / "one", mode="quote") as alone:
        alone.add([folder / "kites.txt"])
        evaluate(alone, [question(ASKED)], tmp_path, robustness=True)
    assert json.loads((tmp_path / "removed.jsonl").read_text())["refused"]
    assert not json.loads((tmp_path / "answers.jsonl").read_text())["refused"]
