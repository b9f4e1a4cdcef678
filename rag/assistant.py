"""The public class `Assistant`: open a library, ask, add, edit. `pipeline` answers the questions."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Unpack

from . import arguments
from .config import Settings, load_settings
from .errors import AnswerModelError, LibraryError, ReadOnlyLibrary, UnknownConversation
from .filters import FilterArguments, Filters, Names
from .history import HistoryMethods
from .ingest.progress import Progress
from .library import Library
from .models.finder import ModelFinder
from .models.protocols import ChatModel, Embedder, Reranker
from .page_images import can_draw, draw_paper_page, find_quote
from .page_view import ViewMethods, placed_papers
from .paper_lists import ListMethods
from .paper_tables import cited_table, paper_tables
from .pipeline import Request, answers, courtesy_reply, searched
from .reading.pdf.draw import WIDTH
from .reports import AddReport
from .retrieval.follow_ups import History, check_history, is_courtesy
from .retrieval.rerank import rerank_passages
from .retrieval.search import search, top_passages
from .retrieval.terms import check_question
from .status import Status, library_status
from .store.history import SavedAnswer
from .store.papers import Stored
from .tables import QuotedTable, TableView
from .transfers import TransferMethods
from .types import Answer, Citation, Failure, Paper, PaperRef, Passage, Span

if TYPE_CHECKING:
    from .doctor import Finding

log = logging.getLogger("footnote")

_MOST_PASSAGES = 1_000_000_000
_READ_ONLY = "The library is read-only: questions and answers are not saved."


class Assistant(HistoryMethods, ListMethods, TransferMethods, ViewMethods):
    """Answers questions from the papers of one library. Thread-safe. Close it, or use it in a `with` block."""

    def __init__(
        self,
        settings: Settings,
        model: ChatModel | None = None,
        *,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
    ) -> None:
        self.settings = settings
        self.library = Library(settings, embedder=embedder, reranker=reranker)
        self._finder = ModelFinder(settings, model)
        self._placed_papers = placed_papers()
        self._reported_read_only = False

    @classmethod
    def open(
        cls,
        library: str | os.PathLike[str] | None = None,
        *,
        mode: str | None = None,
        llm: Any = None,
        embedder: Embedder | None = None,
        reranker: Reranker | None = None,
        config: str | os.PathLike[str] | None = None,
        overrides: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Assistant:
        """Open the library in a folder, with the settings of `rag.config.load_settings`.

        Args:
            library: the folder, created by the first `add`. Default: FOOTNOTE_LIBRARY__PATH, `[library] path` of the
                nearest config.toml that has one, or the user's data folder.
            mode: auto, quote or llm; default `[answer] mode`. `auto` uses a local model if Ollama has one and quotes
                otherwise; `llm` raises if there is no model.
            llm: any LlamaIndex LLM in place of Ollama's models.
            embedder, reranker: used instead of those in the settings.
            config: a configuration file to use instead of the nearest config.toml.
            overrides: tables of settings that override all others.

        Raise ConfigError if a setting is unknown or of the wrong type.
        """
        tables = {table: dict(keys) for table, keys in (overrides or {}).items()}
        if library is not None:
            tables.setdefault("library", {})["path"] = os.fspath(library)
        if mode is not None:
            tables.setdefault("answer", {})["mode"] = mode
        settings = load_settings(Path(config) if config is not None else None, overrides=tables)
        model = None
        if llm is not None:
            from .models.llama_index import LlamaIndexModel

            model = LlamaIndexModel(llm)
        return cls(settings, model, embedder=embedder, reranker=reranker)

    def __enter__(self) -> Assistant:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the library's files."""
        self.library.close()

    def ask(
        self,
        question: str,
        *,
        history: History = (),
        filters: Filters | None = None,
        conversation: int | None = None,
        **named: Unpack[FilterArguments],
    ) -> Answer:
        """Return the answer to a question, with every sentence cited.

        Args:
            question: up to 2,000 characters.
            history: earlier turns as (question, answer), oldest first; a follow-up is searched for together with them.
            filters: which papers to answer from. They can also be given as keyword arguments: `papers`, `years`,
                `authors`, `sources`, `tags`, `collections`, `without`. If none matches, the answer is a refusal.
            conversation: the number of the conversation in which the answer is saved. `rag.NEW_CONVERSATION` starts
                one; the answer has its number. Pass its earlier turns as `history`.

        Raise QuestionError, EmptyLibrary, UnknownPaper, AmbiguousPaper, UnknownConversation or LibraryMismatch.
        """
        scope = Filters.of(filters, named)
        *_, answer = self._answers(question, history, scope, conversation=conversation)
        return answer

    def stream(
        self,
        question: str,
        *,
        history: History = (),
        filters: Filters | None = None,
        conversation: int | None = None,
        stop: threading.Event | None = None,
        **named: Unpack[FilterArguments],
    ) -> Iterator[Answer]:
        """Yield the answer as it grows; `complete` is False until the last one, which is what `ask` returns.

        The quotes come first, then the model's text based on them. Setting `stop` stops the model within a second; the
        last answer then holds what was written so far, with `complete` False.
        """
        scope = Filters.of(filters, named)
        yield from self._answers(question, history, scope, stop, conversation)

    def search(
        self,
        question: str,
        top_k: int | None = None,
        *,
        filters: Filters | None = None,
        **named: Unpack[FilterArguments],
    ) -> list[Passage]:
        """Return the `top_k` most relevant passages, best first. The default is `[retrieval] top_k`."""
        most = self.settings.retrieval.top_k if top_k is None else arguments.whole("top_k", top_k, 0, _MOST_PASSAGES)
        scope = Filters.of(filters, named)
        result = rerank_passages(self.library, search(self.library, question, filters=scope, top_k=most))
        return top_passages(result, most)

    def _answers(
        self,
        question: str,
        history: History,
        filters: Filters,
        stop: threading.Event | None = None,
        conversation: int | None = None,
    ) -> Iterator[Answer]:
        request = Request(check_question(question), check_history(history), filters, stop)
        if conversation:
            self.library.history.check_conversation(conversation)
        if is_courtesy(request.question):
            yield replace(courtesy_reply(request.question), conversation=conversation or None)
            return
        finding = self._finder.start()
        answer = yield from answers(self.library, request, finding.result)
        yield self._saved(answer, request, finding.result(), conversation)

    def writer(self) -> ChatModel | AnswerModelError | None:
        """Return the model that writes answers: None in quote mode, the error if there is none (raised in llm mode)."""
        finding = self._finder.start()
        return finding.result() or finding.error

    def _saved(self, answer: Answer, request: Request, model: ChatModel | None, conversation: int | None) -> Answer:
        if not self.settings.answer.keep:
            return answer
        ollama = self.settings.ollama
        made_with = {
            "mode": answer.mode,
            "model": answer.model,
            "digest": model.digest if model else None,
            "prompt_version": answer.prompt_version,
            "options": {"context_tokens": ollama.context_tokens, "answer_tokens": ollama.answer_tokens},
            "cross_encoder": self.settings.cross_encoder.model_dump() | {"precision": self.library.precision},
        }
        asked_with = {"history": [list(turn) for turn in request.history], "scope": asdict(request.filters)}
        try:
            saved = self.library.history.save(
                SavedAnswer(0, answer.asked, answer.question, asked_with, made_with, answer.to_dict(), conversation)
            )
        except ReadOnlyLibrary:
            notes = () if self._reported_read_only else (_READ_ONLY,)
            self._reported_read_only = True
            return replace(answer, notes=(*answer.notes, *notes))
        except (LibraryError, UnknownConversation) as error:  # the answer is valid even if it cannot be saved
            log.warning("The answer is not saved: %s", error)
            return answer
        return replace(answer, number=saved.key, conversation=saved.conversation)

    def again(self, number: int) -> tuple[SavedAnswer, Answer]:
        """Return a saved answer, and a new answer to the same question with the same history and filters.

        Raise UnknownAnswer if there is none with this number.
        """
        saved = self.saved_answer(number)
        filters = Filters(**{name: tuple(values) for name, values in saved.request["scope"].items()})
        *_, answer = self._answers(saved.question, [tuple(turn) for turn in saved.request["history"]], filters)
        return saved, answer

    def status(self) -> Status:
        """Return where the library is, how much it holds, and whether it can be written to."""
        return library_status(self.library)

    def version(self) -> str:
        """Return a cache key that changes whenever a paper does; "" without a library. Cheap to compute."""
        return self.library.records.identity if self.library.exists else ""

    def failures(self) -> list[Failure]:
        """Return the files that could not be read, each with the reason."""
        if not self.library.exists:
            return []
        return [Failure(each.name, None, each.reason) for each in self.library.records.failures().values()]

    def check(self) -> list[Finding]:
        """Return what `footnote doctor` finds: the library, its models, its index, Ollama and the answering model."""
        from .doctor import examine

        return examine(self.library)

    def warm_up(self) -> None:
        """Load the models and the index, so that the first question does not wait for them."""
        if self.library.exists:
            self.library.index.nearest(self.library.embedder.encode_question("ready"), 1)
            if reranker := self.library.reranker:
                reranker.scores("ready", ["ready"])

    def add(
        self,
        paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
        on_progress: Callable[[Progress], None] | None = None,
        *,
        collections: Names = None,
        without_collections: Names = None,
    ) -> AddReport:
        """Add files, folders and Zotero libraries, update what changed, and report; see `Library.add`."""
        return self.library.add(
            [paths] if isinstance(paths, str | os.PathLike) else list(paths),
            on_progress,
            collections=_as_tuple(collections),
            without_collections=_as_tuple(without_collections),
        )

    def add_uploads(
        self, files: Sequence[tuple[str, Path]], on_progress: Callable[[Progress], None] | None = None
    ) -> AddReport:
        """Add copies of files, each given as (original name, current path); see `Library.add_uploads`."""
        return self.library.add_uploads(files, on_progress)

    def retry(self, name: str | None = None) -> AddReport:
        """Read failed files again: all, or only those with this name; see `Library.retry`."""
        return self.library.retry(name) if self.library.exists else AddReport()

    def papers(self) -> list[Paper]:
        """Return all papers, without their texts."""
        return self.library.papers()

    def stored(self, ids: Sequence[str]) -> dict[str, Stored]:
        """Return when each paper was added and how many chunks it has, by id; at most 32,000 ids."""
        return self.library.records.stored(ids) if ids else {}

    def can_draw(self, name: str) -> bool:
        """Return whether a paper has a PDF that can be drawn. Reads no file. Raise UnknownPaper or AmbiguousPaper."""
        return can_draw(self.library.records, name)

    def draw_page(
        self, name: str, page: int, start: int | None = None, end: int | None = None, *, width: int = WIDTH
    ) -> bytes:
        """Return page `page` (from 1) of a paper's PDF as a PNG `width` pixels wide, `text[start:end]` marked on it.

        Raise UnknownPaper or AmbiguousPaper. Raise DrawingError if the paper has no PDF, the file is gone or has
        changed, or the page cannot be drawn.
        """
        return draw_paper_page(self.library.records, name, page, start, end, width)

    def find_quote(self, name: str, quote: str, start: int) -> Span | None:
        """Return the span of `quote` in a paper's text that is nearest to `start`; None if it is not there.

        Raise UnknownPaper or AmbiguousPaper.
        """
        return find_quote(self.library.records, name, quote, start)

    def paper(self, name: str) -> Paper:
        """Return a paper with its text, named by id, title, citekey, file name, or a part of its title.

        Raise UnknownPaper or AmbiguousPaper if no paper, or more than one, matches the name.
        """
        return self.library.records.paper(name)

    def tables(self, name: str) -> list[TableView]:
        """Return a paper's tables in the order of its text. Raise UnknownPaper or AmbiguousPaper as `paper` does."""
        return paper_tables(self.library.records, name)

    def cited_table(self, citation: Citation) -> QuotedTable | None:
        """Return the table whose rows a citation quotes, with a few rows of context; None if it quotes no table.

        Raises:
            UnknownPaper: the paper was removed.
        """
        return cited_table(self.library.records, citation)

    def searched(self, *, filters: Filters | None = None, **named: Unpack[FilterArguments]) -> dict[str, Any]:
        """Return what a question with these filters would search, as in `Answer.searched`.

        Raise EmptyLibrary, UnknownPaper, AmbiguousPaper or QuestionError as `ask` does.
        """
        parsed = Filters.of(filters, named)
        keys = self.library.records.papers_matching(parsed)
        return searched(self.library, parsed, None if keys is None else len(keys))

    def edit(self, name: str, **changes: Any) -> Paper:
        """Correct a paper's title, authors, year, venue, doi, arxiv_id, citekey, tags or collections permanently."""
        return self.library.edit(name, changes)

    def remove(self, name: str) -> PaperRef:
        """Remove a paper, named as for `paper`."""
        return self.library.remove(name)

    def rebuild(self, on_progress: Callable[[Progress], None] | None = None) -> None:
        """Rebuild the index and, if the settings changed, all chunks and vectors."""
        self.library.rebuild(on_progress)


_open_assistants: dict[tuple[Path, Settings], Assistant] = {}
_opening = threading.Lock()


def ask(
    question: str, *, library: str | os.PathLike[str] | None = None, mode: str | None = None, **more: Any
) -> Answer:
    """Return `Assistant.open(library, mode=mode).ask(question, **more)`; the assistant stays open for the next call.

    Library and settings are looked up in each call, so they follow the working directory.
    """
    with _opening:
        assistant = Assistant.open(library, mode=mode)
        assistant = _open_assistants.setdefault((assistant.library.folder, assistant.settings), assistant)
    return assistant.ask(question, **more)


def _as_tuple(names: Names) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names or ())
