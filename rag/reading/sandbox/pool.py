"""Worker processes with limits of time and memory: whatever reads a stranger's file runs in one.

The parent's side: `call` sends a request to an idle worker (`worker`) as a frame of JSON and waits for the
frame that answers it. A worker that crashes, or takes more time or memory than its limits allow, costs one request.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import logging
import os
import select
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import SourceError
from ...text.cleaning import clean

RETIRED = 75  # the exit status of a worker that had nothing to do
SIZE = 4  # bytes before each frame that tell its length
_TICK = 0.1  # seconds between two looks at `stop`
_SHOWN = 300  # characters of an unexpected exception

log = logging.getLogger("footnote")


class Limits(NamedTuple):
    """What one request may take, and the reasons given where it takes more.

    `cpu` and `wall` are seconds, `memory` is bytes of address space, `reply` bytes of the answer's frame.
    """

    cpu: float
    wall: float
    memory: int
    reply: int
    too_long: str
    too_large: str
    broken: str


class _Gone(Exception):
    """The worker ended, or broke the protocol, before it answered."""


class _Late(Exception):
    """The worker did not answer in time."""


class _Worker:
    """A worker process, in a session of its own so that what it starts ends with it."""

    def __init__(self) -> None:
        # One arena and one thread: more take hundreds of megabytes of address space, which is what is limited.
        alone = {"MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rag.reading.sandbox.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=Path(__file__).parents[3],
            env={**os.environ, **alone},
            start_new_session=True,
        )

    def ask(self, request: bytes, limits: Limits, stop: threading.Event | None) -> bytes:
        """Return the frame that answers a request.

        Raises:
            _Gone: the worker ended first.
            _Late: its time by the clock is over.
            SourceError: the answer is too large, or `stop` was set.
        """
        assert self.process.stdin
        assert self.process.stdout
        try:
            self.process.stdin.write(len(request).to_bytes(SIZE, "big") + request)
        except OSError as error:
            raise _Gone from error
        deadline = time.monotonic() + limits.wall
        waiting = select.poll()
        waiting.register(self.process.stdout, select.POLLIN)
        frame = bytearray()
        while (left := deadline - time.monotonic()) > 0:
            if stop is not None and stop.is_set():
                raise SourceError("reading was stopped")
            if not waiting.poll(1000 * min(left, _TICK)):
                continue
            piece = os.read(self.process.stdout.fileno(), 1 << 20)
            if not piece:
                raise _Gone
            frame += piece
            size = int.from_bytes(frame[:SIZE], "big") if len(frame) >= SIZE else limits.reply
            if size > limits.reply:
                raise SourceError(limits.too_large)
            if len(frame) >= SIZE + size:
                return bytes(frame[SIZE : SIZE + size])
        raise _Late

    def end(self) -> int:
        """End the process and what it started; return its exit status, negative for a signal."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(0.5 if self.process.stdout and self._is_closed() else 0)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        status = self.process.wait()
        for pipe in filter(None, (self.process.stdin, self.process.stdout)):
            with contextlib.suppress(OSError):
                pipe.close()
        return status

    def _is_closed(self) -> bool:
        """Whether the worker has closed its output: it is ending by itself."""
        waiting = select.poll()
        waiting.register(self.process.stdout, 0)  # type: ignore[arg-type]
        return bool(waiting.poll(0))


class _Pool:
    """Idle workers, at most one a core; as many are started as are needed at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Worker] = []

    def take(self) -> _Worker:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return _Worker()

    def give(self, worker: _Worker) -> None:
        with self._lock:
            if len(self._idle) < (os.cpu_count() or 1):
                self._idle.append(worker)
                return
        worker.end()

    def close(self) -> None:
        with self._lock:
            idle, self._idle = self._idle, []
        for worker in idle:
            worker.end()

    def forget(self) -> None:
        """Leave the workers to the parent that this process was forked from."""
        self._lock = threading.Lock()
        self._idle = []


_POOL = _Pool()
os.register_at_fork(after_in_child=_POOL.forget)


def close_idle() -> None:
    """End the workers that have nothing to do; more are started when they are needed."""
    _POOL.close()


atexit.register(close_idle)


def call(work: str, arguments: dict[str, Any], limits: Limits, stop: threading.Event | None = None) -> Any:
    """Return what a worker answers to a request; `work` is one of the works that rag.reading.sandbox.worker names.

    Whatever goes wrong there is a SourceError here, so that it costs one file.

    Raises:
        SourceError: the reason that the worker gave, why it was ended, or what failed unexpectedly.
    """
    about = {"cpu": limits.cpu, "memory": limits.memory}
    request = json.dumps({"work": work, "arguments": arguments, **about}).encode()
    try:
        reply = _reply(request, limits, stop)
        if "refused" in reply:
            raise SourceError(clean(str(reply["refused"])))
        if "unexpected" in reply:
            log.debug("%s", clean(str(reply.get("trace", ""))))
            raise SourceError(unexpected(clean(str(reply["unexpected"]))))
        return reply["value"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(limits.broken) from error


def unexpected(error: BaseException | str) -> str:
    """The reason that is given for an exception that no reader is known to raise."""
    text = error if isinstance(error, str) else f"{type(error).__name__}: {error}"
    text = " ".join(clean(text).split()).rstrip(": ")
    return f"reading it failed unexpectedly ({text[:_SHOWN]})"


def _reply(request: bytes, limits: Limits, stop: threading.Event | None) -> dict[str, Any]:
    while True:
        worker = _POOL.take()
        try:
            frame = worker.ask(request, limits, stop)
            reply = json.loads(frame)
            if not isinstance(reply, dict):
                raise TypeError("no object")
        except _Gone as error:
            status = worker.end()
            if status == RETIRED:
                continue  # while it was idle
            raise SourceError(limits.too_long if status == -signal.SIGPROF else limits.broken) from error
        except _Late as error:
            worker.end()
            raise SourceError(limits.too_long) from error
        except BaseException:
            worker.end()
            raise
        if reply.get("spent"):
            worker.end()
        else:
            _POOL.give(worker)
        if "broken" in reply:
            raise SourceError(limits.broken)
        return reply
