"""Fit the fusion of retrieval scores on the rank of the first right paper."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from rag.library import Library
from rag.retrieval.features import SIMILARITIES
from rag.retrieval.fusion import z_scores
from rag.retrieval.search import search
from rag.text.readable import folded

from ..questions import Question
from ..statistics import Array
from .logistic import FOLDS, group_folds

_TRIALS = 400


class Ranking(NamedTuple):
    """A question's candidates: z-scored features (rows, features) and the folded title of each row's paper."""

    question: Question
    features: Array
    titles: list[str]


def rank_candidates(library: Library, question: Question) -> Ranking:
    """Search for a question and keep the features of all candidates."""
    found = search(library, question.question)
    titles = [folded(found.candidates.paper(key).title) for key in found.candidates.paper_keys]
    return Ranking(question, z_scores(found.features[:, : len(SIMILARITIES)]), titles)


def fit_fusion(rankings: Sequence[Ranking], seed: int = 0) -> Array:
    """Return the mean of the twenty random weight vectors with the best mean reciprocal rank.

    This is more stable than the single best one, since the rank is a step function of the weights.
    """
    rng = np.random.default_rng(seed)
    tried = rng.dirichlet(np.ones(len(SIMILARITIES)), _TRIALS)
    order = np.argsort([-mean_rr(rankings, weights) for weights in tried], kind="stable")
    return np.asarray(tried[order[:20]].mean(axis=0))


def mean_rr(rankings: Sequence[Ranking], fusion: Array) -> float:
    """Return the mean reciprocal rank of the first right paper."""
    return round(float(np.mean([1 / rank if (rank := _rank(r, fusion)) else 0.0 for r in rankings])), 4)


def success(rankings: Sequence[Ranking], fusion: Array, most: int) -> float:
    """Return the share of questions with a right paper among the first `most` papers."""
    return round(float(np.mean([0 < _rank(r, fusion) <= most for r in rankings])), 4)


def cross_validated_rr(rankings: Sequence[Ranking]) -> float:
    """Return the mean reciprocal rank with weights fitted on the other folds."""
    folds = group_folds(range(len(rankings)))
    found = []
    for fold in range(FOLDS):
        fusion = fit_fusion([r for r, f in zip(rankings, folds, strict=True) if f != fold])
        found += [mean_rr([r], fusion) for r, f in zip(rankings, folds, strict=True) if f == fold]
    return round(float(np.mean(found)), 4)


def _rank(ranking: Ranking, fusion: Array) -> int:
    """Return the rank of the first right paper, from 1; 0 if it was not found."""
    order = np.argsort(-(ranking.features @ fusion), kind="stable")
    gold = {folded(title) for title in ranking.question.gold_titles}
    titles = list(dict.fromkeys(ranking.titles[i] for i in order))
    return next((rank for rank, title in enumerate(titles, 1) if title in gold), 0)
