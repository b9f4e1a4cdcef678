"""What the cross-encoder reads changes the order of passages, the choice of sentences and the confidence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rag.answering.confidence import confidence_in
from rag.answering.evidence import Evidence, gather_evidence
from rag.answering.features import CONFIDENCE_FEATURES, SENTENCE_FEATURES
from rag.answering.reading import READ_CONFIDENCE_FEATURES, READ_SENTENCE_FEATURES
from rag.assistant import Assistant
from rag.filters import Filters
from rag.models.protocols import MarkedText, Reading, Reranker
from rag.models.reranker import Array, PackagedReranker
from rag.models.weights import load_weights
from rag.retrieval.rerank import rerank_passages
from rag.retrieval.search import search, top_passages

QUESTION = "What share of the otters does the kite count?"


class OtherCorpus:
    """An assistant's papers with another reranker, or with other settings of the cross-encoder."""

    def __init__(self, assistant: Assistant, reranker: Reranker | None = None, **changes: int) -> None:
        self._library = assistant.library
        changed = assistant.settings.cross_encoder.model_copy(update=changes)
        self.settings = assistant.settings.model_copy(update={"cross_encoder": changed})
        self.reranker = reranker or assistant.library.reranker

    def __getattr__(self, name: str) -> Any:
        return getattr(self._library, name)


def evidence_with(assistant: Assistant, reranker: Reranker | None = None, **changes: int) -> Evidence:
    corpus = OtherCorpus(assistant, reranker, **changes)
    return gather_evidence(corpus, rerank_passages(corpus, search(corpus, QUESTION)))


def test_what_was_read_is_among_the_features_of_sentences_and_confidence(assistant: Assistant) -> None:
    evidence = evidence_with(assistant, passages=5)
    assert evidence.fitted == "library"
    columns = len(SENTENCE_FEATURES) + len(READ_SENTENCE_FEATURES)
    assert evidence.features.shape == (len(evidence.candidates), columns)
    read = evidence.features[:, len(SENTENCE_FEATURES)]
    assert len(set(read)) > 5
    best = evidence.candidates[int(np.argmax(read))]
    assert "94.5%" in best.text
    assert len(evidence.confidence_features) == len(CONFIDENCE_FEATURES) + len(READ_CONFIDENCE_FEATURES)


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
    assert gather_evidence(corpus, read).fitted == "unread"


class TaughtFog(PackagedReranker):
    """The same in the packaged one's place."""

    def __init__(self) -> None:
        pass

    def read(self, question: str, texts: Sequence[MarkedText]) -> list[Reading]:
        return [Reading(100.0 * ("fog" in text.text), 0.0, np.zeros(len(text.marks), np.float32)) for text in texts]


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
        def read(self, question: str, texts: Sequence[MarkedText]) -> list[Reading]:
            return [each._replace(answers=each.answers * 1e-6) for each in super().read(question, texts)]

    found = search(long_papers.library, "Which kites are flown at noon?")
    assert rerank_passages(OtherCorpus(long_papers, Slightly()), found).order == found.order


def test_the_packaged_one_reads_the_best_passages_under_their_titles_with_their_sentences(
    long_papers: Assistant,
) -> None:
    seen: list[MarkedText] = []

    class Seeing(TaughtFog):
        def read(self, question: str, texts: Sequence[MarkedText]) -> list[Reading]:
            seen.extend(texts)
            return super().read(question, texts)

    corpus = OtherCorpus(long_papers, Seeing(), passages=4)
    found = search(corpus, "Which kites are flown at noon?")
    read = rerank_passages(corpus, found)
    best = found.candidates.texts(found.order[:4])
    assert [each.text for each in seen] == [f"Introduction\n{best[row]}" for row in found.order[:4]]
    assert all(each.text[slice(*mark)].endswith((".", "so.")) for each in seen for mark in each.marks)
    assert read.order[4:] == found.order[4:]


def test_passages_that_were_deleted_meanwhile_are_not_read(
    long_papers: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = long_papers.library
    monkeypatch.setattr(library.records, "paper_texts", lambda keys: {})
    found = search(library, "Which kites are flown at noon?")
    assert rerank_passages(OtherCorpus(long_papers, TaughtFog()), found) is found


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
    """It says of the first text 2 and 1, of the second 1.5 and 0.5, and so on; of a sentence how early it is."""

    def __init__(self) -> None:
        pass

    def read(self, question: str, texts: Sequence[MarkedText]) -> list[Reading]:
        sentences = [np.arange(len(text.marks), 0, -1, dtype=np.float32) for text in texts]
        return [Reading(2 - i / 2, 1 - i / 2, each) for i, each in enumerate(sentences)]


def test_the_features_of_a_sentence_and_of_the_confidence_are_of_what_was_read(assistant: Assistant) -> None:
    evidence = evidence_with(assistant, Known(), passages=3)
    features = evidence.features[:, len(SENTENCE_FEATURES) :]
    places = np.array([-1 if each.place is None else each.place for each in evidence.candidates])
    first = features[places == 0]
    assert (first[:, 0] >= features[:, 0].max() - 4).all()
    assert features[:, 1] == pytest.approx(features[:, 0] - features[:, 0].max())
    assert set(features[:, 2]) <= {2, 1.5, 1}
    assert features[:, 2].max() == 2
    of_all = evidence.confidence_features[len(CONFIDENCE_FEATURES) :]
    assert of_all[:5] == pytest.approx([2, 0.5, 1, 0.5, 1])
    assert of_all[5] == features[:, 0].max()


def test_each_scope_has_weights_and_thresholds_of_its_own(assistant: Assistant) -> None:
    corpus = OtherCorpus(assistant)
    weights = load_weights()
    never, strict = (
        {name: replace(each, refuse_below=at, unsure_below=at) for name, each in weights.answers.items()}
        for at in (-1.0, 2.0)
    )
    (otters,) = [paper.id for paper in assistant.papers() if "Otters" in paper.title]
    for fitted, filters in (("library", None), ("papers", Filters(papers=(otters,)))):
        found = rerank_passages(corpus, search(corpus, QUESTION, filters=filters))
        evidence = gather_evidence(corpus, found)
        assert evidence.fitted == fitted
        assert confidence_in(evidence, replace(weights, answers=never | {fitted: strict[fitted]})).refuse
        assert not confidence_in(evidence, replace(weights, answers=strict | {fitted: never[fitted]})).refuse


def test_without_one_an_answer_has_another_confidence(assistant: Assistant) -> None:
    answer = assistant.ask(QUESTION)
    folder = assistant.settings.library.path
    with Assistant.open(library=folder, mode="quote", overrides={"cross_encoder": {"model": "none"}}) as plain:
        assert plain.ask(QUESTION).confidence != answer.confidence
