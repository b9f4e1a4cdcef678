"""A place of the page is a module in a folder, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from rag import Assistant
from ui import tabs
from ui.page import make_page
from ui.place import Services, places

PLACE = """
import gradio as gr
from ui.place import PageParts, Place

def build(parts: PageParts) -> None:
    gr.Textbox(label=f"Notes on {parts.assistant.status().papers} papers")

PLACE = Place("Notes", 9, build)
"""


def test_a_place_dropped_into_the_folder_of_places_appears_on_the_page(
    tmp_path: Path, assistant: Assistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes_on_papers.py").write_text(PLACE)
    (tmp_path / "shared_by_places.py").write_text("")
    monkeypatch.setattr(tabs, "__path__", [*tabs.__path__, str(tmp_path)])
    assert [place.title for place in places()] == ["Read", "Library", "Conversations", "Notes"]
    page = make_page(Services.of(assistant))
    shown = {(part["type"], part["props"].get("label")) for part in page.config["components"]}
    assert {("tabitem", "Notes"), ("textbox", "Notes on 3 papers")} <= shown
