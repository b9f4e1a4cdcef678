"""Scores retrieval on a collection in BEIR layout and writes a TREC run.

    python -m eval beir ../shared/data/scifact --split test --out out/scifact

The folder has corpus.jsonl, queries.jsonl and qrels/SPLIT.tsv. The papers go in through `add` and the questions through
`search`, as a user's would.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ir_measures
from ir_measures import AP, RR, P, R, nDCG

from rag.assistant import Assistant

from .questions import QuestionSetError
from .text import read_json_lines

MEASURES = [nDCG @ 10, R @ 100, R @ 10, RR @ 10, AP @ 100, P @ 1]
_DEPTH = 300  # passages asked for: several are of one paper
_RUN_DEPTH = 100


def main(arguments: Sequence[str]) -> int:
    """Scores the folder, writes run.trec and report.json, prints the measures."""
    parser = argparse.ArgumentParser(prog="python -m eval beir", description="Score retrieval on a BEIR folder.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--split", default="test")
    parser.add_argument("--out", type=Path, default=Path("out/beir"))
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    qrels = read_qrels(options.folder / "qrels" / f"{options.split}.tsv")
    queries = {row["_id"]: row["text"] for row in read_json_lines(options.folder / "queries.jsonl")}
    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder) / "corpus.jsonl"
        _write_corpus(options.folder / "corpus.jsonl", corpus)
        overrides = {"retrieval": {"passages_per_paper": 1, "candidates": _DEPTH}}
        with Assistant.open(library=Path(folder) / "library", mode="quote", overrides=overrides) as assistant:
            started = time.perf_counter()
            report = assistant.add(corpus)
            ingest = time.perf_counter() - started
            run, seconds = rank(assistant, {key: queries[key] for key in qrels})
    lines = [
        f"{query} Q0 {document} {position} {score:.6f} footnote"
        for query, ranked in run.items()
        for position, (document, score) in enumerate(ranked.items(), 1)
    ]
    (options.out / "run.trec").write_text("\n".join(lines) + "\n")
    scores = {str(m): round(v, 4) for m, v in ir_measures.calc_aggregate(MEASURES, qrels, run).items()}
    measured = {
        "collection": options.folder.name,
        "split": options.split,
        "papers": len(report.added),
        "queries": len(qrels),
        "measures": scores,
        "seconds": {"add": round(ingest, 2), "search": round(seconds / max(len(qrels), 1), 4)},
    }
    (options.out / "report.json").write_text(json.dumps(measured, indent=1) + "\n")
    print(json.dumps(measured, indent=1))  # noqa: T201
    return 0


def rank(assistant: Assistant, queries: dict[str, str]) -> tuple[dict[str, dict[str, float]], float]:
    """A run: query -> document -> score, best `_RUN_DEPTH`; and the seconds of all searches."""
    document = {paper.id: str(paper.citekey) for paper in assistant.papers()}
    run: dict[str, dict[str, float]] = {}
    started = time.perf_counter()
    for key, text in queries.items():
        passages = assistant.search(text, top_k=_DEPTH)[:_RUN_DEPTH]
        run[key] = {document[p.paper_id]: p.score for p in passages}
    return run, time.perf_counter() - started


def read_qrels(path: Path) -> dict[str, dict[str, int]]:
    """Judgements by query and document; only queries with a relevant document are kept, as BEIR does."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = list(csv.DictReader(file, delimiter="\t"))
    except OSError as error:
        raise QuestionSetError(
            f"There are no judgements at {path.parent.name}/{path.name}: {error.strerror}."
        ) from error
    qrels: dict[str, dict[str, int]] = {}
    for row in rows:
        qrels.setdefault(row["query-id"], {})[row["corpus-id"]] = int(row["score"])
    return {query: judged for query, judged in qrels.items() if any(score > 0 for score in judged.values())}


def _write_corpus(source: Path, target: Path) -> None:
    """The corpus in the form that `add` reads; a document's id goes in as its citekey."""
    with target.open("w", encoding="utf-8") as file:
        for row in read_json_lines(source):
            paper: dict[str, Any] = {"title": row["title"] or row["_id"], "text": row["text"], "citekey": row["_id"]}
            file.write(json.dumps(paper) + "\n")
