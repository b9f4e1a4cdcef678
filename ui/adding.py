"""Add papers in the background: adding continues when the page is reloaded, and all tabs show its progress."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rag import AddReport, Assistant, FootnoteError, Progress, failure_lines
from rag.types import Failure

from .events import error_message

MAX_FILES = 200  # of one upload
_MAX_FAILURES = 20  # that are named
_MAX_UNREAD = 200  # uploads that are remembered
_SAMPLE = Path(__file__).parents[1] / "eval" / "sample"
_SAMPLE_TAG = "sample"  # by which its papers can be found again, and removed

OnProgress = Callable[[Progress], None]


@dataclass(frozen=True)
class State:
    """The progress or outcome of an add: a line of text, how many of the files are done, and a line per failed file."""

    is_running: bool
    text: str
    done: int = 0
    total: int = 0
    failed: tuple[str, ...] = ()


_BEGUN = State(True, "Adding papers")


class Adding:
    """Adds papers, one upload after another. Thread-safe."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._turn = threading.Lock()
        self._state: State | None = None
        self._unread: dict[str, str] = {}

    def state(self) -> dict[str, Any] | None:
        """Return the running or last add as JSON values; None if there is none, or it was dismissed."""
        return asdict(self._state) if self._state else None

    def dismiss(self) -> None:
        """Dismiss the outcome of the last add."""
        if self._state and not self._state.is_running:
            self._state = None

    def unread(self) -> dict[str, str]:
        """Return the uploads that could not be read since the start, by name, with the reason.

        The library keeps no copy of them, so its record does not name them.
        """
        return dict(self._unread)

    def forget(self, name: str) -> None:
        """Dismiss an upload that could not be read."""
        self._unread.pop(name, None)

    def start_sample(self) -> None:
        """Start adding the sample collection."""
        self._start(lambda: self._add(self._add_sample, lambda _: None))

    def start_path(self, path: Path) -> None:
        """Start adding a file, a folder or a Zotero library on this machine."""
        self._start(lambda: self._add(lambda report: self._assistant.add([path], report), lambda _: None))

    def start_uploads(self, files: Sequence[str], not_uploaded: Mapping[str, str]) -> None:
        """Start adding uploaded files; `not_uploaded` has those that the browser could not send, with the reason."""
        self._start(lambda: self.add_uploads(files, lambda _: None, not_uploaded))

    def add_uploads(
        self, files: Sequence[str], on_progress: OnProgress, not_uploaded: Mapping[str, str] | None = None
    ) -> None:
        """Add uploaded files, and keep the outcome as the state."""
        named = [(Path(file).name, Path(file)) for file in files]
        missing = [Failure(name, None, why) for name, why in (not_uploaded or {}).items()]
        self._add(lambda report: self._add_named(named, missing, report), on_progress)

    def _add_named(
        self, named: Sequence[tuple[str, Path]], missing: Sequence[Failure], report: OnProgress
    ) -> AddReport:
        if len(named) > MAX_FILES:
            raise FootnoteError(f"{len(named)} files are too many: an upload can have at most {MAX_FILES}.")
        done = self._assistant.add_uploads(named, report) if named else AddReport()
        done.failed.extend(missing)
        for name, _ in named:
            self._unread.pop(name, None)
        unread = self._unread | {each.source: each.reason for each in done.failed if each.line is None}
        self._unread = dict(list(unread.items())[-_MAX_UNREAD:])
        return done

    def _start(self, add: Callable[[], object]) -> None:
        self._state = self._state if self._state and self._state.is_running else _BEGUN
        threading.Thread(target=add, name="footnote-add", daemon=True).start()

    def _add_sample(self, report: OnProgress) -> AddReport:
        # Files and not their folder: named, they also come back after they were removed.
        added = self._assistant.add(sorted(_SAMPLE.glob("*.md")), report)
        for paper in added.added:
            self._assistant.edit(paper.id, tags=[_SAMPLE_TAG])
        return added

    def _add(self, add: Callable[[OnProgress], AddReport], on_progress: OnProgress) -> None:
        def report(step: Progress) -> None:
            text = f"Adding papers: {step.done:,} of {step.total:,} files read, {step.papers:,} papers so far"
            self._state = State(True, text, step.done, step.total)
            on_progress(step)

        with self._turn:
            self._state = _BEGUN
            try:
                done = add(report)
            except Exception as error:  # noqa: BLE001  # logged if it is unexpected, and shown
                self._end("Nothing was added.", [error_message(error)])
            else:
                self._end(f"{done}.", failure_lines(done.failed))

    def _end(self, text: str, failed: list[str]) -> None:
        more = [f"{len(failed) - _MAX_FAILURES:,} more files failed."] if len(failed) > _MAX_FAILURES else []
        self._state = State(False, text, failed=(*failed[:_MAX_FAILURES], *more))
