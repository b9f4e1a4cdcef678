"""Answer in prose by a local model, over the answer in quotes, which stays unless the prose holds up."""

import contextlib
import functools
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from .. import config
from ..errors import AnswerModelError
from ..models.background import STOPPED, stoppable_reply
from ..models.protocols import ChatModel, Completion
from ..retrieval.corpus import Corpus
from ..retrieval.search import SearchResult, top_passages
from ..types import DOUBT, UNSURE, Answer, CitedText, Paper, Sentence
from .draft import CheckedAnswer, Draft
from .given import passages_of_quotes
from .kept_facts import Needed, needed_facts
from .loops import TAIL_CHARACTERS, is_looping
from .prompts import PROMPT_VERSION
from .reading_speed import known_speed, learn_speed
from .second_opinion import lower_support
from .support import SUPPORTED
from .token_budget import FittedPrompt, fit_prompt, was_cut
from .verdict import Verdict, judge

_MAX_PASSAGES = 24  # in which the quotes are looked for
_MAX_REPEATED = 1  # sentences that the model wrote before; with more it is in a loop


def written_answers(
    corpus: Corpus,
    model: ChatModel,
    quoted: Answer,
    found: SearchResult,
    history: Sequence[tuple[str, str]],
    stop: threading.Event | None = None,
) -> Iterator[Answer]:
    """Yield growing answers while the model writes: the quotes, and prose as far as it is checked and holds up.

    The last is the prose if it holds up (verdict.py), else the quotes with a note that says why. Its `complete` is
    false if the model stopped early. Raise AnswerModelError if the model failed before it had written a sentence.
    Raise ConfigError if not even one passage fits into the context.
    """
    settings = corpus.settings.ollama
    deadline = time.monotonic() + settings.deadline_seconds  # of the reply, and of the opinions on it
    context_tokens = model.window or settings.context_tokens
    speed = known_speed(corpus, model)
    paper_named = functools.cache(corpus.records.paper)  # with its text, for the prompt and the draft
    prompt = _fit_prompt(corpus, quoted, found, history, context_tokens, speed, paper_named)
    needed = needed_facts(quoted, found.wanted)
    base = replace(quoted, model=model.name, prompt_version=PROMPT_VERSION, complete=False)
    reading = _with_notes(base, _reading_note(model, prompt, speed))
    yield reading
    draft = Draft(prompt.passages, paper_named, corpus.embedder, quoted.standalone_question)
    reply = _Reply(draft)
    for _ in reply.read(model, prompt, settings.answer_tokens, stop):
        yield _growing(base, draft, needed) if reply.has_begun else reading
    written = draft.checked(final=True, was_cut=reply.was_cut)
    if reply.failure and not written.sentences:
        raise reply.failure
    if reply.end:
        learn_speed(corpus, model, reply.end, prompt)
    if settings.check and not reply.failure:
        written = lower_support(model, written, min(deadline, time.monotonic() + settings.timeout_seconds), stop)
    yield _final(base, written, judge(written, needed), reply, tuple(_notes(reply, prompt, settings)))


class _Reply:
    """A model's reply, read into a draft. After it was read: how it ended, and why it failed, if it did."""

    def __init__(self, draft: Draft) -> None:
        self.end: Completion | None = None
        self.failure: AnswerModelError | None = None
        self.looped = False
        self.has_begun = False
        self._draft = draft

    @property
    def was_cut(self) -> bool:
        """Whether its last sentence may not be whole."""
        return self.failure is not None or self.looped or (self.end is not None and self.end.reason == "length")

    def read(
        self, model: ChatModel, prompt: FittedPrompt, answer_tokens: int, stop: threading.Event | None
    ) -> Iterator[None]:
        """Yield after each piece, and as a heartbeat while none comes. Stop a model that repeats itself."""
        pieces = stoppable_reply(
            lambda ended: model.chat(prompt.messages, answer_tokens=answer_tokens, stop=ended), stop
        )
        tail = ""
        try:
            with contextlib.closing(pieces):
                for piece in pieces:
                    if piece is not None:
                        self.has_begun = self.has_begun or bool(piece.text)
                        self._draft.feed(piece.text)
                        self.end = piece.end
                        tail = (tail + piece.text)[-TAIL_CHARACTERS:]
                    yield
                    if self._draft.repeated > _MAX_REPEATED or is_looping(tail):
                        self.looped = self.end is None
                        return
        except AnswerModelError as error:
            self.failure = error


