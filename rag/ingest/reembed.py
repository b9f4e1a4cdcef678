"""A library is embedded again with other settings: aside, while questions and other changes go on.

The new chunks of each paper are kept in a folder beside the record, under a digest of all that they depend on. When
every paper has its own there, one transaction puts them in place of the old ones. A rebuild that was stopped or killed
goes on where it was, and the library stays as it was made until then.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from ..errors import LibraryError, UnknownPaper
from ..store.papers import Records, StoredChunk
from ..types import Chunk, Paper, Span
from .run import Embed, Progress

_FOLDER = "rebuilding"
_GROUP = 8  # papers that are embedded at once
_SUFFIX = ".npz"


class _Missing(Exception):
    """A paper was added or changed since the papers were embedded."""


class _Embedded(NamedTuple):
    """A paper's new chunks, and the vector of the whole."""

    chunks: list[StoredChunk]
    vector: NDArray[np.float32]


class Reembedding:
    """One run of it. `made_with` is what the record has to say of the new settings; `embed` embeds with them."""

    def __init__(self, records: Records, made_with: str, embed: Embed) -> None:
        self._records = records
        self._made_with = made_with
        self._embed = embed
        self._folder = records.path.parent / _FOLDER

    def run(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        """Embed all papers, those that others add meanwhile too, and put the result in place of what there is.

        Raises:
            LibraryError: the disk is full, or the record cannot be written. The library stays as it was.
        """
        try:
            self._folder.mkdir(exist_ok=True)
            with FileLock(self._folder / "lock"):  # two at once would do the same work
                while self._records.meta("made_with") != self._made_with:
                    self._embed_missing(on_progress)
                    try:
                        self._put_in_place()
                    except _Missing:
                        continue
            shutil.rmtree(self._folder, ignore_errors=True)
        except OSError as error:
            raise LibraryError(
                f"The new vectors cannot be kept ({error.strerror}). The library is as it was; make room, and "
                "`footnote rebuild` goes on where it stopped."
            ) from error

    def _papers(self) -> Iterator[tuple[int, Paper]]:
        for paper in self._records.papers():
            try:
                key = self._records.paper_key(paper.id)
                whole = self._records.paper(paper.id)
            except UnknownPaper:  # it was removed a moment ago
                continue
            yield key, whole

    def _embed_missing(self, on_progress: Callable[[Progress], None] | None) -> None:
        group: list[Paper] = []
        papers = chunks = 0

        def flush() -> None:
            nonlocal chunks
            for paper, embedded in zip(group, self._embed(group), strict=True):
                _keep(self._file(paper), _Embedded(*embedded))
                chunks += len(embedded[0])
            group.clear()
            if on_progress:
                on_progress(Progress("Papers", 0, 0, papers, chunks))

        for _, paper in self._papers():
            papers += 1
            if not self._file(paper).exists():
                group.append(paper)
            if len(group) == _GROUP:
                flush()
        if group:
            flush()

    def _put_in_place(self) -> None:
        records = self._records
        with records.transaction() as db:
            for key, paper in self._papers():
                chunks, vector = _kept(self._file(paper))
                reading, corrections = records.reading(key), records.corrections(key)
                assert reading is not None  # nothing is removed within the transaction
                records.put_paper(db, paper, vector, chunks, reading=reading, corrections=corrections, key=key)
            records.set_meta(db, "made_with", self._made_with)

    def _file(self, paper: Paper) -> Path:
        told = json.dumps([self._made_with, paper.title, paper.text, repr(paper.pages), repr(paper.sections)])
        return self._folder / (hashlib.sha256(told.encode()).hexdigest() + _SUFFIX)


def _keep(file: Path, embedded: _Embedded) -> None:
    """Write what was embedded; a file under its name is whole."""
    spans = [[s.chunk.start, s.chunk.end, s.chunk.page, s.chunk.page_label, s.chunk.section] for s in embedded.chunks]
    sentences = [[list(span) for span in stored.chunk.sentences] for stored in embedded.chunks]
    unfinished = file.with_name(f"{secrets.token_hex(6)}.part")
    with unfinished.open("wb") as written:
        np.savez(
            written,
            chunks=np.array(json.dumps([spans, sentences])),
            vector=embedded.vector,
            vectors=np.array([stored.vector for stored in embedded.chunks], np.float32),
            marks=np.concatenate([stored.sentence_vectors for stored in embedded.chunks]).astype(np.float16)
            if embedded.chunks
            else np.zeros((0, 0), np.float16),
        )
    os.replace(unfinished, file)


def _kept(file: Path) -> _Embedded:
    """Read what was kept.

    Raises:
        _Missing: there is none, or it is damaged.
    """
    try:
        with np.load(file, allow_pickle=False) as kept:
            spans, sentences = json.loads(str(kept["chunks"]))
            vector, vectors, marks = kept["vector"], kept["vectors"], kept["marks"]
    except FileNotFoundError as error:
        raise _Missing from error
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError) as error:
        file.unlink()
        raise _Missing from error
    chunks, first = [], 0
    for (start, end, page, label, section), of_chunk, row in zip(spans, sentences, vectors, strict=True):
        chunk = Chunk(start, end, tuple(Span(*span) for span in of_chunk), page, label, section)
        chunks.append(StoredChunk(chunk, row, marks[first : first + len(of_chunk)]))
        first += len(of_chunk)
    return _Embedded(chunks, vector)
