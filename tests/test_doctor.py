"""The checks of `footnote doctor`: the cross-encoder, Ollama and its model, and servers that are not Ollama."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from helpers.ollama_server import CHAT_FAULTS, Model, OllamaServer
from helpers.openai_server import OpenAIServer

from rag import doctor
from rag.assistant import Assistant
from rag.doctor import Finding


@pytest.fixture(autouse=True)
def _no_other_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave those that may run on this machine alone."""
    monkeypatch.setattr("rag.models.openai.discovery.LOCAL_SERVERS", ())


def findings(tmp_path: Path, host: str, mode: str = "auto", **changes: Any) -> list[Finding]:
    """Return the findings on Ollama, which come last."""
    overrides = {"ollama": {"host": host, **changes}, "answer": {"mode": mode}}
    with Assistant.open(library=tmp_path / "library", overrides=overrides) as assistant:
        found = assistant.check()
    return found[next(i for i, finding in enumerate(found) if finding.what.startswith("Ollama")) :]


def test_server_version_model_window_and_memory_get_a_finding_each(tmp_path: Path) -> None:
    with OllamaServer(models=["nomic-embed-text", "qwen3:4b"]) as server:
        found = findings(tmp_path, server.host)
    assert [finding.what for finding in found[:4]] == [
        f"Ollama: 2 models at {server.host}",
        "Ollama version 0.33.0",
        "model qwen3:4b: 4.0B parameters",
        "context window: 8,192 of the model's 40,960 tokens",
    ]
    assert found[4].what.startswith("memory: the model needs about 3.1 GB, ")
    assert all(finding.ok for finding in found)
    assert server.bodies() == []  # nothing was loaded


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "cross-encoder: packaged, for 16 passages"),
        ({"passages": 8}, "cross-encoder: packaged, for 8 passages"),
        ({"model": "none"}, "cross-encoder: switched off in the settings"),
        ({"model": "/nobody/none"}, "The cross-encoder '/nobody/none' is not a folder. "),
    ],
)
def test_the_cross_encoder_s_uses_are_listed_and_its_fault_stops_no_other_check(
    settings: dict[str, Any], said: str, assistant: Assistant
) -> None:
    overrides = {"cross_encoder": settings, "ollama": {"host": "http://127.0.0.1:9"}}
    with Assistant.open(library=assistant.settings.library.path, mode="quote", overrides=overrides) as opened:
        found = opened.check()
    assert found[3].what.startswith(said)
    assert found[3].ok == ("nobody" not in found[3].what)
    assert found[4].what.startswith("index: in step with the record")


@pytest.mark.parametrize("fault", ["down", "refused", "deaf", "slow first byte"])
def test_a_silent_server_is_reported_within_three_seconds(tmp_path: Path, fault: str) -> None:
    with OllamaServer(fault=fault, everywhere=True) as server:
        began = time.monotonic()
        (found,) = findings(tmp_path, server.host)
        assert time.monotonic() - began < 3
    assert (found.ok, found.what) == (True, f"Ollama: not found at {server.host}; answers are quotes")
    assert "`ollama serve`" in found.remedy
    assert found.remedy.endswith("(optional)")


