"""The numbers and names that prose must keep: those that the quotes give for what was asked."""

from __future__ import annotations

import pytest

from rag.answering.kept_facts import Needed, needed_facts
from rag.answering.quotes import citation_of
from rag.retrieval.wanted import wanted_by
from rag.types import Answer, Paper, Span

TITLE = "OtterCam: Counting Otters from Kites"


def needed_of(question: str, *quotes: str, title: bool = False) -> Needed:
    text = "\n\n".join([TITLE, *quotes])
    paper = Paper(TITLE, text, "1")
    parts = [*([TITLE] if title else []), *quotes]
    spans = [Span(text.index(part), text.index(part) + len(part)) for part in parts]
    citations = tuple(citation_of(paper, n, span, text[slice(*span)]) for n, span in enumerate(spans, 1))
    answer = Answer(question, "", False, True, 1.0, "quote", None, (), citations, ())
    return needed_facts(answer, wanted_by(question))


@pytest.mark.parametrize(
    ("question", "quotes", "kept", "lost"),
    [
        (
            "How many otters were seen?",
            ["In 11 rivers, 120 otters and 30 beavers were seen."],
            "It saw 120 of them.",
            "There were 11 rivers and 30 beavers.",
        ),
        ("How many otters were seen?", ["The kite saw 1,200 otters."], "1200 were seen.", "1,300 were seen."),
        ("How long does it take?", ["It takes 1.2 s."], "It takes 1200 ms.", "It takes 12 s."),
        ("How far is it?", ["It is cold.", "It flew for 7 km or 9 km."], "It is 9 km.", "It is cold."),
        (
            "Which dataset was used in 2019?",
            ["We used the RiverPhotos dataset in 2019.", "OtterCam is fast."],
            "They used River-Photos.",
            "They used OtterCam.",
        ),
        ("Which model counts otters?", ["We count with OtterNet."], "It is OtterNet.", "It is a network."),
        ("Who counted otters?", ["They were counted by Brook."], "It was Brook.", "It was a person."),
        ("How many otters, beavers and minks?", ["There are 3, 4 and 5 of them."], "3, 4 and 5.", "3 of them."),
    ],
)
def test_what_was_asked_for_is_needed(question: str, quotes: list[str], kept: str, lost: str) -> None:
    needed = needed_of(question, *quotes)
    assert needed.missing_in(kept) == ()
    assert needed.missing_in(lost)


def test_a_question_for_a_paper_needs_its_name() -> None:
    needed = needed_of("Which paper counts otters from kites?", "It counts otters.", title=True)
    for text in ("It is OtterCam.", f"It is {TITLE}.", "It is “ottercam: counting otters from kites”."):
        assert needed.missing_in(text) == ()
    assert TITLE in needed.missing_in("It is a paper on otters.")


@pytest.mark.parametrize(
    "question",
    [
        "Why do otters swim?",
        "How does OtterCam work?",
        "What is OtterCam?",
        "Does OtterCam see 5 otters?",
        "What does the study of otters find about kites?",
    ],
)
def test_other_questions_need_nothing(question: str) -> None:
    assert needed_of(question, "OtterCam sees 120 otters in RiverPhotos.", title=True).facts == ()
