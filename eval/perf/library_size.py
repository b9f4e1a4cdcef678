"""Measure what a library costs against its size, beside a stock pipeline and the bare encoder.

    python -m eval perf --sizes 1000 10000 100000 --folder out/libraries --out out/perf
    python -m eval perf --sizes 1000 --stock ../shared/baseline/stock_pipeline.py --rounds 3

Up to the passages that the texts hold, a library is added from text and exported. Larger ones are imported from an
export with copies of these papers under other titles and with other vectors (`grown.py`), so that nothing is encoded.
Every step runs in a process of its own, whose memory is measured. Writes perf.json and perf.html. Libraries that are
in the folder already are asked only. Nothing here is a test: the figures go into eval/LOG.md.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rag.assistant import Assistant
from rag.errors import FootnoteError
from rag.ingest.locate import locate
from rag.ingest.read import read_source
from rag.store.connection import INDEX, RECORD
from rag.types import Paper

from ..questions import QUESTIONS, SAMPLE, load_questions
from .grown import grow
from .measured import Job
from .size_report import write_size_report

_ROOT = Path(__file__).parents[2]
_SHARED = ("seeds", "data/scifact/corpus.jsonl")  # read where the folder `shared` lies beside the project
_CHARACTERS = 800  # of a passage of an abstract, about
_COLD = 3
PARTS = ("add", "ask", "cold")


class NotMeasured(FootnoteError):
    """A step of the measurement failed; the message has its error."""


def main(arguments: Sequence[str]) -> int:
    """Measure all sizes, smallest first, and write the report."""
    options = _parser().parse_args(arguments)
    papers = _papers(options.texts or [str(SAMPLE), *_shared()])
    asked = [each.question for each in load_questions(QUESTIONS) if each.answerable and not each.history]
    asked = asked[:: max(len(asked) // options.questions, 1)][: options.questions]
    with _folder(options.folder) as folder:
        libraries = [
            _library(folder, size, papers, asked, options.parts) | {"size": size} for size in sorted(options.sizes)
        ]
        beside = _rounds(folder, papers, min(options.sizes), options.rounds, options.stock) if options.rounds else {}
    measured = {"libraries": libraries, "beside": beside}
    options.out.mkdir(parents=True, exist_ok=True)
    (options.out / "perf.json").write_text(json.dumps(measured, indent=1) + "\n")
    write_size_report(measured, options.out / "perf.html")
    print(json.dumps(measured, indent=1))  # noqa: T201
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m eval perf", description="Measure cost against size.")
    parser.add_argument("--sizes", nargs="+", type=int, default=[1000, 10_000], metavar="N", help="numbers of passages")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=list(PARTS), help="what to measure (default: all)")
    parser.add_argument("--texts", nargs="+", metavar="PATH", help="papers (default: the sample, and ../shared)")
    parser.add_argument("--questions", type=int, default=20, metavar="N")
    parser.add_argument("--rounds", type=int, default=0, metavar="N", help="times to add the smallest beside others")
    parser.add_argument("--stock", type=Path, help="a script that adds pages of papers and prints `ingest_s` as JSON")
    parser.add_argument("--folder", type=Path, help="where libraries are made and kept (default: a temporary folder)")
    parser.add_argument("--out", type=Path, default=Path("out/perf"))
    return parser


def _shared() -> list[str]:
    found = (_ROOT.parent / "shared" / part for part in _SHARED)
    return [str(path) for path in found if path.exists()]


@contextmanager
def _folder(given: Path | None) -> Iterator[Path]:
    if given is not None:
        given.mkdir(parents=True, exist_ok=True)
        yield given
        return
    with tempfile.TemporaryDirectory() as temporary:
        yield Path(temporary)


def _papers(texts: Sequence[str]) -> list[Paper]:
    """Return the papers in some files and folders, each title once."""
    read = [paper for source in locate(texts).sources for paper in read_source(source).papers]
    return list({paper.title: paper for paper in read}.values())


def _passages(paper: Paper) -> int:
    return -(-len(paper.text) // _CHARACTERS)


def _first(papers: Sequence[Paper], passages: int) -> list[Paper]:
    """Return the first papers that hold about so many passages, all if they hold fewer."""
    taken: list[Paper] = []
    for paper in papers:
        if passages <= 0:
            break
        taken.append(paper)
        passages -= _passages(paper)
    return taken


# One library


def _library(
    folder: Path, size: int, papers: Sequence[Paper], questions: Sequence[str], parts: Sequence[str]
) -> dict[str, Any]:
    """Make the library of a size unless it is there, measure it, and return the figures."""
    library = folder / f"{size}"
    figures: dict[str, Any] = {}
    if not (library / RECORD).is_file():
        figures |= _made(folder, library, size, papers)
    if "ask" in parts:
        figures |= _run(Job("ask", str(library), questions=questions))
    if "cold" in parts:
        figures["cold answer"] = _cold(library, questions[0])
    return figures | _disk(library)


def _made(folder: Path, library: Path, size: int, papers: Sequence[Paper]) -> dict[str, Any]:
    """Add a library of real text, or import one that is grown from the largest such library."""
    if size <= sum(map(_passages, papers)):
        return _run(Job("add", str(library), [str(_as_lines(folder / "papers.jsonl", _first(papers, size)))]))
    base = folder / "base"
    if not (base / RECORD).is_file():
        _run(Job("add", str(base), [str(_as_lines(folder / "papers.jsonl", papers))]))
    small, large = folder / "base.jsonl", folder / f"{size}.jsonl"
    with Assistant.open(library=base, mode="quote") as assistant:
        assistant.export(small)
    try:
        grow(small, large, size)
        return _run(Job("import", str(library), [str(large)])) | {"export MB": round(large.stat().st_size / 1e6)}
    finally:
        large.unlink(missing_ok=True)


def _as_lines(file: Path, papers: Sequence[Paper]) -> Path:
    """Write papers as JSON lines."""
    rows = [{"title": paper.title, "text": paper.text.removeprefix(paper.title).strip()} for paper in papers]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return file


def _run(job: Job) -> dict[str, Any]:
    """Return the figures of a job that runs in a process of its own."""
    command = [sys.executable, "-m", "eval.perf.measured", json.dumps(job._asdict())]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True)
    if done.returncode:
        raise NotMeasured(f"{job.what} of {Path(job.library).name} failed: {done.stderr.strip()[-2000:]}")
    return dict(json.loads(done.stdout.splitlines()[-1]))


def _cold(library: Path, question: str) -> float:
    """Return the least seconds of `footnote ask` in a fresh process."""
    command = [sys.executable, "-m", "rag", "ask", question, "--mode", "quote", "--library", str(library)]
    taken = []
    for _ in range(_COLD):
        started = time.perf_counter()
        subprocess.run(command, cwd=_ROOT, capture_output=True, check=True)
        taken.append(time.perf_counter() - started)
    return round(min(taken), 3)


def _disk(library: Path) -> dict[str, Any]:
    """Return the megabytes of a library's record and index, and the kilobytes of both a passage."""
    with Assistant.open(library=library, mode="quote") as assistant:
        passages = assistant.status().chunks
    record = (library / RECORD).stat().st_size
    index = sum(path.stat().st_size for path in (library / INDEX).rglob("*") if path.is_file())
    return {
        "passages": passages,
        "record MB": round(record / 1e6, 1),
        "index MB": round(index / 1e6, 1),
        "KB a passage": round((record + index) / 1e3 / passages, 2),
    }


