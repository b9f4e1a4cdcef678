"""Run a fake server with OpenAI's chat API on 127.0.0.1, like LM Studio, llama.cpp's server, Jan and vLLM."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from helpers.model_server import COMMON_FAULTS, PORT_FAULTS, Body, Fault, Handler, ModelServer, begins, prompt_tokens
from helpers.model_server import status as with_status

PROGRAMS = ("LM Studio", "llama.cpp", "Jan", "vLLM")


@dataclass
class OpenAIServer(ModelServer):
    """The server of a `program`, with the program's own error messages and model list.

    `window` is its context length in tokens; `thinking` is written before each reply.
    """

    program: str = "llama.cpp"
    models: Sequence[str] = ("/models/qwen3-4b-instruct-Q4_K_M.gguf",)
    loaded: Sequence[str] = ()
    window: int = 4096
    api_key: str = ""
    thinking: str = ""
    counts: bool = True
    cached: int = 0

    @property
    def url(self) -> str:
        """The address for `[llm] base_url`."""
        return f"{self.host}/v1"

    def bodies(self) -> list[Body]:
        return [request.body for request in self.requests if request.path == "/v1/chat/completions"]

    def too_long(self, tokens: int, answer: int) -> tuple[str, Any]:
        """Return the message for a prompt that is too long, and the JSON object that contains it."""
        if self.program == "LM Studio":
            text = f"Trying to keep the first {tokens} tokens when context the overflows. However, the model is loaded "
            text += f"with context length of only {self.window} tokens, which is not enough. Try to load the model "
            return text, {"error": f"{text}with a larger context length, or provide a shorter input"}
        if self.program == "vLLM":
            text = f"This model's maximum context length is {self.window} tokens. However, you requested "
            text += f"{tokens + answer} tokens ({tokens} in the messages, {answer} in the completion). Please reduce"
            return text, {"object": "error", "message": text, "type": "BadRequestError", "param": None, "code": 400}
        text = f"request ({tokens} tokens) exceeds the available context size ({self.window} tokens), try increasing it"
        error = {"code": 400, "message": text, "type": "exceed_context_size_error"}
        return text, {"error": error | {"n_prompt_tokens": tokens, "n_ctx": self.window}}


class _Handler(Handler):
    content_type = "text/event-stream"
    server_is: OpenAIServer

    def answer(self, path: str, body: Body) -> None:
        server = self.server_is
        key = self.headers.get("authorization", "").removeprefix("Bearer ")
        if server.fault in FAULTS and (path == "/v1/chat/completions" or server.everywhere):
            FAULTS[server.fault](self, body)
        elif server.api_key and key != server.api_key:
            self.send_object(
                {"error": {"message": "Invalid API Key", "type": "authentication_error", "code": 401}}, 401
            )
        elif path == "/v1/models":
            self.send_object({"object": "list", "data": [self._listed(name) for name in server.models]})
        elif path == "/api/v0/models" and server.program == "LM Studio":
            self.send_object({"object": "list", "data": [self._detailed(name) for name in server.models]})
        elif path == "/v1/chat/completions":
            self._chat(body)
        elif server.program == "LM Studio":
            self.send_object({"error": f"Unexpected endpoint or method. ({self.command} {path}). Returning 200 anyway"})
        else:
            self.send_object({"error": {"message": "File Not Found", "type": "not_found_error", "code": 404}}, 404)

    def piece(self, body: Body, text: str) -> bytes:
        return self.event(self.chunk(body, {"content": text}))

    def event(self, value: Any) -> bytes:
        data = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        return f"data: {data}\n\n".encode(errors="backslashreplace")

    def chunk(self, body: Body, delta: Body, reason: str | None = None) -> Body:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return {"object": "chat.completion.chunk", "model": body.get("model"), "choices": [choice]}

    def write(self, body: Body, reason: str | None = "stop", *, done: bool = True, counts: bool = True) -> None:
        """Write the whole reply, its end and its counts."""
        self.raw(self.event(self.chunk(body, {"role": "assistant", "content": None})))
        for word in self.server_is.thinking.split():
            self.raw(self.event(self.chunk(body, {"reasoning_content": word})))
        pieces = self.server_is.written(body)
        kept = pieces[: body.get("max_tokens")]
        self.raw(b": ping\n\n")
        self.pieces(body, kept)
        if reason:
            self.raw(self.event(self.chunk(body, {}, "length" if len(kept) < len(pieces) else reason)))
        if counts and self.server_is.counts and "stream_options" in body:
            self.raw(self.event({"choices": [], **self._counts(body, len(kept))}))
        if done:
            self.raw(self.event("[DONE]"))

    def _counts(self, body: Body, answer: int) -> Body:
        prompt, cached = prompt_tokens(body), self.server_is.cached
        details = {"prompt_tokens_details": {"cached_tokens": cached}}
        usage = {"prompt_tokens": prompt, "completion_tokens": answer, "total_tokens": prompt + answer, **details}
        timings = {"cache_n": cached, "prompt_n": prompt - cached, "prompt_ms": 5.0 * (prompt - cached)}
        return {"usage": usage} | ({"timings": timings} if self.server_is.program in ("llama.cpp", "Jan") else {})

    def _listed(self, name: str) -> Body:
        server = self.server_is
        listed: Body = {"id": name, "object": "model", "owned_by": server.program}
        if server.program == "vLLM":
            listed |= {"max_model_len": server.window}
        if server.program == "llama.cpp":
            listed |= {"meta": {"n_ctx": server.window, "n_ctx_train": 40_960, "n_params": 4_022_468_096}}
        return listed

    def _detailed(self, name: str) -> Body:
        details = {"id": name, "type": "embeddings" if "embed" in name else "llm", "max_context_length": 40_960}
        if name in self.server_is.loaded:
            return details | {"state": "loaded", "loaded_context_length": self.server_is.window}
        return details | {"state": "not-loaded"}

    def _chat(self, body: Body) -> None:
        server, tokens = self.server_is, prompt_tokens(body)
        if body.get("model") not in server.models:
            error = {"message": f"The model `{body.get('model')}` does not exist.", "code": 404}
            self.send_object({"error": error}, 404)
        elif tokens > server.window:
            self.send_object(server.too_long(tokens, body.get("max_tokens", 0))[1], 400)
        else:
            self.wait(server.first)
            self.begin()
            self.write(body)
            self.end()


OpenAIServer.handler = _Handler


def _whole(**change: Any) -> Fault:
    def write(handler: Any, body: Body) -> None:
        handler.begin()
        handler.write(body, **change)
        handler.end()

    return write


def _open_after_the_end(handler: Any, body: Body) -> None:
    handler.begin()
    handler.write(body, done=False, counts=False)
    handler.wait_for_ever()


def _pings(handler: Any, body: Body) -> None:
    begins(handler, body)
    while True:
        handler.raw(b": ping\n\n")
        handler.wait(0.05)


def _pings_first(handler: Any, body: Body) -> None:
    handler.begin()
    handler.raw(handler.event(handler.chunk(body, {"role": "assistant"})))
    for _ in range(10):
        handler.raw(b": ping\r\n\r\n")
        handler.wait(0.1)
    handler.write(body)
    handler.end()


def _odd(data: bytes) -> Fault:
    def write(handler: Any, body: Body) -> None:
        begins(handler, body)
        handler.raw(data + b"\n\n")
        handler.write(body)
        handler.end()

    return write


def _error(status: int, message: str, **more: Any) -> Fault:
    return lambda handler, _: handler.send_object({"error": {"message": message, **more}}, status)


def _refuses(key: str, message: str) -> Fault:
    """Return the fault of a server that rejects requests with this key."""

    def answer(handler: Any, body: Body) -> None:
        if key in body:
            handler.send_object({"error": {"message": message, "type": "invalid_request_error"}}, 400)
        else:
            handler._chat(body)

    return answer


def _too_long_in_the_stream(handler: Any, body: Body) -> None:
    handler.begin()
    text, _ = handler.server_is.too_long(9000, 100)
    handler.raw(b"event: error\n" + handler.event({"error": {"message": text}}))
    handler.end()


FAULTS: dict[str, Fault] = COMMON_FAULTS | {
    "no finish_reason": _whole(reason=None),
    "no [DONE]": _whole(done=False),
    "open after the end": _open_after_the_end,
    "pings": _pings,
    "pings first": _pings_first,
    "broken JSON": _odd(b'data: {"choices": [{"delta'),
    "cut last event": lambda handler, body: (begins(handler, body), handler.raw(b'data: {"choi'), handler.end())[0],
    "wrong types": _odd(b'data: {"choices": [{"delta": {"content": 7}}]}'),
    "no choices": _odd(b'data: {"choices": null, "usage": null}'),
    "invalid UTF-8": _odd(b'data: {"choices": [{"delta": {"content": "caf\xe9"}}]}'),
    "error event": _odd(b'data: {"error": {"message": "the slot is gone", "code": 500}}'),
    "old error event": _odd(b'error: {"code": 500, "message": "the slot is gone", "type": "server_error"}'),
    "finish error": _whole(reason="error"),
    "too long in the stream": _too_long_in_the_stream,
    "loading": _error(503, "Loading model", type="unavailable_error", code=503),
    "404 model": _error(404, "The model `x` does not exist.", type="NotFoundError"),
    "no model loaded": _error(
        400, "No models loaded. Please load a model in the developer page.", code="model_not_found"
    ),
    "401 key": _error(401, "Invalid API Key", type="authentication_error"),
    "500 memory": _error(500, "ErrorOutOfDeviceMemory: failed to allocate compute buffers"),
    "error with 200": _error(200, "Unexpected endpoint or method. (POST /chat/completions). Returning 200 anyway"),
    "no stream_options": _refuses("stream_options", "Unrecognized request argument supplied: stream_options"),
    "no template": _refuses("chat_template_kwargs", "chat_template is not supported for Mistral tokenizers"),
    "no schema": _refuses("response_format", "'response_format.type' must be 'text'"),
    "old error": with_status(400, '{"object": "error", "message": "temperature is wrong"}', "application/json"),
}
OpenAIServer.faults = PORT_FAULTS | set(FAULTS)
