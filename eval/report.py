"""Write report.html: a self-contained file with figures, plots and every question, worst first.

The template, with its script, is report.html.jinja; the style is report.css. Jinja's autoescape escapes text from
questions and papers, and the content security policy allows only the page's own style and script, by digest.
"""

import base64
import hashlib
import math
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from rag.text.readable import folded, readable

from .measures import LOWER_IS_BETTER
from .questions import TYPES, Question, holds_nugget
from .statistics import Figure

RANK_GROUPS = ("rank 1", "2-5", "6-20", "not found")
"""The rank groups of the first right paper, in the order of the counts in `ranks_by_type`."""

_BINS = 24
_SHOWN_TITLES = 5
_OPEN, _CLOSE = "\ue000", "\ue001"  # private use: mark the ends of a quote while its text is made readable

Row = Mapping[str, Any]


class FigureTable(NamedTuple):
    """Figures by measure, with a column for each group of questions; None where a group has no figure."""

    caption: str
    columns: list[str]
    rows: list[tuple[str, list[Figure | None]]]


class Histogram(NamedTuple):
    """Counts of seconds in equal bins of a logarithmic axis, on which positions are from 0 to 1."""

    counts: list[int]
    ticks: list[tuple[float, float]]  # (position, seconds)
    marks: list[tuple[float, str, float]]  # (position, name, seconds)


class ShownCitation(NamedTuple):
    """A citation with its quote and the passage around it, in readable form."""

    number: int
    title: str
    place: str
    right: bool
    before: str
    quote: str
    after: str


class ShownQuestion(NamedTuple):
    """A question as shown on the page; `row` is empty if there is no result."""

    question: Question
    row: Row
    scores: dict[str, float]
    wrong: list[str]
    gold: list[tuple[str, int]]  # (title, rank), rank 0 if not found
    nuggets: list[tuple[str, bool]]  # (alternatives, found)
    ranking: list[tuple[str, bool]]  # (title, right), best first
    citations: list[ShownCitation]

    @property
    def mean(self) -> float:
        """Mean of the scores, from 0 to 1, higher is better; 0 if there are none."""
        gains = [1 - score if name in LOWER_IS_BETTER else score for name, score in self.scores.items()]
        return fmean(gains) if gains else 0.0


def write_html(report: Row, questions: Sequence[Question], rows: Sequence[Row], path: Path) -> None:
    """Write the report as a single HTML file.

    `report` is the content of report.json, `rows` is that of answers.jsonl; a question without a row has no result.
    """
    by_id = {row["id"]: row for row in rows}
    shown = [show_question(q, by_id.get(q.id, {}), report["questions"].get(q.id, {})) for q in questions]
    write_page(
        path,
        "report.html.jinja",
        made=report["made"],
        peak_mb=report["resources"].get("peak_mb"),
        lower_is_better=LOWER_IS_BETTER,
        tables=figure_tables(report),
        rank_groups=RANK_GROUPS,
        ranks=ranks_by_type(questions, by_id),
        risk_coverage=report["refusals"].get("risk_coverage", []),
        latency=latency_histogram(rows, report["resources"].get("seconds", {})),
        types=_in_order(Counter(q.type for q in questions)),
        questions=worst_first(shown),
    )


def write_page(path: Path, template: str, **values: Any) -> None:
    """Render a template from this folder to an HTML file."""
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"readable": readable, "duration": duration, "digest": _digest}
    html = environment.get_template(template).render(values)
    # A lone surrogate, possible in JSON but not in UTF-8, becomes the replacement character in the browser.
    path.write_bytes(html.encode("utf-8", errors="xmlcharrefreplace"))


def figure_tables(report: Row) -> dict[str, FigureTable]:
    """Return the page's tables by name; a table may have no rows."""
    parts = {"kept apart": "report", "fitted on": "fit"}
    by_part, refusals_by_part = report["by_part"], report.get("refusals_by_part", {})
    return {
        "all": _table("All questions", {"": report["measures"]}),
        "refusals": _table("Refusals", {"": report["refusals"]}),
        "refusal_parts": _table("By part", {name: refusals_by_part.get(part, {}) for name, part in parts.items()}),
        "groups": _table(
            "By part and type",
            {name: by_part.get(part, {}) for name, part in parts.items()} | _in_order(report["by_type"]),
        ),
        "robustness": _table("Robustness: the same questions, varied", report.get("robustness", {})),
        "robustness_differences": _table(
            "Robustness: the difference from the question as asked", report.get("robustness_differences", {})
        ),
    }


def _table(caption: str, groups: Mapping[str, Mapping[str, Any]]) -> FigureTable:
    columns = [name for name, measures in groups.items() if measures]
    names = dict.fromkeys(name for column in columns for name in groups[column])
    rows = [(name, [_figure(groups[column].get(name)) for column in columns]) for name in names]
    return FigureTable(caption, columns, [row for row in rows if any(row[1])])


def _figure(raw: Any) -> Figure | None:
    """Return `raw` if it is a figure; None for anything else, such as the risk-coverage curve."""
    is_figure = isinstance(raw, dict) and all(_is_number(raw.get(key)) for key in ("mean", "low", "high"))
    return raw if is_figure else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)


def _in_order(by_type: Mapping[str, Any]) -> dict[str, Any]:
    known = [name for name in TYPES if name in by_type]
    return {name: by_type[name] for name in [*known, *(name for name in by_type if name not in known)]}


