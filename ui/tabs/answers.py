"""What happens on the page when something is asked: the growing answer, its evidence, and the conversation it is in."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from rag import NEW_CONVERSATION, Answer, Assistant, Feedback
from rag.errors import AnswerModelError, EmptyLibrary, FootnoteError, UnknownAnswer, UnknownPaper
from rag.types import papers_text, searched_text

from ..admission import Counter
from ..paper_list import Shelves
from ..render import answer_html, evidence_html, head_html, question_text, scope_html, text_html

log = logging.getLogger("footnote")

Messages = list[dict[str, str]]

_BETWEEN = 0.1  # seconds between two states of a growing answer: more often is more than an eye follows


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation on the page: its number in the record, once it has one, and its answers."""

    number: int | None = None
    answers: tuple[Answer, ...] = ()
    thumbs: tuple[bool | None, ...] = ()  # of the first answers: what a person thinks of each


@dataclass(frozen=True, slots=True)
class View:
    """What is seen of a conversation; `evidence` is None where it has not changed."""

    talk: Talk
    messages: Messages
    evidence: str | None
    done: bool


class Asking:
    """Puts the page's questions to an assistant. Each browser tab has a stop of its own."""

    def __init__(self, assistant: Assistant, counter: Counter, shelves: Shelves) -> None:
        self._counter = counter
        self._assistant = assistant
        self._stops: dict[str, threading.Event] = {}
        self._shelves = shelves

    def views(self, question: str, talk: Talk, tab: str, turn: int | None = None, **scope: Any) -> Iterator[View]:
        """The states of a conversation while a question is answered; the last one is done.

        What fails is said in its place in the conversation, and is no part of it.

        Args:
            question: what is asked.
            talk: the conversation so far.
            tab: the browser tab, for `stop`.
            turn: the place of the last answer, which this one replaces once it is complete; None for one more.
            scope: as in `Assistant.ask`.
        """
        asked = {"role": "user", "content": question_text(question)}
        if turn is not None and turn < len(talk.answers) - 1:
            told = _told("Only the last question can be asked anew: the answers after this one follow on it.")
            yield View(talk, [*self.messages(talk), told], None, True)
            return
        before = talk.answers[:turn]
        shown = [*self.messages(Talk(talk.number, before)), asked]
        yield View(talk, shown, None, False)
        stop = self._stops[tab] = threading.Event()
        try:
            with self._counter.turn():
                yield from self._answering(question, talk, before, stop, scope)
        except EmptyLibrary:
            text = "There are no papers yet. Drop files under Library, or run `footnote add PATH`."
            yield View(talk, [*shown, _told(text)], None, True)
        except FootnoteError as error:
            yield View(talk, [*shown, _told(str(error))], None, True)
        except Exception as error:
            log.exception("A question was not answered.")
            # Its text may name a path of this machine.
            text = f"Unexpected error ({type(error).__name__}). The terminal shows its details."
            yield View(talk, [*shown, _told(text)], None, True)
        finally:
            if self._stops.get(tab) is stop:
                del self._stops[tab]

    def _answering(
        self, question: str, talk: Talk, before: tuple[Answer, ...], stop: threading.Event, scope: dict[str, Any]
    ) -> Iterator[View]:
        earlier, sent, cited = self.messages(Talk(talk.number, before)), 0.0, None
        history = [(answer.question, answer.text) for answer in before]
        answers = self._assistant.stream(
            question, history=history, stop=stop, conversation=self._place(talk.number), **scope
        )
        try:
            for answer in answers:
                done = bool(answer.seconds)  # only the last one has them
                if not done and time.monotonic() - sent < _BETWEEN:
                    continue
                grown = Talk(answer.conversation or talk.number, (*before, answer), talk.thumbs[: len(before)])
                evidence = self.evidence(grown) if done or answer.citations != cited else None
                if done:
                    self._drop(talk.answers[len(before) :], answer)
                yield View(grown, [*earlier, *_turn(answer, len(before))], evidence, done)
                sent, cited = time.monotonic(), answer.citations
        except GeneratorExit:  # the reader left: what there is of the answer is kept
            stop.set()
            for _ in answers:
                pass
            raise

    def _place(self, number: int | None) -> int:
        """The conversation in which an answer is kept: the one it is asked in, if that is still there."""
        # It may have been deleted, also along with a paper.
        return number if number is not None and self._assistant.has_conversation(number) else NEW_CONVERSATION

    def _drop(self, replaced: tuple[Answer, ...], answer: Answer) -> None:
        """Deletes the answers that a complete one was asked in place of."""
        for old in replaced:
            if old.number is not None and answer.complete:
                with contextlib.suppress(UnknownAnswer):  # another tab has
                    self._assistant.delete_answer(old.number)

    def stop(self, tab: str) -> None:
        """Ends the answer that is being written for a tab; what there is of it stays."""
        if stop := self._stops.get(tab):
            stop.set()

    def messages(self, talk: Talk) -> Messages:
        """A conversation as the chat shows it."""
        return [message for turn, answer in enumerate(talk.answers) for message in _turn(answer, turn)]

    def evidence(self, talk: Talk) -> str:
        """The cards beside a conversation."""
        return evidence_html(talk.answers, self._shelves.now(), self._can_draw, talk.number)

    def reopened(self, number: int) -> Talk:
        """A conversation of the record, its quotes where they stand today.

        Raises:
            UnknownConversation: it is not there any more.
        """
        kept = self._assistant.conversation(number)
        answers = tuple(self._located(each.as_answer()) for each in kept)
        return Talk(number, answers, tuple(each.feedback.good if each.feedback else None for each in kept))

    def rate(self, talk: Talk, turn: int, good: bool | None) -> Talk:
        """Keeps whether a person finds an answer good, and gives the conversation with that in it."""
        self._rated(talk, turn, lambda before: (good, before.comment if before else ""))
        thumbs = [*talk.thumbs, *[None] * len(talk.answers)][: len(talk.answers)]
        thumbs[turn] = good
        return replace(talk, thumbs=tuple(thumbs))

    def comment(self, talk: Talk, comment: str) -> None:
        """Keeps what a person says of the last answer."""
        self._rated(talk, len(talk.answers) - 1, lambda before: (before.good if before else None, comment))

    def commented(self, talk: Talk) -> str:
        """What a person said of the last answer before."""
        number = talk.answers[-1].number if talk.answers else None
        feedback = self._assistant.saved_answer(number).feedback if number is not None else None
        return feedback.comment if feedback else ""

    def _rated(self, talk: Talk, turn: int, said: Callable[[Feedback | None], tuple[bool | None, str]]) -> None:
        number = talk.answers[turn].number if 0 <= turn < len(talk.answers) else None
        if number is None:
            raise UnknownAnswer("There is no answer that this could be kept with.")
        self._assistant.rate(number, *said(self._assistant.saved_answer(number).feedback))

    @property
    def keeps(self) -> bool:
        """Whether answers are kept, and with them what is thought of them."""
        return self._assistant.settings.answer.keep

    def head(self) -> str:
        """The line above all: how many papers there are, and who writes; below it why no model does, where one may."""
        status = self._assistant.status()
        writer, notice = self._who_writes()
        return head_html(f"{papers_text({'papers': status.papers, 'failed': status.failed})}. {writer}", notice)

    def _who_writes(self) -> tuple[str, str]:
        """The mode in plain words, and the notice of what is missing for a model to write, if anything is."""
        if self._assistant.settings.answer.mode == "quote":
            return "Quotes only, as [answer] mode says.", ""
        try:
            model = self._assistant.writer()
        except AnswerModelError as error:
            return f"No answers: {error}", ""
        if model is None:
            return "Quotes only.", ""
        if isinstance(model, AnswerModelError):
            return "Quotes only.", f"Answers are quotes, which needs no model. For answers written by one: {model}"
        return f"Answers are written by {model.name}, on this machine, and checked against the quotes.", ""

    def scope(self, **filters: Any) -> str:
        """What a question with these filters of `Assistant.ask` is put to, or why it cannot be asked."""
        if not any(filters.values()):
            return scope_html("")
        try:
            return scope_html(searched_text(self._assistant.searched(**filters)))
        except FootnoteError as error:
            return scope_html(str(error))

    def examples(self) -> Sequence[str]:
        """Questions that suit the library."""
        return self._shelves.now().examples

    def _can_draw(self, paper: str) -> bool:
        try:
            return self._assistant.can_draw(paper)
        except UnknownPaper:  # it was removed
            return False

    def _located(self, answer: Answer) -> Answer:
        """An answer of the record with its quotes where they stand now: a paper may have been read again since."""
        citations = []
        for citation in answer.citations:
            try:
                span = self._assistant.find_quote(citation.paper_id, citation.quote, citation.start)
            except UnknownPaper:
                span = None
            citations.append(replace(citation, start=span.start, end=span.end) if span else citation)
        return replace(answer, citations=tuple(citations))


def _turn(answer: Answer, turn: int) -> Messages:
    return [
        {"role": "user", "content": question_text(answer.question)},
        {"role": "assistant", "content": answer_html(answer, turn)},
    ]


def _told(text: str) -> dict[str, str]:
    return {"role": "assistant", "content": text_html(text)}
