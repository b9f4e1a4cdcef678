"""The first tab: the question, the conversation, and the evidence beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import gradio as gr

from rag import MAX_COMMENT, MAX_QUESTION, FootnoteError

from ..events import QUIET, place_for_html, told
from ..render import question_of
from .answers import Asking, Messages, Talk
from .papers import Papers

_LONGEST_NUMBER = 18  # digits
COLUMN = 340  # pixels: on a telephone one column stands below the other
_UNLIMITED: list[list[str]] = [[], [], []]  # values of `AskTab.scope`
_Names = list[str]
_Scope = tuple[_Names, _Names, _Names]  # papers, tags, years


class AskTab(NamedTuple):
    """The components of the first tab, with the line above all, and the conversation that a browser tab holds."""

    head: gr.Markdown
    talk: gr.State
    chat: gr.Chatbot
    question: gr.Textbox
    new: gr.Button
    scoped: gr.Markdown
    unscope: gr.Button
    limits: gr.Accordion
    papers: gr.Dropdown
    tags: gr.Dropdown
    years: gr.Dropdown
    comment: gr.Textbox
    evidence: gr.Markdown

    @property
    def scope(self) -> list[gr.Dropdown]:
        """What limits a question."""
        return [self.papers, self.tags, self.years]

    @property
    def answered(self) -> list[Any]:
        """Where an answer changes what is shown of a conversation."""
        return [self.talk, self.chat, self.evidence, self.comment]

    @property
    def shown(self) -> list[Any]:
        """Where a conversation is shown; `opened` gives the values. It is opened without limits."""
        return [*self.answered, *self.scope]


def make_ask_tab(head: gr.Markdown) -> AskTab:
    """What stands where in the tab."""
    talk = gr.State(Talk())
    with gr.Row():
        with gr.Column(scale=6, min_width=COLUMN):
            new = gr.Button("New conversation", size="sm", elem_id="new")
            chat = gr.Chatbot(
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
                height="62vh",
                placeholder="Ask your papers. Every sentence of an answer leads to the words that it comes from.",
                elem_id="conversation",
            )
            question = gr.Textbox(
                label="Question",
                placeholder="Ask your papers",
                max_length=MAX_QUESTION,
                submit_btn=True,
                autofocus=True,
                elem_id="question",
            )
            with gr.Row(elem_id="scope"):
                scoped = place_for_html(elem_id="scoped")
                unscope = gr.Button("Search all papers", size="sm", visible=False, elem_id="unscope")
            with gr.Accordion("Ask only some papers", open=False) as limits:
                # A paper may be removed while it is chosen here: the answer then says so, where Gradio would fail.
                chosen, tags, years = (
                    gr.Dropdown([], multiselect=True, label=label, info=info, interactive=True, allow_custom_value=True)
                    for label, info in (
                        ("Papers", "Choose, or type a part of a title"),
                        ("Tags", None),
                        ("Years", None),
                    )
                )
            with gr.Accordion("Comment on the last answer", open=False):
                comment = gr.Textbox(label="Comment", max_length=MAX_COMMENT, submit_btn="Keep", lines=2)
        with gr.Column(scale=5, min_width=COLUMN, elem_id="evidence-column"):
            gr.Markdown("## Evidence")
            evidence = place_for_html(elem_id="evidence")
    return AskTab(head, talk, chat, question, new, scoped, unscope, limits, chosen, tags, years, comment, evidence)


def wire_ask_tab(tab: AskTab, asking: Asking, papers: Papers, page: gr.Blocks) -> None:
    """Puts the tab's questions to `asking`; the address tells which conversation a page that is loaded goes on with."""
    shown = [*tab.answered, tab.question, tab.head]

    def answered(question: str, so_far: Talk, turn: int | None, scope: _Scope, reader: str) -> Iterator[list[Any]]:
        if not question.strip():
            yield [gr.skip()] * len(shown)
            return
        box = {**gr.update(submit_btn=False, stop_btn="Stop"), **({"value": ""} if turn is None else {})}
        for view in asking.views(question, so_far, reader, turn, **_limits(*scope)):
            evidence = view.evidence if view.evidence is not None else gr.skip()
            if view.done:
                done = gr.update(submit_btn=True, stop_btn=False)
                yield [view.talk, _messages(view.talk, view.messages), evidence, "", done, asking.head()]
            else:
                yield [view.talk, view.messages, evidence, gr.skip(), box, gr.skip()]
            box = gr.skip()  # what is typed meanwhile stays

    def submit(question: str, so_far: Talk, papers: _Names, tags: _Names, years: _Names, request: gr.Request) -> Any:
        yield from answered(question, so_far, None, (papers, tags, years), _reader(request))

    def retry(
        so_far: Talk, papers: _Names, tags: _Names, years: _Names, request: gr.Request, event: gr.RetryData
    ) -> Any:
        turn, asked = _turn(event.index), question_of(str(event.value))
        yield from answered(asked, so_far, turn, (papers, tags, years), _reader(request))

    def edit(so_far: Talk, papers: _Names, tags: _Names, years: _Names, request: gr.Request, event: gr.EditData) -> Any:
        turn, asked = _turn(event.index), str(event.value)
        yield from answered(asked, so_far, turn, (papers, tags, years), _reader(request))

    def example(
        so_far: Talk, papers: _Names, tags: _Names, years: _Names, request: gr.Request, event: gr.SelectData
    ) -> Any:
        yield from answered(event.value["text"], so_far, None, (papers, tags, years), _reader(request))

    def stop(request: gr.Request) -> None:
        asking.stop(_reader(request))

    def rate(so_far: Talk, event: gr.LikeData) -> Talk:
        liked = {True: True, "Like": True, False: False, "Dislike": False}.get(event.liked)
        rated = asking.rate(so_far, _turn(event.index), liked)
        gr.Info("Kept with the answer.")
        return rated

    def comment(text: str, so_far: Talk) -> None:
        asking.comment(so_far, text)
        gr.Info("Kept with the answer.")

    def load(request: gr.Request) -> list[Any]:
        number = str(request.query_params.get("conversation", ""))
        try:
            talk = asking.reopened(int(number)) if number.isdecimal() and len(number) < _LONGEST_NUMBER else Talk()
        except FootnoteError:  # it was deleted
            talk = Talk()
        return [*opened(asking, talk), asking.head(), *scope([], [], [])]

    def scope(papers: _Names, tags: _Names, years: _Names) -> list[Any]:
        """What a question is put to, always in sight, and the button that has it put to all papers."""
        limited = bool(papers or tags or years)
        return [asking.scope(**_limits(papers, tags, years)), gr.update(visible=limited)]

    def offer() -> list[Any]:
        # The choices alone: what a person chooses before they come has to stay.
        years = [str(year) for year in papers.years()]
        return [gr.update(choices=choices) for choices in (papers.choices(), papers.tags(), years)]

    options = {**QUIET, "concurrency_limit": None}
    tab.question.submit(submit, [tab.question, tab.talk, *tab.scope], shown, **options)
    tab.chat.retry(retry, [tab.talk, *tab.scope], shown, **options)
    tab.chat.edit(edit, [tab.talk, *tab.scope], shown, **options)
    tab.chat.example_select(example, [tab.talk, *tab.scope], shown, **options)
    tab.question.stop(stop, None, None, queue=False, **QUIET)
    if asking.keeps:
        tab.chat.like(told(rate), tab.talk, tab.talk, **QUIET)
        tab.comment.submit(told(comment), [tab.comment, tab.talk], None, **QUIET)
    tab.limits.expand(told(offer), None, tab.scope, **QUIET)
    scoped = [tab.scoped, tab.unscope]
    gr.on([each.change for each in tab.scope], told(scope), tab.scope, scoped, **QUIET)
    tab.unscope.click(lambda: _UNLIMITED, None, tab.scope, **QUIET)
    tab.new.click(told(lambda: opened(asking, Talk())), None, tab.shown, **QUIET)
    page.load(told(load), None, [*tab.shown, tab.head, *scoped], **QUIET)


def _limits(papers: _Names, tags: _Names, years: _Names) -> dict[str, Any]:
    """What was chosen, as `Assistant.ask` takes it; what is no year it refuses."""
    whole = [int(year) if re.fullmatch(r"\d{1,4}", year) else year for year in years]
    return {"papers": papers or None, "tags": tags or None, "years": whole or None}


def _messages(talk: Talk, messages: Messages) -> Any:
    """The messages of a conversation with what a person thinks of its answers."""
    names = {True: "Like", False: "Dislike", None: None}
    return gr.update(value=messages, feedback_value=[names[good] for good in talk.thumbs])


def opened(asking: Asking, talk: Talk) -> list[Any]:
    """A conversation as values of `AskTab.shown`; an empty one offers questions that suit the library."""
    messages = _messages(talk, asking.messages(talk))
    if not talk.answers:
        messages = {**messages, "examples": [{"text": example} for example in asking.examples()]}
    return [talk, messages, asking.evidence(talk), asking.commented(talk), *_UNLIMITED]


def _reader(request: gr.Request) -> str:
    return str(request.session_hash)


def _turn(message: Any) -> int:
    """The place of an answer in the conversation by that of its message, or of its question's, in the chat."""
    return int(message) // 2
