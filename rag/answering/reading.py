"""What the packaged cross-encoder, having read the best passages, says of their sentences and of them all."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..retrieval.search import SearchResult
from .features import Candidate

READ_SENTENCE_FEATURES = ("read", "read_gap", "read_passage", "read_passage_gap")
"""Logits of a sentence and of its passage, and how far they are below the best."""

READ_CONFIDENCE_FEATURES = ("answers", "answers_above", "stated", "stated_in_three", "stated_in_best", "best_sentence")
"""Of the passages that were read: the best answer, and by how much it exceeds the mean; how far what is asked for is
stated at most, in the best three, and in the best answer. The best sentence."""


def read_sentence_features(result: SearchResult, candidates: Sequence[Candidate]) -> NDArray[np.float64]:
    """Return `READ_SENTENCE_FEATURES` of the candidates, (sentences, columns). What was not read has the least."""
    least = min(float(reading.sentences.min(initial=0.0)) for reading in result.read.values())
    least_answer = min(reading.answers for reading in result.read.values())
    sentences, passages = np.full(len(candidates), least), np.full(len(candidates), least_answer)
    for i, candidate in enumerate(candidates):
        if reading := result.read.get(candidate.row):
            passages[i] = reading.answers
            if candidate.place is not None:
                sentences[i] = reading.sentences[candidate.place]
    return np.column_stack([sentences, sentences - sentences.max(), passages, passages - passages.max()])


def read_confidence_features(result: SearchResult) -> NDArray[np.float64]:
    """Return `READ_CONFIDENCE_FEATURES`, (columns,)."""
    readings = list(result.read.values())
    answers, stated = (np.array([each[head] for each in readings]) for head in (0, 1))
    three = float(np.sort(stated)[-3:].mean())
    best = max(float(each.sentences.max(initial=-10.0)) for each in readings)
    values = [answers.max(), answers.max() - answers.mean(), stated.max(), three, stated[answers.argmax()], best]
    return np.array(values, np.float64)
