"""A real Chroma server, `chroma run`, on loopback, that can be killed and started again."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from .networks import Machine

_SECONDS = 60.0  # for it to start


class ChromaRun:
    """A server with its own data folder and port, which stay the same when it is started again."""

    def __init__(self, folder: Path, machine: Machine | None = None) -> None:
        self.folder, self._machine = folder, machine
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._host = machine.address if machine else "127.0.0.1"
        self.url = f"http://{self._host}:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> ChromaRun:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        chroma = str(Path(sys.executable).with_name("chroma"))
        words = [chroma, "run", "--path", str(self.folder), "--host", self._host, "--port", str(self.port)]
        quiet = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
        self._process = subprocess.Popen(self._machine.command(*words) if self._machine else words, **quiet)
        deadline = time.monotonic() + _SECONDS
        while True:
            if self._answers():
                return
            if time.monotonic() > deadline:
                self.kill()
                raise TimeoutError("chroma run does not answer")
            time.sleep(0.05)

    def _answers(self) -> bool:
        if self._machine:  # it is reached from its own machine alone
            probe = f"import socket; socket.create_connection(({self._host!r}, {self.port}), 5)"
            command = self._machine.command(sys.executable, "-c", probe)
            return subprocess.run(command, stderr=subprocess.DEVNULL, check=False).returncode == 0
        try:
            self.request("GET", "/api/v2/heartbeat")
        except httpx.HTTPError:
            return False
        return True

    def kill(self) -> None:
        """End it with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._process = None

    def request(self, method: str, path: str, body: Any = None) -> Any:
        """Return the reply to a request of its HTTP API."""
        with httpx.Client(trust_env=False, timeout=30) as client:
            response = client.request(method, f"{self.url}{path}", json=body)
        response.raise_for_status()
        return response.json()

    def collections(self) -> list[dict[str, Any]]:
        """Return all collections."""
        found: list[dict[str, Any]] = self.request("GET", f"{COLLECTIONS}?limit=1000")
        return found

    def count(self, collection: str) -> int:
        """Return how many chunks the collection with an id holds."""
        return int(self.request("GET", f"{COLLECTIONS}/{collection}/count"))


COLLECTIONS = "/api/v2/tenants/default_tenant/databases/default_database/collections"
