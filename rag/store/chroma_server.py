"""Requests to a Chroma server: version 2 of its HTTP API, with deadlines and retries.

Chroma's own client waits for an answer without end and uses the proxies of the environment, and no setting changes
that; loading it takes as long as a whole question. What is sent is numbers: vectors, and keys of chunks and papers.
"""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from ..errors import IndexServerError, LibraryError, reason
from ..hosts import ends_here, is_this_machine, reachable_address

if TYPE_CHECKING:
    import httpx

QUESTION_SECONDS = 2.5  # for all requests of a question, with retries; then it is answered without the server
BUILD_SECONDS = 60.0  # for a build to wait for a server that does not answer
REPLY_SECONDS = 300.0  # for the reply to a request of a build: a busy server that moves vectors to its files is slow
PAUSE_SECONDS = 5.0  # after a failure, before a question tries the server again

_CONNECT_SECONDS = 1.5
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 1.0  # seconds between two tries
_UNAVAILABLE = (408, 429, 500, 502, 503, 504)  # HTTP statuses that a later try may not get
_MAX_REPLY_BYTES = 256_000_000
_DATABASE = "api/v2/tenants/default_tenant/databases/default_database"


class NotThere(Exception):
    """The server has no such collection."""


class ChromaServer:
    """A Chroma server at an address. Thread-safe.

    Every request may be repeated: none does more when it arrives twice. Raise IndexServerError if the server does not
    answer in time or is another machine that is not allowed, NotThere if it has no such collection, and LibraryError
    if it refuses a request.
    """

    def __init__(self, url: str, *, allow_remote: bool = False) -> None:
        self.url = reachable_address(url if "//" in url else f"http://{url}").rstrip("/")
        self.allow_remote = allow_remote
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()
        self._retry_at = 0.0  # on the monotonic clock; before it, no question asks the server
        self._failure: IndexServerError | None = None

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client = None

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Return the reply to a request within `QUESTION_SECONDS`; fail at once for a while after a failure."""
        if self._failure is not None and time.monotonic() < self._retry_at:
            raise self._failure
        # A server that was just there is given time to come back; one that was not is tried once.
        deadline = time.monotonic() + (QUESTION_SECONDS if self._failure is None else _CONNECT_SECONDS)
        try:
            is_known_to_fail = self._failure is not None
            reply = self._repeat(method, path, body, deadline, lambda: is_known_to_fail, deadline)
        except IndexServerError as error:
            self._failure, self._retry_at = error, time.monotonic() + PAUSE_SECONDS
            raise
        self._failure = None
        return reply

    def send(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        is_stopped: Callable[[], bool] = lambda: False,
    ) -> Any:
        """Return the reply to a request of a build, sent again for `BUILD_SECONDS`, but not once `is_stopped`."""
        now = time.monotonic()
        reply = self._repeat(method, path, body, now + BUILD_SECONDS, is_stopped, now + REPLY_SECONDS)
        self._failure = None
        return reply

    def _repeat(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None,
        deadline: float,
        is_stopped: Callable[[], bool],
        reply_by: float,
    ) -> Any:
        """Send a request until it is answered, again until `deadline`; wait for a reply until `reply_by`."""
        pause = _FIRST_PAUSE
        while True:
            try:
                return self._request(method, path, body, reply_by)
            except IndexServerError as error:
                if error.is_final or time.monotonic() + pause > deadline or is_stopped():
                    raise
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None, deadline: float) -> Any:
        """Return the JSON reply to one request, None for an empty one."""
        import httpx

        client = self._connected(deadline)
        remaining = max(deadline - time.monotonic(), 0.05)
        timeout = httpx.Timeout(remaining, connect=min(remaining, _CONNECT_SECONDS))
        content = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        request = client.build_request(
            method,
            f"{self.url}/{_DATABASE}/{path}",
            content=content,
            headers={"Content-Type": "application/json"},
            timeout=timeout,
            extensions={"trace": self._on_step},
        )
        try:
            with contextlib.closing(client.send(request, stream=True)) as response:
                data = bytearray()
                for chunk in response.iter_raw():
                    data += chunk
                    if time.monotonic() > deadline:
                        raise self._unreachable("it sends its reply too slowly")
                    if len(data) > _MAX_REPLY_BYTES:
                        raise self._refusal(f"its reply is longer than {_MAX_REPLY_BYTES:,} bytes")
            return self._reply(response.status_code, bytes(data))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise self._invalid() from error
        except httpx.HTTPError as error:
            raise self._unreachable(_why(error)) from error

    def _reply(self, status: int, data: bytes) -> Any:
        try:
            reply = json.loads(data) if data.strip() else None
        except ValueError:
            reply = None
            if status < 300:
                raise self._refusal("its reply is not JSON: another program may be answering there") from None
        if status < 300:
            return reply
        what = reply.get("message") or reply.get("error") if isinstance(reply, dict) else None
        is_chroma = isinstance(reply, dict) and "error" in reply
        if status == 404 and is_chroma:
            raise NotThere(str(what)[:200])
        said = f"HTTP {status}" + (f", {str(what)[:200]}" if what else "")
        if status in _UNAVAILABLE:
            raise self._unreachable(f"it answers {said}")
        if not is_chroma:
            raise self._refusal(f"it answers {said}: another program may be answering there")
        raise LibraryError(f"The Chroma server at {self.url} refuses a request ({said}).")

    def _connected(self, deadline: float) -> httpx.Client:
        """Return the client, once the host was found to be allowed."""
        import httpx

        with self._lock:
            if self._client is None:
                self._check_host(deadline)
                # No proxy of the environment, no redirect to elsewhere, and certificates only where they are needed.
                self._client = httpx.Client(
                    trust_env=False, follow_redirects=False, verify=self.url.startswith("https"),
                    headers={"Accept-Encoding": "identity"},
                )  # fmt: skip
            return self._client

    def _check_host(self, deadline: float) -> None:
        """Refuse another machine before anything connects to it. The lookup of a name may hang: leave it then."""
        try:
            address = urlsplit(self.url)
            host, port = address.hostname or "", address.port or (443 if address.scheme == "https" else 80)
        except ValueError:
            host, port = "", 0
        if not host:
            raise self._invalid()
        if self.allow_remote:
            return
        found: list[bool | Exception] = []

        def look_up() -> None:
            try:
                found.append(is_this_machine(host, port))
            except (OSError, UnicodeError) as error:
                found.append(error)

        thread = threading.Thread(target=look_up, daemon=True, name="footnote index lookup")
        thread.start()
        thread.join(max(deadline - time.monotonic(), 0.05))
        if not found or isinstance(found[0], Exception):
            raise self._unreachable("its host has no address")
        if not found[0]:
            raise self._remote()

    def _on_step(self, event: str, info: Mapping[str, Any]) -> None:
        """Check the peer of a new connection before anything is sent: a name may resolve to another address later."""
        if event == "connection.connect_tcp.complete" and not self.allow_remote:
            connection: socket.socket = info["return_value"].get_extra_info("socket")
            with contextlib.suppress(OSError):  # the connection was lost
                if not ends_here(connection):
                    connection.close()
                    raise self._remote()

    def _unreachable(self, why: str) -> IndexServerError:
        return IndexServerError(
            f"The Chroma server at {self.url} does not answer ({why}). Start it (`chroma run --path FOLDER`), or check "
            "[index] url."
        )

    def _refusal(self, why: str) -> IndexServerError:
        return IndexServerError(
            f"The Chroma server at {self.url} cannot be used: {why}. Check [index] url.", is_final=True
        )

    def _remote(self) -> IndexServerError:
        return IndexServerError(
            f"The Chroma server at {self.url} is another machine: the vectors of your papers and questions would be "
            "sent there. Set [index] url to a server on this machine, or allow it with [index] allow_remote = true.",
            is_final=True,
        )

    def _invalid(self) -> IndexServerError:
        return IndexServerError(
            f"[index] url is {self.url!r}, which is not a valid address; expected for example http://127.0.0.1:8000.",
            is_final=True,
        )


def _why(error: Exception) -> str:
    import httpx

    if isinstance(error, httpx.TimeoutException):
        return "no reply in time"
    if isinstance(error, httpx.ConnectError):
        return "nothing listens there" if "refused" in str(error).lower() else reason(error)
    return "it closed the connection" if isinstance(error, httpx.RemoteProtocolError) else reason(error)
