"""Try a grid of settings and show quality against time.

    python -m eval sweep eval/sweep.toml --papers ../shared/seeds --out out/sweep

The file has a table `[grid]` of lists: the keys `max_tokens`, `overlap_sentences`, `backend`, `candidates` and
`passages_per_paper` are settings of config.toml, `max_sentences` is the answer's, `passages` the cross-encoder's, and
`fusion` names weights given in `[fusion.NAME]`; "fitted" are the shipped ones.
Papers are embedded once for each kind of chunk and backend; other settings reuse the vectors. Writes sweep.json and
sweep.svg and prints a table. An interrupted run continues where it stopped.
"""

import argparse
import itertools
import json
import math
import statistics
import time
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from rag.answering.choice import choose
from rag.answering.evidence import gather_evidence
from rag.assistant import Assistant
from rag.errors import ConfigError
from rag.models.weights import Weights, load_weights
from rag.retrieval.features import FEATURES
from rag.retrieval.rerank import rerank_passages
from rag.retrieval.search import search
from rag.retrieval.wanted import wanted_by
from rag.text.readable import folded

from ..files import digest
from ..questions import QUESTIONS, SAMPLE, Question, QuestionSetError, holds_nugget, load_questions, titles_in
from ..runs import Row, add_papers, each_once, unfinished
from ..statistics import rounded, summarise_scores

_EMBEDDED = {"max_tokens": "chunking", "overlap_sentences": "chunking", "backend": "embedding"}
_SEARCHED = {
    "candidates": "retrieval",
    "passages_per_paper": "retrieval",
    "max_sentences": "answer",
    "passages": "cross_encoder",
}


def main(arguments: Sequence[str]) -> int:
    """Run the grid."""
    parser = argparse.ArgumentParser(prog="python -m eval sweep", description="Try a grid of settings.")
    parser.add_argument("grid", type=Path, metavar="FILE.toml")
    parser.add_argument("--papers", nargs="+", default=[str(SAMPLE)])
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--out", type=Path, default=Path("out/sweep"))
    options = parser.parse_args(arguments)
    grid, fusions = read_grid(options.grid)
    load_questions(options.questions)
    questions = load_questions(options.questions, titles_in(options.papers))
    questions = [q for q in questions if q.answerable and not q.history]
    if not questions:
        raise QuestionSetError(
            f"{options.questions.name} has no question for a sweep: it takes those with `gold_titles` and no `history`."
        )
    papers = [(path, digest(Path(path))) for path in options.papers]
    with unfinished(options.out, options.grid.read_bytes(), questions, papers) as folder:
        results = [
            result
            for number, embedded in enumerate(_combinations(grid, _EMBEDDED))
            for result in _tried(folder / str(number), options.papers, embedded, grid, fusions, questions)
        ]
    _print_table(results)
    (options.out / "sweep.json").write_text(json.dumps(results, indent=1) + "\n")
    (options.out / "sweep.svg").write_text(_plot(results))
    return 0


def _tried(
    folder: Path,
    papers: Sequence[str],
    embedded: dict[str, Any],
    grid: dict[str, list[Any]],
    fusions: dict[str, Weights],
    questions: Sequence[Question],
) -> list[dict[str, Any]]:
    """Return the results of all settings that share chunks and vectors; library and results are kept in `folder`."""
    with _opened(folder / "library", embedded) as assistant:
        add_papers(assistant, papers)

    def measured(searched: dict[str, Any]) -> Row:
        with _opened(folder / "library", embedded | searched) as assistant:
            return {
                name: embedded | searched | {"fusion": name} | _measure(assistant, questions, fusions[name])
                for name in grid.get("fusion", ["fitted"])
            }

    tried = {repr(searched): searched for searched in _combinations(grid, _SEARCHED)}
    rows = each_once(folder / "rows.jsonl", tried, measured, f"settings with {embedded or 'the usual chunks'}")
    return [result for row in rows for result in row.values()]


