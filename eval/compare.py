"""Test which differences between reports are significant.

    python -m eval compare out/before out/after
    python -m eval compare out/a out/b out/c          every pair, and the Borda ranking of all
    python -m eval compare out/a out/b --part report  on the questions that no weight was fitted on

Each argument is a folder with a report.json of `python -m eval`, all on the same question set.
"""

import argparse
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from string import ascii_uppercase
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from rag.errors import FootnoteError

from .measures import LOWER_IS_BETTER, is_wrong
from .statistics import (
    PERMUTATIONS,
    Array,
    Figure,
    Flags,
    aurc,
    auroc,
    difference_figure,
    exchange_p,
    mean_figure,
    mean_p,
)

ALPHA = 0.05
PARTS = ("all", "report", "fit")


class ReportError(FootnoteError):
    """A report is missing or broken, or the reports are on different question sets."""


@dataclass(frozen=True)
class Difference:
    """The difference of two reports, given by their indexes, on a measure.

    `figure` is second - first over the questions that have the measure in both, `p` the p-value of the test, and
    `adjusted` the p-value after Holm's correction.
    """

    measure: str
    first: int
    second: int
    means: tuple[float, float]
    figure: Figure
    p: float
    adjusted: float = np.nan

    @property
    def significant(self) -> bool:
        return self.adjusted < ALPHA

    @property
    def better(self) -> bool:
        """Whether the second report is better."""
        return (self.figure["mean"] < 0) == (self.measure in LOWER_IS_BETTER)


@dataclass(frozen=True)
class Confidences:
    """The confidence of each report (row) in each question that all reports have (column).

    `confidence` has ranks within a report, so that reports with different scales can be compared; `wrong` tells whether
    answering was wrong, `answerable` (questions,) whether the papers answer it; `kinds` (questions,) has its type.
    """

    confidence: Array
    wrong: Flags
    answerable: Flags
    kinds: NDArray[np.str_]

    def contrasts(self) -> dict[str, Flags]:
        """Return the questions of each AUROC by name; an AUROC with only one class of questions is left out."""
        others = {
            "AUROC": ~self.answerable,
            "AUROC off topic": ~self.answerable & (self.kinds == "off_topic"),
            "AUROC near misses": ~self.answerable & (self.kinds == "unanswerable"),
        }
        return {name: self.answerable | some for name, some in others.items() if self.answerable.any() and some.any()}


def main(arguments: Sequence[str]) -> int:
    """Compare the reports in the folders and print the differences."""
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
        f"\nPart: {options.part}. p: paired randomisation test, {PERMUTATIONS:,} sign flips, two-sided; for AUROC and "
        f"AURC as many exchanges of confidence. adjusted: Holm's correction over all {len(differences)} tests."
    )
    if len(reports) > 2:
        _print_borda(borda(scores | refusal_values(confidences)))
    return 0


def read_report(folder: Path) -> dict[str, Any]:
    """Read the report.json in a folder. Raise ReportError if it is missing or not a report."""
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
    """Return the report restricted to a part of the questions. Raise ReportError if it has none, or no parts."""
    if part == "all":
        return report
    questions = {key: each for key, each in report["questions"].items() if each.get("part") == part}
    if not questions:
        raise ReportError(
            f"{name} has no questions of the part {part!r}. If an older version wrote it, score again: "
            f"`python -m eval --out {name}`."
        )
    return report | {"questions": questions}


def paired_scores(names: Sequence[str], reports: Sequence[Mapping[str, Any]]) -> dict[str, Array]:
    """Return the scores by measure, (reports, questions), of the questions that have the measure in all reports.

    Raise ReportError if the reports are on different question sets, or no measure is in all of them.
    """
    sets = [report["made"]["questions"] for report in reports]
    for name, other in zip(names, sets, strict=True):
        if other["sha256"] != sets[0]["sha256"]:
            raise ReportError(
                f"{names[0]} and {name} cannot be compared: they are on different question sets, "
                f"{_described(sets[0])} and {_described(other)}. Score both on one."
            )
    questions = [report["questions"] for report in reports]
    scores: dict[str, list[list[float]]] = {}
    for key in [key for key in questions[0] if all(key in each for each in questions)]:
        of_question = [each[key]["scores"] for each in questions]
        for measure in of_question[0]:
            if all(measure in each for each in of_question):
                scores.setdefault(measure, []).append([each[measure] for each in of_question])
    if not scores:
        raise ReportError(f"{', '.join(names)} have no measure in common. Score them again with one version.")
    return {measure: np.array(rows, float).T for measure, rows in scores.items()}


