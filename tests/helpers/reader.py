"""Write a file, and read it."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from rag.errors import SourceError
from rag.reading.formats import read_file
from rag.reading.sources import Reading
from rag.types import Paper

Content = str | bytes | Mapping[str, str | bytes]


def read_papers(folder: Path, name: str, content: Content) -> Reading:
    """Return the reading of a file with this content; a mapping is the content of a ZIP file."""
    path = folder / name
    if isinstance(content, Mapping):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part, inside in content.items():
                archive.writestr(part, inside)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_file(path, name)


def read(folder: Path, name: str, content: Content) -> Paper:
    """Return the only paper in a file without failures."""
    (paper,) = read_all(folder, name, content)
    return paper


def read_all(folder: Path, name: str, content: Content) -> list[Paper]:
    """Return the papers in a file without failures."""
    reading = read_papers(folder, name, content)
    assert not reading.failures, reading.failures
    return reading.papers


def refusal(folder: Path, name: str, content: Content) -> str:
    """Return the message of the SourceError for a file."""
    with pytest.raises(SourceError) as caught:
        read_papers(folder, name, content)
    return str(caught.value)


def failures(reading: Reading) -> list[tuple[int | None, str]]:
    """Return the lines and reasons of a reading's failures."""
    return [(failure.line, failure.reason) for failure in reading.failures]
