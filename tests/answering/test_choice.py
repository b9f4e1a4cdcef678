"""The best sentence is quoted first, and others only if they add to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rag.answering.choice import choose
from rag.answering.evidence import Evidence
from rag.answering.features import SENTENCE_FEATURES, Candidate
from rag.models.weights import Linear, Weights, load_weights
from rag.retrieval.wanted import wanted_by
from rag.types import Span

QUESTION = "How fast do kites fly in fog?"


def chosen(
    said: Sequence[tuple[str, float]],
    question: str = QUESTION,
    papers: Sequence[int] = (),
    of: Sequence[int] = (),
    titles: Sequence[int] = (),
    with_titles: bool = True,
) -> list[str]:
    """The texts chosen from some with their logits; `of` has the paper of each, `titles` which of them are titles."""
    keys = of or [1] * len(said)
    candidates = [
        Candidate(0, keys[i], Span(100 * i, 100 * i + 90), text, is_title=i in titles)
        for i, (text, _) in enumerate(said)
    ]
    features = np.zeros((len(said), len(SENTENCE_FEATURES)))
    features[:, 0] = [logit for _, logit in said]
    evidence = Evidence(candidates, features, np.zeros(1))
    chosen = choose(evidence, wanted_by(question), 4, as_given(), papers=papers, with_titles=with_titles)
    return [each.text for each in chosen]


def as_given() -> Weights:
    """Weights with which a sentence's first feature is its logit."""
    weights = load_weights()
    count = len(SENTENCE_FEATURES)
    first = Linear(SENTENCE_FEATURES, np.zeros(count), np.ones(count), np.eye(count)[0], 0.0)
    return replace(weights, answers={"unread": replace(weights.answers["unread"], sentences=first)})


def test_the_best_sentence_stands_first_wherever_it_stands_in_the_paper() -> None:
    said = [("We fly kites at sea.", 1.5), ("Kites fly at 12 m/s in fog.", 2.0)]
    assert chosen(said) == ["Kites fly at 12 m/s in fog.", "We fly kites at sea."]


def test_what_is_far_below_the_best_is_left_out() -> None:
    assert chosen([("Kites fly at 12 m/s in fog.", 2.0), ("Our boat is red.", -3.0)]) == ["Kites fly at 12 m/s in fog."]


def test_what_is_a_little_below_the_best_follows_if_it_holds_another_word_of_the_question() -> None:
    said = [("Kites fly at 12 m/s.", 2.0), ("It is less in fog.", -0.5), ("The boat is red.", -0.4)]
    assert chosen(said) == ["Kites fly at 12 m/s.", "It is less in fog."]


def test_what_says_the_same_is_quoted_once() -> None:
    said = [("Kites fly at 12 m/s in dense fog.", 2.0), ("In fog, kites fly at 12 m/s.", 1.9)]
    assert chosen(said) == ["Kites fly at 12 m/s in dense fog."]


def test_each_named_paper_is_quoted_and_its_sentences_stand_together() -> None:
    said = [("Kites fly at 12 m/s.", 2.0), ("Owls fly at 9 m/s in fog.", -1.5), ("Kites stop in fog.", 1.9)]
    assert chosen(said, papers=[1, 2], of=[1, 2, 1]) == [
        "Kites fly at 12 m/s.", "Kites stop in fog.", "Owls fly at 9 m/s in fog."
    ]  # fmt: skip
    assert "Owls fly at 9 m/s in fog." not in chosen(said, of=[1, 2, 1], question="Do kites fly?")


def test_a_named_paper_is_quoted_however_far_its_best_sentence_is_below() -> None:
    said = [("Kites fly at 12 m/s.", 9.0), ("Owls fly at 9 m/s in fog.", -5.0)]
    assert chosen(said, papers=[1, 2], of=[1, 2]) == ["Kites fly at 12 m/s.", "Owls fly at 9 m/s in fog."]


def test_each_part_of_a_question_is_answered() -> None:
    said = [("The kite weighs 3 kg.", 3.0), ("The kite weighs little.", 2.9), ("The rope has 40 strands.", 0.0)]
    question = "Compare the kite with the rope"
    assert "The rope has 40 strands." in chosen(said, question)


def test_a_title_is_chosen_for_a_given_paper_only_if_there_is_nothing_else() -> None:
    said = [("Kites in Fog", 3.0), ("Kites fly at 12 m/s.", 2.0)]
    assert chosen(said, titles=[0], with_titles=False) == ["Kites fly at 12 m/s."]
    assert chosen(said[:1], titles=[0], with_titles=False) == ["Kites in Fog"]
    assert chosen(said, "Which paper flies kites?", titles=[0]) == ["Kites in Fog", "Kites fly at 12 m/s."]


def test_a_question_for_papers_lists_each_that_fits_with_its_title_and_best_sentence() -> None:
    said = [
        ("Kites in Fog", -9.0),
        ("Kites fly at 12 m/s in fog.", 2.0),
        ("Kites stop.", 1.5),
        ("Owls at Night", -9.0),
        ("Owls fly in fog too.", 0.0),
        ("Of Rope", -9.0),
        ("A rope has strands.", -4.0),
    ]
    of, titles = [1, 1, 1, 2, 2, 3, 3], [0, 3, 5]
    listed = ["Kites in Fog", "Kites fly at 12 m/s in fog.", "Owls at Night", "Owls fly in fog too."]
    assert chosen(said, question="Which papers are about fog?", of=of, titles=titles) == listed
    assert "Owls at Night" not in chosen(said, question="Which paper is about fog?", of=of, titles=titles)
