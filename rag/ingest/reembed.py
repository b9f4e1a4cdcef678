"""Embed a library again with new settings while questions and other changes go on.

The new chunks of each paper are stored in a folder next to the record, under a digest of all that they depend on. When
every paper has its file there, one transaction replaces the old chunks. A rebuild that was interrupted continues where
it stopped; until the end, the library stays as it was.
"""

import hashlib
import json
import os
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from filelock import FileLock
from numpy.typing import NDArray

from ..errors import LibraryError, UnknownPaper
from ..store.papers import Records, StoredChunk
from ..types import Chunk, Paper, Span
from .progress import Progress
from .run import Embed

_FOLDER = "rebuilding"
_GROUP = 8  # papers that are embedded together


class _Missing(Exception):
    """A paper was added or changed since the papers were embedded."""


class Reembedding:
    """Embeds all papers with `embed`; `made_with` is the recipe that the record gets."""

    def __init__(self, records: Records, made_with: str, embed: Embed) -> None:
        self._records = records
        self._made_with = made_with
        self._embed = embed
        self._folder = records.path.parent / _FOLDER

    def run(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        """Embed all papers, also those that are added meanwhile, and replace the old chunks.

        Raise LibraryError if the disk is full, or the record cannot be written. The library stays as it was.
        """
        try:
            self._folder.mkdir(exist_ok=True)
            with FileLock(self._folder / "lock"):  # two processes would do the same work
                while self._records.meta("made_with") != self._made_with:
                    self._embed_missing(on_progress)
                    try:
                        self._replace_chunks()
                    except _Missing:
                        continue
            shutil.rmtree(self._folder, ignore_errors=True)
        except OSError as error:
            raise LibraryError(
                f"The new vectors cannot be stored ({error.strerror}). The library is unchanged. Free some space and "
                "run `footnote rebuild` again; it continues where it stopped."
            ) from error

    def _papers(self) -> Iterator[tuple[int, Paper]]:
        for paper in self._records.papers():
            try:
                key = self._records.paper_key(paper.id)
                yield key, self._records.paper(paper.id)
            except UnknownPaper:  # it was just removed
                continue

    def _embed_missing(self, on_progress: Callable[[Progress], None] | None) -> None:
        group: list[Paper] = []
        papers = chunks = 0

        def embed_group() -> None:
            nonlocal chunks
            for paper, (stored, vector) in zip(group, self._embed(group), strict=True):
                _save(self._file(paper), stored, vector)
                chunks += len(stored)
            group.clear()
            if on_progress:
                on_progress(Progress("Papers", 0, 0, papers, chunks))

        for _, paper in self._papers():
            papers += 1
            if not self._file(paper).exists():
                group.append(paper)
            if len(group) == _GROUP:
                embed_group()
        if group:
            embed_group()

    def _replace_chunks(self) -> None:
        records = self._records
        with records.transaction() as db:
            for key, paper in self._papers():
                chunks, vector = _load(self._file(paper))
                reading, corrections = records.reading(key), records.corrections(key)
                assert reading is not None  # nothing is removed within the transaction
                records.put_paper(db, paper, vector, chunks, reading=reading, corrections=corrections, key=key)
            records.set_meta(db, "made_with", self._made_with)

    def _file(self, paper: Paper) -> Path:
        spans = repr((paper.pages, paper.sections, paper.tables))
        about = json.dumps([self._made_with, paper.title, paper.text, spans])
        return self._folder / f"{hashlib.sha256(about.encode()).hexdigest()}.npz"


def _save(file: Path, chunks: list[StoredChunk], vector: NDArray[np.float32]) -> None:
    """Write a paper's chunks and vectors under a temporary name, then rename the file."""
    plain = [(c.start, c.end, c.page, c.page_label, c.section, c.sentences) for c, _, _ in chunks]
    sentence_vectors = [stored.sentence_vectors for stored in chunks] or [np.zeros((0, 0), np.float32)]
    unfinished = file.with_name(f"{secrets.token_hex(6)}.part")
    with unfinished.open("wb") as written:
        np.savez(
            written,
            chunks=np.array(json.dumps(plain)),
            vector=vector,
            vectors=np.array([stored.vector for stored in chunks], np.float32),
            sentence_vectors=np.concatenate(sentence_vectors).astype(np.float16),
        )
    os.replace(unfinished, file)


def _load(file: Path) -> tuple[list[StoredChunk], NDArray[np.float32]]:
    """Return what `_save` wrote. Raise _Missing if there is none, or it is damaged."""
    try:
        with np.load(file, allow_pickle=False) as saved:
            plain = json.loads(str(saved["chunks"]))
            vector, vectors, sentence_vectors = saved["vector"], saved["vectors"], saved["sentence_vectors"]
    except FileNotFoundError as error:
        raise _Missing from error
    except (zipfile.BadZipFile, ValueError, KeyError, EOFError) as error:
        file.unlink()
        raise _Missing from error
    chunks, first = [], 0
    for (start, end, page, label, section, sentences), row in zip(plain, vectors, strict=True):
        chunk = Chunk(start, end, tuple(Span(*span) for span in sentences), page, label, section)
        chunks.append(StoredChunk(chunk, row, sentence_vectors[first : first + len(sentences)]))
        first += len(sentences)
    return chunks, vector
