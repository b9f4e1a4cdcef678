"""Support long runs: report progress, and resume interrupted runs."""

import contextlib
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from rag.assistant import Assistant
from rag.config import load_settings
from rag.ingest.progress import Progress
from rag.reports import AddReport

_ROOT = Path(__file__).parents[1]
_PROGRESS_SECONDS = 10.0

T = TypeVar("T")
Row = dict[str, Any]


@contextlib.contextmanager
def unfinished(out: Path, *made_of: object) -> Iterator[Path]:
    """Yield a folder in `out` for partial results, which is kept if the run is stopped, and removed at its end.

    The `repr` of `made_of` identifies the run, and must be the same in each process. The folder is emptied if the run,
    the code or the settings have changed.
    """
    folder = out / "unfinished-run"
    mark = folder / "made_of"
    settings = load_settings().model_dump(exclude={"library"})
    key = hashlib.sha256(repr((made_of, settings, code_digest())).encode("utf-8", "backslashreplace")).hexdigest()
    if not mark.is_file() or mark.read_text() != key:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        mark.write_text(key)
    yield folder
    shutil.rmtree(folder)


def each_once(path: Path, items: Mapping[str, T], make: Callable[[T], Row], what: str) -> list[Row]:
    """Return the row of each item, in order. Rows already in `path` are read, others computed and written there.

    `path` is a file of JSON lines; a truncated last line is computed again. `items` maps unique names to items; `make`
    returns a row that survives a round trip through JSON. `what` names the items in progress messages.
    """
    done: dict[str, Row] = {}
    for line in path.read_text(encoding="utf-8").split("\n") if path.is_file() else []:
        with contextlib.suppress(ValueError):
            done.update([json.loads(line)])
    with path.open("a", encoding="utf-8") as file:
        for name in shown([name for name in items if name not in done], what):
            done[name] = make(items[name])
            file.write("\n" + json.dumps([name, done[name]]))  # the previous line may be truncated
            file.flush()
    return [done[name] for name in items]


def add_papers(assistant: Assistant, paths: Sequence[str | Path]) -> AddReport:
    """Add papers; write progress and failures to stderr."""
    write = _throttled_writer()

    def show(progress: Progress) -> None:
        write(f"adding: {progress.papers:,} papers, {progress.chunks:,} chunks")

    report = assistant.add(paths, show)
    for failure in report.failed:
        sys.stderr.write(f"not read: {failure}\n")
    return report


def shown(items: Sequence[T], what: str) -> Iterator[T]:
    """Yield the items and show progress on stderr: a bar in a terminal, otherwise a line now and then."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track

        yield from track(items, what, console=Console(stderr=True))
        return
    write = _throttled_writer()
    for number, item in enumerate(items):
        write(f"{what}: {number} of {len(items)}")
        yield item


def code_digest(folders: Sequence[Path] = (_ROOT / "rag", _ROOT / "eval")) -> str:
    """Return the sha256 of all code and weights in folders, so that results of other code are not reused."""
    files = [path for folder in folders for kind in ("*.py", "weights.json") for path in sorted(folder.rglob(kind))]
    digest = hashlib.sha256()
    for path in files:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _throttled_writer() -> Callable[[str], None]:
    """Return a function that writes lines to stderr, dropping those that come too soon after the last one."""
    last = time.monotonic()

    def write(line: str) -> None:
        nonlocal last
        if time.monotonic() - last >= _PROGRESS_SECONDS:
            last = time.monotonic()
            sys.stderr.write(f"{line}\n")

    return write
