"""Comparison of refusals and of the held-out part, checked by scikit-learn, the report's figures and exact tests."""

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
    borda,
    compare,
    main,
    of_part,
    paired_confidences,
    paired_scores,
    read_report,
    refusal_values,
)
from eval.questions import Question
from eval.statistics import aurc, aurc_figure, auroc, auroc_figure
from eval.summary import summarise

RNG = np.random.default_rng(7)


def report(confidence: dict[str, float], wrong: tuple[str, ...] = (), part: str = "fit") -> dict[str, Any]:
    """Return a report on questions by id; ids with "no" have no answer, and ids with "off" have no related paper."""
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
    assert auroc(confidence, np.tile(answerable, (6, 1))) == pytest.approx(
        [roc_auc_score(answerable, row) for row in confidence]
    )
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
        assert differences[name].figure["mean"] == pytest.approx(means[1] - means[0])
        assert differences[name].figure["low"] <= differences[name].figure["mean"] <= differences[name].figure["high"]
        assert differences[name].better == (means[1] > means[0])
    assert differences["AURC"].figure["n"] == 21
    assert differences["AURC"].better == (differences["AURC"].figure["mean"] < 0)


def test_the_permutation_test_agrees_with_all_exchanges() -> None:
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
    assert found.p == pytest.approx(np.mean(np.abs(gaps) >= abs(found.figure["mean"]) - 1e-9), abs=0.02)


def test_a_scale_of_its_own_makes_no_difference() -> None:
    confidence = {key: i / 10 for i, key in enumerate(["no1", "no2", "yes1", "no3", "yes2", "yes3"])}
    first, second = report(confidence), report({key: each**4 * 0.3 for key, each in confidence.items()})
    tested = compare(paired_scores(["a", "b"], [first, second]), paired_confidences([first, second]))
    assert {(d.measure, d.figure["mean"], d.p) for d in tested if d.measure[:3] == "AUR"} == {
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
    assert "over all 21 tests" in printed  # for each pair four scores, and three for refusals
    assert printed.endswith("A  12.5\nC  12.5\nB  17\n")
    values = refusal_values(paired_confidences([report(good), report(bad)]))
    assert values["AUROC"].tolist() == [[1.0], [0.0]]


def test_a_single_part_can_be_compared(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
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


def test_p_values_are_corrected_by_holms_method() -> None:
    rng = np.random.default_rng(8)
    differences = compare({f"measure {i}": np.stack([np.zeros(30), rng.normal(i / 5, 1, 30)]) for i in range(4)})
    ordered = sorted(differences, key=lambda each: each.p)
    multiplied = [each.p * factor for each, factor in zip(ordered, (4, 3, 2, 1), strict=True)]
    expected = np.minimum(np.maximum.accumulate(multiplied), 1)
    assert [each.adjusted for each in ordered] == pytest.approx(expected)


def test_borda_sums_ranks_and_knows_where_lower_is_better() -> None:
    scores = {
        "RR": np.array([[0.9, 0.9], [0.5, 0.5], [0.1, 0.1]]),
        "support recall": np.array([[0.5], [0.5], [0.1]]),
        "falsely refused": np.array([[1.0], [0.0], [0.5]]),
    }
    assert borda(scores) == [1 + 1.5 + 3, 2 + 1.5 + 1, 3 + 3 + 2]


def write_report(folder: Path, scores: dict[str, dict[str, float]], sha256: str = "a" * 64) -> Path:
    folder.mkdir()
    made = {"date": "2026-01-01", "mode": "quote", "papers": 3}
    made["questions"] = {"name": "qa.jsonl", "sha256": sha256, "count": len(scores)}
    questions = {key: {"type": "fact", "scores": each, "wrong": []} for key, each in scores.items()}
    (folder / "report.json").write_text(json.dumps({"made": made, "questions": questions}))
    return folder


def test_reports_are_compared_over_the_questions_and_measures_that_both_have(tmp_path: Path) -> None:
    first = write_report(tmp_path / "a", {"1": {"RR": 0.5, "old": 1}, "2": {"RR": 0.25}, "3": {"RR": 1}})
    second = write_report(tmp_path / "b", {"2": {"RR": 0.5}, "1": {"RR": 1}, "4": {"RR": 0}})
    scores = paired_scores(["a", "b"], [read_report(first), read_report(second)])
    assert {measure: values.tolist() for measure, values in scores.items()} == {"RR": [[0.5, 0.25], [1, 0.5]]}
    (difference,) = compare(scores)
    assert difference.means == (0.375, 0.75)
    assert difference.figure == {"mean": 0.375, "low": 0.25, "high": 0.5, "n": 2}
    assert difference.better


def test_a_comparison_says_what_is_significant(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    low = {str(i): {"RR": 0.1, "R@5": 0.2, "support recall": i % 2, "falsely refused": 0} for i in range(40)}
    high = {str(i): {"RR": 0.9, "R@5": 0.8, "support recall": i % 2, "falsely refused": 1} for i in range(40)}
    folders = [str(write_report(tmp_path / "low", low)), str(write_report(tmp_path / "high", high))]
    assert main(folders) == 0
    printed = capsys.readouterr().out
    assert "B is significantly better on RR, R@5 and worse on falsely refused than A; 1 difference is not" in printed
    assert "Borda" not in printed
    assert main([*folders, folders[0]]) == 0
    printed = capsys.readouterr().out
    assert "No difference between A and C is significant." in printed
    assert "over all 12 tests" in printed
    assert printed.endswith("B  7\nA  8.5\nC  8.5\n")


def test_reports_that_cannot_be_compared_are_refused_with_what_to_do(tmp_path: Path) -> None:
    report = write_report(tmp_path / "a", {"1": {"RR": 1}})
    other = write_report(tmp_path / "b", {"1": {"RR": 1}}, sha256="b" * 64)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "report.json").write_text("{}")
    with pytest.raises(ReportError, match=r"different question sets.*sha256 aaaaaaaa.*sha256 bbbbbbbb.*Score both"):
        main([str(report), str(other)])
    with pytest.raises(ReportError, match=r"no report in .*nowhere.*Make one: `python -m eval --out"):
        main([str(report), str(tmp_path / "nowhere")])
    with pytest.raises(ReportError, match="not a report"):
        main([str(report), str(tmp_path / "broken")])
