"""Compute means, AUROC and AURC with bootstrap intervals, and paired permutation tests.

A statistic is a function of an array of question indexes, whose last axis is one sample. So the same function computes
the value for all questions, for each bootstrap resample and for each permutation.
"""

import warnings
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.stats import DegenerateDataWarning, bootstrap, permutation_test, rankdata

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Statistic = Callable[[NDArray[np.int64]], Array]
"""A function from question indexes, (..., n), to values, (...); NaN where undefined."""
Figure = dict[str, float]
"""`mean` with its 95 % interval `low` to `high`, over `n` questions."""

RESAMPLES = 2000
PERMUTATIONS = 10_000
SEED = 0
_BATCH = 500  # samples in memory at a time


def mean_figure(values: Sequence[float]) -> Figure:
    """Return the mean of at least one value."""
    array = np.array(values, float)
    return _figure(lambda rows: np.asarray(array[rows].mean(axis=-1)), len(array))


def summarise_scores(scores: Sequence[Mapping[str, float]]) -> dict[str, Figure]:
    """Return each measure's mean over the questions that have it, in order of first occurrence."""
    names = dict.fromkeys(name for each in scores for name in each)
    return {name: mean_figure([each[name] for each in scores if name in each]) for name in names}


def auroc_figure(right: Sequence[float], wrong: Sequence[float]) -> Figure:
    """Return the probability that a value of `right` is above one of `wrong`, ties counting half; both are nonempty.

    Hanley & McNeil 1982, "The meaning and use of the area under a receiver operating characteristic (ROC) curve".
    """
    values, is_right = _joined(right, wrong)
    return _figure(lambda rows: auroc(values[rows], is_right[rows]), len(values))


def auroc_difference(
    first: tuple[Sequence[float], Sequence[float]], second: tuple[Sequence[float], Sequence[float]]
) -> Figure:
    """Return AUROC of `second` minus AUROC of `first`, each (right, wrong), over the same questions in order."""
    values, is_right = zip(_joined(*first), _joined(*second), strict=True)
    return difference_figure(
        lambda rows: auroc(np.concatenate(values)[rows], np.concatenate(is_right)[rows]), len(values[0])
    )


def aurc_figure(confidence: Sequence[float], wrong: Sequence[bool]) -> Figure:
    """Return the area under the risk-coverage curve, see `aurc`; lower is better."""
    values, errors = np.array(confidence, float), np.array(wrong, bool)
    return _figure(lambda rows: aurc(values[rows], errors[rows]), len(values))


def difference_figure(statistic: Statistic, n: int) -> Figure:
    """Return the statistic of the second minus that of the first of two reports, with indexes as in `exchange_p`."""
    return _figure(lambda rows: statistic(rows + n) - statistic(rows), n)


def rounded(figure: Mapping[str, float]) -> Figure:
    """Return the figure rounded to four decimal places."""
    return {name: round(float(value), 4) for name, value in figure.items()}


def print_figures(figures: Mapping[str, Figure | None], width: int) -> None:
    """Print a line for each figure that is not None, with its name `width` characters wide."""
    for name, figure in figures.items():
        if figure:
            interval = f"[{figure['low']:.3f}, {figure['high']:.3f}]"
            print(f"{name:{width}s} {figure['mean']:6.3f}  {interval}  n={figure['n']}")  # noqa: T201


def _figure(statistic: Statistic, n: int) -> Figure:
    """Return a statistic of `n` questions with its percentile bootstrap interval (Efron & Tibshirani 1993, chapter 13).

    Resamples for which the statistic is undefined are left out. If all questions have the same value, the interval has
    zero width, which says nothing about other questions.
    """
    every = np.arange(n)
    value = float(statistic(every))
    if n < 2:  # scipy resamples two or more
        return {"mean": value, "low": value, "high": value, "n": n}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DegenerateDataWarning)  # about NaN, which is left out below
        drawn = bootstrap(
            (every,), lambda rows, axis: statistic(rows), n_resamples=RESAMPLES, batch=_BATCH, vectorized=True,
            method="percentile", rng=SEED,
        ).bootstrap_distribution  # fmt: skip
    low, high = np.nanpercentile(drawn, (2.5, 97.5))
    return {"mean": value, "low": float(low), "high": float(high), "n": n}


