"""`footnote ask` with a model: the quotes at once, then prose that passes the check, or one line with the reason."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from helpers.commands import environment, footnote_here
from helpers.ollama_server import Body, OllamaServer
from helpers.papers import PAPERS

from rag.assistant import Assistant

QUESTION = "How many otters does the kite count?"
OTTERS = next(iter(PAPERS))
PROSE = "Kites count 94.5% of the otters that are counted by divers"


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("workdir")
    (folder / "otters.txt").write_text(f"{OTTERS}\n\n{PAPERS[OTTERS]}\n")
    with Assistant.open(library=folder / "library", mode="quote") as assistant:
        assistant.add(folder / "otters.txt")
    return folder


def asked(workdir: Path, reply: str, *words: str) -> str:
    with OllamaServer(reply=reply) as server:
        settings = {"FOOTNOTE_OLLAMA__HOST": server.host}
        done = footnote_here("ask", QUESTION, "--library", "library", *words, cwd=workdir, **settings)
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_the_quotes_are_printed_and_then_the_prose(workdir: Path) -> None:
    out = asked(workdir, f"{PROSE} [1].")
    quotes, prose = out.index("We fly a camera kite"), out.index(PROSE)
    assert quotes < prose
    assert "reads" not in out


def test_prose_that_fails_the_check_is_one_line(workdir: Path) -> None:
    out = asked(workdir, "The moon is made of cheese. Bananas are yellow.")
    assert out.count("We fly a camera kite") == 2  # in the text and in its reference
    assert out.endswith("\nqwen3:4b wrote an answer that the passages do not support.\n")
    assert "moon" not in out


def test_json_is_one_answer_with_what_the_model_wrote(workdir: Path) -> None:
    answer = json.loads(asked(workdir, "The moon is made of cheese. Bananas are yellow.", "--json"))
    assert (answer["mode"], answer["model"]) == ("quote", "qwen3:4b")
    assert answer["written"]["sentences"][0]["text"] == "The moon is made of cheese."
    assert answer["quotes"]["text"] == answer["text"]


def read_until(terminal: int, words: str | None) -> str:
    """Return the terminal output up to some words, or up to the end of the program."""
    said = ""
    while (words is None or words not in said) and select.select([terminal], [], [], 20)[0]:
        try:
            said += os.read(terminal, 4096).decode(errors="replace")
        except OSError:  # the program has ended
            break
    return said


def test_the_quotes_are_there_while_the_model_reads_and_a_terminal_says_so(workdir: Path) -> None:
    seen = threading.Event()

    def reply(_: Body) -> str:
        seen.wait(30)
        return f"{PROSE} [1]."

    with OllamaServer(reply=reply) as server:
        held, terminal = pty.openpty()
        command = [sys.executable, "-m", "rag", "ask", QUESTION, "--library", "library"]
        env = environment(FOOTNOTE_OLLAMA__HOST=server.host)
        with subprocess.Popen(
            command, cwd=workdir, env=env, stdout=subprocess.PIPE, stderr=terminal, text=True
        ) as running:
            os.close(terminal)
            assert running.stdout is not None
            assert "94.5%" in running.stdout.readline()
            said = read_until(held, "qwen3:4b reads 1 passage")
            seen.set()
            said += read_until(held, None)
            assert "qwen3:4b reads 1 passage" in said
            assert PROSE in running.stdout.read()
        os.close(held)
