"""Run a fake model server on 127.0.0.1, with a scripted model and faults: the common part of Ollama's and OpenAI's."""

from __future__ import annotations

import json
import re
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, ClassVar, NamedTuple, Self

Body = dict[str, Any]
Reply = str | Sequence[str] | Callable[[Body], str | Sequence[str]]
"""The reply: one text for all requests; one per request, the last repeated; or a function of the request's body, which
may return the pieces to stream."""
PORT_FAULTS = frozenset({"down", "deaf", "refused"})
HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"


class Request(NamedTuple):
    """A received request; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class ModelServer:
    """The server, which runs inside a `with` block; `left` is set when a client disconnects during a reply.

    The faults "down", "refused" and "deaf" are of the server itself; others are of the handler, for chats or, with
    `everywhere`, for all paths.
    """

    reply: Reply = "It is so."
    fault: str | None = None
    everywhere: bool = False
    pause: float = 0.0  # seconds between two pieces
    first: float = 0.0  # seconds until the first one
    requests: list[Request] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    sent: list[float] = field(default_factory=list)  # the time of each piece, on the monotonic clock
    handler: ClassVar[type[Handler]]
    faults: ClassVar[frozenset[str]]

    def __post_init__(self) -> None:
        assert self.fault is None or self.fault in self.faults
        self.ending = threading.Event()
        self._replies = 0
        self._lock = threading.Lock()
        self._held: list[socket.socket] = []
        self._elsewhere: ModelServer | None = None

    def __enter__(self) -> Self:
        if self.fault in PORT_FAULTS:
            self._open_port(self.fault)
            return self
        if self.fault == "redirect":
            self._elsewhere = type(self)().__enter__()
        served = type("Handler", (self.handler,), {"server_is": self})
        self._http = _Server(("127.0.0.1", 0), served)
        self.port = self._http.server_port
        self._thread = threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop the server and its replies."""
        self.ending.set()
        if self.fault == "refused":
            self._thread.join()
        elif self.fault not in PORT_FAULTS:
            self._http.shutdown()
            self._thread.join()
            self._http.server_close()  # waits for the handlers
        for held in self._held:
            held.close()
        if self._elsewhere:
            self._elsewhere.close()

    @property
    def host(self) -> str:
        """The address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def elsewhere(self) -> list[Request]:
        """Requests to the target of a redirect."""
        return self._elsewhere.requests if self._elsewhere else []

    def target_of_redirect(self, path: str) -> str:
        assert self._elsewhere is not None
        return f"{self._elsewhere.host}{path}"

    def written(self, body: Body) -> list[str]:
        """Return the pieces of the reply to a request."""
        with self._lock:
            number, self._replies = self._replies, self._replies + 1
        reply: Any = self.reply
        if callable(reply):
            reply = reply(body)
        elif not isinstance(reply, str):
            reply = reply[min(number, len(reply) - 1)]
        return re.findall(r"\s*\S+\s*$|\s*\S+", reply) if isinstance(reply, str) else list(reply)

    def _open_port(self, fault: str | None) -> None:
        """Open a port that refuses connections, never answers, or hangs up before the first byte."""
        listening = socket.create_server(("127.0.0.1", 0), backlog=0 if fault == "deaf" else 8)
        self.port = listening.getsockname()[1]
        self._held = [listening]
        if fault == "down":
            listening.close()
        elif fault == "refused":
            listening.settimeout(0.05)
            self._thread = threading.Thread(target=self._refuse, args=(listening,))
            self._thread.start()
        else:
            for _ in range(4):  # fill the backlog, so that the next connection is not accepted
                waiting = socket.socket()
                waiting.setblocking(False)
                waiting.connect_ex(("127.0.0.1", self.port))
                self._held.append(waiting)

    def _refuse(self, listening: socket.socket) -> None:
        while not self.ending.is_set():
            try:
                connection, _ = listening.accept()
            except TimeoutError:
                continue
            reset(connection)
            connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 32


def reset(connection: socket.socket) -> None:
    """Reset the connection when it closes."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class Gone(Exception):
    """Raised when the client has closed the connection."""


