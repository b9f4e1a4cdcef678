"""The measures against cases worked out by hand, and against scikit-learn, ir_measures and scipy."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import ir_measures
import numpy as np
import pytest
from scipy.stats import permutation_test
from sklearn.metrics import roc_auc_score

from eval.compare import ReportError, borda, compare, holm, main, paired_scores, randomisation_p, read_report
from eval.measures import (
    aurc_figure,
    auroc_figure,
    k_precision,
    mean_figure,
    rank_passages,
    risk_coverage,
    score_question,
    summarise,
    support_precision,
    support_recall,
    token_f1,
    token_recall,
    what_went_wrong,
    words,
)
from eval.questions import Question
from rag.types import UNSURE

OTTERS, TIDES, BIRDS = "Counting Otters from Kites", "Tidal Clocks for Sensor Networks", "A Grammar of Bird Alarm Calls"


def question(**changes: Any) -> Question:
    fields: dict[str, Any] = {
        "id": "q1",
        "type": "fact",
        "question": "How many otters does the kite see?",
        "gold_titles": (OTTERS,),
        "answer": "The kite counts 94.5% of the otters.",
        "nuggets": (("94.5%", "94.5 percent"),),
    }
    return Question(**fields | changes)


def row(**changes: Any) -> dict[str, Any]:
    """A perfect answer to `question()`, unless changed."""
    fields: dict[str, Any] = {
        "id": "q1",
        "ranking": [OTTERS, TIDES, BIRDS],
        "refused": False,
        "complete": True,
        "confidence": 0.9,
        "sentences": [sentence("The kite counts 94.5% of the otters.", 1)],
        "citations": [citation(OTTERS, r"The kite counts 94.5\% of the otters.", 1)],
        "passages": [passage(OTTERS, "The kite counts 94.5% of the otters.")],
        "seconds": {"retrieve": 0.25, "answer": 0.5},
    }
    return fields | changes


def sentence(text: str, *citations: int, support: str = "quoted") -> dict[str, Any]:
    return {"text": text, "citations": list(citations), "support": support}


def citation(title: str, quote: str, number: int) -> dict[str, Any]:
    return {"title": title, "quote": quote, "number": number}


def passage(title: str, text: str) -> dict[str, Any]:
    return {"title": title, "text": text}


REFUSAL = {"refused": True, "sentences": [], "citations": [], "confidence": 0.1}
UNANSWERABLE = {"type": "unanswerable", "gold_titles": (), "answer": "", "nuggets": ()}
OFF_TOPIC = UNANSWERABLE | {"type": "off_topic"}


# One question


def test_a_perfect_answer_scores_one_on_every_measure() -> None:
    scores = score_question(question(), row())
    assert scores.pop("falsely refused") == 0
    assert len(scores) == 17
    assert scores == dict.fromkeys(scores, 1.0)


@pytest.mark.parametrize("answer", [{}, row(ranking=[], passages=[], **REFUSAL)], ids=["no result", "refusal"])
def test_a_missing_result_and_a_refusal_with_nothing_found_score_the_worst_on_every_measure(answer: Any) -> None:
    scores = score_question(question(), answer)
    assert scores.keys() == score_question(question(), row()).keys()
    assert scores.pop("falsely refused") == 1
    assert scores == dict.fromkeys(scores, 0.0)


@pytest.mark.parametrize(("answer", "score"), [({}, 0), (row(), 0), (row(**REFUSAL), 1)])
def test_a_question_without_gold_titles_is_scored_for_its_refusal_alone(answer: Any, score: float) -> None:
    assert score_question(question(**UNANSWERABLE), answer) == {"refused rightly": score}


def test_without_nuggets_and_reference_answer_their_measures_do_not_apply() -> None:
    scores = score_question(question(nuggets=(), answer=""), row())
    assert [name for name in scores if "nugget" in name or "token" in name or "passage" in name] == []


def test_papers_are_ranked_by_folded_title_and_each_counts_once() -> None:
    found = row(ranking=[BIRDS, TIDES.upper(), BIRDS.lower() + "!", OTTERS])
    scores = score_question(question(gold_titles=(TIDES, OTTERS)), found)
    ideal = 1 + 1 / math.log2(3)
    assert {name: scores[name] for name in ("RR", "Success@1", "Success@5", "R@5")} == {
        "RR": 1 / 2,
        "Success@1": 0,
        "Success@5": 1,
        "R@5": 1,
    }
    assert scores["nDCG@10"] == pytest.approx((1 / math.log2(3) + 1 / math.log2(4)) / ideal)


def test_ranking_measures_are_those_of_ir_measures() -> None:
    rng = np.random.default_rng(1)
    titles = [f"Paper {i}" for i in range(20)]
    for _ in range(10):
        gold, ranking = rng.choice(titles, 4, replace=False).tolist(), rng.permutation(titles)[:15].tolist()
        scores = score_question(question(gold_titles=tuple(gold)), row(ranking=ranking))
        run = {"q": {title: 1 / (1 + rank) for rank, title in enumerate(ranking)}}
        for name in ("RR", "Success@1", "Success@5", "R@5", "nDCG@10"):
            measure = ir_measures.parse_measure(name)
            (expected,) = ir_measures.iter_calc([measure], {"q": dict.fromkeys(gold, 1)}, run)
            assert scores[name] == pytest.approx(expected.value)


def test_a_passage_is_relevant_when_its_paper_is_gold_and_its_text_holds_a_nugget() -> None:
    passages = [
        passage(TIDES, "94.5%"),
        passage(OTTERS, "no figure"),
        passage(OTTERS, "94.5%"),
        passage(OTTERS, "94.5"),
    ]
    assert rank_passages(question(), row(passages=passages)) == {
        "RR": 1 / 3,
        "nDCG@10": pytest.approx(1 / math.log2(4)),
        "R@10": 1,
    }


def test_a_gold_paper_without_a_relevant_passage_counts_as_one_not_found() -> None:
    scores = rank_passages(question(gold_titles=(OTTERS, TIDES)), row())
    assert scores == {"RR": 1, "nDCG@10": pytest.approx(1 / (1 + 1 / math.log2(3))), "R@10": 1 / 2}


def test_a_relevant_passage_below_the_tenth_lowers_the_recall_at_ten() -> None:
    passages = [passage(OTTERS, "94.5%"), *[passage(TIDES, "")] * 9, passage(OTTERS, "94.5%")]
    assert rank_passages(question(), row(passages=passages))["R@10"] == 1 / 2


def test_nuggets_count_in_sentences_and_not_in_quotes_or_titles() -> None:
    nuggets = (("94.5%",), ("tenth", "10%"), ("fog",), ("Kites",))
    said = [sentence(UNSURE, support="unsupported"), sentence("It finds 94.5 % or\n94.5%", 1), sentence("At 10%", 1)]
    scores = score_question(question(nuggets=nuggets), row(sentences=[*said, sentence("Nothing", 1)]))
    assert scores["nugget recall"] == 2 / 4
    assert scores["nugget precision"] == 2 / 3


def test_citations_are_judged_by_distinct_titles() -> None:
    cited = [citation(OTTERS, "x", 1), citation(OTTERS.upper(), "y", 2), citation(TIDES, "z", 3)]
    scores = score_question(question(gold_titles=(OTTERS, BIRDS, "Fog")), row(citations=cited))
    assert (scores["citation precision"], scores["citation recall"]) == (1 / 2, 1 / 3)


def test_words_are_normalised_as_in_squad() -> None:
    assert words("The Kite's 94.5% of an otter, a\tfish — and THE den") == "kites 945 of otter fish — and den".split()


def test_token_overlap_counts_multiplicity() -> None:
    answer, reference = "otter otter fish", "The otter, otter, otter: den!"
    assert token_f1(answer, reference) == pytest.approx(2 * (2 / 3) * (2 / 4) / (2 / 3 + 2 / 4))
    assert token_recall(answer, reference) == 2 / 4
    assert (token_f1("", reference), token_recall("", reference), token_f1("fog", reference)) == (0, 0, 0)


def test_k_precision_is_the_share_of_the_answers_words_in_its_quotes() -> None:
    assert k_precision("The otter eats fish and fish", ["An otter eats.", r"na\"ive fish"]) == 3 / 5
    assert k_precision("naïve", [r"na\"ive fish"]) == 1
    assert k_precision("", ["fish"]) == 0


# Support by the citations' quotes

GROWTH = [citation(OTTERS, "Moss grows on 40% of the roofs.", 1), citation(TIDES, "Ferns grow on 25% of the walls.", 2)]


@pytest.mark.parametrize(
    ("sentences", "recall", "precision"),
    [
        ([sentence("moss grows on 40% of the roofs", 1)], 1, 1),
        ([sentence("Moss grows on 40% of the roofs.", 1, 2)], 1, 1 / 2),  # the second neither supports nor is needed
        ([sentence("Moss grows on 40% of the roofs, and ferns grow on 25% of the walls.", 1, 2)], 1, 1),  # both are
        (
            [sentence("Moss grows on 40% of the roofs.", 1), sentence("Ferns grow on 52% of the walls.", 2)],
            1 / 2,
            1 / 2,
        ),
        ([sentence("Moss grows on 40% of the roofs.", 2), sentence("Moss grows on 40% of the roofs.")], 0, 0),
        ([sentence(UNSURE, support="unsupported"), sentence("Moss grows on 40% of the roofs.", 1)], 1, 1),
        ([sentence(UNSURE, support="unsupported")], 0, 0),
        ([], 0, 0),
    ],
)
def test_support_is_judged_by_the_quotes_and_not_by_the_answers_own_word(
    sentences: list[dict[str, Any]], recall: float, precision: float
) -> None:
    answer = row(sentences=sentences, citations=GROWTH)
    assert (support_recall(answer), support_precision(answer)) == (recall, precision)
    scores = score_question(question(), answer)
    assert (scores["support recall"], scores["support precision"]) == (recall, precision)


def test_a_quoted_answer_is_judged_without_an_embedding_model(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("eval.measures._embedder")
    answer = row(
        sentences=[sentence("The kite never tires.", 1)], citations=[citation(OTTERS, "The kite never tires.", 1)]
    )
    assert (support_recall(answer), support_precision(answer)) == (1, 1)
    with pytest.raises(NameError):
        support_recall(answer | {"sentences": [sentence("A kite is never tired.", 1)]})


# What went wrong


def test_nothing_went_wrong_with_a_perfect_answer_and_a_right_refusal() -> None:
    assert wrong(question(), row()) == []
    assert wrong(question(**UNANSWERABLE), row(**REFUSAL)) == []


def test_what_went_wrong_is_said_in_words() -> None:
    assert wrong(question(), {}) == ["There is no result."]
    assert wrong(question(**UNANSWERABLE), row()) == ["Answered with confidence 0.90; no paper answers it."]
    assert wrong(question(), row(ranking=[TIDES, OTTERS], **REFUSAL)) == [
        "Refused with confidence 0.10; the papers answer it.",
        f"“{OTTERS}” is at rank 2.",
    ]
    poor = row(
        complete=False,
        ranking=[BIRDS, TIDES],
        sentences=[sentence(UNSURE, support="unsupported"), sentence("Otters are blue.", 1, support="partly")],
        citations=[citation(TIDES, "Kites fail in fog.", 1)],
        passages=[passage(OTTERS, "94.5%"), passage(TIDES, "Kites fail in fog.")],
    )
    assert wrong(question(nuggets=(("94.5%",), ("fog",))), poor) == [
        "The answer broke off.",
        "Doubted with confidence 0.90; the papers answer it.",
        f"“{OTTERS}” is not among the 2 papers found.",
        f"“{OTTERS}” is not cited.",
        "The answer lacks “94.5%”, which a passage found holds.",
        "The answer lacks “fog”, which no passage found holds.",
        "Not supported by its citations: 1 of 1 sentences.",
    ]


def test_papers_of_one_question_may_share_the_first_ranks() -> None:
    several = question(gold_titles=(OTTERS, TIDES))
    assert wrong(several, row()) == [f"“{TIDES}” is not cited."]


def wrong(asked: Question, answer: dict[str, Any]) -> list[str]:
    return what_went_wrong(asked, answer, score_question(asked, answer))


# Figures


def test_a_mean_has_a_percentile_bootstrap_interval() -> None:
    values = np.random.default_rng(2).normal(5, 2, size=400)
    figure = mean_figure(values.tolist())
    half = 1.96 * values.std() / math.sqrt(400)
    assert (figure["mean"], figure["n"]) == (pytest.approx(values.mean()), 400)
    assert (figure["low"], figure["high"]) == pytest.approx((values.mean() - half, values.mean() + half), abs=0.03)
    assert mean_figure(values.tolist()) == figure


def test_the_bootstrap_draws_as_many_questions_as_there_are() -> None:
    # Of two questions, both are drawn from one alone in a quarter of the resamples each way.
    assert mean_figure([0, 1]) == {"mean": 0.5, "low": 0.0, "high": 1.0, "n": 2}
    assert mean_figure([0.3]) == {"mean": 0.3, "low": 0.3, "high": 0.3, "n": 1}


def test_auroc_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(3)
    right, other = rng.integers(3, 12, 80) / 10, rng.integers(0, 9, 40) / 10  # with ties
    figure = auroc_figure(right.tolist(), other.tolist())
    labels, values = [1] * 80 + [0] * 40, np.concatenate([right, other])
    assert figure["mean"] == pytest.approx(roc_auc_score(labels, values))
    drawn = rng.integers(120, size=(400, 120))
    resampled = [roc_auc_score(np.array(labels)[each], values[each]) for each in drawn]
    assert (figure["low"], figure["high"]) == pytest.approx(np.percentile(resampled, (2.5, 97.5)), abs=0.015)
    assert auroc_figure([0.9, 0.5], [0.5, 0.1])["mean"] == (1 + 1 + 0.5 + 1) / 4


def test_the_risk_coverage_curve_answers_the_most_confident_first() -> None:
    assert risk_coverage([0.2, 0.9, 0.5, 0.5], [True, False, True, False]) == [
        {"coverage": 1 / 4, "risk": 0, "threshold": 0.9},
        {"coverage": 3 / 4, "risk": pytest.approx(1 / 3), "threshold": 0.5},
        {"coverage": 1, "risk": 1 / 2, "threshold": 0.2},
    ]
    assert aurc_figure([0.2, 0.9, 0.5, 0.5], [True, False, True, False])["mean"] == (0 + 1 / 3 + 1 / 3 + 1 / 2) / 4


def test_aurc_is_the_mean_risk_over_all_coverages() -> None:
    rng = np.random.default_rng(4)
    confidence, errors = rng.random(50), rng.random(50) < 0.3
    risks = np.cumsum(errors[np.argsort(-confidence)]) / np.arange(1, 51)
    assert aurc_figure(confidence.tolist(), errors.tolist())["mean"] == pytest.approx(risks.mean())


# A question set

SET = [
    question(id="right"),
    question(id="lacking", nuggets=(("94.5%",), ("fog",))),
    question(id="refused", type="method"),
    question(id="missing"),
    question(id="near", **UNANSWERABLE),
    question(id="strange", **OFF_TOPIC),
    question(id="missing too", **OFF_TOPIC),
]
ROWS = [
    row(id="strange", **REFUSAL | {"confidence": 0.05}),
    row(id="near", confidence=0.8),
    row(id="refused", **REFUSAL),
    row(id="lacking", confidence=0.7),
    row(id="right"),
]


def test_a_summary_keeps_every_question_of_the_set() -> None:
    report = summarise(SET, ROWS)
    assert list(report["questions"]) == [q.id for q in SET]
    assert report["questions"]["missing"]["wrong"] == ["There is no result."]
    assert report["measures"]["RR"] | {"low": 0, "high": 0} == {"mean": 3 / 4, "low": 0, "high": 0, "n": 4}
    assert report["by_type"]["method"]["falsely refused"] == {"mean": 1, "low": 1, "high": 1, "n": 1}
    assert sum(part["RR"]["n"] for part in report["by_part"].values() if part) == 4
    assert report["resources"]["seconds"] == {"median": 0.75, "p95": 0.75, "total": 3.75}
    json.dumps(report, allow_nan=False)


def test_refusals_are_summarised_against_each_kind_of_question_without_an_answer() -> None:
    refusals = summarise(SET, ROWS)["refusals"]
    means = {name: figure["mean"] for name, figure in refusals.items() if name != "risk_coverage"}
    # Confidence in falling order: missing too 1 (the worst there is), right 0.9, near 0.8, lacking 0.7, refused 0.1,
    # strange 0.05, missing 0 (again the worst). Right alone is a right answer.
    assert means == {
        "precision": 1 / 2,
        "recall": 1 / 3,
        "AUROC": 4 / 12,
        "AUROC off topic": 3 / 8,
        "AUROC near misses": 1 / 4,
        "AURC": pytest.approx((1 + 1 / 2 + 2 / 3 + 3 / 4 + 4 / 5 + 5 / 6 + 6 / 7) / 7),
    }
    assert [point["coverage"] for point in refusals["risk_coverage"]] == [count / 7 for count in range(1, 8)]


def test_a_figure_that_applies_to_no_question_is_left_out() -> None:
    report = summarise([question(id="right")], [row(id="right")])
    assert list(report["refusals"]) == ["AURC", "risk_coverage"]
    assert "refused rightly" not in report["measures"]


# Comparison


def test_the_randomisation_test_is_that_of_all_sign_flips() -> None:
    differences = np.random.default_rng(5).normal(0.4, 1, size=12).round(1)
    exact = permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    assert randomisation_p(differences) == pytest.approx(exact, abs=0.01)
    assert randomisation_p(np.ones(5)) == pytest.approx(2 / 2**5, abs=0.01)
    assert randomisation_p(-np.ones(5)) == randomisation_p(np.ones(5))
    assert randomisation_p(np.zeros(5)) == 1
    assert randomisation_p(np.ones(100)) == 1 / 10_001


def test_holms_correction() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.7]) == [1.0, 1.0]


def test_borda_sums_ranks_and_knows_where_less_is_better() -> None:
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
    assert (difference.n, difference.means, difference.difference) == (2, (0.375, 0.75), 0.375)
    assert (difference.low, difference.high, difference.better) == (0.25, 0.5, True)


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
