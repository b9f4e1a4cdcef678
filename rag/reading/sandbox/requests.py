"""What others wrote is read in worker processes: files, bibliographies and Zotero libraries, under limits by size."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

from ...errors import SourceError
from ...types import Failure
from ..sources import Item, Reading
from .messages import unpacked_items, unpacked_reading
from .pool import Limits, call

_MOST_REPLY = 200_000_000  # bytes; a paper gives 1 MB
_TOO_LARGE = "it holds more text than a paper can: over 200 MB"
_PDF_SECONDS = 60  # of the processor to open a file; its reader sets how many its pages may take
_PDF_WALL = 1500  # seconds by the clock
_PDF_MEMORY = 500_000_000  # bytes beside the file itself; a paper takes 200 MB
_SECONDS = 1.2  # of the processor for a small file of another kind
_SECONDS_EACH_MB = 5.0  # and more for a large one
_MEMORY = 500_000_000  # bytes for a small one
_MEMORY_EACH_BYTE = 40
_MOST_MEMORY = 1_500_000_000
_WALL = 20.0  # seconds by the clock beside ten times those of the processor, where others need it too


def read_apart(
    path: Path,
    name: str,
    most_pages: int | None = None,
    *,
    outside: bool = True,
    stop: threading.Event | None = None,
) -> Reading:
    """The papers in a file, as `readers.read_file` reads it, in a worker process.

    Raises:
        SourceError: nothing of the file can be read, and why; or `stop` was set.
    """
    arguments = {"path": str(path.absolute()), "name": name, "most_pages": most_pages, "outside": outside}
    limits = _limits(path)
    raw = call("file", arguments, limits, stop)
    try:
        return unpacked_reading(raw)
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(limits.broken) from error


def items_apart(path: Path) -> tuple[list[Item], list[Failure]]:
    """The entries of a bibliography, as `bibtex_items` or `ris_items` reads them, in a worker process.

    Raises:
        SourceError: the file cannot be read, and why.
    """
    limits = _limits(path)
    raw = call("items", {"path": str(path.absolute())}, limits)
    try:
        return unpacked_items(raw)
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(limits.broken) from error


def zotero_apart(folder: Path, collections: Sequence[str], without: Sequence[str]) -> tuple[list[Item], list[Failure]]:
    """The items of a Zotero library, as `zotero.read_zotero` reads them, in a worker process.

    Raises:
        SourceError: the library cannot be read, and why.
    """
    limits = Limits(
        cpu=600.0,
        wall=1500.0,
        memory=2 * _MOST_MEMORY,
        reply=_MOST_REPLY,
        too_long="reading the Zotero library took more than ten minutes, so it was left",
        too_large="the Zotero library holds more than 200 MB of titles and abstracts",
        broken="reading the Zotero library broke down: its database is damaged, or needs over 3 GB",
    )
    arguments = {"folder": str(folder.absolute()), "collections": list(collections), "without": list(without)}
    raw = call("zotero", arguments, limits)
    try:
        return unpacked_items(raw)
    except (ValueError, KeyError, TypeError) as error:
        raise SourceError(limits.broken) from error


def _limits(path: Path) -> Limits:
    try:
        files = path.rglob("*") if path.is_dir() else [path]  # an unpacked book is a folder
        size = sum(file.stat().st_size for file in files)
    except OSError as error:
        raise SourceError(f"the file cannot be read: {error.strerror or error}") from error
    if path.suffix.lower() == ".pdf":
        return Limits(
            cpu=_PDF_SECONDS,
            wall=_PDF_WALL,
            memory=_PDF_MEMORY + size,
            reply=_MOST_REPLY,
            too_long="reading it took more time than a paper of its length does, so it was left",
            too_large=_TOO_LARGE,
            broken="the PDF parser broke down on it (a damaged file, or one that needs over 500 MB)",
        )
    seconds = _SECONDS + _SECONDS_EACH_MB * size / 1e6
    return Limits(
        cpu=seconds,
        wall=_WALL + 10 * seconds,
        memory=min(_MEMORY + _MEMORY_EACH_BYTE * size, _MOST_MEMORY),
        reply=_MOST_REPLY,
        too_long="reading it took more time than a file of its size does, so it was left",
        too_large=_TOO_LARGE,
        broken="reading it broke down (a damaged file, or one that needs far more memory than its size)",
    )