class Handler(BaseHTTPRequestHandler):
    """Answers requests; subclasses define the routes, the format of pieces and the faults."""

    protocol_version = "HTTP/1.1"
    content_type: str
    server_is: Any

    def answer(self, path: str, body: Body) -> None:
        raise NotImplementedError

    def piece(self, body: Body, text: str) -> bytes:
        """Return a piece of a reply in the format in which it is sent."""
        raise NotImplementedError

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def log_message(self, *_: object) -> None: ...

    def end_headers(self) -> None:
        self.send_header("Connection", "close")  # otherwise a client may reuse the connection while it is being closed
        super().end_headers()

    def _handle(self) -> None:
        self.close_connection = True
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(data) if data else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server_is.requests.append(Request(self.command, self.path, headers, body))
        try:
            self.answer(self.path, body or {})
        except (Gone, BrokenPipeError, ConnectionResetError):
            self.server_is.left.set()

    def pieces(self, body: Body, pieces: Sequence[str]) -> None:
        for number, text in enumerate(pieces):
            self.wait(self.server_is.pause if number else 0.0)
            self.server_is.sent.append(time.monotonic())
            self.raw(self.piece(body, text))

    def send_object(self, value: Any, status: int = 200) -> None:
        self.send_text(status, json.dumps(value), "application/json; charset=utf-8")

    def send_text(self, status: int, text: str, kind: str = "text/plain", headers: Mapping[str, str] = {}) -> None:
        data = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", self.content_type)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def raw(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def end(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def wait(self, seconds: float) -> None:
        """Wait; raise Gone if the client disconnects or the test ends."""
        until = time.monotonic() + seconds
        while (remaining := until - time.monotonic()) > 0:
            readable, _, _ = select.select([self.connection], [], [], min(remaining, 0.02))
            if self.server_is.ending.is_set() or (readable and not self.connection.recv(1, socket.MSG_PEEK)):
                raise Gone

    def wait_for_ever(self) -> None:
        self.wait(3600)


def prompt_tokens(body: Body) -> int:
    """Return an estimate of the number of tokens: four per three words."""
    words = sum(len(message["content"].split()) for message in body.get("messages", ()))
    return words * 4 // 3


# Faults that any server may have

Fault = Callable[[Any, Body], None]


def begins(handler: Handler, body: Body) -> None:
    """Begin a reply with one piece."""
    handler.begin()
    handler.pieces(body, ["It is"])


def _slow_first_byte(handler: Handler, body: Body) -> None:
    handler.wait_for_ever()


def _endless_trickle(handler: Handler, body: Body) -> None:
    handler.begin()
    for number in range(10_000):
        handler.raw(handler.piece(body, f"and {number} "))
        handler.wait(0.1)


def _stall(handler: Handler, body: Body) -> None:
    begins(handler, body)
    handler.wait_for_ever()


def _reset_first(handler: Handler, body: Body) -> None:
    reset(handler.connection)


def _reset_mid_stream(handler: Handler, body: Body) -> None:
    begins(handler, body)
    handler.wait(0.1)
    reset(handler.connection)


def _end_early(handler: Handler, body: Body) -> None:
    begins(handler, body)
    handler.end()


def _endless_line(handler: Handler, body: Body) -> None:
    begins(handler, body)
    while True:
        handler.raw(b" " * 65_536)
        handler.wait(0.001)


def _repeats_for_ever(handler: Handler, body: Body) -> None:
    begins(handler, body)
    while True:
        handler.raw(handler.piece(body, " so"))


def status(code: int, text: str, kind: str = "text/html") -> Fault:
    """Return the fault of a server that answers with a status."""
    return lambda handler, _: handler.send_text(code, text, kind)


def _redirect(handler: Handler, body: Body) -> None:
    target = handler.server_is.target_of_redirect(handler.path)
    handler.send_text(307, "", headers={"Location": target})


COMMON_FAULTS: dict[str, Fault] = {
    "slow first byte": _slow_first_byte,
    "endless trickle": _endless_trickle,
    "stall": _stall,
    "reset": _reset_first,
    "reset mid-stream": _reset_mid_stream,
    "hangs up": begins,  # without the final chunk
    "ends early": _end_early,
    "endless line": _endless_line,
    "repeats for ever": _repeats_for_ever,
    "HTML 502": status(502, HTML),
    "HTML 200": status(200, HTML),
    "list body": status(200, "[]", "application/json"),
    "list 500": status(500, '["no"]', "application/json"),
    "redirect": _redirect,
}
