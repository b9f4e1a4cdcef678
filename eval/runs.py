"""Runs that take their time: they tell how far they are, and one that was stopped goes on where it was."""

from __future__ import annotations

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
from rag.ingest.run import Progress
from rag.types import AddReport

_ROOT = Path(__file__).parents[1]
_EVERY = 10.0  # seconds between two lines on how far a run is

T = TypeVar("T")
Row = dict[str, Any]


@contextlib.contextmanager
def unfinished(out: Path, *made_of: object) -> Iterator[Path]:
    """A folder in `out` for what a run has done so far; it is kept if the run is stopped, and removed at its end.

    `made_of` says what the run is made of, by its `repr`, which must be the same in each process. A run made of
    anything else, by other code or with other settings finds the folder empty.
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
    """The row of each item, in order: made, or read back from `path`, where each is written as soon as it is made.

    Args:
        path: a file of JSON lines; a last line that was cut off is made again.
        items: by names that tell them apart.
        make: makes a row that JSON holds as it is.
        what: what the rows are, for telling how far the run is.
    """
    done: dict[str, Row] = {}
    for line in path.read_text(encoding="utf-8").split("\n") if path.is_file() else []:
        with contextlib.suppress(ValueError):
            done.update([json.loads(line)])
    with path.open("a", encoding="utf-8") as file:
        for name in shown([name for name in items if name not in done], what):
            done[name] = make(items[name])
            file.write("\n" + json.dumps([name, done[name]]))  # the line before may have been cut off
            file.flush()
    return [done[name] for name in items]


def add_papers(assistant: Assistant, paths: Sequence[str | Path]) -> AddReport:
    """`assistant.add`; stderr has how far it is, and what could not be read."""
    tell = _teller()

    def show(progress: Progress) -> None:
        tell(f"adding: {progress.papers:,} papers, {progress.chunks:,} chunks")

    report = assistant.add(paths, show)
    for failure in report.failed:
        sys.stderr.write(f"not read: {failure}\n")
    return report


def shown(items: Sequence[T], what: str) -> Iterator[T]:
    """The items; stderr has how far it is: a bar where it is a terminal, else a line now and then."""
    if sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import track

        yield from track(items, what, console=Console(stderr=True))
        return
    tell = _teller()
    for number, item in enumerate(items):
        tell(f"{what}: {number} of {len(items)}")
        yield item


def code_digest(folders: Sequence[Path] = (_ROOT / "rag", _ROOT / "eval")) -> str:
    """The sha256 of all code and weights in folders: what other code made is not gone on with."""
    files = [path for folder in folders for kind in ("*.py", "weights.json") for path in sorted(folder.rglob(kind))]
    digest = hashlib.sha256()
    for path in files:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _teller() -> Callable[[str], None]:
    """Writes a line to stderr, but no more than one in ten seconds."""
    told = time.monotonic()

    def tell(line: str) -> None:
        nonlocal told
        if time.monotonic() - told >= _EVERY:
            told = time.monotonic()
            sys.stderr.write(f"{line}\n")

    return tell
