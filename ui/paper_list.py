"""The papers of a library as all tabs of the page use them: loaded once for each state of the record."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rag import Assistant, Paper, cite_keys, example_questions, readable


@dataclass
class Shelf:
    """The papers of a library by id, without their texts, in the order in which they came."""

    papers: Mapping[str, Paper] = field(default_factory=dict)

    @cached_property
    def keys(self) -> Mapping[str, str]:
        """The key that each paper is cited by, by the paper's id."""
        return cite_keys(list(self.papers.values()))

    @cached_property
    def examples(self) -> Sequence[str]:
        """Questions that suit the library."""
        return example_questions([readable(paper.title) for paper in self.papers.values()])

    @cached_property
    def years(self) -> Sequence[int]:
        """The years of the papers, the latest first."""
        return sorted({paper.year for paper in self.papers.values() if paper.year}, reverse=True)

    @cached_property
    def tags(self) -> Sequence[str]:
        """The tags of the papers."""
        return sorted({tag for paper in self.papers.values() for tag in paper.tags}, key=str.casefold)

    @cached_property
    def _described(self) -> Sequence[tuple[str, Paper]]:
        """What each paper can be found by, case folded."""
        return [(describe(paper).casefold(), paper) for paper in self.papers.values()]

    def holding(self, words: str) -> list[Paper]:
        """Return the papers whose title, authors, tags or sources hold all of some words; all papers without words."""
        wanted = words.casefold().split()
        return [paper for text, paper in self._described if all(word in text for word in wanted)]


class Shelves:
    """Gives the shelf of a library, which is loaded again only when the record has changed."""

    def __init__(self, assistant: Assistant) -> None:
        self._assistant = assistant
        self._loading = threading.Lock()
        self._loaded: tuple[str, Shelf] | None = None

    def now(self) -> Shelf:
        """Return the papers as they are now; an empty shelf where there is no library yet."""
        version = self._assistant.version()
        if not version:
            return Shelf()
        with self._loading:
            if self._loaded is None or self._loaded[0] != version:
                self._loaded = version, Shelf({paper.id: paper for paper in self._assistant.papers()})
            return self._loaded[1]


def describe(paper: Paper) -> str:
    """Return the words that a paper can be found by: title, authors, tags and sources."""
    return " ".join([readable(paper.title), *paper.authors, *paper.tags, *paper.sources])
