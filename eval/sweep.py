"""Tries a grid of settings and shows quality against time.

    python -m eval sweep eval/sweep.toml --papers ../shared/seeds --out out/sweep

The file has a table `[grid]` of lists: the keys `max_tokens`, `overlap_sentences`, `backend`, `candidates` and
`passages_per_paper` are settings of config.toml, `max_sentences` is the answer's, and `fusion` names weights given in
`[fusion.NAME]`; "fitted" are those that ship. Papers are embedded once for each kind of chunk and backend; all else
reuses their vectors. Writes sweep.json and sweep.svg and prints a table.
"""

from __future__ import annotations

import argparse
import itertools
import json
import statistics
import tempfile
import time
import tomllib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rag.answering import choose_sentences, gather_evidence
from rag.assistant import Assistant
from rag.errors import ConfigError
from rag.readable import folded
from rag.retrieval import FEATURES, find
from rag.weights import Weights, load_weights

from .questions import QUESTIONS, SAMPLE, Question, holds_nugget, load_questions

_EMBEDDED = {"max_tokens": "chunking", "overlap_sentences": "chunking", "backend": "embedding"}
_SEARCHED = {"candidates": "retrieval", "passages_per_paper": "retrieval", "max_sentences": "answer"}


def main(arguments: Sequence[str]) -> int:
    """Runs the grid."""
    parser = argparse.ArgumentParser(prog="python -m eval sweep", description="Try a grid of settings.")
    parser.add_argument("grid", type=Path, metavar="FILE.toml")
    parser.add_argument("--papers", nargs="+", default=[str(SAMPLE)])
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--out", type=Path, default=Path("out/sweep"))
    options = parser.parse_args(arguments)
    grid, fusions = read_grid(options.grid)
    questions = [q for q in load_questions(options.questions) if q.answerable and not q.history]
    options.out.mkdir(parents=True, exist_ok=True)
    results = []
    for embedded in _combinations(grid, _EMBEDDED):
        with tempfile.TemporaryDirectory() as folder:
            with _opened(folder, embedded) as assistant:
                assistant.add(options.papers)
            for searched in _combinations(grid, _SEARCHED):
                with _opened(folder, embedded | searched) as assistant:
                    for name in grid.get("fusion", ["fitted"]):
                        measured = _measure(assistant, questions, fusions[name])
                        results.append(embedded | searched | {"fusion": name} | measured)
                        _print_row(results[-1], heading=len(results) == 1)
    (options.out / "sweep.json").write_text(json.dumps(results, indent=1) + "\n")
    (options.out / "sweep.svg").write_text(_plot(results))
    return 0


def read_grid(path: Path) -> tuple[dict[str, list[Any]], dict[str, Weights]]:
    """The grid, and the weights by the names that it may use.

    Raises:
        ConfigError: the file cannot be read, or has an unknown key, an empty list or a fusion that is not given.
    """
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"The sweep {path.name} cannot be read: {error}.") from error
    grid = tables.get("grid", {})
    fusions = {"fitted": load_weights()}
    for name, given in tables.get("fusion", {}).items():
        if set(given) - set(FEATURES):
            raise ConfigError(f"{path.name}: [fusion.{name}] has unknown features; known are {', '.join(FEATURES)}.")
        fusions[name] = replace(load_weights(), fusion={feature: given.get(feature, 0.0) for feature in FEATURES})
    for key, values in grid.items():
        if key not in (*_EMBEDDED, *_SEARCHED, "fusion"):
            raise ConfigError(
                f"{path.name}: {key!r} is no key of a grid; known are {[*_EMBEDDED, *_SEARCHED, 'fusion']}."
            )
        if not isinstance(values, list) or not values:
            raise ConfigError(f"{path.name}: {key} has to be a list of values, not {values!r}.")
    for name in grid.get("fusion", []):
        if name not in fusions:
            raise ConfigError(f"{path.name}: the fusion {name!r} is given nowhere; write [fusion.{name}].")
    return grid, fusions


def _combinations(grid: dict[str, list[Any]], keys: dict[str, str]) -> list[dict[str, Any]]:
    names = [key for key in keys if key in grid]
    return [dict(zip(names, values, strict=True)) for values in itertools.product(*(grid[name] for name in names))]


def _opened(folder: str, chosen: dict[str, Any]) -> Assistant:
    overrides: dict[str, dict[str, Any]] = {}
    for key, value in chosen.items():
        overrides.setdefault({**_EMBEDDED, **_SEARCHED}[key], {})[key] = value
    return Assistant.open(library=folder, mode="quote", overrides=overrides)


def _measure(assistant: Assistant, questions: Sequence[Question], weights: Weights) -> dict[str, float]:
    """Reciprocal rank of the first right paper, facts in the chosen sentences, and milliseconds at the median."""
    ranks: list[int] = []
    facts: list[bool] = []
    seconds: list[float] = []
    for question in questions:
        started = time.perf_counter()
        found = find(assistant.library, question.question, weights=weights)
        evidence = gather_evidence(assistant.library, found)
        chosen = choose_sentences(evidence, question.question, assistant.settings.answer.max_sentences, weights)
        seconds.append(time.perf_counter() - started)
        papers = dict.fromkeys(found.candidates.paper_keys[row] for row in found.order)
        gold = {folded(title) for title in question.gold_titles}
        right = (rank for rank, key in enumerate(papers, 1) if folded(found.candidates.paper(key).title) in gold)
        ranks.append(next(right, 0))
        facts += [any(holds_nugget(c.text, group) for c in chosen) for group in question.nuggets]
    return {
        "RR": round(float(np.mean([1 / rank if rank else 0.0 for rank in ranks])), 4),
        "Success@5": round(float(np.mean([0 < rank <= 5 for rank in ranks])), 4),
        "facts": round(float(np.mean(facts)), 4),
        "ms": round(statistics.median(seconds) * 1000, 1),
    }


def _print_row(result: dict[str, Any], *, heading: bool) -> None:
    if heading:
        print("  ".join(f"{key:>12s}" for key in result))  # noqa: T201
    print("  ".join(f"{value!s:>12s}" for value in result.values()))  # noqa: T201


def _plot(results: Sequence[dict[str, Any]]) -> str:
    """Each result as a point: milliseconds to the right, share of the facts upwards, its settings as a tooltip."""
    width, height, edge = 640, 360, 48
    times, quality = [r["ms"] for r in results], [r["facts"] for r in results]

    def place(value: float, values: Sequence[float], size: int) -> float:
        low, high = min(values), max(values)
        return edge + (value - low) / ((high - low) or 1.0) * (size - 2 * edge)

    points = "\n".join(
        f'<circle cx="{place(r["ms"], times, width):.1f}" cy="{height - place(r["facts"], quality, height):.1f}" r="5" '
        f'fill="#3566a8"><title>{", ".join(f"{k} {v}" for k, v in r.items())}</title></circle>'
        for r in results
    )
    labels = (
        f'<text x="{edge}" y="{height - 14}">{min(times)} ms</text>'
        f'<text x="{width - edge}" y="{height - 14}" text-anchor="end">{max(times)} ms a question</text>'
        f'<text x="8" y="{height - edge}">{min(quality):.2f}</text><text x="8" y="{edge}">{max(quality):.2f}</text>'
        f'<text x="8" y="20">share of the facts found</text>'
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">'
        f'<rect width="{width}" height="{height}" fill="white"/>{labels}\n{points}\n</svg>\n'
    )
