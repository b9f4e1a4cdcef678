"""Clauses: how a sentence is split, and what is held back if the quotes do not say one of its clauses."""

from __future__ import annotations

import pytest

from rag.answering.checks.clauses import clauses, unsaid
from rag.answering.checks.support import support
from rag.models.protocols import Embedder

KITE = "The kite counts the otters of eleven rivers, because its camera sees through shallow water."
BREAD = "The tasters rated the rye bread higher than the wheat bread."


@pytest.mark.parametrize(
    ("sentence", "parts"),
    [
        ("The kite counts otters and its camera sees the river.", 2),
        ("The kite counts otters, which live in eleven rivers.", 2),
        ("The kite counts otters, helping wardens plan patrols.", 2),
        ("The kite counts otters by filming rivers from above.", 2),
        ("The kite counts otters to protect fish farms.", 2),
        ("The kite counts otters and fish.", 1),
        ("", 1),
    ],
)
def test_a_sentence_is_split_where_it_begins_to_say_something_else(sentence: str, parts: int) -> None:
    found = clauses(sentence)
    assert len(found) == parts
    assert "".join(sentence[start:end] for start, end in found) == sentence


@pytest.mark.parametrize(
    "sentence",
    [
        "The kite counts otters in eleven rivers, since its camera can see through shallow water.",
        "The kite counts the otters of eleven rivers, and the tasters rated the rye bread higher.",
    ],
)
def test_clauses_may_be_said_in_other_words_and_by_different_sentences(sentence: str, embedder: Embedder) -> None:
    assert not unsaid(sentence, [KITE, BREAD], embedder)


@pytest.mark.parametrize(
    ("sentence", "added"),
    [
        ("The kite counts the otters of eleven rivers and warns nearby fishermen.", "and warns nearby fishermen."),
        (
            "The kite counts the otters of eleven rivers, which lowers insurance premiums.",
            "which lowers insurance premiums.",
        ),
        ("The tasters rated the rye bread higher, after sleeping in a laboratory.", "after sleeping in a laboratory."),
    ],
)
def test_an_added_clause_is_found_and_makes_a_true_sentence_supported_in_part(
    sentence: str, added: str, embedder: Embedder
) -> None:
    assert unsaid(sentence, [KITE, BREAD], embedder) == added
    found = support(sentence, [f"{KITE} {BREAD}"], embedder)
    assert found.label != "supported"


def test_a_long_sentence_is_split_in_linear_time() -> None:
    assert len(clauses("red otters swim fast and " * 4_000)) == 4_000
