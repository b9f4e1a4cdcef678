"""The place of the library: add papers, and, by its scripts, list, correct, tag and remove them."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from rag import Assistant, Progress, failure_lines
from rag.errors import FootnoteError

from ..events import PRIVATE, QUIET, html_area, show_errors
from ..place import PageParts, Place
from ..render import report_html
from ..session import Session
from ..sheet import add_sheet
from .ask import AskTab

MAX_FILES = 200  # of one upload


class LibraryTab:
    """Components and event handlers of the place; library-place.js fills the rest, and tells of what it has changed."""

    def __init__(self, assistant: Assistant, session: Session) -> None:
        self._assistant = assistant
        self._session = session
        self.files = gr.File(
            label="Add papers: drop PDF, HTML, Word, EPUB, Markdown, BibTeX or text files here",
            file_count="multiple",
            height=120,
        )
        self.upload_report = html_area(elem_id="upload-report")
        self.changed = gr.Textbox(elem_id="library-changed", label="Changes", container=False)
        gr.Column(elem_id="library-place")

    def connect(self, tab: gr.Tab, ask: AskTab) -> None:
        """Attach the event handlers. Changes update the state in the bar and the example questions."""
        about = [ask.header, ask.chatbot]
        tab.select(show_errors(self.about), None, about, **QUIET)
        self.changed.change(show_errors(self.about), None, about, trigger_mode="always_last", **QUIET)
        self.files.upload(
            show_errors(self.upload),
            self.files,
            [self.upload_report, self.files, *about],
            show_progress_on=self.files,
            concurrency_limit=1,
            **PRIVATE,
        )

    def about(self) -> list[Any]:
        return [self._session.header(), gr.update(examples=self._session.examples)]

    def upload(self, files: list[str] | None, progress: gr.Progress = gr.Progress()) -> list[Any]:  # noqa: B008
        def on_progress(step: Progress) -> None:
            progress((step.done, step.total) if step.total else 0, desc=step.stage, unit="files")

        if not files:
            return [gr.skip()] * 4
        try:
            done, failed = add_uploads(self._assistant, files, on_progress)
        except FootnoteError as error:
            done, failed = "Nothing was added.", [str(error)]
        return [report_html(done, failed), None, *self.about()]


def add_uploads(
    assistant: Assistant, files: Sequence[str], on_progress: Callable[[Progress], None]
) -> tuple[str, list[str]]:
    """Add uploaded files; return what was done, and a line for each file that failed."""
    if len(files) > MAX_FILES:
        return "Nothing was added.", [f"{len(files)} files are too many: an upload can have at most {MAX_FILES}."]
    report = assistant.add_uploads([(Path(file).name, Path(file)) for file in files], on_progress)
    return f"{report}.", failure_lines(report.failed)


def _build(parts: PageParts) -> None:
    LibraryTab(parts.assistant, parts.session).connect(parts.tab, parts.ask)


PLACE = Place("Library", 2, _build, add_sheet, ("library-place.js",))
