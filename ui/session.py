"""Answer the questions of the page's browser tabs, and rate and reopen answers."""

import contextlib
import itertools
import threading
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rag import NEW_CONVERSATION, Answer, Assistant, Citation, Feedback, QuotedTable
from rag.errors import AnswerModelError, EmptyLibrary, FootnoteError, UnknownAnswer, UnknownPaper
from rag.text.searched import searched_text

from .answer import answer_html
from .events import error_message
from .evidence import Sources, evidence_html
from .paper_list import PaperCache
from .question_queue import QuestionQueue
from .render import header_html, question_text, scope_html, text_html, welcome_html, working_html
from .scope import filters_in

Messages = list[dict[str, str]]

_UPDATE_SECONDS = 0.1  # between two updates of a growing answer; nobody sees more frequent ones
_NO_PAPERS = "There are no papers yet. Drop files under Library, or run `footnote add PATH`."
_INVITATION = "Ask your papers. Every sentence of an answer links to the words it comes from."
_ONLY_LAST = "Only the last question can be asked again: later answers follow on from this one."


@dataclass(frozen=True, slots=True)
class Chat:
    """The conversation in a browser tab: its number once it is stored, its answers, and ratings of the first ones."""

    number: int | None = None
    answers: tuple[Answer, ...] = ()
    ratings: tuple[bool | None, ...] = ()

    @property
    def messages(self) -> Messages:
        """The conversation as Gradio's chatbot shows it."""
        return [message for turn, answer in enumerate(self.answers) for message in _turn_messages(answer, turn)]


@dataclass(frozen=True, slots=True)
class Update:
    """What to show of a conversation; `evidence` is None if it has not changed."""

    chat: Chat
    messages: Messages
    evidence: str | None
    done: bool


