"""The Chroma collection of a version: how it is opened, and how it is brought up to the record.

Chroma keeps the interpreter while it adds, so that no other thread runs: what takes longer than a moment is built in a
process of its own (`python -m rag.store.index_build RECORD FOLDER`), which ends when its parent does.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import LibraryError
from .index_versions import translated
from .papers import Records

COLLECTION = "chunks"
MOMENT = 500  # chunks that are added at once, and at most where other threads have to wait for it
_HNSW = {"space": "cosine", "ef_construction": 200, "max_neighbors": 32, "ef_search": 400, "sync_threshold": 1000}
_NICE = 10  # questions go first
_POLL_SECONDS = 0.1

_creating = threading.Lock()  # Chroma's table of its clients is not for several threads


class Stopped(Exception):
    """A build was stopped."""


class Built(NamedTuple):
    """What a collection was built of: the record's identity, how many chunks it has, and the last one's key."""

    identity: str
    size: int
    last_key: int


def open_client(folder: Path) -> Any:
    """Return a Chroma client on a folder."""
    import chromadb

    with _creating:
        return chromadb.PersistentClient(str(folder), settings=chromadb.Settings(anonymized_telemetry=False))


def build(records: Records, folder: Path) -> Built:
    """Bring the collection in `folder`, which may be empty, up to the record."""
    with records.indexing() as identity:
        client = open_client(folder)
        try:
            keys = _bring_up_to_date(records, client)
        finally:
            client.close()
    return Built(identity, len(keys), max(keys, default=0))


def build_apart(records: Records, folder: Path, is_stopped: Callable[[], bool]) -> Built:
    """Do what `build` does in a process of its own.

    Raises:
        Stopped: `is_stopped` said so.
        LibraryError: it failed.
    """
    process = subprocess.Popen(
        [sys.executable, "-m", "rag.store.index_build", str(records.path), str(folder)],
        stdin=subprocess.PIPE,  # its end tells the process that this one has died
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
        start_new_session=True,
    )
    try:
        while process.poll() is None:
            if is_stopped():
                raise Stopped
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(_POLL_SECONDS)
        assert process.stdout
        said = json.loads(process.stdout.read() or "{}")
    finally:
        process.kill()
        process.communicate()
    if "built" in said:
        return Built(*said["built"])
    raise LibraryError(
        said.get("error") or f"The search index was not built: its process ended ({process.returncode})."
    )


def _bring_up_to_date(records: Records, client: Any) -> set[int]:
    """Remove from the collection what the record has no longer, and add what is newer; return all keys."""
    options: dict[str, Any] = {"embedding_function": None, "configuration": {"hnsw": _HNSW}}
    collection = client.get_or_create_collection(COLLECTION, **options)
    there = {int(key) for key in collection.get(include=[])["ids"]}
    gone = sorted(there - records.chunk_keys())
    if len(gone) == len(there):  # perhaps of another model, whose vectors are longer or shorter
        client.delete_collection(COLLECTION)
        collection = client.create_collection(COLLECTION, **options)
        there, gone = set(), []
    for start in range(0, len(gone), MOMENT):
        collection.delete(ids=[str(key) for key in gone[start : start + MOMENT]])
    there -= set(gone)
    # Keys only grow, so what is missing is what comes after the last one.
    for keys, papers, vectors in records.vectors(after=max(there, default=0), batch=MOMENT):
        collection.add(ids=[str(k) for k in keys], embeddings=vectors, metadatas=[{"paper": p} for p in papers])
        there.update(keys)
    return there


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def _main(record: str, folder: str) -> None:
    """Build, and print the result or the error as JSON."""
    os.nice(_NICE)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        said: dict[str, Any] = {"built": build(Records(Path(record)), Path(folder))}
    except LibraryError as error:
        said = {"error": str(error)}
    except BaseException as error:  # noqa: BLE001  # Chroma's panics are no Exceptions
        said = {"error": str(translated(error, Path(folder)))}
    os.write(1, json.dumps(said).encode())
    os._exit(0)  # the thread above still reads


if __name__ == "__main__":
    _main(*sys.argv[1:])
