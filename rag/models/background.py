"""Run blocking work in daemon threads, so that a caller can stop waiting for it.

Daemon threads, not a pool or an event loop: those join their threads at exit, so a server that never answers or a name
lookup that hangs would hold up Stop and the end of the program.
"""

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Future
from typing import Generic, TypeVar

from ..errors import IncompleteAnswer
from .protocols import Piece

T = TypeVar("T")

STOPPED = "The answer was stopped."
HEARTBEAT_SECONDS = 0.25
STOP_GRACE_SECONDS = 0.5


class BackgroundIterator(Generic[T]):
    """Iterate in a daemon thread and hand over the items through a queue."""

    def __init__(self, items: Callable[[], Iterable[T]], name: str) -> None:
        self._queue: queue.SimpleQueue[tuple[T | None, Exception | None]] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, args=(items,), name=name, daemon=True)
        self._thread.start()

    def receive(self, timeout: float) -> T | None:
        """Return the next item, or None at the end.

        Raise TimeoutError if no item came within `timeout` seconds. Raise whatever the iteration raised.
        """
        try:
            item, error = self._queue.get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError from None
        if error is not None:
            raise error
        return item

    def join(self, timeout: float) -> None:
        """Wait up to `timeout` seconds for the thread to end."""
        self._thread.join(timeout)

    def _run(self, items: Callable[[], Iterable[T]]) -> None:
        try:
            for item in items():
                self._queue.put((item, None))
            self._queue.put((None, None))
        except Exception as error:  # noqa: BLE001 - raised again in `receive`
            self._queue.put((None, error))


def run_in_daemon(function: Callable[[], T], name: str) -> Future[T]:
    """Call a function in a daemon thread and return the future of its result."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(function())
        except Exception as error:  # noqa: BLE001 - raised again in `Future.result`
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


def stoppable_reply(
    chat: Callable[[threading.Event], Iterator[Piece]], stop: threading.Event | None
) -> Generator[Piece | None, None, None]:
    """Stream a model's reply, with None as a heartbeat whenever no piece came for `HEARTBEAT_SECONDS`.

    A laptop may read a prompt for minutes before the first piece; the heartbeats let the caller stop meanwhile. Closing
    this iterator sets the event that `chat` was given and waits `STOP_GRACE_SECONDS` at most. Raise IncompleteAnswer if
    `stop` was set.
    """
    ended = threading.Event()
    pieces = BackgroundIterator(lambda: chat(ended), "footnote-answer")
    try:
        while stop is None or not stop.is_set():
            try:
                piece = pieces.receive(HEARTBEAT_SECONDS)
            except TimeoutError:
                yield None
                continue
            if piece is None:
                return
            yield piece
        raise IncompleteAnswer(STOPPED)
    finally:
        ended.set()
        pieces.join(STOP_GRACE_SECONDS)
