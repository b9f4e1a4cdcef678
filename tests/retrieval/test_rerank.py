"""Reranking changes the order of passages, the choice of sentences and the confidence, each behind its switch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.answering.confidence import confidence_in
from rag.answering.evidence import Evidence, gather_evidence, sentence_logits
from rag.answering.features import CONFIDENCE_FEATURES
from rag.answering.rerank import RERANKED_CONFIDENCE_FEATURES, rerank_sentences
from rag.assistant import Assistant
from rag.models.protocols import Reranker
from rag.models.reranker import Array, PackagedReranker, Reading
from rag.models.weights import load_weights
from rag.retrieval.rerank import rerank_passages
from rag.retrieval.search import search, top_passages

QUESTION = "What share of the otters does the kite count?"


class OtherCorpus:
    """An assistant's papers with another reranker, or with other settings of the cross-encoder."""

    def __init__(self, assistant: Assistant, reranker: Reranker | None = None, **changes: bool | int) -> None:
        self._library = assistant.library
        changed = assistant.settings.cross_encoder.model_copy(update=changes)
        self.settings = assistant.settings.model_copy(update={"cross_encoder": changed})
        self.reranker = reranker or assistant.library.reranker

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)


def evidence_with(assistant: Assistant, reranker: Reranker | None = None, **changes: bool | int) -> Evidence:
    corpus = OtherCorpus(assistant, reranker, **changes)
    found = search(corpus, QUESTION)
    return rerank_sentences(corpus, found, gather_evidence(corpus, found))


def test_what_was_read_is_added_to_the_scores_and_to_the_confidence(assistant: Assistant) -> None:
    evidence = evidence_with(assistant, sentences=5)
    assert evidence.added_logits is not None
    unread = sentence_logits(replace(evidence, added_logits=None))
    best = np.argsort(-unread, kind="stable")[:5]
    assert len(set(evidence.added_logits[best])) > 1
    assert (np.delete(evidence.added_logits, best) == evidence.added_logits.min()).all()
    assert sentence_logits(evidence) == pytest.approx(unread + evidence.added_logits)
    assert len(evidence.confidence_features) == len(CONFIDENCE_FEATURES) + len(RERANKED_CONFIDENCE_FEATURES)


@pytest.mark.parametrize(("switch", "choice", "confidence"), [("choice", False, True), ("confidence", True, False)])
def test_each_use_of_sentences_has_its_switch(
    switch: str, choice: bool, confidence: bool, assistant: Assistant
) -> None:
    evidence = evidence_with(assistant, **{switch: False})
    assert (evidence.added_logits is not None) == choice
    assert (len(evidence.confidence_features) > len(CONFIDENCE_FEATURES)) == confidence


class Fog:
    """A user's own cross-encoder that looks for fog."""

    def scores(self, question: str, texts: Sequence[str]) -> Array:
        return np.array([100.0 * ("fog" in text) for text in texts], np.float32)


def test_a_user_s_own_orders_what_was_found_and_is_no_part_of_the_rest(assistant: Assistant) -> None:
    corpus = OtherCorpus(assistant, Fog())
    found = search(corpus, "What do tidal clocks measure?")
    read = rerank_passages(corpus, found)
    gained = int(np.argmax(read.scores - found.scores))
    assert read.candidates.paper(read.candidates.paper_keys[gained]).title == "Counting Otters from Kites"
    assert read.order == sorted(found.order, key=lambda row: -read.scores[row])
    assert rerank_sentences(corpus, read, evidence := gather_evidence(corpus, read)) is evidence


class TaughtFog(Fog, PackagedReranker):
    """The same in the packaged one's place."""

    def __init__(self) -> None:
        pass


@pytest.fixture
def long_papers(tmp_path: Path) -> Iterator[Assistant]:
    """An assistant on two papers of the same title, which are many small chunks each."""
    rows = []
    for name in ("Kites", "Clocks"):
        sentences = [f"{name} of kind {n} are flown above the river at noon by two people." for n in range(12)]
        text = " ".join([*sentences, f"{name} fail in fog, and nobody has found out why that is so."])
        rows.append({"title": "Introduction", "authors": [name], "text": text})
    file = tmp_path / "papers.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    small = {"chunking": {"max_tokens": 48}, "retrieval": {"passages_per_paper": 20}}
    with Assistant.open(library=tmp_path / "library", mode="quote", overrides=small) as assistant:
        assistant.add(file)
        yield assistant


