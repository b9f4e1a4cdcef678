"""Run the command `footnote`, in a process of its own or in this one."""

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

NOBODY = "http://127.0.0.1:9"  # an Ollama that may run here is left alone


def environment(**more: str) -> dict[str, str]:
    """Ours, with this checkout's packages, and with output buffered as Python does by itself."""
    ours = {"PYTHONPATH": str(ROOT), "FOOTNOTE_OLLAMA__HOST": NOBODY}
    return {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"} | ours | more


def footnote(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, as a person runs it."""
    command = [sys.executable, "-m", "rag", *words]
    return subprocess.run(command, cwd=cwd, env=environment(**env), capture_output=True, text=True, timeout=60)


def footnote_here(*words: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """The same in this process, which saves its start."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.chdir(cwd)
        for name, value in {"FOOTNOTE_OLLAMA__HOST": NOBODY, **env}.items():
            patch.setenv(name, value)
        try:
            status = main(list(words))
        except SystemExit as error:  # argparse's way
            status = int(error.code or 0)
    printed = [stream.seek(0) or stream.read() for stream in (out, err)]
    return subprocess.CompletedProcess(words, status, *printed)
