"""Read and write the evaluation's files."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from .questions import QuestionSetError


def read_json_lines(path: Path) -> list[dict[str, Any]]:
    """Read a file of JSON lines. Raise QuestionSetError, with the line number if a line is not JSON."""
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


def write_json_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write rows as JSON lines."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


def write_trec_run(path: Path, run: Mapping[str, Mapping[str, float]], name: str, digits: str) -> None:
    """Write a run, query -> document -> score, in TREC's format, with documents in order and scores formatted."""
    lines = [
        f"{query} Q0 {document} {rank} {score:{digits}} {name}"
        for query, scores in run.items()
        for rank, (document, score) in enumerate(scores.items(), 1)
    ]
    path.write_text("\n".join(lines) + "\n")


def digest(path: Path) -> str:
    """Return the sha256 of a file, or of a folder's file digests by name. Raise QuestionSetError if unreadable."""
    try:
        if not path.is_dir():
            return hashlib.sha256(path.read_bytes()).hexdigest()
        files = sorted(file for file in path.rglob("*") if file.is_file())
        return hashlib.sha256("".join(map(digest, files)).encode()).hexdigest()
    except OSError as error:
        raise QuestionSetError(f"{path.name} cannot be read: {error.strerror or error}.") from error
