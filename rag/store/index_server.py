"""The index on a Chroma server that several machines share: a version is a collection, which grows in place.

A collection's name begins with the library's identity, and its metadata say which identity of the record it was built
from and up to which key it is complete. Keys are never used again in a record, so these rules suffice for any number of
readers and builders, each of which may die at any moment:

- chunks are added first, then the last key is raised, then removed chunks are deleted, up to that key only;
- a reader takes no chunk above the last key that it knows, and none that the record has no longer;
- an identity that the record does not remember belongs to another history, such as before a backup was restored.
"""

import base64
import contextlib
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import LibraryError
from .chroma_server import ChromaServer, NotThere
from .index_build import HNSW
from .index_store import DamagedVersion, Stopped, Version, lacking, one_builder
from .papers import Records

_LAYOUT = 1  # of collections: raise it when their contents change
_PAGE = 5000  # ids or collections in one reply
_BATCH = 200  # chunks in one request
_BATCHES = 25  # added before the last key is raised
_SAMPLE = 100  # vectors that a check compares with the record's
_TOLERANCE = 1e-3  # by which a value of a vector may differ
_ID = "library"  # a fact in the record: the identity of the library on servers

_GONE = "its collection is gone from the server"


class Collection:
    """A collection that can be searched."""

    def __init__(self, server: ChromaServer, version: Version) -> None:
        self.version = version
        self._server = server

    def query(self, vector: NDArray[np.float32], limit: int) -> list[tuple[float, int]]:
        """Return (distance, key) of the `limit` nearest chunks, as `OpenVersion`."""
        body = {"query_embeddings": [vector.tolist()], "n_results": limit, "include": ["distances"]}
        with _reading():
            reply = self._server.ask("POST", f"collections/{self.version.name}/query", body)
            return list(zip(reply["distances"][0], map(int, reply["ids"][0]), strict=True))

    def close(self) -> None:
        """Do nothing: the server keeps no state for a reader."""


