"""The versions of the vector index on disk: built in a temporary folder, sealed with digests, and never changed.

Chroma crashes or gives wrong answers if its files are damaged, and it writes to its database even to read. So a version
is checked against its digests each time, and opened through a private view: hard links to the vector files, and a copy
of the database. A view stays intact when another process removes the version.
"""

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

from filelock import FileLock, Timeout

from ..errors import LibraryError, reason
from .index_store import DamagedVersion, Version, one_builder

_LAYOUT = "2"  # part of a version's name: raise it when the contents of the collection change
_SEAL = "seal.json"
_DATABASE = "chroma.sqlite3"
_METADATA = "index_metadata.pickle"  # written with the first vectors that Chroma moves out of its database
_BUILDING, _DELETING, _OPEN = "building-", "deleting-", "open-"
_LOW_SPACE = 4 << 20  # bytes; Chroma needs more to write anything
_LEASE_SECONDS = 3600.0  # after which a lease without a view is left over


class View:
    """A private view of a version in `folder`, for one Chroma client."""

    def __init__(self, folder: Path, lease: FileLock) -> None:
        self.folder = folder
        self._lease = lease

    def close(self) -> None:
        """Delete the view. Close the client first."""
        shutil.rmtree(self.folder, ignore_errors=True)
        _release(self._lease)


class Versions:
    """The versions in a folder. Several processes may build, open and remove versions there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def sealed(self, is_known: Callable[[str], bool]) -> tuple[list[Version], list[str]]:
        """Return the versions of known record identities, newest first, and the faults of unreadable ones.

        Reads only the seals.
        """
        found, faults = [], []
        for folder in self._version_folders():
            try:
                version = _read_seal(folder)
            except DamagedVersion as damage:
                faults.append(str(damage))
                continue
            if is_known(version.identity):
                found.append(version)
        return sorted(found, key=lambda version: version.order, reverse=True), faults

    def view(self, version: Version) -> View:
        """Return a private view of a version after checking every byte.

        Raise DamagedVersion if a file is missing or has changed. Raise OSError if the view cannot be written.
        """
        self._delete_leftover_views()
        name = self.folder / f"{_OPEN}{secrets.token_hex(6)}"
        lease = FileLock(name.with_suffix(".lease"), thread_local=False)
        lease.acquire(blocking=False)  # before the folder exists: a view without a held lease is left over
        view = View(name, lease)
        # Chroma writes to its database whenever it opens it, and to all files while all vectors are in the database.
        can_link = any(file.endswith(_METADATA) for file in version.files)
        try:
            name.mkdir()
            self._transfer(version, name, can_link=can_link)
        except BaseException:
            view.close()
            raise
        return view

    def copy(self, version: Version, folder: Path) -> None:
        """Copy the files of a version into an empty folder, and check each. Raise as `view`."""
        self._transfer(version, folder, can_link=False)

    def _transfer(self, version: Version, folder: Path, *, can_link: bool) -> None:
        for file, digest in version.files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            _transfer_file(
                self.folder / version.name / file, folder / file, digest, link=can_link and file != _DATABASE
            )

    def verify(self, version: Version) -> None:
        """Check every byte of a version in place. Raise DamagedVersion if a file is missing or has changed."""
        for file, digest in version.files.items():
            path = self.folder / version.name / file
            if not path.is_file():
                raise DamagedVersion(f"{path.name} is missing")
            if _digest(path) != digest:
                raise DamagedVersion(f"{path.name} has changed")

    def exists(self, version: Version) -> bool:
        """Return whether no other process has removed or replaced a version."""
        try:
            return _read_seal(self.folder / version.name) == version
        except DamagedVersion:
            return (self.folder / version.name).is_dir()

    def empty(self, folder: Path) -> None:
        """Delete the contents of a folder."""
        shutil.rmtree(folder)
        folder.mkdir()

    @contextlib.contextmanager
    def building(self, wait: bool) -> Iterator[Path | None]:
        """Yield an empty folder to build in, to one process at a time; delete it afterwards unless it was published.

        Yield None if another process builds, unless `wait`.
        """
        with one_builder(self.folder, wait) as may_build:
            if not may_build:
                yield None
                return
            self._delete_leftovers(_BUILDING, _DELETING)
            folder = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=self.folder))
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

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
        self._delete_leftovers(_DELETING)

    def _version_folders(self) -> list[Path]:
        if not self.folder.is_dir():
            return []
        return sorted(path for path in self.folder.glob(f"[0-9]*-*-{_LAYOUT}") if path.is_dir())

    def _set_aside(self, path: Path) -> Path:
        """Rename a folder before it is deleted, so that a half-deleted version never has its name."""
        aside = self.folder / f"{_DELETING}{secrets.token_hex(6)}"
        os.rename(path, aside)
        return aside

    def _delete_leftovers(self, *prefixes: str) -> None:
        """Delete what killed processes left. Call it within `building`."""
        for path in self.folder.iterdir():
            if path.name.startswith(prefixes):
                shutil.rmtree(path, ignore_errors=True)

    def _delete_leftover_views(self) -> None:
        for path in self.folder.glob(f"{_OPEN}*"):
            lease = FileLock(path.with_suffix(".lease"), thread_local=False)
            with contextlib.suppress(OSError, Timeout):
                if path.suffix == ".lease" and time.time() - path.stat().st_mtime < _LEASE_SECONDS:
                    continue
                lease.acquire(blocking=False)
                shutil.rmtree(path.with_suffix(""), ignore_errors=True)
                _release(lease)


def _release(lease: FileLock) -> None:
    with contextlib.suppress(OSError):
        os.unlink(lease.lock_file)
    lease.release()


def _read_seal(folder: Path) -> Version:
    try:
        digest, _, sealed = (folder / _SEAL).read_text(encoding="utf-8").partition("\n")
        if hashlib.sha256(sealed.encode()).hexdigest() != digest:
            raise DamagedVersion(f"{_SEAL} has changed")
        return Version(folder.name, **json.loads(sealed))
    except FileNotFoundError as error:
        raise DamagedVersion(f"{_SEAL} is missing") from error
    except (OSError, ValueError) as error:
        raise DamagedVersion(f"{_SEAL} cannot be read") from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _transfer_file(source: Path, target: Path, digest: str, *, link: bool) -> None:
    """Link or copy a file of a version, and check the bytes of the target."""
    try:
        if not link:
            shutil.copyfile(source, target)
        else:
            try:
                os.link(source, target)
            except FileNotFoundError:
                raise
            except OSError:  # a file system without hard links
                shutil.copyfile(source, target)
    except FileNotFoundError as error:
        raise DamagedVersion(f"{source.name} is missing") from error
    if _digest(target) != digest:
        raise DamagedVersion(f"{source.name} has changed")


def as_library_error(error: BaseException, folder: Path) -> LibraryError:
    """Return an error of Chroma or the file system with the index in `folder` as a LibraryError."""
    if _is_disk_full(error, folder):
        return LibraryError(
            "The disk is full, so the search index was not written. Questions are answered without it, more slowly. "
            "Free some space; the next `footnote add` or `footnote rebuild` writes it."
        )
    what = reason(error) if isinstance(error, OSError) else f"{type(error).__name__}: {reason(error)}"
    return LibraryError(
        f"The search index cannot be used ({what}). Questions are answered without it, more slowly. "
        "Run `footnote rebuild` to rebuild it."
    )


def _is_disk_full(error: BaseException, folder: Path) -> bool:
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    with contextlib.suppress(OSError):  # Chroma does not always say why it failed
        return "is full" in str(error) or shutil.disk_usage(folder).free < _LOW_SPACE
    return False
