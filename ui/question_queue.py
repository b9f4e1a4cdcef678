"""Limit how many questions are answered at the same time, and how many wait."""

import contextlib
import threading
from collections.abc import Iterator

from rag import FootnoteError

_ACTIVE = 4  # questions: two fill two cores, and a question that waits for its model computes nothing
_WAITING = 12


class Busy(FootnoteError):
    """The queue of questions is full."""


class QuestionQueue:
    """Run up to `active` questions at the same time; up to `waiting` more wait."""

    def __init__(self, active: int = _ACTIVE, waiting: int = _WAITING) -> None:
        self._active = threading.Semaphore(active)
        self._places = threading.Semaphore(active + waiting)
        self._size = active + waiting

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn and hold it. Raise Busy if the queue is full."""
        if not self._places.acquire(blocking=False):
            raise Busy(f"Footnote is busy with {self._size} questions. Ask again in a moment.")
        try:
            with self._active:
                yield
        finally:
            self._places.release()
