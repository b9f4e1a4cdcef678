"""Find files that were moved together with their library, to another folder or machine."""

import re
from itertools import takewhile
from pathlib import Path

from ..errors import SourceError
from ..store.papers import Records
from .files import path_digest, storable
from .locate import ITEM
from .uploads import uploaded_copy

HOME = "home"
"""The key of a library's fact: the folder it was in when sources were last added."""
_SEPARATORS = re.compile(r"[/\\]")  # the library may come from another operating system


def relocated(location: str, home: str, folder: Path) -> Path | None:
    """Return the new path of the file at `location` if it was moved with the library from `home` to `folder`.

    Return None if it shares no folder with the library, or the library has not moved.
    """
    old, file = _SEPARATORS.split(home), _SEPARATORS.split(location)
    common = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, file, strict=False)))
    up = len(old) - common
    if home in ("", storable(folder)) or common == 0 or up > len(folder.parents):
        return None
    return [folder, *folder.parents][up].joinpath(*file[common:])


def file_of(records: Records, location: str) -> Path:
    """Return the path of a source's file: its uploaded copy, or where it is after the library was moved."""
    folder = records.path.parent
    if copy := uploaded_copy(folder, location):
        return copy
    path = Path(location)
    if not path.exists() and (moved := relocated(location, records.meta(HOME) or "", folder.resolve())):
        return moved
    return path


def missing_files(records: Records) -> list[str]:
    """Return the names of sources whose files are neither where they were read nor moved with the library."""
    sources = (source for source in records.all_sources() if ITEM not in source.location)
    return sorted({source.name for source in sources if not file_of(records, source.location).exists()})


def follow_move(records: Records) -> None:
    """Store the new locations of unchanged files that were moved together with the library."""
    folder = records.path.parent.resolve()
    home, here = records.meta(HOME), storable(folder)
    if home == here:
        return
    moves = []
    for source in records.all_sources() if home else ():
        moved = relocated(source.location, home or "", folder)
        if moved and not Path(source.location).exists() and _has_digest(moved, source.digest):
            moves.append((source.location, storable(moved)))
    with records.transaction() as db:
        for old, new in moves:
            records.move_source(db, old, new, Path(new).name)
            records.move_removals(db, old, new)
        records.set_meta(db, HOME, here)


def _has_digest(path: Path, digest: str | None) -> bool:
    try:
        return digest is not None and path_digest(path) == digest.partition(".")[0]
    except SourceError:
        return False
