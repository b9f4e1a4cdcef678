"""The third tab: the conversations that are kept."""

from __future__ import annotations

from typing import Any, NamedTuple

import gradio as gr

from rag import MAX_NAME, Assistant

from ..events import QUIET, place_for_html, told
from ..render import text_html
from .answers import Asking, Talk
from .ask import AskTab, opened

_CHOOSE = "Choose a conversation first."


class TalksTab(NamedTuple):
    """The components of the third tab, and the number of the conversation that is chosen in it."""

    chosen: gr.State
    table: gr.Dataframe
    open: gr.Button
    name: gr.Textbox
    rename: gr.Button
    delete: gr.Button
    surely: gr.Button
    about: gr.Markdown


def make_talks_tab() -> TalksTab:
    """What stands where in the tab."""
    table = gr.Dataframe(
        headers=["Name", "Last asked", "Answers", "Number"],
        datatype=["str", "str", "number", "number"],
        column_widths=["60%", "180px", "100px", "100px"],
        show_search="search",
        wrap=True,
        interactive=False,
        label="Conversations",
        max_height=420,
        buttons=[],
        elem_id="talks",
    )
    name = gr.Textbox(label="Name of the chosen conversation", info="Click its row in the table", max_length=MAX_NAME)
    with gr.Row():
        reopen = gr.Button("Open", variant="primary", size="sm")
        rename = gr.Button("Rename", size="sm")
        delete = gr.Button("Delete", size="sm")
        surely = gr.Button("Really delete it", variant="stop", size="sm", visible=False)
    return TalksTab(gr.State(None), table, reopen, name, rename, delete, surely, place_for_html())


def wire_talks_tab(
    tab: TalksTab, shown: gr.Tab, tabs: gr.Tabs, assistant: Assistant, asking: Asking, ask: AskTab
) -> None:
    """Opens conversations in the first tab, renames and deletes them."""
    fields = [tab.chosen, tab.name, tab.about, tab.surely]

    def rows() -> list[list[Any]]:
        return [
            [each.name, each.last_asked.replace("T", " ")[:16], each.answers, each.key]
            for each in assistant.conversations()
        ]

    def choose(number: int | None) -> list[Any]:
        name = next((each.name for each in assistant.conversations() if each.key == number), None)
        if number is None or name is None:
            return [None, "", "", gr.update(visible=False)]
        return [number, name, _export_links(number), gr.update(visible=False)]

    def listing(so_far: Talk) -> list[Any]:
        return [rows(), *choose(so_far.number)]

    def clicked(event: gr.SelectData) -> list[Any]:
        return choose(int(event.row_value[-1]) if event.row_value else None)

    def reopen(number: int | None) -> list[Any]:
        if number is None:
            return [*[gr.skip()] * (len(ask.shown) + 1), text_html(_CHOOSE)]
        return [*opened(asking, asking.reopened(number)), gr.update(selected="ask"), gr.skip()]

    def rename(number: int | None, name: str) -> list[Any]:
        if number is None:
            return [gr.skip(), gr.skip(), text_html(_CHOOSE), gr.skip(), gr.skip()]
        assistant.rename_conversation(number, name)
        return [*choose(number), rows()]

    def ask_first(number: int | None) -> list[Any]:
        text = _CHOOSE if number is None else "It goes with its answers, and with what was said of them."
        return [gr.update(visible=number is not None), text_html(text)]

    def delete(number: int, so_far: Talk) -> list[Any]:
        assistant.delete_conversation(number)
        emptied = opened(asking, Talk()) if number == so_far.number else [gr.skip()] * len(ask.shown)
        chosen, name, _, surely = choose(None)
        return [chosen, name, text_html("Deleted."), surely, rows(), *emptied]

    shown.select(told(listing), ask.talk, [tab.table, *fields], **QUIET)
    tab.table.select(told(clicked), None, fields, **QUIET)
    tab.open.click(told(reopen), tab.chosen, [*ask.shown, tabs, tab.about], **QUIET)
    tab.rename.click(told(rename), [tab.chosen, tab.name], [*fields, tab.table], **QUIET)
    tab.delete.click(told(ask_first), tab.chosen, [tab.surely, tab.about], **QUIET)
    tab.surely.click(told(delete), [tab.chosen, ask.talk], [*fields, tab.table, *ask.shown], **QUIET)


def _export_links(number: int) -> str:
    path = f"export/conversation/{number}"
    return f'<p><a href="{path}.md">Download as Markdown</a> · <a href="{path}.bib">References as BibTeX</a></p>'
