"""The vector index: a Chroma collection of the chunks' vectors, derived from the record.

A question never waits for the index and never fails because of it: chunks that the newest version lacks are read from
the record and compared one by one, all of them if no version is usable. In a small library they always are: that is
exact, and loading Chroma takes longer than answering.
"""

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import LibraryError
from .index_build import BATCH, COLLECTION, Stopped, build, build_in_process, open_client
from .index_versions import DamagedVersion, Version, Versions, View, as_library_error
from .papers import Records

log = logging.getLogger("footnote")

# A version is replaced when more chunks than this were added or removed, or more than a part of its own. So copying it
# costs in proportion to what was added. 4,000 vectors are compared in a millisecond.
MAX_NEW, _MAX_REMOVED, _PART = 4000, 50, 8
EXACT = MAX_NEW  # chunks of a library in which no version is opened; reading them takes 20 ms, loading Chroma 700
IDLE_SECONDS = 2.0  # before a build in the background starts: a command has ended by then

_FILTER_PAPERS = 5000  # papers in one filter: Chroma's SQLite takes 32,766 values
_SCAN_CHUNKS = 5000  # vectors that are read together


class _Open(NamedTuple):
    """An open version."""

    version: Version
    view: View
    client: Any
    collection: Any

    def close(self) -> None:
        self.client.close()
        self.view.close()


class _Tail(NamedTuple):
    """The chunks that are newer than the open version: keys, paper keys, vectors (chunks, dimensions)."""

    keys: list[int]
    papers: list[int]
    vectors: NDArray[np.float32]


_EMPTY_TAIL = _Tail([], [], np.zeros((0, 0), np.float32))


