"""Scores answers against a question set; this is `python -m eval` without a subcommand.

    python -m eval                                                    the bundled questions on the sample collection
    python -m eval --questions my.jsonl --library library --out out   one's own questions on one's own library

Writes answers.jsonl, report.json and report.html. A run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import random
import resource
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rag import __version__
from rag.assistant import Assistant
from rag.readable import folded
from rag.retrieval import search_terms
from rag.weights import FILE as WEIGHTS

from .measures import score_question, summarise, summarise_scores
from .questions import QUESTIONS, SAMPLE, Question, load_questions
from .report import write_html

_RANKED = 20
_TYPO_SHARE = 0.2  # of the words with five letters or more
_SHOWN = ("RR", "Success@5", "nDCG@10", "nugget recall", "citation precision", "refused rightly", "falsely refused")


def main(arguments: Sequence[str]) -> int:
    """Scores and writes the three files; prints the main figures."""
    parser = argparse.ArgumentParser(prog="python -m eval", description="Score answers against a question set.")
    parser.add_argument("--questions", type=Path, default=QUESTIONS, metavar="FILE")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--papers", nargs="+", metavar="PATH", help="files and folders (default: the sample collection)")
    place.add_argument("--library", metavar="DIR", help="a library that is there")
    parser.add_argument("--mode", choices=("quote", "llm"), default="quote")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR")
    parser.add_argument("--robustness", action="store_true", help="each question again, with typos, as keywords, ...")
    options = parser.parse_args(arguments)
    load_questions(options.questions)  # a broken file is refused before anything is computed
    options.out.mkdir(parents=True, exist_ok=True)
    with _assistant(options) as assistant:
        questions = load_questions(options.questions, [paper.title for paper in assistant.papers()])
        report, rows = evaluate(assistant, questions, options.out, robustness=options.robustness)
    report["made"] = {
        "date": date.today().isoformat(),
        "version": __version__,
        "mode": options.mode,
        "model": rows[0]["model"] if rows else None,
        "questions": {"name": options.questions.name, "sha256": _digest(options.questions), "count": len(questions)},
        "papers": report.pop("papers"),
    }
    (options.out / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_html(report, questions, rows, options.out / "report.html")
    _print_figures(report, options.out)
    return 0


def evaluate(
    assistant: Assistant, questions: Sequence[Question], out: Path, *, robustness: bool = False
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The report on all questions, and the rows of answers.jsonl, which it writes into `out`."""
    key = _run_key(assistant, questions)
    rows = _answered(assistant, questions, out / "answers.jsonl", key, as_asked)
    report = summarise(questions, rows)
    if robustness:
        answerable = [q for q in questions if q.answerable and not q.history]
        report["robustness"] = {
            name: _robustness(
                answerable, variant, _answered(assistant, answerable, out / f"{name}.jsonl", key, variant)
            )
            for name, variant in (("typos", with_typos), ("keywords", as_keywords), ("removed", paper_removed))
        }
    report["resources"]["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    report["papers"] = len(assistant.papers())
    return report, rows


# How a question is put: each returns the arguments of `Assistant.ask`.

Asked = dict[str, Any]


def as_asked(assistant: Assistant, question: Question) -> Asked:
    """As it stands, with its history."""
    return {"question": question.question, "history": question.history}


def with_typos(assistant: Assistant, question: Question) -> Asked:
    """With a letter dropped, doubled or swapped in a fifth of the longer words; the same ones each time."""
    rng = random.Random(question.id)
    return {"question": " ".join(_mistyped(word, rng) for word in question.question.split())}


def as_keywords(assistant: Assistant, question: Question) -> Asked:
    """As the words that are searched for, alone."""
    return {"question": " ".join(search_terms(question.question)) or question.question}


def paper_removed(assistant: Assistant, question: Question) -> Asked:
    """Put to all papers but those that answer it, so that the right reply is a refusal."""
    gold = {folded(title) for title in question.gold_titles}
    return {
        "question": question.question,
        "papers": [paper.id for paper in assistant.papers() if folded(paper.title) not in gold],
    }


def _mistyped(word: str, rng: random.Random) -> str:
    if len(word) < 5 or not word.isalpha() or rng.random() >= _TYPO_SHARE:
        return word
    at = rng.randrange(1, len(word) - 1)
    return rng.choice(
        [
            word[:at] + word[at + 1 :],
            word[:at] + word[at] + word[at:],
            word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
        ]
    )


Variant = Callable[[Assistant, Question], Asked]


def _robustness(questions: Sequence[Question], variant: Variant, rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """Staying right, or for a removed paper turning to a refusal."""
    if variant is paper_removed:
        return summarise_scores([{"refused": float(row["refused"])} for row in rows])
    return summarise_scores([score_question(q, row) for q, row in zip(questions, rows, strict=True)])


# Running


def _answered(
    assistant: Assistant, questions: Sequence[Question], path: Path, key: str, variant: Variant
) -> list[dict[str, Any]]:
    """The rows of all questions, those of an interrupted run of the same kind read back; written to `path`."""
    partial = path.with_suffix(".partial")
    done = _read_partial(partial, key)
    with partial.open("a" if done else "w", encoding="utf-8") as file:
        if not done:
            file.write(json.dumps({"run": key}) + "\n")
        for question in _shown([q for q in questions if q.id not in done], path.stem):
            done[question.id] = _row(assistant, question, variant(assistant, question))
            file.write(json.dumps(done[question.id], ensure_ascii=False) + "\n")
            file.flush()
    rows = [done[question.id] for question in questions]
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    partial.unlink()
    return rows


def _row(assistant: Assistant, question: Question, asked: Asked) -> dict[str, Any]:
    answer = assistant.ask(**asked)
    titles = [
        passage.title for passage in assistant.search(answer.standalone_question, 200, papers=asked.get("papers"))
    ]
    return {"id": question.id, "ranking": list(dict.fromkeys(titles))[:_RANKED], **answer.to_dict()}


def _read_partial(path: Path, key: str) -> dict[str, dict[str, Any]]:
    """The rows of an interrupted run; a last line that was cut off is asked again."""
    if not path.is_file():
        return {}
    head, *lines = path.read_text(encoding="utf-8").split("\n")
    with contextlib.suppress(ValueError):
        if json.loads(head) == {"run": key}:
            rows = []
            for line in lines:
                with contextlib.suppress(ValueError):
                    rows.append(json.loads(line))
            return {row["id"]: row for row in rows}
    return {}


def _run_key(assistant: Assistant, questions: Sequence[Question]) -> str:
    """What an interrupted run must have in common with this one to be gone on with."""
    made_with = assistant.library.records.meta("made_with")
    papers = [(paper.title, paper.sources) for paper in assistant.papers()]
    settings = assistant.settings.model_dump(exclude={"library"})
    return hashlib.sha256(repr((questions, papers, settings, made_with, _digest(WEIGHTS))).encode()).hexdigest()[:16]


@contextlib.contextmanager
def _assistant(options: argparse.Namespace) -> Iterator[Assistant]:
    """The library to score on: the one named, or a new one of the papers named."""
    if options.library:
        with Assistant.open(library=options.library, mode=options.mode) as assistant:
            yield assistant
        return
    with tempfile.TemporaryDirectory() as folder, Assistant.open(library=folder, mode=options.mode) as assistant:
        report = assistant.add(options.papers or [SAMPLE])
        for failure in report.failed:
            sys.stderr.write(f"not read: {failure}\n")
        yield assistant


def _shown(questions: Sequence[Question], what: str) -> Iterable[Question]:
    """With a bar on stderr, where that is a terminal."""
    if not sys.stderr.isatty():
        return questions
    from rich.console import Console
    from rich.progress import track

    return track(questions, what, console=Console(stderr=True))


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _print_figures(report: dict[str, Any], out: Path) -> None:
    for name in _SHOWN:
        if figure := report["measures"].get(name):
            print(f"{name:20s} {figure['mean']:.3f}  [{figure['low']:.3f}, {figure['high']:.3f}]  n={figure['n']}")  # noqa: T201
    for name in ("AUROC off topic", "AUROC near misses"):
        if figure := report["refusals"].get(name):
            print(f"{name:20s} {figure['mean']:.3f}  [{figure['low']:.3f}, {figure['high']:.3f}]")  # noqa: T201
    print(f"written to {out}: answers.jsonl, report.json, report.html")  # noqa: T201
