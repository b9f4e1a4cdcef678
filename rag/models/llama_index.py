"""Use any LlamaIndex LLM as the chat model."""

import threading
from collections.abc import Iterator, Sequence
from typing import Any

from llama_index.core.llms import LLM, ChatMessage

from ..errors import AnswerModelError, IncompleteAnswer
from .background import STOPPED
from .protocols import Completion, Message, Piece


class LlamaIndexModel:
    """Any LlamaIndex LLM, with the LLM's own settings. A schema is requested by the prompt only."""

    digest = None
    window = None

    def __init__(self, llm: LLM) -> None:
        self._llm = llm
        self.name = str(llm.metadata.model_name or type(llm).__name__)

    def load(self) -> None:
        """Do nothing: the LLM is loaded as its own package does it."""

    def chat(
        self,
        messages: Sequence[Message],
        *,
        answer_tokens: int,
        schema: dict[str, Any] | None = None,
        stop: threading.Event | None = None,
        limit_seconds: float | None = None,
    ) -> Iterator[Piece]:
        """Stream the reply. Raise IncompleteAnswer if stopped, AnswerModelError for whatever the LLM raises."""
        prompt = [ChatMessage(role=message["role"], content=message["content"]) for message in messages]
        text = ""
        try:
            for response in self._llm.stream_chat(prompt):
                if stop is not None and stop.is_set():
                    raise IncompleteAnswer(STOPPED)
                text += response.delta or ""
                yield Piece(response.delta or "")
        except AnswerModelError as error:
            error.text = text
            raise
        except Exception as error:
            failure = AnswerModelError(f"{self.name} failed ({type(error).__name__}: {error}).")
            failure.text = text
            raise failure from error
        yield Piece("", Completion("stop"))
