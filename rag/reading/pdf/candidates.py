"""Combine what the sources of a paper's metadata say into values with a certainty."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

LEAST = 0.5
"""Values with a lower certainty are dropped."""
_MOST = 0.98  # maximum certainty, however many sources agree
_MOST_SUPPORT = 0.999  # the same, before contradictions are weighed
_MAY_DIFFER = frozenset({"venue"})  # fields whose values do not contradict each other: a journal's name has many forms


class Candidate(NamedTuple):
    """A value of a field, the source that states it, and how often such a source is right, from 0 to 1."""

    field: str
    value: str
    source: str
    certainty: float


class Guess(NamedTuple):
    """A value with its certainty from 0 to 1; empty if there is none."""

    value: str = ""
    certainty: float = 0.0


def combine(field: str, candidates: Iterable[Candidate]) -> Guess:
    """Return the most certain value of a field; an empty one if it is not certain enough.

    Sources that agree reinforce each other; each source counts once per value. Contradictory values share the certainty
    according to their odds, so that two values with one good source each are both dropped.
    """
    sources: dict[str, dict[str, float]] = {}
    for candidate in candidates:
        if candidate.field == field and candidate.value:
            known = sources.setdefault(candidate.value, {})
            known[candidate.source] = max(candidate.certainty, known.get(candidate.source, 0.0))
    support = {value: _together(known.values()) for value, known in sources.items()}
    if not support:
        return Guess()
    best = max(support, key=lambda value: support[value])
    certainty = support[best]
    if field not in _MAY_DIFFER:
        certainty = _odds(certainty) / (1 + sum(map(_odds, support.values())))
    return Guess(best, min(_MOST, certainty)) if certainty >= LEAST - 1e-9 else Guess()


def doubted(candidate: Candidate) -> Candidate:
    """Return a candidate with half its certainty, so that it can confirm another source but not stand alone."""
    return candidate._replace(certainty=candidate.certainty / 2)


def _together(certainties: Iterable[float]) -> float:
    doubt = 1.0
    for certainty in certainties:
        doubt *= 1 - certainty
    return min(_MOST_SUPPORT, 1 - doubt)


def _odds(certainty: float) -> float:
    return certainty / (1 - certainty)
