"""Run functions of a test file in processes that can be killed; each is forked from one that has imported all."""

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


class Nursery:
    """Starts processes and collects what they tell."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def start(self, name: str, *arguments: object, kill_at: int | None = None) -> None:
        """Start a function by name, with folders, a seed for its chance, and more arguments."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps([name, kill_at, *arguments], default=str) + "\n")
        self._process.stdin.flush()

    def told(self) -> dict[str, Any]:
        """Return what a process tells next: its start, its result, its error, its exit status."""
        assert self._process.stdout
        return dict(json.loads(self._process.stdout.readline()))

    def run(
        self, name: str, *arguments: object, kill_after: float | None = None, kill_at: int | None = None
    ) -> tuple[int, str]:
        """Run a process to its end, or kill it; return its exit status and its error.

        It is killed after some seconds, or at the statement or change of a file with the number `kill_at`.
        """
        self.start(name, *arguments, kill_at=kill_at)
        process, error = self.told()["process"], ""
        killer = threading.Timer(kill_after or 0, os.kill, (process, signal.SIGKILL))
        if kill_after is not None:
            killer.start()
        while "status" not in (line := self.told()):
            error = line.get("error", error)
        killer.cancel()
        return line["status"], error


@contextlib.contextmanager
def nursery_of(file: str) -> Iterator[Nursery]:
    """Start a nursery for the functions of a file, which calls `serve` when it is run as a script."""
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT, ROOT / "tests")))}
    command = [sys.executable, file]
    with subprocess.Popen(command, env=env, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        yield Nursery(process)
        assert process.stdin
        process.stdin.close()


def serve(functions: Mapping[str, Any]) -> None:
    """For each line on stdin fork a process; what it tells, and its exit status, stand on stdout."""
    import chromadb  # noqa: F401

    running: set[int] = set()
    heard = b""  # a buffered reader would hide lines from `select`
    while True:
        if select.select([0], [], [], 0.01)[0]:
            more_heard = os.read(0, 65536)
            if not more_heard:
                break
            heard += more_heard
        *lines, heard = heard.split(b"\n")
        for line in lines:
            name, kill_at, *arguments = json.loads(line)
            process = os.fork()
            if not process:
                _run(functions[name], kill_at, *arguments)
            running.add(process)
            _tell({"process": process, "began": name})
        for process in list(running):
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                running.discard(process)
                _tell({"process": process, "status": os.waitstatus_to_exitcode(status)})


def _run(function: Any, kill_at: int | None, library: str, papers: str, seed: float, *more: Any) -> None:
    status = 1
    try:
        if kill_at is not None:
            _die_at(kill_at)
        told = function(Path(library), Path(papers), random.Random(seed), *more)
        _tell({"process": os.getpid(), "told": told})
        status = 0
    except BaseException:  # noqa: BLE001  # it must not go on as its parent
        _tell({"process": os.getpid(), "error": traceback.format_exc()[-1500:]})
    finally:
        os._exit(status)


def _die_at(number: int) -> None:
    """Kill this process before it carries out the SQL statement or change of a file with this number."""
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


def _tell(value: dict[str, Any]) -> None:
    os.write(1, (json.dumps(value) + "\n").encode())
