"""Fusion: one score for a candidate chunk from its features."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .features import FEATURES, SIMILARITIES


def z_scores(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale each column to mean 0 and standard deviation 1 over the candidates; a constant column becomes 0."""
    if not len(features):
        return features
    spread = features.std(axis=0)
    return np.asarray((features - features.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0))


def fuse(features: NDArray[np.float64], weights: Mapping[str, float]) -> NDArray[np.float64]:
    """Return a score for each row, (rows,): the weighted sum of the similarities' z-scores and the section features.

    Section features are not scaled: they mean the same in every library, and are 0 for a chunk without section.
    """
    by_column, similar = np.array([weights[name] for name in FEATURES]), len(SIMILARITIES)
    of_section = features[:, similar:] @ by_column[similar:]
    return np.asarray(z_scores(features[:, :similar]) @ by_column[:similar] + of_section)
