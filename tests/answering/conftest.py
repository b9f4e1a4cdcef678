"""A library of the invented papers, for tests that ask a model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from helpers.otters import QUESTION
from helpers.papers import PAPERS

from rag.assistant import Assistant


@pytest.fixture(scope="session")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Index the invented papers once."""
    folder = tmp_path_factory.mktemp("indexed")
    for title, text in PAPERS.items():
        (folder / f"{title}.txt").write_text(f"{title}\n\n{text}\n")
    with Assistant.open(library=folder / "library", mode="quote") as assistant:
        assistant.add(sorted(folder.glob("*.txt")))
        assistant.search(QUESTION)  # builds the index
    return folder / "library"


@pytest.fixture
def shelf(indexed: Path, tmp_path: Path) -> Path:
    """Return a copy of the library of invented papers."""
    return Path(shutil.copytree(indexed, tmp_path / "library"))
