"""Who is answered at once, who waits, and who is told that there is too much to do."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from rag import FootnoteError

_AT_ONCE = 4  # two cores are full with two; a model's answer waits rather than computes
_WAITING = 12


class Busy(FootnoteError):
    """So many questions are being answered and wait that this one would take too long."""


class Counter:
    """Lets a few questions be answered at once and a few more wait their turn."""

    def __init__(self, at_once: int = _AT_ONCE, waiting: int = _WAITING) -> None:
        self._turns = threading.Semaphore(at_once)
        self._places = threading.Semaphore(at_once + waiting)
        self._many = at_once + waiting

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """A turn, which is waited for.

        Raises:
            Busy: too many wait already.
        """
        if not self._places.acquire(blocking=False):
            raise Busy(f"Footnote is busy with {self._many} questions. Ask again in a moment.")
        try:
            with self._turns:
                yield
        finally:
            self._places.release()
