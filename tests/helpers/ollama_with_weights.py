"""Put Ollama's protocol in front of llama.cpp's server with real weights, as in Ollama since 0.30."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from helpers.llama_server import PARAMETERS, WINDOW, LlamaServer
from helpers.model_server import Body
from helpers.ollama_faults import RUNNER_STOPPED, last, line
from helpers.ollama_server import Model, OllamaHandler, OllamaServer
from rag.models.background import BackgroundIterator

MODEL = "smollm2:135m"
_ERROR_LINE = "an error was encountered while running the model: unexpected EOF"


@dataclass
class OllamaWithWeights(OllamaServer):
    """The fake Ollama server with real weights as its only model."""

    models: Sequence[Model | str] = (Model(MODEL, size=98_000_000, window=WINDOW, parameters=PARAMETERS),)
    llama: LlamaServer | None = None


class _Received(NamedTuple):
    """The status of llama.cpp's reply, with one line of it or, if the status is not 200, the whole body."""

    status: int
    data: bytes


class _RunnerEnded(Exception):
    """Raised when llama.cpp's server breaks off its reply."""


class _Handler(OllamaHandler):
    server_is: OllamaWithWeights

    def complete(self, body: Body, model: Model) -> None:
        """Forward the request, and its reply line by line; disconnect from the runner when the client disconnects."""
        assert self.server_is.llama is not None
        runner = http.client.HTTPConnection("127.0.0.1", self.server_is.llama.port)
        try:
            runner.connect()
        except OSError:
            self.send_error_text(500, RUNNER_STOPPED)
            return
        connection = runner.sock
        received = BackgroundIterator(lambda: _ask(runner, _request(body)), "test-runner")
        try:
            self._pass_back(body, received)
        finally:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
            received.join(1)
            runner.close()

    def _pass_back(self, body: Body, received: BackgroundIterator[_Received]) -> None:
        begun = False
        ending: Body = {}
        try:
            for status, data in self._while_the_client_stays(received):
                if status != 200:
                    self.send_error_text(status, data.decode())  # JSON inside the error text
                    return
                if not begun:
                    self.begin()
                    begun = True
                if data == b"[DONE]":
                    self.raw(self.encoded(_last_line(body, ending)))
                    self.end()
                    return
                value = json.loads(data)
                ending |= {"timings": value["timings"]} if "timings" in value else {}
                for choice in value["choices"]:
                    ending |= {"reason": choice["finish_reason"]} if choice["finish_reason"] else {}
                    if text := choice["delta"].get("content"):
                        self.raw(self.encoded(line(body, text)))
        except _RunnerEnded:
            if begun:
                self.raw(self.encoded({"error": _ERROR_LINE}))
                self.end()
            else:
                self.send_error_text(500, RUNNER_STOPPED)

    def _while_the_client_stays(self, received: BackgroundIterator[_Received]) -> Iterator[_Received]:
        """Yield the runner's output. Raise Gone if the client disconnects, _RunnerEnded if the output ends early."""
        while True:
            self.wait(0.001)
            try:
                item = received.receive(0.05)
            except TimeoutError:
                continue
            except (OSError, http.client.HTTPException) as error:
                raise _RunnerEnded from error
            if item is None:
                raise _RunnerEnded
            yield item


OllamaWithWeights.handler = _Handler


def _request(body: Body) -> Body:
    """Convert a request from Ollama's format to OpenAI's."""
    options = body.get("options", {})
    request: dict[str, Any] = {
        "messages": body["messages"],
        "stream": True,
        "stream_options": {"include_usage": True},
        "max_tokens": options.get("num_predict", -1),
        **{key: options[key] for key in ("temperature", "seed", "repeat_penalty") if key in options},
    }
    if schema := body.get("format"):
        request["response_format"] = {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema}}
    return request


def _ask(runner: http.client.HTTPConnection, request: Body) -> Iterator[_Received]:
    """Yield the data lines of the reply."""
    data = json.dumps(request).encode()
    runner.request("POST", "/v1/chat/completions", data, {"Content-Type": "application/json"})
    reply = runner.getresponse()
    if reply.status != 200:
        yield _Received(reply.status, reply.read())
        return
    while received := reply.readline():
        if received.startswith(b"data:"):
            yield _Received(200, received.removeprefix(b"data:").strip())


def _last_line(body: Body, ending: Body) -> Body:
    """Return the last line with llama.cpp's counts: `prompt_eval_count` of all tokens, its duration of new ones."""
    timings = ending["timings"]
    tokens = timings["cache_n"] + timings["prompt_n"]
    return last(body, tokens, timings["predicted_n"], timings["cache_n"]) | {
        "done_reason": ending["reason"],
        "prompt_eval_duration": round(timings["prompt_ms"] * 1e6),
        "eval_duration": round(timings["predicted_ms"] * 1e6),
    }
