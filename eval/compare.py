"""Says which differences between reports are significant.

    python -m eval compare out/before out/after
    python -m eval compare out/a out/b out/c          every pair, and the Borda ranking of all

Each argument is a folder with a report.json that `python -m eval` wrote, all of them on one question set.
"""

from __future__ import annotations

import argparse
import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.errors import FootnoteError

from .measures import LOWER_IS_BETTER, SEED, mean_figure

ALPHA = 0.05
SIGN_FLIPS = 10_000

Array = NDArray[np.float64]


class ReportError(FootnoteError):
    """A report is missing or broken, or reports are not on one question set."""


class Difference(NamedTuple):
    """How two reports, given by their places, differ on a measure over the `n` questions that have it in both.

    `difference` is the mean of second - first with its 95 % bootstrap interval `low` to `high`, `p` the p-value of the
    randomisation test, and `adjusted` that value after Holm's correction.
    """

    measure: str
    first: int
    second: int
    n: int
    means: tuple[float, float]
    difference: float
    low: float
    high: float
    p: float
    adjusted: float

    @property
    def significant(self) -> bool:
        return self.adjusted < ALPHA

    @property
    def better(self) -> bool:
        """Whether the second report is the better one."""
        return (self.difference < 0) == (self.measure in LOWER_IS_BETTER)


def main(arguments: Sequence[str]) -> int:
    """Compares the reports in the folders and prints what differs."""
    parser = argparse.ArgumentParser(prog="python -m eval compare", description="Compare reports.")
    parser.add_argument("first", metavar="A", help="a folder with a report.json")
    parser.add_argument("others", metavar="B", nargs="+")
    options = parser.parse_args(arguments)
    names = [options.first, *options.others]
    reports = [read_report(Path(name)) for name in names]
    scores = paired_scores(names, reports)
    _print_reports(names, reports)
    differences = compare(scores)
    for _, pair in itertools.groupby(differences, key=lambda each: (each.first, each.second)):
        _print_pair(list(pair))
    print(  # noqa: T201
        f"\np: paired randomisation test, {SIGN_FLIPS:,} sign flips, two-sided. "
        f"adjusted: Holm's correction over all {len(differences)} tests."
    )
    if len(reports) > 2:
        _print_borda(borda(scores))
    return 0


