"""The index in a folder: each version is a Chroma database of its own, opened through a private view of its files."""

import contextlib
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import LibraryError
from .index_build import BATCH, COLLECTION, build, build_in_process, open_client
from .index_store import DamagedVersion, Stopped, Version, lacking
from .index_versions import Versions, View, as_library_error
from .papers import Records

log = logging.getLogger("footnote")


class FolderVersion:
    """An open version: a Chroma client of a private view."""

    def __init__(self, version: Version, view: View, client: Any, collection: Any, folder: Path) -> None:
        self.version, self.view = version, view
        self._client, self._collection, self._folder = client, collection, folder

    def query(self, vector: NDArray[np.float32], limit: int) -> list[tuple[float, int]]:
        """Return (distance, key) of the `limit` nearest chunks, as `OpenVersion`."""
        with translate_errors(self._folder):
            answer = self._collection.query(query_embeddings=[vector], n_results=limit, include=["distances"])
        return list(zip(answer["distances"][0], map(int, answer["ids"][0]), strict=True))

    def keys(self) -> set[int]:
        """Return the keys of all chunks."""
        with translate_errors(self._folder):
            return {int(key) for key in self._collection.get(include=[])["ids"]}

    def close(self) -> None:
        """Close the client and delete the view."""
        self._client.close()
        self.view.close()


class FolderStore:
    """The versions in a library's folder."""

    def __init__(self, folder: Path, records: Records) -> None:
        self.versions = Versions(folder)
        self._records = records

    def sealed(self) -> tuple[list[Version], list[str]]:
        """Return the versions that the record knows, newest first, and the faults of unreadable ones."""
        return self.versions.sealed(self._records.was_indexed)

    def open(self, version: Version) -> FolderVersion:
        """Open a version after checking every byte. Raise DamagedVersion, LibraryError or OSError."""
        view = self.versions.view(version)
        try:
            with translate_errors(self.versions.folder):
                client = open_client(view.folder)
                try:
                    collection = client.get_collection(COLLECTION, embedding_function=None)
                    if collection.count() != version.size:
                        raise DamagedVersion("Chroma has lost chunks")
                except BaseException:
                    client.close()
                    raise
        except BaseException:
            view.close()
            raise
        return FolderVersion(version, view, client, collection, self.versions.folder)

    def is_there(self, version: Version) -> bool:
        """Return whether no other process has removed or replaced a version."""
        return self.versions.exists(version)

    def faults_of(self, version: Version) -> list[str]:
        """Return what a version lacks; if no view can be written, check its files alone."""
        try:
            opened = self.open(version)
        except OSError:  # the disk is full, or the library read-only
            self.versions.verify(version)
            return []
        with contextlib.closing(opened):
            return lacking(self._records, version, opened.keys())

    def build(
        self, is_due: Callable[[Version], bool], is_stopped: Callable[[], bool], *, fresh: bool, wait: bool
    ) -> None:
        """Build a version from a copy of the newest one, as `IndexStore`."""
        with translate_errors(self.versions.folder), self.versions.building(wait) as folder:
            if folder is None:
                return
            base = None if fresh else self._copy_newest(folder)
            if base and not is_due(base):
                return
            newer = self._records.count_chunks(after=base.last_key if base else 0)
            # Translate before the folder is deleted: then a full disk has space again.
            with translate_errors(self.versions.folder):
                if newer > BATCH:
                    built = build_in_process(self._records, folder, is_stopped)
                else:
                    built = build(self._records, folder)
                self.versions.publish(folder, *built)

    def close(self) -> None:
        """Do nothing: versions are closed one by one."""

    def _copy_newest(self, folder: Path) -> Version | None:
        for version in self.sealed()[0]:
            try:
                self.versions.copy(version, folder)
                return version
            except DamagedVersion as damage:
                log.info("The search index was damaged (%s); rebuilding it.", damage)
                self.versions.empty(folder)
        return None


@contextlib.contextmanager
def translate_errors(folder: Path) -> Iterator[None]:
    """Raise LibraryError for errors of Chroma and the file system with the index in `folder`."""
    try:
        yield
    except (LibraryError, DamagedVersion, Stopped, KeyboardInterrupt, GeneratorExit, SystemExit):
        raise
    except BaseException as error:  # Chroma's panics are no Exceptions
        raise as_library_error(error, folder) from error
