"""The place of the library: add papers, and, by its scripts, list, correct, tag and remove them."""

from typing import Any

import gradio as gr

from rag import Progress

from ..adding import Adding
from ..events import PRIVATE, QUIET, show_errors
from ..place import PageParts, Place
from ..sheet import add_sheet
from .ask import AskTab


class LibraryTab:
    """Components and event handlers of the place; library-place.js fills the rest, and tells of what it has changed."""

    def __init__(self, adding: Adding) -> None:
        self._adding = adding
        self.files = gr.File(
            label="Add papers: drop PDF, HTML, Word, EPUB, Markdown, BibTeX or text files here",
            file_count="multiple",
            height=76,
        )
        gr.Column(elem_id="library-place")

    def connect(self, tab: gr.Tab, ask: AskTab) -> None:
        """Attach the event handlers. What is added is also shown by the other places."""

        def upload(files: list[str] | None, progress: gr.Progress = gr.Progress()) -> list[Any]:  # noqa: B008
            def on_progress(step: Progress) -> None:
                progress((step.done, step.total) if step.total else 0, desc=step.stage, unit="files")

            if files:
                self._adding.add_uploads(files, on_progress)  # news.js shows what was done
            return [None, *ask.about_library()]

        tab.select(show_errors(ask.about_library), None, ask.library_parts, **QUIET)
        self.files.upload(
            show_errors(upload),
            self.files,
            [self.files, *ask.library_parts],
            show_progress_on=self.files,
            concurrency_limit=1,
            **PRIVATE,
        )


def _build(parts: PageParts) -> None:
    LibraryTab(parts.adding).connect(parts.tab, parts.ask)


PLACE = Place("Library", 2, _build, add_sheet, ("library-place.js",))
