"""Which sentences of a model are statements that quotes could support."""

from __future__ import annotations

import pytest

from rag.answering.checks.statements import statement_fault


@pytest.mark.parametrize(
    "sentence",
    [
        "The kite counts 94.5% of the otters.",
        "Birds break the rules.",
        "Ivy grows on nine of 30 walls.",
        "It fails in fog.",
        "Otters sleep in dens that are lined with moss.",
        "Provide-and-Check is a method for drafts.",
        "Deep learning scaling is predictable, empirically.",
        "Eleven models were trained on human feedback",
        "GPT-4 Turbo outperforms Llama Chat.",
        "MossMap tests four kinds of roofs.",
        "The kite benefits from calm water.",
        "Question-answer pairs are small units of memory.",
    ],
)
def test_a_statement_has_no_fault(sentence: str) -> None:
    assert statement_fault(sentence, "What is known of otters and moss?") == ""


@pytest.mark.parametrize(
    ("sentence", "fault"),
    [
        ("Yes.", "It is not a whole sentence."),
        ("The benefits of moss for roofs.", "It is not a whole sentence."),
        ("The passage above is about otters.", "It speaks of the task, not of the papers."),
        ("1,140 fine-grained programming tasks.", "It is not a whole sentence."),
        ("Monte Carlo tree search", "It is not a whole sentence."),
        ("The two methods are the following:", "It is not a whole sentence."),
        ("Counting Great Otters from Very Small Kites", "It is not a whole sentence."),
        ("Why do otters sleep in dens?", "It is a question."),
        ("Otters sleep in dens, which are", "The sentence is cut."),
        ("Answer from the passages above alone, in short sentences.", "It speaks of the task, not of the papers."),
        ("I will answer from the passages.", "It speaks of the task, not of the papers."),
        ("If you have more questions, they are welcome.", "It speaks of the task, not of the papers."),
        ("The passages are quotations.", "It speaks of the task, not of the papers."),
    ],
)
def test_what_is_no_statement_has_a_reason(sentence: str, fault: str) -> None:
    assert statement_fault(sentence) == fault


@pytest.mark.parametrize(
    ("sentence", "question", "repeats"),
    [
        ("Otters have many dens.", "How many dens do otters have?", True),
        ("Otters have seven dens.", "How many dens do otters have?", False),
        ("Otters have dens.", "Do otters have dens?", False),
        ("Otters sleep longer than beavers.", "Who sleeps longer, otters or beavers?", False),
    ],
)
def test_an_echo_of_the_question_says_nothing(sentence: str, question: str, repeats: bool) -> None:
    assert bool(statement_fault(sentence, question)) == repeats


def test_a_title_is_no_statement_with_or_without_its_second_part() -> None:
    titles = ["Otters Are Hard to Count: A Study from Kites"]
    assert statement_fault("Otters are hard to count: a study from kites.", titles=titles) == "It is a title."
    assert statement_fault("Otters are hard to count.", titles=titles) == "It is a title."
    assert statement_fault("Otters are hard to count from kites in fog.", titles=titles) == ""
