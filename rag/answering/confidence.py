"""Confidence: the probability that the library answers a question."""

from typing import NamedTuple

import numpy as np

from ..models.weights import Weights, load_weights
from .evidence import Evidence


class Confidence(NamedTuple):
    """A probability; whether the answer is the refusal, and whether it says that the papers may not answer."""

    value: float
    refuse: bool
    unsure: bool


def confidence_in(evidence: Evidence, weights: Weights | None = None) -> Confidence:
    """Return the probability that the library answers the question, and what follows from it.

    Of several papers, one that answers is enough; `unfound` names the others.
    """
    if evidence.of_papers:
        each = [confidence_in(one, weights) for one in evidence.of_papers]
        return Confidence(
            float(np.mean([one.value for one in each])),
            refuse=all(one.refuse for one in each),
            unsure=all(one.unsure for one in each),
        )
    if not evidence.candidates:
        return Confidence(0.0, refuse=True, unsure=True)
    fitted = (weights or load_weights()).answers[evidence.fitted]
    value = float(fitted.confidence.probability(evidence.confidence_features[None])[0])
    return Confidence(value, value < fitted.refuse_below, value < fitted.unsure_below)
