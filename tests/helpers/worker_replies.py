"""Make replies of a sandbox worker process."""

from __future__ import annotations

import json

from rag.reading.sandbox import pool as sandbox


def frame(reply: object) -> bytes:
    """Return a reply as written by a worker process."""
    data = json.dumps(reply).encode()
    return len(data).to_bytes(sandbox.LENGTH_BYTES, "big") + data
