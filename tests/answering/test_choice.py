"""The best sentence is quoted first, and others only if they add to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from rag.answering.choice import choose, choose_of_each
from rag.answering.evidence import Evidence
from rag.answering.features import SENTENCE_FEATURES, Candidate
from rag.models.weights import Linear, Weights, load_weights
from rag.retrieval.wanted import wanted_by
from rag.types import Span

QUESTION = "How fast do kites fly in fog?"


def chosen(
    said: Sequence[tuple[str, float]],
    question: str = QUESTION,
    of: Sequence[int] = (),
    titles: Sequence[int] = (),
    with_titles: bool = True,
    passages: Sequence[int] = (),
) -> list[str]:
    """The texts chosen from some with their logits; `of` has the paper of each, `titles` which of them are titles.

    Each is in a passage of its own if `passages` does not say otherwise.
    """
    evidence = evidence_in(said, of or [1] * len(said), titles, passages)
    chosen = choose(evidence, wanted_by(question), 4, as_given(), with_titles=with_titles)
    return [each.text for each in chosen]


def evidence_in(
    said: Sequence[tuple[str, float]], keys: Sequence[int], titles: Sequence[int], passages: Sequence[int] = ()
) -> Evidence:
    """Evidence of texts with their logits, the keys of their papers, and the rows of their passages."""
    candidates = [
        Candidate(passages[i] if passages else i, keys[i], Span(100 * i, 100 * i + 90), text, is_title=i in titles)
        for i, (text, _) in enumerate(said)
    ]
    features = np.zeros((len(said), len(SENTENCE_FEATURES)))
    features[:, 0] = [logit for _, logit in said]
    return Evidence(candidates, features, np.zeros(1))


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


def test_of_two_that_are_about_as_good_the_one_of_another_passage_is_chosen() -> None:
    said = [("Kites fly at 12 m/s.", 3.0), ("It is 9 m/s on Sunday.", 0.3), ("A kite weighs 3 kg.", 0.1)]
    assert chosen(said, passages=[0, 0, 1]) == ["Kites fly at 12 m/s.", "A kite weighs 3 kg."]
    assert chosen(said, passages=[0, 1, 1]) == ["Kites fly at 12 m/s.", "It is 9 m/s on Sunday."]


def test_another_paper_is_quoted_only_if_it_answers_about_as_well() -> None:
    said = [("Kites fly at 12 m/s.", 3.0), ("A kite weighs 3 kg.", 1.5), ("Ropes have strands.", 2.5)]
    assert len(chosen(said, of=[1, 1, 2])) == 3
    assert chosen(said, of=[1, 2, 1]) == ["Kites fly at 12 m/s.", "Ropes have strands."]


def test_what_says_the_same_is_quoted_once() -> None:
    said = [("Kites fly at 12 m/s in dense fog.", 2.0), ("In fog, kites fly at 12 m/s.", 1.9)]
    assert chosen(said) == ["Kites fly at 12 m/s in dense fog."]


def chosen_of_each(papers: Sequence[Sequence[tuple[str, float]]], most: int) -> list[str]:
    """The texts chosen from those of several papers, with their logits."""
    evidence = [evidence_in(said, [key] * len(said), ()) for key, said in enumerate(papers)]
    wanted = [wanted_by(QUESTION)] * len(papers)
    return [each.text for each in choose_of_each(evidence, wanted, most, as_given())]


def test_each_of_several_papers_is_quoted_however_far_its_best_sentence_is_below() -> None:
    owls = [("Owls fly at 9 m/s in fog.", -5.0)]
    kites = [("Kites fly at 12 m/s.", 9.0), ("We saw 40 boats.", 8.9)]
    assert chosen_of_each([owls, kites], 4) == [
        "Kites fly at 12 m/s.", "We saw 40 boats.", "Owls fly at 9 m/s in fog."
    ]  # fmt: skip
    assert len(chosen_of_each([owls, kites], 1)) == 2


def test_several_papers_share_the_sentences_in_turn() -> None:
    said = [[(f"{animal} {verb} there.", 2.0) for verb in ("fly", "swim", "rest", "eat")] for animal in "ABCDE"]
    assert [text[0] for text in chosen_of_each(said[:2], 4)] == list("AAABBB")
    assert [text[0] for text in chosen_of_each(said, 4)] == list("AABBCCDE")
    assert [text[0] for text in chosen_of_each(said, 1)] == list("ABCDE")


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
