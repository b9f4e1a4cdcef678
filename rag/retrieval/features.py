"""Features of candidate chunks for a question: similarities and the kind of their sections."""

import functools
import re
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..models.protocols import Vectors
from ..store.search import Candidates
from .terms import stem, stems_in

SIMILARITIES = ("chunk", "sentence", "paper", "words", "paper_words")
"""Cosine of the chunk, of its best sentence and of the whole paper; BM25 of the chunk and of the whole paper."""

_SECTION_KINDS = {
    kind: re.compile(rf"\b(?:{words})\b", re.I)
    for kind, words in {
        "introduction": r"introduction|motivation",
        "related": r"related|background|previous|prior work|literature",
        "conclusion": r"conclusions?|concluding|future (?:work|directions)",
        "experiments": r"experiment(?:s|al)?|results?|evaluat(?:ion|ing)|analysis|data(?: ?sets?)?|corp(?:us|ora)|"
        r"annotation|collection|baselines?|metrics?|settings?|set-?up|implementation|training|hyper-?parameters?",
    }.items()
}
SECTION_FEATURES = (*_SECTION_KINDS, "title_words", "short")
"""The kind of the chunk's section by its title (1 for the first match), the share of the question's words in that
title, and the share by which the chunk is shorter than `_FULL_LENGTH`. All are 0 outside body text with a title."""

FEATURES = (*SIMILARITIES, *SECTION_FEATURES)
_FULL_LENGTH = 600  # characters


def similarities(
    candidates: Candidates, vector: Vectors, word_scores: Mapping[int, float], paper_word_scores: Mapping[int, float]
) -> NDArray[np.float64]:
    """Return `SIMILARITIES` of the candidates, (rows, columns).

    `vector` (dimensions,) is the question's; the scores are BM25 by chunk key and by paper key.
    """
    if not len(candidates):
        return np.zeros((0, len(SIMILARITIES)))
    sentences = np.append(candidates.sentence_vectors @ vector, -1.0)
    return np.column_stack(
        [
            candidates.vectors @ vector,
            np.maximum.reduceat(sentences, candidates.first_sentence[:-1]),
            candidates.paper_vectors @ vector,
            [word_scores.get(key, 0.0) for key in candidates.keys],
            [paper_word_scores.get(paper, 0.0) for paper in candidates.paper_keys],
        ]
    ).astype(np.float64)


def section_features(candidates: Candidates, terms: Sequence[str]) -> NDArray[np.float64]:
    """Return `SECTION_FEATURES` of the candidates, (rows, columns); `terms` are the question's."""
    stems = {stem(term) for term in terms}
    features = np.zeros((len(candidates), len(SECTION_FEATURES)))
    for row in range(len(candidates)):
        if title := candidates.body_section(row):
            kind = section_kind(title)
            features[row] = [
                *(kind == each for each in _SECTION_KINDS),
                len(stems & _title_stems(title)) / max(len(stems), 1),
                max(0.0, 1.0 - candidates.length(row) / _FULL_LENGTH),
            ]
    return features


@functools.lru_cache(4096)
def _title_stems(title: str) -> frozenset[str]:
    return frozenset(stems_in(title))


@functools.lru_cache(4096)
def section_kind(title: str) -> str | None:
    """Return the kind of a section by its title: experiments for `4.1 Training data`, None for `Our Model`."""
    return next((kind for kind, words in _SECTION_KINDS.items() if words.search(title)), None)
