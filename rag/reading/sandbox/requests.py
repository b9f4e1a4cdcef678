"""Read files, bibliographies and Zotero libraries in worker processes, with limits that depend on their size."""

import threading
from collections.abc import Sequence
from pathlib import Path

from ...types import Failure
from ..failures import translate_errors
from ..sources import Item, Reading
from .limits import Limits
from .messages import unpack_items, unpack_reading
from .pool import call

_MAX_REPLY = 200_000_000  # bytes; a paper takes 1 MB
_TOO_LARGE = "it holds more text than a paper can: over 200 MB"
_MIN_CPU_SECONDS = 1.2
_CPU_SECONDS_PER_MB = 5.0
_MIN_MEMORY = 500_000_000  # bytes
_MEMORY_PER_BYTE = 40
_MAX_MEMORY = 1_500_000_000
_MIN_WALL_SECONDS = 20.0  # in addition to ten times the CPU seconds, as other processes may need the cores
_PDF_MEMORY = 500_000_000  # bytes in addition to the file itself; a paper takes 200 MB

_ZOTERO_LIMITS = Limits(
    cpu=600.0,
    wall=1500.0,
    memory=2 * _MAX_MEMORY,
    reply=_MAX_REPLY,
    too_long="reading the Zotero library took more than ten minutes, so it was stopped",
    too_large="the Zotero library holds more than 200 MB of titles and abstracts",
    broken="reading the Zotero library crashed: its database is damaged, or needs over 3 GB",
)


def read_file_in_sandbox(
    path: Path, name: str, most_pages: int | None = None, *, outside: bool = True, stop: threading.Event | None = None
) -> Reading:
    """Return `formats.read_file(...)`. Raise SourceError if nothing in the file can be read, or `stop` was set."""
    arguments = {"path": str(path.absolute()), "name": name, "most_pages": most_pages, "outside": outside}
    return call("file", arguments, file_limits(path), stop, parse=unpack_reading)


def read_items_in_sandbox(path: Path) -> tuple[list[Item], list[Failure]]:
    """Return `bibliography.reader.bibliography_items(path)`; raise SourceError if the file cannot be read."""
    return call("items", {"path": str(path.absolute())}, file_limits(path), parse=unpack_items)


def read_zotero_in_sandbox(
    folder: Path, collections: Sequence[str], without: Sequence[str]
) -> tuple[list[Item], list[Failure]]:
    """Return `zotero.read_zotero(...)`; raise SourceError if the library cannot be read."""
    arguments = {"folder": str(folder.absolute()), "collections": list(collections), "without": list(without)}
    return call("zotero", arguments, _ZOTERO_LIMITS, parse=unpack_items)


def file_limits(path: Path) -> Limits:
    """Return the limits for a file, or the folder of an unpacked EPUB, according to its size."""
    with translate_errors("file"):
        files = path.rglob("*") if path.is_dir() else [path]  # an unpacked EPUB is a folder
        size = sum(file.stat().st_size for file in files)
    if path.suffix.lower() == ".pdf":
        return Limits(
            cpu=60.0,  # to open the file; the reader then raises the limit by the number of pages
            wall=1500.0,
            memory=_PDF_MEMORY + size,
            reply=_MAX_REPLY,
            too_long="reading it took more time than a paper of its length should, so it was stopped",
            too_large=_TOO_LARGE,
            broken="the PDF parser crashed on it (a damaged file, or one that needs over 500 MB)",
        )
    seconds = _MIN_CPU_SECONDS + _CPU_SECONDS_PER_MB * size / 1e6
    return Limits(
        cpu=seconds,
        wall=_MIN_WALL_SECONDS + 10 * seconds,
        memory=min(_MIN_MEMORY + _MEMORY_PER_BYTE * size, _MAX_MEMORY),
        reply=_MAX_REPLY,
        too_long="reading it took more time than a file of its size should, so it was stopped",
        too_large=_TOO_LARGE,
        broken="reading it crashed (a damaged file, or one that needs far more memory than its size)",
    )
