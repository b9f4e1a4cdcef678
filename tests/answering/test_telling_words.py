"""Words that few passages hold tell more of them than the name of what the paper is about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from helpers.fake_embedder import fake_embedder

from rag.answering.evidence import Evidence, sentence_logits
from rag.answering.features import SENTENCE_FEATURES, Candidate
from rag.assistant import Assistant
from rag.filters import Filters
from rag.pipeline import read
from rag.types import Span

PAPER = """# Otterra, a scheme of holts

## Aim
Otterra is a scheme that gives holts to otters. Otterra was made for otters of the estuary.

## Past
Otterra began with four holts by the old mill. Otterra grew to forty holts within two years.

## Care
Otterra is cared for by the keepers of the mill. Otterra has a book of all holts and otters.

## Choice
Holts were assigned by a randomized draw at dawn. The keepers watched it.
"""


ABOUT_ALL, TELLING = "Otterra has a book of all holts and otters.", "Holts were assigned by a randomized draw at dawn."


def test_a_word_that_one_passage_holds_tells_more_than_a_name_that_all_hold(tmp_path: Path) -> None:
    (tmp_path / "otterra.md").write_text(PAPER)
    off = {"cross_encoder": {"model": "none"}}
    with Assistant.open(library=tmp_path / "library", mode="quote", overrides=off, embedder=fake_embedder()) as opened:
        opened.add(tmp_path / "otterra.md")
        evidence = read(opened.library, "Was Otterra randomized?", Filters()).evidence
    told = {each.text: float(fit) for each, fit in zip(evidence.candidates, evidence.fits[:, 2], strict=True)}
    assert told[TELLING] > 2 * told[ABOUT_ALL] > 0
    assert told["The keepers watched it."] == 0


@pytest.mark.parametrize(("kind", "first"), [("yes_no", TELLING), ("summary", ABOUT_ALL)])
def test_telling_words_count_where_something_particular_is_asked(kind: str, first: str) -> None:
    candidates = [Candidate(at, 1, Span(100 * at, 100 * at + 90), text) for at, text in enumerate((ABOUT_ALL, TELLING))]
    features = np.zeros((2, len(SENTENCE_FEATURES)))
    evidence = Evidence(candidates, features, np.zeros(1), np.array([[0.0, 0.0, 0.2], [0.0, 0.0, 0.8]]), kind)
    logits = sentence_logits(evidence)
    assert candidates[int(np.argmax(logits))].text == first
