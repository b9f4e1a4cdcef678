"""Answer a question: the main path, top to bottom."""

import threading
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from .answering.choice import choose, choose_of_each
from .answering.completion import completed
from .answering.confidence import confidence_in
from .answering.counted import counted_answer
from .answering.deadline import Deadline
from .answering.evidence import gather_evidence
from .answering.features import Candidate
from .answering.grounds import grounds
from .answering.prose import written_answers
from .answering.quotes import quote_answers
from .answering.standalone import Reading, read_standalone, rewritten_question
from .answering.unfound import unfound, unnamed
from .errors import AnswerModelError, ConfigError
from .filters import Filters
from .models.protocols import ChatModel
from .retrieval.corpus import Corpus
from .retrieval.follow_ups import NO_QUESTION
from .retrieval.rerank import rerank_passages
from .retrieval.search import search, top_passages
from .retrieval.terms import search_terms
from .retrieval.wanted import Wanted
from .store.history import now
from .text.language import ENGLISH, language_of
from .text.readable import readable
from .types import REFUSAL, Answer, Passage, Sentence

_SHARE_TO_REWORD = 0.25  # of the time that a model has for an answer
_MAX_NAMED = 5  # a question limited to at most this many papers is taken to be about them


@dataclass(frozen=True, slots=True)
class Request:
    """A validated question with its history and filters.

    Attributes:
        history: earlier turns as (question, answer), oldest first.
        stop: once set, the model stops within a second.
    """

    question: str
    history: Sequence[tuple[str, str]] = ()
    filters: Filters = field(default_factory=Filters)
    stop: threading.Event | None = None

    @property
    def is_stopped(self) -> bool:
        return self.stop is not None and self.stop.is_set()


def answers(
    corpus: Corpus, request: Request, find_model: Callable[[], ChatModel | None]
) -> Generator[Answer, None, Answer]:
    """Yield the answer as it grows, with `complete` False; return the final one.

    `find_model` returns the model that writes from the quotes, or None; it is called once the quotes are there. Raise
    EmptyLibrary, UnknownPaper, AmbiguousPaper or LibraryMismatch as `Assistant.ask` does. Raise AnswerModelError if the
    model failed, in mode llm.
    """
    started = time.perf_counter()

    def read_question(question: str) -> Reading:
        return read(corpus, question, request.filters)

    if counted := counted_answer(corpus, request.question, request.history, request.filters, read_question):
        matching = corpus.records.papers_matching(request.filters)
        scope = searched(corpus, request.filters, None if matching is None else len(matching))
        yield replace(counted, complete=False, searched=scope)
        seconds = {"retrieve": 0.0, "answer": time.perf_counter() - started}
        of_titles = grounds(counted, counted.standalone_question)
        return replace(counted, searched=scope, grounds=of_titles, seconds=seconds, asked=now())
    reading = read_standalone(corpus, request.question, request.history, read_question)
    answer = yield from _growing(quoted(corpus, request, reading))
    if model := find_model():
        deadline = Deadline.in_seconds(corpus.settings.ollama.deadline_seconds)
        if reading.question != request.question:
            yield replace(answer, complete=False, model=model.name, notes=(*answer.notes, _rewording(model)))
            if reworded := _reworded_by_model(corpus, request, reading, model, deadline):
                reading = reworded
                answer = yield from _growing(quoted(corpus, request, reading))
        if not answer.refused:
            answer = yield from _growing(written(corpus, request, reading, answer, model, deadline))
    seconds = {"retrieve": reading.seconds, "answer": time.perf_counter() - started - reading.seconds}
    return replace(answer, grounds=grounds(answer, reading.question), seconds=seconds, asked=now())


def courtesy_reply(text: str) -> Answer:
    """Return the reply to thanks or a greeting, which is neither searched for nor saved."""
    return Answer(
        question=text,
        text=NO_QUESTION,
        refused=False,
        complete=True,
        confidence=0.0,
        mode="quote",
        model=None,
        sentences=(Sentence(NO_QUESTION, (), "unsupported"),),
        citations=(),
        passages=(),
        seconds={"retrieve": 0.0, "answer": 0.0},
        standalone_question=text,
        asked=now(),
    )


def read(corpus: Corpus, question: str, filters: Filters) -> Reading:
    """Search for a standalone question, and collect the evidence in the passages found."""
    started = time.perf_counter()
    result = search(corpus, question, filters=filters).quotable()
    result = rerank_passages(corpus, result)
    seconds = time.perf_counter() - started
    evidence = gather_evidence(corpus, result)
    return Reading(question, result, evidence, confidence_in(evidence), seconds)


def quoted(corpus: Corpus, request: Request, reading: Reading) -> Iterator[Answer]:
    """Yield growing answers in quotes, or the refusal; the last one is complete."""
    base = _unanswered(corpus, request, reading)
    # A question limited to a few named papers is about them, even if it names no topic: "what are its limits?"
    scope = reading.result.scope
    names_papers = 0 < len(request.filters.papers) <= _MAX_NAMED or bool(scope.papers and scope.named)
    is_given = names_papers or len(scope.papers) == 1
    chosen = _chosen(reading, corpus.settings.answer.max_sentences, with_titles=not is_given)
    is_in_cell = next((each.holds_all for each in chosen if not each.is_title), False)
    is_stated = reading.result.is_stated or is_in_cell
    if not base.passages or (reading.confidence.refuse and not (names_papers or is_stated)):
        yield replace(base, text=REFUSAL, refused=True, complete=True)
        return
    chosen = completed(reading.result, _wanted(reading), chosen)
    is_unsure = reading.confidence.unsure or bool(unnamed(reading.result))
    yield from quote_answers(base, reading.result, chosen, is_unsure and not is_stated)


