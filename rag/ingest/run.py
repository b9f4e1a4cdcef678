"""One run of `add`: sources are read, what is new in them is found out, embedded in groups, and stored by paper."""

from __future__ import annotations

import hashlib
import logging
import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import AddInterrupted, SourceError
from ..reading.failures import unexpected
from ..reading.sandbox.requests import read_file_in_sandbox
from ..reading.sources import Item, Reading, make_paper
from ..store.papers import NOT_FOUND, PARTLY, Failed, Records, StoredChunk
from ..text.readable import folded
from ..types import AddReport, Failure, LeftOut, Page, Paper, PaperRef
from .failures import as_reason, from_reason
from .locate import Located, Source

GROUP_TEXT = 200_000  # characters that are embedded at once: batches by length, progress every second or two
_GROUP_PAPERS = 48
_BRIEF_FROM = 16  # with so many new PDFs, the abstracts of all are stored before their full texts
_BRIEF_PAGES = 2  # of a PDF are read for its abstract
_BRIEF_TEXT = 1500  # characters that stand for the abstract of a paper without one
_AHEAD = 4  # sources that are read ahead for each worker
_ABSTRACTS = "Abstracts"
_SOON = 2.0  # seconds after which it is told what takes so long
_NAMED = 20  # sources that are named where work was interrupted

log = logging.getLogger("footnote")

Embed = Callable[[Sequence[Paper]], list[tuple[list[StoredChunk], NDArray[np.float32]]]]


class Progress(NamedTuple):
    """How far an `add` is: what it is at, sources done of all, papers and chunks stored.

    A source is done when its papers are stored, or when it failed; it is told once with its `name`, and then whether
    it `failed`.
    """

    stage: str
    done: int
    total: int
    papers: int
    chunks: int
    name: str = ""
    failed: bool = False


@dataclass(slots=True)
class _Pending:
    """A paper that was read and waits to be embedded; `key` is that of its old version, or what it is stored under."""

    paper: Paper
    reading: tuple[str, str]
    job: _Job
    key: int | None
    corrections: dict[str, Any] = field(default_factory=dict)  # that `paper` has
    done: bool = False  # stored, or left out because it was removed meanwhile


@dataclass(slots=True)
class _Job:
    """A source that was read, and the papers it holds; `source` is its key when it was last looked up."""

    location: str
    name: str
    named: bool  # itself, not found in a folder: what was removed from it comes back
    source: int
    digest: str | None  # None: its abstracts alone were read, so it is read again next time
    holds: list[int | _Pending] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)  # of its entries: the others are stored
    told: bool = False  # whether it was told as done

    @property
    def keys(self) -> set[int]:
        """The keys of its papers, of those that are stored."""
        keys = (held if isinstance(held, int) else held.key for held in self.holds)
        return {key for key in keys if key is not None}


