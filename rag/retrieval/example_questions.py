"""Suggest questions that suit a library, from the titles of its papers."""

import itertools
from collections import Counter
from collections.abc import Sequence

from .terms import STOP_WORDS

_EXAMPLES = 4
_TOPIC_PAPERS = 2  # papers that share two neighbouring words of their titles make a topic
_MAX_CHARACTERS = 110  # of a question


def example_questions(titles: Sequence[str]) -> list[str]:
    """Return up to four questions: on topics that several titles share, then on single papers."""
    named = [name for title in titles if (name := _named(title))]
    topics = [f"Which papers are about {topic}?" for topic in _topics(titles)]
    steps = max(1, len(named) // _EXAMPLES)
    about = [f"What is {name}?" for name in named[::steps]] or [f"What does “{title}” find?" for title in titles]
    questions = [*topics[: _EXAMPLES // 2], *about]
    return [question for question in questions if len(question) <= _MAX_CHARACTERS][:_EXAMPLES]


def _named(title: str) -> str | None:
    """Return the name that a title gives its work before a colon: `SPECTER: Document-level ...`."""
    name, colon, _ = title.partition(":")
    return name if colon and len(name.split()) <= 2 and name[:1].isupper() else None


def _topics(titles: Sequence[str]) -> list[str]:
    """Return pairs of neighbouring words that several titles share, the most frequent first, without common words."""
    counts: Counter[str] = Counter()
    for title in titles:
        words = [word.strip(".,:;!?()'\"").casefold() for word in title.split()]
        pairs = itertools.pairwise(words)
        counts.update({f"{a} {b}" for a, b in pairs if a.isalpha() and b.isalpha() and not {a, b} & STOP_WORDS})
    topics: list[str] = []
    used: set[str] = set()
    for pair, papers in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        if papers >= _TOPIC_PAPERS and not used.intersection(pair.split()):
            topics.append(pair)
            used.update(pair.split())
    return topics
