"""A library that is filled once, and copied for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.small_library import fill, open_small

from rag import Assistant


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a library with something of everything in it."""
    root = tmp_path_factory.mktemp("filled")
    with open_small(root / "library") as opened:
        fill(opened, root / "papers")
    return root / "library"


@pytest.fixture
def library(filled: Path, tmp_path: Path) -> Iterator[Assistant]:
    """Open a copy of that library."""
    shutil.copytree(filled, tmp_path / "library")
    with open_small(tmp_path / "library") as opened:
        yield opened
