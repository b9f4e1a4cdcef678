"""A library: papers are added, updated, corrected and removed here, each in one transaction."""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import arguments
from .config import Settings, library_folder, shown_folder
from .errors import (
    DrawingError,
    EmbeddingError,
    EmptyLibrary,
    LibraryError,
    LibraryMismatch,
    SourceError,
    UnknownPaper,
    reason,
)
from .ingest.chunking import chunk_paper, embedded_text
from .ingest.locate import Located, check_as_read, locate
from .ingest.reembed import Reembedding
from .ingest.run import Adding, Progress, corrected
from .ingest.uploads import copy_at, drop_copy, drop_leftovers, keep_copy, kept_name
from .models.embedder import load_embedder
from .models.protocols import Embedder, Reranker
from .models.reranker import load_reranker, prepare_reranker
from .reading.pdf.draw import draw_page
from .store.files import INDEX, RECORD, UPLOADS
from .store.history import AnswerHistory
from .store.index import Index
from .store.integrity import are_words_whole
from .store.papers import Records, StoredChunk, StoredSource
from .store.rows import undamaged
from .types import AddReport, Box, Failure, Paper, PaperRef, Span

log = logging.getLogger("footnote")

_CHUNKER = 2  # raise it when the same paper would be cut or pooled otherwise than before

_TALL = 1.6  # times the usual height: of a letter whose box tells nothing of its line

EDITABLE = ("title", "authors", "year", "venue", "doi", "arxiv_id", "citekey", "tags", "collections")
_LISTS = ("authors", "tags", "collections")


