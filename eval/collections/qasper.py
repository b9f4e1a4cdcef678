"""Score evidence, answers and refusals on QASPER, where each question is about one known paper.

    python -m eval qasper ../shared/data/qasper_dev --part open --out out/qasper
    python -m eval qasper ../shared/data/qasper_dev --part open --papers 60 --beside ../before

The folder has *_papers.jsonl and *_questions.jsonl. All papers are added to one library, each as an HTML page with its
sections. A question is asked of its paper alone (scope `paper`) and, prefixed with the paper's title, of the whole
library (scope `library`). Paragraphs are ranked by the answer's passages, see `qasper_scores.Reply`.

Writes answers.jsonl, qrels.trec, TREC runs of Footnote and BM25 for each scope, and a report.json for `python -m eval
compare`. `--beside` also asks another checkout and reports the paired differences. Libraries and answers are kept in
the folder of --out, so that a run asks only what the same code has not answered yet.

A third of the papers, the part `kept`, is held out; use it only for reporting.

QASPER: Dasigi et al. 2021, "A Dataset of Information-Seeking Questions and Answers Anchored in Research Papers".
"""

import argparse
import hashlib
import json
import statistics
import sys
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rag import __version__

from ..asking import Checkout
from ..files import write_json_lines, write_trec_run
from ..runs import Row
from ..statistics import Figure, auroc_difference, auroc_figure, print_figures, summarise_scores
from .bm25 import WordSearch
from .qasper_papers import PARTS, PaperQuestion, QasperPaper, read_qasper, write_pages
from .qasper_scores import Paragraphs, Reply, Scores, score, score_rankings

SCOPES = ("paper", "library")
OURS = "Footnote"
_ROOT = Path(__file__).parents[2]
_DEPTH = 30  # paragraphs of a ranking by BM25

Replies = dict[str, Reply]
"""Question -> reply."""


def main(arguments: Sequence[str]) -> int:
    """Score the folder, write the files and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m eval qasper", description="Score evidence and answers on QASPER.")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("out/qasper"), metavar="DIR")
    parser.add_argument("--part", choices=PARTS, default="all", help="which papers: two thirds, a third, or all")
    parser.add_argument("--papers", type=int, metavar="N", help="only the first N papers of the part")
    parser.add_argument("--beside", type=Path, action="append", default=[], metavar="DIR", help="another checkout")
    options = parser.parse_args(arguments)
    papers = read_qasper(options.folder, options.part)[: options.papers]
    pages = write_pages(papers, options.out / "pages")
    checkouts = [_ROOT, *(path.resolve() for path in options.beside)]
    replies = {checkout: replies_of(checkout, papers, pages, options.out) for checkout in checkouts}
    report = {"made": _made(options.folder, options.part, papers), **summarise(papers, replies)}
    _write_trec(papers, replies[_ROOT], options.out)
    write_json_lines(options.out / "answers.jsonl", _rows(replies[_ROOT]))
    (options.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    _print_report(report, options.out)
    return 0


def replies_of(
    checkout: Path, papers: Sequence[QasperPaper], pages: Mapping[str, Path], out: Path
) -> dict[str, Replies]:
    """Return a checkout's replies to the questions, by scope."""
    asked = [(paper, question) for paper in papers for question in paper.questions]
    put: dict[str, list[tuple[str, list[str]]]] = {
        "paper": [(question.question, [pages[paper.id].name]) for paper, question in asked],
        "library": [(_with_title(paper, question), []) for paper, question in asked],
    }
    with Checkout(checkout, list(pages.values()), out) as running:
        paragraphs = Paragraphs(papers, running.texts())
        if paragraphs.missing:
            sys.stderr.write(f"{checkout.name}: {paragraphs.missing} paragraphs are missing in the stored texts\n")
        answers = running.answers([*put["paper"], *put["library"]])
    replies = [paragraphs.reply(answer) for answer in answers]
    of_scope = {"paper": replies[: len(asked)], "library": replies[len(asked) :]}
    return {
        scope: {question.id: reply for (_, question), reply in zip(asked, of, strict=True)}
        for scope, of in of_scope.items()
    }


def _with_title(paper: QasperPaper, question: PaperQuestion) -> str:
    return f"{paper.title}: {question.question}"


# Scoring


def summarise(papers: Sequence[QasperPaper], replies: Mapping[Path, Mapping[str, Replies]]) -> dict[str, Any]:
    """Return the report: `scopes`, with figures of each checkout by scope, and `questions` of the first checkout."""
    asked = [question for paper in papers for question in paper.questions]
    names = dict(zip(replies, [OURS, *map(str, list(replies)[1:])], strict=True))
    report: dict[str, Any] = {"scopes": {}, "questions": {}}
    for scope in SCOPES:
        of_program = {names[checkout]: of_scope[scope] for checkout, of_scope in replies.items()}
        scores = {name: score(asked, each) for name, each in of_program.items()}
        bm25 = score_rankings(asked, bm25_rankings(papers, scope))
        report["scopes"][scope] = _summary(asked, of_program, scores, bm25)
        for question in asked:
            report["questions"][f"{scope} {question.id}"] = {
                "type": question.type,
                "confidence": _confidence(question, of_program[OURS]),
                "scores": scores[OURS][question.id],
            }
    return report


