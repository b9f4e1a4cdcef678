"""A library: papers are added, updated, corrected and removed here, each in one transaction."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from .chunking import chunk_paper, embedded_text
from .config import Settings
from .embedding import Embedder, load_embedder
from .errors import AddInterrupted, EmptyLibrary, LibraryMismatch, SourceError
from .index import Index
from .readable import folded
from .readers import is_readable, read_file
from .records import Records, StoredChunk
from .types import AddReport, Failure, Paper, PaperRef

RECORD = "footnote.sqlite"
_CHUNKER = 1  # raise it when the same paper would be cut or pooled otherwise than before
_GROUP = 192  # chunks that are embedded at once: batches by length, and progress every second or two

EDITABLE = ("title", "authors", "year", "venue", "doi", "arxiv_id", "citekey", "tags", "collections")
_LISTS = ("authors", "tags", "collections")


class Progress(NamedTuple):
    """How far an `add` is: files looked at of all, papers and chunks stored."""

    files: int
    files_total: int
    papers: int
    chunks: int


@dataclass(slots=True)
class _Pending:
    """A paper that was read and waits to be embedded; `key` is that of its old version, or what it is stored under."""

    paper: Paper
    reading: tuple[str, str]
    source: int
    key: int | None
    stored: bool = False


@dataclass(slots=True)
class _Job:
    """A source that was read, and the papers it holds."""

    name: str
    source: int
    digest: str | None  # None: it could not be read whole, so it is read again next time
    holds: list[int | _Pending] = field(default_factory=list)

    @property
    def keys(self) -> set[int]:
        """The keys of its papers, of those that are stored."""
        keys = (held if isinstance(held, int) else held.key for held in self.holds)
        return {key for key in keys if key is not None}


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

    # Changing

    def add(
        self, paths: Sequence[str | os.PathLike[str]], on_progress: Callable[[Progress], None] | None = None
    ) -> AddReport:
        """Adds files and folders (read recursively), brings changed ones up to date, and says what it did.

        A file that cannot be read stands in `failed` and stops no other.

        Raises:
            LibraryMismatch: the library was made with other settings.
            AddInterrupted: Ctrl-C; what was stored until then stays.
        """
        report = AddReport()
        files, report.failed = find_files(paths)
        if not files:
            return report
        self.folder.mkdir(parents=True, exist_ok=True)
        self._records = self._records or Records(self.folder / RECORD)
        if self._records.meta("made_with"):
            self._check_made_with(self._chosen())  # also where nothing has to be embedded
        self.index.drop_foreign()
        _Adding(self, report, on_progress).run(files)
        return report

    def remove(self, name: str) -> PaperRef:
        """Removes the paper with this id or title."""
        key = self.records.paper_key(name)
        ref = self.records.refs([key])[key]
        with self.records.transaction() as db:
            self.records.remove_paper(db, key)
            self.records.drop_empty_sources(db)
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
        corrected = _corrected(paper, changes)
        if corrected.title == paper.title:
            with records.transaction() as db:
                records.put_details(db, key, corrected, corrections)
        else:  # the title stands in the text and is embedded with each chunk
            chunks, vector = self._embedded([corrected])[0]
            with records.transaction() as db:
                records.put_paper(
                    db, corrected, vector, chunks, reading=records.reading(key), corrections=corrections, key=key
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
                for start in range(0, len(papers), _GROUP // 4):
                    group = papers[start : start + _GROUP // 4]
                    for (key, paper), (chunks, vector) in zip(
                        group, self._embedded([p for _, p in group]), strict=True
                    ):
                        reading, corrections = records.reading(key), records.corrections(key)
                        records.put_paper(db, paper, vector, chunks, reading=reading, corrections=corrections, key=key)
                        done += len(chunks)
                    if on_progress:
                        on_progress(Progress(0, 0, start + len(group), done))
        self.index.rebuild()

    # How it was made

    def _chosen(self) -> dict[str, Any]:
        """What the settings say of how a library is made."""
        chunking = self.settings.chunking
        return {
            "model": self.settings.embedding.model,
            "max_tokens": chunking.max_tokens,
            "overlap_sentences": chunking.overlap_sentences,
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


class _Adding:
    """One run of `Library.add`: reads sources, finds out what is new, embeds in groups, stores paper by paper."""

    def __init__(self, library: Library, report: AddReport, on_progress: Callable[[Progress], None] | None) -> None:
        self.library = library
        self.records = library.records
        self.report = report
        self.on_progress = on_progress
        self.known: dict[tuple[str, str], int | _Pending] = dict(self.records.readings())
        self.sources = self.records.sources()
        self.jobs: list[_Job] = []
        self.pending: list[_Pending] = []
        self.touched: set[int] = set()  # added or updated in this run
        self.unchanged: dict[int, None] = {}
        self.papers = self.chunks = 0

    def run(self, files: list[Path]) -> None:
        total = len(files)
        taken = 0
        try:
            for path in files:
                try:
                    self._take(path)
                except SourceError as error:
                    self.report.failed.append(Failure(path.name, None, str(error)))
                taken += 1
                self._flush(_GROUP, taken, total)
            self._flush(0, total, total)
            self.library.index.update()
        except KeyboardInterrupt as error:
            left = [job.name for job in self.jobs] + [path.name for path in files[taken:]]
            raise AddInterrupted(
                f"Stopped: {self.papers} papers are stored. Not done: {', '.join(dict.fromkeys(left)) or 'nothing'}. "
                "Add them again to go on."
            ) from error
        finally:
            refs = self.records.refs([key for key in self.unchanged if key not in self.touched])
            self.report.unchanged = list(refs.values())

    def _take(self, path: Path) -> None:
        """Reads one file, where it changed since it was last read, and plans what to do with its papers."""
        location = str(path)
        digest = _file_digest(path)
        key, known_digest = self.sources.get(location, (None, None))
        if key is None:
            moved = self._renamed_from(digest)
            if moved:
                key, known_digest = self.sources.pop(moved)
                with self.records.transaction() as db:
                    self.records.move_source(db, key, location, path.name)
                self.sources[location] = (key, known_digest)
        if key is not None and known_digest == digest:
            self.unchanged.update(dict.fromkeys(self.records.entries(key)))
            return
        reading = read_file(path, path.name)
        self.report.failed += reading.failures
        with self.records.transaction() as db:
            source = self.records.put_source(db, location, path.name)
        self.sources[location] = (source, None)
        job = _Job(path.name, source, None if reading.failures else digest)
        self.jobs.append(job)
        self._plan(job, reading.papers)

    def _renamed_from(self, digest: str) -> str | None:
        """The location of a source with the same bytes that is no longer there."""
        return next((loc for loc, (_, d) in self.sources.items() if d == digest and not os.path.exists(loc)), None)

    def _plan(self, job: _Job, papers: list[Paper]) -> None:
        """Same title and text: a paper we have. Same source, changed text: a new version of it. Else a new paper."""
        records = self.records
        readings = [(folded(p.title), _digest(p.text[len(p.title) :].encode())) for p in papers]
        same = {known for r in readings if isinstance(known := self.known.get(r), int)}
        held = records.entries(job.source)
        with records.transaction() as db:
            for key in same:  # at once: what this source shares is no other source's to change
                records.link(db, job.source, key)
        # What the source held and holds no longer as it was; only papers that no other source shares can be updated.
        own = {k: records.reading(k) for k in held if k not in same and records.sources_of(k) == [job.source]}
        alone = len(papers) == len(held) == 1
        for paper, reading in zip(papers, readings, strict=True):
            known = self.known.get(reading)
            if known is None:
                known = self._pend(paper, reading, job.source, _old_version(own, reading, alone))
                if known.key is not None:
                    self.known.pop(own.pop(known.key), None)  # who reads the old version now reads another paper
            elif isinstance(known, int) and known in same:
                same.remove(known)
                known = self._refreshed(known, paper, reading, job.source)
            job.holds.append(known)

    def _pend(self, paper: Paper, reading: tuple[str, str], source: int, key: int | None) -> _Pending:
        pending = self.known[reading] = _Pending(paper, reading, source, key)
        self.pending.append(pending)
        return pending

    def _refreshed(self, key: int, paper: Paper, reading: tuple[str, str], source: int) -> int | _Pending:
        """The text is as it was, but the first source may tell the metadata, or spell the title, otherwise."""
        self.unchanged[key] = None
        if self.records.sources_of(key)[:1] != [source]:
            return key
        ref = self.records.refs([key])[key]
        stored = self.records.paper(ref.id)
        corrections = self.records.corrections(key)
        wanted = _corrected(replace(paper, id=stored.id, sources=stored.sources), corrections)
        if wanted.title != stored.title:
            return self._pend(paper, reading, source, key)
        if wanted != stored:
            with self.records.transaction() as db:
                self.records.put_details(db, key, wanted, corrections)
            self.touched.add(key)
            self.report.updated.append(ref)
        return key

    def _flush(self, at_least: int, files: int, total: int) -> None:
        """Embeds and stores what is pending, once it is enough for a group, and finishes the sources it completes."""
        per_group = max(_GROUP // 4, 1)
        while len(self.pending) >= max(per_group if at_least else 1, 1):
            group = self.pending[:per_group]
            for pending, (chunks, vector) in zip(group, self._embedded(group), strict=True):
                self._store(pending, chunks, vector)
                self.pending.pop(0)
            self._tell(files, total)
        for job in [job for job in self.jobs if all(isinstance(h, int) or h.stored for h in job.holds)]:
            # What a source lost may stand in one that is read later, so such a source is finished last.
            if not at_least or set(self.records.entries(job.source)) <= job.keys:
                self._finish(job)
                self.jobs.remove(job)
        self._tell(files, total)

    def _embedded(self, group: list[_Pending]) -> list[tuple[list[StoredChunk], NDArray[np.float32]]]:
        for pending in group:
            if pending.key is not None:
                pending.paper = _corrected(pending.paper, self.records.corrections(pending.key))
        return self.library._embedded([pending.paper for pending in group])

    def _store(self, pending: _Pending, chunks: list[StoredChunk], vector: NDArray[np.float32]) -> None:
        records = self.records
        update = pending.key is not None
        corrections = records.corrections(pending.key) if pending.key is not None else {}
        with records.transaction() as db:
            key = records.put_paper(
                db, pending.paper, vector, chunks, reading=pending.reading, corrections=corrections, key=pending.key
            )
            records.link(db, pending.source, key)
        pending.key, pending.stored = key, True
        self.touched.add(key)
        self.papers += 1
        self.chunks += len(chunks)
        (self.report.updated if update else self.report.added).append(records.refs([key])[key])

    def _finish(self, job: _Job) -> None:
        with self.records.transaction() as db:
            for key in job.keys:
                self.records.link(db, job.source, key)
            if job.digest is None:
                return
            gone = self.records.finish_source(db, job.source, job.digest, job.keys)
            refs = self.records.refs(gone)
            for key in gone:
                self.records.remove_paper(db, key)
        self.report.removed += refs.values()

    def _tell(self, files: int, total: int) -> None:
        if self.on_progress:
            self.on_progress(Progress(files, total, self.papers, self.chunks))


def find_files(paths: Iterable[str | os.PathLike[str]]) -> tuple[list[Path], list[Failure]]:
    """The files to read below `paths`, each once, and what cannot be read. Links are followed, loops are not."""
    files: dict[Path, None] = {}
    failures: list[Failure] = []
    for given in paths:
        if not os.fspath(given):  # else an unset variable of a shell would stand for the working directory
            failures.append(Failure("''", None, "the path is empty"))
            continue
        path = Path(given).expanduser()
        try:
            mode = path.stat().st_mode
            if stat.S_ISDIR(mode):
                for found in _walk(path, failures, set()):
                    files[found] = None
            elif stat.S_ISREG(mode):
                files[path.resolve()] = None
            else:
                failures.append(Failure(path.name or str(given), None, "it is neither a file nor a folder"))
        except (OSError, ValueError) as error:
            failures.append(Failure(path.name or str(given), None, _why(error)))
    return list(files), failures


def _walk(folder: Path, failures: list[Failure], seen: set[tuple[int, int]]) -> Iterator[Path]:
    try:
        state = folder.stat()
        if (state.st_dev, state.st_ino) in seen:
            return
        seen.add((state.st_dev, state.st_ino))
        children = sorted(folder.iterdir())
    except OSError as error:
        failures.append(Failure(folder.name, None, _why(error)))
        return
    for path in children:
        if path.name.startswith("."):
            continue
        try:
            mode = path.stat().st_mode
        except OSError as error:
            failures.append(Failure(path.name, None, _why(error)))
            continue
        if stat.S_ISDIR(mode):
            yield from _walk(path, failures, seen)
        elif stat.S_ISREG(mode) and is_readable(path):
            yield path.resolve()


def _why(error: OSError | ValueError) -> str:
    if isinstance(error, FileNotFoundError):
        return "there is no such file or folder (or the link leads nowhere)"
    if isinstance(error, PermissionError):
        return "it may not be read: check its permissions"
    if isinstance(error, OSError) and error.errno == errno.ELOOP:
        return "it is a loop of symbolic links"
    return f"it cannot be read: {getattr(error, 'strerror', None) or error}"


def _file_digest(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise SourceError(_why(error)) from error


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _old_version(own: dict[int, tuple[str, str]], reading: tuple[str, str], alone: bool) -> int | None:
    """Which of a source's `own` papers changed into `reading`: by the title, by the text, or as its only one."""
    by_title = [key for key, (title, _) in own.items() if title == reading[0]]
    by_text = [key for key, (_, digest) in own.items() if digest == reading[1]]
    return next(iter([*by_title, *by_text, *(own if alone else ())]), None)


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


def _corrected(paper: Paper, corrections: dict[str, Any]) -> Paper:
    """A paper with the fields that a person has set; a new title takes the old one's place in the text."""
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in corrections.items()}
    title = str(values.pop("title", paper.title))
    paper = replace(paper, **values)
    if title == paper.title:
        return paper
    shift = len(title) - len(paper.title)
    return replace(
        paper,
        title=title,
        text=title + paper.text[len(paper.title) :],
        pages=tuple(replace(p, start=p.start + shift, end=p.end + shift) for p in paper.pages),
        sections=tuple(replace(s, start=s.start + shift, end=s.end + shift) for s in paper.sections),
    )
