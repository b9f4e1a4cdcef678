"""Fit the check of citations (rag/answering/checks/support.py) on claims and abstracts that support them or do not.

The pairs have the form of SciFact's (Wadden et al. 2020, "Fact or Fiction: Verifying Scientific Claims"): `claim_id`,
`claim`, `label` (SUPPORT, CONTRADICT or NOT_ENOUGH_INFO), `abstract_sentences` and `evidence_sentences`. Scored is
SUPPORT against the rest with the whole abstract as the quotes, next to plain word overlap: on the training pairs by
5-fold cross-validation over claims, and on pairs kept apart. Fitted is it also on sentences about papers that people
wrote, and on the same made wrong (eval/fit/written.py).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from rag.answering.checks.support import SUPPORT_FEATURES, agrees, gate, support_features
from rag.models.protocols import Embedder
from rag.models.weights import Linear, SupportWeights

from ..measures import words
from ..statistics import RESAMPLES, SEED, Array, Flags, rounded
from .logistic import FOLDS, fit_logistic, group_folds
from .written import Written

PARTLY = 0.9  # the share of supported pairs that the check should find supported or partly supported
MADE_UP = 0.5  # the weight of an example that is made up from a pair, or written about a paper; a pair has 1
_SMOOTHED = 0.05  # the share of all values over which balanced accuracy is averaged in the search for a threshold

_AUXILIARY = re.compile(r"\b(?:is|are|was|were|can|could|may|should|will|would|must)\b")
_NEGATED = re.compile(r"\b(?:not|no|never|without)\b", re.IGNORECASE)


class Example(NamedTuple):
    """A sentence of a claim (by id), quotes, whether these support it, and its weight; `given` if it is a pair."""

    claim: str
    sentence: str
    quotes: list[str]
    supported: bool
    weight: float = 1.0

    @property
    def given(self) -> bool:
        return self.weight == 1.0


class Data(NamedTuple):
    """Examples as arrays, a row each: its claim, the features, plain word overlap, whether no gate objects."""

    claims: NDArray[np.str_]
    features: Array
    overlap: Array
    free: Flags
    supported: Flags
    weight: Array

    @property
    def given(self) -> Flags:
        return np.asarray(self.weight == 1.0)

    def where(self, rows: Flags) -> Data:
        columns: Iterable[Any] = self
        return Data(*(column[rows] for column in columns))


def fit_support(
    pairs: Sequence[dict[str, Any]],
    kept: Sequence[dict[str, Any]],
    embedder: Embedder,
    written: Sequence[Written] = (),
) -> tuple[SupportWeights, dict[str, Any]]:
    """Return the weights fitted on `pairs` and `written`, and their scores by cross-validation and on pairs kept apart.

    A pair is judged by a model and by thresholds that have not seen its claim.
    """
    data = read_examples([e for pair in pairs for e in (given(pair), *made_up(pair))], embedder)
    if written:
        told = read_examples([Example(w.paper, w.sentence, [w.quote], w.supported, MADE_UP) for w in written], embedder)
        data = _joined(data, told.where(_decides(told)))  # on what the gates leave, the score decides
    folds = group_folds(data.claims)
    probabilities = np.zeros(len(folds))
    for fold in range(FOLDS):
        model = fit_model(data.where(folds != fold))
        probabilities[folds == fold] = model.probability(data.features[folds == fold])
    pairs_alone, folds, probabilities = data.where(data.given), folds[data.given], probabilities[data.given]
    right = pairs_alone.supported

    def passes(values: Array) -> Flags:
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
    if written:
        scores["written"] = _shares_passed(written, told, weights)
    if kept:
        scores["kept"] = _scores_kept(read_examples([given(pair) for pair in kept], embedder), weights, overlap_above)
    return weights, scores


def _shares_passed(written: Sequence[Written], told: Data, weights: SupportWeights) -> dict[str, Any]:
    """Return the share of sentences found supported, of the right ones and of those with each change."""
    passed = _deciding(weights.model.probability(told.features), told) >= weights.supported_above
    kinds = np.array([each.change or "right" for each in written])
    return {
        kind: {"sentences": int((kinds == kind).sum()), "passed": round(float(passed[kinds == kind].mean()), 3)}
        for kind in sorted(set(kinds))
    }


def _joined(first: Data, second: Data) -> Data:
    return Data(*(np.concatenate(columns) for columns in zip(first, second, strict=True)))


def _scores_kept(data: Data, weights: SupportWeights, overlap_above: float) -> dict[str, Any]:
    probabilities = weights.model.probability(data.features)
    supported = _deciding(probabilities, data) >= weights.supported_above
    return _scores(data, probabilities, supported, data.overlap >= overlap_above)


def given(pair: dict[str, Any]) -> Example:
    """Return the pair unchanged, with the whole abstract as the quotes."""
    abstract = " ".join(s.strip() for s in pair["abstract_sentences"])
    return Example(str(pair["claim_id"]), pair["claim"], [abstract], pair["label"] == "SUPPORT")


def made_up(pair: dict[str, Any]) -> Iterator[Example]:
    """Yield the pair with few sentences as the quotes, as answers cite them; and a supported claim, negated."""
    whole = given(pair)
    evidence = (
        pair["evidence_sentences"]
        or sorted(pair["abstract_sentences"], key=lambda s: -overlap(whole.sentence, [s]))[:2]
    )
    yield whole._replace(quotes=[" ".join(s.strip() for s in evidence)], weight=MADE_UP)
    auxiliary = _AUXILIARY.search(whole.sentence)
    if whole.supported and auxiliary and not _NEGATED.search(whole.sentence):
        end = auxiliary.end()
        negated = f"{whole.sentence[:end]} not{whole.sentence[end:]}"
        yield whole._replace(sentence=negated, supported=False, weight=MADE_UP)


def read_examples(examples: Sequence[Example], embedder: Embedder) -> Data:
    """Compute the features of the examples, in their order."""
    return Data(
        np.array([e.claim for e in examples]),
        np.array([support_features(e.sentence, e.quotes, embedder) for e in examples]),
        np.array([overlap(e.sentence, e.quotes) for e in examples]),
        np.array([not gate(e.sentence, e.quotes) for e in examples]),
        np.array([e.supported for e in examples]),
        np.array([e.weight for e in examples]),
    )


def overlap(sentence: str, quotes: Sequence[str]) -> float:
    """Return the share of the sentence's words that the quotes contain."""
    wanted = set(words(sentence))
    return len(wanted & set(words(" ".join(quotes)))) / max(len(wanted), 1)


