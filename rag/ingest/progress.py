"""Report the progress of long work on a library."""

from collections.abc import Callable
from typing import NamedTuple

ABSTRACTS, PAPERS, CHANGES = "Abstracts", "Papers", "Looking for changes"


class Progress(NamedTuple):
    """The progress of an `add` or a rebuild: the stage, sources done of all, papers and chunks stored.

    A source is done when its papers are stored or it `failed`; it is reported once, with its `name`.
    """

    stage: str
    done: int
    total: int
    papers: int
    chunks: int
    name: str = ""
    failed: bool = False


class ProgressReporter:
    """Keeps the progress of an `add` and passes it to `on_progress`."""

    def __init__(self, on_progress: Callable[[Progress], None] | None) -> None:
        self._on_progress = on_progress
        self.now = Progress("", 0, 0, 0, 0)

    def start(self, stage: str, total: int, done: int = 0) -> None:
        """Start a stage. Nothing is reported yet."""
        self.now = self.now._replace(stage=stage, done=done, total=total)

    def stored(self, papers: int, chunks: int) -> None:
        """Count stored papers and chunks. Nothing is reported yet."""
        self.now = self.now._replace(papers=self.now.papers + papers, chunks=self.now.chunks + chunks)

    def source_done(self, name: str, *, failed: bool = False) -> None:
        """Report that a source is done, by name unless only abstracts are read."""
        self.now = self.now._replace(done=self.now.done + 1)
        if self._on_progress:
            self._on_progress(self.now._replace(name="" if self.now.stage == ABSTRACTS else name, failed=failed))

    def report(self) -> None:
        """Report the progress."""
        if self._on_progress:
            self._on_progress(self.now)