def _summary(
    asked: Sequence[PaperQuestion],
    replies: Mapping[str, Replies],
    scores: Mapping[str, dict[str, Scores]],
    of_bm25: dict[str, Scores],
) -> dict[str, Any]:
    """Return the figures of each program in one scope, and by how much this checkout is above the others (`above`).

    Differences are paired by question; the difference of AUROCs is over the same questions.
    """
    programs = {
        name: {
            "measures": summarise_scores(list(of.values())),
            "by_type": _by_type(asked, of),
            "refusals": _refusals(asked, replies[name]),
            "seconds": _median_seconds(replies[name]),
        }
        for name, of in scores.items()
    }
    above = {
        name: _differences(scores[OURS], of) | _refusal_difference(asked, replies[OURS], replies[name])
        for name, of in scores.items()
        if name != OURS
    }
    baseline = {"BM25": {"measures": summarise_scores(list(of_bm25.values()))}}
    return {"programs": programs | baseline, "above": above | {"BM25": _differences(scores[OURS], of_bm25)}}


def bm25_rankings(papers: Sequence[QasperPaper], scope: str) -> dict[str, list[str]]:
    """Return BM25's ranking of paragraphs for each question in a scope, best first."""
    words = WordSearch(
        (paper.id, each.id, f"{paper.title}\n{each.section}\n{each.text}")
        for paper in papers
        for each in paper.paragraphs
    )
    return {
        question.id: words.ranking(question.question, _DEPTH, paper.id)
        if scope == "paper"
        else words.ranking(_with_title(paper, question), _DEPTH)
        for paper in papers
        for question in paper.questions
    }


def _by_type(asked: Sequence[PaperQuestion], scores: Mapping[str, Scores]) -> dict[str, dict[str, Figure]]:
    types = sorted({question.type for question in asked})
    return {kind: summarise_scores([scores[q.id] for q in asked if q.type == kind]) for kind in types}


def _refusals(asked: Sequence[PaperQuestion], replies: Replies) -> dict[str, Figure]:
    right, wrong = _confidences(asked, replies)
    return {"AUROC": auroc_figure(right, wrong)} if right and wrong else {}


def _refusal_difference(asked: Sequence[PaperQuestion], ours: Replies, other: Replies) -> dict[str, Figure]:
    of_ours, of_other = _confidences(asked, ours), _confidences(asked, other)
    return {"AUROC": auroc_difference(of_other, of_ours)} if all(of_ours) else {}


def _confidences(asked: Sequence[PaperQuestion], replies: Replies) -> tuple[list[float], list[float]]:
    """Return the confidences for questions that all annotators answer, and for those that none does."""
    right, wrong = (
        [_confidence(q, replies) for q in asked if q.answerability == kind] for kind in ("answerable", "unanswerable")
    )
    return right, wrong


def _confidence(question: PaperQuestion, replies: Replies) -> float:
    """Return the confidence of the answer; the worst possible if there is none."""
    worst = float(question.answerability == "unanswerable")
    return float(replies[question.id].answer["confidence"]) if question.id in replies else worst


def _median_seconds(replies: Replies) -> float:
    seconds = [float(sum(reply.answer["seconds"].values())) for reply in replies.values()]
    return round(statistics.median(seconds or [0.0]), 3)


def _differences(ours: Mapping[str, Scores], other: Mapping[str, Scores]) -> dict[str, Figure]:
    return summarise_scores([{name: ours[key][name] - other[key][name] for name in other[key]} for key in ours])


# Writing


def _made(folder: Path, part: str, papers: Sequence[QasperPaper]) -> dict[str, Any]:
    """Return how the report was made; the digest is of the questions that were asked."""
    questions = [question for paper in papers for question in paper.questions]
    asked = json.dumps([(q.id, q.question) for q in questions])
    return {
        "date": date.today().isoformat(),
        "version": __version__,
        "mode": "quote",
        "model": None,
        "questions": {
            "name": folder.name,
            "part": part,
            "sha256": hashlib.sha256(asked.encode()).hexdigest(),
            "count": len(questions),
        },
        "papers": len(papers),
    }


def _rows(replies: Mapping[str, Replies]) -> list[Row]:
    return [
        {"id": key, "scope": scope, "ranking": list(reply.ranking), **reply.answer}
        for scope, of_scope in replies.items()
        for key, reply in of_scope.items()
    ]


def _write_trec(papers: Sequence[QasperPaper], replies: Mapping[str, Replies], out: Path) -> None:
    """Write the relevance judgements and runs in TREC's formats, for other tools."""
    lines = [f"{q.id} 0 {id_} 1" for paper in papers for q in paper.questions for id_ in sorted(q.evidence)]
    (out / "qrels.trec").write_text("\n".join(lines) + "\n")
    for scope in SCOPES:
        runs: dict[str, Mapping[str, Sequence[str]]] = {
            "footnote": {key: reply.ranking for key, reply in replies[scope].items()},
            "bm25": bm25_rankings(papers, scope),
        }
        for name, rankings in runs.items():
            run = {key: {id_: -float(rank) for rank, id_ in enumerate(ids)} for key, ids in rankings.items()}
            write_trec_run(out / f"{name}-{scope}.trec", run, name, "g")


def _print_report(report: Mapping[str, Any], out: Path) -> None:
    for scope, of_scope in report["scopes"].items():
        for name, of in of_scope["programs"].items():
            print(f"\n{scope}: {name}" + (f", {of['seconds']} s an answer" if "seconds" in of else ""))  # noqa: T201
            print_figures(of["measures"] | of.get("refusals", {}), 24)
        for name, figures in of_scope["above"].items():
            print(f"\n{scope}: {OURS} above {name}")  # noqa: T201
            print_figures(figures, 24)
        by_type = of_scope["programs"][OURS]["by_type"]
        print(f"\n{scope}: {OURS} by type of answer")  # noqa: T201
        print_figures({f"{kind}, {name}": f for kind, of in by_type.items() for name, f in of.items()}, 40)
    print(f"\nwritten to {out}: answers.jsonl, report.json, qrels.trec and the runs")  # noqa: T201
