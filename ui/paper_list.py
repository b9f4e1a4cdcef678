"""Provide the BibTeX keys of cited papers, and example questions."""

import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rag import Assistant, Paper, cite_keys, example_questions, readable

_MOST_TITLES = 500  # from which example questions are made


@dataclass
class PaperList:
    """Papers by id, without their texts, with those that compete for their BibTeX keys."""

    papers: Mapping[str, Paper] = field(default_factory=dict)

    @cached_property
    def cite_keys(self) -> Mapping[str, str]:
        """The BibTeX key of each paper, by the paper's id."""
        return cite_keys(list(self.papers.values()))


class PaperCache:
    """Papers of an assistant's library, read again when the library changes. Safe to use from several threads."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._lock = threading.Lock()
        self._examples: tuple[str, Sequence[str]] = ("", ())

    def cited(self, ids: Collection[str]) -> PaperList:
        """Return those of the given papers that are in the library."""
        return PaperList({paper.id: paper for paper in self._assistant.papers_for_keys(ids)})

    @property
    def examples(self) -> Sequence[str]:
        """Questions that suit the library."""
        version = self._assistant.version()
        with self._lock:
            if self._examples[0] != version:
                papers = self._assistant.papers_page(limit=_MOST_TITLES).papers
                self._examples = version, example_questions([readable(paper.title) for paper in papers])
            return self._examples[1]
