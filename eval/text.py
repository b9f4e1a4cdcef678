"""Reading of the evaluation's files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from .questions import QuestionSetError


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """The objects of a file of JSON lines.

    Raises:
        QuestionSetError: it cannot be read, or a line is not JSON; the message names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise QuestionSetError(f"{path.name} cannot be read: {error}.") from error
    rows = []
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                rows.append(json.loads(line))
            except ValueError as error:
                raise QuestionSetError(f"{path.name}, line {number}: {error}") from error
    return rows
