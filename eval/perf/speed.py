"""Measure speed: adding papers next to a stock pipeline, and answering, warm and cold.

    python -m eval bench --papers ../shared/seeds/*.txt --stock ../shared/baseline/stock_pipeline.py
    python -m eval bench --against ../before      answers alone, side by side with another checkout's

Prints JSON. Nothing here is a test: the figures go into eval/LOG.md with their date.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.assistant import Assistant

from ..questions import QUESTIONS, SAMPLE, load_questions
from .answer_time import compare_checkouts

_ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str]) -> int:
    """Run all measurements one after another, so that they do not disturb each other, and print them."""
    parser = argparse.ArgumentParser(prog="python -m eval bench", description="Measure adding and asking.")
    parser.add_argument("--papers", nargs="+", default=[str(SAMPLE)])
    parser.add_argument("--stock", type=Path, help="a script that adds the same papers and prints `ingest_s` as JSON")
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout, whose answers are timed as well")
    parser.add_argument("--questions", type=int, metavar="N", help="time the answers to N questions (default: all)")
    options = parser.parse_args(arguments)
    questions = [question.question for question in load_questions(QUESTIONS) if not question.history]
    questions = questions[:: max(len(questions) // options.questions, 1)] if options.questions else questions
    checkouts = [_ROOT, options.against.resolve()] if options.against else [_ROOT]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        measured = {} if options.against else _measure_adding(folder, options.papers, options.stock)
        measured["answers in quotes, ms"] = compare_checkouts(checkouts, options.papers, questions, folder)
    print(json.dumps(measured, indent=1))  # noqa: T201
    return 0


def _measure_adding(folder: Path, papers: Sequence[str], stock: Path | None) -> dict[str, Any]:
    measured: dict[str, Any] = {"stock": _stock(stock, papers)} if stock else {}
    library = folder / "library"
    measured["add"] = _add(library, papers)
    measured["cold"] = {
        "footnote ask": _command("ask", "What was measured?", "--mode", "quote", "--library", str(library)),
        "footnote --help": _command("--help"),
    }
    if stock:
        measured["add / stock"] = round(measured["add"]["seconds"] / measured["stock"]["ingest_s"], 3)
    return measured


def _stock(script: Path, papers: Sequence[str]) -> dict[str, float]:
    done = subprocess.run([sys.executable, str(script), *papers, "--json"], capture_output=True, text=True, check=True)
    return {key: round(value, 3) for key, value in json.loads(done.stdout.splitlines()[-1]).items()}


def _add(library: Path, papers: Sequence[str]) -> dict[str, Any]:
    """Time adding the papers with the model loaded, and adding them again with nothing changed."""
    with Assistant.open(library=library, mode="quote") as assistant:
        assistant.library.embedder.encode_question("warm up")
        started = time.perf_counter()
        first = assistant.add(papers)
        seconds = time.perf_counter() - started
    with Assistant.open(library=library, mode="quote") as assistant:
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


def _command(*words: str, times: int = 3) -> float:
    """Return the least seconds of `times` fresh processes."""
    seconds = []
    for _ in range(times):
        started = time.perf_counter()
        subprocess.run([sys.executable, "-m", "rag", *words], capture_output=True, check=True, cwd=_ROOT)
        seconds.append(time.perf_counter() - started)
    return round(min(seconds), 3)
