"""Stream chat replies from Ollama."""

import threading
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import IncompleteAnswer
from ...text.cleaning import clean
from ..background import STOPPED
from ..protocols import Completion, Message, Piece
from ..server.address import Server
from ..server.errors import excerpt, parse_object, status_error, stream_error, unexpected_response
from ..server.lines import Limits, Lines, error_body, response_status
from ..server.replies import checked, parse_count, parse_seconds
from .connection import open_exchange

_REPEAT_PENALTY = 1.1  # Ollama's default until 0.32.2, 1.0 since


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """An installed model. `window` is the context in tokens that every request asks for."""

    name: str
    digest: str | None
    server: Server
    window: int
    timeout_seconds: float = 120.0
    deadline_seconds: float = 600.0

    def load(self) -> None:
        """Load the model into memory, with the window of the requests that follow. Raise AnswerModelError."""
        limits = Limits.starting_now(self.deadline_seconds, self.timeout_seconds)
        for _ in self._request(self._body([], {"num_ctx": self.window}), limits, None):
            pass

    def chat(
        self,
        messages: Sequence[Message],
        *,
        answer_tokens: int,
        schema: dict[str, Any] | None = None,
        stop: threading.Event | None = None,
        limit_seconds: float | None = None,
    ) -> Iterator[Piece]:
        """Stream the reply; closing the iterator closes the connection.

        The first piece may take `deadline_seconds`, since a laptop reads a long prompt for minutes. Each later one may
        take `timeout_seconds`, and the whole reply `deadline_seconds`. `stop` ends the reply within a second. Raise
        a subclass of AnswerModelError, with the text generated so far in `text`. PromptCut needs Ollama
        0.12.6; older versions cut a long prompt silently, see `rag.answering.token_budget.was_cut`.
        """
        if stop is not None and stop.is_set():
            raise IncompleteAnswer(STOPPED)
        options = {"num_predict": answer_tokens, "temperature": 0, "seed": 1, "repeat_penalty": _REPEAT_PENALTY}
        body = self._body(list(messages), {"num_ctx": self.window, **options})
        if schema is not None:
            body["format"] = schema
        seconds = min(self.deadline_seconds, limit_seconds or self.deadline_seconds)
        limits = Limits.starting_now(seconds, self.timeout_seconds)
        yield from checked(self._request(body, limits, stop), self.name, self.server, schema)

    def _body(self, messages: list[Message], options: Mapping[str, Any]) -> dict[str, Any]:
        """Return a request. It leaves out `shift`: Ollama loads a model again for clients that differ in it."""
        return {
            "model": self.name,
            "messages": messages,
            "stream": True,
            "think": False,
            "keep_alive": "10m",
            "truncate": False,  # an error in place of a prompt silently cut to half the window
            "options": options,
        }

    def _request(
        self, body: Mapping[str, Any], limits: Limits, stop: threading.Event | None
    ) -> Generator[Piece, None, None]:
        with open_exchange(self.server, "/api/chat", body, stop) as exchange:
            status = response_status(exchange, self.name, limits)
            if status.code != 200:
                raise status_error(status, error_body(exchange, limits), self.name, self.server)
            lines = Lines(exchange, self.server, self.name, limits)
            for line in lines:
                yield self._parse_line(line)
                lines.progress()

    def _parse_line(self, line: bytes) -> Piece:
        """Parse a line of the response. Raise the error that it reports, or ModelProtocolError if it is malformed."""
        value = parse_object(line)
        if value is None:
            raise unexpected_response(excerpt(line), self.server)
        if value.get("error"):
            raise stream_error(line, self.name, self.server)
        done = value.get("done", False)
        message = value.get("message", {} if done else None)
        text = (message.get("content") or "") if isinstance(message, dict) else None
        if not isinstance(done, bool) or not isinstance(text, str):
            raise unexpected_response(excerpt(line), self.server)
        return Piece(clean(text), _parse_completion(value, self.window) if done else None)


def _parse_completion(value: Mapping[str, Any], window: int) -> Completion:
    """Return how the reply ended. One that filled the window lost the beginning of its prompt, and counts as cut."""
    prompt, written = parse_count(value.get("prompt_eval_count")), parse_count(value.get("eval_count"))
    filled = prompt is not None and written is not None and prompt + written > window
    return Completion(
        reason="length" if filled or value.get("done_reason") == "length" else "stop",
        prompt_tokens=prompt,
        prompt_seconds=parse_seconds(value.get("prompt_eval_duration"), 1e-9),
        cached_tokens=parse_count(value.get("prompt_eval_cached_count")),
    )
