"""Translate errors of SQLite and the file system into errors that tell the user what to do."""

import contextlib
import errno
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from ..errors import LibraryBusy, LibraryError, ReadOnlyLibrary, reason

BUSY_SECONDS = 60.0
_LOW_SPACE = 4 * 2**20  # bytes: with less space left, a disk I/O error means that the disk is full
_WORD_INDEX = ("chunk_words", "paper_words", "fts5")
_DAMAGED = ("not a database", "malformed", "no such table", "no such column", "vtable constructor", "fts5")


@contextlib.contextmanager
def translate_errors(path: Path, *others: type[Exception]) -> Iterator[None]:
    """Raise LibraryError for an error of SQLite with the record at `path`, and for errors of the types in `others`."""
    # sqlite3 fails to decode the text of a damaged schema
    errors: tuple[type[Exception], ...] = (sqlite3.Error, UnicodeDecodeError, *others)
    try:
        yield
    except errors as error:
        raise as_library_error(error, path) from error


def as_library_error(error: Exception, path: Path) -> LibraryError:
    """Return an error of SQLite or the file system as a LibraryError for the record at `path`."""
    name, text = path.parent.name, reason(error)
    if "locked" in text:
        return LibraryBusy(
            f"The library {name!r} has been busy for {BUSY_SECONDS:.0f} s: another `footnote` process is writing to it."
        )
    if "is full" in text or (isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT)):
        return _disk_full_error(name)
    if any(part in text for part in _DAMAGED) or isinstance(error, UnicodeDecodeError):
        if any(part in text for part in _WORD_INDEX):
            return LibraryError(
                f"The word index of the library {name!r} is damaged ({text}). Run `footnote rebuild` to rebuild it."
            )
        return LibraryError(
            f"{path.name} in the library {name!r} is damaged ({text}). Restore a copy of the library's folder or a "
            "backup (`footnote restore FILE --replace`), or move it away and add the papers again."
        )
    if "readonly" in text or is_read_only(path):
        return read_only_error(path)
    if "disk I/O error" in text and _free_bytes(path) < _LOW_SPACE:
        return _disk_full_error(name)
    if "unable to open" in text or isinstance(error, OSError):
        return LibraryError(
            f"The library {name!r} cannot be opened or written ({text}). Check the folder's permissions."
        )
    return LibraryError(f"The library {name!r} cannot be used: {text}.")


def read_only_error(path: Path) -> ReadOnlyLibrary:
    """Return the error for a change to a library that cannot be written."""
    return ReadOnlyLibrary(
        f"The library {path.parent.name!r} is read-only: you can ask and search it, but not change it. Check the "
        "folder's permissions, or copy it to a place where you can write."
    )


def _disk_full_error(name: str) -> LibraryError:
    return LibraryError(
        f"The disk with the library {name!r} is full. Everything stored so far is kept. Free some space and try again."
    )


def is_read_only(path: Path) -> bool:
    """Return whether there is a record that this process cannot write."""
    return path.is_file() and not (os.access(path, os.W_OK) and os.access(path.parent, os.W_OK))


def _free_bytes(path: Path) -> int:
    with contextlib.suppress(OSError):
        return shutil.disk_usage(path.parent).free
    return _LOW_SPACE
