"""Run functions of a test file in processes that can be killed, forked from one that has done all imports."""

from __future__ import annotations

import contextlib
import json
import os
import random
import select
import signal
import sqlite3
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from helpers.papers import ROOT

_CHANGES = ("os.link", "os.mkdir", "os.remove", "os.rename", "os.rmdir")  # audit events of the file system


class ForkServer:
    """Starts processes and receives their messages."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, name: str, *arguments: object, kill_at: int | None = None) -> None:
        """Start a function by name, with its folders, its random seed and further arguments."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([name, kill_at, *arguments], default=str) + "\n")
        self._process.stdin.flush()

    def receive(self) -> dict[str, Any]:
        """Return the next message of a process: its start, its result, its error or its exit status."""
        assert self._process.stdout
        return dict(json.loads(self._process.stdout.readline()))

    def run(
        self, name: str, *arguments: object, kill_after: float | None = None, kill_at: int | None = None
    ) -> tuple[int, str]:
        """Run a process to its end, or kill it; return its exit status and error.

        It is killed after `kill_after` seconds, or before SQL statement or file system change number `kill_at`.
        """
        self.start(name, *arguments, kill_at=kill_at)
        process, error = self.receive()["process"], ""
        killer = threading.Timer(kill_after or 0, os.kill, (process, signal.SIGKILL))
        if kill_after is not None:
            killer.start()
        while "status" not in (line := self.receive()):
            error = line.get("error", error)
        killer.cancel()
        return line["status"], error


@contextlib.contextmanager
def start_fork_server(file: str) -> Iterator[ForkServer]:
    """Start a server for the functions of a file, which calls `serve` when it is run as a script."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests")))}
    command = [sys.executable, file]
    with subprocess.Popen(command, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield ForkServer(process)
        assert process.stdin
        process.stdin.close()


def serve(functions: Mapping[str, Any]) -> None:
    """Fork a process for each line on stdin; write its messages and its exit status to stdout."""
    import chromadb  # noqa: F401

    running: set[int] = set()
    received = b""  # a buffered reader would hide lines from `select`
    while True:
        if select.select([0], [], [], 0.01)[0]:
            more = os.read(0, 65536)
            if not more:
                break
            received += more
        *lines, received = received.split(b"\n")
        for line in lines:
            name, kill_at, *arguments = json.loads(line)
            process = os.fork()
            if not process:
                _run(functions[name], kill_at, *arguments)
            running.add(process)
            _send({"process": process, "began": name})
        for process in list(running):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                running.discard(process)
                _send({"process": process, "status": os.waitstatus_to_exitcode(status)})


def _run(function: Any, kill_at: int | None, library: str, papers: str, seed: float, *more: Any) -> None:
    status = 1
    try:
        if kill_at is not None:
            _die_at(kill_at)
        result = function(Path(library), Path(papers), random.Random(seed), *more)
        _send({"process": os.getpid(), "result": result})
        status = 0
    except BaseException:  # noqa: BLE001  # the child must not continue as its parent
        _send({"process": os.getpid(), "error": traceback.format_exc()[-1500:]})
    finally:
        os._exit(status)


def _die_at(number: int) -> None:
    """Kill this process before the SQL statement or file system change with this number."""
    left = number

    def step(*_: object) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    connect = sqlite3.connect

    def watched(*arguments: Any, **named: Any) -> sqlite3.Connection:
        db = connect(*arguments, **named)
        db.set_trace_callback(step)
        return db

    sqlite3.connect = watched
    sys.addaudithook(lambda event, _: step() if event in _CHANGES else None)


def _send(value: dict[str, Any]) -> None:
    os.write(1, (json.dumps(value) + "\n").encode())
