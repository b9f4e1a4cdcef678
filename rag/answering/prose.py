"""An answer by a local model, on top of the one in quotes: which stands at once, and stays where the model fails."""

from __future__ import annotations

import contextlib
import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import replace

from .. import config
from ..errors import AnswerModelError, LibraryError, UnknownPaper
from ..models.background import STOPPED, stoppable_reply
from ..models.protocols import ChatModel, Completion, Piece
from ..retrieval.corpus import Corpus
from ..retrieval.search import SearchResult, top_passages
from ..retrieval.terms import MAX_QUESTION, search_terms
from ..types import REFUSAL, UNSURE, Answer, Passage, Sentence
from .draft import Draft, Fitted, Written, fit_prompt, foretold_seconds, was_cut, whole_section
from .prompts import PROMPT_VERSION, check_messages, rewrite_messages

log = logging.getLogger("footnote")

_OFFERED = 24  # passages that the prompt may be made of
_SHOWN = 500  # characters of an answer that is not shown as one
_DOUBT = "The papers may not answer this."
_LABELS = ("unsupported", "partly", "supported", "quoted")
_QUESTION_TOKENS = 120
_TURNS, _TURN = 3, 600  # earlier turns, and characters of each, that a follow-up is rewritten by
_SLOWER = 0.8  # of the last figure a new one is taken to be at least
_CHECK_TOKENS = 50  # of the reply to a check


def written_answers(
    corpus: Corpus,
    model: ChatModel,
    quoted: Answer,
    found: SearchResult,
    history: Sequence[tuple[str, str]],
    stop: threading.Event | None = None,
) -> Iterator[Answer]:
    """Growing answers as the model writes; of the last, `complete` is false where the model broke off.

    Where nothing that it wrote is supported, the last is `quoted` with a note.

    Raises:
        AnswerModelError: the model failed before it had written a sentence.
        ConfigError: not even one passage fits into the context.
    """
    settings = corpus.settings.ollama
    prompt = _prompt(corpus, model, quoted, found, history)
    base = replace(quoted, mode="llm", model=model.name, prompt_version=PROMPT_VERSION, complete=False)
    waiting = replace(base, notes=(*quoted.notes, _reading(corpus, model, prompt)))
    yield waiting
    draft = Draft(prompt.passages, corpus.records.paper, corpus.embedder)
    end: Completion | None = None
    failure: AnswerModelError | None = None

    def chat(ended: threading.Event) -> Iterator[Piece]:
        return model.chat(
            prompt.messages,
            context_tokens=_window(model, settings),
            answer_tokens=settings.answer_tokens,
            stop=ended,
        )

    try:
        for piece in stoppable_reply(chat, stop):
            if piece is not None:
                draft.feed(piece.text)
                end = piece.end
            growing = _growing(base, draft)
            yield growing if growing.text else waiting
    except AnswerModelError as error:
        failure = error
    written = draft.written(final=True)
    if failure and not written.sentences:
        raise failure
    if end:
        _remember_speed(corpus, model, end)
    if settings.check and not failure:
        written = _checked_again(model, written, settings, stop)
    notes = (*written.notes, *_told(failure, end, prompt, settings))
    yield _final(base, quoted, written, notes, complete=failure is None and not (end and end.reason == "length"))


def _prompt(
    corpus: Corpus, model: ChatModel, quoted: Answer, found: SearchResult, history: Sequence[tuple[str, str]]
) -> Fitted:
    settings = corpus.settings.ollama

    def widen(passage: Passage) -> Passage | None:
        with contextlib.suppress(UnknownPaper):  # it was removed a moment ago
            return whole_section(passage, corpus.records.paper(passage.paper_id))
        return None

    return fit_prompt(
        quoted.standalone_question,
        top_passages(corpus, found, _OFFERED),
        history,
        _window(model, settings),
        settings.answer_tokens,
        _speed(corpus, model),
        settings.reading_seconds,
        widen,
    )


def _window(model: ChatModel, settings: config.Ollama) -> int:
    """The tokens that prompt and answer share: never more than the model was made for."""
    return min(settings.context_tokens, model.window or settings.context_tokens)


def _growing(base: Answer, draft: Draft) -> Answer:
    written = draft.written(final=False)
    text = " ".join(filter(None, (written.text, draft.unfinished)))
    return replace(base, text=text, sentences=written.sentences, citations=written.citations)