def _chosen(reading: Reading, most: int, with_titles: bool) -> list[Candidate]:
    """Return the sentences to quote from each paper that the question asks about."""
    if not reading.result.of_papers:
        return choose(reading.evidence, reading.result.wanted, most, with_titles=with_titles)
    return choose_of_each(reading.evidence.of_papers, [each.wanted for each in reading.result.of_papers], most)


def _wanted(reading: Reading) -> Wanted:
    """Return what the question wants; it is the same for each of several papers."""
    return (reading.result.of_papers or (reading.result,))[0].wanted


def written(
    corpus: Corpus, request: Request, reading: Reading, answer: Answer, model: ChatModel, deadline: Deadline
) -> Iterator[Answer]:
    """Yield the model's answer from the quotes as it grows; if the model fails, the quotes with a note.

    In llm mode raise AnswerModelError if it fails, or ConfigError if its context window is too small.
    """
    try:
        yield from written_answers(corpus, model, answer, reading.result, request.history, deadline, request.stop)
    except (AnswerModelError, ConfigError) as error:
        if corpus.settings.answer.mode == "llm" and not request.is_stopped:
            raise
        yield replace(answer, complete=not request.is_stopped, notes=(*answer.notes, f"Quotes only: {error}"))


def searched(corpus: Corpus, filters: Filters, matching_papers: int | None) -> dict[str, Any]:
    """Return `Answer.searched`: what a question with these filters searches, with papers by title."""
    library = corpus.records.searched()
    if matching_papers is None:
        return library
    values = filters.set_values()
    for name in {"papers", "without"} & values.keys():
        keys = [corpus.records.paper_key(value) for value in values[name]]
        refs = corpus.records.refs(keys)
        values[name] = [readable(refs[key].title) for key in dict.fromkeys(keys) if key in refs]
    return {**library, "papers": matching_papers, "of": library["papers"], "filters": values}


def _growing(stream: Iterator[Answer]) -> Generator[Answer, None, Answer]:
    """Yield answers marked as incomplete; return the last one as it is."""
    for answer in stream:
        yield replace(answer, complete=False)
    return answer


def _reworded_by_model(
    corpus: Corpus, request: Request, reading: Reading, model: ChatModel, deadline: Deadline
) -> Reading | None:
    """Return the reading of a follow-up as reworded by the model; None if the wording is the same.

    Most of the time is left for the answer, since rewording is optional.
    """
    seconds = deadline.seconds_left(corpus.settings.ollama.timeout_seconds, _SHARE_TO_REWORD)
    question = rewritten_question(model, request.question, request.history, seconds, request.stop)
    return read(corpus, question, request.filters) if question and question != reading.question else None


def _rewording(model: ChatModel) -> str:
    return f"{model.name} rewords the question."


def _unanswered(corpus: Corpus, request: Request, reading: Reading) -> Answer:
    result = reading.result
    passages = top_passages(result, corpus.settings.retrieval.top_k)
    scope = searched(corpus, request.filters, result.matching_papers)
    missing = tuple(unfound(result, reading.evidence))
    terms = search_terms(reading.question)
    return Answer(
        question=request.question,
        text="",
        refused=False,
        complete=False,
        confidence=reading.confidence.value,
        mode="quote",
        model=None,
        sentences=(),
        citations=(),
        passages=tuple(passages),
        standalone_question=reading.question,
        notes=tuple(_notes(request, reading, passages, missing, scope)),
        missing=missing,
        searched={**scope, "terms": list(terms), "found": len(result.order), "read": len(result.reranked)},
    )


def _notes(
    request: Request, reading: Reading, passages: Sequence[Passage], missing: Sequence[str], scope: dict[str, Any]
) -> Iterator[str]:
    if reading.question != request.question:
        yield f"Searched for: {reading.question}"
    for word, written_as in reading.result.respelled:
        yield f"Searched for {word} (you wrote {written_as})."
    if not search_terms(reading.question):
        yield "The question has only common words; name what you are looking for."
    elif (asked := language_of(reading.question)) not in (None, ENGLISH):
        found = language_of(" ".join(passage.text for passage in passages[:3]))
        if asked != found:
            yield f"The question seems to be in {asked}; ask in {found or 'the language of the papers'}."
    result = reading.result
    if result.matching_papers is None and result.scope.named and result.scope.papers:
        titles = [result.candidates.readable_title(key) for key in dict.fromkeys(result.candidates.paper_keys)]
        yield f"Searched in the papers that the question names: {'; '.join(titles)}."
    yield from missing
    if result.gap:
        yield result.gap
    if scope["brief"]:
        full = scope.get("of", scope["papers"]) - scope["brief"]
        failed = f", {scope['failed']:,} failed" if scope["failed"] else ""
        yield f"Papers are still being read: {full:,} full texts, {scope['brief']:,} abstracts so far{failed}."
