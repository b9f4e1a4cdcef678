"""Papers with random vectors in a record, and what an index of them has to find."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rag.store.index import Index
from rag.store.papers import Records, StoredChunk
from rag.types import Chunk, Paper, Span

DIMENSIONS = 16
PER_PAPER = 50


def put(records: Records, titles: Sequence[str], per_paper: int = PER_PAPER, dimensions: int = DIMENSIONS) -> None:
    """Store papers whose chunks have random vectors, always the same for a title."""
    for title in titles:
        chance = np.random.default_rng(list(title.encode()))
        vectors = chance.normal(size=(per_paper, dimensions)).astype(np.float32)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        chunk = Chunk(start=0, end=4, sentences=(Span(0, 4),), page=None, page_label=None, section=None)
        chunks = [StoredChunk(chunk, vector, vector[None]) for vector in vectors]
        paper = Paper(id="", title=title, text=f"{title}\n\nText.")
        with records.transaction() as db:
            records.put_paper(db, paper, vectors[0], chunks, reading=(title, title), corrections={})


def remove(records: Records, title: str) -> None:
    """Remove a paper."""
    with records.transaction() as db:
        records.remove_paper(db, records.paper_key(title))


def exact(records: Records, vector: np.ndarray, count: int) -> list[int]:
    """Return the keys of the nearest chunks by a comparison with all."""
    found = []
    for keys, _, vectors in records.vectors():
        found += zip((1.0 - vectors @ vector).tolist(), keys, strict=True)
    return [key for _, key in sorted(found)[:count]]


def is_exact(index: Index, records: Records) -> bool:
    """Return whether the index finds what a comparison with all vectors finds."""
    asked = np.random.default_rng(5).normal(size=(8, DIMENSIONS)).astype(np.float32)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    return all(index.nearest(vector, 10) == exact(records, vector, 10) for vector in asked)
