"""Rerank candidate sentences with the packaged cross-encoder, for their choice and for the confidence."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..models.reranker import PackagedReranker, Reading, described
from ..models.weights import Weights, load_weights
from ..retrieval.corpus import Corpus
from ..retrieval.search import SearchResult
from .evidence import Evidence, sentence_logits
from .features import Candidate

RERANKED_CONFIDENCE_FEATURES = ("answers", "answers_above", "stated", "stated_in_three", "stated_in_best")
"""Of the reranked sentences: the best answer, and by how much it exceeds the mean; how far what is asked for is stated
at most, in the best three, and in the best answer."""

_CONFIDENCE_SENTENCES = 16  # at most; the confidence was fitted with as many


def rerank_sentences(
    corpus: Corpus, result: SearchResult, evidence: Evidence, weights: Weights | None = None
) -> Evidence:
    """Return the evidence with the cross-encoder's view of its best sentences.

    It reads as many as `[cross_encoder] sentences` says. `choice = false` keeps it out of the choice of sentences,
    `confidence = false` out of the confidence. Raise EmbeddingError if the cross-encoder cannot be loaded.
    """
    settings = corpus.settings.cross_encoder
    if not settings.reads_sentences or not evidence.candidates:
        return evidence
    if not isinstance(reranker := corpus.reranker, PackagedReranker):
        return evidence
    best = np.argsort(-sentence_logits(evidence, weights), kind="stable")[: settings.sentences]
    reading = reranker.read(result.question, [_described(result, evidence.candidates[i]) for i in best])
    if settings.choice:
        answers = np.full(len(evidence.candidates), float(reading.answers.min()))
        answers[best] = reading.answers
        evidence = replace(evidence, added_logits=(weights or load_weights()).read.sentences * answers)
    if settings.confidence:
        features = np.concatenate([evidence.confidence_features, _confidence_features(reading)])
        evidence = replace(evidence, confidence_features=features, is_reranked=True)
    return evidence


def _confidence_features(reading: Reading) -> NDArray[np.float64]:
    """Return `RERANKED_CONFIDENCE_FEATURES`; `reading` is in the order of the sentences before reranking."""
    answers, stated = reading.answers[:_CONFIDENCE_SENTENCES], reading.stated[:_CONFIDENCE_SENTENCES]
    three = float(np.sort(stated)[-3:].mean())
    values = [answers.max(), answers.max() - answers.mean(), stated.max(), three, stated[answers.argmax()]]
    return np.array(values, np.float64)


def _described(result: SearchResult, candidate: Candidate) -> str:
    title = "" if candidate.is_title else result.candidates.readable_title(candidate.paper_key)
    return described(title, candidate.text)
