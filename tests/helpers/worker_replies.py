"""Replies as a worker process of the sandbox writes them."""

from __future__ import annotations

import json

from rag.reading.sandbox import pool as sandbox


def frame(reply: object) -> bytes:
    """A reply as a worker process writes it."""
    data = json.dumps(reply).encode()
    return len(data).to_bytes(sandbox.LENGTH_BYTES, "big") + data
