"""Score evidence, answers and refusals on QASPER, whose questions are each about one known paper.

    python -m eval qasper ../shared/data/qasper_dev --out out/qasper

The folder has *_papers.jsonl and *_questions.jsonl. Every paragraph is added as a file with its paper's title
and its section, and a question is put to the paragraphs of its paper alone. Writes qrels.trec, a TREC run each
for Footnote, BM25 and dense retrieval, answers.jsonl, and a report.json that `python -m eval compare` takes. An
interrupted run continues where it stopped.

QASPER: Dasigi et al. 2021, "A Dataset of Information-Seeking Questions and Answers Anchored in Research Papers".
"""

import argparse
import copy
import hashlib
import html
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import ir_measures
from ir_measures import R, Success, nDCG

from rag import __version__
from rag.assistant import Assistant
from rag.filters import Filters
from rag.library import Library
from rag.retrieval.features import FEATURES
from rag.retrieval.rerank import rerank_passages
from rag.retrieval.search import SearchResult, search
from rag.types import UNSURE

from ..files import digest, read_json_lines, write_json_lines, write_trec_run
from ..measures import token_f1
from ..questions import QuestionSetError
from ..runs import Row, add_papers, each_once, unfinished
from ..statistics import Figure, auroc_figure, print_figures, summarise_scores

MEASURES = (nDCG @ 10, R @ 10, Success @ 10)
OURS, BM25, DENSE = "Footnote", "BM25", "dense"

Run = dict[str, dict[str, float]]
"""Question -> paragraph -> score."""
Scores = dict[str, dict[str, float]]
"""Question -> measure -> value."""


class Paragraph(NamedTuple):
    """A paragraph of a paper and the name of its section, which may be empty."""

    id: str
    section: str
    text: str


class Annotation(NamedTuple):
    """One person's answer; `type` is extractive, abstractive, boolean or unanswerable."""

    type: str
    answer: str


class PaperQuestion(NamedTuple):
    """A question about one paper; `evidence` are ids of paragraphs, of all annotations together."""

    id: str
    question: str
    annotations: tuple[Annotation, ...]
    evidence: frozenset[str]

    @property
    def answerability(self) -> str:
        """`answerable` or `unanswerable` if the annotators agree, else `mixed`."""
        kinds = {annotation.type == "unanswerable" for annotation in self.annotations}
        if len(kinds) > 1:
            return "mixed"
        return "unanswerable" if True in kinds else "answerable"


class QasperPaper(NamedTuple):
    """A paper with its paragraphs in order, without repeated texts, and the questions about it."""

    id: str
    title: str
    paragraphs: tuple[Paragraph, ...]
    questions: tuple[PaperQuestion, ...]


class Result(NamedTuple):
    """The runs by name, and the rows of answers.jsonl."""

    runs: dict[str, Run]
    rows: list[dict[str, Any]]


