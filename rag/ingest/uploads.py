"""Keep copies of uploaded files in the library's folder, each in a subfolder named after its content's digest."""

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
from ..store.connection import UPLOADS
from .files import file_digest, storable
from .locate import Source

_DIGEST_LENGTH = 16  # characters of the digest that name a copy's folder
_MAX_STEM_BYTES = 120  # of a name without its suffix; file systems allow 255 in all
_MAX_SUFFIX = 12  # characters
_INVALID = re.compile(r'[<>:"|?*]')  # in file names on some systems
_RESERVED = re.compile(r"(?:CON|PRN|AUX|NUL|COM\d|LPT\d)(?:\..*)?", re.IGNORECASE)  # device names on Windows
_SEPARATORS = re.compile(r"[/\\]")
_LEFTOVER_SECONDS = 24 * 3600.0  # an older copy without a paper was left by a killed process


def upload_name(name: str) -> str:
    """Return the name under which an uploaded file is stored: its base name, printable and short, with its suffix."""
    printable = "".join(c for c in unicodedata.normalize("NFC", file_name(name)) if c.isprintable())
    stem, suffix = os.path.splitext(_INVALID.sub("_", printable).rstrip(". "))
    stem = stem.lstrip(".- ").encode()[:_MAX_STEM_BYTES].decode(errors="ignore").rstrip(". ") or "upload"
    return f"{'_' if _RESERVED.fullmatch(stem) else ''}{stem}{suffix[:_MAX_SUFFIX]}"


def copy_upload(library: Path, name: str, path: Path) -> Source:
    """Copy an uploaded file, completely or not at all, into a library's folder and return the copy as a source.

    Raise SourceError if the file cannot be copied.
    """
    folder = library.resolve() / UPLOADS
    name = upload_name(name)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as file, tempfile.TemporaryDirectory(dir=folder, prefix=".") as temporary:
            complete = Path(temporary) / "complete"
            with complete.open("wb") as out:
                shutil.copyfileobj(file, out)
                out.flush()
                os.fsync(out.fileno())
            copy = folder / file_digest(complete)[:_DIGEST_LENGTH] / name
            copy.parent.mkdir(exist_ok=True)
            complete.replace(copy)
    except OSError as error:
        raise SourceError(f"it cannot be copied into the library: {reason(error)}") from error
    return Source(storable(copy), name, copy, outside=False)


def uploaded_copy(library: Path, location: str) -> Path | None:
    """Return the uploaded copy at a source's location, even if the library has moved since; None if there is none."""
    parts = copy_parts(location)
    copy = library.joinpath(*parts)
    return copy if parts and copy.is_file() else None


def copy_parts(location: str) -> tuple[str, ...]:
    """Return the parts of an uploaded copy's path in its library's folder; () if the location is not a copy.

    The library may come from an operating system with another path separator.
    """
    parts = tuple(_SEPARATORS.split(location)[-3:])
    return parts if len(parts) == 3 and parts[0] == UPLOADS and not {"", ".", ".."} & set(parts) else ()


def delete_copy(library: Path, location: str) -> None:
    """Delete the uploaded copy at a source's location, if there is one. Raise LibraryError if it cannot be deleted."""
    copy = uploaded_copy(library, location)
    if copy is None:
        return
    try:
        copy.unlink(missing_ok=True)
    except OSError as error:
        raise LibraryError(
            f"The copy of {copy.name!r} could not be deleted ({reason(error)}). Delete it in the library's folder, "
            f"in {UPLOADS}/{copy.parent.name}."
        ) from error
    with contextlib.suppress(OSError):  # it may hold the same content under another name
        copy.parent.rmdir()


def delete_leftovers(library: Path, locations: Iterable[str]) -> None:
    """Delete copies that are at least a day old and at none of the locations: their process was killed."""
    used = {copy_parts(location)[1:2] for location in locations}
    for folder in (library / UPLOADS).glob("*"):
        with contextlib.suppress(OSError):  # another process may delete it too
            if (folder.name,) not in used and folder.stat().st_mtime < time.time() - _LEFTOVER_SECONDS:
                shutil.rmtree(folder)
