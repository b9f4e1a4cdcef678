"""Confidence: the probability that the library answers a question."""

from typing import NamedTuple

from ..models.weights import Weights, load_weights
from .evidence import Evidence


class Confidence(NamedTuple):
    """A probability; whether the answer is the refusal, and whether it says that the papers may not answer."""

    value: float
    refuse: bool
    unsure: bool


def confidence_in(evidence: Evidence, weights: Weights | None = None) -> Confidence:
    """Return the probability that the library answers the question, and what follows from it."""
    if not evidence.candidates:
        return Confidence(0.0, refuse=True, unsure=True)
    fitted = (weights or load_weights()).answers[evidence.fitted]
    value = float(fitted.confidence.probability(evidence.confidence_features[None])[0])
    return Confidence(value, value < fitted.refuse_below, value < fitted.unsure_below)
