"""Read what the library pane sends: which papers the next question is put to."""

import json
from typing import Any

from rag import arguments
from rag.errors import QuestionError

_TEXTS = ("papers", "tags", "collections")


def filters_in(scope: str | None) -> dict[str, Any]:
    """Return the filters of `Assistant.ask` that a scope in JSON names; none for an empty one.

    Raise QuestionError if it is not one that the pane makes.
    """
    try:
        chosen = json.loads(scope or "{}")
    except ValueError as error:
        raise QuestionError(f"The scope {arguments.shown(scope)} is not JSON. Load the page again.") from error
    if not isinstance(chosen, dict):
        raise QuestionError(f"The scope {arguments.shown(scope)} is not an object. Load the page again.")
    filters: dict[str, Any] = {name: arguments.texts(name, chosen.get(name) or None) for name in _TEXTS}
    return filters | {"years": arguments.years("years", chosen.get("years") or None)}
