"""Validate arguments from people and programs, which may have any type and value."""

from collections.abc import Iterable, Mapping
from typing import Any

from .errors import QuestionError
from .text.cleaning import clean

_MAX_SHOWN = 60  # characters of a value in a message
_MAX_EXACT_FLOAT = 2.0**53  # larger floats may be rounded


def whole(name: str, value: Any, least: int, most: int | None = None) -> int:
    """Return an integer within bounds; a float like 3.0 counts as one. Raise QuestionError if it is something else."""
    is_exact = isinstance(value, float) and value.is_integer() and abs(value) < _MAX_EXACT_FLOAT
    number = int(value) if is_exact else value
    if isinstance(number, int) and not isinstance(value, bool) and number >= least and (most is None or number <= most):
        return number
    bounds = f"of at least {least:,}" if most is None else f"from {least:,} to {most:,}"
    raise QuestionError(f"{name} is {shown(value)}; expected a whole number {bounds}.")


def text(name: str, value: Any) -> str:
    """Return clean text on one line; raise QuestionError if it is not a string."""
    if not isinstance(value, str):
        raise QuestionError(f"{name} is {shown(value)}; expected a string.")
    return " ".join(clean(value).split())


def several(name: str, value: Any) -> Iterable[Any] | None:
    """Return the values of an argument that is one value or a collection of them; None for None.

    Raise QuestionError if it is bytes, a mapping or something else.
    """
    if value is None:
        return None
    if isinstance(value, (str, int, float)):
        return [value]
    if isinstance(value, (bytes, bytearray, Mapping)) or not isinstance(value, Iterable):
        raise QuestionError(f"{name} is {shown(value)}; expected one value, or a list of them.")
    return value


def texts(name: str, value: Any) -> list[str] | None:
    """Return a list of clean strings; None for None. Raise QuestionError if it is something else, or empty."""
    if value is None:
        return None
    if not isinstance(value, list) or not value or not all(isinstance(each, str) for each in value):
        raise QuestionError(f"{name} is {shown(value)}; expected a list of one or more strings, or null.")
    return [text(name, each) for each in value]


def years(name: str, value: Any) -> list[int] | None:
    """Return a list of years; None for None. Raise QuestionError if it is something else, or empty."""
    if value is None:
        return None
    if not isinstance(value, list) or not value:
        raise QuestionError(f"{name} is {shown(value)}; expected a list of one or more years, or null.")
    return [whole(f"{name}[{place}]", each, 1, 9999) for place, each in enumerate(value)]


def shown(value: Any) -> str:
    """Return the repr of a value, shortened for a message."""
    try:
        written = "null" if value is None else repr(value)
    except ValueError:  # more digits than Python prints
        return "a number that is too large"
    return written if len(written) <= _MAX_SHOWN else written[:_MAX_SHOWN] + " ..."
