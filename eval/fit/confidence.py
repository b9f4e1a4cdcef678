"""Fit the confidence that a library answers a question, and the thresholds of refusing and of warning."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.answering.features import CONFIDENCE_FEATURES
from rag.answering.rerank import RERANKED_CONFIDENCE_FEATURES
from rag.filters import Filters
from rag.library import Library
from rag.models.weights import Linear
from rag.retrieval.terms import search_terms
from rag.text.readable import folded

from ..files import read_json_lines
from ..questions import Question, QuestionSetError
from ..statistics import Array, Figure, auroc_difference, auroc_figure, rounded
from .logistic import FOLDS, fit_logistic, stratified_folds
from .sentences import Gather

FALSE_REFUSALS = 0.025  # of the answerable questions, as many as this may be refused
UNSURE = 0.12  # and as many as this may be answered with a warning
_KEYWORDS = 6

_KIND_WEIGHTS = {"right": 1.0, "keywords": 0.3, "off_topic": 0.7, "removed": 0.2, "unanswerable": 0.1}
"""How much the questions of each kind count together; `keywords` are the right ones cut to a few words."""
_OTHERS = "others"  # the kind of questions on other topics that are kept apart
_CONTRASTS = {
    "off topic": "off_topic", "near misses": "unanswerable", "paper removed": "removed", "off topic, kept": _OTHERS,
}  # fmt: skip
"""The name of each score, and the kind of questions that the right ones are separated from."""


class OffTopic(NamedTuple):
    """Questions on other topics: to fit on, and kept apart to report on."""

    fitted: list[str]
    kept: list[str]


class Examples(NamedTuple):
    """Questions by kind, (questions,), with their features, (questions, features)."""

    kinds: NDArray[np.str_]
    features: Array


class Parts(NamedTuple):
    """Examples to fit on, and those kept apart."""

    fitted: Examples
    kept: Examples


def read_off_topic(path: Path) -> OffTopic:
    """Read questions on other topics: those of the split "test" are kept apart, of the rest each fifth is fitted on.

    Raise QuestionSetError if the file cannot be read, or a line has no question.
    """
    rows = read_json_lines(path)
    if any(not isinstance(row, dict) or not isinstance(row.get("question"), str) for row in rows):
        raise QuestionSetError(f"{path.name} needs a JSON object with `question` on each line.")
    kept = [row["question"] for row in rows if row.get("split") == "test"]
    return OffTopic([row["question"] for row in rows if row.get("split") != "test"][::5], kept)


def make_examples(library: Library, questions: Sequence[Question], off_topic: OffTopic, gather: Gather) -> Parts:
    """Gather the features of all questions; those that the library answers, without their papers as well."""
    parts: dict[bool, list[tuple[str, Array]]] = {False: [], True: []}

    def add(kept: bool, kind: str, text: str, without: tuple[str, ...] = ()) -> None:
        parts[kept].append((kind, gather(text, Filters(without=without))[1].confidence_features))

    for question in questions:
        kept = question.for_report
        if question.answerable:
            gold = set(map(folded, question.gold_titles))
            papers = tuple(paper.id for paper in library.papers() if folded(paper.title) in gold)
            add(kept, "right", question.question)
            # Without these a short question would look off topic, as those at hand are short.
            add(kept, "keywords", " ".join(search_terms(question.question)[:_KEYWORDS]))
            add(kept, "removed", question.question, papers)
        else:
            add(kept, question.type, question.question)
    for text in off_topic.fitted:
        add(False, "off_topic", text)
    for text in off_topic.kept:
        add(True, _OTHERS, text)
    fitted, held_apart = (
        Examples(np.array([kind for kind, _ in parts[kept]]), np.array([each for _, each in parts[kept]]))
        for kept in (False, True)
    )
    return Parts(fitted, held_apart)


def fit_confidence(examples: Examples) -> Linear:
    """Fit a logistic regression: does the library answer?"""
    counts = Counter(examples.kinds.tolist())
    weight = np.array([_KIND_WEIGHTS[kind] * counts["right"] / counts[kind] for kind in examples.kinds])
    names = (*CONFIDENCE_FEATURES, *RERANKED_CONFIDENCE_FEATURES)[: examples.features.shape[1]]
    right = np.isin(examples.kinds, ["right", "keywords"])
    return fit_logistic(names, examples.features, right, c=1.0, weight=weight)


def fit_thresholds(parts: Parts) -> tuple[Linear, tuple[float, float], dict[str, Any]]:
    """Return the confidence, the thresholds below which to refuse and to warn, and the scores."""
    linear = fit_confidence(parts.fitted)
    held_out = _cross_validated(parts.fitted)
    right = held_out[parts.fitted.kinds == "right"]
    refuse, unsure = (round(float(np.quantile(right, share)), 4) for share in (FALSE_REFUSALS, UNSURE))
    reported = linear.probability(parts.kept.features)
    scores = {
        "cross-validated": _scores(parts.fitted.kinds, held_out, refuse),
        "kept": _scores(parts.kept.kinds, reported, refuse),
    }
    others = reported[parts.kept.kinds == _OTHERS]
    if len(others):
        scores["off topic, kept"] = {
            "questions": len(others),
            "AUROC": rounded(auroc_figure(reported[parts.kept.kinds == "right"].tolist(), others.tolist())),
            "refused": _share_below(others, refuse),
        }
    return linear, (refuse, unsure), scores


def gain_in_auroc(unread: Parts, read: Parts) -> dict[str, Any]:
    """Return by how much each AUROC is higher with the cross-encoder, question by question."""

    def differences(kinds: NDArray[np.str_], first: Array, second: Array) -> dict[str, Figure]:
        def sides(values: Array, kind: str) -> tuple[list[float], list[float]]:
            return values[kinds == "right"].tolist(), values[kinds == kind].tolist()

        return {
            name: rounded(auroc_difference(sides(first, kind), sides(second, kind)))
            for name, kind in _CONTRASTS.items()
            if kind in kinds
        }

    held_out = [_cross_validated(each.fitted) for each in (unread, read)]
    kept = [fit_confidence(each.fitted).probability(each.kept.features) for each in (unread, read)]
    return {
        "cross-validated": differences(read.fitted.kinds, held_out[0], held_out[1]),
        "kept": differences(read.kept.kinds, kept[0], kept[1]),
    }


def _cross_validated(examples: Examples) -> Array:
    folds = stratified_folds(examples.kinds)
    held_out = np.zeros(len(folds))
    for fold in range(FOLDS):
        linear = fit_confidence(Examples(examples.kinds[folds != fold], examples.features[folds != fold]))
        held_out[folds == fold] = linear.probability(examples.features[folds == fold])
    return held_out


def _scores(kinds: NDArray[np.str_], values: Array, refuse: float) -> dict[str, Any]:
    """Return the scores of probabilities; questions below `refuse` are refused."""
    right = values[kinds == "right"]
    scores: dict[str, Any] = {
        f"AUROC {name}": rounded(auroc_figure(right.tolist(), values[kinds == kind].tolist()))
        for name, kind in _CONTRASTS.items()
        if kind in kinds and kind != _OTHERS
    }
    if "off_topic" in kinds:
        scores["off topic refused"] = _share_below(values[kinds == "off_topic"], refuse)
    return scores | {"falsely refused": _share_below(right, refuse)}


def _share_below(values: Array, threshold: float) -> float:
    return round(float(np.mean(values < threshold)), 4)
