"""Says which differences between reports are significant.

    python -m eval compare out/before out/after
    python -m eval compare out/a out/b out/c          every pair, and the Borda ranking of all
    python -m eval compare out/a out/b --part report  on the questions that no weight was fitted on

Each argument is a folder with a report.json that `python -m eval` wrote, all of them on one question set.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from string import ascii_uppercase
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.errors import FootnoteError

from .measures import LOWER_IS_BETTER, SEED, Figure, aurc_difference, auroc_difference, is_wrong, mean_figure

ALPHA = 0.05
SIGN_FLIPS = 10_000
PARTS = ("all", "report", "fit")

_AT_ONCE = 500  # permutations

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


class ReportError(FootnoteError):
    """A report is missing or broken, or reports are not on one question set."""


class Difference(NamedTuple):
    """How two reports, given by their places, differ on a measure over the `n` questions that have it in both.

    `means` are the values of both, `difference` is second - first with its 95 % bootstrap interval `low` to `high`, `p`
    the p-value of the test, and `adjusted` that value after Holm's correction.
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


class Confidences(NamedTuple):
    """How sure each report was of each question: rows are reports, columns the questions that all of them have.

    `confidence` are ranks within a report, which make reports with other scales comparable; `wrong` is whether
    answering was wrong, `answerable` (questions,) whether the papers answer it, and `kinds` (questions,) its type.
    """

    confidence: Array
    wrong: Flags
    answerable: Flags
    kinds: NDArray[np.str_]


class _Test(NamedTuple):
    """A difference before Holm's correction."""

    measure: str
    first: int
    second: int
    means: tuple[float, float]
    figure: Figure
    p: float


def main(arguments: Sequence[str]) -> int:
    """Compares the reports in the folders and prints what differs."""
    parser = argparse.ArgumentParser(prog="python -m eval compare", description="Compare reports.")
    parser.add_argument("first", metavar="A", help="a folder with a report.json")
    parser.add_argument("others", metavar="B", nargs="+")
    parser.add_argument(
        "--part", choices=PARTS, default="all", help="the questions kept apart, those fitted on, or all"
    )
    options = parser.parse_args(arguments)
    names = [options.first, *options.others]
    reports = [of_part(name, read_report(Path(name)), options.part) for name in names]
    scores = paired_scores(names, reports)
    confidences = paired_confidences(reports)
    _print_reports(names, reports)
    differences = compare(scores, confidences)
    for _, pair in itertools.groupby(differences, key=lambda each: (each.first, each.second)):
        _print_pair(list(pair))
    print(  # noqa: T201
        f"\nPart: {options.part}. p: paired randomisation test, {SIGN_FLIPS:,} sign flips, two-sided; for AUROC and "
        f"AURC as many exchanges of confidence. adjusted: Holm's correction over all {len(differences)} tests."
    )
    if len(reports) > 2:
        _print_borda(borda(scores | refusal_values(confidences)))
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


def of_part(name: str, report: dict[str, Any], part: str) -> dict[str, Any]:
    """The report on the questions of a part.

    Raises:
        ReportError: it does not say which part its questions are of, or has none of it.
    """
    if part == "all":
        return report
    questions = {key: each for key, each in report["questions"].items() if each.get("part") == part}
    if not questions:
        raise ReportError(
            f"{name} has no questions of the part {part!r}. If an older version wrote it, score anew: "
            f"`python -m eval --out {name}`."
        )
    return report | {"questions": questions}


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


def paired_confidences(reports: Sequence[Mapping[str, Any]]) -> Confidences | None:
    """The confidences of all reports in the questions that all have, and that are either answerable or not.

    None where a report has none, as those of older versions, or where what is wrong cannot be told.
    """
    questions = [report["questions"] for report in reports]
    ids = [
        key
        for key, each in questions[0].items()
        if all(key in other for other in questions) and {"refused rightly", "falsely refused"} & each["scores"].keys()
    ]
    rows = [[each[key] for key in ids] for each in questions]
    if not ids or not all("confidence" in each and _can_be_wrong(each["scores"]) for row in rows for each in row):
        return None
    return Confidences(
        confidence=ranked(np.array([[each["confidence"] for each in row] for row in rows], float)),
        wrong=np.array([[is_wrong(each["scores"]) for each in row] for row in rows]),
        answerable=np.array(["falsely refused" in each["scores"] for each in rows[0]]),
        kinds=np.array([each["type"] for each in rows[0]]),
    )


def compare(scores: Mapping[str, Array], confidences: Confidences | None = None) -> list[Difference]:
    """All differences of all pairs of reports, pair after pair; Holm's correction is over all of them."""
    count = len(next(iter(scores.values())))
    tests: list[_Test] = []
    for first, second in itertools.combinations(range(count), 2):
        for measure, values in scores.items():
            differences = values[second] - values[first]
            means = (float(values[first].mean()), float(values[second].mean()))
            figure, p = mean_figure(differences.tolist()), randomisation_p(differences)
            tests.append(_Test(measure, first, second, means, figure, p))
        if confidences:
            tests += _refusal_tests(confidences, first, second)
    return [
        Difference(
            measure=test.measure,
            first=test.first,
            second=test.second,
            n=int(test.figure["n"]),
            means=test.means,
            difference=test.figure["mean"],
            low=test.figure["low"],
            high=test.figure["high"],
            p=test.p,
            adjusted=adjusted,
        )
        for test, adjusted in zip(tests, holm([test.p for test in tests]), strict=True)
    ]


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


