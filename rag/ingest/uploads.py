"""The copies that a library keeps of uploaded files, each in a folder that is named by its content."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import time
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from ..errors import LibraryError, SourceError, reason
from ..reading.bibliography.attachments import file_name
from ..store.files import UPLOADS
from .locate import Source, file_digest, storable

_PREFIX = 16  # letters of the digest that name a copy's folder
_MOST_BYTES = 120  # of a name without its suffix; file systems take 255
_MOST_SUFFIX = 12  # letters
_UNWANTED = re.compile(r'[<>:"|?*]')  # in names on some systems
_RESERVED = re.compile(r"(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?:\..*)?", re.IGNORECASE)  # Windows calls devices so
_LEFT = 24 * 3600.0  # seconds after which a copy that no paper was read from is left from a process that died


def kept_name(name: str) -> str:
    """The name that an uploaded file is kept and shown under: its last part, printable, not too long, suffix kept."""
    printable = "".join(c for c in unicodedata.normalize("NFC", file_name(name)) if c.isprintable())
    stem, suffix = os.path.splitext(_UNWANTED.sub("_", printable).rstrip(". "))
    stem = stem.lstrip(".- ").encode()[:_MOST_BYTES].decode(errors="ignore").rstrip(". ") or "upload"
    return f"{'_' if _RESERVED.fullmatch(stem) else ''}{stem}{suffix[:_MOST_SUFFIX]}"


def keep_copy(library: Path, name: str, path: Path) -> Source:
    """The copy of an uploaded file in a library's folder, as a source; it is made whole or not at all.

    Raises:
        SourceError: the file cannot be copied.
    """
    folder = library.resolve() / UPLOADS
    kept = kept_name(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as file, tempfile.TemporaryDirectory(dir=folder, prefix=".") as aside:
            whole = Path(aside) / "whole"
            with whole.open("wb") as out:
                shutil.copyfileobj(file, out)
                out.flush()
                os.fsync(out.fileno())
            copy = folder / file_digest(whole)[:_PREFIX] / kept
            copy.parent.mkdir(exist_ok=True)
            whole.replace(copy)
    except OSError as error:
        raise SourceError(f"it cannot be copied into the library: {reason(error)}") from error
    return Source(storable(copy), kept, copy, outside=False)


def copy_at(library: Path, location: str) -> Path | None:
    """The copy that a source's location stands for, also where the library was moved since; None where it is none."""
    parts = Path(location).parts[-3:]
    copy = library.joinpath(*parts)
    return copy if parts[0] == UPLOADS and copy.is_file() else None


def drop_copy(library: Path, location: str) -> None:
    """Deletes the copy that a source's location stands for, if it is one.

    Raises:
        LibraryError: it cannot be deleted.
    """
    copy = copy_at(library, location)
    if copy is None:
        return
    try:
        copy.unlink(missing_ok=True)
    except OSError as error:
        raise LibraryError(
            f"The copy of {copy.name!r} could not be deleted ({reason(error)}). Delete it in the library's folder, "
            f"in {UPLOADS}/{copy.parent.name}."
        ) from error
    with contextlib.suppress(OSError):  # a file of the same content may be there under another name
        copy.parent.rmdir()


def drop_leftovers(library: Path, locations: Iterable[str]) -> None:
    """Deletes what a process that died left: copies that stand for none of the locations, a day old or older."""
    used = {Path(location).parts[-2:-1] for location in locations}
    for folder in (library / UPLOADS).glob("*"):
        with contextlib.suppress(OSError):  # another process may be at it
            if (folder.name,) not in used and folder.stat().st_mtime < time.time() - _LEFT:
                shutil.rmtree(folder)