class Adding:
    """One run of `Library.add`; what it did is in `report`."""

    def __init__(
        self,
        records: Records,
        embed: Embed,
        check: Callable[[], None],
        report: AddReport,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.records = records
        self.embed = embed
        self.check = check  # that what was embedded still fits the library
        self.report = report
        self.on_progress = on_progress
        self.known: dict[tuple[str, str], int | _Pending] = dict(records.readings())
        self.sources = records.sources()
        self.failures = records.failures()
        self.brief = records.brief_papers()
        self.jobs: list[_Job] = []
        self.pending: list[_Pending] = []
        self.touched: set[int] = set()  # added or updated in this run
        self.unchanged: dict[int, None] = {}
        self.stage = Progress("", 0, 0, 0, 0)

    def run(self, located: Located) -> None:
        """Abstracts of many new PDFs first, then all sources; what vanished from their folders goes."""
        left: list[str] = []
        self.report.passed_over = dict(located.passed_over)
        try:
            self._take_found_failures(located.found_failures)
            new = self._new(located.sources)
            left = [source.name for source, _ in new]
            unread = [pair for pair in new if pair[0].is_pdf and pair[0].location not in self.sources]
            if len(unread) >= _BRIEF_FROM:
                self._read_all(_ABSTRACTS, unread, [], brief=True)
            self._read_all("Papers", new, left, brief=False)
            self._drop(located)
            if self.report.removed:
                with self.records.transaction(of_papers=False) as db:
                    self.records.forget_words(db)
                self.records.overwrite_log()
        except KeyboardInterrupt as error:
            names = list(dict.fromkeys([*(job.name for job in self.jobs), *left]))
            more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
            raise AddInterrupted(
                f"Stopped: {self.stage.papers} papers are stored. Not done: {', '.join(names[:_NAMED]) or 'nothing'}"
                f"{more}. Add them again to go on."
            ) from error
        finally:
            refs = self.records.refs([key for key in self.unchanged if key not in self.touched])
            self.report.unchanged = list(refs.values())

    # What is new

    def _new(self, sources: list[Source]) -> list[tuple[Source, str]]:
        """The sources that were not read as they are now, with their digests."""
        new = []
        began = time.monotonic()
        for count, source in enumerate(sources, 1):
            if time.monotonic() - began > _SOON:  # large folders take long to hash
                self.stage = self.stage._replace(stage="Looking for changes", done=count, total=len(sources))
                self._tell()
            try:
                digest = source.digest()
            except SourceError as error:
                self._fail(source, None, str(error))
                continue
            failed = self.failures.get(source.location)
            if failed and failed.digest == digest and source.named:
                self.report.failed += from_reason(source.name, failed.reason)
            elif failed and failed.digest in (digest, PARTLY + digest) and not source.named:
                self.report.failed_before += from_reason(source.name, failed.reason)
                key, _ = self.sources.get(source.location, (None, None))
                self.unchanged.update(dict.fromkeys(self.records.entries(key) if key is not None else ()))
            elif failed or not self._is_known(source, digest):
                new.append((source, digest))
            elif removed := self.records.removed_at(source.location):
                if source.named:
                    new.append((source, digest))
                else:
                    self.report.left_out += [LeftOut("", source.name)] * removed
        return new

    def _take_found_failures(self, failures: Mapping[str, Failure]) -> None:
        """What could not even be found in a folder is told as new the first time."""
        for location, failure in failures.items():
            self._put_failure(location, failure, NOT_FOUND)

    def _put_failure(self, location: str, failure: Failure, digest: str) -> None:
        known = self.failures.get(location)
        if known and (known.digest, known.reason) == (digest, as_reason([failure])):
            self.report.failed_before.append(failure)
            return
        self.report.failed.append(failure)
        with self.records.transaction(of_papers=False) as db:
            self.records.put_failure(db, Failed(location, failure.source, digest, as_reason([failure])))

    def _is_known(self, source: Source, digest: str) -> bool:
        """Whether the source was read as it is now, here or, if its file was renamed since, elsewhere."""
        key, known_digest = self.sources.get(source.location, (None, None))
        if key is None:
            moved = self._renamed_from(digest)
            if moved:
                key, known_digest = self.sources.pop(moved)
                with self.records.transaction() as db:
                    self.records.move_source(db, moved, source.location, source.name)
                    self.records.move_removals(db, moved, source.location)
                self.sources[source.location] = (key, known_digest)
        if key is None or known_digest != digest:
            return False
        self.unchanged.update(dict.fromkeys(self.records.entries(key)))
        return True

    def _renamed_from(self, digest: str) -> str | None:
        """The location of a source with the same digest that is no longer there."""
        return next((loc for loc, (_, d) in self.sources.items() if d == digest and not os.path.exists(loc)), None)

    # Reading

    def _read_all(self, stage: str, sources: list[tuple[Source, str]], left: list[str], *, brief: bool) -> None:
        """Reads sources and stores their papers; the name of each that was taken is removed from `left`."""
        self.stage = self.stage._replace(stage=stage, done=0, total=len(sources))
        for source, digest, reading in _readings(sources, brief):
            if not isinstance(reading, SourceError):
                self._take(source, None if brief else digest, reading)
            else:
                if not brief:  # else it fails again, and is told of, when it is read whole
                    self._make_do(source, str(reading))
                    self._fail(source, digest, str(reading))
                self._done(source.name, failed=True)
            if left:
                left.remove(source.name)
            self._flush()
        self._flush(all_of_it=True)

    def _fail(self, source: Source, digest: str | None, reason: str) -> None:
        failure = Failure(source.name, None, reason)
        if digest is None and not source.named:
            self._put_failure(source.location, failure, NOT_FOUND)
            return
        self.report.failed.append(failure)
        if digest is not None:
            with self.records.transaction() as db:
                self.records.put_failure(db, Failed(source.location, source.name, digest, as_reason([failure])))

    def _make_do(self, source: Source, reason: str) -> None:
        """What was read of a file before, or its abstract in a bibliography, stands in for one that cannot be read."""
        held = self.records.entries(self.sources[source.location][0]) if source.location in self.sources else []
        if not held and source.item and source.item.abstract:
            note = f"only its abstract is here; the file could not be read: {reason}"
            self._take(source, None, Reading([replace(_abstract(source.item), notes=(note,))])).told = True
        for key in held:
            with self.records.transaction() as db:
                paper = self.records.at(key)
                if paper is None:  # it was removed a moment ago
                    continue
                what = "only its abstract is here; the" if paper.brief else "this is its text as it was; the changed"
                note = f"{what} file could not be read: {reason}"
                wanted = replace(paper, brief=False, notes=tuple(dict.fromkeys((*paper.notes, note))))
                self.records.put_details(db, key, wanted, self.records.corrections(key))

    def _take(self, source: Source, digest: str | None, reading: Reading) -> _Job:
        self.report.failed += reading.failures
        with self.records.transaction() as db:
            key = self.records.put_source(db, source.location, source.name)
            self.records.forget_failures(db, [source.location])
        self.sources[source.location] = (key, None)
        job = _Job(source.location, source.name, source.named, key, digest, failures=reading.failures)
        self.jobs.append(job)
        self._plan(job, reading.papers)
        return job

    # What is to be done with the papers of a source

    def _plan(self, job: _Job, papers: list[Paper]) -> None:
        """Same title and text: a paper we have. Same source, changed text: a new version of it. Else a new paper.

        But a paper that a person removed stays removed where its source was not named itself.
        """
        readings = [(folded(p.title), _digest(p.text[len(p.title) :].encode())) for p in papers]
        same, own, held = self._known_of(job, readings)
        alone = len(papers) == held == 1
        for paper, reading in zip(papers, readings, strict=True):
            known = self.known.get(reading)
            if known is None:
                old = _old_version(own, reading, alone)
                if self._keep_out(job, paper, reading, old, only=len(papers) == 1):
                    continue
                known = self._pend(paper, reading, job, old)
                if known.key is not None:
                    self.known.pop(own.pop(known.key), None)  # who reads the old version now reads another paper
                    self.brief.discard(known.key)
            elif isinstance(known, int) and known in same:
                same.remove(known)
                known = self._refreshed(known, paper, reading, job)
            job.holds.append(known)

    def _known_of(
        self, job: _Job, readings: Sequence[tuple[str, str]]
    ) -> tuple[set[int], dict[int, tuple[str, str]], int]:
        """Which papers a source shares as they are, which of its papers may have changed, and how many it held.

        Only papers that no other source shares can be updated, and those of which just the abstract was read.
        """
        records = self.records
        with records.transaction() as db:
            job.source = records.put_source(db, job.location, job.name)
            if job.named:
                records.bring_back(db, job.location, readings)
            known = {r: key for r in readings if isinstance(key := self.known.get(r), int)}
            for reading, key in known.items():
                if records.reading(key) is None:  # it was removed meanwhile
                    del self.known[reading]
            same = {key for reading, key in known.items() if reading in self.known}
            held = records.entries(job.source)
            for key in same:  # at once: what this source shares is no other source's to change
                records.link(db, job.source, key)
            own = {
                key: was
                for key in held
                if key not in same
                and (key in self.brief or records.sources_of(key) == [job.source])
                and (was := records.reading(key))
            }
        return same, own, len(held)

    def _keep_out(self, job: _Job, paper: Paper, reading: tuple[str, str], old: int | None, *, only: bool) -> bool:
        """Whether a person removed the paper, and did not name its source now; `old` is a paper that it may update."""
        if job.named:
            return False
        with self.records.transaction(of_papers=False) as db:
            removed = self.records.is_removed_as_read(db, reading)
            if not removed and (old is not None or not self.records.is_removed(db, job.location, reading, alone=only)):
                return False
            self._leave_out(db, job, paper.title, reading, only=only)
        return True

    def _leave_out(
        self, db: sqlite3.Connection, job: _Job, title: str, reading: tuple[str, str], *, only: bool
    ) -> None:
        self.records.keep_out(db, job.location, reading, alone=only)
        if LeftOut(title, job.name) not in self.report.left_out:  # as an abstract before
            self.report.left_out.append(LeftOut(title, job.name))

    def _pend(self, paper: Paper, reading: tuple[str, str], job: _Job, key: int | None) -> _Pending:
        pending = self.known[reading] = _Pending(paper, reading, job, key)
        self.pending.append(pending)
        return pending

    def _refreshed(self, key: int, paper: Paper, reading: tuple[str, str], job: _Job) -> int | _Pending:
        """The text is as it was, but the first source may tell the metadata, or spell the title, otherwise."""
        self.unchanged[key] = None
        if self.records.sources_of(key)[:1] != [job.source]:
            return key
        wanted, stored, _ = self._as_wanted(key, paper)
        if stored is None or wanted == stored:
            return key
        if wanted.title != stored.title:
            return self._pend(paper, reading, job, key)
        with self.records.transaction() as db:
            wanted, stored, corrections = self._as_wanted(key, paper)
            if stored is None or wanted.title != stored.title:  # removed or edited a moment ago
                return key
            self.records.put_details(db, key, wanted, corrections)
        self.touched.add(key)
        self.report.updated.append(PaperRef(stored.id, stored.title))
        return key

    def _as_wanted(self, key: int, paper: Paper) -> tuple[Paper, Paper | None, dict[str, Any]]:
        """A paper as it was read with a person's corrections, as it is stored (None: removed), and the corrections."""
        stored = self.records.at(key)
        if stored is None:
            return paper, None, {}
        corrections = self.records.corrections(key)
        return corrected(replace(paper, id=stored.id, sources=stored.sources), corrections), stored, corrections

    # Storing

    def _flush(self, all_of_it: bool = False) -> None:
        """Embeds and stores what is pending, once it is enough for a group, and finishes the sources it completes."""
        while group := self._group(all_of_it):
            for pending in group:
                self._correct(pending)
            for pending, (chunks, vector) in zip(group, self.embed([p.paper for p in group]), strict=True):
                while not self._store(pending, chunks, vector):
                    self._correct(pending)
                    chunks, vector = self.embed([pending.paper])[0]
                self.pending.pop(0)
            self._tell()
        for job in [job for job in self.jobs if all(isinstance(h, int) or h.done for h in job.holds)]:
            # What a source lost may stand in one that is read later, so such a source is finished last.
            if all_of_it or set(self.records.entries(job.source)) <= job.keys:
                self.jobs.remove(job)
                self._finish(job)
        self._tell()

    def _group(self, all_of_it: bool) -> list[_Pending]:
        """The first of the pending papers that make a group; none where they are too few."""
        length = 0
        for count, pending in enumerate(self.pending, 1):
            length += len(pending.paper.text)
            if length >= GROUP_TEXT or count >= _GROUP_PAPERS:
                return self.pending[:count]
        return self.pending[:] if all_of_it else []

    def _correct(self, pending: _Pending) -> None:
        """What a person has set goes before what was read."""
        if pending.key is not None:
            pending.corrections = self.records.corrections(pending.key)
            pending.paper = corrected(pending.paper, pending.corrections)

    def _store(self, pending: _Pending, chunks: list[StoredChunk], vector: NDArray[np.float32]) -> bool:
        """Store a paper; False where a person has corrected it since it was embedded.

        Another process, or the page, may have removed the paper or its source since they were read.
        """
        records, job = self.records, pending.job
        with records.transaction() as db:
            self.check()
            old = pending.key
            update = old is not None and records.reading(old) is not None
            if old is not None and update and records.corrections(old) != pending.corrections:
                return False
            job.source = records.put_source(db, job.location, job.name)
            if self._was_removed(db, pending, gone=old is not None and not update):
                return True
            pending.key = old if update else None
            key = records.put_paper(
                db,
                pending.paper,
                vector,
                chunks,
                reading=pending.reading,
                corrections=pending.corrections,
                key=pending.key,
            )
            records.link(db, job.source, key)
            ref = records.refs([key])[key]
        pending.key, pending.done = key, True
        if pending.paper.brief:
            self.brief.add(key)
        pending.paper = replace(pending.paper, boxes=None)  # the largest part of it, and done with
        if key not in self.touched:
            (self.report.updated if update else self.report.added).append(ref)
            self.stage = self.stage._replace(papers=self.stage.papers + 1)
        self.touched.add(key)
        self.stage = self.stage._replace(chunks=self.stage.chunks + len(chunks))
        return True

    def _was_removed(self, db: sqlite3.Connection, pending: _Pending, *, gone: bool) -> bool:
        """Whether a person removed a paper while it was being added; `gone`: there was an old version of it."""
        records, job, only = self.records, pending.job, len(pending.job.holds) == 1
        removed = records.is_removed_as_read(db, pending.reading) or (
            gone and records.is_removed(db, job.location, pending.reading, alone=only)
        )
        if removed:
            self._leave_out(db, job, pending.paper.title, pending.reading, only=only)
            self.known.pop(pending.reading, None)
            pending.key, pending.done = None, True
        return removed

    def _finish(self, job: _Job) -> None:
        with self.records.transaction() as db:
            job.source = self.records.put_source(db, job.location, job.name)
            for key in job.keys:
                self.records.link(db, job.source, key)
            if job.digest is not None and job.failures:
                failed = Failed(job.location, job.name, PARTLY + job.digest, as_reason(job.failures))
                self.records.put_failure(db, failed)
            elif job.digest is not None:
                self._remove(db, self.records.finish_source(db, job.source, job.digest, job.keys))
        if not job.told:
            self._done(job.name)

    def _drop(self, located: Located) -> None:
        """Forgets the sources that are gone from the folders, and the papers that have no other."""
        gone = located.gone(self.sources)
        found = [location for location, failed in self.failures.items() if failed.digest == NOT_FOUND]
        failures = located.mended(found) + located.gone(self.failures.keys() - set(found))
        if not gone and not failures:
            return
        with self.records.transaction() as db:
            self.records.forget_failures(db, failures)
            for location in gone:
                self._remove(db, self.records.drop_source(db, location))

    def _remove(self, db: Any, papers: Iterable[int]) -> None:
        refs = self.records.refs(list(papers))
        for key in refs:
            self.records.remove_paper(db, key)
        self.report.removed += refs.values()

    def _done(self, name: str, *, failed: bool = False) -> None:
        """Tell that a source is done, by its name where all of it was read."""
        self.stage = self.stage._replace(done=self.stage.done + 1)
        if self.on_progress:
            name = "" if self.stage.stage == _ABSTRACTS else name
            self.on_progress(self.stage._replace(name=name, failed=failed))

    def _tell(self) -> None:
        if self.on_progress:
            self.on_progress(self.stage)


# Readings


def _readings(sources: list[tuple[Source, str]], brief: bool) -> Iterator[tuple[Source, str, Reading | SourceError]]:
    """The sources with their readings, in order; they are read ahead, in worker processes on all cores."""
    workers = os.cpu_count() or 1
    ahead: deque[Future[Reading | SourceError]] = deque()
    following = iter([source for source, _ in sources])
    stop = threading.Event()
    pool = ThreadPoolExecutor(workers)
    try:
        for source, digest in sources:
            while len(ahead) < workers * _AHEAD and (upcoming := next(following, None)):
                ahead.append(pool.submit(_reading, upcoming, brief, stop))
            yield source, digest, ahead.popleft().result()
    finally:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)


