"""Count the papers with the title given in manifest.jsonl, and those with their title on their pages."""

import unicodedata
from pathlib import Path
from typing import Any

from rag.assistant import Assistant

from ..files import read_json_lines


def measure_titles(assistant: Assistant, folder: Path) -> dict[str, Any]:
    """Count the papers whose title is in the manifest and on their pages, ignoring case and white space.

    A title in the file's own metadata counts like the manifest's.
    """
    found = {source: paper.title for paper in assistant.papers() for source in paper.sources}
    rows = rows_with_titles(folder)
    stored = [row for row in rows if row["file"] in found]
    agreeing = {row["file"]: title_agrees(found[row["file"]], row) for row in stored}
    unseen = [row["file"] for row in stored if not _is_shown(found[row["file"]], folder / row["file"])]
    return {
        "papers": len(stored),
        "right": sum(bool(fields) and file not in unseen for file, fields in agreeing.items()),
        "as in title_in_metadata alone": [f for f, fields in agreeing.items() if fields == ["title_in_metadata"]],
        "wrong": {
            row["file"]: {"found": found[row["file"]], "expected": row["title"]}
            for row in stored
            if not agreeing[row["file"]]
        },
        "not on the page": unseen,
        "not stored": [row["file"] for row in rows if row["file"] not in found],
    }


def rows_with_titles(folder: Path) -> list[dict[str, Any]]:
    """Return the rows of a folder's manifest that have a title; none without a manifest."""
    manifest = folder / "manifest.jsonl"
    rows = read_json_lines(manifest) if manifest.exists() else []
    return [row for row in rows if {"file", "title"} <= row.keys()]


def title_agrees(found: str, row: dict[str, Any]) -> list[str]:
    """Return which of `title` and `title_in_metadata` equal the title found, ignoring case and white space."""
    return [name for name in ("title", "title_in_metadata") if row.get(name) and _folded(found) == _folded(row[name])]


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _is_shown(title: str, path: Path) -> bool:
    """Return whether pdfplumber finds the title on one of the first two pages."""
    import pdfplumber

    with pdfplumber.open(path) as pdf:
        return any(_folded(title) in _folded(page.extract_text()) for page in pdf.pages[:2])
