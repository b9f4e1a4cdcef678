"""Fit the confidence that a library answers a question, and the thresholds for refusing and warning."""

import random
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.answering.features import CONFIDENCE_FEATURES
from rag.answering.reading import READ_CONFIDENCE_FEATURES
from rag.filters import Filters
from rag.library import Library
from rag.models.weights import Linear
from rag.retrieval.terms import search_terms
from rag.text.readable import folded

from ..files import read_json_lines
from ..questions import Question, QuestionSetError
from ..statistics import Array, auroc_figure, rounded
from .logistic import FOLDS, fit_logistic, stratified_folds
from .sentences import Gather

FALSE_REFUSALS = 0.025  # share of the answerable questions that may be refused
UNSURE = 0.12  # share that may be answered with a warning
_EVERY_OFF_TOPIC = 10  # use every tenth
_EVERY_VARIANT = 3  # every third question is also asked as keywords, and with its paper removed
KEYWORDS = 6  # words of a question that stand for all of it

LIBRARY_KINDS = {"right": 1.0, "keywords": 0.3, "off_topic": 0.7, "removed": 0.2, "unanswerable": 0.1}
PAPER_KINDS = {"right": 1.0, "keywords": 0.3, "elsewhere": 0.4, "unanswerable": 0.6}
"""The total weight of the questions of each kind; `keywords` are the right ones cut to a few words, `elsewhere` those
about another paper."""
_OTHERS = "others"  # the kind of held-out questions on other topics
_CONTRASTS = {
    "off topic": "off_topic", "near misses": "unanswerable", "paper removed": "removed", "elsewhere": "elsewhere",
    "off topic, kept": _OTHERS,
}  # fmt: skip
"""Score name -> the kind of questions to separate from the right ones."""


class OffTopic(NamedTuple):
    """Questions on other topics: to fit on, and held out for reporting."""

    fitted: list[str]
    kept: list[str]


class Examples(NamedTuple):
    """Questions by kind, (questions,), with their features, (questions, features)."""

    kinds: NDArray[np.str_]
    features: Array


class Parts(NamedTuple):
    """Examples to fit on, and held-out ones."""

    fitted: Examples
    kept: Examples


def read_off_topic(path: Path) -> OffTopic:
    """Read every tenth question on other topics; those of the split "test" are held out.

    Raise QuestionSetError if the file cannot be read, or a line has no question.
    """
    rows = read_json_lines(path)
    if any(not isinstance(row, dict) or not isinstance(row.get("question"), str) for row in rows):
        raise QuestionSetError(f"{path.name} needs a JSON object with `question` on each line.")
    fitted, kept = (
        [row["question"] for row in rows if (row.get("split") == "test") == is_test][::_EVERY_OFF_TOPIC]
        for is_test in (False, True)
    )
    return OffTopic(fitted, kept)


def make_examples(library: Library, questions: Sequence[Question], off_topic: OffTopic, gather: Gather) -> Parts:
    """Gather the features of all questions; of some answerable ones also without their papers."""
    rng = random.Random(3)
    parts: dict[bool, list[tuple[str, Array]]] = {False: [], True: []}

    def add(kept: bool, kind: str, text: str, without: tuple[str, ...] = ()) -> None:
        parts[kept].append((kind, gather(text, Filters(without=without))[1].confidence_features))

    for question in questions:
        kept = question.for_report
        if question.answerable:
            add(kept, "right", question.question)
            if rng.randrange(_EVERY_VARIANT):
                continue
            gold = set(map(folded, question.gold_titles))
            papers = tuple(paper.id for paper in library.papers() if folded(paper.title) in gold)
            # Without these, short questions would look off topic, since the off-topic questions are short.
            add(kept, "keywords", " ".join(search_terms(question.question)[:KEYWORDS]))
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


def fit_confidence(examples: Examples, kinds: Mapping[str, float] = LIBRARY_KINDS) -> Linear:
    """Fit a logistic regression for whether the papers answer; `kinds` has the weight of each kind of question."""
    counts = Counter(examples.kinds.tolist())
    weight = np.array([kinds[kind] * counts["right"] / counts[kind] for kind in examples.kinds])
    names = (*CONFIDENCE_FEATURES, *READ_CONFIDENCE_FEATURES)[: examples.features.shape[1]]
    right = np.isin(examples.kinds, ["right", "keywords"])
    return fit_logistic(names, examples.features, right, c=1.0, weight=weight)


def fit_thresholds(
    parts: Parts, kinds: Mapping[str, float] = LIBRARY_KINDS
) -> tuple[Linear, tuple[float, float], dict[str, Any]]:
    """Return the fitted confidence, the thresholds below which to refuse and to warn, and the scores."""
    linear = fit_confidence(parts.fitted, kinds)
    held_out = _cross_validated(parts.fitted, kinds)
    right = held_out[parts.fitted.kinds == "right"]
    refuse, unsure = (round(float(np.quantile(right, share)), 4) for share in (FALSE_REFUSALS, UNSURE))
    scores = {"cross-validated": _scores(parts.fitted.kinds, held_out, (refuse, unsure))}
    if not len(parts.kept.kinds):
        return linear, (refuse, unsure), scores
    reported = linear.probability(parts.kept.features)
    scores["kept"] = _scores(parts.kept.kinds, reported, (refuse, unsure))
    others = reported[parts.kept.kinds == _OTHERS]
    if len(others):
        scores["off topic, kept"] = {
            "questions": len(others),
            "AUROC": rounded(auroc_figure(reported[parts.kept.kinds == "right"].tolist(), others.tolist())),
            "refused": _share_below(others, refuse),
        }
    return linear, (refuse, unsure), scores


def _cross_validated(examples: Examples, kinds: Mapping[str, float]) -> Array:
    folds = stratified_folds(examples.kinds)
    held_out = np.zeros(len(folds))
    for fold in range(FOLDS):
        linear = fit_confidence(Examples(examples.kinds[folds != fold], examples.features[folds != fold]), kinds)
        held_out[folds == fold] = linear.probability(examples.features[folds == fold])
    return held_out


def _scores(kinds: NDArray[np.str_], values: Array, thresholds: tuple[float, float]) -> dict[str, Any]:
    """Return the scores of probabilities: a refusal below the first threshold, a warning below the second."""
    right = values[kinds == "right"]
    scores: dict[str, Any] = {}
    for name, kind in _CONTRASTS.items():
        if kind in kinds and kind != _OTHERS:
            wrong = values[kinds == kind]
            scores[f"AUROC {name}"] = rounded(auroc_figure(right.tolist(), wrong.tolist()))
            refused, doubted = (_share_below(wrong, threshold) for threshold in thresholds)
            scores |= {f"{name} refused": refused, f"{name} refused or doubted": doubted}
    refused, doubted = (_share_below(right, threshold) for threshold in thresholds)
    return scores | {"falsely refused": refused, "falsely refused or doubted": doubted}


def _share_below(values: Array, threshold: float) -> float:
    return round(float(np.mean(values < threshold)), 4)
