"""Arguments as they come from people and programs, of any type and value, and the errors that name them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .errors import QuestionError
from .text.cleaning import clean

_SHOWN = 60  # characters of a value in a message
_EXACT = 2.0**53  # a larger number with a point may not be the one that was meant


def whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """Return a whole number within bounds.

    Raises:
        QuestionError: it is something else; the message names the argument.
    """
    is_exact = isinstance(value, float) and value.is_integer() and abs(value) < _EXACT
    number = int(value) if is_exact else value
    if isinstance(number, int) and not isinstance(value, bool) and number >= least and (most is None or number <= most):
        return number
    bounds = f"of at least {least:,}" if most is None else f"from {least:,} to {most:,}"
    raise QuestionError(f"{name} is {shown(value)}; expected a whole number {bounds}.")


def text(name: str, value: Any) -> str:
    """Return a text as it may be stored and printed, in one line.

    Raises:
        QuestionError: it is no text; the message names the argument.
    """
    if not isinstance(value, str):
        raise QuestionError(f"{name} is {shown(value)}; expected a text.")
    return " ".join(clean(value).split())


def several(name: str, value: Any) -> Iterable[Any] | None:
    """Return the values of an argument that is one value, or a collection of them; None where there is none.

    Raises:
        QuestionError: it is bytes, a mapping or something else that is no collection; the message names the argument.
    """
    if value is None:
        return None
    if isinstance(value, (str, int, float)):
        return [value]
    if isinstance(value, (bytes, bytearray, Mapping)) or not isinstance(value, Iterable):
        raise QuestionError(f"{name} is {shown(value)}; expected one value, or a list of them.")
    return value


def texts(name: str, value: Any) -> list[str] | None:
    """Return a list of texts; None where there is none.

    Raises:
        QuestionError: it is something else, or empty; the message names the argument.
    """
    if value is None:
        return None
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise QuestionError(f"{name} is {shown(value)}; expected a list of one or more texts, or null.")
    return [text(name, each) for each in value]


def years(name: str, value: Any) -> list[int] | None:
    """Return a list of years; None where there is none.

    Raises:
        QuestionError: it is something else, or empty; the message names the argument.
    """
    if value is None:
        return None
    if not isinstance(value, list) or not value:
        raise QuestionError(f"{name} is {shown(value)}; expected a list of one or more years, or null.")
    return [whole(f"{name}[{place}]", each, 1, 9999) for place, each in enumerate(value)]


def shown(value: Any) -> str:
    """Return a value as a message shows it."""
    try:
        written = "null" if value is None else repr(value)
    except ValueError:  # a number of more digits than Python writes
        return "a number that is too large"
    return written if len(written) <= _SHOWN else written[:_SHOWN] + " ..."
