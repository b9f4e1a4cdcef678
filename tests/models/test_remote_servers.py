"""A model server on another machine is refused before anything is sent, whatever its address looks like."""

from __future__ import annotations

import socket
from typing import Any, NamedTuple, cast

import pytest
from helpers.ollama_server import OllamaServer
from helpers.openai_server import OpenAIServer

from rag.config import Settings
from rag.errors import AnswerModelError, RemoteServerRefused, ServerNotFound
from rag.hosts import ends_here, is_this_machine, reachable_address, shown_address
from rag.models.finder import find_model

HERE = ["127.0.0.1", "127.8.9.1", "localhost", "::1", "::ffff:127.0.0.1", "0.0.0.0", "::"]
OTHERS = ["192.0.2.7", "2001:db8::7", "::ffff:192.0.2.7"]  # reserved for documentation


@pytest.mark.parametrize("host", HERE)
def test_loopback_and_the_address_of_all_interfaces_are_this_machine(host: str) -> None:
    assert is_this_machine(host, 1)


@pytest.mark.parametrize("host", OTHERS)
def test_another_address_is_another_machine(host: str) -> None:
    assert not is_this_machine(host, 1)


class Connection(NamedTuple):
    """The ends of a connection."""

    own: str
    peer: str

    def getsockname(self) -> tuple[str, int]:
        return self.own, 1

    def getpeername(self) -> tuple[str, int]:
        return self.peer, 2


@pytest.mark.parametrize(
    ("own", "peer", "here"),
    [
        ("127.0.0.1", "127.0.0.1", True),
        ("10.0.0.5", "10.0.0.5", True),  # this machine, by its address in the network
        ("fe80::1%eth0", "fe80::1%eth0", True),
        ("10.0.0.5", "10.0.0.6", False),
        ("::1", "::1", True),
    ],
)
def test_a_connection_ends_here_by_its_peer(own: str, peer: str, here: bool) -> None:
    assert ends_here(cast("socket.socket", Connection(own, peer))) is here


def looked_up(monkeypatch: pytest.MonkeyPatch, *answers: list[str]) -> list[str]:
    """Answer the first look-up of a name with the first addresses, and so on, the last repeated; return the names."""
    names: list[str] = []
    real = socket.getaddrinfo

    def look_up(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host != "workstation.example":
            return real(host, port, *rest, **more)
        names.append(host)
        found = answers[min(len(names), len(answers)) - 1]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in found]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    return names


def settings(kind: str, url: str, allow_remote: bool = False) -> Settings:
    llm = {"server": kind, "base_url": url, "model": "qwen3-4b-instruct-Q4_K_M", "allow_remote": allow_remote}
    return Settings.model_validate({"llm": llm, "ollama": {"host": url}})


@pytest.mark.parametrize("kind", ["ollama", "openai"])
@pytest.mark.parametrize(
    "address",
    [
        "http://192.0.2.7:11434",
        "http://127.0.0.1@192.0.2.7:11434",
        "http://127.0.0.1:80@192.0.2.7:11434",
        "http://localhost:x@192.0.2.7:11434",
        "http://[2001:db8::7]:11434",
        "http://[::ffff:192.0.2.7]:11434",
        "https://192.0.2.7",
        "http://workstation.example:11434",
        "http://WORKSTATION.example:11434/v1",
    ],
)
def test_another_machine_is_refused_without_a_connection(
    kind: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up(monkeypatch, ["192.0.2.7"])
    reached: list[Any] = []
    real = socket.socket.connect
    monkeypatch.setattr(socket.socket, "connect", lambda self, to: reached.append(to) or real(self, to))
    with pytest.raises(RemoteServerRefused, match=r"another machine.*\[llm\] allow_remote = true"):
        find_model(settings(kind, address.replace("WORKSTATION", "workstation")))
    assert reached == []


@pytest.mark.parametrize("kind", ["ollama", "openai"])
def test_a_name_with_one_address_elsewhere_is_refused(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up(monkeypatch, ["127.0.0.1", "192.0.2.7"])
    with pytest.raises(RemoteServerRefused):
        find_model(settings(kind, "http://workstation.example:11434"))


@pytest.mark.parametrize("kind", ["ollama", "openai"])
def test_a_name_of_this_machine_is_used(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up(monkeypatch, ["127.0.0.1"])
    with OllamaServer() if kind == "ollama" else OpenAIServer() as server:
        find_model(settings(kind, f"http://workstation.example:{server.port}"))
    assert server.requests[0].headers["host"] == f"workstation.example:{server.port}"


@pytest.mark.parametrize("kind", ["ollama", "openai"])
def test_another_machine_is_asked_if_that_is_allowed(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    looked_up(monkeypatch, ["192.0.2.7"], ["127.0.0.1"])  # the check would see another machine
    with OllamaServer() if kind == "ollama" else OpenAIServer() as server:
        url = f"http://workstation.example:{server.port}"
        with pytest.raises(RemoteServerRefused):
            find_model(settings(kind, url))
        assert find_model(settings(kind, url, allow_remote=True)).name.startswith("qwen3")


@pytest.mark.parametrize("kind", ["ollama", "openai"])
def test_a_name_without_an_address_is_no_server(kind: str) -> None:
    with pytest.raises((ServerNotFound, RemoteServerRefused)) as failed:
        find_model(settings(kind, "http://nobody.invalid:11434"))
    assert isinstance(failed.value, AnswerModelError)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://someone:secret@127.0.0.1:1", "http://127.0.0.1:1"),
        ("someone:se@cret@localhost", "localhost"),
        ("http://127.0.0.1/v1?x=a@b", "http://127.0.0.1/v1?x=a@b"),
    ],
)
def test_user_names_and_passwords_are_not_shown(address: str, shown: str) -> None:
    assert shown_address(address) == shown


@pytest.mark.parametrize(
    ("address", "reached"),
    [
        ("http://0.0.0.0:11434", "http://127.0.0.1:11434"),
        ("0.0.0.0", "127.0.0.1"),
        ("http://[::]:1/v1", "http://[::1]:1/v1"),
        ("http://10.0.0.0:1", "http://10.0.0.0:1"),
    ],
)
def test_a_server_on_all_interfaces_is_reached_on_loopback(address: str, reached: str) -> None:
    assert reachable_address(address) == reached
