"""Libraries whose index is on a Chroma server: what commands, answers, the status and the doctor say of it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.chroma_run import ChromaRun
from helpers.commands import environment, footnote
from helpers.networks import can_be_made, two_machines
from helpers.papers import PAPERS

from rag.assistant import Assistant
from rag.doctor import Finding
from rag.store import chroma_server

OTTERS, TIDES, BIRDS = PAPERS
QUESTION = "How many otters does the kite count?"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ChromaRun]:
    with ChromaRun(tmp_path / "chroma") as started:
        yield started


def index_finding(assistant: Assistant) -> Finding:
    return next(finding for finding in assistant.check() if finding.what.startswith("index"))


def test_answers_status_and_doctor_say_when_the_server_is_gone_and_when_it_is_back(
    assistant: Assistant, server: ChromaRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"EXACT": 0, "SCANNED": 0, "IDLE_SECONDS": 0.0}.items():
        monkeypatch.setattr(f"rag.store.index.{name}", value)
    monkeypatch.setattr(chroma_server, "QUESTION_SECONDS", 0.5)
    monkeypatch.setattr(chroma_server, "PAUSE_SECONDS", 0.0)
    overrides = {"index": {"url": server.url}, "ollama": {"host": "http://127.0.0.1:9"}}
    with Assistant.open(library=assistant.status().folder, mode="quote", overrides=overrides) as shared:
        shared.rebuild()
        whole = shared.ask(QUESTION)
        assert (whole.notes, shared.status().gap) == ((), "")
        found = index_finding(shared)
        assert (found.ok, found.what.endswith(f"on the Chroma server at {server.url}")) == (True, True)

        server.kill()
        words = shared.ask(QUESTION)
        assert [citation.title for citation in words.citations] == [citation.title for citation in whole.citations]
        (note,) = words.notes
        assert note.startswith("Searched by words alone, without vectors. The Chroma server at http://127.0.0.1:")
        assert note in str(words)
        assert shared.status().gap == note
        found = index_finding(shared)
        assert (found.ok, found.what) == (
            False,
            "index: its Chroma server cannot be used; questions are answered without it",
        )
        assert "Start it (`chroma run --path FOLDER`), or check [index] url." in found.remedy

        server.start()
        again = shared.ask(QUESTION)
        assert (again.text, again.notes, shared.status().gap) == (whole.text, (), "")


def test_papers_are_added_without_the_server_and_indexed_by_the_next_add(
    folder: Path, tmp_path: Path, server: ChromaRun
) -> None:
    server.kill()
    env = {"FOOTNOTE_INDEX__URL": server.url}
    first, second = sorted(folder.iterdir())[:2]
    done = footnote("add", str(first), cwd=tmp_path, **env)
    assert (done.returncode, done.stdout) == (0, "1 added\n")
    assert f"The papers are stored. The Chroma server at {server.url} does not answer" in done.stderr
    server.start()
    assert footnote("add", str(second), cwd=tmp_path, **env).stderr.count("Chroma") == 0
    (collection,) = server.collections()
    assert server.count(collection["id"]) == 2
    assert f"on the Chroma server at {server.url}" in footnote("doctor", cwd=tmp_path, **env).stdout


@pytest.mark.skipif(not can_be_made(), reason="namespaces of the network cannot be made here")
def test_a_server_on_another_machine_is_used_only_if_that_is_allowed(folder: Path, tmp_path: Path) -> None:
    """The machines are two namespaces of the network: what connects them is no loopback."""
    with two_machines() as (here, there), ChromaRun(tmp_path / "chroma", there) as server:
        added = {}
        for allowed in ("false", "true"):
            words = ["-m", "rag", "add", str(folder), "--library", f"library {allowed}"]
            env = environment(FOOTNOTE_INDEX__URL=server.url, FOOTNOTE_INDEX__ALLOW_REMOTE=allowed)
            command = here.command(sys.executable, *words)
            added[allowed] = subprocess.run(
                command, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=120, check=True
            ).stderr
            reach = here.command(sys.executable, "-c", _COLLECTIONS, server.url)
            found = json.loads(subprocess.run(reach, capture_output=True, check=True, timeout=60).stdout)
            assert len(found) == (allowed == "true")
    assert f"The Chroma server at {server.url} is another machine" in added["false"]
    assert "[index] allow_remote = true" in added["false"]
    assert "Chroma" not in added["true"]


_COLLECTIONS = """
import sys, httpx
path = "/api/v2/tenants/default_tenant/databases/default_database/collections"
print(httpx.get(sys.argv[1] + path, trust_env=False, timeout=30).text)
"""
