"""One HTTP request to Ollama, with deadlines, that its caller can leave at any moment.

Ollama's Python client supplies the address and the connection only. Its own reading of responses takes an end without
`done` for success, drops `remote_host`, splits lines at U+0085, and waits forever for a server that trickles.
"""

from __future__ import annotations

import contextlib
import os
import socket
import ssl
import threading
import time
from collections.abc import Iterator, Mapping
from types import ModuleType, TracebackType
from typing import TYPE_CHECKING, Any

from ...errors import AnswerModelError, IncompleteAnswer, ModelProtocolError, OllamaNotFound
from ..background import STOP_GRACE_SECONDS, STOPPED, BackgroundIterator
from .errors import Status, invalid_address, translate_errors, unexpected_response, unreachable

if TYPE_CHECKING:
    import httpx

CONNECT_SECONDS = 1.5
_POLL_SECONDS = 0.1  # between two looks at `stop`
_MAX_REPLY_BYTES = 16_000_000
_environment_lock = threading.Lock()


def after(seconds: float) -> float:
    """Return the time in `seconds` from now, on the monotonic clock."""
    return time.monotonic() + seconds


class Exchange:
    """A request and its response. Leaving the `with` block closes the connection immediately.

    A background thread talks to the server, so that the caller can leave during a name lookup or a blocking read.
    Deadlines are times of the monotonic clock.
    """

    def __init__(
        self, host: str, path: str, body: Mapping[str, Any] | None = None, stop: threading.Event | None = None
    ) -> None:
        self._host, self._path, self._body, self._stop = host, path, body, stop
        self._client = _open_client(host)
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None
        self._closed = False

    def __enter__(self) -> Exchange:
        self._received = BackgroundIterator(self._receive_all, "footnote-ollama")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._closed = True
            self._shut_down()
        self._received.join(STOP_GRACE_SECONDS)  # a name lookup may take longer; its daemon thread ends by itself

    def begin(self, deadline: float) -> Status:
        """Wait for the response's status.

        Raise AnswerModelError if there is no connection, or `stop` was set. Raise TimeoutError if it connected, but no
        response before the deadline.
        """
        try:
            status = self._next(min(deadline, after(CONNECT_SECONDS + 0.3)))
        except TimeoutError as error:
            if self._socket is None:
                raise unreachable(self._host) from error
            status = self._next(deadline)
        assert isinstance(status, Status)
        return status

    def receive(self, deadline: float) -> bytes | None:
        """Return the next bytes of the response, None at its end. Raise AnswerModelError or TimeoutError."""
        chunk = self._next(deadline)
        assert not isinstance(chunk, Status)
        return chunk

    def receive_rest(self, deadline: float) -> bytes:
        """Return the rest of the response, or what arrived of it before a failure or the deadline."""
        data = bytearray()
        with contextlib.suppress(TimeoutError, IncompleteAnswer, ModelProtocolError):
            while chunk := self.receive(deadline):
                data += chunk
        return bytes(data)

    def _next(self, deadline: float) -> Status | bytes | None:
        while self._stop is None or not self._stop.is_set():
            remaining = deadline - time.monotonic()
            if remaining <= 0:
                raise TimeoutError
            with contextlib.suppress(TimeoutError):
                return self._received.receive(min(remaining, _POLL_SECONDS))
        raise IncompleteAnswer(STOPPED)

    def _receive_all(self) -> Iterator[Status | bytes]:
        """Yield the status and the body; runs in the background thread."""
        method = "GET" if self._body is None else "POST"
        extensions = {"trace": self._keep_socket}
        responded = False
        try:
            with (
                self._client as client,
                client.stream(method, self._path, json=self._body, extensions=extensions) as response,
            ):
                yield Status(response.status_code, response.headers.get("location"))
                responded = True
                size = 0
                for chunk in response.iter_raw():
                    yield chunk
                    size += len(chunk)
                    if size > _MAX_REPLY_BYTES:
                        raise unexpected_response(f"more than {_MAX_REPLY_BYTES:,} bytes", self._host)
        except AnswerModelError:
            raise
        except Exception as error:
            raise translate_errors(error, self._host, responded=responded) from error

    def _keep_socket(self, event: str, info: Mapping[str, Any]) -> None:
        """Keep the connection's socket; httpx reports each step of a request to this hook."""
        if event in ("connection.connect_tcp.complete", "connection.start_tls.complete"):
            with self._lock:
                self._socket = info["return_value"].get_extra_info("socket")
                if self._closed:
                    self._shut_down()

    def _shut_down(self) -> None:
        if self._socket is not None:
            with contextlib.suppress(OSError):  # already closed
                # The plain socket's method: an SSL socket's own would pull its state from under the reading thread.
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def _open_client(host: str) -> httpx.Client:
    """Return the httpx client inside Ollama's, without proxy, redirects or credentials."""
    import httpx

    try:
        client = import_client().Client(
            host=host,
            timeout=httpx.Timeout(None, connect=CONNECT_SECONDS),  # the caller of Exchange sets the other deadlines
            trust_env=False,
            follow_redirects=False,
            verify=_ssl_context(host),
            headers={"Accept-Encoding": "identity"},
        )
    except (ValueError, httpx.InvalidURL) as error:
        raise invalid_address(host) from error
    plain: httpx.Client = client._client
    plain.headers.pop("authorization", None)  # it would send OLLAMA_API_KEY to any host
    return plain


def import_client() -> ModuleType:
    """Import Ollama's package, which reads OLLAMA_HOST and the proxy variables while it is imported."""
    try:
        with hidden("OLLAMA_HOST"):
            import ollama
    except ImportError as error:
        raise OllamaNotFound(
            f"Ollama's client cannot be loaded: {str(error).rstrip('.')}. Run `make install` again."
        ) from error
    return ollama


def _ssl_context(host: str) -> ssl.SSLContext:
    """Return a context with the system's certificates, or without any for plain HTTP: loading them takes time."""
    return ssl.create_default_context() if host.startswith("https") else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


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
