"""Measure the time of answers in quotes, alone or side by side with another checkout's.

    python -m eval bench --papers ../shared/seeds/*.txt
    python -m eval bench --against ../before

Prints JSON. Nothing here is a test: the figures go into eval/LOG.md with their date. `python -m eval perf` measures
adding, cold questions, memory and disk.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from ..questions import QUESTIONS, SAMPLE, load_questions
from .answer_time import compare_checkouts

_ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str]) -> int:
    """Time the answers of each checkout, the checkouts in turn, and print the medians."""
    parser = argparse.ArgumentParser(prog="python -m eval bench", description="Measure the time of answers.")
    parser.add_argument("--papers", nargs="+", default=[str(SAMPLE)])
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout, whose answers are timed as well")
    parser.add_argument("--questions", type=int, metavar="N", help="time the answers to N questions (default: all)")
    options = parser.parse_args(arguments)
    questions = [question.question for question in load_questions(QUESTIONS) if not question.history]
    questions = questions[:: max(len(questions) // options.questions, 1)] if options.questions else questions
    checkouts = [_ROOT, options.against.resolve()] if options.against else [_ROOT]
    with tempfile.TemporaryDirectory() as folder:
        measured = compare_checkouts(checkouts, options.papers, questions, Path(folder))
    print(json.dumps({"answers in quotes, ms": measured}, indent=1))  # noqa: T201
    return 0
