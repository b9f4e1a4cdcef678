"""Follow-ups: what leans on the question before is searched for with it, a new topic alone, and thanks not at all."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator

import pytest
from helpers.papers import ROOT

from rag.assistant import Assistant
from rag.retrieval.follow_ups import MOST_TURNS, NO_QUESTION, Lean, check_history, is_courtesy, joined_question, lean
from rag.types import REFUSAL, Answer

SETTINGS = {"answer": {"keep": False}, "cross_encoder": {"model": "none"}}
FOLLOW_UPS = [json.loads(line) for line in (ROOT / "tests/data/follow_ups.jsonl").read_text().splitlines()]


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    """An assistant on the sample that keeps no answers. It has no cross-encoder: that takes long."""
    folder = tmp_path_factory.mktemp("sample")
    with Assistant.open(folder, mode="quote", overrides=SETTINGS) as opened:
        opened.add([ROOT / "eval/sample"])
        yield opened


@pytest.mark.slow
def test_each_kind_of_follow_up_is_understood(sample: Assistant) -> None:
    first: dict[str, Answer] = {}
    right: Counter[str] = Counter()
    for row in FOLLOW_UPS:
        before = first.setdefault(row["first"], first.get(row["first"]) or sample.ask(row["first"]))
        answer = sample.ask(row["question"], history=[(row["first"], before.text)])
        cites = bool(answer.citations) and answer.citations[0].title.startswith(row["title"])
        hedged = bool(answer.sentences) and not answer.sentences[0].citations
        right[row["expect"]] += {
            "same": cites, "other": cites, "none": answer.refused or hedged, "courtesy": answer.text == NO_QUESTION,
        }[row["expect"]]  # fmt: skip
    counts = Counter(row["expect"] for row in FOLLOW_UPS)
    assert counts == {"same": 40, "other": 20, "none": 16, "courtesy": 12}
    # 36, 20, 16 and 12; with the cross-encoder 38, 20, 15 and 12.
    assert right["same"] >= 35
    assert (right["other"], right["none"] >= 15, right["courtesy"]) == (20, True, 12)


def test_the_same_is_asked_of_another_name(sample: Assistant) -> None:
    answer = sample.ask("And BigCodeBench?", history=[("How many tasks does WildBench have?", "1,024 tasks.")])
    assert "1,140" in answer.text
    assert answer.citations[0].title.startswith("BigCodeBench")
    assert f"Searched for: {answer.standalone_question}" in answer.notes


def test_a_name_that_the_paper_before_does_not_hold_is_hedged(sample: Assistant) -> None:
    answer = sample.ask("Does it run on Kubernetes?", history=[("How many tasks does WildBench have?", "1,024.")])
    assert not answer.sentences[0].citations


def test_thanks_are_neither_searched_for_nor_kept(assistant: Assistant) -> None:
    answer = assistant.ask("Thanks, that helps!")
    assert (answer.text, answer.citations, answer.passages, answer.number) == (NO_QUESTION, (), (), None)
    assert assistant.history() == []


def test_thanks_leave_the_topic_as_it_was() -> None:
    history = [("Who counts otters?", "A kite."), ("Thanks", NO_QUESTION)]
    assert joined_question("Does it work in fog?", history) == "Who counts otters? Does it work in fog?"


def test_a_short_question_that_was_refused_is_no_topic() -> None:
    history = [("How do otters of the north count?", "In pairs."), ("And Docker?", REFUSAL), ("weather today", REFUSAL)]
    assert joined_question("And in fog?", history) == "How do otters of the north count? And in fog?"


def test_another_name_is_the_topic_from_then_on() -> None:
    history = [("How many tasks does the WildBench suite have?", "1,024."), ("And BigCodeBench?", "1,140.")]
    assert joined_question("How were they made?", history) == "And BigCodeBench? How were they made?"
    history[1] = ("And on hard ones?", "12.")
    assert joined_question("How were they made?", history).startswith("How many tasks does the WildBench")


@pytest.mark.parametrize("pointing", ["How many people live in it?", "What is its capital?"])
def test_a_pointer_to_what_the_papers_do_not_know_is_hedged(sample: Assistant, pointing: str) -> None:
    history = [("How many tasks does WildBench have?", "1,024 tasks."), ("What is the capital of Mongolia?", REFUSAL)]
    answer = sample.ask(pointing, history=history)
    assert answer.refused or not answer.sentences[0].citations


@pytest.mark.parametrize(
    "text",
    [
        "I see",
        "Great answer!",
        "ok, got it",
        "That makes sense.",
        "thanks",
        "Thank you!",
        "ok",
        "Hello",
        "great, thanks a lot",
        "Yes",
        "Perfect, that is all",
        "Danke!",
    ],
)
def test_a_courtesy(text: str) -> None:
    assert is_courtesy(text)


@pytest.mark.parametrize(
    "text",
    [
        "I see no benchmark",
        "Which answer makes sense?",
        "Is it good?",
        "good benchmarks",
        "ok, and in fog?",
        "What is a yes bias?",
        "Why?",
        "otters",
        "thanks to whom",
    ],
)
def test_no_courtesy(text: str) -> None:
    assert not is_courtesy(text)


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Does it work in fog?", Lean.POINTS),
        ("Why?", Lean.POINTS),
        ("And the limitations?", Lean.POINTS),
        ("Which datasets were used?", Lean.POINTS),
        ("Explain that in more detail", Lean.POINTS),
        ("Can you elaborate?", Lean.POINTS),
        ("In simpler terms?", Lean.POINTS),
        ("Which method shows that in fog otters sleep?", Lean.NONE),
        ("And in fog?", Lean.MAYBE),
        ("What about the second clock?", Lean.MAYBE),
        ("rivers in winter", Lean.MAYBE),
        ("What is maximum parsimony?", Lean.NONE),
        ("So what are otters?", Lean.NONE),
        ("Which rules predict the alarm calls of birds?", Lean.NONE),
        ("Which study shows that young birds break rules?", Lean.NONE),
        ("Is there a clock that needs no radio?", Lean.NONE),
        ("How large is that number of kites again?", Lean.POINTS),
    ],
)
def test_how_far_a_question_leans(question: str, expected: Lean) -> None:
    assert lean(question) is expected


def test_only_the_last_turns_of_a_long_history_are_read() -> None:
    turns = [(f"Question {n}?", "Yes.") for n in range(200)]
    assert check_history(turns) == turns[-MOST_TURNS:]