def _reading(source: Source, brief: bool, stop: threading.Event) -> Reading | SourceError:
    """What a source gave, or why it gave nothing: whatever goes wrong with it harms no other."""
    try:
        return read_source(source, brief, stop)
    except SourceError as error:
        return error
    except Exception as error:
        log.debug("%s", source.name, exc_info=True)
        return SourceError(unexpected(error))


def read_source(source: Source, brief: bool = False, stop: threading.Event | None = None) -> Reading:
    """The papers of a source; in brief their titles and abstracts alone, for which a PDF's first pages are enough.

    Raises:
        SourceError: nothing of it can be read, and why; or `stop` was set.
    """
    item = source.item
    if item and item.abstract and (brief or source.path is None):
        return Reading([replace(_abstract(item), brief=source.path is not None)])
    assert source.path is not None
    most_pages = _BRIEF_PAGES if brief else None
    reading = read_file_in_sandbox(source.path, source.name, most_pages, outside=source.outside, stop=stop)
    papers = [_described(paper, source) for paper in reading.papers]
    if source.afar:
        note = f"its file lies outside of the added folder: {source.name}"
        papers = [replace(paper, notes=(*paper.notes, note)) for paper in papers]
    return Reading([_in_brief(paper) for paper in papers] if brief else papers, reading.failures)