def refusal_values(confidences: Confidences | None) -> dict[str, Array]:
    """AUROC and AURC of each report, (reports, 1), as `borda` takes them."""
    if confidences is None:
        return {}
    values = {
        name: auroc(confidences.confidence[:, some], confidences.answerable[some])
        for name, some in _against(confidences).items()
    }
    values["AURC"] = aurc(confidences.confidence, confidences.wrong)
    return {name: each[:, None] for name, each in values.items()}


def auroc(confidence: Array, answerable: Flags) -> Array:
    """The area under the ROC curve of each row, (rows, questions); questions of both kinds are among them."""
    right = int(answerable.sum())
    of_right = ranked(confidence)[:, answerable].sum(axis=1)
    return np.asarray((of_right - right * (right + 1) / 2) / (right * (len(answerable) - right)))


def aurc(confidence: Array, wrong: Flags) -> Array:
    """The area under the risk-coverage curve of each row, both (rows, questions); see `measures.aurc_figure`."""
    order = np.argsort(-confidence, axis=1, kind="stable")
    sure, errors = np.take_along_axis(confidence, order, axis=1), np.take_along_axis(wrong, order, axis=1)
    last = _last_of_equals(sure)
    risks = np.take_along_axis(errors.cumsum(axis=1), last, axis=1) / (last + 1)
    return np.asarray(risks.mean(axis=1))


def ranked(values: Array) -> Array:
    """The ranks in each row from 1, equals sharing the mean of theirs."""
    order = np.argsort(values, axis=1, kind="stable")
    ordered = np.take_along_axis(values, order, axis=1)
    last = _last_of_equals(ordered)
    first = values.shape[1] - 1 - _last_of_equals(ordered[:, ::-1])[:, ::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + last) / 2 + 1, axis=1)
    return ranks


def _last_of_equals(ordered: Array) -> NDArray[np.int64]:
    """For each place in rows whose equal values stand together, the last place with its value."""
    rows, n = ordered.shape
    ends = np.hstack([ordered[:, 1:] != ordered[:, :-1], np.ones((rows, 1), bool)])
    return np.minimum.accumulate(np.where(ends, np.arange(n), n)[:, ::-1], axis=1)[:, ::-1]


def _refusal_tests(confidences: Confidences, first: int, second: int) -> list[_Test]:
    """AUROC, of all questions and by what answerable ones are told from, and AURC.

    p is of a paired permutation test: under the null hypothesis it makes no difference which report gave which of a
    question's two confidences, as ranks within the report (Venkatraman & Begg 1996, "A distribution-free procedure for
    comparing receiver operating characteristic curves from a paired experiment").
    """
    tests = []
    confidence, wrong = confidences.confidence[[first, second]], confidences.wrong[[first, second]]
    for name, some in _against(confidences).items():
        answerable = confidences.answerable[some]
        sides = [(row[some][answerable].tolist(), row[some][~answerable].tolist()) for row in confidence]
        before, after = auroc(confidence[:, some], answerable).tolist()
        p = _exchange_p(functools.partial(_auroc_of, answerable), confidence[:, some], wrong[:, some])
        tests.append(_Test(name, first, second, (before, after), auroc_difference(*sides), p))
    sure = [(row.tolist(), errors.tolist()) for row, errors in zip(confidence, wrong, strict=True)]
    before, after = aurc(confidence, wrong).tolist()
    p = _exchange_p(aurc, confidence, wrong)
    return [*tests, _Test("AURC", first, second, (before, after), aurc_difference(*sure), p)]


def _auroc_of(answerable: Flags, confidence: Array, wrong: Flags) -> Array:
    return auroc(confidence, answerable)


def _exchange_p(statistic: Callable[[Array, Flags], Array], confidence: Array, wrong: Flags) -> float:
    """The two-sided p-value of the difference of a statistic between two reports, (2, questions), under exchanges."""
    before, after = statistic(confidence, wrong)
    rng = np.random.default_rng(SEED)
    as_far = 0
    for _ in range(SIGN_FLIPS // _AT_ONCE):
        stays = rng.integers(2, size=(_AT_ONCE, confidence.shape[1])).astype(bool)
        one, other = (
            statistic(np.where(kept, confidence[0], confidence[1]), np.where(kept, wrong[0], wrong[1]))
            for kept in (stays, ~stays)
        )
        as_far += int((np.abs(other - one) >= abs(after - before) - 1e-9).sum())
    return (1 + as_far) / (1 + SIGN_FLIPS)


def _against(confidences: Confidences) -> dict[str, Flags]:
    """By the name of an AUROC, the questions that it is over; without those that lack a side."""
    answerable, kinds = confidences.answerable, confidences.kinds
    others = {
        "AUROC": ~answerable,
        "AUROC off topic": ~answerable & (kinds == "off_topic"),
        "AUROC near misses": ~answerable & (kinds == "unanswerable"),
    }
    return {name: answerable | some for name, some in others.items() if answerable.any() and some.any()}


def _can_be_wrong(scores: Mapping[str, float]) -> bool:
    return bool({"refused rightly", "citation recall"} & scores.keys())


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
