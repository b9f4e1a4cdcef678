"""Provide the cross-validation folds and logistic regressions for all fits."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold
from sklearn.preprocessing import StandardScaler

from rag.models.weights import Linear

from ..statistics import Array

FOLDS = 5
_LEAST_SCALE = 1e-3  # the file has five digits, and no scale may be 0 in it


def group_folds(groups: Sequence[Any] | NDArray[Any]) -> NDArray[np.int64]:
    """Return the fold of each row, from 0; all rows of a group are in the same fold."""
    return _folds(GroupKFold(FOLDS, shuffle=True, random_state=1).split(groups, groups=groups), len(groups))


def stratified_folds(kinds: Sequence[str] | NDArray[np.str_]) -> NDArray[np.int64]:
    """Return the fold of each row, from 0; the rows of each kind are spread evenly over the folds."""
    return _folds(StratifiedKFold(FOLDS, shuffle=True, random_state=1).split(kinds, kinds), len(kinds))


def _folds(splits: Any, count: int) -> NDArray[np.int64]:
    of_row = np.empty(count, np.int64)
    for fold, (_, held_out) in enumerate(splits):
        of_row[held_out] = fold
    return of_row


def fit_logistic(
    names: tuple[str, ...], features: Array, labels: NDArray[Any], c: float, weight: Array | None = None
) -> Linear:
    """Fit a logistic regression on standardised features, (rows, features)."""
    scaler = StandardScaler().fit(features)
    scaler.scale_ = np.maximum(scaler.scale_, _LEAST_SCALE)
    model = LogisticRegression(C=c, max_iter=2000).fit(scaler.transform(features), labels, sample_weight=weight)
    return Linear(names, scaler.mean_, scaler.scale_, model.coef_[0], float(model.intercept_[0]))
