"""Comparison of refusals and of the part kept apart, against scikit-learn, the report's own figures and exact tests."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from eval.compare import (
    ReportError,
    aurc,
    auroc,
    compare,
    main,
    of_part,
    paired_confidences,
    paired_scores,
    ranked,
    refusal_values,
)
from eval.measures import aurc_figure, auroc_figure, summarise
from eval.questions import Question

RNG = np.random.default_rng(7)


def report(confidence: dict[str, float], wrong: tuple[str, ...] = (), part: str = "fit") -> dict[str, Any]:
    """A report on questions by id; those whose id begins with "no" have no answer, with "off" no paper near it."""
    questions: dict[str, Any] = {}
    for key, each in confidence.items():
        kind = {"no": "unanswerable", "of": "off_topic"}.get(key[:2], "fact")
        scores = {"refused rightly": 0.0}
        if kind == "fact":
            scores = {"falsely refused": 0.0, "citation recall": 1.0, "nugget recall": float(key not in wrong)}
        questions[key] = {"type": kind, "part": part, "confidence": each, "scores": scores, "wrong": []}
    made = {"date": "2026-01-01", "mode": "quote", "papers": 3}
    made["questions"] = {"name": "qa.jsonl", "sha256": "a" * 64, "count": len(questions)}  # type: ignore[assignment]
    return {"made": made, "questions": questions}


def test_ranks_aurocs_and_aurcs_of_rows_are_those_of_each() -> None:
    confidence = RNG.integers(0, 8, (6, 30)) / 8  # with ties
    wrong = RNG.random((6, 30)) < 0.4
    answerable = RNG.random(30) < 0.6
    assert ranked(np.array([[0.5, 0.1, 0.5, 0.9]])).tolist() == [[2.5, 1.0, 2.5, 4.0]]
    assert auroc(confidence, answerable) == pytest.approx([roc_auc_score(answerable, row) for row in confidence])
    expected = [aurc_figure(c.tolist(), w.tolist())["mean"] for c, w in zip(confidence, wrong, strict=True)]
    assert aurc(confidence, wrong) == pytest.approx(expected)


def test_refusals_are_compared_with_the_figures_of_the_reports() -> None:
    ids = [*(f"yes{i}" for i in range(12)), *(f"no{i}" for i in range(5)), *(f"off{i}" for i in range(4))]
    first, second = (
        report({key: float(RNG.random() + (key[0] == "y") * plus) for key in ids}, wrong=("yes1", "yes4"))
        for plus in (0.2, 0.6)
    )
    confidences = paired_confidences([first, second])
    differences = {d.measure: d for d in compare(paired_scores(["a", "b"], [first, second]), confidences)}
    assert list(differences)[-4:] == ["AUROC", "AUROC off topic", "AUROC near misses", "AURC"]
    for name, letters in (("AUROC", "no"), ("AUROC off topic", "o"), ("AUROC near misses", "n")):
        sides = [
            [[each["confidence"] for key, each in r["questions"].items() if key[0] in of] for of in ("y", letters)]
            for r in (first, second)
        ]
        means = tuple(auroc_figure(*side)["mean"] for side in sides)
        assert differences[name].means == pytest.approx(means)
        assert differences[name].difference == pytest.approx(means[1] - means[0])
        assert differences[name].low <= differences[name].difference <= differences[name].high
        assert differences[name].better == (means[1] > means[0])
    assert differences["AURC"].n == 21
    assert differences["AURC"].better == (differences["AURC"].difference < 0)


def test_the_permutation_test_is_that_of_all_exchanges() -> None:
    ids = ["yes1", "yes2", "yes3", "yes4", "no1", "no2", "no3"]
    first, second = (report(dict(zip(ids, RNG.random(7).tolist(), strict=True))) for _ in range(2))
    confidences = paired_confidences([first, second])
    assert confidences is not None
    tested = compare(paired_scores(["a", "b"], [first, second]), confidences)
    found = next(d for d in tested if d.measure == "AUROC")
    one, other = confidences.confidence
    flips = [np.array(each) for each in itertools.product([False, True], repeat=7)]
    gaps = [
        roc_auc_score(confidences.answerable, np.where(flip, one, other))
        - roc_auc_score(confidences.answerable, np.where(flip, other, one))
        for flip in flips
    ]
    assert found.p == pytest.approx(np.mean(np.abs(gaps) >= abs(found.difference) - 1e-9), abs=0.02)


def test_a_scale_of_its_own_makes_no_difference() -> None:
    confidence = {key: i / 10 for i, key in enumerate(["no1", "no2", "yes1", "no3", "yes2", "yes3"])}
    first, second = report(confidence), report({key: each**4 * 0.3 for key, each in confidence.items()})
    tested = compare(paired_scores(["a", "b"], [first, second]), paired_confidences([first, second]))
    assert {(d.measure, d.difference, d.p) for d in tested if d.measure[:3] == "AUR"} == {
        ("AUROC", 0.0, 1.0),
        ("AUROC near misses", 0.0, 1.0),
        ("AURC", 0.0, 1.0),
    }


def test_holm_and_borda_count_refusals(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = {f"yes{i}": 0.9 + i / 1000 for i in range(15)} | {f"no{i}": 0.1 + i / 1000 for i in range(15)}
    bad = {key: 1 - each for key, each in good.items()}
    folders = [str(tmp_path / name) for name in ("good", "bad", "good again")]
    for folder, confidence in zip(folders, (good, bad, good), strict=True):
        Path(folder).mkdir()
        (Path(folder) / "report.json").write_text(json.dumps(report(confidence)))
    assert main(folders) == 0
    printed = capsys.readouterr().out
    assert "B is significantly worse on AUROC, AUROC near misses, AURC than A" in printed
    assert "over all 21 tests" in printed  # of each pair, four scores and three of refusals
    assert printed.endswith("A  12.5\nC  12.5\nB  17\n")
    values = refusal_values(paired_confidences([report(good), report(bad)]))
    assert values["AUROC"].tolist() == [[1.0], [0.0]]


def test_a_part_alone_can_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    questions = [Question(f"q{i}", "fact", "?", ("T",), "", ()) for i in range(12)]
    whole = summarise(questions, []) | {"made": report({})["made"]}
    kept = [q.id for q in questions if q.for_report]
    assert 0 < len(kept) < 12
    assert list(of_part("a", whole, "report")["questions"]) == kept
    assert len(of_part("a", whole, "fit")["questions"]) == 12 - len(kept)
    assert of_part("a", whole, "all") is whole
    (tmp_path / "report.json").write_text(json.dumps(whole))
    assert main([str(tmp_path), str(tmp_path), "--part", "report"]) == 0
    printed = capsys.readouterr().out
    assert f"RR                  {len(kept):5}" in printed
    assert "Part: report." in printed
    del whole["questions"][kept[0]]["part"]
    with pytest.raises(ReportError, match="no questions of the part 'report'"):
        of_part("a", {"questions": {kept[0]: whole["questions"][kept[0]]}}, "report")


def test_reports_without_confidence_are_compared_on_their_scores_alone() -> None:
    old = report({"yes1": 0.5, "no1": 0.4})
    for each in old["questions"].values():
        del each["confidence"]
    assert paired_confidences([old, report({"yes1": 0.5, "no1": 0.4})]) is None
