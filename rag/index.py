"""The index: a Chroma collection of the chunks' vectors, derived from the record and never the only copy of anything.

Chroma cannot be written by one process while another reads, and a process that dies while it writes can leave a
collection that crashes whoever opens it. So a collection is never changed where it is read: each version is built in a
folder of its own and given its name, the record's revision, once it is whole. An unfinished folder is never opened.
"""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from .errors import LibraryError
from .records import Records

log = logging.getLogger("footnote")

_COLLECTION = "chunks"
_BUILDING = "building-"
_FILTERED = 5000  # papers in one filter: SQLite below Chroma takes 32,766 values
_LAYOUT = "1"  # part of a version's name: raise it when what is stored in Chroma changes
_HNSW = {"space": "cosine", "ef_construction": 200, "max_neighbors": 32, "ef_search": 400, "sync_threshold": 1000}


_MOST_TAIL = 4000  # chunks: their vectors are compared one by one, which takes a millisecond
_MOST_REMOVED = 50  # chunks: so many more are asked for than are wanted


class _Tail(NamedTuple):
    """Chunks that came after those of the index: keys, papers' keys, vectors (chunks, dimensions)."""

    keys: list[int]
    papers: list[int]
    vectors: NDArray[np.float32]

    def grown(self, records: Records, after: int) -> _Tail:
        """With what the record has after the last of them or, without any, after the key `after`."""
        for keys, papers, vectors in records.vectors(after=max([after, *self.keys[-1:]]), batch=_MOST_TAIL + 1):
            together = np.concatenate([self.vectors, vectors]) if self.keys else vectors
            return _Tail([*self.keys, *keys], [*self.papers, *papers], together)
        return self

    def nearest(self, vector: NDArray[np.float32], papers: Sequence[int] | None) -> list[tuple[float, int]]:
        """(distance, key) of those in `papers`."""
        if not self.keys:
            return []
        among = None if papers is None else set(papers)
        distances = (1.0 - self.vectors @ vector).tolist()
        rows = zip(distances, self.keys, self.papers, strict=True)
        return [(distance, key) for distance, key, paper in rows if among is None or paper in among]


_NO_TAIL = _Tail([], [], np.zeros((0, 0), np.float32))


