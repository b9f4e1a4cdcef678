"""The Library tab: list, upload, correct and remove papers."""

import contextlib
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import gradio as gr

from rag import Assistant, Paper, Progress, failure_lines, readable
from rag.errors import FootnoteError, SourceError, UnknownPaper

from ..events import PRIVATE, QUIET, html_area, result_or_error, show_errors
from ..paper_list import choices
from ..place import PageParts, Place
from ..render import report_html, tables_html, text_html
from ..session import Session
from .ask import AskTab

MAX_FILES = 200  # of one upload
MAX_ROWS = 500  # of the table
_HEADERS = ["Title", "Authors", "Year", "Source", "Passages", "Added", "Tags", "Id"]
_FIELDS = ("title", "authors", "year", "venue", "doi", "arxiv_id", "citekey", "tags")
_NO_METADATA = [""] * len(_FIELDS)
_CHOOSE = "Choose a paper first."

Choices = list[tuple[str, str]]


class LibraryTab:
    """Components and event handlers of the tab."""

    def __init__(self, assistant: Assistant, session: Session) -> None:
        self._assistant = assistant
        self._session = session
        self.files = gr.File(
            label="Add papers: drop PDF, HTML, Word, EPUB, Markdown, BibTeX or text files here",
            file_count="multiple",
            height=140,
        )
        self.upload_report = html_area(elem_id="upload-report")
        self.words = gr.Textbox(label="Search the table", placeholder="Title, author, tag or file", elem_id="words")
        self.note = html_area(elem_id="shown-papers")
        self.table = gr.Dataframe(
            headers=_HEADERS,
            datatype=["str", "str", "number", "str", "number", "str", "str", "str"],
            column_widths=["34%", "18%", "70px", "18%", "100px", "120px", "12%", "150px"],
            wrap=True,
            interactive=False,
            label="Papers",
            max_height=520,
            buttons=[],
            elem_id="papers",
        )
        self._make_editor()
        with gr.Accordion("Files that could not be read", open=False):
            self.unread = html_area()

    def _make_editor(self) -> None:
        with gr.Accordion("Correct, tag or remove a paper", open=True):
            self.chosen = gr.Dropdown(
                [],
                value=None,
                label="Paper",
                info="Or click its row in the table",
                interactive=True,
                allow_custom_value=True,
            )
            with gr.Row():
                title = gr.Textbox(label="Title", scale=3)
                authors = gr.Textbox(label="Authors, separated by semicolons", scale=3)
                year = gr.Textbox(label="Year", scale=1)
            with gr.Row():
                rest = [gr.Textbox(label=label) for label in ("Venue", "DOI", "arXiv id", "Citation key")]
            tags = gr.Textbox(label="Tags, separated by semicolons")
            self.fields = [title, authors, year, *rest, tags]
            with gr.Row():
                self.save_button = gr.Button("Save", variant="primary", size="sm")
                self.remove_button = gr.Button("Remove the paper", size="sm")
                self.confirm_button = gr.Button("Really remove it", variant="stop", size="sm", visible=False)
            self.message = html_area(elem_id="edit-report")
        with gr.Accordion("Tables of the paper", open=False):
            self.tables = html_area(elem_id="paper-tables")

    def connect(self, tab: gr.Tab, ask: AskTab) -> None:
        """Attach the event handlers. Changes also update the header and the examples of the Ask tab."""
        rows = [self.table, self.chosen, self.note]
        listed = [*rows, self.unread, ask.header, ask.chatbot]
        editor = [*self.fields, self.confirm_button, self.message, self.tables]
        tab.select(show_errors(self.listing), [self.words, self.chosen], listed, **QUIET)
        self.words.change(
            show_errors(self.filtered),
            [self.words, self.chosen],
            rows,
            trigger_mode="always_last",
            concurrency_limit=1,
            **QUIET,
        )
        self.files.upload(
            show_errors(self.upload),
            [self.files, self.words],
            [self.upload_report, self.files, *listed],
            show_progress_on=self.files,
            concurrency_limit=1,
            **PRIVATE,
        )
        # `input`, not `change`: after a removal the message has to stay.
        self.chosen.input(show_errors(self.choose), self.chosen, editor, **QUIET)
        self.table.select(show_errors(self.clicked), None, [self.chosen, *editor], **QUIET)
        self.save_button.click(
            show_errors(self.save), [self.words, self.chosen, *self.fields], [*listed, self.message], **QUIET
        )
        self.remove_button.click(
            show_errors(self.ask_to_confirm), self.chosen, [self.confirm_button, self.message], **QUIET
        )
        self.confirm_button.click(show_errors(self.remove), [self.words, self.chosen], [*listed, *editor], **QUIET)

    def filtered(self, words: str, chosen: str | None) -> list[Any]:
        rows, options, note = list_papers(self._assistant, words)
        is_there = bool(chosen and self._assistant.stored([chosen]))
        return [rows, gr.update(choices=options, value=chosen if is_there else None), text_html(note)]

    def listing(self, words: str, chosen: str | None = None) -> list[Any]:
        unread = unread_files(self._assistant)
        return [
            *self.filtered(words, chosen),
            report_html("" if unread else "There are none.", unread),
            self._session.header(),
            gr.update(examples=self._session.examples),
        ]

    def upload(self, files: list[str] | None, words: str, progress: gr.Progress = gr.Progress()) -> list[Any]:  # noqa: B008
        def on_progress(step: Progress) -> None:
            progress((step.done, step.total) if step.total else 0, desc=step.stage, unit="files")

        if not files:
            return [gr.skip()] * 8
        try:
            done, failed = add_uploads(self._assistant, files, on_progress)
        except FootnoteError as error:
            done, failed = "Nothing was added.", [str(error)]
        return [report_html(done, failed), None, *self.listing(words)]

    def choose(self, name: str | None) -> list[Any]:
        fields, tables = _NO_METADATA, text_html(_CHOOSE)
        if name:
            with contextlib.suppress(UnknownPaper):  # it was removed meanwhile
                fields = metadata(self._assistant.paper(name))
                tables = tables_html(self._assistant.tables(name), "No table was found in this paper.")
        return [*fields, gr.update(visible=False), "", tables]

    def clicked(self, event: gr.SelectData) -> list[Any]:
        name = event.row_value[-1] if event.row_value else None
        return [name, *self.choose(name)]

    def save(self, words: str, name: str | None, *values: str) -> list[Any]:
        done = result_or_error(correct, self._assistant, name, values) if name else _CHOOSE
        return [*self.listing(words, name), text_html(done)]

    def ask_to_confirm(self, name: str | None) -> list[Any]:
        message = _removal_warning(self._assistant.paper(name)) if name else _CHOOSE
        return [gr.update(visible=bool(name)), text_html(message)]

    def remove(self, words: str, name: str) -> list[Any]:
        done = result_or_error(lambda: f"Removed: {readable(self._assistant.remove(name).title)}")
        return [*self.listing(words), *_NO_METADATA, gr.update(visible=False), text_html(done), text_html(_CHOOSE)]


