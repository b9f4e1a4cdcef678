"""The papers of a library as all tabs of the page use them: loaded once for each state of the record."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from rag.assistant import Assistant
from rag.export.references import cite_keys
from rag.retrieval.search import STOP_WORDS
from rag.text.readable import readable
from rag.types import Paper

_EXAMPLES = 4
_TOPIC_PAPERS = 2  # that share two words of their titles make a topic
_LONGEST_EXAMPLE = 110  # characters


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
        """Questions that suit the library: for papers on what several share, and on single ones."""
        titles = [readable(paper.title) for paper in self.papers.values()]
        named = [name for title in titles if (name := _named(title))]
        topics = [f"Which papers are about {topic}?" for topic in _topics(titles)]
        steps = max(1, len(named) // _EXAMPLES)
        about = [f"What is {name}?" for name in named[::steps]] or [f"What does “{title}” find?" for title in titles]
        return [e for e in [*topics[: _EXAMPLES // 2], *about] if len(e) <= _LONGEST_EXAMPLE][:_EXAMPLES]

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
        if not self._assistant.library.exists:
            return Shelf()
        with self._loading:
            identity = self._assistant.library.records.identity
            if self._loaded is None or self._loaded[0] != identity:
                self._loaded = identity, Shelf({paper.id: paper for paper in self._assistant.papers()})
            return self._loaded[1]


def describe(paper: Paper) -> str:
    """Return the words that a paper can be found by: title, authors, tags and sources."""
    return " ".join([readable(paper.title), *paper.authors, *paper.tags, *paper.sources])


def _named(title: str) -> str | None:
    """The name that a title gives its work before a colon: `SPECTER: Document-level ...`."""
    name, colon, _ = title.partition(":")
    return name if colon and len(name.split()) <= 2 and name[:1].isupper() else None


def _topics(titles: Sequence[str]) -> list[str]:
    """Pairs of neighbouring words that the titles of several papers share, those of most papers first."""
    counts: dict[str, int] = {}
    for title in titles:
        words = [word.strip(".,:;!?()'\"").casefold() for word in title.split()]
        pairs = {
            f"{a} {b}" for a, b in itertools.pairwise(words) if a.isalpha() and b.isalpha() and not {a, b} & STOP_WORDS
        }
        for pair in pairs:
            counts[pair] = counts.get(pair, 0) + 1
    shared = [pair for pair, papers in counts.items() if papers >= _TOPIC_PAPERS]
    topics: list[str] = []
    used: set[str] = set()
    for pair in sorted(shared, key=lambda pair: (-counts[pair], pair)):
        if not used.intersection(pair.split()):
            topics.append(pair)
            used.update(pair.split())
    return topics
