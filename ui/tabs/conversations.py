"""The Conversations tab: reopen, rename, download and delete stored conversations."""

from typing import Any

import gradio as gr

from rag import MAX_NAME, Assistant

from ..events import QUIET, html_area, show_errors
from ..place import PageParts, Place
from ..render import text_html
from ..session import Chat
from .ask import AskTab

_CHOOSE = "Choose a conversation first."
_WARNING = "This also deletes its answers with their ratings and comments."


class ConversationsTab:
    """Components and event handlers of the tab. Conversations are opened in the Read tab."""

    def __init__(self, assistant: Assistant, ask: AskTab) -> None:
        self._assistant = assistant
        self._ask = ask
        self.chosen = gr.State(None)  # the number of the chosen conversation
        self.table = gr.Dataframe(
            headers=["Name", "Last asked", "Answers", "Number"],
            datatype=["str", "str", "number", "number"],
            column_widths=["68%", "16%", "8%", "8%"],
            show_search="search",
            wrap=True,
            interactive=False,
            label="Conversations",
            max_height=420,
            buttons=[],
            elem_id="talks",
        )
        self.name = gr.Textbox(
            label="Name of the chosen conversation", info="Click its row in the table", max_length=MAX_NAME
        )
        with gr.Row():
            self.open_button = gr.Button("Open", variant="primary", size="sm")
            self.rename_button = gr.Button("Rename", size="sm")
            self.delete_button = gr.Button("Delete", size="sm")
            self.confirm_button = gr.Button("Really delete it", variant="stop", size="sm", visible=False)
        self.message = html_area()

    def connect(self, tab: gr.Tab, tabs: gr.Tabs) -> None:
        """Attach the event handlers."""
        conversation = self._ask.conversation
        fields = [self.chosen, self.name, self.message, self.confirm_button]
        tab.select(show_errors(self.listing), self._ask.chat, [self.table, *fields], **QUIET)
        self.table.select(show_errors(self.clicked), None, fields, **QUIET)
        self.open_button.click(show_errors(self.reopen), self.chosen, [*conversation, tabs, self.message], **QUIET)
        self.rename_button.click(show_errors(self.rename), [self.chosen, self.name], [*fields, self.table], **QUIET)
        self.delete_button.click(
            show_errors(self.ask_to_confirm), self.chosen, [self.confirm_button, self.message], **QUIET
        )
        self.confirm_button.click(
            show_errors(self.delete), [self.chosen, self._ask.chat], [*fields, self.table, *conversation], **QUIET
        )

    def listing(self, chat: Chat) -> list[Any]:
        return [self._rows(), *self._choose(chat.number)]

    def clicked(self, event: gr.SelectData) -> list[Any]:
        return self._choose(int(event.row_value[-1]) if event.row_value else None)

    def reopen(self, number: int | None) -> list[Any]:
        if number is None:
            return [*[gr.skip()] * (len(self._ask.conversation) + 1), text_html(_CHOOSE)]
        return [*self._ask.open_chat(self._ask.session.reopen(number)), gr.update(selected="read"), gr.skip()]

    def rename(self, number: int | None, name: str) -> list[Any]:
        if number is None:
            return [gr.skip(), gr.skip(), text_html(_CHOOSE), gr.skip(), gr.skip()]
        self._assistant.rename_conversation(number, name)
        return [*self._choose(number), self._rows()]

    def ask_to_confirm(self, number: int | None) -> list[Any]:
        return [gr.update(visible=number is not None), text_html(_CHOOSE if number is None else _WARNING)]

    def delete(self, number: int, chat: Chat) -> list[Any]:
        self._assistant.delete_conversation(number)
        is_open = number == chat.number
        conversation = self._ask.open_chat(Chat()) if is_open else [gr.skip()] * len(self._ask.conversation)
        chosen, name, _, confirm = self._choose(None)
        return [chosen, name, text_html("Deleted."), confirm, self._rows(), *conversation]

    def _rows(self) -> list[list[Any]]:
        return [
            [each.name, each.last_asked.replace("T", " ")[:16], each.answers, each.key]
            for each in self._assistant.conversations()
        ]

    def _choose(self, number: int | None) -> list[Any]:
        """Return number, name, download links and the hidden button for a conversation; blanks if there is none."""
        name = next((each.name for each in self._assistant.conversations() if each.key == number), None)
        if number is None or name is None:
            return [None, "", "", gr.update(visible=False)]
        path = f"export/conversation/{number}"
        links = f'<a href="{path}.md">Download as Markdown</a> · <a href="{path}.bib">References as BibTeX</a>'
        return [number, name, f"<p>{links}</p>", gr.update(visible=False)]


def _build(parts: PageParts) -> None:
    ConversationsTab(parts.assistant, parts.ask).connect(parts.tab, parts.tabs)


PLACE = Place("Conversations", 3, _build)