def list_papers(assistant: Assistant, words: str = "") -> tuple[list[list[Any]], Choices, str]:
    """Return the first papers that contain all words, as rows of the table and as choices, and a note on the others."""
    shown, found, _ = assistant.papers_page(words, limit=MAX_ROWS)
    stored = assistant.stored([paper.id for paper in shown])
    rows = [
        [
            readable(paper.title),
            "; ".join(paper.authors),
            paper.year,
            ", ".join(paper.sources),
            stored[paper.id].chunks,
            stored[paper.id].added[:10],
            ", ".join(paper.tags),
            paper.id,
        ]
        for paper in shown
        if paper.id in stored
    ]
    note = f"The first {MAX_ROWS:,} of {found:,} papers are shown. Search to find others."
    return rows, choices(shown), note if found > MAX_ROWS else ""


def unread_files(assistant: Assistant) -> list[str]:
    """Return a line for each of the first files that could not be read, and how many more there are."""
    lines = [str(failure) for failure in assistant.failures()]
    more = len(lines) - MAX_ROWS
    return [*lines[:MAX_ROWS], *([f"{more:,} more files"] if more > 0 else [])]


def add_uploads(
    assistant: Assistant, files: Sequence[str], on_progress: Callable[[Progress], None]
) -> tuple[str, list[str]]:
    """Add uploaded files; return what was done, and a line for each file that failed."""
    if len(files) > MAX_FILES:
        return "Nothing was added.", [f"{len(files)} files are too many: an upload can have at most {MAX_FILES}."]
    report = assistant.add_uploads([(Path(file).name, Path(file)) for file in files], on_progress)
    return f"{report}.", failure_lines(report.failed)


def metadata(paper: Paper) -> list[str]:
    """Return the editable metadata of a paper as texts, in the order of the page's fields; lists with semicolons."""
    values = [getattr(paper, name) for name in _FIELDS]
    return ["; ".join(value) if isinstance(value, tuple) else str(value or "") for value in values]


def correct(assistant: Assistant, name: str, texts: Sequence[str]) -> str:
    """Store the fields that a person changed and return a message; the others keep following the paper's source.

    Raise SourceError if a field cannot have this value.
    """
    before = metadata(assistant.paper(name))
    fields = zip(_FIELDS, texts, before, strict=True)
    changes = {field: _parse_field(field, text) for field, text, old in fields if text.strip() != old}
    if not changes:
        return "Nothing was changed."
    return f"Saved: {readable(assistant.edit(name, **changes).title)}"


def _parse_field(name: str, text: str) -> Any:
    if name in ("authors", "tags"):
        return [item for part in re.split(r"[;\n]", text) if (item := " ".join(part.split()))]
    if name == "year" and text.strip():
        if not re.fullmatch(r"\d{4}", text.strip()):
            raise SourceError(f"The year {text!r} is not a whole number from 1000 to 2100.")
        return int(text)
    return " ".join(text.split()) or None


def _removal_warning(paper: Paper) -> str:
    return (
        f"This removes “{readable(paper.title)}” from the library, with its uploaded copy if there is one. Stored "
        "answers lose the words that they quote from it. Adding its folder does not bring it back; adding its file by "
        "name does. The files that it was added from are not deleted."
    )


def _build(parts: PageParts) -> None:
    LibraryTab(parts.assistant, parts.session).connect(parts.tab, parts.ask)


PLACE = Place("Library", 2, _build)
