"""The papers of a library for all tabs, loaded again only when the library changes."""

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rag import Assistant, Paper, cite_keys, example_questions, readable


@dataclass
class PaperList:
    """Papers by id, without their texts, in the order in which they were added."""

    papers: Mapping[str, Paper] = field(default_factory=dict)

    @cached_property
    def cite_keys(self) -> Mapping[str, str]:
        """The BibTeX key of each paper, by the paper's id."""
        return cite_keys(list(self.papers.values()))

    @cached_property
    def examples(self) -> Sequence[str]:
        """Questions that suit the library."""
        return example_questions([readable(paper.title) for paper in self.papers.values()])


class PaperCache:
    """The papers of an assistant's library. Safe to use from several threads."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._lock = threading.Lock()
        self._loaded = ("", PaperList())

    def current(self) -> PaperList:
        """Return the papers as they are now; an empty list if there is no library yet."""
        version = self._assistant.version()
        if not version:
            return PaperList()
        with self._lock:
            if self._loaded[0] != version:
                self._loaded = version, PaperList({paper.id: paper for paper in self._assistant.papers()})
            return self._loaded[1]
