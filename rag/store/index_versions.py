"""The versions of the index on disk: built aside, sealed with digests, named by a rename, and never written again.

Chroma ends the process, or answers something else, where its files are damaged, and it writes to its database when it
only reads. So a version is checked against its digests each time, and is opened through a private view: hard links to
the files of the vectors and a copy of the database. A view stays whole when others remove the version.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from filelock import FileLock, Timeout

from ..errors import LibraryError, reason

_LAYOUT = "2"  # part of a version's name: raise it when what is stored in Chroma changes
_SEAL = "seal.json"
_DATABASE = "chroma.sqlite3"
_METADATA = "index_metadata.pickle"  # written with the first vectors that Chroma moves out of its database
_BUILDING, _DELETING, _OPEN = "building-", "deleting-", "open-"
_BLOCK = 1 << 20
_LITTLE_ROOM = 4 << 20  # bytes, fewer than which Chroma needs for anything that it writes
_LEASE_SECONDS = 3600.0  # after which a lease without a view is left over


class DamagedVersion(Exception):
    """A file of a version is missing or is not as it was written; the message names it."""


class Version(NamedTuple):
    """A version as its seal describes it: of which state of the record, its chunks, and its files' digests."""

    folder: Path
    identity: str
    size: int
    last_key: int
    files: dict[str, str]

    @property
    def revision(self) -> int:
        """The record's revision that it was built of."""
        return int(self.identity.partition("-")[0])


class View:
    """A private view of a version, for one client of Chroma, in `folder`."""

    def __init__(self, folder: Path, lease: FileLock) -> None:
        self.folder = folder
        self._lease = lease

    def close(self) -> None:
        """Delete the view. The client has to be closed."""
        shutil.rmtree(self.folder, ignore_errors=True)
        _drop_lease(self._lease)


class Versions:
    """The versions in a folder. Safe beside other processes that build, open and remove versions there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def sealed(self, is_known: Callable[[str], bool]) -> tuple[list[Version], list[str]]:
        """Return the versions of known states of the record, newest first, and what is wrong with unreadable ones.

        Only the seals are read. `is_known` takes an identity of the record.
        """
        found, faults = [], []
        for folder in self._folders():
            try:
                version = _unsealed(folder)
            except DamagedVersion as damage:
                faults.append(str(damage))
                continue
            if is_known(version.identity):
                found.append(version)
        return sorted(found, key=lambda version: version.revision, reverse=True), faults

    def view(self, version: Version) -> View:
        """Return a private view of a version, every byte of which was checked.

        Raises:
            DamagedVersion: a file is missing or has changed.
            OSError: the view cannot be written.
        """
        self._clear_views()
        name = self.folder / f"{_OPEN}{secrets.token_hex(6)}"
        lease = FileLock(name.with_suffix(".lease"), thread_local=False)
        lease.acquire(blocking=False)  # before the folder exists: a view without a held lease is left over
        view = View(name, lease)
        # Chroma writes to its database whenever it opens it, and to all files while all vectors are in the database.
        is_fixed = any(file.endswith(_METADATA) for file in version.files)
        try:
            name.mkdir()
            for file, digest in version.files.items():
                (name / file).parent.mkdir(parents=True, exist_ok=True)
                _take(version.folder / file, name / file, digest, link=is_fixed and file != _DATABASE)
        except BaseException:
            view.close()
            raise
        return view

    def copy(self, version: Version, folder: Path) -> None:
        """Copy the files of a version, each checked, into an empty folder.

        Raises:
            DamagedVersion, OSError: as `view`.
        """
        for file, digest in version.files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            _take(version.folder / file, folder / file, digest, link=False)

    def verify(self, version: Version) -> None:
        """Check every byte of a version where it is.

        Raises:
            DamagedVersion: a file is missing or has changed.
        """
        for file, digest in version.files.items():
            path = version.folder / file
            if not path.is_file():
                raise DamagedVersion(f"{path.name} is missing")
            if _digest(path) != digest:
                raise DamagedVersion(f"{path.name} has changed")

    def is_there(self, version: Version) -> bool:
        """Return whether no other process has removed or replaced a version."""
        try:
            return _unsealed(version.folder) == version
        except DamagedVersion:
            return version.folder.is_dir()

    def empty(self, folder: Path) -> None:
        """Delete what is in a folder that is built in."""
        shutil.rmtree(folder)
        folder.mkdir()

    @contextlib.contextmanager
    def building(self, wait: bool) -> Iterator[Path | None]:
        """Yield an empty folder to build in, one at a time among all processes; it is deleted unless published.

        None where another process builds, unless `wait`.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self.folder / "lock", thread_local=False)
        try:
            lock.acquire(blocking=wait)
        except Timeout:
            yield None
            return
        try:
            self._clear(_BUILDING, _DELETING)
            folder = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=self.folder))
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            lock.release()

    def publish(self, folder: Path, identity: str, size: int, last_key: int) -> None:
        """Seal what was built in `folder`, make it a version, and remove the older ones. Call it within `building`."""
        files = {str(path.relative_to(folder)): _digest(path) for path in sorted(folder.rglob("*")) if path.is_file()}
        sealed = json.dumps({"identity": identity, "size": size, "last_key": last_key, "files": files})
        with (folder / _SEAL).open("w", encoding="utf-8") as seal:
            seal.write(f"{hashlib.sha256(sealed.encode()).hexdigest()}\n{sealed}")
            seal.flush()
            os.fsync(seal.fileno())
        target = self.folder / f"{identity}-{_LAYOUT}"
        others = [
            path for path in self.folder.iterdir() if path.is_dir() and not path.name.startswith((_OPEN, _BUILDING))
        ]
        replaced = [self._set_aside(path) for path in others if path == target]
        try:
            os.rename(folder, target)
        except OSError:
            for path in replaced:
                os.rename(path, target)
            raise
        for path in others:
            if path != target:
                self._set_aside(path)
        self._clear(_DELETING)

    def _folders(self) -> list[Path]:
        """The folders that bear the name of a finished version."""
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.glob(f"[0-9]*-*-{_LAYOUT}") if path.is_dir())

    def _set_aside(self, path: Path) -> Path:
        """Rename a folder before it is deleted, so that a half-deleted version never bears its name."""
        aside = self.folder / f"{_DELETING}{secrets.token_hex(6)}"
        os.rename(path, aside)
        return aside

    def _clear(self, *prefixes: str) -> None:
        """Delete what dead builders left. Call it within `building`."""
        for path in self.folder.iterdir():
            if path.name.startswith(prefixes):
                shutil.rmtree(path, ignore_errors=True)

    def _clear_views(self) -> None:
        """Delete the views of processes that died."""
        for path in self.folder.glob(f"{_OPEN}*"):
            lease = FileLock(path.with_suffix(".lease"), thread_local=False)
            with contextlib.suppress(OSError, Timeout):
                if path.suffix == ".lease" and time.time() - path.stat().st_mtime < _LEASE_SECONDS:
                    continue
                lease.acquire(blocking=False)
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
                _drop_lease(lease)


