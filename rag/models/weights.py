"""The fitted numbers: one small file in the package, made by `python -m eval fit` and loaded once."""

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
    """A logistic regression over features that are first brought to mean 0 and deviation 1; one entry a feature."""

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
        """What `from_dict` reads, in few digits."""
        arrays = {name: np.round(getattr(self, name), 5).tolist() for name in ("means", "scales", "coefficients")}
        return {"features": list(self.features), **arrays, "intercept": round(self.intercept, 5)}

    def probability(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """The fitted probability, (rows,), of features (rows, features)."""
        return np.asarray(1.0 / (1.0 + np.exp(-self.logit(features))))

    def logit(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """The same before it is made a probability."""
        return np.asarray(((features - self.means) / self.scales) @ self.coefficients + self.intercept)


@dataclass(frozen=True, slots=True)
class SupportWeights:
    """From the probability `supported_above` on quotes support a sentence, from `partly_above` on in part."""

    model: Linear
    supported_above: float
    partly_above: float


@dataclass(frozen=True, slots=True)
class ReadWeights:
    """For sentences that the packaged cross-encoder read: what it counts in their choice, beside a logit of 1, and the
    confidence in place of the other, with its thresholds."""

    sentences: float
    confidence: Linear
    refuse_below: float
    unsure_below: float


@dataclass(frozen=True, slots=True)
class Weights:
    """`fusion` ranks passages, by feature name; `sentences` chooses quotes; `confidence` decides on refusal.

    Below the confidence `refuse_below` the answer is the refusal, below `unsure_below` it says that it may not answer.
    `read` stands in the place of these where the packaged cross-encoder read. `support` checks a sentence against its
    quotes.
    """

    fusion: dict[str, float]
    sentences: Linear
    confidence: Linear
    refuse_below: float
    unsure_below: float
    read: ReadWeights
    support: SupportWeights


@functools.cache
def load_weights() -> Weights:
    """The weights that ship with the program."""
    raw = json.loads(FILE.read_text())
    return Weights(
        fusion=raw["fusion"],
        sentences=Linear.from_dict(raw["sentences"]),
        confidence=Linear.from_dict(raw["confidence"]),
        refuse_below=raw["refuse_below"],
        unsure_below=raw["unsure_below"],
        read=ReadWeights(
            sentences=raw["read"]["sentences"],
            confidence=Linear.from_dict(raw["read"]["confidence"]),
            refuse_below=raw["read"]["refuse_below"],
            unsure_below=raw["read"]["unsure_below"],
        ),
        support=SupportWeights(
            model=Linear.from_dict(raw["support"]["model"]),
            supported_above=raw["support"]["supported_above"],
            partly_above=raw["support"]["partly_above"],
        ),
    )