class Library:
    """The papers in a folder: the record, the index, the embedder that made them, and what reads them again."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = library_folder(settings)
        self._records: Records | None = None
        self._index: Index | None = None
        self._embedder: Embedder | None = None
        self._reranker: Reranker | None = None
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
                    raise EmptyLibrary(self._none_yet())
                self._records = Records(self.folder / RECORD)
            return self._records

    @property
    def lost(self) -> str:
        """What is wrong where the record is gone and the rest of a library is still there; else empty."""
        beside = [] if self.exists else [part for part in (INDEX, UPLOADS) if (self.folder / part).is_dir()]
        if not beside:
            return ""
        return (
            f"{RECORD} is missing in the library {self.shown!r}, though {' and '.join(beside)} beside it are of a "
            "library with papers. Restore a copy of the library's folder, or add the papers again."
        )

    def _none_yet(self) -> str:
        if self.lost:
            return self.lost
        here = Path("library", RECORD).is_file() and not self.settings.library.path
        other = " The one in the folder 'library' here is used with `--library library`." if here else ""
        return f"There is no library in {self.shown!r} yet. Add papers: `footnote add PATH`.{other}"

    @property
    def shown(self) -> str:
        """The library's folder as a person would write it."""
        return shown_folder(self.folder)

    @property
    def history(self) -> AnswerHistory:
        """What was asked of the library, as the record keeps it."""
        return AnswerHistory(self.records)

    @property
    def index(self) -> Index:
        """The index over the record."""
        with self._loading:
            if self._index is None:
                self._index = Index(self.folder / INDEX, self.records)
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
        self.check_settings()  # each time: another process may have rebuilt it
        return self._embedder

    def check_settings(self) -> None:
        """Check that the library is still made with the embedder that is loaded; needed where what it made is used.

        Raises:
            LibraryMismatch: another process has rebuilt it with other settings.
        """
        if self._embedder is not None:
            self._check_made_with(self._made_with(self._embedder))

    @property
    def reranker(self) -> Reranker | None:
        """What reads a question and texts together; None where the settings have none.

        Raises:
            EmbeddingError: it cannot be loaded.
        """
        with self._loading:
            if self._reranker is None:
                self._reranker = load_reranker(self.settings.cross_encoder, self.settings.embedding)
            return self._reranker

    def papers(self) -> list[Paper]:
        """All papers in the order in which they came, without their texts."""
        return self.records.papers() if self.exists else []

    def boxes(self, name: str, start: int, end: int) -> list[Box]:
        """Where a span of a paper stands on its pages, a rectangle for each piece of a line; none where unknown."""
        paper = self.records.paper(name)
        start, end = max(start, 0), min(end, len(paper.text))
        characters = _evened(self.records.boxes(self.records.paper_key(paper.id), start, end) / 10.0)
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

    def find_quote(self, name: str, quote: str, start: int) -> Span | None:
        """Where a quote that was kept stands in a paper now: at `start`, else the nearest place, None where nowhere.

        It moves where the paper was read again, or its title corrected.
        """
        text = self.records.paper(name).text
        places = {text.rfind(quote, 0, max(start, 0) + len(quote)), text.find(quote, max(start, 0))} - {-1}
        if not quote or not places:
            return None
        nearest = min(places, key=lambda place: abs(place - start))
        return Span(nearest, nearest + len(quote))

    def can_draw(self, name: str) -> bool:
        """Whether the paper was read from a PDF that is still there. No file is read."""
        return any(self._file(source).is_file() for source in self._pdfs(name))

    def drawn_page(self, name: str, page: int, start: int | None = None, end: int | None = None) -> bytes:
        """A page of a paper's PDF, its number from 1, as a PNG; what of `text[start:end]` stands on it is marked.

        Of a quote that was kept, take start and end from `find_quote`, and the page from `Paper.page_at`.

        Raises:
            UnknownPaper, AmbiguousPaper: as everywhere.
            DrawingError: the paper is from no PDF, the file is gone or has changed, or the page cannot be drawn.
        """
        boxes = self.boxes(name, start, end) if start is not None and end is not None else []
        reasons = []
        for source in self._pdfs(name):
            file, remedy = self._file(source), "Add the file again"
            try:
                check_as_read(file, source.digest or "")
                remedy = "Open the file itself"
                return draw_page(file, page, boxes)
            except SourceError as error:
                reasons.append(f"Page {page} of {source.name!r} cannot be shown: {error}. {remedy}.")
        raise DrawingError(next(iter(reasons), "There is no page to show: the paper was not read from a PDF."))

    def _pdfs(self, name: str) -> list[StoredSource]:
        """The PDFs that hold a paper and were read whole."""
        sources = self.records.sources_in_full(self.records.paper_key(name))
        return [source for source in sources if source.digest and source.location.lower().endswith(".pdf")]

    def _file(self, source: StoredSource) -> Path:
        return copy_at(self.folder, source.location) or Path(source.location)

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
        return self._add(locate(paths, collections, without_collections), on_progress)

    def add_uploads(
        self, files: Sequence[tuple[str, Path]], on_progress: Callable[[Progress], None] | None = None
    ) -> AddReport:
        """Adds copies of files, each given by the name that its owner calls it by and the path where it lies now.

        The copies are kept in the library's folder while a paper is read from them. A file that cannot be read stands
        in `failed`, and is not kept. What a bibliography says of other files of this machine is not followed.

        Raises:
            LibraryMismatch, AddInterrupted: as `add`.
        """
        located = Located()
        if self.exists:
            self.records.check_writable()
            drop_leftovers(self.folder, self.records.sources())
        try:
            for name, path in files:
                try:
                    located.sources.append(keep_copy(self.folder, name, path))
                except SourceError as error:
                    located.failures.append(Failure(kept_name(name), None, str(error)))
            located.sources = list({source.location: source for source in located.sources}.values())
            return self._add(located, on_progress)
        finally:
            self._drop_unused([source.location for source in located.sources])

    def _add(self, located: Located, on_progress: Callable[[Progress], None] | None) -> AddReport:
        report = AddReport(failed=located.failures)
        if not located.sources:
            report.failed += located.found_failures.values()
            report.passed_over = dict(located.passed_over)
            return report
        if self.exists:
            self.records.check_writable()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(
                f"The library's folder {self.folder.name!r} cannot be made ({reason(error)}). Name another one with "
                "--library or [library] path."
            ) from error
        with self._loading:
            self._records = self._records or Records(self.folder / RECORD)
        if self._records.meta("made_with"):
            self._check_made_with(self._chosen())  # also where nothing has to be embedded
        Adding(self._records, self._embedded, self.check_settings, report, on_progress).run(located)
        try:
            self.index.update()
        except LibraryError as error:  # questions are answered without it
            log.warning("The papers are stored. %s", error)
        try:  # so that no question has to wait
            prepare_reranker(self.settings.cross_encoder, self.settings.embedding)
        except EmbeddingError as error:  # the papers are stored all the same, and a question says it again
            log.warning("%s", error)
        return report

    def remove(self, name: str) -> PaperRef:
        """Remove the paper that `name` names (see `Records.paper_key`), for good.

        Its words go from kept answers too, and with it uploaded copies that no other paper is read from. Its folder
        does not bring it back; naming its file to `add` does.

        Raises:
            UnknownPaper, AmbiguousPaper: no paper fits the name, or several do.
            LibraryError: a copy cannot be deleted; the paper is removed all the same.
        """
        self.records.check_writable()
        key = self.records.paper_key(name)
        ref = self.records.refs([key])[key]
        locations = [source.location for source in self.records.sources_in_full(key)]
        with self.records.transaction() as db:
            self.records.put_removal(db, key)
            self.records.remove_paper(db, key)
            self.records.drop_empty_sources(db, locations)
            self.records.forget_words(db)
            self.history.forget_paper(db, ref)
        self.records.overwrite_log()
        self._drop_unused(locations)
        return ref

    def _drop_unused(self, locations: Sequence[str]) -> None:
        """Uploaded copies that no paper is read from go, and what is noted of them."""
        copies = {location for location in locations if copy_at(self.folder, location)}
        if copies and self.exists:
            with self.records.transaction(of_papers=False) as db:
                self.records.drop_empty_sources(db, copies)
            copies -= self.records.sources().keys()
            with self.records.transaction(of_papers=False) as db:
                self.records.forget_failures(db, copies)
        for location in copies:
            drop_copy(self.folder, location)

    def edit(self, name: str, changes: dict[str, Any]) -> Paper:
        """Corrects metadata of a paper, for good: a new reading of its source does not undo it.

        Raises:
            SourceError: a field cannot be edited or not to this value, or the title is empty.
            QuestionError: a value is of another type; the message names its field.
        """
        changes = {name: _checked(name, value) for name, value in changes.items()}
        self.records.check_writable()
        key = self.records.paper_key(name)
        while (paper := self._edited(key, changes)) is None:
            log.info("The paper was changed while it was edited; it is edited again.")
        return paper

    def _edited(self, key: int, changes: dict[str, Any]) -> Paper | None:
        """The paper with a person's changes; None where another process changed it while its new title was embedded."""
        records = self.records
        before = records.at(key)
        if before is None:
            raise UnknownPaper("The paper was removed a moment ago.")
        wanted = corrected(before, changes)
        # The title stands in the text and is embedded with each chunk.
        embedded = self._embedded([wanted])[0] if wanted.title != before.title else None
        with records.transaction() as db:
            if records.at(key) != before:
                return None
            corrections = records.corrections(key) | changes
            if embedded is None:
                records.put_details(db, key, wanted, corrections)
            else:
                self.check_settings()
                chunks, vector = embedded
                reading = records.reading(key)
                assert reading is not None
                records.put_paper(db, wanted, vector, chunks, reading=reading, corrections=corrections, key=key)
        return records.at(key) or wanted

    def rebuild(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        """Build the index again; where the settings changed, embed all papers with the new ones first.

        A damaged word index is made again from the papers. Questions are answered meanwhile, and papers that others
        add are taken along.

        Raises:
            LibraryError: the disk is full, or the record cannot be written. The library stays as it was.
        """
        self.records.check_writable()
        if not are_words_whole(self.records):
            self.records.rebuild_words()
        embedder = load_embedder(self.settings.embedding)
        made_with = self._made_with(embedder)
        with undamaged("what the library was made with"):
            before = json.loads(self.records.meta("made_with") or "{}")
        if before != made_with:
            self._embedder = embedder
            embed = partial(self._embedded_by, embedder)
            Reembedding(self.records, json.dumps(made_with), embed).run(on_progress)
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
        with undamaged("what the library was made with"):
            old = dict(json.loads(made))
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
        return self._embedded_by(self.embedder, papers)

    def _embedded_by(
        self, embedder: Embedder, papers: Sequence[Paper]
    ) -> list[tuple[list[StoredChunk], NDArray[np.float32]]]:
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


def _evened(boxes: NDArray[np.float64]) -> NDArray[np.float64]:
    """The boxes of a span's characters, (characters, 4), the tall among them as high as a neighbour on their line.

    Fonts for formulas give their letters boxes that reach over the lines above and below.
    """
    heights = boxes[:, 3] - boxes[:, 1]
    drawn = np.flatnonzero(heights > 0)
    if not len(drawn):
        return boxes
    is_tall = heights > _TALL * np.median(heights[drawn])
    others = drawn[~is_tall[drawn]]
    for tall in np.flatnonzero(is_tall):
        at = int(np.searchsorted(others, tall))
        middle = (boxes[tall, 1] + boxes[tall, 3]) / 2
        beside = min(others[max(at - 1, 0) : at + 1], key=lambda i: abs(boxes[i, [1, 3]].mean() - middle))
        boxes[tall, [1, 3]] = boxes[beside, [1, 3]]
    return boxes


def _checked(name: str, value: Any) -> Any:
    """The value that a person sets a field to, as it is stored."""
    if name not in EDITABLE:
        raise SourceError(f"{name!r} cannot be edited; {', '.join(EDITABLE)} can.")
    if name in _LISTS:
        items = [arguments.text(name, item) for item in arguments.several(name, value) or ()]
        return [item for item in items if item]
    if name == "year":
        if value is not None and not (type(value) is int and 1000 <= value <= 2100):
            raise SourceError(f"The year {value!r} is no whole number from 1000 to 2100.")
        return value
    text = None if value is None else arguments.text(name, value)
    if name == "title" and not text:
        raise SourceError("A paper cannot be without a title.")
    return text
