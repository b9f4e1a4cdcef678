"""Add sources to a library: plan, read, embed in groups, and store each paper in its own transaction."""

import os
import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..errors import AddInterrupted, SourceError
from ..reading.sources import Reading
from ..reports import AddReport
from ..store import word_index
from ..store.papers import NOT_FOUND, PARTLY, Failed, Records, StoredChunk
from ..types import Failure, LeftOut, Paper, PaperRef
from . import plan
from .corrections import corrected
from .failures import as_reason, from_reason
from .files import is_missing
from .jobs import Job, Pending
from .locate import Located, Source
from .plan import PaperAction, PaperKey, StoredPapers
from .progress import ABSTRACTS, CHANGES, PAPERS, Progress, ProgressReporter
from .read import abstract_of, read_ahead

GROUP_TEXT = 200_000  # characters that are embedded together: efficient batches, progress every second or two
_GROUP_PAPERS = 48
MIN_ABSTRACTS_FIRST = 16  # with so many new PDFs, all abstracts are stored before the full texts
_PROGRESS_AFTER_SECONDS = 2.0  # of looking for changes
_MAX_NAMED = 20  # sources that are named when work was interrupted

Embed = Callable[[Sequence[Paper]], list[tuple[list[StoredChunk], NDArray[np.float32]]]]
"""Returns the chunks of each paper with their vectors, and the vector of the whole paper."""