class Session:
    """Answer the questions of all browser tabs. Each tab can stop its own answer."""

    def __init__(
        self,
        assistant: Assistant,
        queue: QuestionQueue,
        papers: PaperCache,
        unread: Callable[[], Collection[str]] = tuple,
    ) -> None:
        """`unread` returns the names of the uploads that could not be read."""
        self._assistant = assistant
        self._queue = queue
        self._papers = papers
        self._unread = unread
        self.active: dict[str, threading.Event] = {}  # by tab: stops the answer that is being written

    def ask(self, question: str, chat: Chat, tab: str, turn: int | None = None, scope: str = "") -> Iterator[Update]:
        """Yield the conversation while a question is answered; the last update is `done`.

        An error is shown in place of the answer and does not become part of the conversation.

        `tab` is the browser tab, for `stop`. `turn` is the index of the last answer, to replace it once the new one is
        complete; None to append. `scope` is as in `scope.filters_in`.
        """
        if turn is not None and turn < len(chat.answers) - 1:
            yield Update(chat, [*chat.messages, _reply(_ONLY_LAST)], None, True)
            return
        before = replace(chat, answers=chat.answers[:turn], ratings=chat.ratings[:turn])
        shown = [*before.messages, {"role": "user", "content": question_text(question)}]
        yield Update(chat, [*shown, self._working(scope)], None, False)
        stop = self.active[tab] = threading.Event()
        try:
            filters = filters_in(scope)
            with self._queue.turn():
                yield from self._stream(question, before, chat.answers[len(before.answers) :], stop, filters)
        except EmptyLibrary:
            yield Update(chat, [*shown, _reply(_NO_PAPERS)], None, True)
        except Exception as error:  # noqa: BLE001  # logged, and shown in place of the answer
            yield Update(chat, [*shown, _reply(error_message(error))], None, True)
        finally:
            if self.active.get(tab) is stop:
                del self.active[tab]

    def _working(self, scope: str) -> dict[str, str]:
        """Return what is done first, in place of the answer."""
        try:
            count = self._assistant.searched(**filters_in(scope)).get("papers", 0)
        except FootnoteError:  # the answer will say what is wrong
            count = 0
        papers = f"{count:,} paper{'' if count == 1 else 's'}" if count else "the papers"
        return {"role": "assistant", "content": working_html(f"Searching {papers}, and reading the best passages")}

    def _stream(
        self, question: str, before: Chat, replaced: Sequence[Answer], stop: threading.Event, filters: dict[str, Any]
    ) -> Iterator[Update]:
        earlier, turn = before.messages, len(before.answers)
        history = [(answer.question, answer.text) for answer in before.answers]
        # The conversation may have been deleted, also along with a paper.
        exists = before.number is not None and self._assistant.has_conversation(before.number)
        conversation = before.number if exists else NEW_CONVERSATION
        answers = self._assistant.stream(question, history=history, stop=stop, conversation=conversation, **filters)
        sent, citations = 0.0, None
        try:
            for answer in answers:
                done = bool(answer.seconds)  # set in the last one only
                if not done and time.monotonic() - sent < _UPDATE_SECONDS:
                    continue
                chat = Chat(answer.conversation or before.number, (*before.answers, answer), before.ratings[:turn])
                evidence = self.evidence(chat) if done or answer.citations != citations else None
                if done and answer.complete:
                    self._delete(replaced)
                yield Update(chat, [*earlier, *_turn_messages(answer, turn)], evidence, done)
                sent, citations = time.monotonic(), answer.citations
        except GeneratorExit:  # the tab was closed; store the answer as far as it goes
            stop.set()
            for _ in answers:
                pass
            raise

    def _delete(self, answers: Sequence[Answer]) -> None:
        for answer in answers:
            if answer.number is not None:
                with contextlib.suppress(UnknownAnswer):  # another tab has deleted it
                    self._assistant.delete_answer(answer.number)

    def stop(self, tab: str) -> None:
        """Stop the answer that is being written for a tab and keep what there is."""
        if stop := self.active.get(tab):
            stop.set()

    def evidence(self, chat: Chat) -> str:
        """Return the evidence cards of a conversation as HTML."""
        quotes = [answer.quotes.citations for answer in chat.answers if answer.quotes]
        cited = {each.paper_id for each in itertools.chain(*(answer.citations for answer in chat.answers), *quotes)}
        sources = Sources(self._papers.cited(cited), self._can_draw, self._table)
        return evidence_html(chat.answers, sources, chat.number)

    def reopen(self, number: int) -> Chat:
        """Return a stored conversation, its quotes at their present places. Raise UnknownConversation."""
        saved = self._assistant.conversation(number)
        answers = tuple(self._relocate_quotes(each.as_answer()) for each in saved)
        return Chat(number, answers, tuple(each.feedback.good if each.feedback else None for each in saved))

    def rate(self, chat: Chat, turn: int, good: bool | None) -> Chat:
        """Store whether a person finds an answer good, and return the conversation with the rating."""
        self._store_feedback(chat, turn, lambda before: (good, before.comment if before else ""))
        ratings = [*chat.ratings, *[None] * len(chat.answers)][: len(chat.answers)]
        ratings[turn] = good
        return replace(chat, ratings=tuple(ratings))

    def comment(self, chat: Chat, comment: str) -> None:
        """Store a person's comment on the last answer."""
        self._store_feedback(chat, len(chat.answers) - 1, lambda before: (before.good if before else None, comment))

    def last_comment(self, chat: Chat) -> str:
        """Return the stored comment on the last answer."""
        number = chat.answers[-1].number if chat.answers else None
        feedback = self._assistant.saved_answer(number).feedback if number is not None else None
        return feedback.comment if feedback else ""

    def _store_feedback(
        self, chat: Chat, turn: int, change: Callable[[Feedback | None], tuple[bool | None, str]]
    ) -> None:
        number = chat.answers[turn].number if 0 <= turn < len(chat.answers) else None
        if number is None:
            raise UnknownAnswer("There is no stored answer to rate or comment on.")
        self._assistant.rate(number, *change(self._assistant.saved_answer(number).feedback))

    @property
    def stores_answers(self) -> bool:
        """Whether answers, and with them ratings and comments, are stored."""
        return self._assistant.settings.answer.keep

    @property
    def examples(self) -> list[dict[str, str]]:
        """Questions that suit the library, as Gradio's chatbot takes them."""
        return [{"text": question} for question in self._papers.examples]

    @property
    def invitation(self) -> str:
        """What an empty conversation shows: how to ask, or, in an empty library, how to add papers."""
        return welcome_html() if not self._assistant.status().papers else _INVITATION

    def header(self) -> str:
        """Return the state in the bar: how many papers there are and who writes answers; notice a missing model."""
        status = self._assistant.status()
        writer, notice = self._writer()
        notice = " ".join(filter(None, [status.gap, notice]))
        return header_html(status.papers, status.failed + len(self._unread()), writer, notice)

    def _writer(self) -> tuple[str, str]:
        """Return who writes answers, and what is missing for a model to write them."""
        if self._assistant.settings.answer.mode == "quote":
            return "Quotes only, as [answer] mode says", ""
        try:
            model = self._assistant.writer()
        except AnswerModelError as error:
            return f"No answers: {error}", ""
        if model is None:
            return "Quotes only", ""
        if isinstance(model, AnswerModelError):
            notice = f"Answers are quotes from your papers. To have a model write them: {model}"
            return "Quotes only", notice
        return f"Written by {model.name}, on this machine", ""

    def scope(self, scope: str) -> str:
        """Return which papers a question with this scope searches, or why it cannot be asked."""
        try:
            filters = filters_in(scope)
            return scope_html(searched_text(self._assistant.searched(**filters)) if any(filters.values()) else "")
        except FootnoteError as error:
            return scope_html(str(error))

    def _can_draw(self, paper: str) -> bool:
        try:
            return self._assistant.can_draw(paper)
        except UnknownPaper:  # it was removed
            return False

    def _table(self, citation: Citation) -> QuotedTable | None:
        try:
            return self._assistant.cited_table(citation)
        except UnknownPaper:  # it was removed
            return None

    def _relocate_quotes(self, answer: Answer) -> Answer:
        """Return a stored answer with the present spans of its quotes: a paper may have been read again since."""
        moved = replace(answer, citations=self._relocated(answer.citations))
        if answer.mode == "llm" and answer.quotes:
            quotes = replace(answer.quotes, citations=self._relocated(answer.quotes.citations))
            moved = replace(moved, quotes=quotes)
        return moved

    def _relocated(self, citations: Sequence[Citation]) -> tuple[Citation, ...]:
        moved = []
        for citation in citations:
            try:
                span = self._assistant.find_quote(citation.paper_id, citation.quote, citation.start)
            except UnknownPaper:
                span = None
            moved.append(replace(citation, start=span.start, end=span.end) if span else citation)
        return tuple(moved)


def _turn_messages(answer: Answer, turn: int) -> Messages:
    question = {"role": "user", "content": question_text(answer.question)}
    return [question, {"role": "assistant", "content": answer_html(answer, turn)}]


def _reply(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text_html(text)}
