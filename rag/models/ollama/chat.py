"""Stream chat replies from Ollama."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...errors import AnswerModelError, IncompleteAnswer, ModelProtocolError, ModelTimeout
from ...text.cleaning import clean
from ..background import STOPPED
from ..protocols import Completion, Message, Piece
from .connection import Exchange, after
from .errors import (
    ThinkingNotSupported,
    error_message,
    excerpt,
    parse_object,
    status_error,
    stream_error,
    unexpected_response,
)

_ERROR_SECONDS = 2.0  # to receive the text of an error
_MAX_LINE_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """An installed model. `window` is its longest context in tokens, None if unknown."""

    name: str
    digest: str | None
    host: str
    timeout_seconds: float = 120.0
    deadline_seconds: float = 600.0
    window: int | None = None

    def chat(
        self,
        messages: Sequence[Message],
        *,
        context_tokens: int,
        answer_tokens: int,
        schema: dict[str, Any] | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[Piece]:
        """Stream the reply; closing the iterator closes the connection.

        The first piece may take `deadline_seconds`, since a laptop reads a long prompt for minutes. Each later one may
        take `timeout_seconds`, and the whole reply `deadline_seconds`. `stop` ends the reply within a second. Raise
        a subclass of AnswerModelError, with the text generated so far in `text`. PromptCut needs Ollama
        0.12.6; older versions cut a long prompt silently, see `rag.answering.token_budget.was_cut`.
        """
        body: dict[str, Any] = {
            "model": self.name,
            "messages": list(messages),
            "stream": True,
            "keep_alive": "10m",
            "truncate": False,  # an error in place of a prompt silently cut to half the window
            "shift": False,
            "options": {"num_ctx": context_tokens, "num_predict": answer_tokens, "temperature": 0, "seed": 1},
        }
        if schema is not None:
            body["format"] = schema
        text = ""
        try:
            for piece in self._without_thinking(body, stop):
                text += piece.text
                if piece.end:
                    _check_reply(text, piece.end, schema)
                yield piece
        except AnswerModelError as error:
            error.text = text
            raise

    def _without_thinking(self, body: Mapping[str, Any], stop: threading.Event | None) -> Iterator[Piece]:
        if stop is not None and stop.is_set():
            raise IncompleteAnswer(STOPPED)
        deadline = after(self.deadline_seconds)
        try:
            yield from self._request({**body, "think": False}, deadline, stop)
        except ThinkingNotSupported:
            yield from self._request(body, deadline, stop)

    def _request(self, body: Mapping[str, Any], deadline: float, stop: threading.Event | None) -> Iterator[Piece]:
        with Exchange(self.host, "/api/chat", body, stop) as exchange:
            try:
                status = exchange.begin(deadline)
            except TimeoutError as error:
                raise ModelTimeout(
                    f"{self.name} did not begin to answer within {self.deadline_seconds:g} s. Choose a smaller model, "
                    "ask for less ([ollama] context_tokens), or wait longer ([ollama] deadline_seconds)."
                ) from error
            if status.code != 200:
                text = exchange.receive_rest(min(deadline, after(_ERROR_SECONDS)))
                raise status_error(status, text, self.name, self.host)
            for line in self._lines(exchange, deadline):
                piece = _parse_line(line, self.name, self.host)
                yield piece
                if piece.end:
                    return
        raise IncompleteAnswer(
            f"Ollama at {self.host} ended the answer of {self.name} before it was complete. Ask again; if it happens "
            "again, look at Ollama's log."
        )

    def _lines(self, exchange: Exchange, deadline: float) -> Iterator[bytes]:
        rest = bytearray()
        line_deadline = deadline
        while chunk := self._receive(exchange, line_deadline, deadline):
            rest += chunk
            if b"\n" in chunk:
                *lines, rest = rest.split(b"\n")
                yield from (bytes(line) for line in lines if line.strip())
                line_deadline = min(deadline, after(self.timeout_seconds))  # per line, or a trickle would never end
            if len(rest) > _MAX_LINE_BYTES:
                raise unexpected_response(f"a line of more than {_MAX_LINE_BYTES:,} bytes", self.host)
        # Drop an object that broke off in the middle, so that the reply counts as incomplete.
        if rest.strip() and (parse_object(bytes(rest)) is not None or not rest.lstrip().startswith(b"{")):
            yield bytes(rest)

    def _receive(self, exchange: Exchange, line_deadline: float, deadline: float) -> bytes | None:
        try:
            return exchange.receive(line_deadline)
        except TimeoutError as error:
            if line_deadline < deadline:
                raise ModelTimeout(
                    f"{self.name} wrote nothing for {self.timeout_seconds:g} s. Ask again, or wait longer ([ollama] "
                    "timeout_seconds)."
                ) from error
            raise ModelTimeout(
                f"{self.name} was not done after {self.deadline_seconds:g} s. Choose a smaller model, or wait longer "
                "([ollama] deadline_seconds)."
            ) from error


def _parse_line(line: bytes, model: str, host: str) -> Piece:
    """Parse a line of the response. Raise the error that it reports, or ModelProtocolError if it is malformed."""
    value = parse_object(line)
    if value is None:
        raise unexpected_response(excerpt(line), host)
    if value.get("error"):
        raise stream_error(error_message(line), model)
    done = value.get("done", False)
    message = value.get("message", {} if done else None)
    text = (message.get("content") or "") if isinstance(message, dict) else None
    if not isinstance(done, bool) or not isinstance(text, str):
        raise unexpected_response(excerpt(line), host)
    return Piece(clean(text), _parse_completion(value) if done else None)


def _parse_completion(value: Mapping[str, Any]) -> Completion:
    nanoseconds = parse_count(value.get("prompt_eval_duration"))
    return Completion(
        reason="length" if value.get("done_reason") == "length" else "stop",
        prompt_tokens=parse_count(value.get("prompt_eval_count")),
        prompt_seconds=None if nanoseconds is None else nanoseconds / 1e9,
    )


def _check_reply(text: str, end: Completion, schema: Mapping[str, Any] | None) -> None:
    """Raise IncompleteAnswer if the reply is empty or cut, ModelProtocolError if it does not follow the schema."""
    if not text.strip():
        raise IncompleteAnswer(
            "The model wrote nothing. Ask again, or choose another model ([ollama] model)."
            if end.reason == "stop"
            else "The model reached its token limit before it wrote a word. Choose a model that does not think aloud."
        )
    if schema is None:
        return
    if end.reason == "length":
        raise IncompleteAnswer("The model's reply was cut at its token limit. Ask for less.")
    value = parse_object(text)
    if value is None or not set(schema.get("required", ())) <= set(value):
        raise ModelProtocolError(
            "The model did not follow the JSON schema of its reply. Update Ollama, or choose another model ([ollama] "
            "model)."
        )


def parse_count(value: object) -> int | None:
    """Return a non-negative integer of 63 bits, None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None