def paired_confidences(reports: Sequence[Mapping[str, Any]]) -> Confidences | None:
    """Return the confidences of the questions that all reports have and that are clearly answerable or not.

    Return None if a report has no confidences (older versions), or no scores that tell which answers are wrong.
    """
    questions = [report["questions"] for report in reports]
    ids = [
        key
        for key, each in questions[0].items()
        if all(key in other for other in questions) and {"refused rightly", "falsely refused"} & each["scores"].keys()
    ]
    rows = [[each[key] for key in ids] for each in questions]
    judged = {"refused rightly", "citation recall"}
    if not ids or not all("confidence" in each and judged & each["scores"].keys() for row in rows for each in row):
        return None
    return Confidences(
        confidence=rankdata([[each["confidence"] for each in row] for row in rows], axis=1),
        wrong=np.array([[is_wrong(each["scores"]) for each in row] for row in rows]),
        answerable=np.array(["falsely refused" in each["scores"] for each in rows[0]]),
        kinds=np.array([each["type"] for each in rows[0]]),
    )


def _described(questions: Mapping[str, Any]) -> str:
    return f"{questions['name']} ({questions['count']} questions, sha256 {questions['sha256'][:8]})"


def compare(scores: Mapping[str, Array], confidences: Confidences | None = None) -> list[Difference]:
    """Return all differences of all pairs of reports, pair by pair, with Holm's correction over all of them."""
    from statsmodels.stats.multitest import multipletests  # takes a second to import

    differences: list[Difference] = []
    for first, second in itertools.combinations(range(len(next(iter(scores.values())))), 2):
        for measure, values in scores.items():
            gains = values[second] - values[first]
            means = (float(values[first].mean()), float(values[second].mean()))
            differences.append(Difference(measure, first, second, means, mean_figure(gains.tolist()), mean_p(gains)))
        if confidences:
            differences += _refusal_differences(confidences, first, second)
    adjusted = multipletests([each.p for each in differences], method="holm")[1]
    return [replace(each, adjusted=float(p)) for each, p in zip(differences, adjusted, strict=True)]


def _refusal_differences(confidences: Confidences, first: int, second: int) -> list[Difference]:
    pair = [first, second]
    confidence, wrong = confidences.confidence[pair], confidences.wrong[pair]

    def difference(name: str, measure: Callable[[Array, Flags], Array], values: Array, labels: Flags) -> Difference:
        n = values.shape[1]
        before, after = measure(values, labels).tolist()

        def statistic(rows: NDArray[np.int64]) -> Array:
            return measure(values.ravel()[rows], labels.ravel()[rows])

        figure, p = difference_figure(statistic, n), exchange_p(statistic, n)
        return Difference(name, first, second, (before, after), figure, p)

    of_auroc = [
        difference(name, auroc, confidence[:, some], np.tile(confidences.answerable[some], (2, 1)))
        for name, some in confidences.contrasts().items()
    ]
    return [*of_auroc, difference("AURC", aurc, confidence, wrong)]


def refusal_values(confidences: Confidences | None) -> dict[str, Array]:
    """Return AUROC and AURC of each report, (reports, 1), in the form that `borda` takes."""
    if confidences is None:
        return {}
    values = {
        name: auroc(confidences.confidence[:, some], np.tile(confidences.answerable[some], (len(confidences.wrong), 1)))
        for name, some in confidences.contrasts().items()
    }
    values["AURC"] = aurc(confidences.confidence, confidences.wrong)
    return {name: each[:, None] for name, each in values.items()}


def borda(scores: Mapping[str, Array]) -> list[float]:
    """Return each report's sum of ranks over all measures: 1 is the best rank, ties share ranks, the lowest sum wins.

    Colombo et al. 2022, "What are the best systems? New perspectives on NLP Benchmarking".
    """
    ranks = [
        rankdata(values.mean(axis=1) * (1 if measure in LOWER_IS_BETTER else -1)) for measure, values in scores.items()
    ]
    return [float(total) for total in np.sum(ranks, axis=0)]


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
        interval = f"[{each.figure['low']:+.3f}, {each.figure['high']:+.3f}]"
        ps = f"{each.p:7.4f}{each.adjusted:10.4f}"
        verdict = "significant" if each.significant else "not significant"
        values = f"{each.figure['n']:5}{means}{each.figure['mean']:+9.3f}"
        print(f"{each.measure:20}{values}  {interval:18}{ps}  {verdict}")  # noqa: T201
    print(_conclusion(first, second, pair))  # noqa: T201


def _conclusion(first: str, second: str, pair: Sequence[Difference]) -> str:
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