def _fit_prompt(
    corpus: Corpus,
    quoted: Answer,
    found: SearchResult,
    history: Sequence[tuple[str, str]],
    context_tokens: int,
    speed: float | None,
    paper_named: Callable[[str], Paper],
) -> FittedPrompt:
    settings = corpus.settings.ollama
    passages = passages_of_quotes(quoted, top_passages(found, _MAX_PASSAGES), paper_named)
    return fit_prompt(
        quoted.standalone_question,
        passages,
        history,
        context_tokens,
        settings.answer_tokens,
        speed,
        settings.reading_seconds,
    )


def _growing(base: Answer, draft: Draft, needed: Needed) -> Answer:
    """Return the prose so far if all of it is supported and holds up, else the quotes; and how far the model is."""
    written = draft.checked(final=False)
    supported = sum(each.support in SUPPORTED for each in written.sentences)
    progress = _with_notes(base, f"{base.model} writes: {_count(len(written.sentences))}, {supported} supported.")
    if supported < len(written.sentences):
        return progress
    verdict = judge(written, needed)
    return _shown(progress, verdict) if verdict.holds else progress


def _final(base: Answer, written: CheckedAnswer, verdict: Verdict, reply: _Reply, notes: tuple[str, ...]) -> Answer:
    whole = CitedText(written.text, written.sentences, written.citations) if written.sentences else None
    base = replace(base, written=whole)
    if not verdict.holds:
        reasons = () if reply.failure else (f"{base.model} {verdict.reason}.",)
        return _with_notes(replace(base, complete=reply.failure is None), *reasons, *notes)
    left_out = len(written.sentences) - len(verdict.shown.sentences)
    if left_out:
        notes = (f"Left out {_count(left_out)} that the passages do not support.", *notes)
    return _with_notes(
        replace(_shown(base, verdict), complete=not reply.was_cut or reply.looped), *verdict.shown.notes, *notes
    )


def _shown(quoted: Answer, verdict: Verdict) -> Answer:
    """Return the prose as the answer. Its confidence is that of the search, as far as the prose is supported."""
    unsure = any(s.text == UNSURE for s in quoted.sentences)
    shown = verdict.shown
    return replace(
        quoted,
        mode="llm",
        text=f"{DOUBT} {shown.text}" if unsure else shown.text,
        sentences=(*([Sentence(DOUBT, (), "unsupported")] if unsure else []), *shown.sentences),
        citations=shown.citations,
        confidence=quoted.confidence * verdict.share_supported,
    )


def _with_notes(answer: Answer, *notes: str) -> Answer:
    return replace(answer, notes=(*answer.notes, *notes))


def _notes(reply: _Reply, prompt: FittedPrompt, settings: config.Ollama) -> Iterator[str]:
    if reply.failure:
        yield STOPPED if str(reply.failure) == STOPPED else f"The answer is incomplete: {reply.failure}"
    if reply.looped:
        yield "The model repeated itself and was stopped."
    if reply.end and reply.end.reason == "length":
        yield f"The model's text was cut at {settings.answer_tokens} tokens ([ollama] answer_tokens)."
    if reply.end and was_cut(prompt.fewest_tokens, reply.end.prompt_tokens):
        yield (
            f"The server cut the prompt: the model read {reply.end.prompt_tokens:,} of at least "
            f"{prompt.fewest_tokens:,} tokens. Update the server, or set [ollama] context_tokens lower."
        )


def _reading_note(model: ChatModel, prompt: FittedPrompt, speed: float | None) -> str:
    about = f", about {prompt.most_tokens * speed:.0f} s" if speed else ""
    passages = "1 passage" if len(prompt.passages) == 1 else f"{len(prompt.passages)} passages"
    return f"{model.name} reads {passages} (up to {prompt.most_tokens:,} tokens{about})."


def _count(sentences: int) -> str:
    return "1 sentence" if sentences == 1 else f"{sentences} sentences"
