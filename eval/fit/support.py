"""Fits the check of citations (rag/answering/support.py) on claims and abstracts that support them or do not.

The pairs are as SciFact's pairs (Wadden et al. 2020, "Fact or Fiction: Verifying Scientific Claims"):
`claim_id`, `claim`, `label` (SUPPORT, CONTRADICT or NOT_ENOUGH_INFO), `abstract_sentences` and `evidence_sentences`.
Scored is SUPPORT against the rest with the whole abstract as the quotes, plain word overlap beside it: on the training
pairs by 5-fold cross-validation over claims, on pairs kept apart as they are.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from rag.answering.support import SUPPORT_FEATURES, agrees, support_features
from rag.models.protocols import Embedder
from rag.models.weights import Linear, SupportWeights

from ..measures import words
from ..statistics import RESAMPLES, SEED

FOLDS = 5
PARTLY = 0.9  # of the supported pairs, as many are to be supported or partly so by the check
MADE_UP = 0.5  # how much an example made up from a pair counts beside the pair itself
_SMOOTHED = 0.05  # of all values: over so many neighbours balanced accuracy is averaged where a threshold is sought

_AUXILIARY = re.compile(r"\b(?:is|are|was|were|can|could|may|should|will|would|must)\b")
_NEGATED = re.compile(r"\b(?:not|no|never|without)\b", re.IGNORECASE)

Array = NDArray[np.float64]
Labels = NDArray[np.bool_]


class Example(NamedTuple):
    """A sentence of a claim (by id), quotes, and whether these support it; `given` if it is not made up from a pair."""

    claim: str
    sentence: str
    quotes: list[str]
    supported: bool
    given: bool = True


class Data(NamedTuple):
    """Examples as arrays, a row each: the id of the claim that it is of, the features, plain word overlap."""

    claims: NDArray[np.str_]
    features: Array
    overlap: Array
    supported: Labels
    given: Labels

    def where(self, rows: Labels) -> Data:
        columns: Iterable[Any] = self
        return Data(*(column[rows] for column in columns))


def fit_support(
    pairs: Sequence[dict[str, Any]], kept: Sequence[dict[str, Any]], embedder: Embedder
) -> tuple[SupportWeights, dict[str, Any]]:
    """The weights fitted on `pairs`, and their scores by cross-validation and on those kept apart.

    A pair is judged by a model and by thresholds that have not seen its claim.
    """
    data = read_examples([e for pair in pairs for e in (given(pair), *made_up(pair))], embedder)
    folds = _folds(data.claims)
    probabilities = np.zeros(len(folds))
    for fold in range(FOLDS):
        model = fit_model(data.where(folds != fold))
        probabilities[folds == fold] = model.probability(data.features[folds == fold])
    pairs_alone, folds, probabilities = data.where(data.given), folds[data.given], probabilities[data.given]
    right = pairs_alone.supported

    def passes(values: Array) -> Labels:
        passed = np.zeros(len(values), bool)
        for fold in range(FOLDS):
            passed[folds == fold] = values[folds == fold] >= best_threshold(values[folds != fold], right[folds != fold])
        return passed

    deciding = _deciding(probabilities, pairs_alone)
    weights = SupportWeights(
        model=fit_model(data),
        supported_above=round(best_threshold(deciding, right), 4),
        partly_above=round(float(np.quantile(probabilities[right], 1 - PARTLY)), 4),
    )
    overlap_above = round(best_threshold(pairs_alone.overlap, right), 4)
    scores = {
        "overlap above": overlap_above,
        "cross-validated": _scores(pairs_alone, probabilities, passes(deciding), passes(pairs_alone.overlap)),
    }
    if kept:
        scores["kept"] = _scores_kept(read_examples([given(pair) for pair in kept], embedder), weights, overlap_above)
    return weights, scores


def _scores_kept(data: Data, weights: SupportWeights, overlap_above: float) -> dict[str, Any]:
    probabilities = weights.model.probability(data.features)
    supported = _deciding(probabilities, data) >= weights.supported_above
    return _scores(data, probabilities, supported, data.overlap >= overlap_above)


# Examples


def given(pair: dict[str, Any]) -> Example:
    """The pair as it is, with the whole abstract as the quotes."""
    abstract = " ".join(s.strip() for s in pair["abstract_sentences"])
    return Example(str(pair["claim_id"]), pair["claim"], [abstract], pair["label"] == "SUPPORT")


def made_up(pair: dict[str, Any]) -> Iterator[Example]:
    """The pair with few sentences as the quotes, since that is what answers cite; and a supported claim negated."""
    whole = given(pair)
    evidence = (
        pair["evidence_sentences"]
        or sorted(pair["abstract_sentences"], key=lambda s: -overlap(whole.sentence, [s]))[:2]
    )
    yield whole._replace(quotes=[" ".join(s.strip() for s in evidence)], given=False)
    auxiliary = _AUXILIARY.search(whole.sentence)
    if whole.supported and auxiliary and not _NEGATED.search(whole.sentence):
        end = auxiliary.end()
        negated = f"{whole.sentence[:end]} not{whole.sentence[end:]}"
        yield whole._replace(sentence=negated, supported=False, given=False)


def read_examples(examples: Sequence[Example], embedder: Embedder) -> Data:
    """The examples with their features, in their order."""
    return Data(
        np.array([e.claim for e in examples]),
        np.array([support_features(e.sentence, e.quotes, embedder) for e in examples]),
        np.array([overlap(e.sentence, e.quotes) for e in examples]),
        np.array([e.supported for e in examples]),
        np.array([e.given for e in examples]),
    )


def overlap(sentence: str, quotes: Sequence[str]) -> float:
    """The share of the sentence's words that the quotes hold."""
    wanted = set(words(sentence))
    return len(wanted & set(words(" ".join(quotes)))) / max(len(wanted), 1)


