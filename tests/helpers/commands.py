"""Run the command `footnote`, in a new process or in this one."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from helpers.papers import ROOT
from rag.cli.parser import main

NOBODY = "http://127.0.0.1:9"  # so that an Ollama on this machine is not used


def environment(**more: str) -> dict[str, str]:
    """Return our environment with this checkout's packages and with Python's default output buffering."""
    ours = {"PYTHONPATH": str(ROOT), "FOOTNOTE_OLLAMA__HOST": NOBODY}
    return {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"} | ours | more


def footnote(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a new process, like a user."""
    command = [sys.executable, "-m", "rag", *words]
    return subprocess.run(command, cwd=cwd, env=environment(**env), capture_output=True, text=True, timeout=60)


def footnote_here(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run the command in this process, which saves the startup time."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(cwd)
        for name, value in {"FOOTNOTE_OLLAMA__HOST": NOBODY, **env}.items():
            patch.setenv(name, value)
        try:
            status = main(list(words))
        except SystemExit as error:  # raised by argparse
            status = int(error.code or 0)
    printed = [stream.seek(0) or stream.read() for stream in (out, err)]
    return subprocess.CompletedProcess(words, status, *printed)
