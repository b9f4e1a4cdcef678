"""What the cross-encoder is trained on: questions with texts that answer or do not, and sentences with quotes."""

from __future__ import annotations

import re
from collections.abc import Container, Sequence
from typing import Any, NamedTuple

from rag.ingest.sentences import split_sentences
from rag.text.readable import readable

PASSAGES = "passages"  # the source of groups of passages; one without a right text was not found and says nothing
CLOZE = "cloze"  # the source of groups of a sentence and the same with what is asked for cut out
_OPENING = 60  # characters by which a sentence is recognised
_AUXILIARY = re.compile(r"\b(?:is|are|was|were|can|does|has|have)\b")


class Text(NamedTuple):
    """A sentence or passage of a paper, both in readable form; the title may be empty.

    `score` is the program's own for the question: of a sentence the logit of `Weights.sentences`, of a passage that of
    `rag.retrieval.fusion.fuse`.
    """

    title: str
    text: str
    score: float


class Group(NamedTuple):
    """A question and texts. `answers`: the first text answers it; otherwise none does, and it is not stated in any."""

    source: str
    question: str
    texts: tuple[Text, ...]
    answers: bool

    def without(self, openings: Container[str]) -> Group:
        """Return the group without the texts that do not answer and have one of the openings."""
        right, *others = self.texts or (None,)
        if right is None:
            return self
        return self._replace(texts=(right, *(each for each in others if opening(each.text) not in openings)))


class Pair(NamedTuple):
    """A sentence, quotes, and whether these support it (0), contradict it (1), or state neither (2)."""

    sentence: str
    quotes: str
    label: int


class Data(NamedTuple):
    """The training data."""

    groups: list[Group]
    pairs: list[Pair]

    @classmethod
    def from_lists(cls, raw: Sequence[Any]) -> Data:
        """Restore the data from JSON, where tuples are lists."""
        groups = [
            Group(source, question, tuple(Text(*t) for t in texts), right) for source, question, texts, right in raw[0]
        ]
        return cls(groups, [Pair(*each) for each in raw[1]])


def opening(text: str) -> str:
    """Return the beginning of a text, by which it is recognised."""
    return text[:_OPENING]


def sentences_of(text: str) -> list[str]:
    """Return the sentences of a text in readable form."""
    return [readable(text[start:end]) for start, end in split_sentences(text)]


def negated(sentence: str) -> str:
    """Return the sentence with "not" after its first auxiliary verb; unchanged if it has none."""
    return _AUXILIARY.sub(lambda match: f"{match[0]} not", sentence, count=1)