# Beside others


def _rounds(
    folder: Path, papers: Sequence[Paper], size: int, rounds: int, stock: Path | None
) -> dict[str, dict[str, float]]:
    """Add the same papers by each in turn, and return the ratios of the times: median, least and most."""
    taken = _first(papers, size)
    lines, page = _as_lines(folder / "papers.jsonl", taken), folder / "page.txt"
    blocks = ["new", "invitation", "Subscribe", "by", "Mar 11"]  # the header of a page
    blocks += [" ".join(block.split()) for paper in taken for block in (paper.title, paper.text[len(paper.title) :])]
    page.write_text("\n\n".join(blocks), encoding="utf-8")
    times: dict[str, list[float]] = {}
    for _ in range(rounds):
        with tempfile.TemporaryDirectory() as library:
            found = _run(Job("add", library, [str(lines)]))
        ratios = {"add / encoder alone": found["add"] / found["encoder alone"]}
        if stock:
            done = subprocess.run(
                [sys.executable, str(stock), str(page), "--json"], capture_output=True, text=True, check=True
            )
            beside: Mapping[str, float] = json.loads(done.stdout.splitlines()[-1])
            ratios |= {
                "add / stock pipeline": found["add"] / beside["ingest_s"],
                "encoder alone / the stock one's": found["encoder alone"] / beside["raw_encoder_s"],
            }
        for name, ratio in ratios.items():
            times.setdefault(name, []).append(ratio)
    return {
        name: {"median": round(statistics.median(each), 3), "least": round(min(each), 3), "most": round(max(each), 3)}
        for name, each in times.items()
    }
