"""The first tab: the question, the conversation, and the evidence beside it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import gradio as gr

from rag.asked import MAX_COMMENT
from rag.errors import FootnoteError
from rag.retrieval import MAX_QUESTION

from .asking import Asking, Messages, Talk
from .events import QUIET, place_for_html, told
from .papers import Papers
from .shown import question_of

_LONGEST_NUMBER = 18  # digits
COLUMN = 340  # pixels: on a telephone one column stands below the other
_Names = list[str]
_Scope = tuple[_Names, _Names, _Names]  # papers, tags, years


class AskTab(NamedTuple):
    """The components of the first tab, with the line above all, and the conversation that a browser tab holds."""

    head: gr.Markdown
    talk: gr.State
    chat: gr.Chatbot
    question: gr.Textbox
    new: gr.Button
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
    def shown(self) -> list[Any]:
        """Where a conversation is shown; `opened` gives the values."""
        return [self.talk, self.chat, self.evidence, self.comment]


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
            with gr.Accordion("Ask only some papers", open=False) as limits:
                # A paper may be removed while it is chosen here: the answer then says so, where Gradio would fail.
                chosen, tags, years = (
                    gr.Dropdown([], multiselect=True, label=label, interactive=True, allow_custom_value=True)
                    for label in ("Papers", "Tags", "Years")
                )
            with gr.Accordion("Comment on the last answer", open=False):
                comment = gr.Textbox(label="Comment", max_length=MAX_COMMENT, submit_btn="Keep", lines=2)
        with gr.Column(scale=5, min_width=COLUMN, elem_id="evidence-column"):
            gr.Markdown("## Evidence")
            evidence = place_for_html(elem_id="evidence")
    return AskTab(head, talk, chat, question, new, limits, chosen, tags, years, comment, evidence)


def wire_ask_tab(tab: AskTab, asking: Asking, papers: Papers, page: gr.Blocks) -> None:
    """Puts the tab's questions to `asking`; the address tells which conversation a page that is loaded goes on with."""
    shown = [*tab.shown, tab.question, tab.head]

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
        return [*opened(asking, talk), asking.head()]

    def offer(papers_chosen: _Names, tags_chosen: _Names, years_chosen: _Names) -> list[Any]:
        years = [str(year) for year in papers.years()]
        return [
            _offered(papers.choices(), papers_chosen),
            _offered([(tag, tag) for tag in papers.tags()], tags_chosen),
            _offered([(year, year) for year in years], years_chosen),
        ]

    options = {**QUIET, "concurrency_limit": None}
    tab.question.submit(submit, [tab.question, tab.talk, *tab.scope], shown, **options)
    tab.chat.retry(retry, [tab.talk, *tab.scope], shown, **options)
    tab.chat.edit(edit, [tab.talk, *tab.scope], shown, **options)
    tab.chat.example_select(example, [tab.talk, *tab.scope], shown, **options)
    tab.question.stop(stop, None, None, queue=False, **QUIET)
    if asking.keeps:
        tab.chat.like(told(rate), tab.talk, tab.talk, **QUIET)
        tab.comment.submit(told(comment), [tab.comment, tab.talk], None, **QUIET)
    tab.limits.expand(told(offer), tab.scope, tab.scope, **QUIET)
    tab.new.click(lambda: opened(asking, Talk()), None, tab.shown, **QUIET)
    page.load(told(load), None, [*tab.shown, tab.head], **QUIET)


def _limits(papers: _Names, tags: _Names, years: _Names) -> dict[str, Any]:
    """What was chosen, as `Assistant.ask` takes it."""
    whole = [int(year) for year in years if year.isdecimal()]
    return {"papers": papers or None, "tags": tags or None, "years": whole or None}


def _offered(choices: list[tuple[str, str]], chosen: _Names) -> Any:
    """The choices that there are now, of which those stay chosen that were."""
    there = {value for _, value in choices}
    return gr.update(choices=choices, value=[value for value in chosen if value in there])


def _messages(talk: Talk, messages: Messages) -> Any:
    """The messages of a conversation with what a person thinks of its answers."""
    names = {True: "Like", False: "Dislike", None: None}
    return gr.update(value=messages, feedback_value=[names[good] for good in talk.thumbs])


def opened(asking: Asking, talk: Talk) -> list[Any]:
    """A conversation as values of `AskTab.shown`; an empty one offers questions that suit the library."""
    messages = _messages(talk, asking.messages(talk))
    if not talk.answers:
        messages = {**messages, "examples": [{"text": example} for example in asking.examples()]}
    return [talk, messages, asking.evidence(talk), asking.commented(talk)]


def _reader(request: gr.Request) -> str:
    return str(request.session_hash)


def _turn(message: Any) -> int:
    """The place of an answer in the conversation by that of its message, or of its question's, in the chat."""
    return int(message) // 2
