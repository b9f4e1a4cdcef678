"""Scores answers against a question set; this is `python -m eval` without a subcommand.

    python -m eval                                                    the bundled questions on the sample collection
    python -m eval --questions my.jsonl --library library --out out   one's own questions on one's own library

Writes answers.jsonl, report.json and report.html. A run that was interrupted goes on where it stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rag import __version__
from rag.assistant import Assistant

from .collections.robustness import VARIANTS, Asked, Variant, as_asked, paper_removed, summarise_robustness
from .measures import score_question
from .questions import QUESTIONS, SAMPLE, Question, load_questions, titles_in
from .report import write_html
from .runs import Row, add_papers, each_once, unfinished
from .summary import summarise
from .text import digest

_RANKED = 20
_AROUND = 300  # characters shown on either side of a quote that no passage of the answer holds
_ROBUST = ("stays right", "RR", "Success@5", "nugget recall", "falsely refused", "refused")
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
    load_questions(options.questions)
    questions = load_questions(options.questions, _titles(options))  # all refused before anything is computed
    with _assistant(options) as assistant:
        options.out.mkdir(parents=True, exist_ok=True)
        report, rows = evaluate(assistant, questions, options.out, robustness=options.robustness)
    report["made"] = {
        "date": date.today().isoformat(),
        "version": __version__,
        "mode": options.mode,
        "model": rows[0]["model"] if rows else None,
        "questions": {"name": options.questions.name, "sha256": digest(options.questions), "count": len(questions)},
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
    made_with = assistant.library.records.meta("made_with")
    papers = [(paper.title, paper.sources) for paper in assistant.papers()]
    settings = assistant.settings.model_dump(exclude={"library"})
    alone = [q for q in questions if q.answerable and not q.history]  # a variant puts a question without its history
    again: dict[str, list[Row]] = {}
    with unfinished(out, questions, papers, settings, made_with) as folder:
        rows = _answered(assistant, questions, as_asked, folder / "answers.jsonl")
        for name, variant in VARIANTS.items() if robustness else ():
            again[name] = _answered(assistant, alone, variant, folder / f"{name}.jsonl")
    for name, of_variant in {"answers": rows, **again}.items():
        _write_rows(out / f"{name}.jsonl", of_variant)
    report = summarise(questions, rows)
    if again:
        asked = {q.id: report["questions"][q.id]["scores"] for q in alone}
        report |= summarise_robustness(asked, {name: _scores(name, alone, again[name]) for name in again})
    report["resources"]["peak_mb"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
    report["papers"] = len(assistant.papers())
    return report, rows


def _scores(variant: str, questions: Sequence[Question], rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """The scores by question; where its papers were left out, whether it was refused, which is right."""
    if VARIANTS[variant] is paper_removed:
        return {row["id"]: {"refused": float(row["refused"])} for row in rows}
    return {q.id: score_question(q, row) for q, row in zip(questions, rows, strict=True)}


# Running


def _answered(assistant: Assistant, questions: Sequence[Question], variant: Variant, path: Path) -> list[Row]:
    """The rows of all questions, put as `variant` puts them; those that are in `path` are not asked again."""
    items = {question.id: question for question in questions}
    return each_once(path, items, lambda q: _row(assistant, q, variant(assistant, q)), path.stem)


def _row(assistant: Assistant, question: Question, asked: Asked) -> Row:
    answer = assistant.ask(**asked).to_dict()
    passages = assistant.search(answer["standalone_question"], 200, without=asked.get("without"))
    titles = [passage.title for passage in passages]
    return {
        "id": question.id,
        "ranking": list(dict.fromkeys(titles))[:_RANKED],
        **answer,
        "contexts": [_context(assistant, c) for c in answer["citations"] if not _is_shown(c, answer["passages"])],
    }


def _is_shown(citation: Mapping[str, Any], passages: Sequence[Mapping[str, Any]]) -> bool:
    """Whether one of the passages holds the quote."""
    return any(
        p["paper_id"] == citation["paper_id"] and p["start"] <= citation["start"] and citation["end"] <= p["end"]
        for p in passages
    )


def _context(assistant: Assistant, citation: Mapping[str, Any]) -> dict[str, Any]:
    """The text around a quote, as a passage: titles are quoted, and sentences of passages further down."""
    text = assistant.paper(citation["paper_id"]).text
    start = text.rfind(" ", 0, max(citation["start"] - _AROUND, 0)) + 1
    end = text.find(" ", citation["end"] + _AROUND)
    end = len(text) if end < 0 else end
    return {"paper_id": citation["paper_id"], "start": start, "end": end, "text": text[start:end]}


def _write_rows(path: Path, rows: Sequence[Row]) -> None:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def _opened(library: str, mode: str) -> Assistant:
    """An assistant that keeps no answers: these questions are not the user's own."""
    return Assistant.open(library=library, mode=mode, overrides={"answer": {"keep": False}})


@contextlib.contextmanager
def _assistant(options: argparse.Namespace) -> Iterator[Assistant]:
    """The library to score on: the one named, or a new one of the papers named."""
    if options.library:
        with _opened(options.library, options.mode) as assistant:
            yield assistant
        return
    with tempfile.TemporaryDirectory() as folder, _opened(folder, options.mode) as assistant:
        add_papers(assistant, options.papers or [SAMPLE])
        yield assistant


def _titles(options: argparse.Namespace) -> list[str]:
    """Of the papers that the questions will be put to."""
    if options.library:
        with _opened(options.library, options.mode) as assistant:
            return [paper.title for paper in assistant.library.records.papers()]
    return titles_in(options.papers or [SAMPLE])


def _print_figures(report: dict[str, Any], out: Path) -> None:
    shown = {name: report["measures"].get(name) for name in _SHOWN}
    shown |= {name: report["refusals"].get(name) for name in ("AUROC off topic", "AUROC near misses")}
    for variant, measures in report.get("robustness", {}).items():
        changed = report["robustness_differences"].get(variant, {})
        for name in _ROBUST:
            shown[f"{variant}: {name}"] = measures.get(name)
            shown[f"{variant} - as asked: {name}"] = changed.get(name)
    for name, figure in shown.items():
        if figure:
            print(f"{name:36s} {figure['mean']:6.3f}  [{figure['low']:.3f}, {figure['high']:.3f}]  n={figure['n']}")  # noqa: T201
    print(f"written to {out}: answers.jsonl, report.json, report.html")  # noqa: T201