class ServerStore:
    """The collections of a library on a Chroma server. `folder` holds the lock of this machine's builders."""

    def __init__(self, server: ChromaServer, folder: Path, records: Records) -> None:
        self.server = server
        self._folder, self._records = folder, records

    def sealed(self) -> tuple[list[Version], list[str]]:
        """Return the collections that the record knows, the most complete one first."""
        return self._known(self.server.ask), []

    def open(self, version: Version) -> Collection:
        """Open a collection. Raise DamagedVersion if it is gone or has lost chunks, or LibraryError."""
        if self._has_lost_chunks(version, self.server.ask):
            raise DamagedVersion("the Chroma server has lost chunks")
        return Collection(self.server, version)

    def is_there(self, version: Version) -> bool:
        """Return whether no other process has removed or extended a collection."""
        return version in self.sealed()[0]

    def faults_of(self, version: Version) -> list[str]:
        """Return what a collection lacks, and how many of a sample of its vectors are not those of the record."""
        with _reading():
            faults = lacking(self._records, version, self._keys(version.name, self.server.send))
            different = self._different_vectors(version)
        return faults + ([f"{different:,} of {_SAMPLE} sampled vectors have changed"] if different else [])

    def build(
        self, is_due: Callable[[Version], bool], is_stopped: Callable[[], bool], *, fresh: bool, wait: bool
    ) -> None:
        """Extend the most complete collection, or fill a new one, and delete the others, as `IndexStore`.

        A build that was stopped goes on where it was.
        """

        def send(method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
            if is_stopped():
                raise Stopped
            return self.server.send(method, path, body, is_stopped)

        with one_builder(self._folder, wait) as may_build:
            try:
                if may_build:
                    self._update(is_due, send, fresh=fresh)
            except (DamagedVersion, NotThere) as damage:
                raise LibraryError(
                    f"The search index was replaced while it was extended ({damage}). The next `footnote add` or "
                    "`footnote rebuild` extends it."
                ) from damage

    def close(self) -> None:
        """Close the connections to the server."""
        self.server.close()

    # Reading

    def _known(self, request: Callable[..., Any]) -> list[Version]:
        versions = [version for _, version in self._collections(request) if self._records.was_indexed(version.identity)]
        return sorted(versions, key=lambda version: version.order, reverse=True)

    def _has_lost_chunks(self, version: Version, request: Callable[..., Any]) -> bool:
        with _reading():
            count = int(request("GET", f"collections/{version.name}/count"))
        # Chunks are only deleted once the record has removed them, so the record is counted last.
        return count < self._records.count_chunks() - self._records.count_chunks(after=version.last_key)

    def _collections(self, request: Callable[..., Any]) -> Iterator[tuple[str, Version]]:
        """Yield the library's collections with their names, of whatever history."""
        library = self._records.meta(_ID)
        offset = 0
        while True:
            with _reading():
                page = request("GET", f"collections?limit={_PAGE}&offset={offset}")
                for each in page:
                    facts = each["metadata"]
                    if library and each["name"].startswith(f"{_prefix(library)}-") and facts["layout"] == _LAYOUT:
                        size, last_key = int(facts["size"]), int(facts["last_key"])
                        yield each["name"], Version(each["id"], facts["identity"], size, last_key, {})
            if len(page) < _PAGE:
                return
            offset += _PAGE

    def _keys(self, name: str, request: Callable[..., Any]) -> set[int]:
        found: set[int] = set()
        while True:
            body = {"include": [], "limit": _PAGE, "offset": len(found)}
            page = [int(key) for key in request("POST", f"collections/{name}/get", body)["ids"]]
            found.update(page)
            if len(page) < _PAGE:
                return found

    def _different_vectors(self, version: Version) -> int:
        """Return how many of the first and last vectors of the record that the version has are others there."""
        different = 0
        for after in (0, max(version.last_key - _SAMPLE // 2, 0)):
            for keys, _, vectors in self._records.vectors(after=after, batch=_SAMPLE // 2):
                wanted = {str(key): row for row, key in enumerate(keys) if key <= version.last_key}
                body = {"ids": list(wanted), "include": ["embeddings"]}
                reply = self.server.send("POST", f"collections/{version.name}/get", body) if wanted else {"ids": []}
                for key, vector in zip(reply["ids"], reply.get("embeddings", ()), strict=True):
                    different += int(not np.allclose(vectors[wanted[key]], vector, atol=_TOLERANCE))
                break
        return different

    # Building

    def _update(self, is_due: Callable[[Version], bool], send: Callable[..., Any], *, fresh: bool) -> None:
        base = None if fresh else next(iter(self._known(send)), None)
        if base and not is_due(base) and not self._has_lost_chunks(base, send):
            return
        library = self._library()
        with self._records.indexing() as identity:
            built = self._extended(base, identity, send) if base else None
            built = built or self._filled(library, identity, send)
            self._delete_others(built.name, send, of_any_history=fresh)

    def _extended(self, base: Version, identity: str, send: Callable[..., Any]) -> Version | None:
        """Bring a collection up to the record; return None if nothing of it is left in the record."""
        there, wanted = self._keys(base.name, send), self._records.chunk_keys()
        if there.isdisjoint(wanted):
            return None  # all was embedded again: another model's vectors may have other dimensions
        lost = {key for key in wanted if key <= base.last_key} - there
        # From now on a copy of the library with another history leaves the collection alone.
        self._seal(base.name, identity, base.last_key, send)
        last = self._add(base, identity, min(lost, default=base.last_key + 1) - 1, lost, send)
        stale = sorted(key for key in there - wanted if key <= last.last_key)
        for start in range(0, len(stale), _PAGE):
            ids = [str(key) for key in stale[start : start + _PAGE]]
            send("POST", f"collections/{base.name}/delete", {"ids": ids})
        return last

    def _filled(self, library: str, identity: str, send: Callable[..., Any]) -> Version:
        """Make a new collection with all chunks of the record."""
        name = f"{_prefix(library)}-{identity}-{secrets.token_hex(4)}"
        facts = {"layout": _LAYOUT, "identity": identity, "size": 0, "last_key": 0}
        # A request that is repeated finds the collection that the first one made.
        body = {"name": name, "metadata": facts, "configuration": {"hnsw": HNSW}, "get_or_create": True}
        made = send("POST", "collections", body)
        return self._add(Version(made["id"], identity, 0, 0, {}), identity, 0, set(), send)

    def _add(self, base: Version, identity: str, after: int, lost: set[int], send: Callable[..., Any]) -> Version:
        """Add the chunks above the last key, and `lost` ones above `after`; raise the last key step by step."""
        name, version = base.name, base
        for done, (keys, _, vectors) in enumerate(self._records.vectors(after=after, batch=_BATCH), 1):
            rows = [row for row, key in enumerate(keys) if key > base.last_key or key in lost]
            if rows:
                send("POST", f"collections/{name}/upsert", _batch(keys, vectors, rows))
            if done % _BATCHES == 0 and keys[-1] > version.last_key:
                version = self._seal(name, identity, keys[-1], send)
        return self._seal(name, identity, max(self._records.chunk_keys(), default=0), send)

    def _seal(self, name: str, identity: str, last_key: int, send: Callable[..., Any]) -> Version:
        size = self._records.count_chunks() - self._records.count_chunks(after=last_key)
        facts = {"layout": _LAYOUT, "identity": identity, "size": size, "last_key": last_key}
        send("PUT", f"collections/{name}", {"new_metadata": facts})
        return Version(name, identity, size, last_key, {})

    def _delete_others(self, kept: str, send: Callable[..., Any], *, of_any_history: bool) -> None:
        """Delete the library's other collections; those of another history, such as a copy's, only if told so."""
        for name, version in list(self._collections(send)):
            if version.name != kept and (of_any_history or self._records.was_indexed(version.identity)):
                with contextlib.suppress(NotThere):  # another builder was quicker
                    send("DELETE", f"collections/{name}")  # the one request that takes the name

    def _library(self) -> str:
        """Return the identity of the library on servers, and make it if there is none."""
        if (library := self._records.meta(_ID)) is None:
            library = secrets.token_hex(6)
            with self._records.transaction(of_papers=False) as db:
                self._records.set_meta(db, _ID, library)
        return library


def _prefix(library: str) -> str:
    return f"footnote-{library}-{_LAYOUT}"


def _batch(keys: Sequence[int], vectors: NDArray[np.float32], rows: Sequence[int]) -> Any:
    """Return the body of a request that adds some rows; vectors as base64 of float32, which is quickest."""
    return {
        "ids": [str(keys[row]) for row in rows],
        "embeddings": [base64.b64encode(vectors[row].astype("<f4").tobytes()).decode() for row in rows],
    }


@contextlib.contextmanager
def _reading() -> Iterator[None]:
    """Raise DamagedVersion if a collection is gone, and LibraryError for a reply of another form than Chroma's."""
    try:
        yield
    except NotThere as error:
        raise DamagedVersion(_GONE) from error
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise LibraryError(f"The reply of the Chroma server has another form than expected ({error!r}).") from error
