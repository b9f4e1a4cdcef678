"""Copy an SQLite database that another program holds open and locked."""

import contextlib
import re
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from ...errors import SourceError, reason

_ATTEMPTS = 3
_PREFIX, _LOCK = "footnote-zotero-", "lock"


@contextmanager
def sqlite_snapshot(file: Path) -> Iterator[sqlite3.Connection]:
    """Open a temporary copy of a database with its journals; nothing is written next to the original.

    Raise SourceError if it cannot be copied, or keeps changing.
    """
    file = file.resolve()  # the journals are next to the database itself, not next to a symbolic link
    _delete_leftovers()
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder, FileLock(Path(folder, _LOCK)):
        try:
            _copy([file.with_name(file.name + end) for end in ("", "-wal", "-journal")], Path(folder))
        except OSError as error:
            raise SourceError(f"{file.name} cannot be copied: {reason(error)}") from error
        with closing(sqlite3.connect(Path(folder, file.name))) as database:
            # A broken byte must not make the whole library unreadable.
            database.text_factory = lambda raw: re.sub(r"[\x00-\x08\x0b-\x1f]", " ", raw.decode("utf-8", "replace"))
            yield database


def _delete_leftovers() -> None:
    """Delete the copies left by killed processes, whose locks are free."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        if not (folder / _LOCK).is_file():
            continue  # its process has just begun
        with contextlib.suppress(OSError, Timeout), FileLock(folder / _LOCK, timeout=0):  # another may delete it first
            shutil.rmtree(folder)


def _copy(files: Sequence[Path], folder: Path) -> None:
    for _ in range(_ATTEMPTS):
        before = list(map(_state, files))
        for file in files:
            (folder / file.name).unlink(missing_ok=True)
            if file == files[0] or file.is_file():
                shutil.copyfile(file, folder / file.name)
        if list(map(_state, files)) == before:
            return
    raise SourceError(f"{files[0].name} keeps changing; wait until Zotero is idle, then try again")


def _state(file: Path) -> tuple[int, int] | None:
    if not file.is_file():
        return None
    stat = file.stat()
    return stat.st_mtime_ns, stat.st_size
