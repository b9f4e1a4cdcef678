"""Which model of an Ollama server answers, and what is said if there is none."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

import pytest
from helpers.ollama_client import at, settings
from helpers.ollama_server import CHAT_FAULTS, Model, OllamaServer

from rag.errors import CloudModelRefused, ModelNotFound, ServerNotFound
from rag.models.ollama.discovery import find_model

HARMLESS = {
    "blank line", "no newline at the end", "wrong counts", "cut prompt", "control characters", "full window",
}  # fmt: skip
BROKEN = ["down", "refused", "deaf", *sorted(set(CHAT_FAULTS) - HARMLESS)]


@pytest.mark.parametrize("fault", [*BROKEN, "no models", "wrong tags"])
def test_a_search_for_a_model_meets_any_server_within_three_seconds(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if fault != "slow first byte":  # one of those that last is enough
        monkeypatch.setattr("rag.models.server.objects.SEARCH_SECONDS", 1.0)
    with OllamaServer(fault=fault, everywhere=True) as server:
        began = time.monotonic()
        with pytest.raises((ServerNotFound, ModelNotFound)) as failed:
            find_model(settings(server))
        assert time.monotonic() - began < 3
        assert "`ollama " in str(failed.value)
        assert server.elsewhere == []


@pytest.mark.parametrize(
    "host", ["http://[", "http://127.0.0.1:99999", "ftp://127.0.0.1", "http://a..b", "http://\ud800"]
)
def test_an_invalid_address_is_an_error(host: str) -> None:
    with pytest.raises(ServerNotFound, match=r"\[ollama\] host"):
        find_model(at(host))


@pytest.mark.parametrize(
    ("installed", "asked", "found"),
    [
        (["llama3.2:3b", "gemma3:4b"], "auto", "gemma3:4b"),
        (["mistral"], "auto", "mistral:latest"),
        (["nomic-embed-text", "phi4-mini:3.8b"], "auto", "phi4-mini:3.8b"),
        (["qwen3:4b", "qwen3:4b-instruct-2507-q4_K_M"], "auto", "qwen3:4b-instruct-2507-q4_K_M"),
        (["qwen3:4b-thinking", "qwen3:4b"], "auto", "qwen3:4b"),
        (["somebody/own", "qwen3:4b"], "somebody/own", "somebody/own:latest"),
        (["mistral:7b", "mistral"], "mistral", "mistral:latest"),
        (["Own:Q4"], "own:q4", "Own:Q4"),
        (["qwen3:4b"], "registry.ollama.ai/library/qwen3:4b", "qwen3:4b"),
        (["mistral", "mistral:7b"], "library/mistral:local", "mistral:latest"),
        (["own:local", "own"], "own:local", "own:local"),
        ([Model("qwen2.5:latest", parameters="494.03M"), "llama3.2:3b"], "auto", "llama3.2:3b"),
        ([Model("qwen3:4b", capabilities=("embedding",)), "mistral:7b"], "auto", "mistral:7b"),
    ],
)
def test_the_model_is_the_one_named_or_the_first_good_one(installed: list[str | Model], asked: str, found: str) -> None:
    with OllamaServer(models=installed) as server:
        model = find_model(settings(server, model=asked))
    assert (model.name, model.server.url, model.window) == (found, server.host, 8192)
    assert len(model.digest or "") == 64
    assert (model.timeout_seconds, model.deadline_seconds) == (0.6, 1.5)


@pytest.mark.parametrize(
    ("installed", "name", "message"),
    [
        ([], "auto", "None is installed. Run `ollama pull qwen3:4b"),
        (["somebody/own", "mistral-large:123b"], "auto", "Installed: somebody/own:latest, mistral-large:123b. Run"),
        ([Model("smollm2:135m", parameters="134.52M")], "auto", "smollm2:135m has too few parameters"),
        (["qwen3:4b"], "qwen3", "no model 'qwen3'. Installed: qwen3:4b. Run `ollama pull qwen3`"),
        ([Model("nomic", capabilities=("embedding",))], "nomic", "cannot generate text"),
    ],
)
def test_the_error_for_a_missing_model_lists_the_installed_ones(
    installed: list[str | Model], name: str, message: str
) -> None:
    with OllamaServer(models=installed) as server, pytest.raises(ModelNotFound) as failed:
        find_model(settings(server, model=name))
    assert message in str(failed.value)
    assert server.bodies() == server.bodies("/api/pull") == []


@pytest.mark.parametrize(
    ("model", "fault"),
    [("own:120b-cloud", None), ("Own:cloud", None), ("own:4b", "cloud model"), ("own:4b", "cloud in show")],
)
def test_a_cloud_model_is_refused_unless_allowed(model: str, fault: str | None) -> None:
    with OllamaServer(models=[model], fault=fault) as server:
        with pytest.raises(CloudModelRefused, match="send your papers"):
            find_model(settings(server, model=model))
        assert find_model(settings(server, model=model, allow_cloud=True)).name == model
    assert server.bodies() == []


def test_auto_chooses_no_cloud_model() -> None:
    with OllamaServer(models=[Model("qwen3:4b-instruct", remote_host="https://ollama.com"), "mistral:7b"]) as server:
        assert find_model(settings(server, allow_cloud=True)).name == "mistral:7b"


def test_a_hanging_name_lookup_is_abandoned(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = threading.Event()

    def look_up(*_: Any, **__: Any) -> Any:
        slow.wait(10)
        raise socket.gaierror(-3, "no answer")

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", look_up)
        began = time.monotonic()
        with pytest.raises(ServerNotFound):
            find_model(at("http://workstation.example:11434"))
        assert time.monotonic() - began < 3
        slow.set()
