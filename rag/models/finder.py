"""Look for the local model in the background, so that a slow server does not delay the quotes."""

import threading
import time
from concurrent.futures import Future

from ..config import Settings
from ..errors import AnswerModelError
from .background import run_in_daemon
from .ollama import discovery as of_ollama
from .openai import discovery as of_openai
from .protocols import ChatModel

_RECHECK_SECONDS = 30.0


def find_model(settings: Settings) -> ChatModel:
    """Return the model that the settings name. Raise AnswerModelError if there is none."""
    return of_openai.find_model(settings) if settings.llm.server == "openai" else of_ollama.find_model(settings)


def _load(search: Future[ChatModel]) -> None:
    """Load the model that was found while papers are searched. If that fails, the request for an answer says why."""
    if search.exception() is None:
        run_in_daemon(search.result().load, "footnote-load-model")


class Finding:
    """One search for the model. `error` says why `result` returned None; it stays None in mode quote."""

    def __init__(self, settings: Settings, given: ChatModel | None) -> None:
        self.started = time.monotonic()
        self.error: AnswerModelError | None = None
        self._given = given
        self._required = settings.answer.mode == "llm"
        self._search: Future[ChatModel] | None = None
        if given is None and settings.answer.mode != "quote":
            self._search = run_in_daemon(lambda: find_model(settings), "footnote-find-model")
            self._search.add_done_callback(_load)

    def result(self) -> ChatModel | None:
        """Return the model, or None if only quotes are possible. Wait `SEARCH_SECONDS` at most after the start.

        Raise AnswerModelError if there is no model, in mode llm.
        """
        if self._search is None:
            return self._given
        try:
            return self._search.result()
        except AnswerModelError as error:
            self.error = error
            if self._required:
                raise
            return None

    @property
    def is_fresh(self) -> bool:
        """Whether the result may be used again. A missing model in mode llm is looked for again every time."""
        failed = self._required and self.error is not None
        return not failed and time.monotonic() - self.started < _RECHECK_SECONDS


class ModelFinder:
    """Keep the last search for the model. Thread-safe."""

    def __init__(self, settings: Settings, given: ChatModel | None) -> None:
        self._settings = settings
        self._given = given if settings.answer.mode != "quote" else None
        self._last: Finding | None = None
        self._lock = threading.Lock()

    def start(self) -> Finding:
        """Return a search that is running or recent enough, or start one."""
        with self._lock:
            if self._last is None or not self._last.is_fresh:
                self._last = Finding(self._settings, self._given)
            return self._last
