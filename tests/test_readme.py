"""The README's snippets run as typed, in a checkout with its own home folder."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.papers import ROOT

from eval.questions import load_questions
from rag.cli.parser import main
from rag.text.readable import folded

README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)

NOT_RUN = {  # a command -> why it is not run here
    "make .*": "sets up .venv with pip",
    "python3 -m venv .*": "sets up .venv",
    ".venv/bin/pip .*": "installs packages",
    ".venv/bin/footnote chat .*": "serves until it is stopped: see test_page.py",
    "python -m eval": "scores 303 questions for minutes: see test_gate.py",
    "python -m eval compare .*": "compares two such runs: see test_compare.py",
}


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that looks like a checkout, and in it the sample collection in the libraries that the README names."""
    folder = tmp_path_factory.mktemp("checkout")
    for name in ("eval", "rag", "ui", "config.toml"):
        (folder / name).symlink_to(ROOT / name)
    done = run(folder, sys.executable, "-m", "rag", "add", "eval/sample", "--library", "sample-library")
    assert done.stdout == "84 added\n", done.stderr
    users = folder / "home" / ".local" / "share" / "footnote"
    users.parent.mkdir(parents=True)
    shutil.copytree(folder / "sample-library", users)
    return folder


def run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("FOOTNOTE_", "XDG_DATA"))}
    home = {"HOME": str(folder / "home"), "XDG_DATA_HOME": str(folder / "home" / ".local" / "share")}
    # The model's export is this machine's, and an Ollama that may run here is left alone.
    cache = {"XDG_CACHE_HOME": os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))}
    env = kept | home | cache | {"PYTHONPATH": str(ROOT), "FOOTNOTE_OLLAMA__HOST": "http://127.0.0.1:9"}
    return subprocess.run(words, cwd=folder, env=env, capture_output=True, text=True, timeout=240)


def words_of(command: str) -> list[str]:
    """A command as a shell reads it, with this Python and this checkout's `footnote`."""
    words = shlex.split(command)
    if words[0] in ("footnote", ".venv/bin/footnote"):
        return [sys.executable, "-m", "rag", *words[1:]]
    assert words[0] == "python"
    return [sys.executable, *words[1:]]


def commands() -> list[str]:
    lines = [line for kind, text in BLOCKS if kind == "sh" for line in text.splitlines()]
    return [shlex.join(shlex.split(line, comments=True)) for line in lines]


def is_run(command: str) -> bool:
    return not any(re.fullmatch(pattern, command) for pattern in NOT_RUN)


def test_every_snippet_is_of_a_kind_that_is_run_here_or_has_a_reason_why_not() -> None:
    assert {kind for kind, _ in BLOCKS} == {"console", "sh", "python", "json"}
    assert all(any(re.fullmatch(pattern, command) for command in commands()) for pattern in NOT_RUN)


def shown() -> list[tuple[str, str]]:
    (transcript,) = [text for kind, text in BLOCKS if kind == "console"]
    return [tuple(part.split("\n", 1)) for part in re.split(r"^\$ ", transcript, flags=re.MULTILINE)[1:]]  # type: ignore[misc]


@pytest.mark.parametrize(("command", "output"), shown())
def test_a_transcript_shows_what_is_printed(checkout: Path, command: str, output: str) -> None:
    done = run(checkout, *words_of(command))
    assert done.returncode == 0, done.stderr
    printed = " ".join(done.stdout.split())
    for piece in re.split(r"\.\.\.|\n\n", output):
        assert " ".join(piece.split()) in printed


@pytest.mark.parametrize("command", filter(is_run, commands()))
def test_a_command_runs(checkout: Path, command: str) -> None:
    (questions,) = [text for kind, text in BLOCKS if kind == "json"]
    (checkout / "my.jsonl").write_text(questions)
    done = run(checkout, *words_of(command))
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr


def test_the_python_snippet_runs(checkout: Path) -> None:
    (code,) = [text for kind, text in BLOCKS if kind == "python"]
    done = run(checkout, sys.executable, "-c", f"{code}\nprint(len(answer.passages), len(passages), report)")
    assert done.returncode == 0, done.stderr
    assert "Critic-Guided Planning" in done.stdout
    assert done.stdout.splitlines()[-1] == "10 20 0 added, 84 unchanged"


def test_the_question_set_is_one(tmp_path: Path) -> None:
    (text,) = [text for kind, text in BLOCKS if kind == "json"]
    (tmp_path / "my.jsonl").write_text(text)
    rows = [json.loads(line) for line in text.splitlines()]
    titles = [title for row in rows for title in (*row["gold_titles"], *row.get("near", []))]
    assert [question.id for question in load_questions(tmp_path / "my.jsonl", titles)] == [row["id"] for row in rows]
    sample = " ".join(path.read_text() for path in (ROOT / "eval" / "sample").glob("*.md"))
    assert all(folded(title) in folded(sample) for title in titles)


def test_the_snippets_import_from_rag_alone() -> None:
    (code,) = [text for kind, text in BLOCKS if kind == "python"]
    assert {line.split()[1] for line in code.splitlines() if re.match("(from|import) ", line)} == {"rag"}
    assert not re.search(r"\brag(\.\w+){2,}|\brag\.[a-z]\w*", re.sub(r"\(rag/.*?\)", "", README))


def test_every_command_that_is_named_exists(capsys: pytest.CaptureFixture[str]) -> None:
    names = set(re.findall(r"`footnote ([a-z]+)", README))
    assert {"add", "ask", "search", "list", "history", "doctor"} <= names
    for name in names:
        with pytest.raises(SystemExit) as ended:
            main([name, "--help"])
        assert ended.value.code == 0, name
    capsys.readouterr()
