"""Fixtures for tests of libraries: a light model, and a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.workspace import (
    Workspace,
    make_model,
)

from rag.config import Embedding
from rag.models.embedder import load_embedder


@pytest.fixture(autouse=True)
def no_library_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put questions to Chroma, as in a library of many papers."""
    monkeypatch.setattr("rag.store.index.EXACT", 0)


@pytest.fixture(scope="session")
def light(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with models of 32 and 48 dimensions, and the cache with their exports."""
    folder = tmp_path_factory.mktemp("light")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        for size in (32, 48):
            load_embedder(Embedding(model=str(make_model(folder / str(size), size))))
    return folder


@pytest.fixture
def workspace(tmp_path: Path, light: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspace]:
    monkeypatch.setenv("XDG_CACHE_HOME", str(light / "cache"))
    workspace = Workspace(tmp_path, light / "32" / "model")
    yield workspace
    workspace.assistant.close()
