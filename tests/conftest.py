"""Fixtures for all tests: a library of three invented papers, a browser, and the real pages if they are there."""

from __future__ import annotations

import os
import shutil
import signal
import sqlite3
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from helpers.papers import PAPERS, SHARED

from rag.assistant import Assistant
from rag.config import Embedding
from rag.models.embedder import load_embedder
from rag.models.protocols import Embedder
from rag.reading.sandbox import pool as sandbox

if TYPE_CHECKING:
    from playwright.sync_api import Browser

signal.signal(signal.SIGINT, signal.default_int_handler)  # xdist ignores Ctrl-C, and so would what the tests start
os.environ["HF_HUB_OFFLINE"] = "1"
for name in [name for name in os.environ if name.upper().startswith("FOOTNOTE_")]:
    del os.environ[name]
os.environ["FOOTNOTE_EMBEDDING__PRECISION"] = "reference"  # the same scores whatever the machine
os.environ["FOOTNOTE_LIBRARY__PATH"] = "library"  # in a test's working directory, never the user's data folder


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark each test that opens a browser, so that `-m "not browser"` leaves it out."""
    for item in items:
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def embedder() -> Embedder:
    """Load the packaged embedding model; it is exported at its first use on this machine."""
    return load_embedder(Embedding(precision="reference"))


def write_papers(root: Path) -> Path:
    """Write the invented papers as text files into the folder `papers` in `root`."""
    papers = root / "papers"
    papers.mkdir()
    for title, text in PAPERS.items():
        (papers / f"{title.split()[-1].lower()}.txt").write_text(f"{title}\n\n{text}\n")
    return papers


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Write the invented papers as text files into a folder."""
    return write_papers(tmp_path)


@pytest.fixture(scope="session")
def built_library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the invented papers and a library of them, to be copied."""
    root = tmp_path_factory.mktemp("built")
    with Assistant.open(library=root / "library", mode="quote") as opened:
        opened.add([write_papers(root)])
    return root


@pytest.fixture
def assistant(tmp_path: Path, folder: Path, built_library: Path) -> Iterator[Assistant]:
    """Open an assistant in quote mode on a library of the invented papers."""
    shutil.copytree(built_library / "library", tmp_path / "library")
    with sqlite3.connect(tmp_path / "library" / "footnote.sqlite") as db:
        moved = (str(built_library / "papers"), str(folder))
        db.execute("UPDATE sources SET location = replace(location, ?, ?)", moved)
    db.close()
    with Assistant.open(library=tmp_path / "library", mode="quote") as opened:
        yield opened


@pytest.fixture
def fake_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Run a shell script in place of the worker processes: it takes a request, writes `reply`, and runs `script`."""

    def use(reply: bytes = b"", script: str = "exit 1") -> None:
        program, reply_file = tmp_path / "fake-worker", tmp_path / "reply"
        reply_file.write_bytes(reply)
        program.write_text(f"#!/bin/sh\ndd bs=4096 count=1 of=/dev/null 2>/dev/null\ncat '{reply_file}'\n{script}\n")
        program.chmod(0o755)
        sandbox.POOL.close()
        monkeypatch.setattr(sys, "executable", str(program))

    yield use
    sandbox.POOL.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Start Debian's Chromium; without it the tests are skipped on a person's machine and fail in CI."""
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium")
    if not chromium and "CI" not in os.environ:
        pytest.skip("needs Debian's chromium, which is not installed")
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-background-networking"]
        with playwright.chromium.launch(executable_path=chromium, args=arguments) as launched:
            yield launched


@pytest.fixture(scope="session")
def seeds() -> Path:
    """Return the folder of real pages of titles and abstracts, which is not part of the project."""
    if not (SHARED / "seeds").is_dir():
        pytest.skip("needs the pages in ../shared/seeds, which are not here")
    return SHARED / "seeds"
