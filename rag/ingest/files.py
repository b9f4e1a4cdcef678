"""Names, digests and read errors of files."""

import errno
import functools
import hashlib
import os
from pathlib import Path

from ..errors import SourceError, reason


def storable(path: str | os.PathLike[str]) -> str:
    """Return a path or name as text that can be stored and printed: control characters and bad bytes are escaped."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def is_missing(path: Path) -> bool:
    """Return whether there is certainly nothing at a path; without permission to look, it may exist."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False
    return False


def read_error(error: OSError | ValueError) -> str:
    """Return why a file cannot be read, for users."""
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder (or the link leads nowhere)"
    if isinstance(error, PermissionError):
        return "it may not be read: check its permissions"
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "it is a loop of symbolic links"
    return f"it cannot be read: {reason(error)}"


def file_digest(path: Path) -> str:
    """Return the sha256 of a file. Raise SourceError if it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(read_error(error)) from error


def path_digest(path: Path) -> str:
    """Return the sha256 of a file, or of all files of an unpacked book. Raise SourceError if one cannot be read."""
    if not path.is_dir():
        return file_digest(path)
    files = (file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))
    named = sorted(f"{file.relative_to(path).as_posix()} {file_digest(file)}" for file in files)
    return hashlib.sha256("\n".join(named).encode(errors="surrogateescape")).hexdigest()


def check_unchanged(path: Path, digest: str) -> None:
    """Raise SourceError if a file has not the sha256 `digest`. Reads it only if its size or mtime is new."""
    try:
        stat = path.stat()
    except OSError as error:
        raise SourceError(read_error(error)) from error
    if _cached_digest(path, stat.st_size, stat.st_mtime_ns) != digest:
        raise SourceError("it has changed since it was read")


@functools.lru_cache(maxsize=1000)
def _cached_digest(path: Path, size: int, mtime: int) -> str:
    return file_digest(path)