def test_the_packaged_one_orders_a_paper_s_passages_and_leaves_papers_in_their_order(long_papers: Assistant) -> None:
    found = search(long_papers.library, "Which kites are flown at noon?")
    read = rerank_passages(OtherCorpus(long_papers, TaughtFog()), found)
    keys = found.candidates.paper_keys
    papers = [list(dict.fromkeys(keys[row] for row in each.order)) for each in (found, read)]
    assert papers[0] == papers[1]
    assert len(papers[0]) == 2
    assert len(np.flatnonzero(read.scores > found.scores))
    for key in papers[0]:
        of_paper = [row for row in found.order if keys[row] == key]
        assert len(of_paper) > 2
        assert sorted(read.scores[of_paper]) == pytest.approx(sorted(found.scores[of_paper]))
    foggy = [passage for passage in top_passages(read, 20) if "fog" in passage.text]
    assert {passage.scores["read"] for passage in foggy} == {100.0}


def test_what_is_read_counts_beside_what_ranked_a_passage_before(long_papers: Assistant) -> None:
    class Slightly(TaughtFog):
        def scores(self, question: str, texts: Sequence[str]) -> Array:
            return super().scores(question, texts) * np.float32(1e-6)

    found = search(long_papers.library, "Which kites are flown at noon?")
    assert rerank_passages(OtherCorpus(long_papers, Slightly()), found).order == found.order


def test_the_packaged_one_reads_the_best_passages_with_their_titles(long_papers: Assistant) -> None:
    seen: list[str] = []

    class Seeing(TaughtFog):
        def scores(self, question: str, texts: Sequence[str]) -> Array:
            seen.extend(texts)
            return super().scores(question, texts)

    corpus = OtherCorpus(long_papers, Seeing(), passages=4)
    found = search(corpus, "Which kites are flown at noon?")
    read = rerank_passages(corpus, found)
    best = found.candidates.texts(found.order[:4])
    assert seen == [f"Introduction: {best[row]}" for row in found.order[:4]]
    assert read.order[4:] == found.order[4:]


def test_passages_that_were_deleted_meanwhile_are_not_read(
    long_papers: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = long_papers.library
    monkeypatch.setattr(library.records, "paper_texts", lambda keys: {})
    found = search(library, "Which kites are flown at noon?")
    assert rerank_passages(OtherCorpus(long_papers, TaughtFog()), found) is found


def test_with_its_switch_off_the_order_stays(assistant: Assistant) -> None:
    corpus = OtherCorpus(assistant, Fog(), order=False)
    found = search(corpus, QUESTION)
    assert rerank_passages(corpus, found) is found


def test_only_as_many_passages_are_read_as_the_settings_say(assistant: Assistant) -> None:
    read: list[int] = []

    class Counting(Fog):
        def scores(self, question: str, texts: Sequence[str]) -> Array:
            read.append(len(texts))
            return super().scores(question, texts)

    corpus = OtherCorpus(assistant, Counting(), passages=3)
    found = rerank_passages(corpus, search(corpus, QUESTION))
    assert read == [3]
    assert len(set(found.order)) == len(found.order)


class Known(PackagedReranker):
    """It says of the first text 2 and 1, of the second 1.5 and 0.5, and so on."""

    def __init__(self) -> None:
        pass

    def read(self, question: str, texts: Sequence[str]) -> Reading:
        fall = np.arange(len(texts), dtype=np.float32) / 2
        return Reading(2 - fall, 1 - fall)


def test_what_was_read_counts_as_it_was_fitted(assistant: Assistant) -> None:
    evidence = evidence_with(assistant, Known(), sentences=4)
    assert evidence.added_logits is not None
    best = np.argsort(-sentence_logits(replace(evidence, added_logits=None)), kind="stable")[:4]
    assert evidence.added_logits[best] == pytest.approx(load_weights().read.sentences * np.array([2, 1.5, 1, 0.5]))
    features = evidence.confidence_features[len(CONFIDENCE_FEATURES) :]
    assert features == pytest.approx([2, 2 - 1.25, 1, 0.5, 1])


def test_reading_more_sentences_than_it_was_fitted_with_leaves_the_confidence(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rag.answering.rerank._CONFIDENCE_SENTENCES", 3)
    few, more = (evidence_with(assistant, sentences=count) for count in (3, 8))
    assert few.confidence_features == pytest.approx(more.confidence_features, abs=0.05)
    assert len(set(np.asarray(more.added_logits))) > len(set(np.asarray(few.added_logits)))


@pytest.mark.parametrize("read", [True, False])
def test_what_was_read_has_thresholds_of_its_own(read: bool, assistant: Assistant) -> None:
    evidence = evidence_with(assistant, confidence=read)
    weights = load_weights()
    never = replace(weights, refuse_below=-1.0, unsure_below=-1.0)
    strict = replace(never, read=replace(weights.read, refuse_below=2.0, unsure_below=2.0))
    assert confidence_in(evidence, strict)[1:] == (read, read)


def test_without_one_an_answer_has_another_confidence(assistant: Assistant) -> None:
    answer = assistant.ask(QUESTION)
    folder = assistant.settings.library.path
    with Assistant.open(library=folder, mode="quote", overrides={"cross_encoder": {"model": "none"}}) as plain:
        assert plain.ask(QUESTION).confidence != answer.confidence
