"""Name a model server."""

from dataclasses import dataclass
from urllib.parse import urlsplit

CONNECT_SECONDS = 1.5


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


def host_and_port(server: Server, default_port: int) -> tuple[str, int] | None:
    """Return the host and port of a server's address, None if it is invalid."""
    try:
        address = urlsplit(server.url if "//" in server.url else f"//{server.url}")
        return address.hostname or "localhost", address.port or default_port
    except ValueError:
        return None
