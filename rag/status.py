"""Count what a library holds: `Assistant.status()`."""

from dataclasses import dataclass
from pathlib import Path

from .library import Library


@dataclass(frozen=True, slots=True)
class Status:
    """The state of a library. Before the first `add`, `exists` is false and every count is 0."""

    exists: bool
    folder: Path
    name: str  # the folder as messages show it
    problem: str = ""  # why an existing library cannot be opened
    read_only: bool = False
    papers: int = 0
    brief: int = 0  # papers of which only the abstract is read so far
    failed: int = 0  # files that could not be read
    chunks: int = 0
    gap: str = ""  # why questions are searched for by words alone at the moment


def library_status(library: Library) -> Status:
    """Return the state of `library`. Raise LibraryError if the record is damaged."""
    if not library.exists:
        return Status(False, library.folder, library.shown, library.lost)
    records = library.records
    chunks = records.count()["chunks"]
    counts = records.searched()
    gap = library.index.gap
    return Status(True, library.folder, library.shown, "", records.read_only, **counts, chunks=chunks, gap=gap)
