"""Score retrieval on a collection in BEIR's format, and write a TREC run.

    python -m eval beir ../shared/data/scifact --split test --out out/scifact

The folder has corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv. Like a user's, the papers go through `add` and the
questions through `search`. An interrupted run continues where it stopped.
"""

import argparse
import csv
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ir_measures
from ir_measures import AP, RR, P, R, nDCG

from rag.assistant import Assistant

from ..files import digest, read_json_lines, write_trec_run
from ..questions import QuestionSetError
from ..runs import Row, add_papers, each_once, unfinished
from ..statistics import Figure, summarise_scores

MEASURES = [nDCG @ 10, R @ 100, R @ 10, RR @ 10, AP @ 100, P @ 1]
_DEPTH = 300  # passages requested, since several can be from one paper
_RUN_DEPTH = 100

Qrels = dict[str, dict[str, int]]
"""Query -> document -> relevance."""


def main(arguments: Sequence[str]) -> int:
    """Score the folder, write run.trec and report.json, and print the measures."""
    parser = argparse.ArgumentParser(prog="python -m eval beir", description="Score retrieval on a BEIR folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--out", type=Path, default=Path("out/beir"))
    options = parser.parse_args(arguments)
    qrels = read_qrels(options.folder / "qrels" / f"{options.split}.tsv")
    queries = read_queries(options.folder / "queries.jsonl", qrels)
    source = options.folder / "corpus.jsonl"
    overrides = {"retrieval": {"passages_per_paper": 1, "candidates": _DEPTH}}
    with unfinished(options.out, queries, digest(source)) as folder:
        corpus = folder / "corpus.jsonl"
        _write_corpus(source, corpus)
        with Assistant.open(library=folder / "library", mode="quote", overrides=overrides) as assistant:
            is_new = not assistant.library.exists  # only then does the time cover adding all papers
            started = time.perf_counter()
            add_papers(assistant, [corpus])
            ingest = time.perf_counter() - started
            rows = rank(assistant, queries, folder / "rows.jsonl")
            papers = len(assistant.papers())
    run = {row["query"]: row["scores"] for row in rows}
    write_trec_run(options.out / "run.trec", run, "footnote", ".6f")
    measured = {
        "collection": options.folder.name,
        "split": options.split,
        "papers": papers,
        "queries": len(qrels),
        "measures": score_run(qrels, run),
        "seconds": {
            "add": round(ingest, 2) if is_new else None,
            "search": round(sum(row["seconds"] for row in rows) / len(rows), 4),
        },
    }
    (options.out / "report.json").write_text(json.dumps(measured, indent=1) + "\n")
    print(json.dumps(measured, indent=1))  # noqa: T201
    return 0


def rank(assistant: Assistant, queries: dict[str, str], path: Path) -> list[Row]:
    """Return a row per query: `scores` of the best `_RUN_DEPTH` documents, best first, and `seconds`."""
    document = {paper.id: str(paper.citekey) for paper in assistant.papers()}

    def search(query: str) -> Row:
        started = time.perf_counter()
        passages = assistant.search(queries[query], top_k=_DEPTH)[:_RUN_DEPTH]
        seconds = time.perf_counter() - started
        return {"query": query, "scores": {document[p.paper_id]: p.score for p in passages}, "seconds": seconds}

    return each_once(path, {query: query for query in queries}, search, "queries")


def score_run(qrels: Qrels, run: dict[str, dict[str, float]]) -> dict[str, Figure]:
    """Return the mean of each measure over the judged queries; a query without a result scores 0."""
    scores: dict[str, dict[str, float]] = {query: {} for query in qrels}
    for metric in ir_measures.iter_calc(MEASURES, qrels, run):
        scores[metric.query_id][str(metric.measure)] = metric.value
    figures = summarise_scores(list(scores.values()))
    return {str(measure): figures[str(measure)] for measure in MEASURES}


def read_queries(path: Path, qrels: Qrels) -> dict[str, str]:
    """Return the text of each judged query."""
    texts = {row["_id"]: row["text"] for row in read_json_lines(path)}
    if unknown := [query for query in qrels if query not in texts]:
        raise QuestionSetError(f"{path.name} lacks queries that are judged: {', '.join(unknown[:5])}.")
    return {query: texts[query] for query in qrels}


def read_qrels(path: Path) -> Qrels:
    """Read relevance judgements; like BEIR, keep only queries with a relevant document.

    Raises:
        QuestionSetError: the file cannot be read, or has no such query.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
    except OSError as error:
        raise QuestionSetError(
            f"There are no judgements at {path.parent.name}/{path.name}: {error.strerror}."
        ) from error
    qrels: Qrels = {}
    for row in rows:
        qrels.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    judged = {query: of_query for query, of_query in qrels.items() if any(score > 0 for score in of_query.values())}
    if not judged:
        raise QuestionSetError(f"{path.parent.name}/{path.name} has no query with a relevant document.")
    return judged


def _write_corpus(source: Path, target: Path) -> None:
    """Write the corpus in a format that `add` reads; a document's id becomes its citekey."""
    with target.open("w", encoding="utf-8") as file:
        for row in read_json_lines(source):
            paper: dict[str, Any] = {"title": row["title"] or row["_id"], "text": row["text"], "citekey": row["_id"]}
            file.write(json.dumps(paper) + "\n")
