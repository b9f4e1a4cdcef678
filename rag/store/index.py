"""The index: a Chroma collection of the chunks' vectors, derived from the record and never the only copy of anything.

A question never waits for the index and never fails because of it. What the newest version lacks is read from the
record and compared one by one, up to the whole record where there is no version that can be used.
"""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import LibraryError
from .index_build import COLLECTION, MOMENT, Stopped, build, build_apart, open_client
from .index_versions import DamagedVersion, Version, Versions, View, translated
from .papers import Records

log = logging.getLogger("footnote")

_FILTERED = 5000  # papers in one filter: SQLite below Chroma takes 32,766 values
_SCANNED = 5000  # chunks whose vectors are read at once

# A version is replaced when it lacks more chunks, or has more that were removed, than these or a part of its own: the
# cost of a copy is then in proportion to what was added. 4,000 vectors are compared in a millisecond.
_MOST_NEW, _MOST_REMOVED, _PART = 4000, 50, 8
_IDLE_SECONDS = 2.0  # before a build beside questions begins: the command line has ended by then


class _Opened(NamedTuple):
    """A version that is open."""

    version: Version
    view: View
    client: Any
    collection: Any

    def close(self) -> None:
        self.client.close()
        self.view.close()


class _Tail(NamedTuple):
    """Chunks that are newer than those of the open version: keys, papers' keys, vectors (chunks, dimensions)."""

    keys: list[int]
    papers: list[int]
    vectors: NDArray[np.float32]


_NO_TAIL = _Tail([], [], np.zeros((0, 0), np.float32))


