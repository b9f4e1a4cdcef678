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
class AnswerWeights:
    """Weights of an answer in quotes.

    `sentences` chooses quotes; `confidence` decides on refusal: below `refuse_below` the answer is the refusal, below
    `unsure_below` it says that the papers may not answer it.
    """

    sentences: Linear
    confidence: Linear
    refuse_below: float
    unsure_below: float

    @classmethod
    def from_dict(cls, raw: dict[str, Any]) -> AnswerWeights:
        return cls(**raw | {name: Linear.from_dict(raw[name]) for name in ("sentences", "confidence")})


@dataclass(frozen=True, slots=True)
class Weights:
    """All fitted weights.

    `fusion` ranks passages, by feature name. `answers` has the weights of answers: "unread" without the packaged
    cross-encoder; with it "library", or "papers" for questions about one or a few papers. `support` checks sentences
    against quotes. `kinds` is what a sentence gains in logits by the shape that a kind of question wants, by kind;
    "place" is also for the places that any question names.
    """

    fusion: dict[str, float]
    answers: dict[str, AnswerWeights]
    support: SupportWeights
    kinds: dict[str, float]


@functools.cache
def load_weights() -> Weights:
    """Return the packaged weights."""
    raw = json.loads(FILE.read_text())
    return Weights(
        fusion=raw["fusion"],
        answers={name: AnswerWeights.from_dict(each) for name, each in raw["answers"].items()},
        support=SupportWeights(**raw["support"] | {"model": Linear.from_dict(raw["support"]["model"])}),
        kinds=raw["kinds"],
    )
