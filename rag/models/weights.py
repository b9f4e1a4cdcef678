"""Load the fitted weights, a small file in the package that `python -m eval fit` writes."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

FILE = Path(__file__).with_name("weights.json")


@dataclass(frozen=True, slots=True)
class Linear:
    """A logistic regression over standardized features; arrays have one entry per feature."""

    features: tuple[str, ...]
    means: NDArray[np.float64]
    scales: NDArray[np.float64]
    coefficients: NDArray[np.float64]
    intercept: float

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> Linear:
        arrays = {name: np.array(raw[name], float) for name in ("means", "scales", "coefficients")}
        return cls(features=tuple(raw["features"]), intercept=float(raw["intercept"]), **arrays)

    def as_dict(self) -> dict[str, Any]:
        """Return the input of `from_dict`, rounded."""
        arrays = {name: np.round(getattr(self, name), 5).tolist() for name in ("means", "scales", "coefficients")}
        return {"features": list(self.features), **arrays, "intercept": round(self.intercept, 5)}

    def probability(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probability, (rows,), of features (rows, features)."""
        return np.asarray(1.0 / (1.0 + np.exp(-self.logit(features))))

    def logit(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the logit of `probability`."""
        return np.asarray(((features - self.means) / self.scales) @ self.coefficients + self.intercept)


@dataclass(frozen=True, slots=True)
class SupportWeights:
    """Probabilities from which quotes support a sentence, or support it partly."""

    model: Linear
    supported_above: float
    partly_above: float


@dataclass(frozen=True, slots=True)
class ReadWeights:
    """Weights for sentences that the packaged cross-encoder scored.

    `sentences` is the factor of its logit in the choice of quotes; the others replace those of `Weights`.
    """

    sentences: float
    confidence: Linear
    refuse_below: float
    unsure_below: float


@dataclass(frozen=True, slots=True)
class Weights:
    """All fitted weights.

    `fusion` ranks passages, by feature name; `sentences` chooses quotes; `confidence` decides on refusal: below
    `refuse_below` the answer is the refusal, below `unsure_below` it says that it may not answer. `read` is used with
    the packaged cross-encoder. `support` checks sentences against quotes. `kinds` is what a sentence gains in logits by
    the shape that a kind of question wants, by kind; "place" is also for the places that any question names.
    """

    fusion: dict[str, float]
    sentences: Linear
    confidence: Linear
    refuse_below: float
    unsure_below: float
    read: ReadWeights
    support: SupportWeights
    kinds: dict[str, float]


@functools.cache
def load_weights() -> Weights:
    """Return the packaged weights."""
    raw = json.loads(FILE.read_text())
    read, support = raw["read"], raw["support"]
    return Weights(
        fusion=raw["fusion"],
        sentences=Linear.from_dict(raw["sentences"]),
        confidence=Linear.from_dict(raw["confidence"]),
        refuse_below=raw["refuse_below"],
        unsure_below=raw["unsure_below"],
        read=ReadWeights(**read | {"confidence": Linear.from_dict(read["confidence"])}),
        support=SupportWeights(**support | {"model": Linear.from_dict(support["model"])}),
        kinds=raw["kinds"],
    )
