"""The papers of a library for all tabs, loaded again only when the library changes."""

import threading
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rag import Assistant, Paper, cite_keys, example_questions, readable

FACETS = ("years", "tags", "collections")
"""By what the papers can be narrowed down, with a count for each value."""


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

    @cached_property
    def _searchable(self) -> Sequence[tuple[str, Paper]]:
        return [
            (" ".join([readable(paper.title), *paper.authors, *paper.tags, *paper.sources]).casefold(), paper)
            for paper in self.papers.values()
        ]

    def find(self, words: str) -> list[Paper]:
        """Return the papers whose title, authors, tags or sources contain all words; all papers for no words."""
        wanted = words.casefold().split()
        return [paper for text, paper in self._searchable if all(word in text for word in wanted)]

    def narrowed(self, words: str, chosen: Mapping[str, Sequence[str]]) -> tuple[list[Paper], dict[str, Counter[str]]]:
        """Return the papers that contain all words and have a chosen value of each facet, and the counts of the facets.

        A facet's counts ignore what is chosen in it, so that further values of it can be chosen.
        """
        found: list[Paper] = []
        counts: dict[str, Counter[str]] = {name: Counter() for name in FACETS}
        wanted = {name: set(values) for name, values in chosen.items() if values}
        for paper in self.find(words):
            missed = [name for name, values in wanted.items() if values.isdisjoint(_values(paper, name))]
            if not missed:
                found.append(paper)
            for name in FACETS:
                if missed in ([], [name]):
                    counts[name].update(_values(paper, name))
        return found, counts

    @staticmethod
    def ordered(papers: Sequence[Paper], order: str) -> list[Paper]:
        """Return papers by `title`, first `author` or `year`, the latest first; for `added` the last added first."""
        match order:
            case "title":
                return sorted(papers, key=lambda paper: readable(paper.title).casefold())
            case "author":
                return sorted(papers, key=lambda paper: (not paper.authors, [a.casefold() for a in paper.authors[:1]]))
            case "year":
                return sorted(papers, key=lambda paper: -(paper.year or 0))
        return list(reversed(papers))


def _values(paper: Paper, facet: str) -> Sequence[str]:
    if facet == "years":
        return [str(paper.year)] if paper.year else []
    return paper.tags if facet == "tags" else paper.collections


def choices(papers: Iterable[Paper]) -> list[tuple[str, str]]:
    """Return papers as (label, id); the year distinguishes papers of the same title."""
    return [(readable(paper.title) + (f" ({paper.year})" if paper.year else ""), paper.id) for paper in papers]


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
