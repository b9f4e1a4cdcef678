"""A fake Ollama server on 127.0.0.1 with a scripted model and named faults."""

from __future__ import annotations

import hashlib
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
from typing import Any, NamedTuple

Body = dict[str, Any]
Reply = str | Sequence[str] | Callable[[Body], str | Sequence[str]]
"""The reply: one text for all requests; one per request, the last repeated; or a function of the request's body, which
may return the pieces to stream."""

CHAT_FAULTS = (
    "slow first byte", "endless trickle", "trickle without line", "stall", "reset", "reset mid-stream",
    "hangs up", "end without done", "cut last line", "blank line", "broken JSON", "HTML 502", "HTML 200", "list body",
    "list 500", "404 model", "400 thinking", "400 too long", "403 host", "503 busy", "500 memory", "500 other",
    "error line", "memory error line", "empty answer", "1 MB line", "endless line", "wrong types", "wrong counts",
    "redirect", "cut prompt", "invalid UTF-8", "schema ignored", "control characters", "no newline at the end",
)  # fmt: skip
"""Faults of /api/chat, or with `everywhere` of each path. More faults, of the server: "down", "refused", "deaf"; of its
description: "cloud model", "cloud in show", "no version", "no models", "wrong tags"."""


class Request(NamedTuple):
    """A received request; header names are in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Model:
    """An installed model. It writes `thinking` before each reply, unless `think` is false."""

    name: str
    size: int = 2_600_000_000
    window: int = 40_960
    parameters: str = "4.0B"
    capabilities: tuple[str, ...] = ("completion",)
    thinking: str = ""
    remote_host: str = ""

    @property
    def full_name(self) -> str:
        return self.name if ":" in self.name else f"{self.name}:latest"

    def tag(self) -> Body:
        remote = {"remote_host": self.remote_host, "remote_model": self.name} if self.remote_host else {}
        return {
            "name": self.full_name,
            "model": self.full_name,
            "modified_at": "2026-01-02T03:04:05.678901234+01:00",
            "size": self.size,
            "digest": hashlib.sha256(self.name.encode()).hexdigest(),
            "details": {"format": "gguf", "family": "small", "parameter_size": self.parameters},
            **remote,
        }


@dataclass
class OllamaServer:
    """The server, which runs inside `with`. `left` is set when a client leaves during a reply."""

    reply: Reply = "It is so."
    fault: str | None = None
    everywhere: bool = False
    models: Sequence[Model | str] = ("qwen3:4b",)
    version: str = "0.17.4"
    pause: float = 0.0  # seconds between two pieces
    first: float = 0.0  # seconds until the first one
    requests: list[Request] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    loaded: set[str] = field(default_factory=set)
    sent: list[float] = field(default_factory=list)  # the time of each piece, on the monotonic clock

    def __post_init__(self) -> None:
        self.installed = [Model(model) if isinstance(model, str) else model for model in self.models]
        self.ending = threading.Event()
        self._replies = 0
        self._lock = threading.Lock()
        self._held: list[socket.socket] = []
        self._elsewhere: OllamaServer | None = None

    def __enter__(self) -> OllamaServer:
        if self.fault in ("down", "deaf", "refused"):
            self._open_port(self.fault)
            return self
        if self.fault == "redirect":
            self._elsewhere = OllamaServer().__enter__()
        stand_in = self

        class Handler(_Handler):
            server_is = stand_in

        self._http = _Server(("127.0.0.1", 0), Handler)
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
        elif self.fault not in ("down", "deaf"):
            self._http.shutdown()
            self._thread.join()
            self._http.server_close()  # waits for the handlers
        for held in self._held:
            held.close()
        if self._elsewhere:
            self._elsewhere.close()

    @property
    def host(self) -> str:
        """The address for `[ollama] host`."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def elsewhere(self) -> list[Request]:
        """Requests to the target of a redirect."""
        return self._elsewhere.requests if self._elsewhere else []

    def bodies(self, path: str = "/api/chat") -> list[Body]:
        """Return the bodies of the requests to a path, in order."""
        return [request.body for request in self.requests if request.path == path]

    def model(self, name: object) -> Model | None:
        wanted = str(name) if ":" in str(name) else f"{name}:latest"
        return next((model for model in self.installed if model.full_name == wanted), None)

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

    def _open_port(self, fault: str) -> None:
        """Open a port that is closed, that never answers, or that hangs up before the first byte."""
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
            for _ in range(4):  # fill its queue, so that the next one is not even taken
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
            _reset(connection)
            connection.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 32