class Index:
    """The nearest chunks of a vector, kept in step with the record."""

    def __init__(self, folder: Path, records: Records) -> None:
        self.folder = folder
        self._records = records
        self._lock = threading.RLock()
        self._client: Any = None
        self._collection: Any = None
        self._version = ""
        self._size = 0
        self._last_key = 0  # in the version that is open
        self._tail = _NO_TAIL
        self._removed = 0  # chunks that it has and the record has no longer
        self._seen = -1  # the revision that these are of

    def nearest(self, vector: NDArray[np.float32], count: int, papers: Sequence[int] | None = None) -> list[int]:
        """The keys of the `count` chunks nearest to `vector`, nearest first; of `papers` only, where they are given."""
        with self._lock:
            try:
                return self._query(vector, count, papers)
            except LibraryError as error:
                log.warning("%s It is made anew now.", error)
                self.rebuild()
                return self._query(vector, count, papers)

    def _query(self, vector: NDArray[np.float32], count: int, papers: Sequence[int] | None) -> list[int]:
        self._follow()
        if not self._size + len(self._tail.keys) or papers == []:
            return []
        every = range(0, len(papers), _FILTERED) if papers is not None else [0]
        found = self._tail.nearest(vector, papers)
        with _translating():
            for start in every if self._size else ():
                where = None if papers is None else {"paper": {"$in": list(papers[start : start + _FILTERED])}}
                most = min(count + self._removed, self._size)
                hits = self._collection.query(
                    query_embeddings=[vector], n_results=most, where=where, include=["distances"]
                )
                found += zip(hits["distances"][0], map(int, hits["ids"][0]), strict=True)
        keys = [key for _, key in sorted(found)[: count + self._removed]]
        if self._removed:
            there = self._records.chunk_keys(keys)
            keys = [key for key in keys if key in there]
        return keys[:count]

    def _follow(self) -> None:
        """Keeps step with a record that another process may be writing: a little that is new is read beside the index.

        A new version for each of its writes would be a copy of the whole index for each question.
        """
        revision = self._records.revision
        if revision == self._seen:
            return
        if self._version and _revision(Path(self._version)) < revision:
            tail = self._tail.grown(self._records, self._last_key)
            count = self._records.count()["chunks"]
            removed = self._size + len(tail.keys) - count
            if len(tail.keys) <= _MOST_TAIL and 0 <= removed <= _MOST_REMOVED:
                self._tail, self._removed, self._seen = tail, removed, revision
                return
        self.update()

    def update(self) -> None:
        """Brings the index to the record's revision: made from the last version, or anew where there is none."""
        with self._lock, _translating():
            if self._version == self._wanted():
                return
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / "lock"):
                wanted = self._wanted()
                if not (self.folder / wanted).is_dir():
                    self._build(wanted)
                self._open(wanted)
                self._clear_all_but(wanted)

    def rebuild(self) -> None:
        """Makes the index anew from the record's vectors; the embedding model is not needed."""
        from chromadb.api.shared_system_client import SharedSystemClient

        with self._lock:
            self.close()
            SharedSystemClient.clear_system_cache()  # it keeps what failed to open, and would give it out again
            with contextlib.suppress(FileNotFoundError):
                shutil.rmtree(self.folder)
            self.update()

    def drop_foreign(self) -> None:
        """Deletes versions newer than the record, before it grows up to them: theirs was deleted, or set back."""
        versions = self._versions()
        revision = self._records.revision  # read last: meanwhile another process may have written both
        for path in versions:
            if _revision(path) > revision:
                shutil.rmtree(path, ignore_errors=True)

    def close(self) -> None:
        """Lets go of Chroma's files."""
        with self._lock:
            if self._client is not None:
                self._client.close()
            self._client, self._collection, self._version, self._seen = None, None, "", -1

    def _wanted(self) -> str:
        return f"{self._records.revision}-{_LAYOUT}"

    def _versions(self) -> list[Path]:
        """The finished versions of this layout, newest first."""
        found = [p for p in self.folder.glob(f"*-{_LAYOUT}") if p.name.split("-")[0].isdigit()]
        return sorted(found, key=_revision, reverse=True)

    def _build(self, version: str) -> None:
        building = Path(tempfile.mkdtemp(prefix=_BUILDING, dir=self.folder))
        try:
            before = self._versions()
            if before and _revision(before[0]) <= self._records.revision:
                shutil.copytree(before[0], building, dirs_exist_ok=True)
            client = _client(building)
            try:
                self._bring_up_to_date(client)
            finally:
                client.close()
            os.rename(building, self.folder / version)
        finally:
            shutil.rmtree(building, ignore_errors=True)

    def _bring_up_to_date(self, client: Any) -> None:
        options: dict[str, Any] = {"embedding_function": None, "configuration": {"hnsw": _HNSW}}
        collection = client.get_or_create_collection(_COLLECTION, **options)
        most = client.get_max_batch_size()
        there = {int(key) for key in collection.get(include=[])["ids"]}
        gone = sorted(there - self._records.chunk_keys())
        if len(gone) == len(there):  # perhaps of another model, whose vectors are longer or shorter
            client.delete_collection(_COLLECTION)
            collection = client.create_collection(_COLLECTION, **options)
            gone = []
        for start in range(0, len(gone), most):
            collection.delete(ids=[str(key) for key in gone[start : start + most]])
        # Keys only grow, so what is missing is what comes after the last one.
        for keys, papers, vectors in self._records.vectors(after=max(there, default=0), batch=most):
            collection.add(ids=[str(k) for k in keys], embeddings=vectors, metadatas=[{"paper": p} for p in papers])

    def _open(self, version: str) -> None:
        self.close()
        self._client = _client(self.folder / version)
        self._collection = self._client.get_collection(_COLLECTION, embedding_function=None)
        keys = self._collection.get(include=[])["ids"]
        self._size, self._last_key = len(keys), max(map(int, keys), default=0)
        self._version, self._seen = version, _revision(Path(version))
        self._tail, self._removed = _NO_TAIL, 0

    def _clear_all_but(self, version: str) -> None:
        """Removes older versions and what dead processes left; another process that reads one keeps its open files."""
        for path in self.folder.iterdir():
            if path.is_dir() and path.name != version:
                shutil.rmtree(path, ignore_errors=True)


def _revision(version: Path) -> int:
    return int(version.name.split("-")[0])


def _client(folder: Path) -> Any:
    import chromadb

    return chromadb.PersistentClient(str(folder), settings=chromadb.Settings(anonymized_telemetry=False))


@contextlib.contextmanager
def _translating() -> Iterator[None]:
    """The one boundary at which Chroma's errors become ours."""
    try:
        yield
    except LibraryError:
        raise
    except (OSError, Exception) as error:
        raise LibraryError(
            f"The search index cannot be used ({type(error).__name__}: {error}). `footnote rebuild` makes it anew."
        ) from error
