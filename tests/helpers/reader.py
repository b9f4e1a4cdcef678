"""Reads one file as one paper."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from rag.reading.formats import read_file
from rag.types import Paper


def read(folder: Path, name: str, content: str | bytes | Mapping[str, str | bytes]) -> Paper:
    path = folder / name
    if isinstance(content, Mapping):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for part, inside in content.items():
                archive.writestr(part, inside)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    reading = read_file(path, name)
    assert not reading.failures, reading.failures
    (paper,) = reading.papers
    return paper