class Index:
    """Finds the nearest chunks of a vector, and follows the record. Thread-safe."""

    def __init__(self, folder: Path, records: Records) -> None:
        self.versions = Versions(folder)
        self._records = records
        self._lock = threading.RLock()
        self._open: _Open | None = None
        self._tail: _Tail | None = None  # None if it is too long to keep; then each question reads it
        self._identity = ""  # the record's identity that the two belong to
        self._is_behind = True  # a new version is due
        self._builder: threading.Thread | None = None
        self._stop = threading.Event()
        self._failed_identity = ""  # the record's identity when a build in the background failed
        self._warned: set[str] = set()

    @property
    def is_open(self) -> bool:
        """Whether a version is open; otherwise all chunks are compared one by one."""
        return self._open is not None

    def close(self) -> None:
        """Close all files; stop a build in the background."""
        self._stop.set()
        self.wait()
        with self._lock:
            self._close_version()
            self._builder = None
            self._stop.clear()

    def wait(self) -> None:
        """Wait until a build in the background ends."""
        if self._builder is not None and self._builder is not threading.current_thread():
            self._builder.join()

    def nearest(self, vector: NDArray[np.float32], count: int, papers: Sequence[int] | None = None) -> list[int]:
        """Return the keys of the `count` chunks nearest to `vector` (dimensions,), nearest first.

        `papers` limits them to the chunks of these papers. Raise LibraryError if the record cannot be read, or now has
        vectors of another model.
        """
        with self._lock:
            self._follow_record()
            found = self._compare(vector, count, papers)
            if self._open:
                try:
                    found += self._query(self._open, vector, count, papers)
                except LibraryError as error:
                    self._warn(str(error))
                    self._close_version()
                    found = self._compare(vector, count, papers)
            return [key for _, key in sorted(found)[:count]]

    def update(self) -> None:
        """Build a version if one is due; keep the older one and raise LibraryError if that fails."""
        versions, _ = self.versions.sealed(self._records.was_indexed)
        if self._is_due(versions[0]) if versions else self._records.count_chunks():
            self._build(fresh=False, wait=True)

    def rebuild(self) -> None:
        """Build a new version from the record, without embedding, or raise LibraryError and keep the older one."""
        self._build(fresh=True, wait=True)
        with self._lock:
            self._close_version()

    def check(self) -> tuple[bool, str]:
        """Return whether the index on disk is intact, and a line about its state. Changes nothing."""
        identity = self._records.identity
        versions, faults = self.versions.sealed(self._records.was_indexed)
        for version in versions:
            try:
                faults += self._missing_chunks(version)
                break
            except (DamagedVersion, LibraryError) as damage:
                faults.append(str(damage))
        if faults:
            return False, f"damaged ({'; '.join(faults)})"
        if not versions and self._records.count_chunks():
            return False, "missing"
        newer = self._records.count_chunks(after=versions[0].last_key) if versions else 0
        more = f"; {newer:,} newer chunks are compared one by one" if newer else ""
        return True, f"in step with the record (revision {identity.partition('-')[0]}){more}"

    def _missing_chunks(self, version: Version) -> list[str]:
        try:
            opened = self._open_version(version)
        except OSError:  # no view can be written: the disk is full, or the library read-only
            self.versions.verify(version)
            return []
        with self._translate_errors():
            try:
                keys = {int(key) for key in opened.collection.get(include=[])["ids"]}
            finally:
                opened.close()
        missing = {key for key in self._records.chunk_keys() if key <= version.last_key} - keys
        return [f"it lacks {len(missing):,} chunks"] if missing else []

    # Questions

    def _query(
        self, opened: _Open, vector: NDArray[np.float32], count: int, papers: Sequence[int] | None
    ) -> list[tuple[float, int]]:
        """Return (distance, key) of the nearest chunks in the open version that the record still has."""
        found: list[tuple[float, int]] = []
        for start in range(0, len(papers), _FILTER_PAPERS) if papers is not None else [0]:
            where = None if papers is None else {"paper": {"$in": list(papers[start : start + _FILTER_PAPERS])}}
            limit = min(count + _MAX_REMOVED, opened.version.size)
            while limit:
                with self._translate_errors():
                    answer = opened.collection.query(
                        query_embeddings=[vector], n_results=limit, where=where, include=["distances"]
                    )
                hits = list(zip(answer["distances"][0], map(int, answer["ids"][0]), strict=True))
                existing = self._records.chunk_keys([key for _, key in hits])
                kept = [hit for hit in hits if hit[1] in existing]
                if len(kept) >= count or len(hits) < limit or limit == opened.version.size:
                    found += kept
                    break
                limit = min(limit * 2, opened.version.size)  # many of the nearest were removed
        return found

    def _compare(
        self, vector: NDArray[np.float32], count: int, papers: Sequence[int] | None
    ) -> list[tuple[float, int]]:
        """Return (distance, key) of the nearest chunks that the open version lacks; compare all of them."""
        among = None if papers is None else np.array(papers, np.int64)
        after = self._open.version.last_key if self._open else 0
        found: list[tuple[float, int]] = []
        for keys, owners, vectors in [self._tail] if self._tail else self._records.vectors(after, _SCAN_CHUNKS):
            if not keys:
                continue
            if vectors.shape[1] != len(vector):
                raise LibraryError("The library was just rebuilt with another embedding model. Ask again.")
            distances = 1.0 - vectors @ vector
            rows = np.arange(len(keys)) if among is None else np.flatnonzero(np.isin(owners, among))
            if len(rows) > count:
                rows = rows[np.argpartition(distances[rows], count - 1)[:count]]
            found += [(float(distances[row]), keys[row]) for row in rows]
        return found

    # Following the record

    def _follow_record(self) -> None:
        """Take up changes of the record, which other processes may write."""
        identity = self._records.identity
        if identity == self._identity and not self._is_behind:
            return
        if self._open and not self._records.was_indexed(self._open.version.identity):
            self._close_version()  # a backup replaced the record
        if self._open is None and self._records.count_chunks() <= EXACT:
            self._read_all()
        else:
            self._read_tail()
            if self._is_behind:
                self._open_newest()
                self._read_tail()
        self._identity = identity
        if self._is_behind:
            self._build_in_background(identity)

    def _read_all(self) -> None:
        """Read all chunks, and find out from the seals alone whether a new version is due."""
        self._tail = _EMPTY_TAIL  # a backup may have replaced the record, and keys stand for other chunks
        self._read_tail()
        versions, faults = self.versions.sealed(self._records.was_indexed)
        self._warn_of(faults)
        if versions:
            self._is_behind = self._is_due(versions[0])

    def _read_tail(self) -> None:
        """Read the chunks that are newer than the open version, and find out whether a new version is due."""
        after = self._open.version.last_key if self._open else 0
        size = self._open.version.size if self._open else 0
        newer, count = self._records.count_chunks(after), self._records.count_chunks()
        self._is_behind = count > 0 if self._open is None else _is_due(size, newer, size + newer - count)
        if newer > _max_new(size):
            self._tail = None
            return
        tail = self._tail or _EMPTY_TAIL
        if tail.keys and len(self._records.chunk_keys(tail.keys)) < len(tail.keys):
            tail = _EMPTY_TAIL  # some of its chunks were removed
        for keys, papers, vectors in self._records.vectors(after=max([after, *tail.keys[-1:]]), batch=_SCAN_CHUNKS):
            joined = np.concatenate([tail.vectors, vectors]) if tail.keys else vectors
            tail = _Tail([*tail.keys, *keys], [*tail.papers, *papers], joined)
        self._tail = tail

    def _open_newest(self) -> None:
        """Open the newest intact version if it is newer than the open one."""
        versions, faults = self.versions.sealed(self._records.was_indexed)
        for version in versions:
            if self._open and version.revision <= self._open.version.revision:
                break
            try:
                opened = self._open_version(version)
            except (DamagedVersion, LibraryError) as damage:
                if self.versions.exists(version):  # else another process has replaced it
                    faults.append(str(damage))
                continue
            except OSError:  # no view can be written
                break
            self._close_version()
            self._open, self._tail = opened, _EMPTY_TAIL
            break
        self._warn_of(faults)

    def _open_version(self, version: Version) -> _Open:
        view = self.versions.view(version)
        try:
            with self._translate_errors():
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
        return _Open(version, view, client, collection)

    def _close_version(self) -> None:
        if self._open:
            self._open.close()
        self._open, self._tail, self._identity, self._is_behind = None, None, "", True

    def _warn_of(self, faults: Sequence[str]) -> None:
        for fault in faults:
            self._warn(
                f"The search index is damaged ({fault}). Questions are answered without it, more slowly. "
                "Run `footnote rebuild` to rebuild it."
            )

    def _warn(self, message: str) -> None:
        if message not in self._warned:
            self._warned.add(message)
            log.warning("%s", message)

    # Building

    def _build_in_background(self, identity: str) -> None:
        if self._records.read_only or self._failed_identity == identity or (self._builder and self._builder.is_alive()):
            return
        self._builder = threading.Thread(target=self._build_when_idle, args=(identity,), name="footnote index")
        self._builder.start()

    def _build_when_idle(self, identity: str) -> None:
        if self._stop.wait(IDLE_SECONDS):
            return
        try:
            self._build(fresh=False, wait=False)
        except Stopped:
            return
        except LibraryError as error:
            self._failed_identity = identity
            self._warn(str(error))

    def _build(self, *, fresh: bool, wait: bool) -> None:
        """Build and publish a version if one is due, or from nothing if `fresh`."""
        with self._translate_errors(), self.versions.building(wait) as folder:
            if folder is None:
                return
            base = None if fresh else self._copy_newest(folder)
            if base and not self._is_due(base):
                return
            newer = self._records.count_chunks(after=base.last_key if base else 0)
            # Translate before the folder is deleted: then a full disk has space again.
            with self._translate_errors():
                if newer > BATCH:
                    built = build_in_process(self._records, folder, self._is_stopped)
                else:
                    built = build(self._records, folder)
                self.versions.publish(folder, *built)

    def _copy_newest(self, folder: Path) -> Version | None:
        for version in self.versions.sealed(self._records.was_indexed)[0]:
            try:
                self.versions.copy(version, folder)
                return version
            except DamagedVersion as damage:
                log.info("The search index was damaged (%s); rebuilding it.", damage)
                self.versions.empty(folder)
        return None

    def _is_due(self, version: Version) -> bool:
        newer = self._records.count_chunks(after=version.last_key)
        return _is_due(version.size, newer, version.size + newer - self._records.count_chunks())

    def _is_stopped(self) -> bool:
        """Return whether this is a build in the background that has to end."""
        is_background = threading.current_thread() is self._builder
        return is_background and (self._stop.is_set() or not threading.main_thread().is_alive())

    @contextlib.contextmanager
    def _translate_errors(self) -> Iterator[None]:
        """Raise LibraryError for errors of Chroma and the file system."""
        try:
            yield
        except (LibraryError, DamagedVersion, Stopped, KeyboardInterrupt, GeneratorExit, SystemExit):
            raise
        except BaseException as error:  # Chroma's panics are no Exceptions
            raise as_library_error(error, self.versions.folder) from error


def _max_new(size: int) -> int:
    return max(MAX_NEW, size // _PART)


def _is_due(size: int, newer: int, removed: int) -> bool:
    """Return whether to replace a version of `size` chunks; a negative `removed` means that it is of another record."""
    return newer > _max_new(size) or not 0 <= removed <= max(_MAX_REMOVED, size // _PART)
