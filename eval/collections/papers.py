"""Score answers from whole papers: PDFs and QASPER's papers (as HTML with sections) in one library.

    python -m eval papers                                   all questions on the collections in ../shared/data
    python -m eval papers --pdfs ../shared/data/pdfs        only those that this folder is enough for
    python -m eval papers --part open --abstracts --beside ../before

`--beside` also asks another checkout and reports the paired differences. `--abstracts` also asks the questions on the
sample collection of a library of its abstracts, for comparison. Writes report.json, and answers.jsonl and answers.txt
with the answers of this checkout. Libraries and answers are kept in the folder of --out, so that a run asks only what
the same code has not answered yet.
"""

import argparse
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from statistics import median
from typing import Any

from rag import __version__
from rag.types import Answer

from ..asking import Checkout
from ..files import write_json_lines
from ..questions import SAMPLE
from ..runs import Row
from ..statistics import Figure, print_figures, summarise_scores
from .paper_questions import (
    COLLECTIONS,
    QUESTIONS,
    PaperQuestion,
    abstract_questions,
    load_paper_questions,
    pdf_sources,
    qasper_sources,
)
from .paper_scores import score

_ROOT = Path(__file__).parents[2]
_DATA = _ROOT.parent / "shared" / "data"
_FOLDERS = {"pdfs": "pdfs", "pairs": "pairs", "qasper": "qasper_dev"}

Scores = Mapping[str, Mapping[str, float]]


