"""Answer in prose by a local model, on top of the answer in quotes, which remains if the model fails."""

import contextlib
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from .. import config
from ..errors import AnswerModelError, UnknownPaper
from ..models.background import STOPPED, stoppable_reply
from ..models.protocols import ChatModel, Completion
from ..retrieval.corpus import Corpus
from ..retrieval.search import SearchResult, top_passages
from ..types import REFUSAL, UNSURE, Answer, Paper, Passage, Sentence
from .draft import CheckedAnswer, Draft
from .prompts import PROMPT_VERSION
from .reading_speed import known_speed, learn_speed
from .second_opinion import lower_support
from .token_budget import FittedPrompt, fit_prompt, was_cut, whole_section

_MAX_PASSAGES = 24  # that the prompt is chosen from
_MAX_SHOWN = 500  # characters of an answer that is shown only in a note
_DOUBT = "The papers may not answer this."


def written_answers(
    corpus: Corpus,
    model: ChatModel,
    quoted: Answer,
    found: SearchResult,
    history: Sequence[tuple[str, str]],
    stop: threading.Event | None = None,
) -> Iterator[Answer]:
    """Yield growing answers while the model writes. The last has `complete` false if the model stopped early.

    Where no sentence can be verified, the last is `quoted` with a note. Raise AnswerModelError if the model failed
    before it had written a sentence. Raise ConfigError if not even one passage fits into the context.
    """
    settings = corpus.settings.ollama
    context_tokens = model.window or settings.context_tokens
    speed = known_speed(corpus, model)
    paper_named = functools.cache(corpus.records.paper)  # with its text, for the prompt and the draft
    prompt = _fit_prompt(corpus, quoted, found, history, context_tokens, speed, paper_named)
    base = replace(quoted, mode="llm", model=model.name, prompt_version=PROMPT_VERSION, complete=False)
    waiting = replace(base, notes=(*quoted.notes, _reading_note(model, prompt, speed)))
    yield waiting
    draft = Draft(prompt.passages, paper_named, corpus.embedder, quoted.standalone_question)
    end: Completion | None = None
    failure: AnswerModelError | None = None
    try:
        for piece in stoppable_reply(
            lambda ended: model.chat(prompt.messages, answer_tokens=settings.answer_tokens, stop=ended),
            stop,
        ):
            if piece is not None:
                draft.feed(piece.text)
                end = piece.end
            growing = _growing(base, draft)
            yield growing if growing.text else waiting
    except AnswerModelError as error:
        failure = error
    written = draft.checked(final=True, was_cut=failure is not None or (end is not None and end.reason == "length"))
    if failure and not written.sentences:
        raise failure
    if end:
        learn_speed(corpus, model, end, prompt)
    if settings.check and not failure:
        written = lower_support(model, written, settings, stop)
    notes = (*written.notes, *_notes(failure, end, prompt, settings))
    yield _final(base, quoted, written, notes, complete=failure is None and not (end and end.reason == "length"))


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

    def widen(passage: Passage) -> Passage | None:
        with contextlib.suppress(UnknownPaper):  # removed a moment ago
            return whole_section(passage, paper_named(passage.paper_id))
        return None

    return fit_prompt(
        quoted.standalone_question,
        top_passages(found, _MAX_PASSAGES),
        history,
        context_tokens,
        settings.answer_tokens,
        speed,
        settings.reading_seconds,
        widen,
    )


def _growing(base: Answer, draft: Draft) -> Answer:
    written = draft.checked(final=False)
    text = " ".join(filter(None, (written.text, draft.unfinished)))
    return replace(base, text=text, sentences=written.sentences, citations=written.citations)


def _final(base: Answer, quoted: Answer, written: CheckedAnswer, notes: tuple[str, ...], complete: bool) -> Answer:
    if written.is_refusal:
        refusal = replace(base, text=REFUSAL, refused=True, sentences=(), citations=())
        return replace(refusal, complete=complete, notes=(*quoted.notes, *notes))
    if written.nothing_supported:
        text = " ".join(written.text.split())
        shown = text if len(text) <= _MAX_SHOWN else text[:_MAX_SHOWN] + " ..."
        note = f"None of {base.model}'s answer could be verified; showing quotes instead. It wrote: {shown}"
        if not shown:
            note = f"{base.model} wrote no answer; showing quotes instead."
        kept = replace(quoted, model=base.model, prompt_version=base.prompt_version, complete=complete)
        return replace(kept, notes=(*quoted.notes, note, *notes))
    unsure = any(s.text == UNSURE for s in quoted.sentences)
    return replace(
        base,
        text=f"{_DOUBT} {written.text}" if unsure else written.text,
        sentences=(*([Sentence(_DOUBT, (), "unsupported")] if unsure else []), *written.sentences),
        citations=written.citations,
        complete=complete,
        notes=(*quoted.notes, *notes),
    )


def _notes(
    failure: AnswerModelError | None, end: Completion | None, prompt: FittedPrompt, settings: config.Ollama
) -> Iterator[str]:
    if failure:
        yield STOPPED if str(failure) == STOPPED else f"The answer is incomplete: {failure}"
    if end and end.reason == "length":
        yield f"The answer was cut at {settings.answer_tokens} tokens ([ollama] answer_tokens)."
    if end and was_cut(prompt.fewest_tokens, end.prompt_tokens):
        yield (
            f"Ollama cut the prompt: the model read {end.prompt_tokens:,} of at least {prompt.fewest_tokens:,} tokens. "
            "Update Ollama, or set [ollama] context_tokens lower."
        )


def _reading_note(model: ChatModel, prompt: FittedPrompt, speed: float | None) -> str:
    about = f", about {prompt.most_tokens * speed:.0f} s" if speed else ""
    return f"{model.name} reads {len(prompt.passages)} passages (up to {prompt.most_tokens:,} tokens{about})."
