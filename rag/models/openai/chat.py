"""Stream chat replies by OpenAI's chat API."""

import re
import threading
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...errors import IncompleteAnswer
from ...text.cleaning import clean
from ..background import STOPPED
from ..protocols import Completion, Message, Piece
from ..server.address import Server
from ..server.errors import error_message, excerpt, parse_object, status_error, stream_error, unexpected_response
from ..server.lines import Limits, Lines, error_body, response_status
from ..server.replies import checked, parse_count, parse_seconds
from .connection import open_exchange

_DATA = b"data:"
_IGNORED = (b":", b"event:", b"id:", b"retry:")
# Keys that not every server knows, each with what an error about it says.
_OPTIONAL = {
    "stream_options": re.compile("stream_options"),
    "repeat_penalty": re.compile("repeat_penalty"),
    "seed": re.compile(r"\bseed\b"),
    "chat_template_kwargs": re.compile("chat_template|enable_thinking"),
    "response_format": re.compile("response_format|json_schema|json schema|grammar", re.IGNORECASE),
}
_END_SECONDS = 2.0  # from the end of a reply to its counts


class _KeysRefused(Exception):
    """The server does not know some optional keys of the request."""


@dataclass(frozen=True, slots=True)
class OpenAIModel:
    """A model of a server with OpenAI's chat API: `identifier` names it there, `name` in messages.

    `window` is the context in tokens that a prompt and its reply share: the server's own, or the configured one.
    """

    identifier: str
    name: str
    server: Server
    window: int
    api_key: str = field(default="", repr=False)
    timeout_seconds: float = 120.0
    deadline_seconds: float = 600.0
    digest: str | None = None

    def load(self) -> None:
        """Do nothing: such servers hold their model in memory, and some answer an empty chat with a long text."""

    def chat(
        self,
        messages: Sequence[Message],
        *,
        answer_tokens: int,
        schema: dict[str, Any] | None = None,
        stop: threading.Event | None = None,
        limit_seconds: float | None = None,
    ) -> Iterator[Piece]:
        """Stream the reply; closing the iterator closes the connection, at which the server stops writing.

        Deadlines are those of `rag.models.ollama.chat.OllamaModel.chat`. Raise a subclass of AnswerModelError, with
        the text generated so far in `text`.
        """
        if stop is not None and stop.is_set():
            raise IncompleteAnswer(STOPPED)
        seconds = min(self.deadline_seconds, limit_seconds or self.deadline_seconds)
        limits = Limits.starting_now(seconds, self.timeout_seconds)
        body = self._body(messages, answer_tokens, schema)
        yield from checked(self._pieces(body, limits, stop), self.name, self.server, schema)

    def _body(self, messages: Sequence[Message], answer_tokens: int, schema: dict[str, Any] | None) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self.identifier,
            "messages": list(messages),
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": answer_tokens,
            "temperature": 0,
            "seed": 1,
            "repeat_penalty": 1.1,
            "chat_template_kwargs": {"enable_thinking": False},
        }
        if schema is not None:
            schema_format = {"name": "reply", "strict": True, "schema": schema}
            body["response_format"] = {"type": "json_schema", "json_schema": schema_format}
        return body

    def _pieces(
        self, body: dict[str, Any], limits: Limits, stop: threading.Event | None
    ) -> Generator[Piece, None, None]:
        while True:
            try:
                yield from self._request(body, limits, stop)
                return
            except _KeysRefused as error:
                body = {key: value for key, value in body.items() if key not in error.args}

    def _request(
        self, body: Mapping[str, Any], limits: Limits, stop: threading.Event | None
    ) -> Generator[Piece, None, None]:
        began = time.monotonic()
        with open_exchange(self.server, self.api_key, "/chat/completions", body, stop) as exchange:
            status = response_status(exchange, self.name, limits)
            if status.code != 200:
                data = error_body(exchange, limits)
                if refused := _refused_keys(status.code, data, body):
                    raise _KeysRefused(*refused)
                raise status_error(status, data, self.name, self.server)
            yield from self._read(Lines(exchange, self.server, self.name, limits, _DATA), began)

    def _read(self, lines: Lines, began: float) -> Generator[Piece, None, None]:
        first: float | None = None
        reason: str | None = None
        counts: dict[str, Any] = {}
        for line in lines:
            if line.strip().startswith(_IGNORED):
                continue
            data = _payload(line)
            if data == b"[DONE]":
                reason = reason or "stop"
                break
            value = self._parse_object(line, data)
            counts |= {key: value[key] for key in ("usage", "timings") if isinstance(value.get(key), dict)}
            choice = _first_choice(value)
            if choice is None:
                continue
            text, thought = self._parse_delta(choice, data)
            if text or thought:
                first = first or time.monotonic()
                lines.progress()
                yield Piece(clean(text))
            if isinstance(choice.get("finish_reason"), str):
                reason = choice["finish_reason"]
                lines.end_within(_END_SECONDS)
        if reason == "error":
            raise stream_error(b"", self.name, self.server)
        if reason:
            yield Piece("", _completion(reason, counts, None if first is None else first - began))

    def _parse_object(self, line: bytes, data: bytes) -> dict[str, Any]:
        value = parse_object(data)
        if value is None:
            raise unexpected_response(excerpt(line), self.server)
        if error_message(data) or value.get("error"):
            raise stream_error(data, self.name, self.server)
        return value

    def _parse_delta(self, choice: Mapping[str, Any], data: bytes) -> tuple[str, bool]:
        """Return the text of a piece, and whether it is reasoning, which servers send in a key of its own."""
        delta = choice.get("delta") or {}
        text = (delta.get("content") or "") if isinstance(delta, dict) else None
        if not isinstance(text, str):
            raise unexpected_response(excerpt(data), self.server)
        return text, bool(delta.get("reasoning_content") or delta.get("reasoning"))


def _payload(line: bytes) -> bytes:
    """Return the object of a line; an error in a line of its own, as llama.cpp wrote it once, becomes an error's."""
    if line.startswith(b"error:"):
        return b'{"error":' + line.removeprefix(b"error:").strip() + b"}"
    return line.strip().removeprefix(_DATA).strip()


def _refused_keys(code: int, data: bytes, body: Mapping[str, Any]) -> list[str]:
    message = error_message(data)
    return [key for key, words in _OPTIONAL.items() if code in (400, 422) and key in body and words.search(message)]


def _first_choice(value: Mapping[str, Any]) -> dict[str, Any] | None:
    choices = value.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    return choice if isinstance(choice, dict) else None


def _completion(reason: str, counts: Mapping[str, Any], seconds: float | None) -> Completion:
    """Return how the reply ended.

    llama.cpp reports the time of reading; of other servers it is the time to the first piece.
    """
    usage, timings = counts.get("usage", {}), counts.get("timings", {})
    details = usage.get("prompt_tokens_details")
    cached = parse_count(details.get("cached_tokens")) if isinstance(details, dict) else None
    read, reused = parse_count(timings.get("prompt_n")), parse_count(timings.get("cache_n"))
    prompt = parse_count(usage.get("prompt_tokens"))
    if prompt is None and read is not None:
        prompt = read + (reused or 0)
    return Completion(
        reason="length" if reason == "length" else "stop",
        prompt_tokens=prompt,
        prompt_seconds=parse_seconds(timings.get("prompt_ms"), 1e-3) if timings else seconds,
        cached_tokens=reused if reused is not None else cached,
    )
