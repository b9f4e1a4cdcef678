"""Read the lines of a streamed response, each within its deadline."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ...errors import ModelTimeout
from .address import Server
from .errors import Status, parse_object, unexpected_response
from .exchange import Exchange, after

_MAX_LINE_BYTES = 1_000_000
_ERROR_SECONDS = 2.0  # to receive the text of an error


class Limits(NamedTuple):
    """The limits of a reply: its `deadline`, the `seconds` that this gave it, and the `silence` between two pieces."""

    deadline: float
    seconds: float
    silence: float

    @classmethod
    def starting_now(cls, seconds: float, silence: float) -> Limits:
        return cls(after(seconds), seconds, silence)


def response_status(exchange: Exchange, model: str, limits: Limits) -> Status:
    """Wait for the status of a reply. Raise AnswerModelError if there is none before the deadline."""
    try:
        return exchange.begin(limits.deadline)
    except TimeoutError as error:
        raise ModelTimeout(
            f"{model} did not begin to answer within {limits.seconds:g} s. Choose a smaller model, ask for less "
            "([ollama] context_tokens), or wait longer ([ollama] deadline_seconds)."
        ) from error


def error_body(exchange: Exchange, limits: Limits) -> bytes:
    """Return the text of a response with an error."""
    return exchange.receive_rest(min(limits.deadline, after(_ERROR_SECONDS)))


class Lines:
    """The lines of a response, without empty ones.

    The first piece of a reply may take until the deadline, since a laptop reads a long prompt for minutes. After each
    call of `progress` the next call has to come within `limits.silence`: lines that say nothing, which some servers
    send to keep a connection open, do not count. Raise ModelTimeout, or what the exchange raises.
    """

    def __init__(self, exchange: Exchange, server: Server, model: str, limits: Limits, prefix: bytes = b"") -> None:
        self._exchange, self._server, self._model, self._limits = exchange, server, model, limits
        self._line_deadline = limits.deadline
        self._prefix = prefix  # of a line with an object
        self._ended = False

    def progress(self) -> None:
        """Give the next piece its time."""
        self._line_deadline = min(self._limits.deadline, after(self._limits.silence))

    def end_within(self, seconds: float) -> None:
        """Wait for more lines only so long: the reply is complete without them."""
        self._ended = True
        self._line_deadline = min(self._limits.deadline, after(seconds))

    def __iter__(self) -> Iterator[bytes]:
        rest = bytearray()
        while chunk := self._receive():
            rest += chunk
            if b"\n" in chunk:
                *lines, rest = rest.split(b"\n")
                yield from (bytes(line) for line in lines if line.strip())
            if len(rest) > _MAX_LINE_BYTES:
                raise unexpected_response(f"a line of more than {_MAX_LINE_BYTES:,} bytes", self._server)
        # Drop an object that broke off in the middle, so that the reply counts as incomplete.
        last = bytes(rest).strip()
        value = last.removeprefix(self._prefix).lstrip()
        if last and (parse_object(value) is not None or not value.startswith(b"{")):
            yield last

    def _receive(self) -> bytes | None:
        try:
            return self._exchange.receive(self._line_deadline)
        except TimeoutError as error:
            if self._ended:
                return None
            if self._line_deadline < self._limits.deadline:
                raise ModelTimeout(
                    f"{self._model} wrote nothing for {self._limits.silence:g} s. Ask again, or wait longer ([ollama] "
                    "timeout_seconds)."
                ) from error
            raise ModelTimeout(
                f"{self._model} was not done after {self._limits.seconds:g} s. Choose a smaller model, or wait longer "
                "([ollama] deadline_seconds)."
            ) from error