def main(arguments: Sequence[str]) -> int:
    """Ask each checkout the questions, write the files and print the figures."""
    options = _parsed(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    files = paper_files({name: getattr(options, name) for name in COLLECTIONS}, options.out)
    sources = {key: path.name for of_folder in files.values() for key, path in of_folder.items()}
    paths = [path for of_folder in files.values() for path in of_folder.values()]
    questions = _of_part(load_paper_questions(QUESTIONS, sources, list(files)), options.part)
    checkouts = [_ROOT, *(path.resolve() for path in options.beside)]
    rows = {checkout: answers_of(checkout, questions, paths, options.out) for checkout in checkouts}
    report = {"made": _made(options.part, questions, files), **summarise(questions, rows)}
    if options.abstracts:
        on_abstracts = _of_part(abstract_questions(), options.part)
        of_abstracts = {checkout: answers_of(checkout, on_abstracts, [SAMPLE], options.out) for checkout in checkouts}
        report["abstracts"] = summarise(on_abstracts, of_abstracts)
    (options.out / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    _write_answers(questions, rows[_ROOT], options.out)
    _print_report(report, options.out)
    return 0


def _parsed(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m eval papers", description="Score answers from whole papers.")
    for name in COLLECTIONS:
        parser.add_argument(f"--{name}", type=Path, metavar="DIR", help="default if none is given: in ../shared/data")
    parser.add_argument("--part", choices=("open", "kept", "all"), default="all", help="a third, `kept`, is held out")
    parser.add_argument("--abstracts", action="store_true", help="also the questions on the sample collection")
    parser.add_argument("--beside", type=Path, action="append", default=[], metavar="CHECKOUT")
    parser.add_argument("--out", type=Path, default=Path("out/papers"), metavar="DIR")
    options = parser.parse_args(arguments)
    if not any(getattr(options, name) for name in COLLECTIONS):
        for name, folder in _FOLDERS.items():
            setattr(options, name, _DATA / folder)
    return options


def _of_part(questions: Sequence[PaperQuestion], part: str) -> list[PaperQuestion]:
    return [question for question in questions if part in ("all", question.part)]


def paper_files(folders: Mapping[str, Path | None], out: Path) -> dict[str, dict[str, Path]]:
    """Return the files of each collection that has a folder, by key; QASPER's are written to `out`."""
    files = {}
    for name, folder in folders.items():
        if folder:
            files[name] = qasper_sources(folder, out / "qasper") if name == "qasper" else pdf_sources(folder)
    return files


# Asking


def answers_of(checkout: Path, questions: Sequence[PaperQuestion], papers: Sequence[Path], out: Path) -> dict[str, Row]:
    """Return a checkout's answers by question id; existing answers are read from `out`."""
    with Checkout(checkout, papers, out) as running:
        rows = running.answers([(question.question, question.scope) for question in questions])
    return {question.id: row for question, row in zip(questions, rows, strict=True)}


# Scoring


def summarise(questions: Sequence[PaperQuestion], rows: Mapping[Path, Mapping[str, Row]]) -> dict[str, Any]:
    """Return the figures of the first checkout, and in `beside` those of the others with the first's lead over them."""
    ours, *others = rows
    scores = {checkout: {q.id: score(q, of[q.id]) for q in questions} for checkout, of in rows.items()}
    return {
        **_figures(questions, scores[ours]),
        "seconds": _seconds(rows[ours]),
        "beside": {
            str(other): {
                **_figures(questions, scores[other]),
                "seconds": _seconds(rows[other]),
                "above": _figures(questions, _differences(scores[ours], scores[other])),
            }
            for other in others
        },
        "questions": {
            q.id: {"type": q.kind, "part": q.part, "collection": q.collection, "scores": scores[ours][q.id]}
            for q in questions
        },
    }


def _figures(questions: Sequence[PaperQuestion], scores: Scores) -> dict[str, Any]:
    groups: dict[str, list[str]] = {
        "by_kind": [q.kind for q in questions],
        "by_collection": [q.collection for q in questions],
        "by_scope": [q.asked_of for q in questions],
        "by_answerability": ["unanswerable" if q.refuse else "answerable" for q in questions],
    }
    figures: dict[str, Any] = {"measures": summarise_scores([scores[q.id] for q in questions])}
    for name, values in groups.items():
        figures[name] = {
            value: summarise_scores([scores[q.id] for q, of in zip(questions, values, strict=True) if of == value])
            for value in dict.fromkeys(values)
        }
    return figures


def _differences(ours: Scores, other: Scores) -> dict[str, dict[str, float]]:
    return {key: {name: value - other[key][name] for name, value in of.items()} for key, of in ours.items()}


def _seconds(rows: Mapping[str, Row]) -> float:
    """Return the median answer time."""
    return round(median(sum(row["seconds"].values()) for row in rows.values()), 3) if rows else 0.0


# Writing


def _made(part: str, questions: Sequence[PaperQuestion], files: Mapping[str, Mapping[str, Path]]) -> dict[str, Any]:
    """Return how the report was made, with the digest of the questions asked."""
    text = json.dumps([(q.id, q.question, q.scope) for q in questions])
    return {
        "date": date.today().isoformat(),
        "version": __version__,
        "mode": "quote",
        "model": None,
        "part": part,
        "collections": list(files),
        "questions": {
            "name": QUESTIONS.name,
            "sha256": hashlib.sha256(text.encode()).hexdigest(),
            "count": len(questions),
        },
        "papers": sum(map(len, files.values())),
    }


def _write_answers(questions: Sequence[PaperQuestion], rows: Mapping[str, Row], out: Path) -> None:
    """Write answers.jsonl for programs and answers.txt for readers."""
    scores = {q.id: score(q, rows[q.id]) for q in questions}
    write_json_lines(out / "answers.jsonl", [{"id": q.id, "scores": scores[q.id], **rows[q.id]} for q in questions])
    texts = [_text(question, rows[question.id], scores[question.id]) for question in questions]
    (out / "answers.txt").write_text("\n\n".join(texts) + "\n", encoding="utf-8")


def _text(question: PaperQuestion, row: Row, scores: Mapping[str, float]) -> str:
    asked_of = ", ".join(question.scope) or "library"
    wanted = "a refusal" if question.refuse else " + ".join("/".join(group) for group in question.nuggets)
    measured = ", ".join(f"{name}: {value:g}" for name, value in scores.items())
    return "\n".join([
        f"{question.id}  {question.kind}  {measured}",
        f"{question.question}  [{asked_of}]",
        f"Wanted: {wanted} ({', '.join(sorted(question.gold)) or 'no paper'})",
        str(Answer.from_dict(row)),
    ])  # fmt: skip


def _print_report(report: Mapping[str, Any], out: Path) -> None:
    _print_figures("whole papers", report)
    if "abstracts" in report:
        _print_figures("abstracts", report["abstracts"])
    print(f"written to {out}: report.json, answers.jsonl, answers.txt")  # noqa: T201


def _print_figures(title: str, summary: Mapping[str, Any]) -> None:
    for name, of in {"": summary, **summary["beside"]}.items():
        print(f"\n{title}{f', {name}' if name else ''}: {of['seconds']:.2f} s an answer")  # noqa: T201
        print_figures(_flat(of), 44)
        if "above" in of:
            print(f"\n{title}, above {name}")  # noqa: T201
            print_figures(_flat(of["above"]), 44)


def _flat(figures: Mapping[str, Any]) -> dict[str, Figure]:
    flat: dict[str, Figure] = dict(figures["measures"])
    for group in (of for name, of in figures.items() if name.startswith("by_")):
        for value, of in group.items():
            flat |= {f"{value}: {measure}": figure for measure, figure in of.items()}
    return flat