def _final(base: Answer, quoted: Answer, written: Written, notes: tuple[str, ...], complete: bool) -> Answer:
    if written.is_refusal:
        refusal = replace(base, text=REFUSAL, refused=True, sentences=(), citations=())
        return replace(refusal, complete=complete, notes=(*quoted.notes, *notes))
    if written.nothing_supported:
        wrote = " ".join(written.text.split())
        shown = wrote if len(wrote) <= _SHOWN else wrote[:_SHOWN] + " ..."
        note = f"Quotes are shown, since the passages support nothing of what {base.model} wrote: {shown}"
        if not shown:
            note = f"Quotes are shown, since {base.model} wrote no answer."
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


def _told(
    failure: AnswerModelError | None, end: Completion | None, prompt: Fitted, settings: config.Ollama
) -> Iterator[str]:
    if failure:
        yield STOPPED if str(failure) == STOPPED else f"The answer broke off: {failure}"
    if end and end.reason == "length":
        yield f"The answer reached {settings.answer_tokens} tokens and was ended ([ollama] answer_tokens)."
    if end and was_cut(prompt.fewest, end.prompt_tokens):
        yield (
            f"The model read {end.prompt_tokens:,} tokens of a prompt of at least {prompt.fewest:,}: Ollama cut it. "
            "Update Ollama, or set [ollama] context_tokens lower."
        )


def rewritten_question(
    model: ChatModel,
    question: str,
    history: Sequence[tuple[str, str]],
    settings: config.Ollama,
    stop: threading.Event | None = None,
) -> str | None:
    """A follow-up as a question that stands alone, by the model; None where it fails or writes something else."""
    try:
        pieces = model.chat(
            rewrite_messages(question, [(asked[-_TURN:], answer[:_TURN]) for asked, answer in history[-_TURNS:]]),
            context_tokens=settings.context_tokens,
            answer_tokens=_QUESTION_TOKENS,
            stop=stop,
        )
        lines = "".join(piece.text for piece in pieces).strip().splitlines()
    except AnswerModelError:
        return None
    if len(lines) != 1:
        return None
    rewritten = lines[0].removeprefix("Rewritten question:").strip(" \"'")
    said = " ".join([question, *(part for turn in history for part in turn)])
    of_it = set(search_terms(rewritten)) & set(search_terms(said))  # else it is about something else
    return rewritten if rewritten.endswith("?") and of_it and len(rewritten) <= MAX_QUESTION else None


# How long reading takes


def _reading(corpus: Corpus, model: ChatModel, prompt: Fitted) -> str:
    speed = _speed(corpus, model)
    about = f", about {foretold_seconds(prompt.tokens, speed):.0f} s" if speed else ""
    return f"{model.name} reads {len(prompt.passages)} passages (up to {prompt.tokens:,} tokens{about})."


def _speed(corpus: Corpus, model: ChatModel) -> float | None:
    """Seconds a token of a prompt took the model the last time."""
    kept = corpus.records.meta(f"seconds_per_token {model.name}")
    return float(kept) if kept else None


def _remember_speed(corpus: Corpus, model: ChatModel, end: Completion) -> None:
    if not (end.prompt_tokens and end.prompt_seconds):
        return
    # What Ollama has read before it counts and reads no second time: a figure that is much lower says nothing.
    speed = max(end.prompt_seconds / end.prompt_tokens, (_speed(corpus, model) or 0.0) * _SLOWER)
    try:
        with corpus.records.transaction(of_papers=False) as db:
            corpus.records.set_meta(db, f"seconds_per_token {model.name}", f"{speed:.6f}")
    except LibraryError as error:  # the answer is there all the same
        log.warning("How fast %s reads is not kept: %s", model.name, error)


# A second opinion


def _checked_again(
    model: ChatModel, written: Written, settings: config.Ollama, stop: threading.Event | None
) -> Written:
    """The support of each sentence as the model sees it too: the lower label holds."""
    quotes = {citation.number: citation.quote for citation in written.citations}
    sentences = [
        replace(s, support=min(s.support, _opinion(model, s, quotes, settings, stop), key=_LABELS.index))
        if s.support in ("partly", "supported") and not (stop is not None and stop.is_set())
        else s
        for s in written.sentences
    ]
    return written._replace(sentences=tuple(sentences))


def _opinion(
    model: ChatModel, sentence: Sentence, quotes: dict[int, str], settings: config.Ollama, stop: threading.Event | None
) -> str:
    import json

    asked, schema = check_messages(sentence.text, [quotes[number] for number in sentence.citations])
    try:
        reply = "".join(
            piece.text
            for piece in model.chat(
                asked, context_tokens=settings.context_tokens, answer_tokens=_CHECK_TOKENS, schema=schema, stop=stop
            )
        )
        label = json.loads(reply)["support"]
    except (AnswerModelError, ValueError, KeyError, TypeError):
        return sentence.support  # no opinion
    return label if label in _LABELS else sentence.support
