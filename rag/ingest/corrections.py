"""Apply the user's corrections to a paper's metadata."""

from dataclasses import replace
from typing import Any

import numpy as np

from .. import arguments
from ..errors import SourceError
from ..types import Paper

EDITABLE = ("title", "authors", "year", "venue", "doi", "arxiv_id", "citekey", "tags", "collections")
_LISTS = ("authors", "tags", "collections")


def checked_value(field: str, value: Any) -> Any:
    """Return a user's value for a field in the form in which it is stored.

    Raise SourceError if the field cannot be edited, or not to this value. Raise QuestionError if the value has the
    wrong type; the message names the field.
    """
    if field not in EDITABLE:
        raise SourceError(f"{field!r} cannot be edited; {', '.join(EDITABLE)} can.")
    if field in _LISTS:
        items = [arguments.text(field, item) for item in arguments.several(field, value) or ()]
        return [item for item in items if item]
    if field == "year":
        if value is not None and not (type(value) is int and 1000 <= value <= 2100):
            raise SourceError(f"The year {value!r} is not a whole number from 1000 to 2100.")
        return value
    text = None if value is None else arguments.text(field, value)
    if field == "title" and not text:
        raise SourceError("A paper needs a title.")
    return text


def corrected(paper: Paper, corrections: dict[str, Any]) -> Paper:
    """Return a paper with the user's corrections, which count as certain."""
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in corrections.items()}
    title = str(values.pop("title", paper.title))
    certainty = tuple((name, 1.0 if name in corrections else value) for name, value in paper.certainty)
    return replace(retitled(paper, title), **values, certainty=certainty)


def retitled(paper: Paper, title: str) -> Paper:
    """Return a paper with a new title, both as a field and at the start of its text, with spans and boxes moved."""
    if title == paper.title:
        return paper
    old, new = len(paper.title), len(title)
    boxes = paper.boxes
    if boxes is not None:
        title_boxes = np.zeros((new, 4), np.uint16)
        title_boxes[: min(old, new)] = boxes[: min(old, new)]
        boxes = np.concatenate([title_boxes, boxes[old:]])

    def moved(position: int) -> int:
        return position + new - old if position >= old else min(position, new)

    return replace(paper.moved(moved, title + paper.text[old:]), title=title, boxes=boxes)