class Adding:
    """One run of `Library.add`; fills `report`."""

    def __init__(
        self,
        records: Records,
        embed: Embed,
        check_settings: Callable[[], None],
        report: AddReport,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.records = records
        self.embed = embed
        self.check_settings = check_settings  # raises if the library was rebuilt with other settings
        self.report = report
        self.progress = ProgressReporter(on_progress)
        self.known: dict[PaperKey, int | Pending] = dict(records.readings())
        self.sources = records.sources()
        self.failures = records.failures()
        self.brief = records.brief_papers()
        self.jobs: list[Job] = []
        self.pending: list[Pending] = []
        self.touched: set[int] = set()  # added or updated in this run
        self.unchanged: dict[int, None] = {}

    def run(self, located: Located) -> None:
        """Store the abstracts of many new PDFs first, then read all new sources, then drop what is gone."""
        left: list[str] = []
        self.report.passed_over = dict(located.passed_over)
        try:
            for location, failure in located.found_failures.items():
                self._report_not_found(location, failure)
            new = self._new_sources(located.sources)
            left = [source.name for source, _ in new]
            unread = [pair for pair in new if pair[0].is_pdf and pair[0].location not in self.sources]
            if len(unread) >= MIN_ABSTRACTS_FIRST:
                self._read_all(ABSTRACTS, unread, [], brief=True)
            self._read_all(PAPERS, new, left, brief=False)
            self._drop(located)
            if self.report.removed:
                with self.records.transaction(of_papers=False) as db:
                    word_index.overwrite_removed(db)
                self.records.overwrite_log()
        except KeyboardInterrupt as error:
            names = list(dict.fromkeys([*(job.name for job in self.jobs), *left]))
            more = f" and {len(names) - _MAX_NAMED:,} more" if len(names) > _MAX_NAMED else ""
            raise AddInterrupted(
                f"Stopped: {self.progress.now.papers} papers are stored. Not done: "
                f"{', '.join(names[:_MAX_NAMED]) or 'nothing'}{more}. Add them again to continue."
            ) from error
        finally:
            refs = self.records.refs([key for key in self.unchanged if key not in self.touched])
            self.report.unchanged = list(refs.values())

    # Which sources to read

    def _new_sources(self, sources: list[Source]) -> list[tuple[Source, str]]:
        found = self._with_digests(sources)
        digests = {digest for _, digest in found}
        missing = {old for old, (_, known) in self.sources.items() if known in digests and not os.path.exists(old)}
        stored = plan.StoredSources(
            {location: digest for location, (_, digest) in self.sources.items()},
            self.failures,
            missing,
            self.records.removals(),
        )
        new = []
        for do, source, detail in plan.plan_sources(found, stored):
            if do == "read":
                new.append((source, detail))
            elif do == "rename":
                self._rename(detail, source)
            elif do == "removed":
                self.report.left_out.append(LeftOut("", source.name))
            elif do == "failed before" and source.named:
                self.report.failed += from_reason(source.name, detail)
            else:
                if do == "failed before":
                    self.report.failed_before += from_reason(source.name, detail)
                if source.location in self.sources:
                    self.unchanged.update(dict.fromkeys(self.records.entries(self.sources[source.location][0])))
        return new

    def _with_digests(self, sources: list[Source]) -> list[tuple[Source, str]]:
        found = []
        started = time.monotonic()
        for count, source in enumerate(sources, 1):
            if time.monotonic() - started > _PROGRESS_AFTER_SECONDS:
                self.progress.start(CHANGES, len(sources), count)
                self.progress.report()
            try:
                found.append((source, source.digest()))
            except SourceError as error:
                self._fail(source, None, str(error))
        return found

    def _rename(self, old: str, source: Source) -> None:
        with self.records.transaction() as db:
            self.records.move_source(db, old, source.location, source.name)
            self.records.move_removals(db, old, source.location)
        self.sources[source.location] = self.sources.pop(old)

    # Failures

    def _fail(self, source: Source, digest: str | None, reason: str) -> None:
        failure = Failure(source.name, None, reason)
        if digest is None and not source.named:
            self._report_not_found(source.location, failure)
            return
        self.report.failed.append(failure)
        if digest is not None:
            self._store_failure(source.location, failure, digest)

    def _report_not_found(self, location: str, failure: Failure) -> None:
        """Report what a folder or bibliography leads to and cannot be read; as `failed` only for the first time."""
        known = self.failures.get(location)
        if known and (known.digest, known.reason) == (NOT_FOUND, as_reason([failure])):
            self.report.failed_before.append(failure)
            return
        self.report.failed.append(failure)
        self._store_failure(location, failure, NOT_FOUND)

    def _store_failure(self, location: str, failure: Failure, digest: str) -> None:
        with self.records.transaction(of_papers=digest != NOT_FOUND) as db:
            self.records.put_failure(db, Failed(location, failure.source, digest, as_reason([failure])))

    # Reading

    def _read_all(self, stage: str, sources: list[tuple[Source, str]], left: list[str], *, brief: bool) -> None:
        """Read sources and store their papers; remove the name of each source from `left` when it is read."""
        self.progress.start(stage, len(sources))
        for source, digest, reading in read_ahead(sources, brief):
            if not isinstance(reading, SourceError):
                self._take(source, None if brief else digest, reading)
            else:
                if not brief:  # else it fails again when it is read completely
                    self._fall_back(source, str(reading))
                    self._fail(source, digest, str(reading))
                self.progress.source_done(source.name, failed=True)
            if left:
                left.remove(source.name)
            self._store_ready()
        self._store_ready(everything=True)

    def _fall_back(self, source: Source, reason: str) -> None:
        """Use what was read of an unreadable file before, or its abstract in a bibliography."""
        held = self.records.entries(self.sources[source.location][0]) if source.location in self.sources else []
        if not held and source.item and source.item.abstract:
            note = f"only its abstract is here; the file could not be read: {reason}"
            self._take(source, None, Reading([replace(abstract_of(source.item), notes=(note,))])).reported = True
        for key in held:
            with self.records.transaction() as db:
                paper = self.records.at(key)
                if paper is None:  # it was just removed
                    continue
                what = "only its abstract is here; the" if paper.brief else "this is its text as it was; the changed"
                note = f"{what} file could not be read: {reason}"
                wanted = replace(paper, brief=False, notes=tuple(dict.fromkeys((*paper.notes, note))))
                self.records.put_details(db, key, wanted, self.records.corrections(key))

    def _take(self, source: Source, digest: str | None, reading: Reading) -> Job:
        """Plan what to do with the papers of a source, and do what needs no embedding."""
        self.report.failed += reading.failures
        job = Job(source.location, source.name, source.named, digest, failures=reading.failures)
        self.jobs.append(job)
        with self.records.transaction() as db:
            job.source = self.records.put_source(db, job.location, job.name)
            self.records.forget_failures(db, [job.location])
            stored = self._stored_papers(db, job, [plan.key_of(paper) for paper in reading.papers])
            for action in plan.plan_papers(reading.papers, stored):
                self._carry_out(db, action, job, stored, is_only_paper=len(reading.papers) == 1)
        self.sources[source.location] = (job.source, None)
        return job

    def _stored_papers(self, db: sqlite3.Connection, job: Job, keys: Sequence[PaperKey]) -> StoredPapers:
        """Return what is stored of a source's papers, and link those that are stored as they were read."""
        records = self.records
        if job.named:
            records.bring_back(db, job.location, keys)
        for key in keys:
            if isinstance(stored := self.known.get(key), int) and records.reading(stored) is None:
                del self.known[key]  # it was removed meanwhile
        known = {key: self.known[key] for key in keys if key in self.known}
        same = {stored for stored in known.values() if isinstance(stored, int)}
        held = records.entries(job.source)
        for stored in same:  # now, so that no other source replaces it
            records.link(db, job.source, stored)
        self.unchanged.update(dict.fromkeys(stored for stored in known.values() if isinstance(stored, int)))
        replaceable = {
            stored: was
            for stored in held
            if stored not in same
            and (stored in self.brief or records.sources_of(stored) == [job.source])
            and (was := records.reading(stored))
        }
        unknown = [] if job.named else [key for key in keys if key not in known]
        is_only_paper = len(keys) == 1
        return StoredPapers(
            known={key: stored if isinstance(stored, int) else None for key, stored in known.items()},
            replaceable=replaceable,
            described={stored for stored in same if records.sources_of(stored)[:1] == [job.source]},
            removed={k for k in unknown if records.is_removed(db, job.location, k, is_only_paper=is_only_paper)},
            surely_removed={key for key in unknown if records.is_removed_as_read(db, key)},
            held=len(held),
        )

    def _carry_out(
        self, db: sqlite3.Connection, action: PaperAction, job: Job, stored: StoredPapers, *, is_only_paper: bool
    ) -> None:
        records = self.records
        if action.do == "refresh" and action.stored is not None:
            before = records.at(action.stored)
            assert before is not None  # nothing is removed within the transaction
            action = plan.plan_refresh(action, before, records.corrections(action.stored))
        _, paper, key, old = action
        if action.do == "leave out":
            self._leave_out(db, job, paper.title, key, is_only_paper=is_only_paper)
            return
        if action.do == "describe" and old is not None:
            records.put_details(db, old, paper, records.corrections(old))
            self.touched.add(old)
            self.report.updated.append(PaperRef(paper.id, paper.title))
        elif action.do in ("add", "update"):
            if old is not None and old in stored.replaceable:  # its key now has another text
                self.known.pop(stored.replaceable[old], None)
                self.brief.discard(old)
            self.known[key] = pending = Pending(paper, key, job, old)
            self.pending.append(pending)
        job.papers.append(self.known[key])

    def _leave_out(self, db: sqlite3.Connection, job: Job, title: str, key: PaperKey, *, is_only_paper: bool) -> None:
        self.records.keep_out(db, job.location, key, is_only_paper=is_only_paper)
        if LeftOut(title, job.name) not in self.report.left_out:  # its abstract was left out before
            self.report.left_out.append(LeftOut(title, job.name))

    # Storing

    def _store_ready(self, everything: bool = False) -> None:
        """Embed and store pending papers, once there are enough for a group, and finish the sources they complete."""
        while group := self._group(everything):
            for pending in group:
                self._apply_corrections(pending)
            for pending, (chunks, vector) in zip(group, self.embed([p.paper for p in group]), strict=True):
                while not self._store(pending, chunks, vector):
                    self._apply_corrections(pending)
                    chunks, vector = self.embed([pending.paper])[0]
                self.pending.pop(0)
            self.progress.report()
        for job in [job for job in self.jobs if job.is_ready]:
            # A paper that a source lost may be in a source that is read later, so such a source is finished last.
            if everything or set(self.records.entries(job.source)) <= job.stored:
                self.jobs.remove(job)
                self._finish(job)
        self.progress.report()

    def _group(self, everything: bool) -> list[Pending]:
        """Return the first pending papers that fill a group; none if there are too few."""
        length = 0
        for count, pending in enumerate(self.pending, 1):
            length += len(pending.paper.text)
            if length >= GROUP_TEXT or count >= _GROUP_PAPERS:
                return self.pending[:count]
        return self.pending[:] if everything else []

    def _apply_corrections(self, pending: Pending) -> None:
        if pending.stored is not None:
            pending.corrections = self.records.corrections(pending.stored)
            pending.paper = corrected(pending.paper, pending.corrections)

    def _store(self, pending: Pending, chunks: list[StoredChunk], vector: NDArray[np.float32]) -> bool:
        """Store a paper, unless it was removed meanwhile; return False if the user corrected it meanwhile."""
        records, job, old = self.records, pending.job, pending.stored
        with records.transaction() as db:
            self.check_settings()
            is_update = old is not None and records.reading(old) is not None
            if old is not None and is_update and records.corrections(old) != pending.corrections:
                return False
            job.source = records.put_source(db, job.location, job.name)
            if self._was_removed(db, pending, was_stored=old is not None and not is_update):
                return True
            key = records.put_paper(
                db,
                pending.paper,
                vector,
                chunks,
                reading=pending.key,
                corrections=pending.corrections,
                key=old if is_update else None,
            )
            records.link(db, job.source, key)
            ref = records.refs([key])[key]
        pending.stored, pending.done = key, True
        if pending.paper.brief:
            self.brief.add(key)
        pending.paper = replace(pending.paper, boxes=None)  # frees most of its memory
        if key not in self.touched:
            (self.report.updated if is_update else self.report.added).append(ref)
        self.progress.stored(0 if key in self.touched else 1, len(chunks))
        self.touched.add(key)
        return True

    def _was_removed(self, db: sqlite3.Connection, pending: Pending, *, was_stored: bool) -> bool:
        """Return whether the user removed a paper since it was read, and leave it out then."""
        records, job, only = self.records, pending.job, len(pending.job.papers) == 1
        removed = records.is_removed_as_read(db, pending.key) or (
            was_stored and records.is_removed(db, job.location, pending.key, is_only_paper=only)
        )
        if removed:
            self._leave_out(db, job, pending.paper.title, pending.key, is_only_paper=only)
            self.known.pop(pending.key, None)
            pending.stored, pending.done = None, True
        return removed

    def _finish(self, job: Job) -> None:
        """Store what a source holds now; remove the papers that no source holds any longer."""
        with self.records.transaction() as db:
            job.source = self.records.put_source(db, job.location, job.name)
            for key in job.stored:
                self.records.link(db, job.source, key)
            if job.digest is not None and job.failures:
                failed = Failed(job.location, job.name, PARTLY + job.digest, as_reason(job.failures))
                self.records.put_failure(db, failed)
            elif job.digest is not None:
                self._remove(db, self.records.finish_source(db, job.source, job.digest, job.stored))
        if not job.reported:
            self.progress.source_done(job.name)

    def _drop(self, located: Located) -> None:
        """Delete the sources that are gone from their folders, and the papers that no other source holds."""
        gone = plan.sources_to_drop(located, self.sources, _is_gone)
        not_found = [location for location, failed in self.failures.items() if failed.digest == NOT_FOUND]
        others = self.failures.keys() - set(not_found)
        failures = [*plan.failures_to_forget(located, not_found), *plan.sources_to_drop(located, others, _is_gone)]
        if not gone and not failures:
            return
        with self.records.transaction() as db:
            self.records.forget_failures(db, failures)
            for location in gone:
                self._remove(db, self.records.drop_source(db, location))

    def _remove(self, db: sqlite3.Connection, papers: Iterable[int]) -> None:
        refs = self.records.refs(list(papers))
        for key in refs:
            self.records.remove_paper(db, key)
        self.report.removed += refs.values()


def _is_gone(location: str) -> bool:
    return is_missing(Path(location))