def main(arguments: Sequence[str]) -> int:
    """Score the folder, write the files, print the figures."""
    parser = argparse.ArgumentParser(prog="python -m eval qasper", description="Score evidence and answers on QASPER.")
    parser.add_argument("folder", type=Path, metavar="DIR")
    parser.add_argument("--out", type=Path, default=Path("out/qasper"), metavar="DIR")
    parser.add_argument("--papers", type=int, metavar="N", help="the first N papers only")
    options = parser.parse_args(arguments)
    papers = read_qasper(options.folder)[: options.papers]
    with unfinished(options.out, digest(options.folder), options.papers) as folder:
        result = ask_all(papers, folder)
    report = {"made": _made(options.folder, papers), **summarise(papers, result)}
    _write_trec(papers, result.runs, options.out)
    write_json_lines(options.out / "answers.jsonl", result.rows)
    (options.out / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    _print_figures(report, options.out)
    return 0


# Reading


def read_qasper(folder: Path) -> list[QasperPaper]:
    """Read the papers of a folder in the order of their file, each with its questions.

    White space is normalised, and of paragraphs with the same text the first is kept, as evidence is given by its text.
    Evidence that is not a paragraph (figures, tables, headings) is left out.

    Raises:
        QuestionSetError: a file is missing or broken, or a question is about a missing paper.
    """
    papers, questions = (_only_file(folder, f"*_{kind}.jsonl") for kind in ("papers", "questions"))
    try:
        read = {row["_id"]: _paper(row) for row in read_json_lines(papers)}
        of_paper: dict[str, list[PaperQuestion]] = {key: [] for key in read}
        for row in read_json_lines(questions):
            if row["gold_paper_id"] not in read:
                raise QuestionSetError(
                    f"{questions.name}: the question {row['id']!r} is about the paper {row['gold_paper_id']!r}, "
                    f"which is not in {papers.name}."
                )
            paper = read[row["gold_paper_id"]]
            of_paper[paper.id].append(_question(row, paper))
    except KeyError as error:
        raise QuestionSetError(
            f"{papers.name} and {questions.name} are not in QASPER's form: {error} is missing."
        ) from error
    return [paper._replace(questions=tuple(of_paper[paper.id])) for paper in read.values()]


def _only_file(folder: Path, pattern: str) -> Path:
    files = sorted(folder.glob(pattern))
    if len(files) != 1:
        raise QuestionSetError(f"{folder.name} holds {len(files)} files {pattern}; QASPER's folder has one.")
    return files[0]


def _paper(row: Mapping[str, Any]) -> QasperPaper:
    paragraphs: dict[str, Paragraph] = {}
    for each in row["paragraphs"]:
        text = _single_spaced(each["text"])
        paragraphs.setdefault(text, Paragraph(each["id"], _single_spaced(each["section"]), text))
    return QasperPaper(row["_id"], _single_spaced(row["title"]), tuple(paragraphs.values()), ())


def _question(row: Mapping[str, Any], paper: QasperPaper) -> PaperQuestion:
    ids = {paragraph.text: paragraph.id for paragraph in paper.paragraphs}
    evidence = {_single_spaced(text) for each in row["annotations"] for text in each["evidence"]}
    return PaperQuestion(
        id=row["id"],
        question=row["question"],
        annotations=tuple(Annotation(each["type"], each["text"]) for each in row["annotations"]),
        evidence=frozenset(ids[text] for text in evidence if text in ids),
    )


def _single_spaced(text: str) -> str:
    return " ".join(text.split())


# Asking


def ask_all(papers: Sequence[QasperPaper], folder: Path) -> Result:
    """Put each question to the paragraphs of its paper, in a library of all papers; `folder` keeps both."""
    with Assistant.open(library=folder / "library", mode="quote") as assistant:
        ids = add_paragraphs(assistant, papers, folder / "papers")

        def ask(asked: tuple[QasperPaper, PaperQuestion]) -> Row:
            paper, question = asked
            paragraph_of = {ids[paragraph.id]: paragraph.id for paragraph in paper.paragraphs if paragraph.id in ids}
            scope = Filters(papers=tuple(paragraph_of))
            found = _in_order(assistant.library, search(assistant.library, question.question, filters=scope))
            answer = assistant.ask(question.question, papers=list(paragraph_of))
            return {
                "runs": rank_paragraphs(found, paragraph_of),
                "answer": {"id": question.id, **answer.to_dict()},
            }

        asked = {question.id: (paper, question) for paper in papers for question in paper.questions}
        rows = each_once(folder / "rows.jsonl", asked, ask, "questions")
    runs = {name: {row["answer"]["id"]: row["runs"][name] for row in rows} for name in (OURS, BM25, DENSE)}
    return Result(runs, [row["answer"] for row in rows])


def _in_order(library: Library, found: SearchResult) -> SearchResult:
    """Rerank the paragraphs as passages of one paper.

    In the library each is a separate paper, and the packaged cross-encoder does not reorder papers.
    """
    as_one = copy.copy(found.candidates)
    as_one.paper_keys = [as_one.paper_keys[0]] * len(as_one) if len(as_one) else []
    return replace(rerank_passages(library, replace(found, candidates=as_one)), candidates=found.candidates)


def add_paragraphs(assistant: Assistant, papers: Sequence[QasperPaper], folder: Path) -> dict[str, str]:
    """Add each paragraph as a file with its paper's title and its section; return the library's ids of those added.

    The files are written to `folder`, because a run that is continued must find the same ones.
    """
    folder.mkdir(exist_ok=True)
    names: dict[str, str] = {}
    for number, paper in enumerate(papers):
        for place, paragraph in enumerate(paper.paragraphs):
            names[f"{number}-{place}.html"] = paragraph.id
            title, section, text = map(html.escape, (paper.title, paragraph.section, paragraph.text))
            page = f'<meta charset="utf-8"><h1>{title}</h1><h2>{section}</h2><p>{text}</p>\n'
            (folder / f"{number}-{place}.html").write_text(page, encoding="utf-8")
    add_papers(assistant, [folder])
    return {names[entry.source]: entry.id for entry in assistant.papers()}


def rank_paragraphs(found: SearchResult, paragraph_of: Mapping[str, str]) -> dict[str, dict[str, float]]:
    """Return the scores of paragraphs by the program, by BM25 alone and by the cosine alone; the best chunk counts.

    `paragraph_of` maps the library's ids to paragraphs. BM25 finds no paragraph without a word of the question.
    """
    candidates = found.candidates
    paragraphs = [paragraph_of[candidates.paper(key).id] for key in candidates.paper_keys]

    def best(scores: Iterable[float]) -> dict[str, float]:
        ranked = sorted(zip(scores, paragraphs, strict=True))
        return {paragraph: float(score) for score, paragraph in ranked}

    words = best(found.features[:, FEATURES.index("words")])
    return {
        OURS: best(found.scores),
        BM25: {paragraph: score for paragraph, score in words.items() if score > 0},
        DENSE: best(found.features[:, FEATURES.index("chunk")]),
    }


# Scoring


def summarise(papers: Sequence[QasperPaper], result: Result) -> dict[str, Any]:
    """Return the report but for how it was made; a question without a result scores 0.

    `measures` and `questions` are the program's; `baselines` has the measures of evidence of BM25 and dense retrieval,
    and `above` how much higher the program's are, question by question.
    """
    questions = [question for paper in papers for question in paper.questions]
    rows = {row["id"]: row for row in result.rows}
    evidence = {name: score_evidence(questions, run) for name, run in result.runs.items()}
    scores = {q.id: evidence[OURS].get(q.id, {}) | score_answer(q, rows.get(q.id, {})) for q in questions}
    types = {q.id: _best_annotation(q, rows.get(q.id, {})).type for q in questions}
    return {
        "measures": summarise_scores(list(scores.values())),
        "by_type": {
            kind: summarise_scores([scores[key] for key, of_key in types.items() if of_key == kind])
            for kind in sorted(set(types.values()))
        },
        "baselines": {name: summarise_scores(list(evidence[name].values())) for name in (BM25, DENSE)},
        "above": {name: _differences(evidence[OURS], evidence[name]) for name in (BM25, DENSE)},
        "refusals": _refusals(questions, rows),
        "questions": {
            q.id: {"type": types[q.id], "confidence": _confidence(q, rows), "scores": scores[q.id]} for q in questions
        },
    }


def score_evidence(questions: Sequence[PaperQuestion], run: Run) -> Scores:
    """Return the measures of each question with evidence; Success@10: is any evidence among the first ten?"""
    scores: Scores = {question.id: {} for question in questions if question.evidence}
    for metric in ir_measures.iter_calc(MEASURES, qrels(questions), run):
        scores[metric.query_id][str(metric.measure)] = metric.value
    return scores


def qrels(questions: Sequence[PaperQuestion]) -> dict[str, dict[str, int]]:
    """Return the evidence paragraphs of each question that has any, as judgements."""
    return {q.id: dict.fromkeys(sorted(q.evidence), 1) for q in questions if q.evidence}


def score_answer(question: PaperQuestion, row: Mapping[str, Any]) -> dict[str, float]:
    """Return answer F1, and whether a refusal was right (all annotators call it unanswerable) or false (none does).

    Answer F1 is the token F1 with the best matching annotation; a refusal counts as "Unanswerable", and boolean
    annotations are "Yes" or "No" (Dasigi et al. 2021). `row` is empty if there is no result.
    """
    scores = {"answer F1": token_f1(_prediction(row), _best_annotation(question, row).answer)}
    if question.answerability == "unanswerable":
        scores["refused rightly"] = float(row.get("refused", False))
    if question.answerability == "answerable":
        scores["falsely refused"] = float(row.get("refused", True))
    return scores


def _best_annotation(question: PaperQuestion, row: Mapping[str, Any]) -> Annotation:
    return max(question.annotations, key=lambda annotation: token_f1(_prediction(row), annotation.answer))


def _prediction(row: Mapping[str, Any]) -> str:
    """Return the answer as QASPER's script compares it, without citation numbers and warning."""
    if row.get("refused", False):
        return "Unanswerable"
    return " ".join(sentence["text"] for sentence in row.get("sentences", []) if sentence["text"] != UNSURE)


def _refusals(questions: Sequence[PaperQuestion], rows: Mapping[str, Mapping[str, Any]]) -> dict[str, Figure]:
    """Return the AUROC of `confidence`: questions that all annotators answer against those that none does."""
    right, wrong = (
        [_confidence(q, rows) for q in questions if q.answerability == kind] for kind in ("answerable", "unanswerable")
    )
    return {"AUROC": auroc_figure(right, wrong)} if right and wrong else {}


def _confidence(question: PaperQuestion, rows: Mapping[str, Mapping[str, Any]]) -> float:
    """Return the confidence of the answer; without one, the worst possible."""
    worst = float(question.answerability == "unanswerable")
    return float(rows.get(question.id, {}).get("confidence", worst))


def _differences(ours: Scores, other: Scores) -> dict[str, Figure]:
    return summarise_scores([{name: ours[key][name] - other[key][name] for name in ours[key]} for key in ours])


# Writing


def _made(folder: Path, papers: Sequence[QasperPaper]) -> dict[str, Any]:
    """Return how the report was made; the digest is of the questions that were asked."""
    questions = [question for paper in papers for question in paper.questions]
    asked = json.dumps([(q.id, q.question) for q in questions])
    of_questions = hashlib.sha256(asked.encode()).hexdigest()
    return {
        "date": date.today().isoformat(),
        "version": __version__,
        "mode": "quote",
        "model": None,
        "questions": {"name": folder.name, "sha256": of_questions, "count": len(questions)},
        "papers": len(papers),
    }


def _write_trec(papers: Sequence[QasperPaper], runs: Mapping[str, Run], out: Path) -> None:
    """Write the judgements and the runs in TREC's formats, for other tools."""
    judged = qrels([question for paper in papers for question in paper.questions])
    lines = [f"{query} 0 {paragraph} 1" for query, relevant in judged.items() for paragraph in relevant]
    (out / "qrels.trec").write_text("\n".join(lines) + "\n")
    for name, run in runs.items():
        best_first = {query: dict(sorted(scores.items(), key=lambda each: -each[1])) for query, scores in run.items()}
        write_trec_run(out / f"{name.lower()}.trec", best_first, name, ".9g")


def _print_figures(report: Mapping[str, Any], out: Path) -> None:
    figures = {
        **report["measures"],
        **{f"{name}, {baseline}": f for baseline, of in report["baselines"].items() for name, f in of.items()},
        **{f"{name}, above {baseline}": f for baseline, of in report["above"].items() for name, f in of.items()},
        **{f"answer F1, {kind}": of["answer F1"] for kind, of in report["by_type"].items()},
        **report["refusals"],
    }
    print_figures(figures, 24)
    print(f"written to {out}: answers.jsonl, report.json, qrels.trec and the runs")  # noqa: T201