def _reset(connection: socket.socket) -> None:
    """Reset the connection when it closes."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


class _Gone(Exception):
    """The client has closed the connection."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_is: OllamaServer

    def do_GET(self) -> None:
        self._handle()

    def do_POST(self) -> None:
        self._handle()

    def log_message(self, *_: object) -> None: ...

    def end_headers(self) -> None:
        self.send_header("Connection", "close")  # else a client may take the connection again while it is closed
        super().end_headers()

    def _handle(self) -> None:
        self.close_connection = True
        server = self.server_is
        data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = json.loads(data) if data else None
        headers = {name.lower(): value for name, value in self.headers.items()}
        server.requests.append(Request(self.command, self.path, headers, body))
        path = self.path.removeprefix("/api/")
        try:
            if server.fault in CHAT_FAULTS and (path == "chat" or server.everywhere):
                _FAULTS[server.fault](self, body or {})
            elif (answer := getattr(self, f"_{path}", None)) is not None:
                answer(body or {})
            else:
                self.send_text(404, "404 page not found")
        except (_Gone, BrokenPipeError, ConnectionResetError):
            server.left.set()

    # What Ollama answers

    def _version(self, _: Body) -> None:
        if self.server_is.fault == "no version":
            self.send_text(404, "404 page not found")
        else:
            self.send_object({"version": self.server_is.version})

    def _tags(self, _: Body) -> None:
        fault = self.server_is.fault
        tags: Any = [model.tag() for model in self.server_is.installed]
        if fault == "cloud model":
            tags = [tag | {"remote_host": "https://ollama.com:443", "remote_model": tag["name"]} for tag in tags]
        if fault == "wrong tags":
            tags = [{"name": 7, "model": None, "size": "large"}]
        self.send_object({"models": None if fault == "no models" else tags})

    def _show(self, body: Body) -> None:
        model = self.server_is.model(body.get("model"))
        if model is None:
            self.send_error_text(404, f"model '{body.get('model')}' not found")
            return
        remote = self.server_is.fault == "cloud in show" and {"remote_host": "https://ollama.com:443"}
        self.send_object(
            {
                "details": model.tag()["details"],
                "model_info": {"general.architecture": "small", "small.context_length": model.window},
                "capabilities": list(model.capabilities),
            }
            | (remote or {})
        )

    def _ps(self, _: Body) -> None:
        running = [model for model in self.server_is.installed if model.full_name in self.server_is.loaded]
        self.send_object({"models": [model.tag() | {"context_length": 8192} for model in running]})

    def _pull(self, body: Body) -> None:
        self.begin()
        for status in ("pulling manifest", "verifying sha256 digest", "success"):
            self.line({"status": status})
        self.server_is.installed.append(Model(body["model"]))
        self.end()

    def _chat(self, body: Body) -> None:
        model = self.server_is.model(body.get("model"))
        if model is None:
            self.send_error_text(404, f"model '{body.get('model')}' not found")
            return
        if "completion" not in model.capabilities:
            self.send_error_text(400, f'"{model.name}" does not support chat')
            return
        tokens, window = prompt_tokens(body), body.get("options", {}).get("num_ctx", 4096)
        if tokens > window and body.get("truncate") is False:
            self.send_error_text(400, "the input length exceeds the context length")
            return
        self.server_is.loaded.add(model.full_name)
        self.wait(self.server_is.first)
        self.begin()
        if not body.get("messages"):
            self.line(last(body, 0, 0) | {"done_reason": "load"})
        else:
            self.write(body, tokens if tokens <= window else window // 2, model.thinking)
        self.end()

    def write(self, body: Body, tokens: int, thinking: str = "", change: Mapping[str, Any] | None = None) -> None:
        """Write the whole reply with its last line."""
        if body.get("think") is not False:
            for word in thinking.split():
                self.line(line(body, "") | {"message": {"role": "assistant", "content": "", "thinking": word}})
        pieces = self.server_is.written(body)
        most = body.get("options", {}).get("num_predict", -1)
        kept = pieces if most < 0 else pieces[:most]
        self.pieces(body, kept)
        end = last(body, tokens, len(kept)) | ({"done_reason": "length"} if len(kept) < len(pieces) else {})
        self.line(end | dict(change or {}))

    def pieces(self, body: Body, pieces: Sequence[str]) -> None:
        for number, piece in enumerate(pieces):
            self.wait(self.server_is.pause if number else 0.0)
            self.server_is.sent.append(time.monotonic())
            self.line(line(body, piece))

    # How it is sent

    def send_object(self, value: Any, status: int = 200) -> None:
        self.send_text(status, json.dumps(value), "application/json; charset=utf-8")

    def send_error_text(self, status: int, text: str) -> None:
        self.send_object({"error": text}, status)

    def send_text(self, status: int, text: str, kind: str = "text/plain", headers: Mapping[str, str] = {}) -> None:
        data = text.encode()
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def begin(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/x-ndjson")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def line(self, value: Any) -> None:
        self.raw(json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace") + b"\n")

    def raw(self, data: bytes) -> None:
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def end(self) -> None:
        self.wfile.write(b"0\r\n\r\n")

    def wait(self, seconds: float) -> None:
        """Wait, and raise _Gone when the client leaves or the test ends."""
        until = time.monotonic() + seconds
        while (remaining := until - time.monotonic()) > 0:
            readable, _, _ = select.select([self.connection], [], [], min(remaining, 0.02))
            if self.server_is.ending.is_set() or (readable and not self.connection.recv(1, socket.MSG_PEEK)):
                raise _Gone

    def wait_for_ever(self) -> None:
        self.wait(3600)


def prompt_tokens(body: Body) -> int:
    """Return about as many tokens as a real tokenizer: four per three words."""
    words = sum(len(message["content"].split()) for message in body.get("messages", ()))
    return words * 4 // 3


def line(body: Body, text: str) -> Body:
    """Return a line in the middle of a reply."""
    return {
        "model": body.get("model"),
        "created_at": "2026-01-02T03:04:05.678901Z",
        "message": {"role": "assistant", "content": text},
        "done": False,
    }


def last(body: Body, prompt: int, answer: int) -> Body:
    """Return the last line of a reply with its token counts; reading takes 5 ms per token, writing 50."""
    return line(body, "") | {
        "done": True,
        "done_reason": "stop",
        "total_duration": prompt * 5_000_000 + answer * 50_000_000,
        "load_duration": 1_000_000,
        "prompt_eval_count": prompt,
        "prompt_eval_duration": prompt * 5_000_000,
        "eval_count": answer,
        "eval_duration": answer * 50_000_000,
    }


# Faults


def _slow_first_byte(handler: _Handler, body: Body) -> None:
    handler.wait_for_ever()


def _endless_trickle(handler: _Handler, body: Body) -> None:
    handler.begin()
    while True:
        handler.line(line(body, "and "))
        handler.wait(0.1)


def _trickle_without_line(handler: _Handler, body: Body) -> None:
    handler.begin()
    handler.pieces(body, ["It is"])
    handler.raw(b'{"message": {"role": "assistant", "content": "')
    while True:
        handler.raw(b"o")
        handler.wait(0.05)


def _stall(handler: _Handler, body: Body) -> None:
    handler.begin()
    handler.pieces(body, ["It is"])
    handler.wait_for_ever()


def _reset_first(handler: _Handler, body: Body) -> None:
    _reset(handler.connection)


def _reset_mid_stream(handler: _Handler, body: Body) -> None:
    handler.begin()
    handler.pieces(body, ["It is"])
    handler.wait(0.1)
    _reset(handler.connection)


def _hangs_up(handler: _Handler, body: Body) -> None:
    handler.begin()
    handler.pieces(body, ["It is"])  # and no end of the chunks


def _end_without_done(handler: _Handler, body: Body) -> None:
    handler.begin()
    handler.pieces(body, ["It is"])
    handler.end()


def _cut_last_line(handler: _Handler, body: Body) -> None:
    handler.begin()
    handler.pieces(body, ["It is"])
    handler.raw(b'{"model":"qwen3:4b","message":{"role":"assistant","content":" so."}')
    handler.end()


def _no_newline(handler: _Handler, body: Body) -> None:
    handler.begin()
    handler.pieces(body, ["It is so."])
    handler.raw(json.dumps(last(body, 9, 3)).encode())
    handler.end()


def _odd_line(data: bytes) -> Callable[[_Handler, Body], None]:
    def write(handler: _Handler, body: Body) -> None:
        handler.begin()
        handler.pieces(body, ["It is"])
        handler.raw(data + b"\n")
        handler.pieces(body, [" so."])
        handler.line(last(body, 9, 2))
        handler.end()

    return write


def _endless_line(handler: _Handler, body: Body) -> None:
    handler.begin()
    handler.pieces(body, ["It is"])
    while True:
        handler.raw(b" " * 65_536)
        handler.wait(0.001)


def _status(status: int, text: str, kind: str = "text/html") -> Callable[[_Handler, Body], None]:
    return lambda handler, _: handler.send_text(status, text, kind)


def _error(status: int, text: str) -> Callable[[_Handler, Body], None]:
    return lambda handler, body: handler.send_error_text(status, text.format(model=body.get("model")))


def _no_thinking(handler: _Handler, body: Body) -> None:
    if "think" in body:
        handler.send_error_text(400, f'"{body["model"]}" does not support thinking')
    else:
        handler._chat(body)


def _redirect(handler: _Handler, body: Body) -> None:
    server = handler.server_is._elsewhere
    assert server is not None
    handler.send_text(307, "", headers={"Location": f"{server.host}{handler.path}"})


def _reply(text: str) -> Callable[[_Handler, Body], None]:
    def write(handler: _Handler, body: Body) -> None:
        handler.begin()
        handler.pieces(body, [text])
        handler.line(last(body, prompt_tokens(body), 1))
        handler.end()

    return write


def _last_line(**change: Any) -> Callable[[_Handler, Body], None]:
    def write(handler: _Handler, body: Body) -> None:
        handler.begin()
        handler.write(body, prompt_tokens(body), change=change)
        handler.end()

    return write


def _cut_prompt(handler: _Handler, body: Body) -> None:
    handler.begin()
    handler.write(body, prompt_tokens(body) // 2)
    handler.end()


_HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"
_FAULTS: dict[str, Callable[[_Handler, Body], None]] = {
    "slow first byte": _slow_first_byte,
    "endless trickle": _endless_trickle,
    "trickle without line": _trickle_without_line,
    "stall": _stall,
    "reset": _reset_first,
    "reset mid-stream": _reset_mid_stream,
    "hangs up": _hangs_up,
    "end without done": _end_without_done,
    "cut last line": _cut_last_line,
    "no newline at the end": _no_newline,
    "blank line": _odd_line(b""),
    "broken JSON": _odd_line(b'{"message": {"role": "assist'),
    "HTML 502": _status(502, _HTML),
    "HTML 200": _status(200, _HTML),
    "list body": _status(200, "[]", "application/json"),
    "list 500": _status(500, '["no"]', "application/json"),
    "404 model": _error(404, "model '{model}' not found"),
    "400 thinking": _no_thinking,
    "400 too long": _error(400, "the input length exceeds the context length"),
    "403 host": _status(403, ""),
    "503 busy": _error(503, "server busy, please try again. maximum pending requests exceeded"),
    "500 memory": _error(500, "model requires more system memory (5.6 GiB) than is available (3.1 GiB)"),
    "500 other": _error(500, "unable to find the template"),
    "error line": _odd_line(b'{"error": "an error was encountered while running the model"}'),
    "memory error line": _odd_line(b'{"error": "llama runner process has terminated: cudaMalloc failed"}'),
    "empty answer": _reply(" \n"),
    "1 MB line": _odd_line(b'{"message": {"role": "assistant", "content": "' + b"o" * 1_100_000 + b'"}}'),
    "endless line": _endless_line,
    "wrong types": _odd_line(b'{"message": {"role": "assistant", "content": 7}, "done": false}'),
    "wrong counts": _last_line(prompt_eval_count="many", eval_count=None, eval_duration=True, prompt_eval_duration=-1),
    "redirect": _redirect,
    "cut prompt": _cut_prompt,
    "invalid UTF-8": _odd_line(b'{"message": {"role": "assistant", "content": "caf\xe9"}, "done": false}'),
    "schema ignored": _reply("Certainly! Here is what you asked for."),
    "control characters": _reply("It\x1b[31m is\x00 so\ud800, \u2028na\x85ive."),
}
assert set(_FAULTS) == set(CHAT_FAULTS)