@pytest.mark.parametrize("fault", sorted(set(CHAT_FAULTS) - {"slow first byte", "stall"}))
def test_a_server_that_is_not_ollama_is_reported(tmp_path: Path, fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rag.models.server.objects.SEARCH_SECONDS", 0.4)
    with OllamaServer(fault=fault, everywhere=True) as server:
        found = findings(tmp_path, server.host)
        assert server.elsewhere == []
    assert found[0].what.startswith(f"Ollama: not found at {server.host}")


@pytest.mark.parametrize(
    ("mode", "changes", "well"),
    [
        ("auto", {}, True),
        ("auto", {"model": "mistral"}, False),
        ("quote", {"model": "mistral"}, True),
        ("auto", {"model": "own:cloud"}, False),
    ],
)
def test_an_unusable_model_is_a_fault_if_it_was_configured(
    tmp_path: Path, mode: str, changes: dict[str, str], well: bool
) -> None:
    with OllamaServer(models=["somebody/own", "own:cloud"]) as server:
        *_, found = findings(tmp_path, server.host, mode, **changes)
    assert found.what == f"model {changes.get('model', 'auto')}: cannot be used; answers are quotes"
    assert found.ok is well
    assert "`ollama pull " in found.remedy


def test_an_allowed_cloud_model_is_reported_as_such(tmp_path: Path) -> None:
    with OllamaServer(models=["own:cloud"]) as server:
        found = findings(tmp_path, server.host, model="own:cloud", allow_cloud=True)
    assert [finding.what for finding in found if finding.what.startswith(("model", "memory"))] == [
        "model own:cloud: 4.0B parameters, runs on another machine and is sent your papers"
    ]


@pytest.mark.parametrize(
    ("version", "old"),
    [("0.17.0", True), ("0.9.6-rc1", True), ("0.17.1", False), ("1.0.0", False), ("0.0.0", False), ("mine", False)],
)
def test_a_version_with_a_memory_leak_is_reported(tmp_path: Path, version: str, old: bool) -> None:
    with OllamaServer(version=version) as server:
        found = findings(tmp_path, server.host)[1]
    assert found.what.startswith(f"Ollama version {version}")
    assert ("CVE-2026-7482" in found.what, bool(found.remedy)) == (old, old)


def test_a_server_without_a_version_is_checked_too(tmp_path: Path) -> None:
    with OllamaServer(fault="no version") as server:
        found = findings(tmp_path, server.host)
    assert found[1].what == "Ollama version: not reported"
    assert len(found) == 5


def test_a_context_window_larger_than_the_model_s_is_a_fault(tmp_path: Path) -> None:
    with OllamaServer(models=[Model("qwen3:4b", window=4096)]) as server:
        found = findings(tmp_path, server.host)[3]
        assert findings(tmp_path, server.host, "quote")[3].ok
    assert (found.ok, found.remedy[:30]) == (False, "[ollama] context_tokens = 4096")
    assert found.what == "context window: 8,192 tokens are set, the model has 4,096"


def test_too_little_memory_is_reported_unless_the_model_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "meminfo").write_text("MemTotal: 8000000 kB\nMemAvailable:    2000000 kB\n")
    monkeypatch.setattr(doctor, "MEMINFO", tmp_path / "meminfo")
    with OllamaServer() as server:
        short = findings(tmp_path, server.host)[4]
        server.loaded.add("qwen3:4b")
        loaded = findings(tmp_path, server.host)[4]
    assert short.what == "memory: the model needs about 3.1 GB, 2.0 GB are free"
    assert "smaller model" in short.remedy
    what = "memory: the model is loaded, 1.3 GB of it on the graphics card, until 2026-01-02 03:14"
    assert loaded == Finding(True, what)


def openai_findings(tmp_path: Path, url: str, mode: str = "auto", **llm: Any) -> list[Finding]:
    overrides = {"llm": {"server": "openai", "base_url": url, **llm}, "answer": {"mode": mode}}
    with Assistant.open(library=tmp_path / "library", overrides=overrides) as assistant:
        found = assistant.check()
    return found[next(i for i, finding in enumerate(found) if finding.what.startswith("model server")) :]


def test_an_openai_compatible_server_its_model_and_its_window_get_a_finding_each(tmp_path: Path) -> None:
    with OpenAIServer(window=4096) as server:
        found = openai_findings(tmp_path, server.url)
    assert [finding.what for finding in found] == [
        f"model server: 1 models at {server.url}",
        "model qwen3-4b-instruct-Q4_K_M",
        "context window: 8,192 tokens are set, the model has 4,096",
    ]
    assert server.bodies() == []


def test_a_missing_openai_compatible_server_is_a_fault_only_if_a_model_has_to_answer(tmp_path: Path) -> None:
    with OpenAIServer(fault="down") as server:
        for mode, well in (("auto", True), ("llm", False)):
            (found,) = openai_findings(tmp_path, server.url, mode)
            assert (found.ok, found.what) == (well, f"model server: not found at {server.url}; answers are quotes")
            assert "[llm] base_url" in found.remedy


def test_a_server_on_another_machine_is_a_fault_that_says_how_to_allow_it(tmp_path: Path) -> None:
    for found in (openai_findings(tmp_path, "http://192.0.2.7:1/v1"), findings(tmp_path, "http://192.0.2.7:1")):
        assert [finding.ok for finding in found] == [False]
        assert "[llm] allow_remote = true" in found[0].remedy


def test_other_servers_on_the_usual_ports_are_listed_with_how_to_use_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with OpenAIServer() as llama, OpenAIServer(program="Jan", api_key="s3cret") as jan, OllamaServer() as ollama:
        ports = (("llama.cpp's server", llama.port), ("Jan", jan.port))
        monkeypatch.setattr("rag.models.openai.discovery.LOCAL_SERVERS", ports)
        *_, first, second = findings(tmp_path, ollama.host)
        own = openai_findings(tmp_path, llama.url)
    assert first.what == f"another model server: llama.cpp's server or similar at {llama.url}, 1 models"
    assert first.remedy == f'to use it: [llm] server = "openai", base_url = "{llama.url}"'
    assert second.what.endswith("an API key is needed")
    assert second.remedy.endswith("and its key in FOOTNOTE_LLM__API_KEY")
    assert [finding.what for finding in own if "another" in finding.what] == [second.what]
