"""Name a model server, and decide whether its host is this machine."""

import ipaddress
import re
import socket
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

CONNECT_SECONDS = 1.5
_ANY_HOST = re.compile(r"^((?:\w+://)?)(0\.0\.0\.0|\[::\])(?=[:/]|$)")


@dataclass(frozen=True, slots=True)
class Server:
    """A model server: its address, and the words that messages use for it.

    Attributes:
        url: the address, without user name and password.
        name: such as "Ollama", in the middle of a sentence.
        api: what has to answer at the address.
        start, install, access: what to do if it does not answer, has no model `{model}`, or refuses requests.
        address_setting, model_setting: where the address and the model are configured.
        example: a valid address.
        allow_remote: whether it may be another machine than this one.
    """

    url: str
    name: str
    api: str
    start: str
    install: str
    access: str
    address_setting: str
    model_setting: str
    example: str
    allow_remote: bool = False


def shown_address(url: str) -> str:
    """Return an address without user name and password, which are neither sent nor shown."""
    return re.sub(r"^(\w+://)?[^/?#]*@", r"\1", url)


def reachable_address(url: str) -> str:
    """Return an address that can be connected to: a server that listens on all interfaces listens on loopback too."""
    return _ANY_HOST.sub(lambda found: found[1] + ("[::1]" if "::" in found[2] else "127.0.0.1"), shown_address(url))


def host_and_port(server: Server, default_port: int) -> tuple[str, int] | None:
    """Return the host and port of a server's address, None if it is invalid."""
    try:
        address = urlsplit(server.url if "//" in server.url else f"//{server.url}")
        return address.hostname or "localhost", address.port or default_port
    except ValueError:
        return None


def needs_no_lookup(host: str) -> bool:
    """Return whether a host is an address or `localhost`, so that resolving it cannot hang."""
    return host == "localhost" or re.fullmatch(r"[\d.]+|.*:.*", host) is not None


def is_this_machine(host: str, port: int) -> bool:
    """Return whether every address that a host resolves to belongs to this machine. Raise OSError or UnicodeError."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return bool(found) and all(_is_own(family, address) for family, _, _, _, address in found)


def ends_here(connection: socket.socket) -> bool:
    """Return whether the peer of a connection is this machine."""
    peer, own = connection.getpeername()[0], connection.getsockname()[0]
    return peer == own or _is_loopback(peer)


def _is_own(family: int, address: tuple[Any, ...]) -> bool:
    if _is_loopback(str(address[0])):
        return True
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.bind((address[0], 0, *address[2:]))  # only an own address can be bound; nothing is sent
    except OSError:
        return False
    return True


def _is_loopback(address: str) -> bool:
    ip = ipaddress.ip_address(address.partition("%")[0])
    ip = getattr(ip, "ipv4_mapped", None) or ip
    return ip.is_loopback or ip.is_unspecified