# Fitting


def fit_model(data: Data) -> Linear:
    """A logistic regression: do the quotes support the sentence? Both answers count as much."""
    weight = np.where(data.given, 1.0, MADE_UP)
    for answer in (True, False):
        weight[data.supported == answer] *= len(weight) / 2 / weight[data.supported == answer].sum()
    means, scales = data.features.mean(axis=0), np.maximum(data.features.std(axis=0), 1e-3)  # not 0 when rounded
    model = LogisticRegression(C=0.1, max_iter=2000)
    model.fit((data.features - means) / scales, data.supported, sample_weight=weight)
    return Linear(SUPPORT_FEATURES, means, scales, np.asarray(model.coef_[0]), float(model.intercept_[0]))


def best_threshold(values: Array, supported: Labels) -> float:
    """The threshold with the best balanced accuracy, averaged over neighbouring values: the best alone is luck."""
    tried = np.unique(values)
    chosen = values >= tried[:, None]
    accuracy = (chosen[:, supported].mean(axis=1) + (~chosen[:, ~supported]).mean(axis=1)) / 2
    beside = int(len(tried) * _SMOOTHED / 2)
    smooth = np.convolve(np.pad(accuracy, beside, mode="edge"), np.full(2 * beside + 1, 1 / (2 * beside + 1)), "valid")
    return float(tried[np.argmax(smooth)])


def _deciding(probabilities: Array, data: Data) -> Array:
    """0 instead of the probability where numbers or negations disagree: such a sentence is not supported."""
    return np.where(agrees(data.features), probabilities, 0.0)


def _folds(claims: NDArray[np.str_]) -> NDArray[np.int64]:
    """The fold of each row; all rows of a claim are in one."""
    names, of_row = np.unique(claims, return_inverse=True)
    return np.asarray(np.random.default_rng(1).permutation(len(names))[of_row] % FOLDS)


# Scores


def _scores(data: Data, probabilities: Array, supported: Labels, overlapping: Labels) -> dict[str, Any]:
    """Both measures of the check, and of word overlap in its place."""
    return {
        "pairs": len(data.claims),
        "balanced accuracy": _figure(data, supported, balanced_accuracy_score),
        "AUROC": _figure(data, probabilities, roc_auc_score),
        "word overlap": {
            "balanced accuracy": _figure(data, overlapping, balanced_accuracy_score),
            "AUROC": _figure(data, data.overlap, roc_auc_score),
        },
    }


def _figure(data: Data, values: Array | Labels, measure: Callable[[Any, Any], float]) -> dict[str, float]:
    """A measure with its 95 % percentile bootstrap interval over claims: the pairs of one are not independent."""
    rng = np.random.default_rng(SEED)
    names, of_row = np.unique(data.claims, return_inverse=True)
    rows = [np.flatnonzero(of_row == i) for i in range(len(names))]
    drawn = (np.concatenate([rows[i] for i in rng.integers(len(rows), size=len(rows))]) for _ in range(RESAMPLES))
    low, high = np.percentile([measure(data.supported[some], values[some]) for some in drawn], (2.5, 97.5))
    figure = {"mean": measure(data.supported, values), "low": low, "high": high}
    return {name: round(float(value), 4) for name, value in figure.items()}
