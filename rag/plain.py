"""Convert dataclasses to JSON values and back."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any, TypeVar

_T = TypeVar("_T")


def plain(value: Any) -> Any:
    """Return a value as dicts, lists and scalars."""
    if isinstance(value, str | int | float | None):
        return value
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return {each.name: plain(getattr(value, each.name)) for each in fields(value)}


def made_of(kind: type[_T], values: Mapping[str, Any]) -> _T:
    """Return a dataclass of this kind with the values of its fields; unknown keys are ignored."""
    known = {each.name: values[each.name] for each in fields(kind) if each.name in values}  # type: ignore[arg-type]
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in known.items()})
