"""Finds the local model while a question is searched for, so that a slow server does not hold up the quotes."""

from __future__ import annotations

import threading
import time

from ..config import Settings
from ..errors import AnswerModelError
from .ollama import find_model
from .protocols import ChatModel

_LOOK_AGAIN = 30.0  # seconds after which the server is asked again


class Finding:
    """One look for the model. `error` says, once `result` has returned, why there is none; None in mode quote."""

    def __init__(self, settings: Settings, given: ChatModel | None) -> None:
        self.started = time.monotonic()
        self.error: AnswerModelError | None = None
        self._settings = settings
        self._model = given
        self._thread: threading.Thread | None = None
        if given is None and settings.answer.mode != "quote":
            # A daemon: the program's end does not wait for a server that does not answer.
            self._thread = threading.Thread(target=self._find, name="footnote-find-model", daemon=True)
            self._thread.start()

    def result(self) -> ChatModel | None:
        """Return the model, or None where quotes are all there is. Waits 2.5 s at most after the start.

        Raises:
            AnswerModelError: there is none, in mode llm.
        """
        if self._thread:
            self._thread.join()
        if self.error and self._settings.answer.mode == "llm":
            raise self.error
        return self._model

    @property
    def is_fresh(self) -> bool:
        """Whether it need not be repeated: a model, or its absence in mode auto, holds for a while."""
        failed = self.error is not None and self._settings.answer.mode == "llm"
        return not failed and time.monotonic() - self.started < _LOOK_AGAIN

    def _find(self) -> None:
        try:
            self._model = find_model(self._settings.ollama)
        except AnswerModelError as error:
            self.error = error


class ModelFinder:
    """Remembers the last look for the model. Safe to use from several threads."""

    def __init__(self, settings: Settings, given: ChatModel | None) -> None:
        self._settings = settings
        self._given = given if settings.answer.mode != "quote" else None
        self._last: Finding | None = None
        self._lock = threading.Lock()

    def start(self) -> Finding:
        """Return a look that is under way or recent enough."""
        with self._lock:
            if self._last is None or not self._last.is_fresh:
                self._last = Finding(self._settings, self._given)
            return self._last
