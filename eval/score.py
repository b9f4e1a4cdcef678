"""Score answers against a question set: `python -m eval` without a subcommand.

    python -m eval                                                    the bundled questions on the sample collection
    python -m eval --questions my.jsonl --library library --out out   your questions on your library

Writes answers.jsonl, report.json and report.html. An interrupted run continues where it stopped.
"""

import argparse
import contextlib
import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rag import __version__
from rag.assistant import Assistant
from rag.filters import Filters
from rag.models.reranker import PackagedReranker
from rag.reading.sandbox.limits import peak_memory
from rag.retrieval.search import search, top_passages

from .collections.robustness import VARIANTS, Asked, Variant, as_asked, paper_removed, summarise_robustness
from .files import digest, write_json_lines
from .measures import score_question
from .questions import QUESTIONS, SAMPLE, Question, load_questions, titles_in
from .report import write_html
from .runs import Row, add_papers, each_once, unfinished
from .statistics import print_figures
from .summary import summarise

_RANKED = 20  # papers in a row's ranking
_PASSAGES = 200  # passages from which these are taken
_AROUND = 300  # characters shown on each side of a quote that is in no passage of the answer
_ROBUST = ("stays right", "RR", "Success@5", "nugget recall", "falsely refused", "refused")
_PRINTED = ("RR", "Success@5", "nDCG@10", "nugget recall", "citation precision", "refused rightly", "falsely refused")


def main(arguments: Sequence[str]) -> int:
    """Score, write the three files and print the main figures."""
    parser = argparse.ArgumentParser(prog="python -m eval", description="Score answers against a question set.")
    parser.add_argument("--questions", type=Path, default=QUESTIONS, metavar="FILE")
    place = parser.add_mutually_exclusive_group()
    place.add_argument("--papers", nargs="+", metavar="PATH", help="files and folders (default: the sample collection)")
    place.add_argument("--library", metavar="DIR", help="an existing library")
    parser.add_argument("--mode", choices=("quote", "llm"), default="quote")
    parser.add_argument("--out", type=Path, default=Path("out"), metavar="DIR")
    parser.add_argument("--robustness", action="store_true", help="ask each question with typos, as keywords, ...")
    options = parser.parse_args(arguments)
    load_questions(options.questions)
    questions = load_questions(options.questions, _titles(options))  # bad input fails before anything is computed
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
    _print_report(report, options.out)
    return 0


def evaluate(
    assistant: Assistant, questions: Sequence[Question], out: Path, *, robustness: bool = False
) -> tuple[dict[str, Any], list[Row]]:
    """Return the report on all questions, and the rows of answers.jsonl, which is written to `out`."""
    made_with = assistant.library.records.meta("made_with")
    papers = [(paper.title, paper.sources) for paper in assistant.papers()]
    settings = assistant.settings.model_dump(exclude={"library"})
    alone = [q for q in questions if q.answerable and not q.history]  # variants have no history
    again: dict[str, list[Row]] = {}
    with unfinished(out, questions, papers, settings, made_with) as folder:
        rows = _answer_all(assistant, questions, as_asked, folder / "answers.jsonl")
        for name, variant in VARIANTS.items() if robustness else ():
            again[name] = _answer_all(assistant, alone, variant, folder / f"{name}.jsonl")
    for name, of_variant in {"answers": rows, **again}.items():
        write_json_lines(out / f"{name}.jsonl", of_variant)
    report = summarise(questions, rows)
    if again:
        asked = {q.id: report["questions"][q.id]["scores"] for q in alone}
        report |= summarise_robustness(asked, {name: _scores(name, alone, again[name]) for name in again})
    report["resources"]["peak_mb"] = round(peak_memory() / 1e6)
    report["papers"] = len(papers)
    return report, rows


def rank_papers(assistant: Assistant, question: str, without: Sequence[str] = ()) -> list[str]:
    """Return the titles of the papers found, best first.

    The packaged cross-encoder, which takes most of the time, is skipped: it reorders the passages of a paper, but not
    the papers.
    """
    if isinstance(assistant.library.reranker, PackagedReranker):
        found = search(assistant.library, question, filters=Filters(without=tuple(without)), top_k=_PASSAGES)
        passages = top_passages(found, _PASSAGES)
    else:
        passages = assistant.search(question, _PASSAGES, without=without)
    return list(dict.fromkeys(passage.title for passage in passages))[:_RANKED]


def _scores(variant: str, questions: Sequence[Question], rows: Sequence[Row]) -> dict[str, dict[str, float]]:
    """Return the scores by question; if its papers were removed, only whether it was (rightly) refused."""
    if VARIANTS[variant] is paper_removed:
        return {row["id"]: {"refused": float(row["refused"])} for row in rows}
    return {q.id: score_question(q, row) for q, row in zip(questions, rows, strict=True)}


def _answer_all(assistant: Assistant, questions: Sequence[Question], variant: Variant, path: Path) -> list[Row]:
    items = {question.id: question for question in questions}
    return each_once(path, items, lambda q: _row(assistant, q, variant(assistant, q)), path.stem)


def _row(assistant: Assistant, question: Question, asked: Asked) -> Row:
    answer = assistant.ask(**asked).to_dict()
    return {
        "id": question.id,
        "ranking": rank_papers(assistant, answer["standalone_question"], asked.get("without", ())),
        **answer,
        "contexts": [_context(assistant, c) for c in answer["citations"] if not _is_shown(c, answer["passages"])],
    }


def _is_shown(citation: Mapping[str, Any], passages: Sequence[Mapping[str, Any]]) -> bool:
    return any(
        p["paper_id"] == citation["paper_id"] and p["start"] <= citation["start"] and citation["end"] <= p["end"]
        for p in passages
    )


def _context(assistant: Assistant, citation: Mapping[str, Any]) -> dict[str, Any]:
    """Return the text around a quote as a passage, for quotes of titles and of lower-ranked passages."""
    text = assistant.paper(citation["paper_id"]).text
    start = text.rfind(" ", 0, max(citation["start"] - _AROUND, 0)) + 1
    end = text.find(" ", citation["end"] + _AROUND)
    end = len(text) if end < 0 else end
    return {"paper_id": citation["paper_id"], "start": start, "end": end, "text": text[start:end]}


@contextlib.contextmanager
def _assistant(options: argparse.Namespace) -> Iterator[Assistant]:
    """Open the given library, or a new one of the given papers; answers are not saved to its history."""
    with contextlib.ExitStack() as stack:
        library = options.library or stack.enter_context(tempfile.TemporaryDirectory())
        overrides = {"answer": {"keep": False}}
        assistant = stack.enter_context(Assistant.open(library=library, mode=options.mode, overrides=overrides))
        if not options.library:
            add_papers(assistant, options.papers or [SAMPLE])
        yield assistant


def _titles(options: argparse.Namespace) -> list[str]:
    if not options.library:
        return titles_in(options.papers or [SAMPLE])
    with _assistant(options) as assistant:
        return [paper.title for paper in assistant.library.records.papers()]


def _print_report(report: dict[str, Any], out: Path) -> None:
    printed = {name: report["measures"].get(name) for name in _PRINTED}
    printed |= {name: report["refusals"].get(name) for name in ("AUROC off topic", "AUROC near misses")}
    for variant, measures in report.get("robustness", {}).items():
        changed = report["robustness_differences"].get(variant, {})
        for name in _ROBUST:
            printed[f"{variant}: {name}"] = measures.get(name)
            printed[f"{variant} - as asked: {name}"] = changed.get(name)
    print_figures(printed, 36)
    print(f"written to {out}: answers.jsonl, report.json, report.html")  # noqa: T201
