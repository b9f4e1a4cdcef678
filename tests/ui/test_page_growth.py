"""What the page keeps and sends does not grow with use, nor with the library."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from gradio.state_holder import StateHolder
from helpers.papers import PAPERS, ROOT

from rag import Assistant, Paper
from rag.errors import QuestionError
from rag.store.papers import Records
from ui.cache import cache_folder
from ui.page import make_page
from ui.paper_list import PaperCache
from ui.papers_route import add_papers_route
from ui.place import Services
from ui.question_queue import QuestionQueue
from ui.scope import filters_in
from ui.session import Chat, Session

OTTERS, TIDES, _ = PAPERS
SLOWER = 4  # than the machine on which the limits hold


def write_record(folder: Path, papers: int) -> Assistant:
    """Return a library of papers without chunks, made without a model."""
    folder.mkdir()
    records, vector = Records(folder / "footnote.sqlite"), np.zeros(384, np.float32)
    with records.transaction() as db:
        for number in range(papers):
            title = f"Paper {number} on the Otters of River {number % 97}"
            paper = Paper(
                title, title, authors=(f"Ada Brook {number}",), year=1950 + number % 70, tags=(f"t{number % 9}",)
            )
            records.put_paper(db, paper, vector, [], reading=(title.casefold(), str(number)), corrections={})
    records.close()
    return Assistant.open(library=folder, mode="quote")


def test_the_examples_follow_the_library(assistant: Assistant) -> None:
    cache = PaperCache(assistant)
    assert cache.examples is cache.examples
    assistant.edit(TIDES, title="TIDENET: Clocks under Water")
    assert cache.examples == ["What is TIDENET?"]


def test_the_library_pane_narrows_thousands_of_papers_at_once(tmp_path: Path) -> None:
    with write_record(tmp_path / "many", 5_000) as assistant:
        app = FastAPI()
        add_papers_route(app, assistant)
        client = TestClient(app)
        first = client.get("/papers.json").json()
        assert (first["total"], first["found"], len(first["papers"])) == (5_000, 5_000, 100)
        began = time.monotonic()
        narrowed = client.get("/papers.json", params={"tags": ["t1"], "order": "title", "first": 100}).json()
        assert time.monotonic() - began < 0.3 * SLOWER
        assert (narrowed["found"], len(narrowed["papers"])) == (556, 100)
        assert len(json.dumps(narrowed)) < 50_000


@pytest.mark.parametrize("scope", ["{", "[]", '{"papers": [3]}', '{"years": ["2019"]}'])
def test_a_scope_that_the_pane_does_not_make_is_refused(scope: str) -> None:
    with pytest.raises(QuestionError):
        filters_in(scope)


def test_a_scope_names_filters_and_an_empty_one_none() -> None:
    assert filters_in('{"papers": ["a"], "years": [2019], "tags": []}') == {
        "papers": ["a"],
        "years": [2019],
        "tags": None,
        "collections": None,
    }
    assert not any(filters_in("").values())


def test_the_state_of_a_hundred_browser_tabs_is_kept_and_no_more(assistant: Assistant) -> None:
    holder = StateHolder()
    holder.set_blocks(make_page(Services.of(assistant)))
    for tab in range(130):
        assert holder[str(tab)]
    assert len(holder.session_data) == len(holder.time_last_used) == 100
    assert "129" in holder


def test_a_stop_is_held_only_while_its_question_is_answered(assistant: Assistant) -> None:
    session = Session(assistant, QuestionQueue(), PaperCache(assistant))
    for tab in range(3):
        *_, last = session.ask("How many otters does the kite count?", Chat(), str(tab))
        assert last.done
        views = session.ask("What is a tide?", Chat(), f"left {tab}")
        next(views), next(views)
        assert list(session.active) == [f"left {tab}"]
        views.close()
        *_, last = session.ask("?!", Chat(), f"refused {tab}")
    assert session.active == {}


pytestmark = pytest.mark.slow

HOLDING = """
import sys, time
from ui.cache import cache_folder
with cache_folder() as folder:
    (folder / "upload.pdf").write_text("x")
    print(folder, flush=True)
    time.sleep(60)
"""


def test_the_next_start_deletes_the_folder_of_a_killed_page(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("GRADIO_TEMP_DIR", "")
    (tmp_path / "footnote-page_of_notes").mkdir()
    env = os.environ | {"TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    started = [
        subprocess.Popen([sys.executable, "-c", HOLDING], env=env, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    try:
        killed, living = (Path(process.stdout.readline().strip()) for process in started if process.stdout)
        started[0].send_signal(signal.SIGKILL)
        started[0].wait(10)
        assert (killed / "upload.pdf").exists()
        with cache_folder() as own:
            assert sorted(tmp_path.iterdir()) == sorted([own, living, tmp_path / "footnote-page_of_notes"])
            assert os.environ["GRADIO_TEMP_DIR"] == str(own)
        assert not own.exists()
        assert (living / "upload.pdf").exists()
    finally:
        for process in started:
            process.kill()
            process.wait(10)