def read_report(folder: Path) -> dict[str, Any]:
    """The report.json of a folder.

    Raises:
        ReportError: there is none, or it is not a report.
    """
    try:
        report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
        if not isinstance(report["questions"], dict) or not isinstance(report["made"]["questions"]["sha256"], str):
            raise TypeError
    except OSError as error:
        raise ReportError(
            f"There is no report in {folder}: report.json cannot be read ({error.strerror}). "
            f"Make one: `python -m eval --out {folder}`."
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ReportError(
            f"The report.json in {folder} is not a report on a question set. Make one: `python -m eval --out {folder}`."
        ) from error
    return dict(report)


def paired_scores(names: Sequence[str], reports: Sequence[Mapping[str, Any]]) -> dict[str, Array]:
    """The scores of each measure that all reports have, (reports, questions), over the questions that have it in all.

    Raises:
        ReportError: the reports are on different question sets, or no measure is in all of them.
    """
    sets = [report["made"]["questions"] for report in reports]
    for name, other in zip(names, sets, strict=True):
        if other["sha256"] != sets[0]["sha256"]:
            raise ReportError(
                f"{names[0]} and {name} cannot be compared: they are on different question sets, "
                f"{_described(sets[0])} and {_described(other)}. Score both on one."
            )
    questions = [report["questions"] for report in reports]
    ids = [key for key in questions[0] if all(key in each for each in questions)]
    scores: dict[str, list[list[float]]] = {}
    for key in ids:
        of_question = [each[key]["scores"] for each in questions]
        for measure in of_question[0]:
            if all(measure in each for each in of_question):
                scores.setdefault(measure, []).append([each[measure] for each in of_question])
    if not scores:
        raise ReportError(f"{', '.join(names)} have no measure in common. Score them anew with one version.")
    return {measure: np.array(rows, float).T for measure, rows in scores.items()}


def compare(scores: Mapping[str, Array]) -> list[Difference]:
    """All differences of all pairs of reports, pair after pair; Holm's correction is over all of them."""
    count = len(next(iter(scores.values())))
    tests = []
    for first, second in itertools.combinations(range(count), 2):
        for measure, values in scores.items():
            differences = values[second] - values[first]
            tests.append((measure, first, second, differences, randomisation_p(differences)))
    compared = []
    for (measure, first, second, differences, p), adjusted in zip(tests, holm([t[-1] for t in tests]), strict=True):
        figure = mean_figure(differences)
        compared.append(
            Difference(
                measure=measure,
                first=first,
                second=second,
                n=len(differences),
                means=(float(scores[measure][first].mean()), float(scores[measure][second].mean())),
                difference=figure["mean"],
                low=figure["low"],
                high=figure["high"],
                p=p,
                adjusted=adjusted,
            )
        )
    return compared


def randomisation_p(differences: Array) -> float:
    """The two-sided p-value of a paired randomisation test on the mean of the differences, (questions,).

    Smucker, Allan & Carterette 2007, "A Comparison of Statistical Significance Tests for Information Retrieval
    Evaluation"; the one that was observed counts as one of the flips, so that p is never 0 (Phipson & Smyth 2010,
    "Permutation P-values Should Never Be Zero").
    """
    moving = differences[differences != 0]  # a sign makes no difference to a zero
    signs = np.random.default_rng(SEED).choice([-1.0, 1.0], size=(SIGN_FLIPS, len(moving)))
    as_far = np.abs(signs @ moving) >= abs(moving.sum()) - 1e-9  # sums in another order differ in the last digits
    return float((1 + as_far.sum()) / (1 + SIGN_FLIPS))


def holm(ps: Sequence[float]) -> list[float]:
    """The p-values adjusted for there being several of them.

    Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure": the i-th smallest of m is multiplied by
    m - i + 1, and is no smaller than the one before it.
    """
    order = np.argsort(ps, kind="stable")
    stepped = np.array(ps, float)[order] * np.arange(len(ps), 0, -1)
    adjusted = np.empty(len(ps))
    adjusted[order] = np.minimum(np.maximum.accumulate(stepped), 1.0)
    return adjusted.tolist()


def borda(scores: Mapping[str, Array]) -> list[float]:
    """Each report's sum of ranks over all measures; 1 is the best rank, equals share theirs, and the least sum wins.

    Colombo et al. 2022, "What are the best systems? New perspectives on NLP Benchmarking".
    """
    total = np.zeros(len(next(iter(scores.values()))))
    for measure, values in scores.items():
        means = values.mean(axis=1) * (-1 if measure in LOWER_IS_BETTER else 1)
        above = (means > means[:, None]).sum(axis=1)
        equal = (means == means[:, None]).sum(axis=1)
        total += above + (equal + 1) / 2
    return total.tolist()


def _described(questions: Mapping[str, Any]) -> str:
    return f"{questions['name']} ({questions['count']} questions, sha256 {questions['sha256'][:8]})"


def _print_reports(names: Sequence[str], reports: Sequence[Mapping[str, Any]]) -> None:
    for letter, name, report in zip(ascii_uppercase, names, reports, strict=False):
        made = report["made"]
        print(f"{letter}  {name}  ({made['date']}, {made['mode']}, {made['papers']} papers)")  # noqa: T201


def _print_pair(pair: Sequence[Difference]) -> None:
    first, second = ascii_uppercase[pair[0].first], ascii_uppercase[pair[0].second]
    difference = f"{second} - {first}"
    print(f"\n{'':20}{'n':>5}{first:>8}{second:>8}{difference:>9}  {'95 % interval':18}{'p':>7}{'adjusted':>10}")  # noqa: T201
    for each in pair:
        means = "".join(f"{mean:8.3f}" for mean in each.means)
        interval = f"[{each.low:+.3f}, {each.high:+.3f}]"
        ps = f"{each.p:7.4f}{each.adjusted:10.4f}"
        verdict = "significant" if each.significant else "not significant"
        print(f"{each.measure:20}{each.n:5}{means}{each.difference:+9.3f}  {interval:18}{ps}  {verdict}")  # noqa: T201
    print(_sentence(first, second, pair))  # noqa: T201


def _sentence(first: str, second: str, pair: Sequence[Difference]) -> str:
    """What is significant, in words."""
    better = [each.measure for each in pair if each.significant and each.better]
    worse = [each.measure for each in pair if each.significant and not each.better]
    if not better and not worse:
        return f"No difference between {first} and {second} is significant."
    parts = [f"{word} on {', '.join(found)}" for word, found in (("better", better), ("worse", worse)) if found]
    rest = len(pair) - len(better) - len(worse)
    count = "1 difference is" if rest == 1 else f"{rest} differences are"
    return f"{second} is significantly {' and '.join(parts)} than {first}; {count} not significant."


def _print_borda(sums: Sequence[float]) -> None:
    print("\nBorda ranking over all measures (sum of ranks, less is better):")  # noqa: T201
    for letter, total in sorted(zip(ascii_uppercase, sums, strict=False), key=lambda each: each[1]):
        print(f"{letter}  {total:g}")  # noqa: T201
