"""Measure how long answers by the configured model take, beside answers in quotes.

    FOOTNOTE_OLLAMA__MODEL=qwen3:4b python -m eval writing --questions 8
    python -m eval writing --library my-library

Puts the same questions to one library with and without the model, by `Assistant.stream` and by `footnote ask`, and
prints JSON: the seconds to the first quote, after what the search takes, and to the whole answer; the prompt's tokens,
by the program's upper estimate, and the time of reading them by the speed learned. Nothing here is a test: the figures
go into eval/LOG.md with the model, its server and the processor.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rag.assistant import Assistant
from rag.types import Answer

from ..questions import QUESTIONS, SAMPLE, load_questions
from ..runs import add_papers

_MODES = ("quote", "llm")
_READS = re.compile(r"reads \d+ passages? \(up to (?P<tokens>[\d,]+) tokens(?:, about (?P<seconds>\d+) s)?\)")
_COMMANDS = 2  # questions that `footnote ask` gets: it starts again for each


class _Timed(NamedTuple):
    """The seconds of one answer. `tokens` and `reading` are of the prompt, None without a model."""

    first: float  # to the first quote, without the search
    whole: float
    tokens: int | None
    reading: int | None


def main(arguments: Sequence[str]) -> int:
    """Measure both ways to ask, and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m eval writing", description="Measure answers by a model.")
    parser.add_argument("--library", type=Path, metavar="DIR", help="an existing library (default: the sample)")
    parser.add_argument("--questions", type=int, default=8, metavar="N")
    options = parser.parse_args(arguments)
    asked = [
        each.question
        for each in load_questions(QUESTIONS)
        if each.answerable and not each.history and not each.for_report
    ]
    asked = asked[:: max(len(asked) // options.questions, 1)][: options.questions]
    with tempfile.TemporaryDirectory() as temporary:
        library = options.library or Path(temporary) / "library"
        if not options.library:
            with Assistant.open(library=library, mode="quote") as assistant:
                add_papers(assistant, [SAMPLE])
        measured = {
            "stream": {mode: _summary(_streamed(library, mode, asked)) for mode in _MODES},
            "footnote ask, s to the first line": {mode: _commands(library, mode, asked[:_COMMANDS]) for mode in _MODES},
        }
    print(json.dumps(measured, indent=1))  # noqa: T201
    return 0


def _streamed(library: Path, mode: str, questions: Sequence[str]) -> list[_Timed]:
    """Time the answers of one assistant, whose models are loaded."""
    with Assistant.open(library=library, mode=mode, overrides={"answer": {"keep": False}}) as assistant:
        assistant.warm_up()
        assistant.writer()
        return [_timed(assistant, question) for question in questions]


def _timed(assistant: Assistant, question: str) -> _Timed:
    started = time.perf_counter()
    first: float | None = None
    last: Answer | None = None
    read: re.Match[str] | None = None
    for last in assistant.stream(question):
        first = first or (time.perf_counter() - started if last.text else None)
        read = read or next(filter(None, map(_READS.search, last.notes)), None)
    assert last is not None
    whole = time.perf_counter() - started
    return _Timed(
        (first or whole) - last.seconds["retrieve"],
        whole,
        int(read["tokens"].replace(",", "")) if read else None,
        int(read["seconds"]) if read and read["seconds"] else None,
    )


def _summary(timed: Sequence[_Timed]) -> dict[str, Any]:
    return {
        "questions": len(timed),
        "s from search to the first quote": _median_and_most(each.first for each in timed),
        "s of the whole answer": _median_and_most(each.whole for each in timed),
        "tokens of the prompt, at most": _median_and_most(each.tokens for each in timed),
        "s of reading it, by the speed learned": _median_and_most(each.reading for each in timed),
    }


def _median_and_most(values: Iterable[float | None]) -> dict[str, float] | None:
    known = [value for value in values if value is not None]
    return {"median": round(statistics.median(known), 3), "most": round(max(known), 3)} if known else None


def _commands(library: Path, mode: str, questions: Sequence[str]) -> dict[str, float] | None:
    return _median_and_most(_command(library, mode, question) for question in questions)


def _command(library: Path, mode: str, question: str) -> float:
    """Return the seconds from the start of `footnote ask` to its first line; stop it then."""
    command = [sys.executable, "-m", "rag", "ask", question, "--mode", mode, "--library", str(library)]
    started = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as running:
        assert running.stdout is not None
        running.stdout.readline()
        seconds = time.perf_counter() - started
        running.terminate()
    return seconds
