"""What every local language model offers: a chat that streams pieces of its reply."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple, Protocol

Message = dict[str, str]
"""One turn of a chat: `role` is system, user or assistant; `content` is its text."""


class Completion(NamedTuple):
    """How a model's reply ended: `reason` is stop, or length where `answer_tokens` cut it. None: the server is mute."""

    reason: str
    prompt_tokens: int | None
    prompt_seconds: float | None
    answer_tokens: int | None
    answer_seconds: float | None


class Piece(NamedTuple):
    """A piece of a reply. `text` may be "" (a sign of life while the model thinks); the last piece has its `end`."""

    text: str
    end: Completion | None = None


class ChatModel(Protocol):
    """A model that generates text from messages: Ollama's (`rag.models.ollama.LocalModel`) or the caller's own."""

    @property
    def name(self) -> str: ...

    @property
    def digest(self) -> str | None: ...

    @property
    def window(self) -> int | None: ...

    def chat(
        self,
        messages: Sequence[Message],
        *,
        context_tokens: int,
        answer_tokens: int,
        schema: dict[str, Any] | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[Piece]: ...
