"""Run a script with the code of another checkout, one request at a time, so that checkouts can take turns."""

import contextlib
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.config import PREFIX


@contextlib.contextmanager
def script_of(checkout: Path, script: str, arguments: Sequence[str] = ()) -> Iterator[Callable[[Any], Any]]:
    """Start a script in a process with the checkout's packages; yield a function that sends it a request.

    The script reads JSON, a request a line, and writes a line of JSON for each.
    """
    command = [sys.executable, "-P", script, *arguments]
    env = _known_settings(checkout) | {"PYTHONPATH": str(checkout)}
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


def _known_settings(checkout: Path) -> dict[str, str]:
    """Return the environment without settings that the checkout, an older one, does not know and would refuse."""
    file = checkout / "config.toml"
    tables = tomllib.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    known = {f"{PREFIX}{table}__{key}".upper() for table, keys in tables.items() for key in keys}
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX) or name.upper() in known}
