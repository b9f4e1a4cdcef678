"""Measure one library in a process of its own: adding, questions, filters, memory, and where the time goes.

`python -m eval perf` runs `python -m eval.perf.measured JOB` for each library, with a job of `Job` as JSON, and reads
the figures from the last line of its output.
"""

import cProfile
import json
import pstats
import resource
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from rag.assistant import Assistant
from rag.config import load_settings
from rag.filters import Filters
from rag.ingest.chunking import chunk_paper, embedded_text
from rag.models.embedder import load_embedder
from rag.retrieval.search import search
from rag.retrieval.wanted import wanted_by

from .grown import SHARES

_NEAREST = 10  # of which the share found is measured
_PROFILED = 12  # functions in a profile
_KIB = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss


class Job(NamedTuple):
    """What to do with the library in a folder: one of `add`, `import` (of `paths`) and `ask` (`questions`)."""

    what: str
    library: str
    paths: Sequence[str] = ()
    questions: Sequence[str] = ()


def measure(job: Job) -> dict[str, Any]:
    """Return the figures of a job; times are in seconds unless their name says otherwise."""
    embedder = load_embedder(load_settings().embedding)
    embedder.encode_question("warm up")
    options = {"answer": {"keep": False}}
    with Assistant.open(library=job.library, mode="quote", overrides=options, embedder=embedder) as assistant:
        figures = _JOBS[job.what](assistant, job)
    return figures | {"peak MB": round(_peak() / 1e6)}


def _peak() -> int:
    """Return the most memory, in bytes, that this process or one of its children has had."""
    return _KIB * max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def timed(function: Callable[[], Any]) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


# Adding


def _added(assistant: Assistant, job: Job) -> dict[str, Any]:
    """Add papers, encode the same chunks with the model alone, and add the papers again."""
    before = _cpu()
    seconds = timed(lambda: assistant.add(job.paths))
    cpu = _cpu() - before
    again = timed(lambda: assistant.add(job.paths))
    return {"add": seconds, "add, CPU": cpu, "encoder alone": _encoder_alone(assistant), "add again": again}


def _encoder_alone(assistant: Assistant) -> float:
    """Return the seconds of encoding all chunks of the library, in the order in which they were added."""
    embedder, settings = assistant.library.embedder, assistant.settings.chunking
    papers = [assistant.library.records.paper(paper.id) for paper in assistant.library.papers()]
    texts = [
        embedded_text(paper, chunk, embedder) for paper in papers for chunk in chunk_paper(paper, embedder, settings)
    ]
    return timed(lambda: embedder.encode_texts(texts))


def _imported(assistant: Assistant, job: Job) -> dict[str, Any]:
    before = _cpu()
    return {"import": timed(lambda: assistant.import_library(job.paths[0])), "import, CPU": _cpu() - before}


# Asking


def _asked(assistant: Assistant, job: Job) -> dict[str, Any]:
    library = assistant.library
    figures: dict[str, Any] = dict(library.records.count())
    figures["first question"] = timed(lambda: assistant.ask(job.questions[0]))
    library.index.wait()
    for question in job.questions:  # all models and caches are warm
        search(library, question)
    figures |= _parts(assistant, job.questions)
    figures["recall@10"] = _recall(assistant, job.questions)
    figures |= _lists(assistant)
    figures |= _filters(assistant, job.questions)
    return figures | {"profile": _profile(assistant, job.questions)}


def _parts(assistant: Assistant, questions: Sequence[str]) -> dict[str, Any]:
    """Return the times of the parts of a question: median, 95 % and most, in milliseconds."""
    library, count = assistant.library, assistant.settings.retrieval.candidates
    terms = {question: wanted_by(question).terms for question in questions}
    vectors = {question: library.embedder.encode_question(question) for question in questions}
    parts: dict[str, Callable[[str], Any]] = {
        "encode": library.embedder.encode_question,
        "vectors": lambda question: library.index.nearest(vectors[question], count),
        "words": lambda question: library.records.word_scores(terms[question], count, None),
        "words of papers": lambda question: library.records.paper_word_scores(terms[question], count, None),
        "vectors and words": lambda question: search(library, question),
        "answer": assistant.ask,
    }
    taken: dict[str, list[float]] = {part: [] for part in parts}
    for question in questions:
        for part, run in parts.items():
            taken[part].append(1000 * timed(lambda run=run, question=question: run(question)))  # type: ignore[misc]
    return {f"{part}, ms": _spread(times) for part, times in taken.items()}


