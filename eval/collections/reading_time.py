"""Read PDFs in this process, without embedding, and measure how long it takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from rag.errors import SourceError
from rag.reading.formats import read_file
from rag.types import Paper


class TimedReading(NamedTuple):
    """A paper as the program reads it from a PDF; one without text if it could not be read."""

    path: Path
    paper: Paper
    seconds: float

    @property
    def pages(self) -> int:
        """Return the pages with text, at least one."""
        return len({page.number for page in self.paper.pages}) or 1


def read_timed(path: Path) -> TimedReading:
    """Read a PDF as the program does; the reason why it could not be read is a note of the paper."""
    started = time.perf_counter()
    try:
        paper = read_file(path, path.name).papers[0]
    except SourceError as error:
        paper = Paper(title="", text="", notes=(str(error),))
    return TimedReading(path, paper, time.perf_counter() - started)


def reading_speed(readings: Sequence[TimedReading]) -> dict[str, float]:
    """Return pages, seconds and seconds a page over all readings."""
    pages, seconds = sum(reading.pages for reading in readings), sum(reading.seconds for reading in readings)
    return {"pages": pages, "seconds": round(seconds, 2), "seconds a page": round(seconds / max(pages, 1), 4)}
