"""Configure Ollama's client for a fake server, with short deadlines."""

from __future__ import annotations

from typing import Any

from helpers.chats import QUICK
from helpers.ollama_server import OllamaServer
from rag.config import Settings
from rag.models.ollama.chat import OllamaModel
from rag.models.ollama.connection import ollama_server


def at(host: str, **changes: Any) -> Settings:
    """Return settings for Ollama at an address."""
    return Settings.model_validate({"ollama": {"host": host, **changes}})


def settings(server: OllamaServer, **changes: Any) -> Settings:
    """Return settings for a fake server."""
    return at(server.host, **(QUICK | changes))


def local(server: OllamaServer, window: int = 2048, **changes: Any) -> OllamaModel:
    """Return the model of a fake server."""
    found = ollama_server(at(server.host))
    return OllamaModel(name="qwen3:4b", digest=None, server=found, window=window, **(QUICK | changes))
