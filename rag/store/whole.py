"""Read and write all that a record holds, row by row, with memory for one batch: for the transfer of whole libraries.

What is derived from it (words, labels, names of works) is not read: it is derived again when papers are written.
"""

import sqlite3
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..types import Paper
from .history import AnswerHistory, SavedAnswer
from .papers import Records, StoredChunk
from .rows import chunk_of, paper_of, undamaged
from .sources import Failed, StoredSource
from .vectors import unpack

_BATCH = 50  # rows


class WholePaper(NamedTuple):
    """A paper with all that is stored of it.

    `sources` are the numbers of its sources, from 1 in the order of `Records.all_sources`. `boxes` are (shift, packed)
    as in the table.
    """

    paper: Paper
    added: str
    reading: tuple[str, str]
    corrections: dict[str, Any]
    sources: list[int]
    vector: NDArray[np.float32]
    chunks: list[StoredChunk]
    boxes: tuple[int, bytes] | None


class Removal(NamedTuple):
    """A paper that the user removed, as in the table."""

    location: str
    title_digest: str
    read_digest: str
    alone: int


class ConversationName(NamedTuple):
    """A conversation without its answers."""

    key: int
    name: str
    started: str


def whole_papers(records: Records) -> Iterator[WholePaper]:
    """Yield the papers in the order in which they were added."""
    numbers = {key: number for number, (key,) in enumerate(records.rows("SELECT key FROM sources ORDER BY key"), 1)}
    for row in _all(records, "SELECT * FROM papers"):
        key = row["key"]
        boxes = records.rows("SELECT shift, packed FROM boxes WHERE paper = ?", (key,))
        yield WholePaper(
            paper=paper_of(row, ()),
            added=row["added"],
            reading=(row["read_title"], row["read_digest"]),
            corrections=records.corrections(key),
            sources=[numbers[source] for source in records.sources_of(key)],
            vector=unpack(row["vector"], 1)[0],
            chunks=[_stored_chunk(chunk) for chunk in _chunks_of(records, key)],
            boxes=(boxes[0]["shift"], boxes[0]["packed"]) if boxes else None,
        )


def removals(records: Records) -> Iterator[Removal]:
    """Yield the removals, in the order of the table's key."""
    sql = "SELECT location, title_digest, read_digest, alone FROM removals ORDER BY location, title_digest, read_digest"
    yield from (Removal(*row) for row in records.rows(sql))


def failures(records: Records) -> Iterator[Failed]:
    """Yield the files that could not be read, by location."""
    yield from (failed for _, failed in sorted(records.failures().items()))


def conversations(records: Records) -> Iterator[ConversationName]:
    """Yield the conversations, oldest first."""
    for row in _all(records, "SELECT key, name, started FROM conversations"):
        yield ConversationName(*row)


def answers(records: Records) -> Iterator[SavedAnswer]:
    """Yield the saved answers with their ratings, oldest first."""
    history, last = AnswerHistory(records), 0
    while some := history.after(last, _BATCH):
        yield from some
        last = some[-1].key


def put_source(db: sqlite3.Connection, source: StoredSource) -> None:
    """Store a source; its number is the next one in a new record."""
    db.execute("INSERT INTO sources (location, name, digest) VALUES (?, ?, ?)", source)


def put_whole_paper(records: Records, db: sqlite3.Connection, whole: WholePaper) -> None:
    """Store a paper under its own id, after its sources."""
    cursor = db.execute(
        "INSERT INTO papers (id, added, title, folded_title, read_title, read_digest, text, details, corrections, "
        "vector) VALUES (?, ?, '', '', '', '', '', '{}', '{}', x'')",
        (whole.paper.id, whole.added),
    )
    key = int(cursor.lastrowid or 0)
    records.put_paper(
        db, whole.paper, whole.vector, whole.chunks, reading=whole.reading, corrections=whole.corrections, key=key
    )
    db.executemany("INSERT INTO entries (source, paper) VALUES (?, ?)", [(source, key) for source in whole.sources])
    if whole.boxes is not None:
        db.execute("INSERT INTO boxes (paper, shift, packed) VALUES (?, ?, ?)", (key, *whole.boxes))


def put_removal(db: sqlite3.Connection, removal: Removal) -> None:
    """Store a removal."""
    db.execute("INSERT INTO removals (location, title_digest, read_digest, alone) VALUES (?, ?, ?, ?)", removal)


def put_conversation(db: sqlite3.Connection, conversation: ConversationName) -> None:
    """Store a conversation under its own number."""
    db.execute("INSERT INTO conversations (key, name, started) VALUES (?, ?, ?)", conversation)


def _all(records: Records, select: str) -> Iterator[sqlite3.Row]:
    """Yield the rows of a SELECT without conditions from a table with an integer `key`, by key."""
    last = 0
    while rows := records.rows(f"{select} WHERE key > ? ORDER BY key LIMIT {_BATCH}", (last,)):
        yield from rows
        last = rows[-1]["key"]


def _chunks_of(records: Records, paper: int) -> Sequence[sqlite3.Row]:
    return records.rows("SELECT * FROM chunks WHERE paper = ? ORDER BY key", (paper,))


def _stored_chunk(row: sqlite3.Row) -> StoredChunk:
    chunk = chunk_of(row)
    with undamaged("the vectors of a passage"):
        sentence_vectors = unpack(row["sentence_vectors"], len(chunk.sentences))
        return StoredChunk(chunk, unpack(row["vector"], 1)[0], sentence_vectors)
