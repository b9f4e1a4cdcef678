"""The second tab: the papers, and what is done with them."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from rag import Progress
from rag.errors import FootnoteError, UnknownPaper

from ..events import PRIVATE, QUIET, place_for_html, said, told
from ..render import report_html, text_html
from .answers import Asking
from .ask import AskTab
from .papers import HEADERS, Fields, Papers

_CHOOSE = "Choose a paper first."


class LibraryTab(NamedTuple):
    """The components of the second tab; `fields` are in the order of `Fields`."""

    files: gr.File
    report: gr.Markdown
    words: gr.Textbox
    note: gr.Markdown
    table: gr.Dataframe
    chosen: gr.Dropdown
    fields: list[gr.Textbox]
    save: gr.Button
    remove: gr.Button
    surely: gr.Button
    done: gr.Markdown
    unread: gr.Markdown


def make_library_tab() -> LibraryTab:
    """What stands where in the tab."""
    files = gr.File(
        label="Add papers: drop PDF, HTML, Word, EPUB, Markdown, BibTeX or text files here",
        file_count="multiple",
        height=140,
    )
    report = place_for_html(elem_id="upload-report")
    words = gr.Textbox(label="Search the table", placeholder="Title, author, tag or file", elem_id="words")
    note = place_for_html(elem_id="shown-papers")
    table = gr.Dataframe(
        headers=HEADERS,
        datatype=["str", "str", "number", "str", "number", "str", "str", "str"],
        column_widths=["34%", "18%", "70px", "18%", "100px", "120px", "12%", "150px"],
        wrap=True,
        interactive=False,
        label="Papers",
        max_height=520,
        buttons=[],
        elem_id="papers",
    )
    with gr.Accordion("Correct, tag or remove a paper", open=True):
        chosen = gr.Dropdown(
            [],
            value=None,
            label="Paper",
            info="Or click its row in the table",
            interactive=True,
            allow_custom_value=True,
        )
        with gr.Row():
            title = gr.Textbox(label="Title", scale=3)
            authors = gr.Textbox(label="Authors, parted by semicolons", scale=3)
            year = gr.Textbox(label="Year", scale=1)
        with gr.Row():
            rest = [gr.Textbox(label=label) for label in ("Venue", "DOI", "arXiv id", "Citation key")]
        tags = gr.Textbox(label="Tags, parted by semicolons")
        with gr.Row():
            save = gr.Button("Save", variant="primary", size="sm")
            remove = gr.Button("Remove the paper", size="sm")
            surely = gr.Button("Really remove it", variant="stop", size="sm", visible=False)
        done = place_for_html(elem_id="edit-report")
    with gr.Accordion("Files that could not be read", open=False):
        unread = place_for_html()
    fields = [title, authors, year, *rest, tags]
    return LibraryTab(files, report, words, note, table, chosen, fields, save, remove, surely, done, unread)


def wire_library_tab(tab: LibraryTab, shown: gr.Tab, papers: Papers, asking: Asking, ask: AskTab) -> None:
    """Adds, corrects and removes; the line above all and the examples of the first tab follow."""
    shown_papers = [tab.table, tab.chosen, tab.note]
    listed = [*shown_papers, tab.unread, ask.head, ask.chat]

    def filtered(words: str, chosen: str | None) -> list[Any]:
        rows, choices, note = papers.listed(words)
        return [rows, gr.update(choices=choices, value=chosen if papers.has(chosen) else None), text_html(note)]

    def listing(words: str, chosen: str | None = None) -> list[Any]:
        unread = papers.unread()
        return [
            *filtered(words, chosen),
            report_html("" if unread else "There are none.", unread),
            asking.head(),
            gr.update(examples=[{"text": example} for example in asking.examples()]),
        ]

    def upload(files: list[str] | None, words: str, progress: gr.Progress = gr.Progress()) -> list[Any]:  # noqa: B008
        def on_progress(step: Progress) -> None:
            progress((step.done, step.total) if step.total else 0, desc=step.stage, unit="files")

        if not files:
            return [gr.skip()] * (2 + len(listed))
        try:
            done, failed = papers.upload(files, on_progress)
        except FootnoteError as error:
            done, failed = "Nothing was added.", [str(error)]
        return [report_html(done, failed), None, *listing(words)]

    def choose(name: str | None) -> list[Any]:
        try:
            fields = papers.fields(name) if name else Fields()
        except UnknownPaper:  # it was removed a moment ago
            fields = Fields()
        return [*fields, gr.update(visible=False), ""]

    def clicked(event: gr.SelectData) -> list[Any]:
        name = event.row_value[-1] if event.row_value else None
        return [name, *choose(name)]

    def save(words: str, name: str | None, *values: str) -> list[Any]:
        done = said(papers.correct, name, Fields(*values)) if name else _CHOOSE
        return [*listing(words, name), text_html(done)]

    def ask_first(name: str | None) -> list[Any]:
        return [gr.update(visible=bool(name)), text_html(papers.what_goes(name) if name else _CHOOSE)]

    def remove(words: str, name: str) -> list[Any]:
        done = said(papers.remove, name)
        return [*listing(words), *Fields(), gr.update(visible=False), text_html(done)]

    shown.select(told(listing), [tab.words, tab.chosen], listed, **QUIET)
    tab.words.change(
        told(filtered), [tab.words, tab.chosen], shown_papers, trigger_mode="always_last", concurrency_limit=1, **QUIET
    )
    tab.files.upload(
        told(upload),
        [tab.files, tab.words],
        [tab.report, tab.files, *listed],
        show_progress_on=tab.files,
        concurrency_limit=1,
        **PRIVATE,
    )
    # By hand or by a row: after a removal the report has to stay.
    tab.chosen.input(told(choose), tab.chosen, [*tab.fields, tab.surely, tab.done], **QUIET)
    tab.table.select(told(clicked), None, [tab.chosen, *tab.fields, tab.surely, tab.done], **QUIET)
    tab.save.click(told(save), [tab.words, tab.chosen, *tab.fields], [*listed, tab.done], **QUIET)
    tab.remove.click(told(ask_first), tab.chosen, [tab.surely, tab.done], **QUIET)
    tab.surely.click(told(remove), [tab.words, tab.chosen], [*listed, *tab.fields, tab.surely, tab.done], **QUIET)
