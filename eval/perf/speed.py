"""Measures speed: adding papers beside a stock pipeline, asking warm and cold.

    python -m eval bench --papers ../shared/seeds/*.txt --stock ../shared/baseline/stock_pipeline.py

Prints JSON. Nothing here is a test: the figures go into eval/LOG.md with their date.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.assistant import Assistant

from ..questions import QUESTIONS, SAMPLE, load_questions

_ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str]) -> int:
    """Runs all measurements one after another, so that none disturbs another."""
    parser = argparse.ArgumentParser(prog="python -m eval bench", description="Measure adding and asking.")
    parser.add_argument("--papers", nargs="+", default=[str(SAMPLE)])
    parser.add_argument("--stock", type=Path, help="a script that adds the same papers and prints `ingest_s` as JSON")
    options = parser.parse_args(arguments)
    measured: dict[str, Any] = {}
    if options.stock:
        measured["stock"] = _stock(options.stock, options.papers)
    with tempfile.TemporaryDirectory() as folder:
        measured["add"] = _add(Path(folder), options.papers)
        measured["warm"] = _warm(Path(folder))
        measured["cold"] = {
            "footnote ask": _command("ask", "What was measured?", "--mode", "quote", "--library", folder),
            "footnote --help": _command("--help"),
        }
    if options.stock:
        measured["add / stock"] = round(measured["add"]["seconds"] / measured["stock"]["ingest_s"], 3)
    print(json.dumps(measured, indent=1))  # noqa: T201
    return 0


def _stock(script: Path, papers: Sequence[str]) -> dict[str, float]:
    done = subprocess.run([sys.executable, str(script), *papers, "--json"], capture_output=True, text=True, check=True)
    return {key: round(value, 3) for key, value in json.loads(done.stdout.splitlines()[-1]).items()}


def _add(folder: Path, papers: Sequence[str]) -> dict[str, Any]:
    """Seconds from files to a library that answers, the model loaded before; and again with nothing changed."""
    from rag.models.embedder import load_embedder

    with Assistant.open(library=folder, mode="quote") as assistant:
        load_embedder(assistant.settings.embedding).encode_question("warm up")
        started = time.perf_counter()
        first = assistant.add(papers)
        seconds = time.perf_counter() - started
    with Assistant.open(library=folder, mode="quote") as assistant:
        started = time.perf_counter()
        again = assistant.add(papers)
        seconds_again = time.perf_counter() - started
        chunks = assistant.library.records.count()["chunks"]
    return {
        "papers": len(first.added),
        "chunks": chunks,
        "seconds": round(seconds, 3),
        "again": {"unchanged": len(again.unchanged), "seconds": round(seconds_again, 3)},
    }


def _warm(folder: Path) -> dict[str, Any]:
    """Milliseconds of a question, after a first round through all of them."""
    questions = [q.question for q in load_questions(QUESTIONS) if not q.history]
    with Assistant.open(library=folder, mode="quote") as assistant:
        for question in questions:
            assistant.ask(question)
        answers = [assistant.ask(question) for question in questions]
    totals = [sum(a.seconds.values()) * 1000 for a in answers]
    return {
        "questions": len(questions),
        "retrieve ms, median": round(statistics.median(a.seconds["retrieve"] * 1000 for a in answers), 1),
        "whole ms, median": round(statistics.median(totals), 1),
        "whole ms, 95 %": round(statistics.quantiles(totals, n=20)[18], 1),
    }


def _command(*words: str, times: int = 3) -> float:
    """The least seconds of a fresh process out of three."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "rag", *words], capture_output=True, check=True, cwd=_ROOT, env=os.environ
        )
        seconds.append(time.perf_counter() - started)
    return round(min(seconds), 3)
