"""The vector index: a Chroma collection of the chunks' vectors, derived from the record.

It is kept in the library's folder, or on a Chroma server that several machines share. A question never fails because
of it: chunks that the newest version lacks are read from the record and compared one by one, all of them if no version
is usable. In a small library they always are: that is exact, and loading Chroma takes longer than answering. While a
server does not answer, a large library is searched by words alone.
"""

import logging
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import IndexServerError, LibraryError
from .chroma_server import ChromaServer
from .index_folder import FolderStore
from .index_server import ServerStore
from .index_store import DamagedVersion, IndexStore, OpenVersion, Stopped, Version
from .papers import Records

log = logging.getLogger("footnote")

# A version is replaced when more chunks than this were added or removed, or more than a part of its own. So copying it
# costs in proportion to what was added. 4,000 vectors are compared in a millisecond.
MAX_NEW, _MAX_REMOVED, _PART = 4000, 50, 8
EXACT = MAX_NEW  # chunks of a library in which no version is opened; reading them takes 20 ms, loading Chroma 700
IDLE_SECONDS = 2.0  # before a build in the background starts: a command has ended by then
SCANNED = 100_000  # chunks that are compared one by one while a server does not answer; reading them takes 0.5 s
_FEW_CHUNKS = 20_000  # of the papers that a filter leaves: they are compared one by one
_SCAN_CHUNKS = 5000  # vectors that are read together


class _Tail(NamedTuple):
    """The chunks that are newer than the open version: keys, paper keys, vectors (chunks, dimensions)."""

    keys: list[int]
    papers: list[int]
    vectors: NDArray[np.float32]


_EMPTY_TAIL = _Tail([], [], np.zeros((0, 0), np.float32))


