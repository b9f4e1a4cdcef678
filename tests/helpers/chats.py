"""Chat with a fake model server by any protocol, and check the errors for its faults."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from rag.errors import AnswerModelError
from rag.models.protocols import ChatModel, Completion, Piece

ASKED = [{"role": "system", "content": "Answer."}, {"role": "user", "content": "How deep is the well?"}]
SCHEMA = {"type": "object", "properties": {"supported": {"type": "boolean"}}, "required": ["supported"]}
QUICK = {"timeout_seconds": 0.6, "deadline_seconds": 1.5}


def chat(model: ChatModel, **options: Any) -> Iterator[Piece]:
    return model.chat(ASKED, **({"answer_tokens": 100} | options))


def text_and_end(pieces: Iterator[Piece]) -> tuple[str, Completion | None]:
    got = list(pieces)
    assert all(piece.end is None for piece in got[:-1])
    return "".join(piece.text for piece in got), got[-1].end


@contextlib.contextmanager
def one_error_in_time(kind: type[AnswerModelError], text: str, message: str) -> Iterator[None]:
    """Assert that the block fails in time with this kind of error, a short message, and the text written so far."""
    began = time.monotonic()
    with pytest.raises(AnswerModelError, match=f"(?s){message}") as failed:
        yield
    assert time.monotonic() - began < 4
    assert type(failed.value) is kind
    assert failed.value.text.startswith(text)
    assert bool(failed.value.text) == bool(text)
    assert len(str(failed.value)) < 500
    assert str(failed.value).endswith(".")
    assert "s3cret" not in str(failed.value)
