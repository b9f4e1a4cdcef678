"""Protocols of the three models that an assistant uses: an embedder, a reranker and a chat model.

`Assistant.open` accepts any object that satisfies one of them. Implementations must be thread-safe.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ..types import Span

Vectors = NDArray[np.float32]


class MarkedText(NamedTuple):
    """A text to embed. Each span in `marks` gets a separate vector."""

    text: str
    marks: tuple[Span, ...]


class Encoded(NamedTuple):
    """Unit vectors of one text: `vector` (dimensions,), `marks` (marks, dimensions). `tokens` counts what was read."""

    vector: Vectors
    marks: Vectors
    tokens: int


class TokenVectors(NamedTuple):
    """Unit `vectors` (tokens, dimensions) and the span of each token in the text."""

    vectors: Vectors
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The properties of an embedding model that its library records and its runner needs."""

    name: str
    digest: str
    dimensions: int
    max_tokens: int
    pooling: str  # mean | cls | other
    normalize: bool
    query_prompt: str
    document_prompt: str


class Embedder(Protocol):
    """A model that turns text into unit vectors."""

    @property
    def card(self) -> ModelCard: ...

    @property
    def room(self) -> int:
        """The number of tokens left for a text after special tokens and the document prompt."""
        ...

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, without special tokens."""
        ...

    def token_spans(self, text: str) -> list[Span]:
        """Return the span of each token, without special tokens."""
        ...

    def encode_question(self, question: str) -> Vectors:
        """Return the vector of a question, (dimensions,)."""
        ...

    def encode_texts(self, texts: Sequence[MarkedText]) -> list[Encoded]:
        """Return the vectors of documents, in input order."""
        ...

    def token_vectors(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Return the token vectors of each text, without prompts and special tokens."""
        ...


class Reading(NamedTuple):
    """Logits of one text: whether it answers, whether it states what is asked for, and whether each sentence answers.

    `answers` and `sentences`, (sentences,), compare texts for one question; `stated` compares questions too.
    """

    answers: float
    stated: float
    sentences: Vectors


class Reranker(Protocol):
    """A model that scores texts against a question."""

    def scores(self, question: str, texts: Sequence[str]) -> Vectors:
        """Return how well each text answers, (texts,), more is better. Raise EmbeddingError unless all are finite."""
        ...


Message = dict[str, str]
"""One chat message: `role` is system, user or assistant; `content` is the text."""


class Completion(NamedTuple):
    """How a reply ended, as far as the server reported it.

    Attributes:
        reason: stop, or length if it hit the token limit.
        prompt_tokens: the tokens of the prompt.
        cached_tokens: of these, those that the server knew from an earlier prompt and did not read again.
        prompt_seconds: the time of reading the other ones.
    """

    reason: str
    prompt_tokens: int | None = None
    prompt_seconds: float | None = None
    cached_tokens: int | None = None


class Piece(NamedTuple):
    """One piece of a streamed reply. `text` may be "" while the model thinks; only the last piece has an `end`."""

    text: str
    end: Completion | None = None


class ChatModel(Protocol):
    """A model that generates text from messages."""

    @property
    def name(self) -> str: ...

    @property
    def digest(self) -> str | None: ...

    @property
    def window(self) -> int | None:
        """The tokens that a prompt and its reply share, for every request; None if unknown."""
        ...

    def load(self) -> None:
        """Load the model into memory where a server does so on demand. Raise AnswerModelError if it fails."""
        ...

    def chat(
        self,
        messages: Sequence[Message],
        *,
        answer_tokens: int,
        schema: dict[str, Any] | None = None,
        stop: threading.Event | None = None,
        limit_seconds: float | None = None,
    ) -> Iterator[Piece]:
        """Stream the reply.

        Args:
            schema: the JSON schema that the reply must follow.
            stop: once set, the reply ends early.
            limit_seconds: the longest time of the whole reply, if it is shorter than the model's own deadline.

        Raise AnswerModelError if the request failed; `text` holds what was generated before.
        """
        ...
