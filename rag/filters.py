"""Select the papers to search."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, TypedDict, cast

from . import arguments
from .errors import QuestionError

Names = str | Sequence[str] | None


class FilterArguments(TypedDict, total=False):
    """Filters as keyword arguments; a single name or year counts as a list of one."""

    papers: Names
    years: int | Sequence[int] | None
    authors: Names
    sources: Names
    tags: Names
    collections: Names
    without: Names


@dataclass(frozen=True, slots=True)
class Filters:
    """Select the papers that match every filter that is set, except those in `without`.

    `papers` and `without` name papers as `Assistant.paper` takes them. `authors`, `sources`, `tags` and `collections`
    match when any value does: tags by their whole name, the others by a part of it, ignoring case.
    """

    papers: tuple[str, ...] = ()
    years: tuple[int, ...] = ()
    authors: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return self != Filters()

    def set_values(self) -> dict[str, list[Any]]:
        """Return the filters that are set, with their values."""
        return {name: list(values) for name, values in asdict(self).items() if values}

    def without_values(self, name: str) -> Filters:
        """Return the filters without the values of one of them."""
        return replace(self, **{name: ()})

    @classmethod
    def of(cls, filters: Filters | None, named: FilterArguments) -> Filters:
        """Return checked filters, given as one value or as keyword arguments.

        Raise QuestionError if both are given, or a filter has a wrong value. Raise TypeError if there is no such
        filter.
        """
        if filters is None:
            return cls.parse(named)
        if not isinstance(filters, Filters):
            raise QuestionError(f"filters is a Filters(...), not {filters!r}.")
        if named:
            raise QuestionError(f"Give filters= or {', '.join(named)}=, not both.")
        given = {name: value for name in FilterArguments.__annotations__ if (value := getattr(filters, name)) != ()}
        return cls.parse(cast(FilterArguments, given))

    @classmethod
    def parse(cls, arguments_: FilterArguments) -> Filters:
        """Return the filters in keyword arguments.

        Raise QuestionError if a filter has a value of another type, or is empty, which would match no paper at all.
        Raise TypeError if there is no such filter.
        """
        if unknown := arguments_.keys() - FilterArguments.__annotations__.keys():
            raise TypeError(f"There is no filter {', '.join(sorted(unknown))}.")
        parsed: dict[str, tuple[Any, ...]] = {}
        for name, given in arguments_.items():
            values = arguments.several(name, given)
            check = _year if name == "years" else _name
            parsed[name] = tuple(check(name, value) for value in values or ())
            if values is not None and not parsed[name] and name != "without":
                raise QuestionError(f"{name} is empty: name at least one, or leave it out.")
        return cls(**parsed)


def _year(name: str, value: Any) -> int:
    return arguments.whole(name, value, 0, 9999)


def _name(name: str, value: Any) -> str:
    text = arguments.text(name, value)
    if not text:  # every name contains it
        raise QuestionError(f"{name} has an empty value: give a name, or leave it out.")
    return text
