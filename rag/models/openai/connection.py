"""The address and connection of a server with OpenAI's chat API."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ... import config
from ...hosts import reachable_address
from ..server.address import Server
from ..server.errors import invalid_address
from ..server.exchange import Exchange, client_settings

if TYPE_CHECKING:
    import httpx

DEFAULT_PORT = 80
LOCAL_SERVERS = (("LM Studio", 1234), ("llama.cpp's server", 8080), ("Jan", 1337), ("vLLM", 8000))
"""Programs with this API, and the ports that they usually listen on."""


def openai_server(base_url: str, allow_remote: bool) -> Server:
    """Return the server at an address, which usually ends in /v1, and the words for messages about it."""
    url = reachable_address(base_url).rstrip("/")
    return Server(
        url=url if _has_path(url) else f"{url}/v1",
        name="the model server",
        api="a server with OpenAI's chat API",
        start="Start the server of LM Studio, llama.cpp, Jan or vLLM (`footnote doctor` lists those that run)",
        install="Load it there, or name another one in [llm] model",
        access="Set the API key that it expects in the environment variable FOOTNOTE_LLM__API_KEY",
        address_setting="[llm] base_url",
        model_setting="[llm] model",
        example="http://127.0.0.1:1234/v1",
        allow_remote=allow_remote,
    )


def configured_server(settings: config.Settings) -> Server:
    """Return the server that the settings name."""
    return openai_server(settings.llm.base_url, settings.llm.allow_remote)


def open_exchange(
    server: Server,
    api_key: str,
    path: str,
    body: Mapping[str, Any] | None = None,
    stop: threading.Event | None = None,
) -> Exchange:
    """Return a request to the server; `path` begins with "/" and follows the base URL. Raise ServerNotFound."""
    return Exchange(_open_client(server, api_key), server, f"{server.url}{path}", body, stop)


def _open_client(server: Server, api_key: str) -> httpx.Client:
    import httpx

    settings = client_settings(server.url)
    if api_key:
        settings["headers"] |= {"Authorization": f"Bearer {api_key}"}
    try:
        httpx.URL(server.url)
        return httpx.Client(**settings)
    except (ValueError, httpx.InvalidURL) as error:  # ValueError: a key that no header can hold
        raise invalid_address(server) from error


def _has_path(url: str) -> bool:
    try:
        return bool(urlsplit(url if "//" in url else f"//{url}").path)
    except ValueError:
        return True  # the client reports what is wrong with it
