"""What the vector index is kept in: a folder of versions (`index_folder`), or a Chroma server (`index_server`)."""

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from .papers import Records


class DamagedVersion(Exception):
    """A version has lost something, or something of it has changed; the message names it."""


class Stopped(Exception):
    """A build was stopped."""


class Version(NamedTuple):
    """A version of the index, which holds the chunks up to a key.

    `name` is that of its folder or the id of its collection, `identity` the record's when it was built, `size` the
    number of its chunks, `last_key` the last one's key, and `files` the digests of its files.
    """

    name: str
    identity: str
    size: int
    last_key: int
    files: dict[str, str]

    @property
    def revision(self) -> int:
        """The record's revision that it was built from."""
        return int(self.identity.partition("-")[0])

    @property
    def order(self) -> tuple[int, int]:
        """What is larger for the newer one of two versions of the same record."""
        return self.last_key, self.revision


class OpenVersion(Protocol):
    """A version that can be searched."""

    @property
    def version(self) -> Version: ...

    def query(self, vector: NDArray[np.float32], limit: int) -> list[tuple[float, int]]:
        """Return (distance, key) of the `limit` nearest chunks, nearest first.

        It may find chunks with later keys than its last. Raise DamagedVersion if the version is gone, LibraryError if
        it cannot be searched.
        """

    def close(self) -> None: ...


class IndexStore(Protocol):
    """Where versions are kept. Several processes may use it."""

    def sealed(self) -> tuple[list[Version], list[str]]:
        """Return the versions that the record knows, newest first, and the faults of unreadable ones."""

    def open(self, version: Version) -> OpenVersion:
        """Open a version after checking it. Raise DamagedVersion, LibraryError, or OSError if it cannot write."""

    def is_there(self, version: Version) -> bool:
        """Return whether no other process has removed or replaced a version."""

    def faults_of(self, version: Version) -> list[str]:
        """Return what a version lacks. Raise as `open`, but no OSError."""

    def build(
        self, is_due: Callable[[Version], bool], is_stopped: Callable[[], bool], *, fresh: bool, wait: bool
    ) -> None:
        """Build a version and remove older ones: from nothing if `fresh`, else if the newest one `is_due`.

        Do nothing if another process builds, unless `wait`. Raise Stopped once `is_stopped`, LibraryError if it fails.
        """

    def close(self) -> None: ...


def lacking(records: Records, version: Version, keys: set[int]) -> list[str]:
    """Return as a fault how many chunks of the record are not among the keys of a version; an empty list for none."""
    missing = {key for key in records.chunk_keys() if key <= version.last_key} - keys
    return [f"it lacks {len(missing):,} chunks"] if missing else []


@contextlib.contextmanager
def one_builder(folder: Path, wait: bool) -> Iterator[bool]:
    """Let one process of this machine build at a time; yield whether it is this one, which it is after a `wait`."""
    folder.mkdir(parents=True, exist_ok=True)
    lock = FileLock(folder / "lock", thread_local=False)
    try:
        lock.acquire(blocking=wait)
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()