def fit_model(data: Data) -> Linear:
    """Fit a logistic regression: do the quotes support the sentence? Both labels have the same weight in all."""
    weight = data.weight.copy()
    for answer in (True, False):
        weight[data.supported == answer] *= len(weight) / 2 / weight[data.supported == answer].sum()
    return fit_logistic(SUPPORT_FEATURES, data.features, data.supported, c=0.1, weight=weight)


def best_threshold(values: Array, supported: Flags) -> float:
    """Return the threshold with the best balanced accuracy, averaged over neighbours: a single best is luck."""
    tried = np.unique(values)
    chosen = values >= tried[:, None]
    accuracy = (chosen[:, supported].mean(axis=1) + (~chosen[:, ~supported]).mean(axis=1)) / 2
    around = int(len(tried) * _SMOOTHED / 2)
    smooth = np.convolve(np.pad(accuracy, around, mode="edge"), np.full(2 * around + 1, 1 / (2 * around + 1)), "valid")
    return float(tried[np.argmax(smooth)])


def _decides(data: Data) -> Flags:
    """Return for each row whether its score decides: no gate objects, and nothing is negated or reversed."""
    return np.asarray(agrees(data.features) & data.free)


def _deciding(probabilities: Array, data: Data) -> Array:
    """Return the probabilities, 0 where the score does not decide: such a sentence is not supported."""
    return np.where(_decides(data), probabilities, 0.0)


def _scores(data: Data, probabilities: Array, supported: Flags, overlapping: Flags) -> dict[str, Any]:
    """Return both measures of the check, and of word overlap in its place."""
    return {
        "pairs": len(data.claims),
        "balanced accuracy": _figure(data, supported, balanced_accuracy_score),
        "AUROC": _figure(data, probabilities, roc_auc_score),
        "word overlap": {
            "balanced accuracy": _figure(data, overlapping, balanced_accuracy_score),
            "AUROC": _figure(data, data.overlap, roc_auc_score),
        },
    }


def _figure(data: Data, values: Array | Flags, measure: Callable[[Any, Any], float]) -> dict[str, float]:
    """Return a measure with its bootstrap interval over claims: the pairs of one claim are not independent."""
    names, of_row = np.unique(data.claims, return_inverse=True)
    rows = [np.flatnonzero(of_row == i) for i in range(len(names))]

    def value(claims: NDArray[np.int64]) -> float:
        some = np.concatenate([rows[i] for i in claims])
        return measure(data.supported[some], values[some])

    drawn = bootstrap(
        (np.arange(len(rows)),), value, n_resamples=RESAMPLES, vectorized=False, method="percentile", rng=SEED
    )
    low, high = drawn.confidence_interval
    return rounded({"mean": measure(data.supported, values), "low": low, "high": high})
