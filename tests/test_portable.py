"""What only POSIX systems have is not needed: files are read and asked without it, as on Windows.

Windows and macOS themselves were not at hand: this hides what they lack from the program's own modules.
"""

from __future__ import annotations

import ast
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.papers import ROOT, write_pdf

HIDE = """
import builtins, os, select, signal, subprocess, selectors, sys
for owner, names in {
    os: "killpg getpgrp nice",
    signal: "setitimer ITIMER_PROF SIGPROF",
    select: "poll",
}.items():
    for name in names.split():
        delattr(owner, name)
real = builtins.__import__
def hidden(name, globals=None, locals=None, fromlist=(), level=0):
    caller = (globals or {}).get("__name__", "")
    if name in {"resource", "fcntl", "pwd", "grp", "termios"} and caller.split(".")[0] in {"rag", "ui"}:
        raise ImportError(name)
    return real(name, globals, locals, fromlist, level)
builtins.__import__ = hidden
"""
ASK = """
import sys
from pathlib import Path
from rag import Assistant
from rag.reading.bibliography.snapshot import sqlite_snapshot
from rag.reading.sandbox import pool, limits
folder = Path(sys.argv[1])
pool.LIMITS_MEMORY = False
with Assistant.open(folder / "library", mode="quote", overrides={"cross_encoder": {"model": "none"}}) as assistant:
    report = assistant.add([folder / "dams.pdf", folder / "otters.txt"])
    assert not report.failed, report.failed
    print(len(assistant.papers()), assistant.ask("By how much does a dam lower a summer flood?").text)
with sqlite_snapshot(folder / "zotero.sqlite") as database:
    database.execute("SELECT 1")
assert limits.resource is None
"""


def test_files_are_read_and_asked_without_what_only_posix_systems_have(tmp_path: Path) -> None:
    (tmp_path / "hidden").mkdir()
    (tmp_path / "hidden" / "sitecustomize.py").write_text(HIDE)
    write_pdf(
        tmp_path / "dams.pdf",
        "Beaver Dams and Summer Floods",
        "Beavers build dams across small streams. A dam of sticks and mud lowers the peak of a summer flood by 31% "
        "in the valley below it.",
        "We measured 27 streams over four summers. Streams with a dam carried 18 grams of silt per litre, half as much "
        "as those without.",
    )
    (tmp_path / "otters.txt").write_text("Otters Count Kites\n\nAn otter counts 12 kites.\n")
    sqlite3.connect(tmp_path / "zotero.sqlite").close()
    env = os.environ | {"PYTHONPATH": f"{tmp_path / 'hidden'}{os.pathsep}{ROOT}"}
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(tmp_path)], env=env, capture_output=True, text=True, timeout=120, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("2 ")
    assert "31%" in done.stdout


POSIX_MODULES = {"fcntl", "grp", "pwd", "resource", "termios"}
POSIX_OWNERS = {"os", "select", "signal"}
POSIX_NAMES = {"fork", "getpgrp", "killpg", "nice", "register_at_fork", "setitimer", "SIGKILL", "SIGPROF", "poll"}


@pytest.mark.parametrize("package", ["rag", "ui"])
def test_what_only_posix_systems_have_stands_behind_a_question_for_it(package: str) -> None:
    """In `try`, or under `if hasattr(...)` or an earlier test of the same kind in that function."""
    unasked = []
    for path in (ROOT / package).rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        for node in ast.walk(ast.parse(source)):
            names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            is_call = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
            used = (node.value.id, node.attr) if is_call else ("", "")  # type: ignore[attr-defined]
            is_posix = bool(names & POSIX_MODULES) or (used[0] in POSIX_OWNERS and used[1] in POSIX_NAMES)
            before = "\n".join(source.splitlines()[max(0, getattr(node, "lineno", 1) - 5) : getattr(node, "lineno", 1)])
            if is_posix and not any(asked in before for asked in ("hasattr(", "try:", "is not None")):
                unasked.append(f"{path.relative_to(ROOT)}:{node.lineno}")  # type: ignore[attr-defined]
    assert unasked == []
