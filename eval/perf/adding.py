"""Measure adding whole papers, side by side with another checkout.

    python -m eval adding --against ../before --papers ../shared/data/pdfs ../shared/data/pairs
    python -m eval adding --against ../before --qasper ../shared/data/qasper_dev --count 300 --rounds 3

`--qasper` sets papers of QASPER as PDFs. Each checkout adds the papers to a new library in a process of its own, and
the checkouts take turns. Prints JSON: of each checkout seconds of processors and of the clock a page, seconds until
the first question is answered, memory, and the ratio of the first checkout to the others, round by round. Under
ONEDNN_MAX_CPU_ISA=AVX512_CORE_VNNI or AVX2 a processor stands in for a common one. Nothing here is a test: the figures
go into eval/LOG.md.
"""

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[2]
_KIB = 1 if sys.platform == "darwin" else 1024  # bytes of ru_maxrss
_COMPARED = ("CPU s a page", "s a page")


def main(arguments: Sequence[str]) -> int:
    """Measure all rounds, and print them with their ratios."""
    from ..collections.qasper_papers import read_qasper
    from .typeset import typeset

    parser = argparse.ArgumentParser(prog="python -m eval adding", description="Measure adding whole papers.")
    parser.add_argument("--papers", nargs="+", type=Path, default=[], metavar="PATH", help="PDFs, or folders of them")
    parser.add_argument("--qasper", type=Path, metavar="DIR", help="a folder of QASPER, to be set as PDFs")
    parser.add_argument("--count", type=int, metavar="N", help="add the first N papers only")
    parser.add_argument("--against", type=Path, action="append", default=[], metavar="DIR", help="another checkout")
    parser.add_argument("--rounds", type=int, default=1, metavar="N")
    parser.add_argument("--folder", type=Path, help="where PDFs are made and kept (default: a temporary folder)")
    options = parser.parse_args(arguments)
    checkouts = [_ROOT, *(path.resolve() for path in options.against)]
    with tempfile.TemporaryDirectory() as temporary:
        files = [file for path in options.papers for file in (sorted(path.glob("*.pdf")) if path.is_dir() else [path])]
        if options.qasper:
            papers = read_qasper(options.qasper)[: options.count]
            files += typeset(papers, (options.folder or Path(temporary)) / "typeset")
        rounds = _rounds(checkouts, files[: options.count], options.rounds)
    print(json.dumps(summary(rounds), indent=1))  # noqa: T201
    return 0


def _rounds(checkouts: Sequence[Path], files: Sequence[Path], count: int) -> list[dict[str, dict[str, float]]]:
    """Return what each checkout took, by its path, for each round."""
    from .checkouts import script_of

    paths, measured = [str(file.resolve()) for file in files], []
    for _ in range(count):
        taken = {}
        for checkout in checkouts:
            with tempfile.TemporaryDirectory() as library, script_of(checkout, __file__, [library]) as add:
                taken[str(checkout)] = add(paths)
        measured.append(taken)
    return measured


def summary(rounds: Sequence[dict[str, dict[str, float]]]) -> dict[str, Any]:
    """Return the median figures of each checkout, and the ratios of the first to each other one, one a round."""
    first, *others = rounds[0]
    medians = {
        checkout: {name: statistics.median(taken[checkout][name] for taken in rounds) for name in figures}
        for checkout, figures in rounds[0].items()
    }
    ratios = {
        other: {name: [round(taken[first][name] / taken[other][name], 3) for taken in rounds] for name in _COMPARED}
        for other in others
    }
    return {"medians": medians, "ratios": ratios}


# In the process of one checkout; nothing is imported but what every checkout has


def measure(library: str, paths: Sequence[str]) -> dict[str, float]:
    """Add papers to a new library, ask a question as soon as one is stored, and return what that took."""
    import pypdfium2

    from rag.assistant import Assistant
    from rag.config import load_settings
    from rag.models.embedder import load_embedder
    from rag.reading.sandbox.pool import POOL

    pages = sum(len(pypdfium2.PdfDocument(path)) for path in paths)
    load_embedder(load_settings().embedding).encode_question("warm up")
    answered: list[float] = []
    asking: list[threading.Thread] = []

    def ask() -> None:
        with Assistant.open(library=library, mode="quote") as reader:
            reader.ask("What was measured?")
        answered.append(time.perf_counter() - started)

    def on_progress(progress: Any) -> None:
        if progress.papers and not asking:
            asking.append(threading.Thread(target=ask))
            asking[0].start()

    started, used = time.perf_counter(), _processor_seconds()
    with Assistant.open(library=library, mode="quote") as assistant:
        report = assistant.add(paths, on_progress)
        seconds = time.perf_counter() - started
        for thread in asking:
            thread.join()
    POOL.close()  # the processor time of ended processes counts
    of_self, of_worker = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "papers": len(report.added) + len(report.updated),
        "pages": pages,
        "CPU s a page": (_processor_seconds() - used) / pages,
        "s a page": seconds / pages,
        "first answer s": answered[0] if answered else -1.0,
        "MB at most": _KIB * (of_self.ru_maxrss + (os.cpu_count() or 1) * of_worker.ru_maxrss) / 1e6,
    }


def _processor_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(measure(sys.argv[1], json.loads(line))), flush=True)  # noqa: T201
