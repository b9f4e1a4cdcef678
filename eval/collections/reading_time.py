"""Measure the time to read PDFs without embedding, optionally side by side with another checkout.

Run as a script with the packages of a checkout, this file reads the PDFs named on stdin; see `compare_checkouts`.
"""

import contextlib
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rag.errors import SourceError
from rag.reading.formats import read_file
from rag.types import Paper


class TimedReading(NamedTuple):
    """A paper read from a PDF, without text if it could not be read, and the time it took."""

    path: Path
    paper: Paper
    seconds: float

    @property
    def pages(self) -> int:
        """Return the pages with text, at least one."""
        return len({page.number for page in self.paper.pages}) or 1


def read_timed(path: Path) -> TimedReading:
    """Read a PDF like the program does; the reason for a failure becomes a note of the paper."""
    started = time.perf_counter()
    try:
        paper = read_file(path, path.name).papers[0]
    except SourceError as error:
        paper = Paper(title="", text="", notes=(str(error),))
    return TimedReading(path, paper, time.perf_counter() - started)


def reading_speed(readings: Sequence[TimedReading]) -> dict[str, float]:
    """Return pages, seconds and seconds per page over all readings."""
    pages, seconds = sum(reading.pages for reading in readings), sum(reading.seconds for reading in readings)
    return {"pages": pages, "seconds": round(seconds, 2), "seconds a page": round(seconds / max(pages, 1), 4)}


def compare_checkouts(files: Sequence[Path], checkouts: Sequence[Path]) -> dict[str, float]:
    """Return the seconds that each checkout takes to read all files in turns, and the ratio of the first to the last.

    Taking turns makes a busy machine slow all of them alike. Each file is read twice, and the shorter time counts.
    """
    from ..perf.checkouts import script_of

    totals = [0.0 for _ in checkouts]
    with contextlib.ExitStack() as stack:
        read_in = [stack.enter_context(script_of(checkout, __file__)) for checkout in checkouts]
        for path in files:
            taken = [[read(str(path.resolve())) for read in read_in] for _ in range(2)]
            totals = [total + min(times) for total, times in zip(totals, zip(*taken, strict=True), strict=True)]
    seconds = {str(checkout): round(total, 2) for checkout, total in zip(checkouts, totals, strict=True)}
    return seconds | {"ratio": round(totals[0] / totals[-1], 3)}


if __name__ == "__main__":
    for line in sys.stdin:
        print(json.dumps(read_timed(Path(json.loads(line))).seconds), flush=True)  # noqa: T201
