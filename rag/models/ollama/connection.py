"""Ollama's Python client, which supplies the address and the connection only.

Its own reading of responses takes an end without `done` for success, drops `remote_host`, splits lines at U+0085, and
waits forever for a server that trickles.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from types import ModuleType
from typing import TYPE_CHECKING, Any

from ... import config
from ...errors import ServerNotFound
from ...hosts import reachable_address
from ..server.address import Server
from ..server.errors import invalid_address
from ..server.exchange import Exchange, client_settings, hidden

if TYPE_CHECKING:
    import httpx

DEFAULT_PORT = 11434


def ollama_server(settings: config.Settings) -> Server:
    """Return Ollama's address and the words for messages about it."""
    return Server(
        url=reachable_address(settings.ollama.host),
        name="Ollama",
        api="Ollama",
        start="Start it with `ollama serve`",
        install="Run `ollama pull {model}`",
        access="Check its OLLAMA_HOST and OLLAMA_ORIGINS",
        address_setting="[ollama] host",
        model_setting="[ollama] model",
        example=f"http://127.0.0.1:{DEFAULT_PORT}",
        allow_remote=settings.llm.allow_remote,
    )


def open_exchange(
    server: Server, path: str, body: Mapping[str, Any] | None = None, stop: threading.Event | None = None
) -> Exchange:
    """Return a request to Ollama. Raise ServerNotFound if the address is invalid."""
    return Exchange(_open_client(server), server, path, body, stop)


def _open_client(server: Server) -> httpx.Client:
    """Return the httpx client inside Ollama's."""
    import httpx

    try:
        client = import_client().Client(host=server.url, **client_settings(server.url))
    except (ValueError, httpx.InvalidURL) as error:
        raise invalid_address(server) from error
    plain: httpx.Client = client._client
    plain.headers.pop("authorization", None)  # it would send OLLAMA_API_KEY to any host
    return plain


def import_client() -> ModuleType:
    """Import Ollama's package, which reads OLLAMA_HOST and the proxy variables while it is imported."""
    try:
        with hidden("OLLAMA_HOST"):
            import ollama
    except ImportError as error:
        raise ServerNotFound(
            f"Ollama's client cannot be loaded: {str(error).rstrip('.')}. Run `make install` again."
        ) from error
    return ollama