def _abstract(item: Item) -> Paper:
    notes = tuple(f"only its abstract is here; its file {name!r} is missing" for name in item.missing)
    return make_paper(item.title, item.abstract or "", **item.details, notes=notes)


def _described(paper: Paper, source: Source) -> Paper:
    """The paper with what a bibliography says of it, which goes before all guesses."""
    item = source.item
    if item is None or not item.title:
        return paper
    known = {name: value for name, value in item.details.items() if value}
    title = item.title
    if len(item.files) > 1 and source.path != item.files[0]:  # a supplement: the work itself is the first file
        title = f"{title} ({source.name})"
        known = {name: value for name, value in known.items() if name not in ("doi", "arxiv_id")}
    certainty = dict(paper.certainty) | dict.fromkeys(("title", *known), 1.0)
    known_certainty = tuple((name, value) for name, value in certainty.items() if paper.certainty)
    return replace(retitled(paper, title), **known, certainty=known_certainty)


def _in_brief(paper: Paper) -> Paper:
    """The paper's title and abstract, or the beginning of its text."""
    abstract = next((s for s in paper.sections if s.kind == "abstract"), None)
    start = abstract.start if abstract else len(paper.title)
    end = abstract.end if abstract else min(len(paper.text), start + _BRIEF_TEXT)
    text = f"{paper.title}\n\n{paper.text[start:end].strip()}"
    page = paper.page_at(start + len(paper.text[start:end]) - len(paper.text[start:end].lstrip()))
    pages = (Page(page.number, page.label, len(paper.title) + 2, len(text)),) if page else ()
    return replace(paper, text=text, pages=pages, sections=(), boxes=None, brief=True)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _old_version(own: dict[int, tuple[str, str]], reading: tuple[str, str], alone: bool) -> int | None:
    """Which of a source's `own` papers changed into `reading`: by the title, by the text, or as its only one."""
    by_title = [key for key, (title, _) in own.items() if title == reading[0]]
    by_text = [key for key, (_, digest) in own.items() if digest == reading[1]]
    return next(iter([*by_title, *by_text, *(own if alone else ())]), None)


# Corrections


def corrected(paper: Paper, corrections: dict[str, Any]) -> Paper:
    """A paper with the fields that a person has set, which are certain."""
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in corrections.items()}
    title = str(values.pop("title", paper.title))
    certainty = tuple((name, 1.0 if name in corrections else value) for name, value in paper.certainty)
    return replace(retitled(paper, title), **values, certainty=certainty)


def retitled(paper: Paper, title: str) -> Paper:
    """A paper with another title, which takes the old one's place in the text."""
    if title == paper.title:
        return paper
    old, new = len(paper.title), len(title)
    boxes = paper.boxes
    if boxes is not None:  # a longer title has places for as much of it as the old one had
        first = np.zeros((new, 4), np.uint16)
        first[: min(old, new)] = boxes[: min(old, new)]
        boxes = np.concatenate([first, boxes[old:]])

    def moved(position: int) -> int:
        return position + new - old if position >= old else min(position, new)

    return replace(
        paper,
        title=title,
        text=title + paper.text[old:],
        pages=tuple(replace(p, start=moved(p.start), end=moved(p.end)) for p in paper.pages),
        sections=tuple(replace(s, start=moved(s.start), end=moved(s.end)) for s in paper.sections),
        boxes=boxes,
    )
