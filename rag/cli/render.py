"""Write to the terminal: results to stdout, messages and progress to stderr."""

from __future__ import annotations

import contextlib
import json
import logging
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..text.cleaning import clean, escape

if TYPE_CHECKING:
    from .. import Answer, Paper, Progress


_EMPTY_LINE = "\r\x1b[K"  # clears the line of a terminal


def say(message: str) -> None:
    """Write a message to stderr."""
    sys.stderr.write(f"{clean(message)}\n")


def print_text(text: str) -> None:
    """Write a result to stdout."""
    sys.stdout.write(f"{clean(text)}\n")


def print_json(value: Any, indent: int | None = 1) -> None:
    """Write a value to stdout as JSON, escaped for its encoding; on one line if `indent` is None."""
    unicode = (sys.stdout.encoding or "utf-8").lower().startswith("utf")
    sys.stdout.write(f"{escape(json.dumps(value, ensure_ascii=not unicode, indent=indent))}\n")


def byline(paper: Paper) -> str:
    """Return ` (Brook et al., 2001)`, or as much of it as is known."""
    authors = f"{paper.authors[0]}{' et al.' if len(paper.authors) > 1 else ''}" if paper.authors else ""
    known = ", ".join(filter(None, [authors, str(paper.year or "")]))
    return f" ({known})" if known else ""


def print_growing(answers: Iterator[Answer]) -> Answer:
    """Write the quotes once a model begins to read them, then its prose if it passes the check; return the last answer.

    Without a model only the last answer is written. In a terminal a line on stderr shows the model's progress.
    """
    print_one = print_answer if sys.stdout.isatty() else lambda each: print_text(str(each))
    quotes: Answer | None = None
    with _status_line() as show:
        for answer in answers:
            if answer.model and not answer.seconds:
                if quotes is None and not answer.refused:
                    quotes = replace(answer, notes=answer.notes[:-1])
                    print_one(quotes)
                    sys.stdout.flush()
                show("".join(answer.notes[-1:]))
    if quotes is None:
        print_one(answer)
    elif answer.mode == "llm":
        print_text("")
        print_one(answer)
    elif answer.quotes == quotes.quotes:
        print_text("\n".join(note for note in answer.notes if note not in quotes.notes))
    else:  # the quotes differ, since the model reworded the question
        print_text("")
        print_one(answer)
    return answer


@contextlib.contextmanager
def _status_line() -> Iterator[Callable[[str], None]]:
    """Show a status line on stderr, each replacing the one before, until the block ends; only in a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return

    def show(line: str) -> None:
        sys.stderr.write(f"{_EMPTY_LINE}{clean(line)[: shutil.get_terminal_size().columns - 1]}")
        sys.stderr.flush()

    try:
        yield show
    finally:
        sys.stderr.write(_EMPTY_LINE)


def print_answer(answer: Answer) -> None:
    """Write an answer to a terminal: its text in a frame, then each reference with its quote."""
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    console = Console(highlight=False)
    title = "No answer" if answer.refused else None
    console.print(Panel(Text(clean(answer.text)), title=title, title_align="left", padding=(1, 2)))
    for note in filter(None, [answer.scope_note(), *answer.notes]):
        console.print(Text(clean(note), style="italic"))
    for citation in answer.citations:
        console.print(Text(clean(str(citation)), style="bold"))
        if citation.link:
            console.print(Text(clean(f"    {citation.link}"), style="dim"))
    if answer.refused:
        console.print(Text("Nearest papers:"))
        for title in answer.nearest_titles():
            console.print(Text(clean(f"- {title}")))
    seconds = f"{sum(answer.seconds.values()) * 1000:.0f} ms" if answer.seconds else ""
    if status := " · ".join(filter(None, [answer.grounds, seconds])):
        console.print(Text(clean(status), style="dim"))


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[Progress], None]]:
    """Show the progress of an `add` or a rebuild on stderr: a line for each file, or a bar in a terminal."""
    if not sys.stderr.isatty():
        yield _ProgressPrinter().show
        return
    import rich.progress as bars
    from rich.console import Console

    columns = (
        bars.TextColumn("{task.description}"),
        bars.BarColumn(),
        bars.MofNCompleteColumn(),
        bars.TextColumn("{task.fields[rate]}"),
        bars.TimeElapsedColumn(),
        bars.TimeRemainingColumn(),
    )
    with bars.Progress(*columns, console=Console(stderr=True, highlight=False), transient=True) as bar:
        yield _ProgressPrinter(bar, bar.add_task(what, total=None, rate="")).show


class _ProgressPrinter:
    """Print a line for each finished file, `[3/20] kites.txt (2.1 files/s, 8 s left)`, or update a bar."""

    def __init__(self, bar: Any = None, task: Any = None) -> None:
        self._bar, self._task = bar, task
        self._stage, self._start, self._chunks = "", 0.0, 0

    def show(self, step: Progress) -> None:
        if step.stage != self._stage:  # each stage has its own rate
            self._stage, self._start, self._chunks = step.stage, time.monotonic(), step.chunks
            if self._bar:
                self._bar.reset(self._task, description=step.stage, total=step.total or None)
        seconds = max(time.monotonic() - self._start, 1e-3)
        rate = f"{step.done / seconds:.1f} files/s"
        if self._bar:
            chunks = f"{(step.chunks - self._chunks) / seconds:.0f} chunks/s"
            self._bar.update(self._task, completed=step.done, rate=f"{rate}, {chunks}")
        if not step.name:
            return
        line = f"{step.name}{': not read' if step.failed else ''}"
        if self._bar:
            self._bar.console.print(clean(line), markup=False)
        else:
            left = seconds * (step.total - step.done) / step.done
            say(f"[{step.done}/{step.total}] {line} ({rate}{f', {_duration(left)} left' if left else ''})")


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"


class Stderr(logging.Handler):
    """Write log messages to the current `sys.stderr`, with tracebacks if `debug` is set."""

    def __init__(self, debug: bool) -> None:
        super().__init__()
        self._debug = debug

    def emit(self, record: logging.LogRecord) -> None:
        say(self.format(record) if self._debug else record.getMessage())