def ranks_by_type(questions: Sequence[Question], rows: Mapping[str, Row]) -> dict[str, list[int]]:
    """Count the answerable questions of each type by the rank group of their first right paper, see `RANK_GROUPS`."""
    counts: dict[str, list[int]] = {}
    for question in questions:
        if question.answerable:
            gold = {folded(title) for title in question.gold_titles}
            ranked = enumerate(_ranking(rows.get(question.id, {})), 1)
            rank = next((rank for rank, title in ranked if title in gold), 0)
            group = 3 if rank == 0 or rank > 20 else (rank > 1) + (rank > 5)
            counts.setdefault(question.type, [0] * len(RANK_GROUPS))[group] += 1
    return _in_order(counts)


def latency_histogram(rows: Sequence[Row], summary: Mapping[str, float]) -> Histogram | None:
    """Return the histogram of answer times, None if there are none; `summary` has their median and p95."""
    seconds = [total for row in rows if (total := sum(row.get("seconds", {}).values())) > 0]
    if not seconds:
        return None
    steps = [factor * 10.0**power for power in range(-6, 6) for factor in (1, 2, 5)]
    low = max((step for step in steps if step <= min(seconds)), default=steps[0])
    high = min((step for step in steps if step > max(seconds)), default=steps[-1])

    def place(value: float) -> float:
        return min(max(math.log(value / low) / math.log(high / low), 0.0), 1.0)

    counts, _ = np.histogram([place(value) for value in seconds], bins=_BINS, range=(0, 1))
    within = [step for step in steps if low <= step <= high]
    ticks = within if len(within) <= 6 else within[::3]
    marks = [(place(summary[name]), name, summary[name]) for name in ("median", "p95") if summary.get(name)]
    return Histogram(counts.tolist(), [(place(tick), tick) for tick in ticks], marks)


def duration(seconds: float) -> str:
    """Format seconds: `23 ms`, `1.4 s`."""
    return f"{seconds * 1000:.3g} ms" if seconds < 0.9995 else f"{seconds:,.4g} s"


def worst_first(questions: Sequence[ShownQuestion]) -> list[ShownQuestion]:
    """Sort questions: those with faults first, then by mean score, lowest first."""
    return sorted(questions, key=lambda shown: (not shown.wrong, shown.mean))


def show_question(question: Question, row: Row, scored: Row) -> ShownQuestion:
    """Combine a question, its row of answers.jsonl and its entry in report.json."""
    gold = {folded(title) for title in question.gold_titles}
    ranking = _ranking(row)
    ranks = {title: rank for rank, title in enumerate(ranking, 1)}
    texts = [sentence["text"] for sentence in row.get("sentences", [])]  # `text` includes citation numbers
    return ShownQuestion(
        question=question,
        row=row,
        scores={name: score for name, score in scored.get("scores", {}).items() if _is_number(score)},
        wrong=list(scored.get("wrong", [])),
        gold=[(readable(title), ranks.get(folded(title), 0)) for title in question.gold_titles],
        nuggets=[(" / ".join(group), any(holds_nugget(text, group) for text in texts)) for group in question.nuggets],
        ranking=[(readable(title), key in gold) for key, title in list(ranking.items())[:_SHOWN_TITLES]],
        citations=[
            _show_citation(c, [*row["passages"], *row.get("contexts", [])], gold) for c in row.get("citations", [])
        ],
    )


def mark_span(text: str, start: int, end: int) -> tuple[str, str, str]:
    """Return the readable text before, in and after `text[start:end]`.

    The text is made readable as a whole, with two characters that mark the span, since LaTeX may begin before the span
    and end in it. If a mark gets lost, the three parts are made readable separately.
    """
    marked = readable(text[:start] + _OPEN + text[start:end] + _CLOSE + text[end:])
    parts = re.split(f"[{_OPEN}{_CLOSE}]", marked)
    before, quote, after = parts if len(parts) == 3 else map(readable, (text[:start], text[start:end], text[end:]))
    return before, quote, after


def _show_citation(citation: Row, passages: Sequence[Row], gold: set[str]) -> ShownCitation:
    before, quote, after = "", readable(citation["quote"]), ""
    for passage in passages:
        start, end = citation["start"] - passage["start"], citation["end"] - passage["start"]
        same_paper = passage["paper_id"] == citation["paper_id"]
        if same_paper and start >= 0 and passage["text"][start:end] == citation["quote"]:
            before, quote, after = mark_span(passage["text"], start, end)
            break
    page = citation["page_label"] or citation["page"]
    place = [f"p. {page}" if page else "", readable(citation["section"] or ""), citation["source"]]
    return ShownCitation(
        number=citation["number"],
        title=readable(citation["title"]),
        place=", ".join(filter(None, place)),
        right=folded(citation["title"]) in gold,
        before=before,
        quote=quote,
        after=after,
    )


def _ranking(row: Row) -> dict[str, str]:
    """Return the ranked titles by their folded form, best first, without duplicates."""
    ranking: dict[str, str] = {}
    for title in row.get("ranking", []):
        ranking.setdefault(folded(title), title)
    return ranking


def _digest(text: str) -> str:
    """Return the digest of an inline style or script in the form used by a content security policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
