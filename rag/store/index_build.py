"""Build the Chroma collection of an index version from the record.

Chroma holds the interpreter lock while it adds vectors, so a long build runs in its own process
(`python -m rag.store.index_build RECORD FOLDER`), which ends when its parent does.
"""

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
from .index_store import Stopped
from .index_versions import as_library_error
from .papers import Records

COLLECTION = "chunks"
BATCH = 500  # chunks that are added together; a build of at most so many does not need its own process
HNSW = {"space": "cosine", "ef_construction": 200, "max_neighbors": 32, "ef_search": 400, "sync_threshold": 1000}
_NICE = 10  # questions take precedence
_POLL_SECONDS = 0.1

_client_lock = threading.Lock()  # Chroma's registry of clients is not thread-safe


class Built(NamedTuple):
    """What a collection was built from: the record's identity, the number of chunks, and the last one's key."""

    identity: str
    size: int
    last_key: int


def open_client(folder: Path) -> Any:
    """Return a Chroma client for a folder."""
    import chromadb

    with _client_lock:
        return chromadb.PersistentClient(str(folder), settings=chromadb.Settings(anonymized_telemetry=False))


def build(records: Records, folder: Path) -> Built:
    """Update the collection in `folder`, which may be empty, from the record."""
    with records.indexing() as identity:
        client = open_client(folder)
        try:
            keys = _update_collection(records, client)
        finally:
            client.close()
    return Built(identity, len(keys), max(keys, default=0))


def build_in_process(records: Records, folder: Path, is_stopped: Callable[[], bool]) -> Built:
    """Do as `build` in a separate process. Raise Stopped once `is_stopped` returns True, LibraryError if it fails."""
    process = subprocess.Popen(
        [sys.executable, "-m", "rag.store.index_build", str(records.path), str(folder)],
        stdin=subprocess.PIPE,  # closes when this process dies, which ends the child
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
        result = json.loads(process.stdout.read() or "{}")
    finally:
        process.kill()
        process.communicate()
    if "built" in result:
        return Built(*result["built"])
    raise LibraryError(
        result.get("error") or f"The search index was not built: its process ended with status {process.returncode}."
    )


def _update_collection(records: Records, client: Any) -> set[int]:
    """Delete removed chunks from the collection and add new ones; return all keys."""
    options: dict[str, Any] = {"embedding_function": None, "configuration": {"hnsw": HNSW}}
    collection = client.get_or_create_collection(COLLECTION, **options)
    existing = {int(key) for key in collection.get(include=[])["ids"]}
    removed = sorted(existing - records.chunk_keys())
    if len(removed) == len(existing):  # another model's vectors may have other dimensions
        client.delete_collection(COLLECTION)
        collection = client.create_collection(COLLECTION, **options)
        existing, removed = set(), []
    for start in range(0, len(removed), BATCH):
        collection.delete(ids=[str(key) for key in removed[start : start + BATCH]])
    existing -= set(removed)
    # Keys only grow, so the missing ones come after the last one.
    for keys, _, vectors in records.vectors(after=max(existing, default=0), batch=BATCH):
        collection.add(ids=[str(key) for key in keys], embeddings=vectors)
        existing.update(keys)
    return existing


def _exit_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def _main(record: str, folder: str) -> None:
    """Build, and print the result or the error as JSON."""
    if hasattr(os, "nice"):  # not on Windows
        os.nice(_NICE)
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    try:
        result: dict[str, Any] = {"built": build(Records(Path(record)), Path(folder))}
    except LibraryError as error:
        result = {"error": str(error)}
    except BaseException as error:  # noqa: BLE001  # Chroma's panics are no Exceptions
        result = {"error": str(as_library_error(error, Path(folder)))}
    os.write(1, json.dumps(result).encode())
    os._exit(0)  # the thread still reads stdin


if __name__ == "__main__":
    _main(*sys.argv[1:])