class Index:
    """The nearest chunks of a vector, kept in step with the record. Safe to use from several threads."""

    def __init__(self, folder: Path, records: Records) -> None:
        self._versions = Versions(folder)
        self._records = records
        self._lock = threading.RLock()
        self._opened: _Opened | None = None
        self._tail: _Tail | None = None  # None: it is too long to be kept, and is read for each question
        self._seen = ""  # the record's identity that these are of
        self._behind = True  # whether a new version is due
        self._builder: threading.Thread | None = None
        self._stop = threading.Event()
        self._failed = ""  # the identity at which a build beside questions failed
        self._said: set[str] = set()

    def nearest(self, vector: NDArray[np.float32], count: int, papers: Sequence[int] | None = None) -> list[int]:
        """Return the keys of the `count` chunks nearest to `vector` (dimensions,), nearest first.

        `papers` limits them to those of some papers, by key.

        Raises:
            LibraryError: the record cannot be read, or has got vectors of another length.
        """
        with self._lock:
            self._follow()
            found = self._compared(vector, count, papers)
            if self._opened:
                try:
                    found += self._queried(self._opened, vector, count, papers)
                except LibraryError as error:
                    self._say(str(error))
                    self._let_go()
                    found = self._compared(vector, count, papers)
            return [key for _, key in sorted(found)[:count]]

    def update(self) -> None:
        """Build a new version if one is due. Questions are answered meanwhile.

        Raises:
            LibraryError: it cannot be built; the version that there was is kept.
        """
        versions, _ = self._versions.sealed(self._is_known)
        if self._is_due(versions[0]) if versions else self._records.count_chunks():
            self._build(fresh=False, wait=True)

    def rebuild(self) -> None:
        """Build a new version from the record's vectors alone, whatever there was. No embedding model is needed.

        Raises:
            LibraryError: it cannot be built; the version that there was is kept.
        """
        self._build(fresh=True, wait=True)
        with self._lock:
            self._let_go()

    def check(self) -> tuple[bool, str]:
        """Return whether the index on disk is as it should be, and a line that says how it is. Nothing is changed."""
        identity = self._records.identity
        versions, faults = self._versions.sealed(self._is_known)
        for version in versions:
            try:
                faults += self._lacking(version)
                break
            except (DamagedVersion, LibraryError) as damage:
                faults.append(str(damage))
        revision = identity.partition("-")[0]
        if faults:
            return False, f"damaged ({'; '.join(faults)})"
        if not versions and self._records.count_chunks():
            return False, "missing"
        newer = self._records.count_chunks(after=versions[0].last_key) if versions else 0
        more = f"; {newer:,} newer chunks are compared one by one" if newer else ""
        return True, f"in step with the record (revision {revision}){more}"

    def _lacking(self, version: Version) -> list[str]:
        """What a version lacks, whose files are as they were written."""
        try:
            opened = self._open(version)
        except OSError:  # no view can be written: the disk is full, or the library read-only
            self._versions.verify(version)
            return []
        with self._translating():
            try:
                keys = {int(key) for key in opened.collection.get(include=[])["ids"]}
            finally:
                opened.close()
        lacking = {key for key in self._records.chunk_keys() if key <= version.last_key} - keys
        return [f"it lacks {len(lacking):,} chunks"] if lacking else []

    def close(self) -> None:
        """Let go of all files; a build beside questions is stopped."""
        self._stop.set()
        if self._builder is not None and self._builder is not threading.current_thread():
            self._builder.join()
        with self._lock:
            self._let_go()
            self._builder = None
            self._stop.clear()

    # Questions

    def _queried(
        self, opened: _Opened, vector: NDArray[np.float32], count: int, papers: Sequence[int] | None
    ) -> list[tuple[float, int]]:
        """(distance, key) of the nearest chunks that the open version has and the record still has."""
        every = range(0, len(papers), _FILTERED) if papers is not None else [0]
        found: list[tuple[float, int]] = []
        for start in every:
            where = None if papers is None else {"paper": {"$in": list(papers[start : start + _FILTERED])}}
            most = min(count + _MOST_REMOVED, opened.version.size)
            while most:
                with self._translating():
                    answer = opened.collection.query(
                        query_embeddings=[vector], n_results=most, where=where, include=["distances"]
                    )
                hits = list(zip(answer["distances"][0], map(int, answer["ids"][0]), strict=True))
                there = self._records.chunk_keys([key for _, key in hits])
                kept = [hit for hit in hits if hit[1] in there]
                if len(kept) >= count or len(hits) < most or most == opened.version.size:
                    found += kept
                    break
                most = min(most * 2, opened.version.size)  # many of the nearest were removed
        return found

    def _compared(
        self, vector: NDArray[np.float32], count: int, papers: Sequence[int] | None
    ) -> list[tuple[float, int]]:
        """(distance, key) of the nearest chunks that the open version lacks, all compared one by one."""
        among = None if papers is None else np.array(papers, np.int64)
        after = self._opened.version.last_key if self._opened else 0
        found: list[tuple[float, int]] = []
        for keys, owners, vectors in [self._tail] if self._tail else self._records.vectors(after, _SCANNED):
            if not keys:
                continue
            if vectors.shape[1] != len(vector):
                raise LibraryError("The library was rebuilt with another embedding model meanwhile. Ask again.")
            distances = 1.0 - vectors @ vector
            rows = np.arange(len(keys)) if among is None else np.flatnonzero(np.isin(owners, among))
            if len(rows) > count:
                rows = rows[np.argpartition(distances[rows], count - 1)[:count]]
            found += [(float(distances[row]), keys[row]) for row in rows]
        return found

    def _follow(self) -> None:
        """Keep step with a record that other processes may be writing."""
        identity = self._records.identity
        if identity == self._seen and not self._behind:
            return
        if self._opened and not self._is_known(self._opened.version.identity):
            self._let_go()  # the record was replaced by a backup
        self._grow()
        if self._behind:
            self._open_newest()
            self._grow()
        self._seen = identity
        if self._behind:
            self._build_soon(identity)

    def _grow(self) -> None:
        """Read what is newer than the open version, and find out whether a new version is due."""
        after = self._opened.version.last_key if self._opened else 0
        size = self._opened.version.size if self._opened else 0
        newer, count = self._records.count_chunks(after), self._records.count_chunks()
        self._behind = count > 0 if self._opened is None else _is_due(size, newer, size + newer - count)
        if newer > _most_new(size):
            self._tail = None
            return
        tail = self._tail or _NO_TAIL
        if tail.keys and len(self._records.chunk_keys(tail.keys)) < len(tail.keys):
            tail = _NO_TAIL  # some of it were removed
        for keys, papers, vectors in self._records.vectors(after=max([after, *tail.keys[-1:]]), batch=_SCANNED):
            together = np.concatenate([tail.vectors, vectors]) if tail.keys else vectors
            tail = _Tail([*tail.keys, *keys], [*tail.papers, *papers], together)
        self._tail = tail

    def _open_newest(self) -> None:
        """Open the newest version that is whole, if it is newer than what is open."""
        versions, faults = self._versions.sealed(self._is_known)
        for version in versions:
            if self._opened and version.revision <= self._opened.version.revision:
                break
            try:
                opened = self._open(version)
            except (DamagedVersion, LibraryError) as damage:
                if self._versions.is_there(version):  # else another process has replaced it
                    faults.append(str(damage))
                continue
            except OSError:  # the folder cannot be written: no view of it
                break
            self._let_go()
            self._opened, self._tail = opened, _NO_TAIL
            break
        for fault in faults:
            self._say(
                f"The search index is damaged ({fault}). Questions are answered without it, more slowly; "
                "`footnote rebuild` builds it again."
            )

    def _open(self, version: Version) -> _Opened:
        view = self._versions.view(version)
        try:
            with self._translating():
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
        return _Opened(version, view, client, collection)

    def _let_go(self) -> None:
        if self._opened:
            self._opened.close()
        self._opened, self._tail, self._seen, self._behind = None, None, "", True

    def _is_known(self, identity: str) -> bool:
        return self._records.was_indexed(identity)

    def _say(self, message: str) -> None:
        if message not in self._said:
            self._said.add(message)
            log.warning("%s", message)

    # Building

    def _build_soon(self, identity: str) -> None:
        """Build a new version in a thread of its own, where none runs."""
        if self._records.read_only or self._failed == identity or (self._builder and self._builder.is_alive()):
            return
        self._builder = threading.Thread(target=self._build_beside, args=(identity,), name="footnote index")
        self._builder.start()

    def _build_beside(self, identity: str) -> None:
        if self._stop.wait(_IDLE_SECONDS):
            return
        try:
            self._build(fresh=False, wait=False)
        except Stopped:
            return
        except LibraryError as error:
            self._failed = identity
            self._say(str(error))

    def _build(self, *, fresh: bool, wait: bool) -> None:
        """Build and publish a version where one is due, or `fresh` in any case."""
        with self._translating(), self._versions.building(wait) as folder:
            if folder is None:
                return
            base = None if fresh else self._base(folder)
            if base and not self._is_due(base):
                return
            newer = self._records.count_chunks(after=base.last_key if base else 0)
            # What fails is translated before the folder is deleted: then there is room again on a full disk.
            with self._translating():
                if newer > MOMENT:
                    built = build_apart(self._records, folder, self._is_stopped)
                else:
                    built = build(self._records, folder)
                self._versions.publish(folder, *built)

    def _base(self, folder: Path) -> Version | None:
        """The newest version that is whole, copied into `folder`."""
        for version in self._versions.sealed(self._is_known)[0]:
            try:
                self._versions.copy(version, folder)
                return version
            except DamagedVersion as damage:
                log.info("The search index was damaged (%s); it is built again.", damage)
                self._versions.empty(folder)
        return None

    def _is_due(self, version: Version) -> bool:
        newer = self._records.count_chunks(after=version.last_key)
        return _is_due(version.size, newer, version.size + newer - self._records.count_chunks())

    def _is_stopped(self) -> bool:
        """Whether this is a build beside questions that is to end, or whose program ends."""
        beside = threading.current_thread() is self._builder
        return beside and (self._stop.is_set() or not threading.main_thread().is_alive())

    @contextlib.contextmanager
    def _translating(self) -> Iterator[None]:
        """The one boundary at which the errors of Chroma and of the file system become ours."""
        try:
            yield
        except (LibraryError, DamagedVersion, Stopped, KeyboardInterrupt, GeneratorExit, SystemExit):
            raise
        except BaseException as error:  # Chroma's panics are no Exceptions
            raise translated(error, self._versions.folder) from error


def _most_new(size: int) -> int:
    return max(_MOST_NEW, size // _PART)


def _is_due(size: int, newer: int, removed: int) -> bool:
    """Whether a version of `size` chunks has to be replaced; fewer than no chunks removed: it is not of this record."""
    return newer > _most_new(size) or not 0 <= removed <= max(_MOST_REMOVED, size // _PART)
