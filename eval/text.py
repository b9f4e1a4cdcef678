"""Reading of the evaluation's files."""

from __future__ import annotations

import hashlib
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
        lines = path.read_text(encoding="utf-8-sig").split("\n")
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


def digest(path: Path) -> str:
    """The sha256 of a file; of a folder, that of the sha256 of each file in it, in the order of names.

    Raises:
        QuestionSetError: it cannot be read.
    """
    try:
        if not path.is_dir():
            return hashlib.sha256(path.read_bytes()).hexdigest()
        files = sorted(file for file in path.rglob("*") if file.is_file())
        return hashlib.sha256("".join(map(digest, files)).encode()).hexdigest()
    except OSError as error:
        raise QuestionSetError(f"{path.name} cannot be read: {error.strerror or error}.") from error
