"""Open a library of papers; add, edit and remove papers; rebuild its index."""

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

from .config import Settings, library_folder, shown_folder
from .errors import EmbeddingError, EmptyLibrary, LibraryError, SourceError, UnknownPaper, reason
from .ingest.chunking import embed_papers
from .ingest.corrections import checked_value, corrected
from .ingest.locate import ITEM, Located, locate
from .ingest.made_with import check_recipe, recipe_of, stored_recipe
from .ingest.moved import follow_move
from .ingest.progress import Progress
from .ingest.reembed import Reembedding
from .ingest.run import Adding
from .ingest.uploads import copy_upload, delete_copy, delete_leftovers, upload_name, uploaded_copy
from .models.embedder import load_embedder
from .models.protocols import Embedder, Reranker
from .models.reranker import PackagedReranker, load_reranker, prepare_reranker
from .reports import AddReport
from .store import word_index
from .store.chroma_server import ChromaServer
from .store.connection import INDEX, RECORD, UPLOADS
from .store.history import AnswerHistory
from .store.index import Index
from .store.integrity import is_word_index_intact
from .store.papers import Records, StoredChunk
from .types import Failure, Paper, PaperRef

log = logging.getLogger("footnote")


class Library:
    """The papers in a folder: the record, the vector index and the models, each opened on first use."""

    def __init__(
        self, settings: Settings, *, embedder: Embedder | None = None, reranker: Reranker | None = None
    ) -> None:
        self.settings = settings
        self._given_embedder, self._given_reranker = embedder, reranker
        self.folder = library_folder(settings)
        self._records: Records | None = None
        self._index: Index | None = None
        self._embedder = embedder
        self._reranker = reranker
        self._loading = threading.RLock()

    def close(self) -> None:
        """Close all files."""
        if self._index:
            self._index.close()
        if self._records:
            self._records.close()
        self._index = self._records = None

    @property
    def exists(self) -> bool:
        """Whether anything has ever been added."""
        return (self.folder / RECORD).is_file()

    @property
    def shown(self) -> str:
        """The library's folder as messages show it."""
        return shown_folder(self.folder)

    @property
    def lost(self) -> str:
        """Why the library cannot be opened: its record is missing although its other files are there. Else empty."""
        remains = [] if self.exists else [part for part in (INDEX, UPLOADS) if (self.folder / part).is_dir()]
        if not remains:
            return ""
        return (
            f"{RECORD} is missing in the library {self.shown!r}, but {' and '.join(remains)} in the same folder belong "
            "to a library with papers. Restore a copy of the library's folder or a backup (`footnote restore FILE`), "
            "or add the papers again."
        )

    @property
    def records(self) -> Records:
        """The record. Raises EmptyLibrary if there is none yet."""
        with self._loading:
            if self._records is None:
                if not self.exists:
                    raise EmptyLibrary(self.lost or self._empty_message())
                self._records = Records(self.folder / RECORD)
            return self._records

    def _empty_message(self) -> str:
        is_in_working_directory = Path("library", RECORD).is_file() and not self.settings.library.path
        other = " To use the library in the folder 'library' here, add `--library library`."
        return (
            f"There is no library in {self.shown!r} yet. Add papers: `footnote add PATH`."
            f"{other if is_in_working_directory else ''}"
        )

    @property
    def history(self) -> AnswerHistory:
        """The saved answers and conversations."""
        return AnswerHistory(self.records)

    @property
    def index(self) -> Index:
        """The vector index."""
        with self._loading:
            if self._index is None:
                remote = self.settings.index
                server = ChromaServer(remote.url, allow_remote=remote.allow_remote) if remote.url else None
                self._index = Index(self.folder / INDEX, self.records, server)
            return self._index

    @property
    def embedder(self) -> Embedder:
        """The embedder that made the library's vectors. Raises LibraryMismatch if the settings do not match it."""
        with self._loading:
            if self._embedder is None:
                self._embedder = load_embedder(self.settings.embedding)
        self.check_settings()  # each time: another process may have rebuilt the library
        return self._embedder

    def check_settings(self) -> None:
        """Raise LibraryMismatch if another process has rebuilt the library with other settings."""
        if self._embedder is not None:
            check_recipe(self.records, recipe_of(self.settings, self._embedder.card.digest))

    @property
    def reranker(self) -> Reranker | None:
        """The cross-encoder, or None if the settings use none. Raises EmbeddingError if it cannot be loaded."""
        with self._loading:
            if self._reranker is None:
                self._reranker = load_reranker(self.settings.cross_encoder, self.settings.embedding)
            return self._reranker

    @property
    def precision(self) -> str | None:
        """The precision of the packaged cross-encoder: float32, bfloat16 or int8. None until it is first used."""
        return self._reranker.precision if isinstance(self._reranker, PackagedReranker) else None

    def papers(self) -> list[Paper]:
        """Return all papers in the order in which they were added, without their texts."""
        return self.records.papers() if self.exists else []

    def add(
        self,
        paths: Sequence[str | os.PathLike[str]],
        on_progress: Callable[[Progress], None] | None = None,
        *,
        collections: Sequence[str] = (),
        without_collections: Sequence[str] = (),
    ) -> AddReport:
        """Add new files, folders (recursively) and Zotero libraries, and update changed ones.

        A file that cannot be read is reported in `failed`, and the others are added. Papers whose files are gone from a
        folder are removed. `collections` limits a Zotero library to the items in these collections, and
        `without_collections` leaves out items. Raise LibraryMismatch if the library was made with other settings. Raise
        AddInterrupted if Ctrl-C was pressed; papers stored so far are kept.
        """
        return self._add(locate(paths, collections, without_collections), on_progress)

    def add_uploads(
        self, files: Sequence[tuple[str, Path]], on_progress: Callable[[Progress], None] | None = None
    ) -> AddReport:
        """Add copies of files, given as (original name, path).

        The copies stay in the library's folder as long as a paper has them as its source. Files that an uploaded
        bibliography names outside of its folder are not read. Raise LibraryMismatch or AddInterrupted as `add` does.
        """
        located = Located()
        if self.exists:
            self.records.check_writable()
            delete_leftovers(self.folder, self.records.sources())
        try:
            for name, path in files:
                try:
                    located.sources.append(copy_upload(self.folder, name, path))
                except SourceError as error:
                    located.failures.append(Failure(upload_name(name), None, str(error)))
            located.sources = list({source.location: source for source in located.sources}.values())
            return self._add(located, on_progress)
        finally:
            self._delete_unused_copies([source.location for source in located.sources])

    def retry(self, name: str | None = None) -> AddReport:
        """Read files that failed again, although they have not changed: all, or only those with this name.

        Raise LibraryMismatch or AddInterrupted as `add` does.
        """
        records = self.records
        failed = [each.location for each in records.failures().values() if name in (None, each.name)]
        with records.transaction(of_papers=False) as db:
            records.forget_failures(db, failed)
        paths = dict.fromkeys(each if os.path.exists(each) else each.rpartition("#")[0] or each for each in failed)
        located = locate([path.removesuffix(ITEM.removesuffix("#")) for path in paths])
        # Treat the files as found in a folder, so that papers the user removed stay removed.
        located.sources = [source._replace(named=False) for source in located.sources]
        return self._add(located, None)

    def _add(self, located: Located, on_progress: Callable[[Progress], None] | None) -> AddReport:
        report = AddReport(failed=located.failures)
        if not located.sources:
            report.failed += located.found_failures.values()
            report.passed_over = dict(located.passed_over)
            return report
        records = self._open_for_adding()
        Adding(records, self.embed, self.check_settings, report, on_progress).run(located)
        try:
            self.index.update()
        except LibraryError as error:  # questions work without the index
            log.warning("The papers are stored. %s", error)
        try:  # so that the first question does not have to wait
            if self._given_reranker is None:
                prepare_reranker(self.settings.cross_encoder, self.settings.embedding)
        except EmbeddingError as error:
            log.warning("%s", error)
        return report

    def _open_for_adding(self) -> Records:
        if self.exists:
            self.records.check_writable()
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise LibraryError(
                f"The library's folder {self.folder.name!r} cannot be created ({reason(error)}). Choose another one "
                "with --library or [library] path."
            ) from error
        with self._loading:
            self._records = self._records or Records(self.folder / RECORD)
        if self._records.meta("made_with"):
            check_recipe(self._records, recipe_of(self.settings))  # also if there is nothing to embed
        follow_move(self._records)
        return self._records

    def embed(self, papers: Sequence[Paper]) -> list[tuple[list[StoredChunk], NDArray[np.float32]]]:
        """Return each paper's chunks with their vectors, and the paper's vector; see `embed_papers`."""
        return embed_papers(papers, self.embedder, self.settings.chunking)

    def edit(self, name: str, changes: dict[str, Any]) -> Paper:
        """Correct metadata of a paper; updates of its source keep the corrections.

        Raise SourceError if a field cannot be edited, or not to this value. Raise QuestionError if a value has the
        wrong type; the message names its field.
        """
        changes = {field: checked_value(field, value) for field, value in changes.items()}
        self.records.check_writable()
        key = self.records.paper_key(name)
        while (paper := self._try_edit(key, changes)) is None:
            log.info("Another process changed the paper during the edit; editing it again.")
        return paper

    def _try_edit(self, key: int, changes: dict[str, Any]) -> Paper | None:
        """Return the edited paper, or None if another process changed it while its new title was embedded."""
        records = self.records
        before = records.at(key)
        if before is None:
            raise UnknownPaper("The paper was just removed.")
        wanted = corrected(before, changes)
        # The title is part of the text, and is embedded with each chunk.
        embedded = self.embed([wanted])[0] if wanted.title != before.title else None
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

    def remove(self, name: str) -> PaperRef:
        """Remove a paper, its words in saved answers, and uploaded copies that no other paper is read from.

        Adding its folder does not add it again; adding its file does. Raise UnknownPaper or AmbiguousPaper if no paper
        matches the name, or several do. Raise LibraryError if a copy cannot be deleted; the paper is removed.
        """
        records = self.records
        records.check_writable()
        key = records.paper_key(name)
        ref = records.refs([key])[key]
        locations = [source.location for source in records.sources_in_full(key)]
        with records.transaction() as db:
            records.put_removal(db, key)
            records.remove_paper(db, key)
            records.drop_empty_sources(db, locations)
            word_index.overwrite_removed(db)
            self.history.redact_paper(db, ref)
        records.overwrite_log()
        self._delete_unused_copies(locations)
        return ref

    def _delete_unused_copies(self, locations: Sequence[str]) -> None:
        copies = {location for location in locations if uploaded_copy(self.folder, location)}
        if copies and self.exists:
            with self.records.transaction(of_papers=False) as db:
                self.records.drop_empty_sources(db, copies)
                copies -= self.records.sources().keys()
                self.records.forget_failures(db, copies)
        for location in copies:
            delete_copy(self.folder, location)

    def rebuild(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        """Rebuild the vector index, and a damaged word index; embed all papers again if the settings have changed.

        Questions can be asked and papers added meanwhile. Raise LibraryError if the disk is full, or the record cannot
        be written. The library stays as it was.
        """
        records = self.records
        records.check_writable()
        if not is_word_index_intact(records):
            with records.transaction(of_papers=False) as db:
                word_index.rebuild(db)
        embedder = self._given_embedder or load_embedder(self.settings.embedding)
        recipe = recipe_of(self.settings, embedder.card.digest)
        if stored_recipe(records) != recipe:
            self._embedder = embedder
            embed = partial(embed_papers, embedder=embedder, settings=self.settings.chunking)
            Reembedding(records, json.dumps(recipe), embed).run(on_progress)
        self.index.rebuild()
