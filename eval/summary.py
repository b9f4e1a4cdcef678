"""Summarise the answers to a question set: figures by type and part, refusals, and the faults of each answer."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rag.text.readable import folded
from rag.types import UNSURE

from .measures import Row, cited_texts, holds_any, is_supported, is_wrong, score_question
from .questions import Question
from .statistics import Figure, aurc_figure, auroc_figure, mean_figure, risk_coverage, summarise_scores


def summarise(questions: Sequence[Question], rows: Sequence[Row]) -> dict[str, Any]:
    """Return the content of report.json, without the keys that say how it was made.

    `rows` may be in any order, and questions may be missing. A figure that applies to no question is left out.
    """
    by_id = {row["id"]: row for row in rows}
    scores = {q.id: score_question(q, by_id.get(q.id, {})) for q in questions}
    types = {kind: [q for q in questions if q.type == kind] for kind in dict.fromkeys(q.type for q in questions)}
    parts = {"fit": [q for q in questions if not q.for_report], "report": [q for q in questions if q.for_report]}

    def measured(some: Sequence[Question]) -> dict[str, Figure]:
        return summarise_scores([scores[q.id] for q in some])

    return {
        "measures": measured(questions),
        "by_type": {kind: measured(some) for kind, some in types.items()},
        "by_part": {part: measured(some) for part, some in parts.items()},
        "refusals": summarise_refusals(questions, by_id, scores),
        "refusals_by_part": {part: summarise_refusals(some, by_id, scores) for part, some in parts.items()},
        "resources": {"seconds": _seconds(rows)},
        "questions": {
            q.id: {
                "type": q.type,
                "part": "report" if q.for_report else "fit",
                "confidence": _confidence(q, by_id),
                "scores": scores[q.id],
                "wrong": what_went_wrong(q, by_id.get(q.id, {}), scores[q.id]),
            }
            for q in questions
        },
    }


def summarise_refusals(
    questions: Sequence[Question], rows: Mapping[str, Row], scores: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """Return how well refusals and `confidence` separate answerable questions from the others.

    precision, recall: share of the refusals that are right; share of the questions without gold titles that are
        refused.
    AUROC: see `auroc_figure`; answerable questions against all others, against those off topic, against near misses.
    AURC, risk_coverage: see `statistics.aurc` and `risk_coverage`; wrong is an answer that lacks a nugget (without
    nuggets: a citation of a gold title), a refusal of an answerable question, and any answer to a question without
    gold titles.

    A missing result has the worst possible confidence: 0 if an answer was expected, 1 if a refusal was.
    """
    confidence = {q.id: _confidence(q, rows) for q in questions}
    answerable = [q for q in questions if q.answerable]
    against = {
        "AUROC": [q for q in questions if not q.answerable],
        "AUROC off topic": [q for q in questions if not q.answerable and q.type == "off_topic"],
        "AUROC near misses": [q for q in questions if not q.answerable and q.type == "unanswerable"],
    }
    refusals: dict[str, Any] = {}
    if refused := [q for q in questions if rows.get(q.id, {}).get("refused", False)]:
        refusals["precision"] = mean_figure([not q.answerable for q in refused])
    if others := against["AUROC"]:
        refusals["recall"] = mean_figure([scores[q.id]["refused rightly"] for q in others])
    for name, others in against.items():
        if answerable and others:
            refusals[name] = auroc_figure([confidence[q.id] for q in answerable], [confidence[q.id] for q in others])
    if questions:
        ordered = [confidence[q.id] for q in questions]
        wrong = [is_wrong(scores[q.id]) for q in questions]
        refusals["AURC"] = aurc_figure(ordered, wrong)
        refusals["risk_coverage"] = risk_coverage(ordered, wrong)
    return refusals


def what_went_wrong(question: Question, row: Row, scores: Mapping[str, float]) -> list[str]:
    """Return a sentence for each fault of an answer."""
    if not row:
        return ["There is no result."]
    if not question.answerable:
        return [] if row["refused"] else [f"Answered with confidence {row['confidence']:.2f}; no paper answers it."]
    wrong = [] if row["complete"] else ["The answer broke off."]
    if row["refused"]:
        wrong.append(f"Refused with confidence {row['confidence']:.2f}; the papers answer it.")
    if any(sentence["text"] == UNSURE for sentence in row["sentences"]):
        wrong.append(f"Doubted with confidence {row['confidence']:.2f}; the papers answer it.")
    wrong += _misranked(question, row)
    if row["refused"]:
        return wrong
    if scores["citation recall"] < 1:
        cited = {folded(citation["title"]) for citation in row["citations"]}
        wrong += [f"“{title}” is not cited." for title in question.gold_titles if folded(title) not in cited]
    if scores.get("nugget recall", 1) < 1:
        wrong += _missing_nuggets(question, row)
    texts = cited_texts(row)
    if unsupported := [text for text, quotes in texts if not is_supported(text, quotes)]:
        wrong.append(f"Not supported by its citations: {len(unsupported)} of {len(texts)} sentences.")
    return wrong


def _misranked(question: Question, row: Row) -> list[str]:
    """Name the gold titles that are missing from the ranked papers, or rank below papers that are not gold."""
    ranking = list(dict.fromkeys(folded(title) for title in row["ranking"]))
    wrong = []
    for title in question.gold_titles:
        if folded(title) not in ranking:
            wrong.append(f"“{title}” is not among the {len(ranking)} papers found.")
        elif (rank := ranking.index(folded(title)) + 1) > len(question.gold_titles):
            wrong.append(f"“{title}” is at rank {rank}.")
    return wrong


def _missing_nuggets(question: Question, row: Row) -> list[str]:
    answer = [sentence["text"] for sentence in row["sentences"]]
    gold = {folded(title) for title in question.gold_titles}
    found = [passage["text"] for passage in row["passages"] if folded(passage["title"]) in gold]
    return [
        f"The answer lacks “{group[0]}”, which {'a' if holds_any(found, group) else 'no'} passage found holds."
        for group in question.nuggets
        if not holds_any(answer, group)
    ]


def _confidence(question: Question, rows: Mapping[str, Row]) -> float:
    return float(rows[question.id]["confidence"]) if question.id in rows else float(not question.answerable)


def _seconds(rows: Sequence[Row]) -> dict[str, float]:
    """Return median, 95th percentile and total of the answer times in seconds."""
    taken = [sum(row["seconds"].values()) for row in rows if row.get("seconds")]
    if not taken:
        return {}
    median, p95 = np.percentile(taken, (50, 95))
    return {"median": float(median), "p95": float(p95), "total": float(sum(taken))}
