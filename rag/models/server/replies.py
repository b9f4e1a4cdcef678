"""Check a streamed reply: whether it is complete, repeats itself, and follows its schema."""

import contextlib
from collections.abc import Generator, Iterator, Mapping
from typing import Any

from ...errors import AnswerModelError, IncompleteAnswer, ModelProtocolError
from ..protocols import Completion, Piece
from .address import Server
from .errors import ended_early, parse_object, repeats_itself

_MOST_EQUAL = 30  # equal pieces in a row; Ollama stops after as many, and then ends the stream without an end


def checked(
    pieces: Generator[Piece, None, None], model: str, server: Server, schema: Mapping[str, Any] | None
) -> Iterator[Piece]:
    """Pass on the pieces of a reply up to its end.

    Raise IncompleteAnswer if it repeats one word, is empty, or ends without an end; ModelProtocolError if it does not
    follow the schema. Every error gets the text so far in `text`.
    """
    text, before, equal = "", "", 0
    try:
        with contextlib.closing(pieces):
            for piece in pieces:
                text += piece.text
                if word := piece.text.strip():
                    before, equal = word, equal + 1 if word == before else 1
                if equal > _MOST_EQUAL:
                    raise repeats_itself(model, server)
                if piece.end:
                    _check_end(text, piece.end, schema, server)
                yield piece
                if piece.end:
                    return
        raise ended_early(model, server)
    except AnswerModelError as error:
        error.text = text
        raise


def _check_end(text: str, end: Completion, schema: Mapping[str, Any] | None, server: Server) -> None:
    if not text.strip():
        raise IncompleteAnswer(
            f"The model wrote nothing. Ask again, or choose another model ({server.model_setting})."
            if end.reason == "stop"
            else "The model reached its token limit before it wrote a word. Choose a model that does not think aloud."
        )
    value = parse_object(text)
    if schema is None or (value is not None and set(schema.get("required", ())) <= set(value)):
        return  # also at the token limit: small models go on with blanks after the object
    if end.reason == "length":
        raise IncompleteAnswer("The model's reply was cut at its token limit. Ask for less.")
    raise ModelProtocolError(
        f"The model did not follow the JSON schema of its reply. Update {server.name}, or choose another model "
        f"({server.model_setting})."
    )


def parse_count(value: object) -> int | None:
    """Return a non-negative integer of 63 bits, None for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63 else None


def parse_seconds(value: object, unit: float) -> float | None:
    """Return a duration in seconds, given in a unit of so many seconds; None if it is not one."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 2**63:
        return None
    return value * unit
