"""Figures, AUROC, AURC and p-values agree with hand-computed cases, scikit-learn and exact tests."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import permutation_test
from sklearn.metrics import roc_auc_score

from eval.statistics import aurc_figure, auroc_figure, mean_figure, mean_p, risk_coverage


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


def test_auroc_agrees_with_scikit_learn() -> None:
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


# Tests


def test_the_randomisation_test_agrees_with_all_sign_flips() -> None:
    differences = np.random.default_rng(5).normal(0.4, 1, size=12).round(1)
    exact = permutation_test((differences,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
    assert mean_p(differences) == pytest.approx(exact, abs=0.01)
    assert mean_p(np.ones(5)) == pytest.approx(2 / 2**5, abs=0.01)
    assert mean_p(-np.ones(5)) == mean_p(np.ones(5))
    assert mean_p(np.zeros(5)) == 1
    assert mean_p(np.ones(100)) == 2 / 10_001  # twice that of one side
