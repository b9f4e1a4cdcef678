"""Answer in prose by a local model, over the answer in quotes, which stays unless the prose holds up."""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from .. import config
from ..errors import AnswerModelError
from ..models.background import STOPPED, stoppable_reply
from ..models.protocols import ChatModel, Completion
from ..retrieval.corpus import Corpus
from ..retrieval.search import SearchResult, top_passages
from ..types import DOUBT, UNSURE, Answer, CitedText, Paper, Sentence
from .checks.support import SUPPORTED
from .deadline import Deadline
from .draft import CheckedAnswer, Draft
from .given import passages_of_quotes
from .kept_facts import Needed, needed_facts
from .loops import TAIL_CHARACTERS, is_looping
from .prompts import PROMPT_VERSION
from .reading_speed import known_speed, learn_speed
from .second_opinion import lower_support
from .token_budget import FittedPrompt, fit_prompt, was_cut
from .verdict import Verdict, judge

_MAX_PASSAGES = 24  # in which the quotes are looked for
_FEWEST_SUPPORTED = 2  # sentences from which prose is shown while it grows
_FEWEST_SECONDS = 10.0  # of silence before it is said
_MAX_REPEATED = 1  # sentences that the model wrote before; with more it is in a loop


def written_answers(
    corpus: Corpus,
    model: ChatModel,
    quoted: Answer,
    found: SearchResult,
    history: Sequence[tuple[str, str]],
    deadline: Deadline,
    stop: threading.Event | None = None,
) -> Iterator[Answer]:
    """Yield growing answers while the model writes: the quotes, then prose from its second supported sentence on.

    The last is the prose if it holds up (verdict.py), else the quotes with a note that says why. Its `complete` is
    false if the model stopped early. Raise AnswerModelError if the model failed before it had written a sentence.
    Raise ConfigError if not even one passage fits into the context.
    """
    settings = corpus.settings.ollama
    context_tokens = model.window or settings.context_tokens
    speed = known_speed(corpus, model)
    paper_named = functools.cache(corpus.records.paper)  # with its text, for the prompt and the draft
    prompt = _fit_prompt(corpus, quoted, found, history, context_tokens, speed, paper_named)
    needed = needed_facts(quoted, found.wanted)
    base = replace(quoted, model=model.name, prompt_version=PROMPT_VERSION, complete=False)
    waiting = _Waiting(base, model, prompt, speed, settings.reading_seconds)
    yield waiting.answer()
    draft = Draft(prompt.passages, paper_named, corpus.embedder, quoted.standalone_question)
    growing = _Growing(base, needed)
    reply = _Reply(draft)
    for _ in reply.read(model, prompt, settings.answer_tokens, deadline, stop):
        yield growing.answer(draft.checked(final=False)) if reply.has_begun else waiting.answer(heard=reply.is_heard)
    written = draft.checked(final=True, was_cut=reply.was_cut)
    if reply.failure and not written.sentences:
        raise reply.failure
    if reply.end:
        learn_speed(corpus, model, reply.end, prompt)
    if settings.check and not reply.failure:
        of_opinions = Deadline.in_seconds(settings.timeout_seconds)
        written = lower_support(model, written, min(deadline, of_opinions), stop)
    notes = tuple(_notes(reply, prompt, settings))
    yield _final(base, written, judge(written, needed, quoted.citations), reply, notes, was_shown=growing.has_shown)


class _Waiting:
    """The quotes with a note while the model reads, which says so when the server takes longer than reading does."""

    def __init__(
        self, base: Answer, model: ChatModel, prompt: FittedPrompt, speed: float | None, reading_seconds: float
    ) -> None:
        usual = prompt.most_tokens * speed if speed else None
        about = f", about {usual:.0f} s" if usual else ""
        passages = "1 passage" if len(prompt.passages) == 1 else f"{len(prompt.passages)} passages"
        reads = f"{model.name} reads {passages} (up to {prompt.most_tokens:,} tokens{about})."
        patience = max(_FEWEST_SECONDS, 2 * usual) if usual else reading_seconds
        is_late = (
            f"{model.name} is silent for {patience:.2g} s: the server may be loading it, or answering others first."
        )
        self._late_at = Deadline.in_seconds(patience)
        self._reads, self._is_late = _with_notes(base, reads), _with_notes(base, is_late)

    def answer(self, *, heard: bool = False) -> Answer:
        """Return the quotes with what there is to say; `heard` if the server has sent something."""
        return self._is_late if self._late_at.has_passed and not heard else self._reads


class _Growing:
    """What is shown while a model writes: the quotes, then prose that will hardly be withdrawn.

    Prose begins with two supported sentences and nothing else. What is shown stays until the model is finished; later
    sentences are added as long as the whole holds up.
    """

    def __init__(self, base: Answer, needed: Needed) -> None:
        self._base, self._needed = base, needed
        self._shown: CheckedAnswer | None = None
        self._prose: Answer | None = None

    @property
    def has_shown(self) -> bool:
        """Whether prose was shown, so that the line that says why must follow if it is withdrawn."""
        return self._shown is not None

    def answer(self, written: CheckedAnswer) -> Answer:
        """Return the answer with the prose so far, and a note on how far the model is."""
        supported = sum(each.support in SUPPORTED for each in written.sentences)
        verdict = judge(written, self._needed, self._base.citations)
        if verdict.holds and (self._shown or _FEWEST_SUPPORTED <= supported == len(written.sentences)):
            self._shown, self._prose = verdict.shown, _shown(self._base, verdict)
        elif self._shown and len(written.sentences) < len(self._shown.sentences):
            self._prose = None  # what was shown was reasoning before the answer
        progress = f"{self._base.model} writes: {_count(len(written.sentences))}, {supported} supported."
        withdrawn = written.notes if self._shown and not self._prose else ()
        return _with_notes(self._prose or self._base, *withdrawn, progress)


class _Reply:
    """A model's reply, read into a draft. After it was read: how it ended, and why it failed, if it did."""

    def __init__(self, draft: Draft) -> None:
        self.end: Completion | None = None
        self.failure: AnswerModelError | None = None
        self.looped = False
        self.is_heard = False  # the server has sent something
        self.has_begun = False  # there is text of the answer
        self._draft = draft

    @property
    def was_cut(self) -> bool:
        """Whether its last sentence may not be whole."""
        return self.failure is not None or self.looped or (self.end is not None and self.end.reason == "length")

    def read(
        self,
        model: ChatModel,
        prompt: FittedPrompt,
        answer_tokens: int,
        deadline: Deadline,
        stop: threading.Event | None,
    ) -> Iterator[None]:
        """Yield after each piece, and as a heartbeat while none comes. Stop a model that repeats itself."""
        pieces = stoppable_reply(
            lambda ended: model.chat(
                prompt.messages, answer_tokens=answer_tokens, stop=ended, limit_seconds=deadline.seconds_left()
            ),
            stop,
        )
        tail = ""
        try:
            with contextlib.closing(pieces):
                for piece in pieces:
                    if piece is not None:
                        self.is_heard = True
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


def _final(
    base: Answer, written: CheckedAnswer, verdict: Verdict, reply: _Reply, notes: tuple[str, ...], *, was_shown: bool
) -> Answer:
    whole = CitedText(written.text, written.sentences, written.citations) if written.sentences else None
    base = replace(base, written=whole)
    if not verdict.holds:
        reasons = () if reply.failure and not was_shown else (f"{base.model} {verdict.reason}.",)
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


def _count(sentences: int) -> str:
    return "1 sentence" if sentences == 1 else f"{sentences} sentences"
