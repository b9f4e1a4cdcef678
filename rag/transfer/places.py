"""Write a file completely or not at all, and put a new record with its uploads into a library's folder."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from ..errors import LibraryError, ReadOnlyLibrary, reason
from ..ingest.uploads import copy_parts
from ..store.connection import RECORD, UPLOADS
from ..store.copies import check_schema, is_without_content, replace_record
from ..store.integrity import faults_of
from ..store.papers import Records

_UNFINISHED = ".unfinished-"
_LOCK = "lock"
_STARTING_SECONDS = 60.0  # in which a process has made an unfinished folder and locked it


class Contents(NamedTuple):
    """How much a library holds: papers, saved answers, copies of uploaded files."""

    papers: int
    answers: int
    uploads: int

    def __str__(self) -> str:
        return f"papers: {self.papers:,}, saved answers: {self.answers:,}, uploaded files: {self.uploads:,}"


def contents_of(records: Records, uploads: int) -> Contents:
    """Return how much a record holds, beside its uploads."""
    answers = records.rows("SELECT count(*) FROM answers")[0][0]
    return Contents(records.count_papers(), int(answers), uploads)


def uploads_in(folder: Path, records: Records) -> dict[str, Path]:
    """Return the uploaded copies of a record's sources that are in a library's folder, by their path in it."""
    paths = sorted("/".join(parts) for parts in map(copy_parts, records.sources()) if parts)
    return {path: folder / path for path in paths if (folder / path).is_file()}


@contextlib.contextmanager
def unfinished_folder(parent: Path, name: str) -> Iterator[Path]:
    """Yield a new folder `name` in a hidden one in `parent`, which is deleted in the end.

    Those that killed processes left there are deleted too. The name is that of the library in messages.
    """
    parent.mkdir(parents=True, exist_ok=True)
    for path in parent.glob(f"{_UNFINISHED}*"):
        with contextlib.suppress(OSError, Timeout):
            if abs(path.stat().st_mtime - time.time()) > _STARTING_SECONDS:
                with FileLock(path / _LOCK, blocking=False, thread_local=False):  # free: its process has ended
                    shutil.rmtree(path)
    with tempfile.TemporaryDirectory(prefix=_UNFINISHED, dir=parent, ignore_cleanup_errors=True) as folder:
        lock = FileLock(Path(folder) / _LOCK, thread_local=False)
        with lock:
            named = Path(folder) / (name or "library")
            named.mkdir()
            yield named


def write_whole(file: Path, write: Callable[[Path], None], is_ours: Callable[[Path], bool]) -> None:
    """Let `write` make a file under another name, and give it its name when it is on the disk.

    Raise LibraryError if there is already something of this name that `is_ours` does not know, or if it cannot be
    written.
    """
    if file.is_dir() or (file.exists() and not is_ours(file)):
        what = "a folder" if file.is_dir() else "another file"
        raise LibraryError(f"{file.name!r} is {what} already, and is not overwritten. Choose another name.")
    try:
        with unfinished_folder(file.parent, file.name) as folder:
            complete = folder / "complete"
            write(complete)
            with complete.open("rb+") as written:
                os.fsync(written.fileno())
            os.replace(complete, file)
            _sync_folder(file.parent)
    except OSError as error:
        raise LibraryError(f"{file.name!r} cannot be written ({reason(error)}). Nothing was changed.") from error


def check_free(folder: Path, name: str, *, replace: bool) -> None:
    """Raise LibraryError if there is a library with content in `folder`, unless it is to be replaced.

    Raise ReadOnlyLibrary if it cannot be written.
    """
    record = folder / RECORD
    if not record.exists():
        return
    try:
        is_free = is_without_content(record)
    except ReadOnlyLibrary:
        raise
    except LibraryError as error:
        if replace:
            return
        raise LibraryError(f"{error} To put the contents of {name!r} in its place, add --replace.") from error
    if replace or is_free:
        return
    raise LibraryError(
        f"There is a library in {folder.name!r} already. Name another folder with --library, or add --replace to "
        f"replace all that is in it by the contents of {name!r}."
    )


def check_space(folder: Path, needed: int) -> None:
    """Raise LibraryError if a disk has less than `needed` bytes left."""
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise LibraryError(
            f"The disk with the library {folder.name!r} has {free / 1e6:,.0f} MB left, and {needed / 1e6:,.0f} MB are "
            "needed. Free some space and try again."
        )


def put_in_place(folder: Path, new: Path, name: str) -> Contents:
    """Check the record and the uploads in the folder `new`, made from the file `name`, and put them into `folder`.

    The record comes last and in one transaction. Raise LibraryError if the record is damaged or of a newer version, or
    cannot be written; the library is then as it was.
    """
    try:
        contents = _checked(new)
    except LibraryError as error:
        raise LibraryError(f"{name!r} was not used, and nothing was changed. {error}") from error
    try:
        for copy in sorted((new / UPLOADS).glob("*/*")):
            target = folder / copy.relative_to(new)
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(copy, target)
    except OSError as error:
        raise LibraryError(
            f"The uploaded files cannot be written ({reason(error)}). The library is as it was."
        ) from error
    replace_record(folder / RECORD, new / RECORD)
    return contents


def _checked(new: Path) -> Contents:
    """Return what a new record holds; raise LibraryError if it is damaged. An older version is migrated."""
    records = Records(new / RECORD)
    try:
        check_schema(records)
        for fault in faults_of(records):
            raise LibraryError(f"It is damaged: {fault.what}.")
        return contents_of(records, len(uploads_in(new, records)))
    finally:
        records.close()


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # not every system can open a folder
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