def read_grid(path: Path) -> tuple[dict[str, list[Any]], dict[str, Weights]]:
    """Read the grid, and the weights by the names that it may use.

    Raise ConfigError if the file cannot be read, or has no grid, an unknown table or key, an empty list, an undefined
    fusion or a weight that is not a number.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The sweep {path.name} cannot be read: {error}.") from error
    if unknown := [name for name in tables if name not in ("grid", "fusion")]:
        raise ConfigError(f"{path.name}: [{unknown[0]}] is not a table of a sweep; known are [grid] and [fusion.NAME].")
    fusions = {"fitted": load_weights()}
    for name, given in _table(path, tables, "fusion").items():
        fusions[name] = _fusion(path, name, given)
    grid = _table(path, tables, "grid")
    if not grid:
        raise ConfigError(f"{path.name}: there is no [grid] with lists of values to try.")
    for key, values in grid.items():
        if key not in (*_EMBEDDED, *_SEARCHED, "fusion"):
            raise ConfigError(
                f"{path.name}: {key!r} is not a key of a grid; known are {[*_EMBEDDED, *_SEARCHED, 'fusion']}."
            )
        if not isinstance(values, list) or not values:
            raise ConfigError(f"{path.name}: {key} has to be a list of values, not {values!r}.")
    for name in grid.get("fusion", []):
        if name not in fusions:
            raise ConfigError(f"{path.name}: the fusion {name!r} is not defined; write [fusion.{name}].")
    return grid, fusions


def _table(path: Path, tables: dict[str, Any], name: str) -> dict[str, Any]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise ConfigError(f"{path.name}: {name} has to be a table, not {table!r}.")
    return table


def _fusion(path: Path, name: str, given: Any) -> Weights:
    """Return the shipped weights with the given weights of features; other features get 0."""
    if not isinstance(given, dict) or set(given) - set(FEATURES):
        raise ConfigError(f"{path.name}: [fusion.{name}] has unknown features; known are {', '.join(FEATURES)}.")
    for feature, weight in given.items():
        if isinstance(weight, bool) or not isinstance(weight, (int, float)) or not math.isfinite(weight):
            raise ConfigError(f"{path.name}: {feature} in [fusion.{name}] has to be a number, not {weight!r}.")
    return replace(load_weights(), fusion={feature: float(given.get(feature, 0.0)) for feature in FEATURES})


def _combinations(grid: dict[str, list[Any]], keys: dict[str, str]) -> list[dict[str, Any]]:
    names = [key for key in keys if key in grid]
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*(grid[name] for name in names))]


def _opened(folder: Path, chosen: dict[str, Any]) -> Assistant:
    overrides: dict[str, dict[str, Any]] = {}
    for key, value in chosen.items():
        overrides.setdefault({**_EMBEDDED, **_SEARCHED}[key], {})[key] = value
    return Assistant.open(library=folder, mode="quote", overrides=overrides)


def _measure(assistant: Assistant, questions: Sequence[Question], weights: Weights) -> dict[str, Any]:
    """Return figures of the first right paper's rank and of the share of a question's facts in the chosen sentences.

    `facts` is over the questions with facts, and missing without any; `ms` is the median of milliseconds.
    """
    scores: list[dict[str, float]] = []
    seconds: list[float] = []
    library = assistant.library
    assistant.ask(questions[0].question)  # opens the index and the models before the clock runs
    for question in questions:
        started = time.perf_counter()
        found = rerank_passages(library, search(library, question.question, weights=weights))
        evidence = gather_evidence(library, found)
        chosen = choose(evidence, wanted_by(question.question), assistant.settings.answer.max_sentences, weights)
        seconds.append(time.perf_counter() - started)
        papers = dict.fromkeys(found.candidates.paper_keys[row] for row in found.order)
        gold = {folded(title) for title in question.gold_titles}
        right = (rank for rank, key in enumerate(papers, 1) if folded(found.candidates.paper(key).title) in gold)
        rank = next(right, 0)
        scores.append({"RR": 1 / rank if rank else 0.0, "Success@5": float(0 < rank <= 5)})
        if question.nuggets:
            held = [any(holds_nugget(c.text, group) for c in chosen) for group in question.nuggets]
            scores[-1]["facts"] = sum(held) / len(held)
    figures = {name: rounded(figure) for name, figure in summarise_scores(scores).items()}
    return figures | {"ms": round(statistics.median(seconds) * 1000, 1)}


def _cell(value: Any) -> str:
    return f"{value['mean']:.3f} [{value['low']:.3f}, {value['high']:.3f}]" if isinstance(value, dict) else str(value)


def _print_table(results: Sequence[dict[str, Any]]) -> None:
    rows = [list(results[0]), *([_cell(value) for value in result.values()] for result in results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(f"{cell:>{width}s}" for cell, width in zip(row, widths, strict=True)))  # noqa: T201


def _plot(results: Sequence[dict[str, Any]]) -> str:
    """Draw each result as a point: milliseconds to the right, quality with its interval up, settings as a tooltip.

    Quality is the share of facts found, or RR if the questions have no facts.
    """
    width, height, edge = 640, 360, 48
    name = "facts" if "facts" in results[0] else "RR"
    times, quality = [r["ms"] for r in results], [r[name][end] for r in results for end in ("low", "high")]

    def place(value: float, values: Sequence[float], size: int) -> float:
        low, high = min(values), max(values)
        return edge + (value - low) / ((high - low) or 1.0) * (size - 2 * edge)

    def point(result: dict[str, Any]) -> str:
        x = place(result["ms"], times, width)
        low, y, high = (height - place(result[name][each], quality, height) for each in ("low", "mean", "high"))
        tooltip = escape(", ".join(f"{key} {_cell(value)}" for key, value in result.items()))
        return (
            f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{low:.1f}" y2="{high:.1f}" stroke="#b9c7dd"/>'
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5" fill="#3566a8"><title>{tooltip}</title></circle>'
        )

    points = "\n".join(map(point, results))
    labels = (
        f'<text x="{edge}" y="{height - 14}">{min(times)} ms</text>'
        f'<text x="{width - edge}" y="{height - 14}" text-anchor="end">{max(times)} ms a question</text>'
        f'<text x="8" y="{height - edge}">{min(quality):.2f}</text><text x="8" y="{edge}">{max(quality):.2f}</text>'
        f'<text x="8" y="20">{name}, with 95 % intervals</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">'
        f'<rect width="{width}" height="{height}" fill="white"/>{labels}\n{points}\n</svg>\n'
    )
