"""Fits the program's weights and writes them to rag/weights.json.

    python -m eval fit --papers ../shared/seeds --off-topic ../shared/data/pubmedqa/pqa_labeled.jsonl

Fitted are, in this order, since each stands on the one before: the fusion of retrieval scores, the choice of sentences,
and the confidence with its two thresholds. Only the fitting part of the question set is used; every score that is
written down is of 5-fold cross-validation on it, and of the part kept apart for reporting.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from rag.answering import CONFIDENCE_FEATURES, SENTENCE_FEATURES, Evidence, choose_sentences, gather_evidence
from rag.assistant import Assistant
from rag.library import Library
from rag.readable import folded
from rag.records import Scope
from rag.retrieval import FEATURES, find, z_scores
from rag.weights import FILE, Linear, Weights

from .questions import QUESTIONS, SAMPLE, Question, holds_nugget, load_questions

FOLDS = 5
FALSE_REFUSALS = 0.025  # of the answerable questions, as many as this may be refused
UNSURE = 0.12  # and as many as this may be answered with a warning
_TRIALS = 400

Array = NDArray[np.float64]


class Ranking(NamedTuple):
    """A question's candidates: z-scored features (rows, features) and the folded title of each row's paper."""

    question: Question
    features: Array
    titles: list[str]


class Choice(NamedTuple):
    """A question's sentences, and which of them hold one of its facts in one of its papers."""

    question: Question
    evidence: Evidence
    holds_fact: NDArray[np.bool_]


def main(arguments: Sequence[str]) -> int:
    """Fits, writes the file, prints its scores."""
    parser = argparse.ArgumentParser(prog="python -m eval fit", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--papers", nargs="+", default=[str(SAMPLE)], help="the papers that the questions are put to")
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--off-topic", type=Path, help="JSON lines with `question`: all of them on other topics")
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder, Assistant.open(library=folder, mode="quote") as assistant:
        assistant.add(options.papers)
        titles = [paper.title for paper in assistant.papers()]
        questions = [q for q in load_questions(options.questions, titles) if not q.history]
        off_topic = _off_topic(options.off_topic)
        weights, scores = fit(assistant.library, questions, off_topic)
    data = [options.questions, *([options.off_topic] if options.off_topic else [])]
    made = {
        "version": 1,
        "date": date.today().isoformat(),
        "command": "python -m eval fit " + " ".join(arguments),
        "data": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in data},
        "scores": scores,
    }
    options.out.write_text(json.dumps(made | as_dict(weights), indent=1) + "\n")
    print(json.dumps(scores, indent=1))  # noqa: T201
    return 0


def fit(library: Library, questions: Sequence[Question], off_topic: Sequence[str]) -> tuple[Weights, dict[str, Any]]:
    """The weights fitted on the fitting part of `questions`, and their scores by cross-validation and on the rest."""
    empty = Linear((), np.zeros(0), np.ones(0), np.zeros(0), 0.0)
    weights = Weights(dict.fromkeys(FEATURES, 1.0), empty, empty, 0.0, 0.0)
    rankings = [_ranking(library, q) for q in questions if q.answerable]
    fitted = [r for r in rankings if not r.question.for_report]
    kept = [r for r in rankings if r.question.for_report]
    fusion = fit_fusion(fitted)
    weights = replace(weights, fusion=dict(zip(FEATURES, np.round(fusion, 3).tolist(), strict=True)))
    scores: dict[str, Any] = {
        "questions": {"fitted": len(fitted), "kept": len(kept)},
        "RR": {"cross-validated": _cross_validated_rr(fitted), "kept": mean_rr(kept, fusion)},
        "Success@5": {"kept": _success(kept, fusion, 5)},
    }
    choices = [_choice(library, q, weights) for q in questions if q.answerable]
    fitted_choices = [c for c in choices if not c.question.for_report]
    kept_choices = [c for c in choices if c.question.for_report]
    weights = replace(weights, sentences=fit_sentences(fitted_choices))
    scores["facts in 4 sentences"] = {
        "cross-validated": _cross_validated_facts(fitted_choices, weights),
        "kept": facts_found(kept_choices, weights),
    }
    confidence, thresholds, confidence_scores = _fit_confidence(library, questions, off_topic, choices, weights)
    weights = replace(weights, confidence=confidence, refuse_below=thresholds[0], unsure_below=thresholds[1])
    return weights, scores | {"confidence": confidence_scores}


