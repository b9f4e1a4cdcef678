"""A question on several papers is divided into one on each."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from rag.retrieval.division import divided

KITES, OWLS = "KITE: Ropes for the Wind", "Night Owls of Two Northern Bays"
NAMED = {1: "KITE", 2: "Reed (2018)"}


def asked(question: str, named: Mapping[int, str] | None = None) -> list[str]:
    return divided(question, {1: KITES, 2: OWLS}, named or {})


@pytest.mark.parametrize(
    ("question", "of_kites", "of_owls"),
    [
        (
            "How many ropes do KITE and Reed (2018) use?",
            "How many ropes do KITE use?",
            "How many ropes do Reed (2018) use?",
        ),
        ("Compare the size of KITE with the size of Reed (2018)", "size of KITE", "size of Reed (2018)"),
        ("What are the differences between KITE and Reed (2018)?", "KITE?", "Reed (2018)?"),
        ("Is KITE faster than Reed (2018)?", "Is KITE faster?", "Is faster than Reed (2018)?"),
    ],
)
def test_the_name_of_one_paper_is_left_out_for_the_other(question: str, of_kites: str, of_owls: str) -> None:
    assert asked(question, NAMED) == [of_kites, of_owls]


def test_words_of_one_title_beside_and_name_that_paper() -> None:
    assert asked("How far do wind ropes and the owls of the north reach?") == [
        "How far do wind ropes reach?", "How far do owls of the north reach?"
    ]  # fmt: skip
    assert asked("How do the northern owls paper and the wind paper count?") == [
        "How do the wind paper count?", "How do the northern owls paper count?"
    ]  # fmt: skip


def test_words_of_no_title_are_asked_of_each() -> None:
    assert asked("Are fog and rain seen?") == ["Are fog and rain seen?"] * 2
    assert asked("Do owls fly in rain and fog?") == ["Do owls fly in rain and fog?"] * 2


@pytest.mark.parametrize(
    ("question", "of_one"),
    [
        ("What are the limits of each of these two studies?", "What are the limits of the paper?"),
        ("Which of the two papers has more ropes?", "the paper has more ropes?"),
        ("What is each about?", "What is the paper about?"),
        ("Compare what both tools need", "what tools need"),
        ("what language do these two tools need, each?", "what language do these tools need?"),
        ("Compare the first paper with the second: which ropes does each use?", "which ropes does the paper use?"),
        ("Which ropes are used?", "Which ropes are used?"),
    ],
)
def test_what_is_asked_of_several_is_worded_for_one(question: str, of_one: str) -> None:
    assert asked(question) == [of_one] * 2