def _spread(values: Sequence[float]) -> dict[str, float]:
    return {
        "median": round(statistics.median(values), 2),
        "95 %": round(float(np.quantile(values, 0.95)), 2),
        "most": round(max(values), 2),
    }


def _recall(assistant: Assistant, questions: Sequence[str]) -> float:
    """Return the share of the nearest chunks, by comparing all, that the index finds."""
    vectors = np.stack([assistant.library.embedder.encode_question(question) for question in questions])
    exact = _nearest(assistant, vectors)
    depth = assistant.settings.retrieval.candidates
    found = [assistant.library.index.nearest(vector, depth)[:_NEAREST] for vector in vectors]
    shares = [len(set(wanted) & set(keys)) / len(wanted) for wanted, keys in zip(exact, found, strict=True)]
    return round(statistics.fmean(shares), 4)


def _nearest(assistant: Assistant, questions: NDArray[np.float32]) -> list[list[int]]:
    best: list[list[tuple[float, int]]] = [[] for _ in questions]
    for keys, _, vectors in assistant.library.records.vectors():
        distances = 1.0 - questions @ vectors.T
        for row, near in enumerate(best):
            rows = np.argsort(distances[row])[:_NEAREST]
            best[row] = sorted([*near, *((float(distances[row, at]), keys[at]) for at in rows)])[:_NEAREST]
    return [[key for _, key in near] for near in best]


def _filters(assistant: Assistant, questions: Sequence[str]) -> dict[str, Any]:
    """Return the times of a search in a part of the library, as ratios to a search without filter of the same question.

    Left out are tags that no paper has.
    """
    counts = dict(assistant.facets()["tags"])
    ratios: dict[str, dict[str, float]] = {}
    for tag in filter(counts.get, SHARES):
        filters = Filters(tags=(tag,))
        taken = [_ratio(assistant, question, filters) for question in questions]
        ratios[tag] = _spread(taken)
    return {"filtered / unfiltered": ratios}


def _ratio(assistant: Assistant, question: str, filters: Filters) -> float:
    """Return the time of a search in a part of the library in times of one in the whole."""
    part = timed(lambda: search(assistant.library, question, filters=filters))
    return part / timed(lambda: search(assistant.library, question))


def _lists(assistant: Assistant) -> dict[str, Any]:
    return {
        "status, ms": round(1000 * timed(assistant.status), 1),
        "page of the list, ms": round(1000 * timed(lambda: assistant.papers_page(sort="title")), 1),
        "facets, ms": round(1000 * timed(assistant.facets), 1),
    }


def _profile(assistant: Assistant, questions: Sequence[str]) -> list[tuple[str, float]]:
    """Return the functions in which most of the time of an answer is spent, with milliseconds a question."""
    profile = cProfile.Profile()
    for question in questions:
        profile.runcall(assistant.ask, question)
    spent = [
        (f"{Path(file).name}: {name}" if line else name, 1000 * own / len(questions))
        for (file, line, name), (_, _, own, _, _) in pstats.Stats(profile).stats.items()  # type: ignore[attr-defined]
    ]
    return [(name, round(own, 2)) for name, own in sorted(spent, key=lambda each: -each[1])[:_PROFILED]]


_JOBS: dict[str, Callable[[Assistant, Job], dict[str, Any]]] = {"add": _added, "import": _imported, "ask": _asked}


if __name__ == "__main__":
    figures_of_job = measure(Job(**json.loads(sys.argv[1])))
    print(json.dumps(figures_of_job), flush=True)  # noqa: T201
