"""Addresses of servers: what of them is shown, and which hosts are this machine."""

import ipaddress
import re
import socket
from typing import Any

_ANY_HOST = re.compile(r"^((?:\w+://)?)(0\.0\.0\.0|\[::\])(?=[:/]|$)")


def shown_address(url: str) -> str:
    """Return an address without user name and password, which are neither sent nor shown."""
    return re.sub(r"^(\w+://)?[^/?#]*@", r"\1", url)


def reachable_address(url: str) -> str:
    """Return an address that can be connected to: a server that listens on all interfaces listens on loopback too."""
    return _ANY_HOST.sub(lambda found: found[1] + ("[::1]" if "::" in found[2] else "127.0.0.1"), shown_address(url))


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
