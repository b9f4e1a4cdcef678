"""Any LlamaIndex LLM as what writes answers, in place of Ollama's models."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any

from llama_index.core.llms import LLM, ChatMessage

from ..errors import AnswerModelError, IncompleteAnswer
from .protocols import Completion, Piece


class LlamaIndexModel:
    """Any LlamaIndex LLM as what writes answers: `Assistant.open(llm=...)`. Its own settings hold; a schema is asked
    for in words alone."""

    digest = None
    window = None

    def __init__(self, llm: LLM) -> None:
        self._llm = llm
        self.name = str(llm.metadata.model_name or type(llm).__name__)

    def chat(
        self,
        messages: Sequence[dict[str, str]],
        *,
        context_tokens: int,
        answer_tokens: int,
        schema: dict[str, Any] | None = None,
        stop: threading.Event | None = None,
    ) -> Iterator[Piece]:
        """The reply as it is written.

        Raises:
            IncompleteAnswer: it was stopped.
            AnswerModelError: whatever the LLM raises.
        """
        asked = [ChatMessage(role=message["role"], content=message["content"]) for message in messages]
        text = ""
        try:
            for response in self._llm.stream_chat(asked):
                if stop is not None and stop.is_set():
                    raise _with_text(IncompleteAnswer("The answer was stopped."), text)
                delta = response.delta or ""
                text += delta
                yield Piece(delta)
        except AnswerModelError:
            raise
        except Exception as error:  # an LLM of any maker raises what it likes
            told = f"{self.name} failed ({type(error).__name__}: {error})."
            raise _with_text(AnswerModelError(told), text) from error
        yield Piece("", Completion("stop", None, None, None, None))


def _with_text(error: AnswerModelError, text: str) -> AnswerModelError:
    error.text = text
    return error