def _drop_lease(lease: FileLock) -> None:
    with contextlib.suppress(OSError):
        os.unlink(lease.lock_file)
    lease.release()


def _unsealed(folder: Path) -> Version:
    try:
        digest, _, sealed = (folder / _SEAL).read_text(encoding="utf-8").partition("\n")
        if hashlib.sha256(sealed.encode()).hexdigest() != digest:
            raise DamagedVersion(f"{_SEAL} has changed")
        return Version(folder, **json.loads(sealed))
    except FileNotFoundError as error:
        raise DamagedVersion(f"{_SEAL} is missing") from error
    except (OSError, ValueError) as error:
        raise DamagedVersion(f"{_SEAL} cannot be read") from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _take(source: Path, target: Path, digest: str, *, link: bool) -> None:
    """Link or copy a file of a version, and check the bytes that the target has."""
    try:
        if link:
            try:
                os.link(source, target)
            except FileNotFoundError:
                raise
            except OSError:  # the file system has no hard links
                shutil.copyfile(source, target)
        else:
            shutil.copyfile(source, target)
    except FileNotFoundError as error:
        raise DamagedVersion(f"{source.name} is missing") from error
    if _digest(target) != digest:
        raise DamagedVersion(f"{source.name} has changed")


def translated(error: BaseException, folder: Path) -> LibraryError:
    """Return an error of Chroma or the file system, met with the index in `folder`, as ours."""
    if _is_full(error, folder):
        return LibraryError(
            "The disk is full, so the search index was not written. Questions are answered without it, more slowly. "
            "Make room; the next `footnote add` or `footnote rebuild` writes it."
        )
    what = reason(error) if isinstance(error, OSError) else f"{type(error).__name__}: {reason(error)}"
    return LibraryError(
        f"The search index cannot be used ({what}). Questions are answered "
        "without it; `footnote rebuild` builds it again."
    )


def _is_full(error: BaseException, folder: Path) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    with contextlib.suppress(OSError):  # Chroma does not always say why it failed
        return "is full" in str(error) or shutil.disk_usage(folder).free < _LITTLE_ROOM
    return False
