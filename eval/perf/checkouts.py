"""Run a script with the code of another checkout, one request at a time, so that checkouts can take turns."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any


@contextlib.contextmanager
def script_of(checkout: Path, script: str, arguments: Sequence[str] = ()) -> Iterator[Callable[[Any], Any]]:
    """Start a script in a process with the checkout's packages; yield a function that sends it a request.

    The script reads JSON, a request a line, and writes a line of JSON for each.
    """
    command = [sys.executable, "-P", script, *arguments]
    env = os.environ | {"PYTHONPATH": str(checkout)}
    with subprocess.Popen(
        command, cwd=checkout, env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def ask(request: Any) -> Any:
            print(json.dumps(request), file=process.stdin, flush=True)
            line = process.stdout.readline() if process.stdout else ""
            if not line:
                raise RuntimeError(f"{Path(script).name} ended with {process.wait()} in {checkout}")
            return json.loads(line)

        yield ask
        process.stdin.close()
