"""Run requests in worker processes with time and memory limits.

Requests and replies are frames on the worker's stdin and stdout: a four-byte length, then JSON. A worker that crashes
or exceeds its limits fails only its current request.
"""

import atexit
import contextlib
import json
import logging
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from ...errors import SourceError
from ...text.cleaning import clean
from ..failures import unexpected
from .limits import LIMITS_MEMORY, Limits, kill_all, uses_too_much

IDLE_EXIT_STATUS = 75
LENGTH_BYTES = 4
_POLL_SECONDS = 0.1  # between checks of `stop`, and of memory where the system does not limit it
_OVER_TIME = -getattr(signal, "SIGPROF", 0)  # the status of a worker whose processor time is over

log = logging.getLogger("footnote")
_T = TypeVar("_T")


class _WorkerDied(Exception):
    """The worker exited, or closed its output, before it replied."""


class _WorkerTimedOut(Exception):
    """The worker did not reply within its wall-clock limit."""


class _Worker:
    """A worker process, in its own session so that its children end with it."""

    def __init__(self) -> None:
        # Additional malloc arenas and threads would use up hundreds of megabytes of the limited address space.
        single = {"MALLOC_ARENA_MAX": "1", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "rag.reading.sandbox.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            cwd=Path(__file__).parents[3],
            env={**os.environ, **single},
            start_new_session=True,
        )
        self._pieces: queue.Queue[bytes] = queue.Queue(maxsize=4)
        self._is_ended = False
        self._reader = threading.Thread(target=self._read, name="footnote-worker", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        """Pass on what the process writes, as not every system can wait for a pipe with a deadline; b"" at the end."""
        assert self.process.stdout
        piece = b"?"
        while piece and not self._is_ended:
            try:
                piece = os.read(self.process.stdout.fileno(), 1 << 20)
            except (OSError, ValueError):
                piece = b""
            while not self._is_ended:
                with contextlib.suppress(queue.Full):
                    self._pieces.put(piece, timeout=_POLL_SECONDS)
                    break

    def request(self, request: bytes, limits: Limits, stop: threading.Event | None) -> bytes:
        """Return the reply to a request.

        Raise _WorkerDied or _WorkerTimedOut if there is none. Raise SourceError if the reply is too large, or `stop`
        was set.
        """
        assert self.process.stdin
        try:
            self.process.stdin.write(len(request).to_bytes(LENGTH_BYTES, "big") + request)
        except OSError as error:
            raise _WorkerDied from error
        deadline = time.monotonic() + limits.wall
        frame = bytearray()
        while (left := deadline - time.monotonic()) > 0:
            if stop is not None and stop.is_set():
                raise SourceError("reading was stopped")
            try:
                piece = self._pieces.get(timeout=min(left, _POLL_SECONDS))
            except queue.Empty:
                if not LIMITS_MEMORY and uses_too_much(self.process.pid, limits.memory):
                    raise SourceError(limits.broken) from None
                continue
            if not piece:
                raise _WorkerDied
            frame += piece
            size = int.from_bytes(frame[:LENGTH_BYTES], "big") if len(frame) >= LENGTH_BYTES else limits.reply
            if size > limits.reply:
                raise SourceError(limits.too_large)
            if len(frame) >= LENGTH_BYTES + size:
                return bytes(frame[LENGTH_BYTES : LENGTH_BYTES + size])
        raise _WorkerTimedOut

    def end(self, grace_seconds: float = 0) -> int:
        """Wait for the process to exit, then kill it and its children; return its status, negative for a signal."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(grace_seconds)
        kill_all(self.process)
        status = self.process.wait()
        self._is_ended = True
        self._reader.join(1)  # what it reads has ended
        for pipe in filter(None, (self.process.stdin, self.process.stdout)):
            with contextlib.suppress(OSError):
                pipe.close()
        return status


class WorkerPool:
    """Keep idle workers for reuse, at most one per core; start more on demand."""

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """Forget all workers: after a fork they belong to the parent."""
        self._lock = threading.Lock()
        self.idle: list[_Worker] = []

    def take(self) -> _Worker:
        """Return an idle worker, or a new one."""
        with self._lock:
            if self.idle:
                return self.idle.pop()
        return _Worker()

    def give_back(self, worker: _Worker) -> None:
        """Keep a worker for the next request, or end it if enough are idle."""
        with self._lock:
            if len(self.idle) < (os.cpu_count() or 1):
                self.idle.append(worker)
                return
        worker.end()

    def close(self) -> None:
        """End the idle workers."""
        with self._lock:
            idle, self.idle = self.idle, []
        for worker in idle:
            worker.end()


POOL = WorkerPool()
if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=POOL.reset)
atexit.register(POOL.close)


def call(
    task: str,
    arguments: dict[str, Any],
    limits: Limits,
    stop: threading.Event | None = None,
    *,
    parse: Callable[[Any], _T] = lambda value: value,
) -> _T:
    """Return the result of a task of `worker.TASKS`, run in a worker process.

    The worker is killed once `stop` is set. `parse` turns its JSON into the result, and raises ValueError, KeyError or
    TypeError if that is invalid. Raise SourceError if the task failed in any way; the message is the reader's reason,
    or one of the `limits`.
    """
    request = {"task": task, "arguments": arguments, "cpu": limits.cpu, "memory": limits.memory}
    try:
        reply = _reply(json.dumps(request).encode(), limits, stop)
        if "refused" in reply:
            raise SourceError(clean(str(reply["refused"])))
        if "unexpected" in reply:
            log.debug("%s", clean(str(reply.get("trace", ""))))
            raise SourceError(unexpected(clean(str(reply["unexpected"]))))
        return parse(reply["value"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise SourceError(limits.broken) from error


def _reply(request: bytes, limits: Limits, stop: threading.Event | None) -> dict[str, Any]:
    while True:
        worker = POOL.take()
        try:
            reply = json.loads(worker.request(request, limits, stop))
            if not isinstance(reply, dict):
                raise TypeError("the reply is not an object")
        except _WorkerDied as error:
            status = worker.end(grace_seconds=0.5)  # it is exiting
            if status == IDLE_EXIT_STATUS:
                continue  # it had just retired
            raise SourceError(limits.too_long if status == _OVER_TIME else limits.broken) from error
        except _WorkerTimedOut as error:
            worker.end()
            raise SourceError(limits.too_long) from error
        except BaseException:
            worker.end()
            raise
        if reply.get("retiring"):
            worker.end()
        else:
            POOL.give_back(worker)
        if "broken" in reply:
            raise SourceError(limits.broken)
        return reply
