"""The search for a model loads it, so that it is ready when the papers were searched."""

from __future__ import annotations

import time

from helpers.ollama_server import OllamaServer

from rag.config import Settings
from rag.models.finder import ModelFinder


def test_the_model_is_loaded_as_soon_as_it_is_found() -> None:
    with OllamaServer() as server:
        finder = ModelFinder(Settings.model_validate({"ollama": {"host": server.host}}), None)
        model = finder.start().result()
        until = time.monotonic() + 3
        while not server.loaded and time.monotonic() < until:
            time.sleep(0.02)
    assert model is not None
    assert server.loaded == {model.name}
    assert server.bodies() == []  # nothing was asked


def test_nothing_is_looked_for_in_mode_quote() -> None:
    with OllamaServer() as server:
        settings = Settings.model_validate({"ollama": {"host": server.host}, "answer": {"mode": "quote"}})
        assert ModelFinder(settings, None).start().result() is None
    assert server.requests == []
