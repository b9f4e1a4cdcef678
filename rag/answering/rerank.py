"""Reranks the candidate sentences with the packaged cross-encoder, for their choice and for the confidence."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..models.reranker import PackagedReranker, Reading, described
from ..models.weights import Weights, load_weights
from ..retrieval.corpus import Corpus
from ..retrieval.search import SearchResult
from ..text.readable import readable
from .evidence import Candidate, Evidence, sentence_scores

_CONFIDENT_OF = 16  # sentences at most from which the confidence is told, as many as it was fitted with


def rerank_sentences(
    corpus: Corpus, found: SearchResult, evidence: Evidence, weights: Weights | None = None
) -> Evidence:
    """The evidence with what the packaged cross-encoder says of its best sentences by all else.

    It reads as many as `[cross_encoder] sentences` says. `choice = false` leaves it out of the choice of sentences,
    `confidence = false` out of the confidence.

    Raises:
        EmbeddingError: the cross-encoder cannot be loaded.
    """
    settings = corpus.settings.cross_encoder
    if not settings.reads_sentences or not evidence.candidates:
        return evidence
    if not isinstance(reader := corpus.reranker, PackagedReranker):
        return evidence
    best = np.argsort(-sentence_scores(evidence, weights), kind="stable")[: settings.sentences]
    reading = reader.read(found.question, [_read_as(found, evidence.candidates[i]) for i in best])
    if settings.choice:
        added = np.full(len(evidence.candidates), float(reading.answers.min()))
        added[best] = reading.answers
        evidence = replace(evidence, read=(weights or load_weights()).read.sentences * added)
    if settings.confidence:
        features = np.concatenate([evidence.confidence_features, _of_confidence(reading)])
        evidence = replace(evidence, confidence_features=features)
    return evidence


def _of_confidence(reading: Reading) -> NDArray[np.float64]:
    """`READ_CONFIDENCE_FEATURES`; `reading` is in the order of the sentences by all else."""
    answers, stated = reading.answers[:_CONFIDENT_OF], reading.stated[:_CONFIDENT_OF]
    three = float(np.sort(stated)[-3:].mean())
    values = [answers.max(), answers.max() - answers.mean(), stated.max(), three, stated[answers.argmax()]]
    return np.array(values, np.float64)


def _read_as(found: SearchResult, candidate: Candidate) -> str:
    return described("" if candidate.is_title else _title(found, candidate.row), candidate.text)


def _title(found: SearchResult, row: int) -> str:
    return readable(found.candidates.paper(found.candidates.paper_keys[row]).title)
