"""The assistant: a library, and a question to a cited answer. The main path is `Assistant.stream`, top to bottom."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any

from .adding import Progress
from .answering import choose_sentences, cite, confidence_in, gather_evidence
from .config import Settings, load_settings
from .conversation import check_history, standalone_question
from .errors import AnswerModelError
from .library import Library
from .records import Scope
from .retrieval import Found, as_scope, check_question, find, search_terms, top_passages
from .types import REFUSAL, UNSURE, AddReport, Answer, Citation, Paper, PaperRef, Passage, Sentence
from .weights import load_weights

History = Sequence[tuple[str, str]]
_NAMED = 5  # papers that a question may be limited to and count as put to them in person
Names = str | Sequence[str] | None


class Assistant:
    """Answers questions from the papers of one library. Safe to use from several threads; close it, or use `with`."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.library = Library(settings)

    @classmethod
    def open(
        cls,
        library: str | os.PathLike[str] | None = None,
        *,
        mode: str | None = None,
        config: str | os.PathLike[str] | None = None,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Assistant:
        """An assistant on the library in a folder, with the settings of `rag.config.load_settings`.

        Args:
            library: the folder; `[library] path` where it is not given. It is made by the first `add`.
            mode: auto, quote or llm; `[answer] mode` where it is not given.
            config: a configuration file in place of the nearest config.toml.
            overrides: tables of settings that go before all others.

        Raises:
            ConfigError: a setting is unknown or of the wrong type.
            AnswerModelError: mode is llm, which needs a model.
        """
        tables = {table: dict(keys) for table, keys in (overrides or {}).items()}
        if library is not None:
            tables.setdefault("library", {})["path"] = os.fspath(library)
        if mode is not None:
            tables.setdefault("answer", {})["mode"] = mode
        settings = load_settings(Path(config) if config is not None else None, overrides=tables)
        if settings.answer.mode == "llm":
            raise AnswerModelError(
                "Answers written by a local model are not built yet. The mode quote answers with the papers' own "
                "sentences and needs no model."
            )
        return cls(settings)

    def __enter__(self) -> Assistant:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the library's files."""
        self.library.close()

    # Asking

    def ask(
        self,
        question: str,
        *,
        history: History = (),
        papers: Names = None,
        years: int | Sequence[int] | None = None,
        authors: Names = None,
        sources: Names = None,
        tags: Names = None,
        collections: Names = None,
        without: Names = None,
    ) -> Answer:
        """The answer to a question, each sentence cited.

        Args:
            question: up to 2,000 characters.
            history: earlier turns as (question, answer), oldest first; a follow-up is searched for together with them.
            papers, years, authors, sources, tags, collections: answer from these alone; papers by title or id.
            without: leave these papers out, by title or id. Where none is left, the answer is a refusal.

        Raises:
            QuestionError, EmptyLibrary, UnknownPaper, AmbiguousPaper, LibraryMismatch.
        """
        scope = as_scope(
            papers=papers,
            years=years,
            authors=authors,
            sources=sources,
            tags=tags,
            collections=collections,
            without=without,
        )
        *_, answer = self._answers(question, history, scope)
        return answer

    def stream(
        self,
        question: str,
        *,
        history: History = (),
        papers: Names = None,
        years: int | Sequence[int] | None = None,
        authors: Names = None,
        sources: Names = None,
        tags: Names = None,
        collections: Names = None,
        without: Names = None,
    ) -> Iterator[Answer]:
        """Growing answers, `complete` false until the last, which is what `ask` returns."""
        scope = as_scope(
            papers=papers,
            years=years,
            authors=authors,
            sources=sources,
            tags=tags,
            collections=collections,
            without=without,
        )
        yield from self._answers(question, history, scope)

    def search(
        self,
        question: str,
        top_k: int | None = None,
        *,
        papers: Names = None,
        years: int | Sequence[int] | None = None,
        authors: Names = None,
        sources: Names = None,
        tags: Names = None,
        collections: Names = None,
        without: Names = None,
    ) -> list[Passage]:
        """The passages nearest to a question, best first, at most `top_k` (`[retrieval] top_k`)."""
        most = self.settings.retrieval.top_k if top_k is None else max(top_k, 0)
        scope = as_scope(
            papers=papers,
            years=years,
            authors=authors,
            sources=sources,
            tags=tags,
            collections=collections,
            without=without,
        )
        return top_passages(self.library, find(self.library, question, scope=scope, top_k=most), most)

    def _answers(self, question: str, history: History, scope: Scope) -> Iterator[Answer]:
        """Question -> passages -> evidence -> confidence -> sentences -> citations -> answer."""
        started = time.perf_counter()
        question = check_question(question)
        alone = standalone_question(question, check_history(history))
        found = find(self.library, alone, scope=scope)
        passages = top_passages(self.library, found, self.settings.retrieval.top_k)
        retrieved = time.perf_counter()
        evidence = gather_evidence(self.library, found)
        confidence = confidence_in(evidence)
        notes = _notes(found)
        if alone != question:
            notes = (f"Searched for: {alone}", *notes)
        searched = self.library.records.searched()
        if searched["brief"]:
            notes = (*notes, _still_read(searched))
        base = Answer(
            question=question,
            text="",
            refused=False,
            complete=False,
            confidence=confidence,
            mode="quote",
            model=None,
            sentences=(),
            citations=(),
            passages=tuple(passages),
            standalone_question=alone,
            notes=notes,
            searched=searched,
        )
        weights = load_weights()
        # Who names the papers asks of these alone, and "what are its limits?" tells nothing about a topic.
        named = 0 < len(scope.papers) <= _NAMED
        if not passages or (confidence < weights.refuse_below and not named):
            answer = replace(base, text=REFUSAL, refused=True)
        else:
            chosen = choose_sentences(evidence, alone, self.settings.answer.max_sentences)
            sentences, citations = cite(self.library, found, chosen)
            unsure = confidence < weights.unsure_below
            lead = [Sentence(UNSURE, (), "unsupported")] if unsure else []
            for count in range(1, len(sentences)):
                yield _composed(base, [*lead, *sentences[:count]], citations[:count])
            answer = _composed(base, [*lead, *sentences], citations)
        seconds = {"retrieve": retrieved - started, "answer": time.perf_counter() - retrieved}
        yield replace(answer, complete=True, seconds=seconds)

    # The library

    def add(
        self,
        paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        on_progress: Callable[[Progress], None] | None = None,
        *,
        collections: Names = None,
        without_collections: Names = None,
    ) -> AddReport:
        """Adds files, folders and Zotero libraries, updates what changed, and reports; see `Library.add`."""
        return self.library.add(
            [paths] if isinstance(paths, (str, os.PathLike)) else list(paths),
            on_progress,
            collections=(collections,) if isinstance(collections, str) else tuple(collections or ()),
            without_collections=(
                (without_collections,) if isinstance(without_collections, str) else tuple(without_collections or ())
            ),
        )

    def papers(self) -> list[Paper]:
        """All papers, without their texts."""
        return self.library.papers()

    def paper(self, name: str) -> Paper:
        """The paper with this id or title, with its text."""
        return self.library.records.paper(name)

    def edit(self, name: str, **changes: Any) -> Paper:
        """Corrects a paper's title, authors, year, venue, doi, arxiv_id, citekey, tags or collections, for good."""
        return self.library.edit(name, changes)

    def remove(self, name: str) -> PaperRef:
        """Removes the paper with this id or title."""
        return self.library.remove(name)

    def rebuild(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        """Makes the index anew, and with changed settings all chunks and vectors too."""
        self.library.rebuild(on_progress)


_kept: dict[Settings, Assistant] = {}
_keeping = threading.Lock()


def ask(
    question: str, *, library: str | os.PathLike[str] | None = None, mode: str | None = None, **more: Any
) -> Answer:
    """`Assistant.open(library, mode=mode).ask(question, **more)`, on an assistant that is kept for the next call."""
    with _keeping:
        assistant = Assistant.open(library, mode=mode)
        assistant = _kept.setdefault(assistant.settings, assistant)
    return assistant.ask(question, **more)


def _composed(base: Answer, sentences: Sequence[Sentence], citations: Sequence[Citation]) -> Answer:
    titles = {citation.number for citation in citations if citation.quote == citation.title}
    text = ""
    for sentence in sentences:
        text += sentence.text + "".join(f" [{number}]" for number in sentence.citations)
        text += "\n" if titles.intersection(sentence.citations) else " "  # a title stands on a line of its own
    return replace(base, text=text.rstrip(), sentences=tuple(sentences), citations=tuple(citations))


def _still_read(searched: dict[str, int]) -> str:
    full = searched["papers"] - searched["brief"]
    failed = f", {searched['failed']:,} failed" if searched["failed"] else ""
    return f"Papers are still being read: {full:,} full texts, {searched['brief']:,} abstracts so far{failed}."


def _notes(found: Found) -> tuple[str, ...]:
    """What a person should know about how the question was read."""
    if search_terms(found.question):
        letters = [c for c in found.question if c.isalpha()]
        if sum(ord(c) > 0x24F for c in letters) > len(letters) / 2:
            return ("The question is in a script that the embedding model hardly reads; try English.",)
        return ()
    return ("The question has only common words; name what you are looking for.",)