def _joined(right: Sequence[float], wrong: Sequence[float]) -> tuple[Array, Flags]:
    return np.array([*right, *wrong], float), np.repeat([True, False], [len(right), len(wrong)])


def auroc(confidence: Array, right: Flags) -> Array:
    """Return the area under the ROC curve over the last axis; NaN where all questions are of one class."""
    count = right.sum(axis=-1)
    above = (rankdata(confidence, axis=-1) * right).sum(axis=-1) - count * (count + 1) / 2
    with np.errstate(invalid="ignore"):
        return np.asarray(above / (count * (right.shape[-1] - count)))


def aurc(confidence: Array, wrong: Flags) -> Array:
    """Return the area under the risk-coverage curve: the mean risk at the confidence of each question.

    Geifman, Uziel & El-Yaniv 2019, "Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers".
    """
    order = np.argsort(-confidence, axis=-1, kind="stable")
    errors = np.take_along_axis(wrong, order, axis=-1).cumsum(axis=-1)
    answered = rankdata(-confidence, method="max", axis=-1).astype(int)  # those with the same confidence or more
    return np.asarray((np.take_along_axis(errors, answered - 1, axis=-1) / answered).mean(axis=-1))


def risk_coverage(confidence: Sequence[float], wrong: Sequence[bool]) -> list[dict[str, float]]:
    """Return the points of the risk-coverage curve, one per confidence, highest first.

    At a point, all questions with a confidence of at least `threshold` are answered: `coverage` is their share of all
    questions, `risk` the share of wrong answers among them. El-Yaniv & Wiener 2010, "On the Foundations of Noise-free
    Selective Classification".
    """
    thresholds = np.unique(np.array(confidence, float))[::-1]
    answered = np.array(confidence, float) >= thresholds[:, None]
    count = answered.sum(axis=1)
    risks = answered @ np.array(wrong, float) / count
    return [
        {"coverage": float(coverage), "risk": float(risk), "threshold": float(threshold)}
        for coverage, risk, threshold in zip(count / len(confidence), risks, thresholds, strict=True)
    ]


def mean_p(differences: Array) -> float:
    """Return the two-sided p-value of a paired permutation test on the mean of the differences, (questions,).

    Smucker, Allan & Carterette 2007, "A Comparison of Statistical Significance Tests for Information Retrieval
    Evaluation"; p is never 0 (Phipson & Smyth 2010, "Permutation P-values Should Never Be Zero").
    """
    nonzero = differences[differences != 0]  # flipping the sign of 0 changes nothing
    return _permutation_p((nonzero,), lambda values: values.sum(axis=-1))


def exchange_p(statistic: Statistic, n: int) -> float:
    """Return the two-sided p-value of the difference of a statistic between two reports on `n` questions.

    `statistic` takes indexes into both reports' values: 0 to n - 1 for the first, n to 2n - 1 for the second. Under the
    null hypothesis, a question's two values are exchangeable between the reports (Venkatraman & Begg 1996, "A
    distribution-free procedure for comparing receiver operating characteristic curves from a paired experiment").
    """
    return _permutation_p(
        (np.arange(n), np.arange(n, 2 * n)), lambda first, second: statistic(second) - statistic(first)
    )


def _permutation_p(samples: tuple[NDArray[np.generic], ...], statistic: Callable[..., Array]) -> float:
    if len(samples[0]) < 2:  # scipy needs two or more; with a single difference every permutation is as extreme
        return 1.0
    found = permutation_test(
        samples, lambda *drawn, axis: np.round(statistic(*drawn), 9),  # sums in another order differ in the last digits
        permutation_type="samples", n_resamples=PERMUTATIONS, batch=_BATCH, vectorized=True, rng=SEED,
    )  # fmt: skip
    return float(found.pvalue)