def as_dict(weights: Weights) -> dict[str, Any]:
    """The weights as they stand in the file."""

    def linear(each: Linear) -> dict[str, Any]:
        arrays = {name: np.round(getattr(each, name), 5).tolist() for name in ("means", "scales", "coefficients")}
        return {"features": list(each.features), **arrays, "intercept": round(each.intercept, 5)}

    return {
        "fusion": weights.fusion,
        "sentences": linear(weights.sentences),
        "confidence": linear(weights.confidence),
        "refuse_below": weights.refuse_below,
        "unsure_below": weights.unsure_below,
    }


# Fusion


def fit_fusion(rankings: Sequence[Ranking], seed: int = 0) -> Array:
    """The weights with the best mean reciprocal rank among random ones, averaged over the best twenty.

    The mean of many good ones is steadier than the best: the rank is a step function of the weights.
    """
    rng = np.random.default_rng(seed)
    tried = rng.dirichlet(np.ones(len(FEATURES)), _TRIALS)
    order = np.argsort([-mean_rr(rankings, weights) for weights in tried], kind="stable")
    return np.asarray(tried[order[:20]].mean(axis=0))


def mean_rr(rankings: Sequence[Ranking], fusion: Array) -> float:
    """Mean reciprocal rank of the first right paper."""
    return round(float(np.mean([1 / rank if (rank := _rank(r, fusion)) else 0.0 for r in rankings])), 4)


def _success(rankings: Sequence[Ranking], fusion: Array, most: int) -> float:
    return round(float(np.mean([0 < _rank(r, fusion) <= most for r in rankings])), 4)


def _rank(ranking: Ranking, fusion: Array) -> int:
    """The rank of the first right paper, from 1; 0 where it was not found."""
    order = np.argsort(-(ranking.features @ fusion), kind="stable")
    gold = {folded(title) for title in ranking.question.gold_titles}
    titles = list(dict.fromkeys(ranking.titles[i] for i in order))
    return next((rank for rank, title in enumerate(titles, 1) if title in gold), 0)


def _cross_validated_rr(rankings: Sequence[Ranking]) -> float:
    parts = _folds(len(rankings))
    found = []
    for fold in range(FOLDS):
        fusion = fit_fusion([r for r, f in zip(rankings, parts, strict=True) if f != fold])
        found += [mean_rr([r], fusion) for r, f in zip(rankings, parts, strict=True) if f == fold]
    return round(float(np.mean(found)), 4)


def _ranking(library: Library, question: Question) -> Ranking:
    found = find(library, question.question)
    titles = [folded(found.candidates.paper(key).title) for key in found.candidates.paper_keys]
    return Ranking(question, z_scores(found.features), titles)


# Sentences


def fit_sentences(choices: Sequence[Choice]) -> Linear:
    """A logistic regression: does a sentence hold one of the facts asked for?"""
    features = np.concatenate([c.evidence.features for c in choices])
    return _logistic(SENTENCE_FEATURES, features, np.concatenate([c.holds_fact for c in choices]), c=0.3)


def facts_found(choices: Sequence[Choice], weights: Weights, most: int = 4) -> float:
    """The share of all facts that stand in the chosen sentences."""
    found: list[bool] = []
    for question, evidence, _ in choices:
        text = [c.text for c in choose_sentences(evidence, question.question, most, weights)]
        found += [any(holds_nugget(t, group) for t in text) for group in question.nuggets]
    return round(float(np.mean(found)), 4)


def _cross_validated_facts(choices: Sequence[Choice], weights: Weights) -> float:
    parts = _folds(len(choices))
    found = []
    sizes = []
    for fold in range(FOLDS):
        fitted = replace(weights, sentences=fit_sentences([c for c, f in zip(choices, parts, strict=True) if f != fold]))
        held = [c for c, f in zip(choices, parts, strict=True) if f == fold]
        found.append(facts_found(held, fitted))
        sizes.append(sum(len(c.question.nuggets) for c in held))
    return round(float(np.average(found, weights=sizes)), 4)


def _choice(library: Library, question: Question, weights: Weights) -> Choice:
    found = find(library, question.question, weights=weights)
    evidence = gather_evidence(library, found)
    gold = {folded(title) for title in question.gold_titles}
    holds = [
        folded(found.candidates.paper(c.paper_key).title) in gold
        and any(holds_nugget(c.text, group) for group in question.nuggets)
        for c in evidence.candidates
    ]
    return Choice(question, evidence, np.array(holds, bool))


