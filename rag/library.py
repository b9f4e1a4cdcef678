"""A library: papers are added, updated, corrected and removed here, each in one transaction."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .adding import Adding, Progress, corrected
from .chunking import chunk_paper, embedded_text
from .config import Settings
from .embedding import Embedder, load_embedder
from .errors import EmptyLibrary, LibraryMismatch, SourceError
from .index import Index
from .reading.locating import locate
from .records import Records, StoredChunk
from .types import AddReport, Box, Paper, PaperRef

RECORD = "footnote.sqlite"
_GROUP = 8  # papers that are embedded at once where all are embedded anew
_CHUNKER = 2  # raise it when the same paper would be cut or pooled otherwise than before

EDITABLE = ("title", "authors", "year", "venue", "doi", "arxiv_id", "citekey", "tags", "collections")
_LISTS = ("authors", "tags", "collections")


class Library:
    """The papers in a folder: the record, the index, and the embedder that made them."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = Path(settings.library.path).expanduser().absolute()
        self._records: Records | None = None
        self._index: Index | None = None
        self._embedder: Embedder | None = None
        self._loading = threading.RLock()  # what is loaded at its first use is loaded once, whoever asks first

    def close(self) -> None:
        """Lets go of all files."""
        if self._index:
            self._index.close()
        if self._records:
            self._records.close()
        self._index = self._records = None

    @property
    def exists(self) -> bool:
        """Whether anything was ever added here."""
        return (self.folder / RECORD).is_file()

    @property
    def records(self) -> Records:
        """The record.

        Raises:
            EmptyLibrary: there is none yet.
        """
        with self._loading:
            if self._records is None:
                if not self.exists:
                    raise EmptyLibrary(
                        f"There is no library in {self.folder.name!r} yet. Add papers: `footnote add PATH`."
                    )
                self._records = Records(self.folder / RECORD)
            return self._records

    @property
    def index(self) -> Index:
        """The index over the record."""
        with self._loading:
            if self._index is None:
                self._index = Index(self.folder / "index", self.records)
            return self._index

    @property
    def embedder(self) -> Embedder:
        """The embedder that made the library's vectors.

        Raises:
            LibraryMismatch: the settings name another one, or other chunking.
        """
        with self._loading:
            if self._embedder is None:
                self._embedder = load_embedder(self.settings.embedding)
        self._check_made_with(self._made_with(self._embedder))  # each time: another process may have rebuilt it
        return self._embedder

    def papers(self) -> list[Paper]:
        """All papers in the order in which they came, without their texts."""
        return self.records.papers() if self.exists else []

    def boxes(self, name: str, start: int, end: int) -> list[Box]:
        """Where a span of a paper stands on its pages, a rectangle for each piece of a line; none where unknown."""
        paper = self.records.paper(name)
        characters = self.records.boxes(self.records.paper_key(name), start, end) / 10.0
        rectangles: list[Box] = []
        for position, (left, top, right, bottom) in enumerate(characters.tolist(), start):
            page = paper.page_at(position)
            if page is None or right <= left:
                continue
            last = rectangles[-1] if rectangles else None
            # To the right of the one before and on its height: the same line. Accents and ligatures share a place.
            follows = last and left >= last.right - (right - left) - 1 and top < last.bottom and bottom > last.top
            if last and follows and last.page == page.number:
                grown = min(last.top, top), max(last.right, right), max(last.bottom, bottom)
                rectangles[-1] = Box(page.number, last.left, *grown)
            else:
                rectangles.append(Box(page.number, left, top, right, bottom))
        return rectangles

    # Changing

    def add(
        self,
        paths: Sequence[str | os.PathLike[str]],
        on_progress: Callable[[Progress], None] | None = None,
        *,
        collections: Sequence[str] = (),
        without_collections: Sequence[str] = (),
    ) -> AddReport:
        """Adds files, folders (read recursively) and Zotero libraries, brings changed ones up to date, and reports.

        A file that cannot be read stands in `failed` and stops no other. Papers whose files are gone from a folder go.
        Of a Zotero library only the items in `collections` are taken, where any are named, and none of those in
        `without_collections`.

        Raises:
            LibraryMismatch: the library was made with other settings.
            AddInterrupted: Ctrl-C; what was stored until then stays.
        """
        report = AddReport()
        located = locate(paths, collections, without_collections)
        report.failed = located.failures
        if not located.sources:
            return report
        self.folder.mkdir(parents=True, exist_ok=True)
        self._records = self._records or Records(self.folder / RECORD)
        if self._records.meta("made_with"):
            self._check_made_with(self._chosen())  # also where nothing has to be embedded
        self.index.drop_foreign()
        Adding(self._records, self._embedded, report, on_progress).run(located)
        self.index.update()
        return report

    def remove(self, name: str) -> PaperRef:
        """Removes the paper with this id or title, and the answers that were kept and hold words of it."""
        key = self.records.paper_key(name)
        ref = self.records.refs([key])[key]
        with self.records.transaction() as db:
            self.records.remove_paper(db, key)
            self.records.drop_empty_sources(db)
            self.records.remove_answers(db, ref.id)
        return ref

    def edit(self, name: str, changes: dict[str, Any]) -> Paper:
        """Corrects metadata of a paper, for good: a new reading of its source does not undo it.

        Raises:
            SourceError: a field cannot be edited or not to this value, or the title is empty.
        """
        changes = {name: _checked(name, value) for name, value in changes.items()}
        records = self.records
        key = records.paper_key(name)
        paper = records.paper(name)
        corrections = records.corrections(key) | changes
        wanted = corrected(paper, changes)
        if wanted.title == paper.title:
            with records.transaction() as db:
                records.put_details(db, key, wanted, corrections)
        else:  # the title stands in the text and is embedded with each chunk
            chunks, vector = self._embedded([wanted])[0]
            with records.transaction() as db:
                records.put_paper(
                    db, wanted, vector, chunks, reading=records.reading(key), corrections=corrections, key=key
                )
        return records.paper(paper.id)

    def rebuild(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        """Makes the index anew; where the settings changed, all chunks and vectors too, in one transaction."""
        records = self.records
        embedder = load_embedder(self.settings.embedding)
        made_with = self._made_with(embedder)
        if json.loads(records.meta("made_with") or "{}") != made_with:
            self._embedder = embedder
            papers = [(records.paper_key(p.id), records.paper(p.id)) for p in self.papers()]
            done = 0
            with records.transaction() as db:
                records.set_meta(db, "made_with", json.dumps(made_with))
                for start in range(0, len(papers), _GROUP):
                    group = papers[start : start + _GROUP]
                    for (key, paper), (chunks, vector) in zip(
                        group, self._embedded([p for _, p in group]), strict=True
                    ):
                        reading, corrections = records.reading(key), records.corrections(key)
                        records.put_paper(db, paper, vector, chunks, reading=reading, corrections=corrections, key=key)
                        done += len(chunks)
                    if on_progress:
                        on_progress(Progress("Papers", 0, 0, start + len(group), done))
        self.index.rebuild()

    # How it was made

    def _chosen(self) -> dict[str, Any]:
        """What the settings say of how a library is made."""
        chunking = self.settings.chunking
        return {
            "model": self.settings.embedding.model,
            "max_tokens": chunking.max_tokens,
            "overlap_sentences": chunking.overlap_sentences,
            "left_out": list(chunking.left_out),
            "chunker": _CHUNKER,
        }

    def _made_with(self, embedder: Embedder) -> dict[str, Any]:
        return self._chosen() | {"sha256": embedder.card.digest}

    def _check_made_with(self, wanted: dict[str, Any]) -> None:
        made = self.records.meta("made_with")
        if made is None:
            with self.records.transaction() as db:
                self.records.set_meta(db, "made_with", json.dumps(wanted))
            return
        old = json.loads(made)
        names = [name for name in wanted if old.get(name) != wanted[name]]
        if names:
            differences = "; ".join(f"{name} {old.get(name)!r}, the settings say {wanted[name]!r}" for name in names)
            if old.get("chunker") != wanted["chunker"]:
                raise LibraryMismatch(
                    f"The library {self.folder.name!r} was made by another version of Footnote. Run `footnote "
                    "rebuild`, and then add your folders again: their files are read anew."
                )
            raise LibraryMismatch(
                f"The library {self.folder.name!r} was made with {differences}. Set that back, or run "
                "`footnote rebuild` to make it anew with the settings."
            )

    def _embedded(self, papers: Sequence[Paper]) -> list[tuple[list[StoredChunk], NDArray[np.float32]]]:
        """Each paper's chunks with their vectors, and the vector of the whole."""
        embedder = self.embedder
        chunks = [chunk_paper(paper, embedder, self.settings.chunking) for paper in papers]
        pairs = [(paper, chunk) for paper, of_paper in zip(papers, chunks, strict=True) for chunk in of_paper]
        encoded = iter(embedder.encode_texts([embedded_text(paper, chunk, embedder) for paper, chunk in pairs]))
        results = []
        for of_paper in chunks:
            parts = [next(encoded) for _ in of_paper]
            whole = np.sum([part.vector * part.tokens for part in parts], axis=0, dtype=np.float32)
            stored = [StoredChunk(c, part.vector, part.marks) for c, part in zip(of_paper, parts, strict=True)]
            results.append((stored, np.asarray(whole / max(float(np.linalg.norm(whole)), 1e-12), np.float32)))
        return results


def _checked(name: str, value: Any) -> Any:
    """The value that a person sets a field to, as it is stored."""
    if name not in EDITABLE:
        raise SourceError(f"{name!r} cannot be edited; {', '.join(EDITABLE)} can.")
    if name in _LISTS:
        return [item for item in ([value] if isinstance(value, str) else list(value or ())) if str(item).strip()]
    if name == "year" and not (value is None or (isinstance(value, int) and 1000 <= value <= 2100)):
        raise SourceError(f"The year {value!r} is no whole number from 1000 to 2100.")
    if name == "title":
        value = " ".join(str(value or "").split())
        if not value:
            raise SourceError("A paper cannot be without a title.")
    return value
