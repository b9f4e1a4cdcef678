"""One HTTP request to a model server, with deadlines, that its caller can leave at any moment.

It uses no proxy of the environment, follows no redirect, and reaches no other machine unless that is allowed.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any

from ...errors import AnswerModelError, IncompleteAnswer, ModelProtocolError
from ...hosts import ends_here, is_this_machine, needs_no_lookup
from ..background import STOP_GRACE_SECONDS, STOPPED, BackgroundIterator
from . import errors
from .address import CONNECT_SECONDS, Server, host_and_port

if TYPE_CHECKING:
    import httpx

_POLL_SECONDS = 0.1  # between two looks at `stop`
_MAX_REPLY_BYTES = 16_000_000
_environment_lock = threading.Lock()


def after(seconds: float) -> float:
    """Return the time in `seconds` from now, on the monotonic clock."""
    return time.monotonic() + seconds


class Exchange:
    """A request and its response. Leaving the `with` block closes the connection immediately.

    A background thread talks to the server, so that the caller can leave during a name lookup or a blocking read.
    Deadlines are times of the monotonic clock. The client's other settings come from `client_settings`.
    """

    def __init__(
        self,
        client: httpx.Client,
        server: Server,
        path: str,
        body: Mapping[str, Any] | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._client, self._server = client, server
        self._path, self._body, self._stop = path, body, stop
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._closed = False

    def __enter__(self) -> Exchange:
        self._received = BackgroundIterator(self._receive_all, "footnote-model-server")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._closed = True
            self._shut_down()
        self._received.join(STOP_GRACE_SECONDS)  # a name lookup may take longer; its daemon thread ends by itself

    def begin(self, deadline: float) -> errors.Status:
        """Wait for the response's status.

        Raise AnswerModelError if there is no connection, or `stop` was set. Raise TimeoutError if it connected, but no
        response before the deadline.
        """
        try:
            status = self._next(min(deadline, after(CONNECT_SECONDS + 0.3)))
        except TimeoutError as error:
            if self._socket is None:
                raise errors.unreachable(self._server) from error
            status = self._next(deadline)
        assert isinstance(status, errors.Status)
        return status

    def receive(self, deadline: float) -> bytes | None:
        """Return the next bytes of the response, None at its end. Raise AnswerModelError or TimeoutError."""
        chunk = self._next(deadline)
        assert not isinstance(chunk, errors.Status)
        return chunk

    def receive_rest(self, deadline: float) -> bytes:
        """Return the rest of the response, or what arrived of it before a failure or the deadline."""
        data = bytearray()
        with contextlib.suppress(TimeoutError, IncompleteAnswer, ModelProtocolError):
            while chunk := self.receive(deadline):
                data += chunk
        return bytes(data)

    def _next(self, deadline: float) -> errors.Status | bytes | None:
        while self._stop is None or not self._stop.is_set():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            with contextlib.suppress(TimeoutError):
                return self._received.receive(min(remaining, _POLL_SECONDS))
        raise IncompleteAnswer(STOPPED)

    def _receive_all(self) -> Iterator[errors.Status | bytes]:
        """Yield the status and the body; runs in the background thread."""
        method = "GET" if self._body is None else "POST"
        extensions = {"trace": self._on_step}
        responded = False
        try:
            with (
                self._client as client,
                client.stream(method, self._path, json=self._body, extensions=extensions) as response,
            ):
                yield errors.Status(response.status_code, response.headers.get("location"))
                responded = True
                size = 0
                for chunk in response.iter_raw():
                    yield chunk
                    size += len(chunk)
                    if size > _MAX_REPLY_BYTES:
                        raise errors.unexpected_response(f"more than {_MAX_REPLY_BYTES:,} bytes", self._server)
        except AnswerModelError:
            raise
        except Exception as error:
            raise errors.translate_errors(error, self._server, responded=responded) from error

    def _on_step(self, event: str, info: Mapping[str, Any]) -> None:
        """Keep the connection's socket, and refuse another machine; httpx reports each step of a request to this hook.

        A host is checked before the connection is opened, and its peer before anything is sent: a name may resolve to
        another address the second time.
        """
        if event == "connection.connect_tcp.started":
            refuse_remote(self._server, info["host"], info["port"])
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            connection = info["return_value"].get_extra_info("socket")
            with self._lock:
                self._socket = connection
                if self._closed:
                    self._shut_down()
            if event == "connection.connect_tcp.complete" and not self._server.allow_remote:
                self._refuse_remote_peer(connection)

    def _refuse_remote_peer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError):  # the connection was lost
            if not ends_here(connection):
                connection.close()
                raise errors.remote_refused(self._server)

    def _shut_down(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # already closed
                # The plain socket's method: an SSL socket's own would pull its state from under the reading thread.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def refuse_remote(server: Server, host: str, port: int) -> None:
    """Raise RemoteServerRefused if a host is not this machine, ServerNotFound if it has no address."""
    if server.allow_remote:
        return
    try:
        here = is_this_machine(host, port)
    except (OSError, UnicodeError) as error:
        raise errors.unreachable(server) from error
    if not here:
        raise errors.remote_refused(server)


def check_port(server: Server, default_port: int) -> None:
    """Raise ServerNotFound if nothing listens on a local port; loading the client would take longer than this."""
    address = host_and_port(server, default_port)
    if address is None or not needs_no_lookup(address[0]) or not re.match(r"http://|(?!\w+://)", server.url):
        return  # the client reports an invalid address; it looks a name up in the background, as that may hang
    refuse_remote(server, *address)
    try:
        socket.create_connection(address, CONNECT_SECONDS).close()
    except (OSError, UnicodeError) as error:
        raise errors.unreachable(server) from error


def client_settings(url: str) -> dict[str, Any]:
    """Return the settings of an httpx client without proxy, redirects, cookies or compression.

    The caller of Exchange sets the deadlines. An address without TLS gets no certificates: loading them takes time.
    """
    import httpx

    return {
        "timeout": httpx.Timeout(None, connect=CONNECT_SECONDS),
        "trust_env": False,
        "follow_redirects": False,
        "verify": ssl.create_default_context() if url.startswith("https") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT),
        "headers": {"Accept-Encoding": "identity"},
    }


@contextlib.contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Run the body without these environment variables and without proxies, then restore the environment.

    HTTP clients use proxies even for loopback addresses, and httpx fails on a SOCKS proxy if its SOCKS package is not
    installed.
    """
    with _environment_lock:
        changed = {"NO_PROXY", "no_proxy", *names}
        before = {name: os.environ.pop(name) for name in changed if name in os.environ}
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
        try:
            yield
        finally:
            for name in changed:
                os.environ.pop(name, None)
            os.environ.update(before)
