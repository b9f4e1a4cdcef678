"""What the page holds and loads does not grow with use, nor with the library beyond what is shown."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from gradio.state_holder import StateHolder
from helpers.papers import PAPERS, ROOT

from rag.assistant import Assistant
from rag.store.papers import Records
from rag.types import Paper
from ui.admission import Counter
from ui.cache import cache_folder
from ui.page import make_page
from ui.paper_list import Shelf, Shelves
from ui.tabs.answers import Asking, Talk
from ui.tabs.papers import MOST_CHOICES, MOST_ROWS, Papers

OTTERS, TIDES, _ = PAPERS


def write_record(folder: Path, papers: int) -> Assistant:
    """A library of so many papers without chunks, made without a model."""
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


def test_the_papers_are_loaded_once_for_each_state_of_the_record(
    assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[int] = []
    load = Records.papers
    monkeypatch.setattr(Records, "papers", lambda self: (loads.append(1), load(self))[1])
    shelves = Shelves(assistant)
    papers, asking = Papers(assistant, shelves), Asking(assistant, Counter(), shelves)

    def action() -> None:
        papers.listed()
        papers.choices(), papers.years(), papers.tags(), papers.unread()
        asking.examples(), asking.evidence(Talk()), asking.head()

    action()
    action()
    assert len(loads) == 1
    assistant.edit(TIDES, year=2019)
    action()
    assert len(loads) == 2
    assert papers.years() == [2019]


def test_the_table_shows_the_first_papers_of_many_and_finds_all(tmp_path: Path) -> None:
    with write_record(tmp_path / "many", 2 * MOST_ROWS + 1) as assistant:
        papers = Papers(assistant, Shelves(assistant))
        rows, choices, note = papers.listed()
        assert (len(rows), len(choices), len(papers.choices())) == (MOST_ROWS, MOST_ROWS, MOST_CHOICES)
        assert note == "The first 500 of 1,001 papers are shown. Search to find others."
        rows, choices, note = papers.listed("brook 1000")
        assert [row[0] for row in rows] == ["Paper 1000 on the Otters of River 30"]
        assert ([label for label, _ in choices], note) == (["Paper 1000 on the Otters of River 30 (1970)"], "")
        assert papers.listed("nowhere").rows == []


def test_what_an_action_sends_does_not_grow_with_the_library(tmp_path: Path) -> None:
    sizes = []
    for name, count in (("small", 1 * MOST_ROWS), ("large", 4 * MOST_ROWS)):
        with write_record(tmp_path / name, count) as assistant:
            sizes.append(len(json.dumps(Papers(assistant, Shelves(assistant)).listed())))
    assert sizes[1] < 1.05 * sizes[0]


def test_unread_files_are_listed_up_to_a_limit(assistant: Assistant) -> None:
    records = assistant.library.records
    with records.transaction(of_papers=False) as db:
        for number in range(MOST_ROWS + 2):
            db.execute("INSERT INTO failures VALUES (?, ?, '', 'it is empty')", (f"/x/{number}.txt", f"{number}.txt"))
    lines = Papers(assistant, Shelves(assistant)).unread()
    assert (len(lines), lines[0], lines[-1]) == (MOST_ROWS + 1, "0.txt: it is empty", "2 more files")


def test_papers_are_found_by_all_words_in_any_field() -> None:
    ada = Paper("Otters \\& Kites", "", "a", authors=("Ada Brook",), tags=("water",), sources=("kites.pdf",))
    shelf = Shelf({"a": ada, "b": Paper("Tides", "", "b")})
    for words in ("otters & kites", "BROOK water", "kites.pdf", " ada  otters "):
        assert shelf.holding(words) == [ada]
    assert shelf.holding("otters tides") == []
    assert len(shelf.holding("")) == 2


def test_the_state_of_a_hundred_browser_tabs_is_kept_and_no_more(assistant: Assistant) -> None:
    holder = StateHolder()
    holder.set_blocks(make_page(assistant, Counter()))
    for tab in range(130):
        assert holder[str(tab)]
    assert len(holder.session_data) == len(holder.time_last_used) == 100
    assert "129" in holder


def test_a_stop_is_held_only_while_its_question_is_answered(assistant: Assistant) -> None:
    asking = Asking(assistant, Counter(), Shelves(assistant))
    for tab in range(3):
        *_, last = asking.views("How many otters does the kite count?", Talk(), str(tab))
        assert last.done
        views = asking.views("What is a tide?", Talk(), f"left {tab}")
        next(views), next(views)
        assert list(asking._stops) == [f"left {tab}"]
        views.close()
        *_, last = asking.views("?!", Talk(), f"refused {tab}")
    assert asking._stops == {}


HOLDING = """
import sys, time
from ui.cache import cache_folder
with cache_folder() as folder:
    (folder / "upload.pdf").write_text("x")
    print(folder, flush=True)
    time.sleep(60)
"""


def test_the_folder_of_a_page_that_was_killed_goes_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
