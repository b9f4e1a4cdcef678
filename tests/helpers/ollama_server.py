"""Run a fake Ollama server on 127.0.0.1 with a scripted model and named faults."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from helpers.model_server import PORT_FAULTS, Body, Handler, ModelServer, Reply, Request, prompt_tokens
from helpers.ollama_faults import FAULTS, last, line, long_prompt_error

__all__ = ["CHAT_FAULTS", "Body", "Model", "OllamaServer", "Reply", "Request"]

CHAT_FAULTS = tuple(FAULTS)
"""Faults of /api/chat, or with `everywhere` of each path."""

DESCRIPTION_FAULTS = ("cloud model", "cloud in show", "no version", "no models", "wrong tags")
"""Faults in the server's description of itself."""


@dataclass
class Model:
    """An installed model. It writes `thinking` before each reply unless `think` is false."""

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
            "details": {
                "format": "gguf",
                "family": "small",
                "parameter_size": self.parameters,
                "context_length": self.window,
            },
            "capabilities": list(self.capabilities),
            **remote,
        }


@dataclass
class OllamaServer(ModelServer):
    """The server. `cached` counts the prompt tokens in its cache; None for an older version, which hides it."""

    models: Sequence[Model | str] = ("qwen3:4b",)
    version: str = "0.33.0"
    cached: int | None = 0
    loaded: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__post_init__()
        self.installed = [Model(model) if isinstance(model, str) else model for model in self.models]

    def bodies(self, path: str = "/api/chat") -> list[Body]:
        """Return the bodies of the requests to a path, in order, except those that only load a model."""
        bodies = [request.body for request in self.requests if request.path == path]
        return [body for body in bodies if path != "/api/chat" or body["messages"]]

    def loads(self) -> list[Body]:
        """Return the bodies of the requests that only load a model."""
        return [each.body for each in self.requests if each.path == "/api/chat" and not each.body["messages"]]

    def model(self, name: object) -> Model | None:
        wanted = str(name) if ":" in str(name) else f"{name}:latest"
        return next((model for model in self.installed if model.full_name == wanted), None)


class OllamaHandler(Handler):
    content_type = "application/x-ndjson"
    server_is: OllamaServer

    def answer(self, path: str, body: Body) -> None:
        server, name = self.server_is, path.removeprefix("/api/")
        loads = name == "chat" and not body.get("messages")
        if server.fault in FAULTS and ((name == "chat" and not loads) or server.everywhere):
            FAULTS[server.fault](self, body)
        elif (route := getattr(self, f"_{name}", None)) is not None:
            route(body)
        else:
            self.send_text(404, "404 page not found")

    def piece(self, body: Body, text: str) -> bytes:
        return self.encoded(line(body, text))

    def encoded(self, value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False).encode(errors="backslashreplace") + b"\n"

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
        more = {"context_length": 8192, "size_vram": 1_300_000_000, "expires_at": "2026-01-02T03:14:05.67+01:00"}
        self.send_object({"models": [model.tag() | more for model in running]})

    def _pull(self, body: Body) -> None:
        self.begin()
        for status in ("pulling manifest", "verifying sha256 digest", "success"):
            self.raw(self.encoded({"status": status}))
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
        self.server_is.loaded.add(model.full_name)
        if not body.get("messages"):  # one object, without a new line and without counts
            self.send_object(line(body, "") | {"done": True, "done_reason": "load"})
            return
        self.complete(body, model)

    def complete(self, body: Body, model: Model) -> None:
        """Answer a chat with messages."""
        tokens, window = prompt_tokens(body), body.get("options", {}).get("num_ctx", 4096)
        if tokens > window and body.get("truncate") is False:
            self.send_error_text(400, long_prompt_error(tokens, window))
            return
        self.wait(self.server_is.first)
        self.begin()
        self.write(body, tokens if tokens <= window else window // 2, model.thinking)
        self.end()

    def write(self, body: Body, tokens: int, thinking: str = "", change: Mapping[str, Any] | None = None) -> None:
        """Write the whole reply with its last line."""
        if body.get("think") is not False:
            for word in thinking.split():
                message = {"role": "assistant", "content": "", "thinking": word}
                self.raw(self.encoded(line(body, "") | {"message": message}))
        pieces = self.server_is.written(body)
        most = body.get("options", {}).get("num_predict", -1)
        kept = pieces if most < 0 else pieces[:most]
        self.pieces(body, kept)
        end = last(body, tokens, len(kept), self.server_is.cached)
        end |= {"done_reason": "length"} if len(kept) < len(pieces) else {}
        self.raw(self.encoded(end | dict(change or {})))

    def send_error_text(self, status: int, text: str) -> None:
        self.send_object({"error": text}, status)


OllamaServer.handler = OllamaHandler
OllamaServer.faults = PORT_FAULTS | {*FAULTS, *DESCRIPTION_FAULTS}
