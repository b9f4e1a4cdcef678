"""The place to read: the library's papers, the conversation, and the evidence, side by side."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from rag import MAX_COMMENT, MAX_QUESTION, FootnoteError

from ..events import QUIET, html_area, show_errors
from ..place import PageParts, Place
from ..render import original_question, panes_html, scope_html
from ..session import Chat, Messages, Session
from ..viewer import viewer_area

_MAX_DIGITS = 18  # of a conversation's number
_RATINGS = {"Like": True, "Dislike": False}


class AskTab:
    """Components and event handlers of the tab; `header` is the line above all tabs."""

    def __init__(self, header: gr.Markdown, session: Session) -> None:
        self.header = header
        self.session = session
        self.chat = gr.State(Chat())
        self.changed = gr.Textbox(elem_id="changed", label="Changes", container=False)  # for scripts, as the next one
        self.opened = gr.Textbox(elem_id="opened-conversation", label="Conversation", container=False)
        html_area(value=panes_html(), elem_id="pane-tabs")
        with gr.Row(elem_id="panes"):
            with gr.Column(elem_id="library-pane", min_width=0):
                gr.Column(elem_id="library-list")  # library-pane.js fills it, and writes what is chosen into the box
                self.scope_box = gr.Textbox(elem_id="scope-value", label="What to search", container=False)
            with gr.Column(elem_id="talk-pane", min_width=0):
                self.new = gr.Button("New conversation", size="sm", elem_id="new")
                self.chatbot = self._make_chatbot()
                with gr.Accordion("Comment on the last answer", open=False, elem_id="comment"):
                    self.comment_box = gr.Textbox(label="Comment", max_length=MAX_COMMENT, submit_btn="Keep", lines=2)
                with gr.Row(elem_id="scope"):
                    self.scope_text = html_area(value=scope_html(""), elem_id="scoped")
                    self.clear_button = gr.Button("Search all papers", size="sm", visible=False, elem_id="unscope")
                self.question = gr.Textbox(
                    label="Question",
                    placeholder="Ask your papers",
                    max_length=MAX_QUESTION,
                    submit_btn=True,
                    autofocus=True,
                    elem_id="question",
                )
            with gr.Column(elem_id="paper-pane", min_width=0):
                viewer_area()
                gr.Markdown("## Evidence")
                self.evidence = html_area(elem_id="evidence")

    @staticmethod
    def _make_chatbot() -> gr.Chatbot:
        return gr.Chatbot(
            render_markdown=False,
            latex_delimiters=[],
            sanitize_html=True,
            allow_tags=True,
            group_consecutive_messages=False,
            editable="user",
            feedback_options=("Like", "Dislike"),
            buttons=[],
            show_label=False,
            label="Conversation",
            height="100%",
            autoscroll=False,
            elem_id="conversation",
        )

    @property
    def conversation(self) -> list[Any]:
        """The components that show a conversation; `open_chat` returns their values."""
        return [self.chat, self.chatbot, self.evidence, self.comment_box]

    def connect(self, page: gr.Blocks) -> None:
        """Attach the event handlers."""
        answer = [self.chat, self.chatbot, self.evidence, self.comment_box, self.question, self.header]
        inputs = [self.chat, self.scope_box]
        options = {**QUIET, "concurrency_limit": None}
        # A question sent while another is answered waits for its turn; by default Gradio would drop it.
        self.question.submit(self.submit, [self.question, *inputs], answer, trigger_mode="always_last", **options)
        self.chatbot.retry(self.retry, inputs, answer, **options)
        self.chatbot.edit(self.edit, inputs, answer, **options)
        self.chatbot.example_select(self.example, inputs, answer, **options)
        self.question.stop(self.stop, None, None, queue=False, **QUIET)
        if self.session.stores_answers:
            self.chatbot.like(show_errors(self.rate), self.chat, self.chat, **QUIET)
            self.comment_box.submit(show_errors(self.comment), [self.comment_box, self.chat], None, **QUIET)
        scope = [self.scope_text, self.clear_button]
        self.scope_box.change(show_errors(self.scope), self.scope_box, scope, trigger_mode="always_last", **QUIET)
        self.new.click(show_errors(lambda: self.open_chat(Chat())), None, self.conversation, **QUIET)
        self.changed.change(
            show_errors(self.about_library), None, self.library_parts, trigger_mode="always_last", **QUIET
        )
        self.opened.change(
            show_errors(self.reopen), self.opened, self.conversation, trigger_mode="always_last", **QUIET
        )
        page.load(show_errors(self.load), None, [*self.conversation, self.header], **QUIET)

    def open_chat(self, chat: Chat) -> list[Any]:
        """Return the values of `conversation` for a chat; an empty chat offers example questions."""
        messages = _chatbot_update(chat, chat.messages)
        if not chat.answers:
            messages.update(self.when_empty())
        return [chat, messages, self.session.evidence(chat), self.session.last_comment(chat)]

    @property
    def library_parts(self) -> list[Any]:
        """The components that depend on the library; `about_library` returns their values."""
        return [self.header, self.chatbot]

    def about_library(self) -> list[Any]:
        """Return the state in the bar, and what an empty conversation shows, of the library as it is now."""
        return [self.session.header(), self.when_empty()]

    def when_empty(self) -> dict[str, Any]:
        """Return what an empty conversation shows, as an update of the chatbot."""
        update: dict[str, Any] = gr.update(examples=self.session.examples, placeholder=self.session.invitation)
        return update

    def submit(self, question: str, chat: Chat, scope: str, request: gr.Request) -> Iterator[list[Any]]:
        yield from self._ask(question, chat, None, scope, request)

    def retry(self, chat: Chat, scope: str, request: gr.Request, event: gr.RetryData) -> Iterator[list[Any]]:
        question, turn = original_question(str(event.value)), _turn(event.index)
        yield from self._ask(question, chat, turn, scope, request)

    def edit(self, chat: Chat, scope: str, request: gr.Request, event: gr.EditData) -> Iterator[list[Any]]:
        yield from self._ask(str(event.value), chat, _turn(event.index), scope, request)

    def example(self, chat: Chat, scope: str, request: gr.Request, event: gr.SelectData) -> Iterator[list[Any]]:
        yield from self._ask(event.value["text"], chat, None, scope, request)

    def _ask(self, question: str, chat: Chat, turn: int | None, scope: str, request: gr.Request) -> Iterator[list[Any]]:
        if not question.strip():
            yield [gr.skip()] * 6
            return
        box = {**gr.update(submit_btn=False, stop_btn="Stop"), **({"value": ""} if turn is None else {})}
        for update in self.session.ask(question, chat, _tab(request), turn, scope):
            evidence = gr.skip() if update.evidence is None else update.evidence
            if update.done:
                messages, box = (
                    _chatbot_update(update.chat, update.messages),
                    gr.update(submit_btn=True, stop_btn=False),
                )
                yield [update.chat, messages, evidence, "", box, self.session.header()]
            else:
                yield [update.chat, update.messages, evidence, gr.skip(), box, gr.skip()]
            box = gr.skip()  # keep what is typed meanwhile

    def stop(self, request: gr.Request) -> None:
        self.session.stop(_tab(request))

    def rate(self, chat: Chat, event: gr.LikeData) -> Chat:
        good = event.liked if isinstance(event.liked, bool) else _RATINGS.get(event.liked)
        rated = self.session.rate(chat, _turn(event.index), good)
        gr.Info("Kept with the answer.")
        return rated

    def comment(self, text: str, chat: Chat) -> None:
        self.session.comment(chat, text)
        gr.Info("Kept with the answer.")

    def load(self, request: gr.Request) -> list[Any]:
        """Open the conversation that the address names."""
        return [*self.reopen(str(request.query_params.get("conversation", ""))), self.session.header()]

    def reopen(self, wanted: str) -> list[Any]:
        """Open the conversation whose number begins `wanted`; a new one if there is none, or no longer."""
        number = wanted.partition(" ")[0]
        try:
            chat = self.session.reopen(int(number)) if number.isdecimal() and len(number) < _MAX_DIGITS else Chat()
        except FootnoteError:  # it was deleted
            chat = Chat()
        return self.open_chat(chat)

    def scope(self, scope: str) -> list[Any]:
        """Show which papers the next question searches, and a button with which library-pane.js clears the choice."""
        return [self.session.scope(scope), gr.update(visible=bool(scope))]


def _chatbot_update(chat: Chat, messages: Messages) -> dict[str, Any]:
    names = {True: "Like", False: "Dislike", None: None}
    update: dict[str, Any] = gr.update(value=messages, feedback_value=[names[good] for good in chat.ratings])
    return update


def _tab(request: gr.Request) -> str:
    return str(request.session_hash)


def _turn(message: Any) -> int:
    """Return the index of an answer in the conversation, given the index of its message or of its question's."""
    return int(message) // 2


def _build(parts: PageParts) -> None:
    parts.ask = AskTab(parts.header, parts.session)
    parts.ask.connect(parts.page)


PLACE = Place("Read", 1, _build)