# Confidence


def _fit_confidence(
    library: Library,
    questions: Sequence[Question],
    off_topic: Sequence[str],
    choices: Sequence[Choice],
    weights: Weights,
) -> tuple[Linear, tuple[float, float], dict[str, Any]]:
    """Does the library answer at all? Against questions on other topics, and against its own without their paper."""

    def features(text: str, scope: Scope | None = None) -> Array:
        return gather_evidence(library, find(library, text, scope=scope, weights=weights)).confidence_features

    answerable = [(c.question, c.evidence.confidence_features) for c in choices]
    ids = {folded(paper.title): paper.id for paper in library.papers()}
    removed = [
        features(q.question, Scope(papers=tuple(i for t, i in ids.items() if t not in set(map(folded, q.gold_titles)))))
        for q, _ in answerable
        if not q.for_report
    ]
    others = [q for q in questions if not q.answerable]
    other_features = {q.id: features(q.question) for q in others}
    strangers = [other_features[q.id] for q in others if q.type == "off_topic" and not q.for_report]
    strangers += [features(text) for text in off_topic]
    right = np.array([x for q, x in answerable if not q.for_report])
    wrong = np.array([*strangers, *removed])
    # Both kinds of wrong question count as much together as the right ones.
    weight = np.concatenate(
        [
            np.ones(len(right)),
            np.full(len(strangers), 0.6 * len(right) / max(len(strangers), 1)),
            np.full(len(removed), 0.4 * len(right) / max(len(removed), 1)),
        ]
    )
    everything = np.concatenate([right, wrong])
    labels = np.concatenate([np.ones(len(right)), np.zeros(len(wrong))])
    linear = _logistic(CONFIDENCE_FEATURES, everything, labels, c=1.0, weight=weight)
    held_out = np.zeros(len(right))
    parts = _folds(len(right))
    for fold in range(FOLDS):
        keep = np.concatenate([parts != fold, np.ones(len(wrong), bool)])
        part = _logistic(CONFIDENCE_FEATURES, everything[keep], labels[keep], c=1.0, weight=weight[keep])
        held_out[parts == fold] = probability(part, right[parts == fold])
    thresholds = tuple(round(float(np.quantile(held_out, share)), 4) for share in (FALSE_REFUSALS, UNSURE))
    kept = probability(linear, np.array([x for q, x in answerable if q.for_report]))

    def against(kind: str) -> Array:
        rows = [other_features[q.id] for q in others if q.type == kind and q.for_report]
        return probability(linear, np.array(rows).reshape(-1, len(CONFIDENCE_FEATURES)))

    scores = {
        "AUROC off topic": _auroc(kept, against("off_topic")),
        "AUROC near misses": _auroc(kept, against("unanswerable")),
        "AUROC paper removed (fitted)": _auroc(held_out, probability(linear, np.array(removed))),
        "off topic refused": round(float(np.mean(against("off_topic") < thresholds[0])), 4),
        "falsely refused": round(float(np.mean(kept < thresholds[0])), 4),
    }
    return linear, (thresholds[0], thresholds[1]), scores


def probability(linear: Linear, features: Array) -> Array:
    """The fitted probability, a row each."""
    logits = ((features - linear.means) / linear.scales) @ linear.coefficients + linear.intercept
    return np.asarray(1.0 / (1.0 + np.exp(-logits)))


def _auroc(right: Array, wrong: Array) -> float:
    if not len(right) or not len(wrong):
        return float("nan")
    labels = [1] * len(right) + [0] * len(wrong)
    return round(float(roc_auc_score(labels, np.concatenate([right, wrong]))), 4)


def _off_topic(path: Path | None) -> list[str]:
    """Every fifth question of a file of questions on other topics; a part named "test" is left out."""
    if path is None:
        return []
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    return [str(row["question"]) for row in rows if row.get("split") != "test"][::5]


def _logistic(
    names: tuple[str, ...], features: Array, labels: Array | NDArray[np.bool_], c: float, weight: Array | None = None
) -> Linear:
    means, scales = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    model = LogisticRegression(C=c, max_iter=2000)
    model.fit((features - means) / scales, labels, sample_weight=weight)
    return Linear(names, means, scales, np.asarray(model.coef_[0]), float(model.intercept_[0]))


def _folds(count: int) -> NDArray[np.int64]:
    return np.random.default_rng(1).permutation(count) % FOLDS