class Index:
    """Finds the nearest chunks of a vector, and follows the record. Thread-safe."""

    def __init__(self, folder: Path, records: Records, server: ChromaServer | None = None) -> None:
        self.store: IndexStore = ServerStore(server, folder, records) if server else FolderStore(folder, records)
        self.server = server
        self._records = records
        self._lock = threading.RLock()
        self._open: OpenVersion | None = None
        self._tail: _Tail | None = None  # None if it is too long to keep; then each question reads it
        self._identity = ""  # the record's identity that the two belong to
        self._is_behind = True  # a new version is due
        self._builder: threading.Thread | None = None
        self._stop = threading.Event()
        self._failed_identity = ""  # the record's identity when a build in the background failed
        self._warned: set[str] = set()
        self._silence: IndexServerError | None = None  # why the server does not answer

    @property
    def is_open(self) -> bool:
        """Whether a version is open; otherwise all chunks are compared one by one."""
        return self._open is not None

    @property
    def gap(self) -> str:
        """Why the last question was searched for by words alone; empty if its vector was compared."""
        is_left_out = self._silence is not None and self._is_too_much()
        return f"Searched by words alone, without vectors. {self._silence}" if is_left_out else ""

    def close(self) -> None:
        """Close all files; stop a build in the background."""
        self._stop.set()
        self.wait()
        with self._lock:
            self._close_version()
            self.store.close()
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
            few = None if papers is None or not self._open else self._records.vectors_of(papers, _FEW_CHUNKS)
            if few is not None:
                return [key for _, key in sorted(_nearest(*few, vector, count))[:count]]
            try:
                found = self._found(vector, count, papers)
            except IndexServerError as error:
                self._fall_silent(error)
                found = self._compare_without_server(vector, count, papers)
            except (DamagedVersion, LibraryError) as error:
                self._warn(str(error))
                self._close_version()
                found = self._compare(vector, count, papers)
            return [key for _, key in sorted(found)[:count]]

    def update(self) -> None:
        """Build a version if one is due; keep the older one and raise LibraryError if that fails."""
        versions, _ = self.store.sealed()
        if self._is_due(versions[0]) if versions else self._records.count_chunks():
            self._build(fresh=False, wait=True)

    def rebuild(self) -> None:
        """Build a new version from the record, without embedding, or raise LibraryError and keep the older one."""
        self._build(fresh=True, wait=True)
        with self._lock:
            self._close_version()

    def check(self) -> tuple[bool, str]:
        """Return whether the index is intact, and a line about its state. Changes nothing.

        Raise IndexServerError if its server does not answer.
        """
        identity = self._records.identity
        versions, faults = self.store.sealed()
        for version in versions:
            try:
                faults += self.store.faults_of(version)
                break
            except IndexServerError:
                raise
            except (DamagedVersion, LibraryError) as damage:
                faults.append(str(damage))
        if faults:
            return False, f"damaged ({'; '.join(faults)})"
        where = f" on the Chroma server at {self.server.url}" if self.server else ""
        if not versions and self._records.count_chunks():
            return False, f"missing{where}"
        newer = self._records.count_chunks(after=versions[0].last_key) if versions else 0
        more = f"; {newer:,} newer chunks are compared one by one" if newer else ""
        return True, f"in step with the record (revision {identity.partition('-')[0]}){where}{more}"

    # Questions

    def _found(self, vector: NDArray[np.float32], count: int, papers: Sequence[int] | None) -> list[tuple[float, int]]:
        """Return (distance, key) of the nearest chunks of the open version and of those that it lacks."""
        if self._open is None and self._silence is not None:
            return self._compare_without_server(vector, count, papers)
        found = self._compare(vector, count, papers)
        if self._open:
            try:
                found += self._query(self._open, vector, count, papers)
            except DamagedVersion:  # another process has replaced it: open the one in its place
                self._close_version()
                self._follow_record()
                found = self._compare(vector, count, papers)
                found += self._query(self._open, vector, count, papers) if self._open else []
            self._silence = None
        return found

    def _query(
        self, opened: OpenVersion, vector: NDArray[np.float32], count: int, papers: Sequence[int] | None
    ) -> list[tuple[float, int]]:
        """Return (distance, key) of the nearest chunks in the open version that the record still has.

        Chroma compares a list of papers with each chunk. So it gets none: more chunks are asked for in its place.
        """
        wanted, size = None if papers is None else set(papers), opened.version.size
        times = 1.0 if wanted is None else self._records.count_papers() / max(len(wanted), 1)
        limit = min(int(count * times) + _MAX_REMOVED, size)
        while limit:
            hits = opened.query(vector, limit)
            owners = self._records.owners([key for _, key in hits if key <= opened.version.last_key])
            kept = [hit for hit in hits if hit[1] in owners and (wanted is None or owners[hit[1]] in wanted)]
            if len(kept) >= count or len(hits) < limit or limit == size:
                return kept
            limit = min(limit * 2, size)  # many of the nearest were removed, or belong to other papers
        return []

    def _compare_without_server(
        self, vector: NDArray[np.float32], count: int, papers: Sequence[int] | None
    ) -> list[tuple[float, int]]:
        """Return (distance, key) of the nearest of all chunks, or of the newest ones alone if there are too many."""
        if self._is_too_much():
            return self._compare(vector, count, papers) if self._open and self._tail else []
        return self._nearest_in(self._records.vectors(0, _SCAN_CHUNKS), vector, count, papers)

    def _is_too_much(self) -> bool:
        """Return whether the library has too many chunks to compare them all for each question."""
        return self._records.count_chunks() > SCANNED

    def _fall_silent(self, error: IndexServerError) -> None:
        self._silence = error
        slower = "by words alone" if self._is_too_much() else "more slowly"
        self._warn(f"{error} Questions are answered without it, {slower}, until it does.")

    def _compare(
        self, vector: NDArray[np.float32], count: int, papers: Sequence[int] | None
    ) -> list[tuple[float, int]]:
        """Return (distance, key) of the nearest chunks that the open version lacks; compare all of them."""
        after = self._open.version.last_key if self._open else 0
        stored = [self._tail] if self._tail else self._records.vectors(after, _SCAN_CHUNKS)
        return self._nearest_in(stored, vector, count, papers)

    def _nearest_in(
        self,
        stored: Iterable[tuple[list[int], list[int], NDArray[np.float32]]],
        vector: NDArray[np.float32],
        count: int,
        papers: Sequence[int] | None,
    ) -> list[tuple[float, int]]:
        """Return (distance, key) of the nearest of some chunks, given as (keys, paper keys, vectors)."""
        among = None if papers is None else np.array(papers, np.int64)
        found: list[tuple[float, int]] = []
        for keys, owners, vectors in stored:
            rows = None if among is None else np.flatnonzero(np.isin(owners, among))
            found += _nearest(keys, vectors, vector, count, rows)
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
        if self.server is not None:  # it is not needed, so no question waits for it; the next `update` asks it
            self._is_behind, self._silence = False, None
            return
        versions, faults = self.store.sealed()
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
        try:
            versions, faults = self.store.sealed()
            for version in versions:
                if self._open and version.order <= self._open.version.order:
                    break
                try:
                    opened = self.store.open(version)
                except IndexServerError:
                    raise
                except (DamagedVersion, LibraryError) as damage:
                    if self.store.is_there(version):  # else another process has replaced it
                        faults.append(str(damage))
                    continue
                except OSError:  # no view can be written
                    break
                self._close_version()
                self._open, self._tail = opened, _EMPTY_TAIL
                break
        except IndexServerError as error:
            self._fall_silent(error)
            return
        self._silence = None
        self._warn_of(faults)

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
        if self._records.read_only or self._failed_identity == identity or self._silence is not None:
            return
        if self._builder and self._builder.is_alive():
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
        except IndexServerError:
            return  # the next question after it answers again builds
        except LibraryError as error:
            self._failed_identity = identity
            self._warn(str(error))

    def _build(self, *, fresh: bool, wait: bool) -> None:
        self.store.build(self._is_due, self._is_stopped, fresh=fresh, wait=wait)

    def _is_due(self, version: Version) -> bool:
        newer = self._records.count_chunks(after=version.last_key)
        return _is_due(version.size, newer, version.size + newer - self._records.count_chunks())

    def _is_stopped(self) -> bool:
        """Return whether this is a build in the background that has to end."""
        is_background = threading.current_thread() is self._builder
        return is_background and (self._stop.is_set() or not threading.main_thread().is_alive())


def _nearest(
    keys: Sequence[int],
    vectors: NDArray[np.float32],
    vector: NDArray[np.float32],
    count: int,
    rows: NDArray[np.int64] | None = None,
) -> list[tuple[float, int]]:
    """Return (distance, key) of the `count` chunks nearest to a vector, among all or among some `rows`, in any order.

    Raise LibraryError if the vectors are of another model.
    """
    if not keys:
        return []
    if vectors.shape[1] != len(vector):
        raise LibraryError("The library was just rebuilt with another embedding model. Ask again.")
    distances = 1.0 - vectors @ vector
    among = np.arange(len(keys)) if rows is None else rows
    if len(among) > count:
        among = among[np.argpartition(distances[among], count - 1)[:count]]
    return [(float(distances[row]), keys[row]) for row in among]


def _max_new(size: int) -> int:
    return max(MAX_NEW, size // _PART)


def _is_due(size: int, newer: int, removed: int) -> bool:
    """Return whether to replace a version of `size` chunks; a negative `removed` means that it is of another record."""
    return newer > _max_new(size) or not 0 <= removed <= max(_MAX_REMOVED, size // _PART)
