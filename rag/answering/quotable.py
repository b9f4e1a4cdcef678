"""Choose the sentences of a passage that support a sentence of the model best."""

from __future__ import annotations

import re
from functools import cached_property

import numpy as np

from ..ingest.sentences import split_sentences, split_table
from ..models.protocols import Embedder, MarkedText, Vectors
from ..text.cleaning import UNREAD
from ..text.kinds import TABLE
from ..text.readable import readable
from ..types import Paper, Passage, Span
from .checks.named import own_names
from .checks.support import LABELS, SUPPORTED, Support, support
from .prompts import visible

_PAIR_PENALTY = 0.03  # two neighbouring sentences are preferred to one only if they are better by more than this
_LESS_NEAR = 0.1  # in probability, than a quote that a gate holds back
_TRIED = 3  # quotes of a passage that are checked for a sentence
_MAX_NAMING = 40_000  # characters of a paper in which it names its work
_NAMING = {word[:5] for word in "paper work study article called named titled title entitled that this".split()}


class QuotablePassage:
    """A passage that the model was given, its paper, and the spans of it that can be quoted."""

    def __init__(self, passage: Passage, paper: Paper, embedder: Embedder) -> None:
        self.passage = passage
        self.paper = paper
        self._embedder = embedder

    def quote(self, span: Span) -> str:
        return self.paper.text[span.start : span.end]

    def best_quote(self, sentence: str, vector: Vectors) -> tuple[Span, Support]:
        """Return the span that supports a sentence best, one or two sentences long; `vector` is the sentence's."""
        if title := self._title_span(sentence):
            return title, Support("supported", 1.0)
        sentence = self.without_title(sentence)
        tried: list[tuple[Span, Support]] = []
        for _, span in self.ranked(sentence, vector)[:_TRIED]:
            tried.append((span, support(sentence, [self.quote(span)], self._embedder, known=self.own_names)))
            if tried[-1][1].label in SUPPORTED:
                break
        if not tried:
            return Span(self.passage.start, self.passage.end), Support("unsupported", 0.0)
        nearest = max(tried, key=lambda each: each[1].probability)
        found = max(tried, key=lambda each: strength(each[1]))
        # What a gate holds back in the nearest quote is not proved by one that says less of it.
        return found if found[1].probability >= nearest[1].probability - _LESS_NEAR else nearest

    def ranked(self, sentence: str, vector: Vectors) -> list[tuple[float, Span]]:
        """Return sentences and pairs of neighbours by the words and the meaning that they share with `sentence`."""
        if not self._spans:
            return []
        wanted = stems(sentence)
        near = self._vectors @ vector
        rows = [(float(near[i]) + share_of(wanted, self._stems[i]), span) for i, span in enumerate(self._spans)]
        for i, (first, second) in enumerate(zip(self._spans, self._spans[1:], strict=False)):
            both = share_of(wanted, self._stems[i] | self._stems[i + 1])
            rows.append((float(max(near[i], near[i + 1])) + both - _PAIR_PENALTY, Span(first.start, second.end)))
        return sorted(rows, key=lambda row: (-row[0], row[1].end - row[1].start, row[1]))

    def without_title(self, sentence: str) -> str:
        """Replace the paper's title by "the paper": its words do not prove what the sentence says of it."""
        return self._title.sub("the paper", sentence) if self._title else sentence

    def _title_span(self, sentence: str) -> Span | None:
        """Return the span of the title if the sentence says hardly more than the title."""
        found = self._title.search(sentence) if self._title else None
        if not found or not self.paper.text.startswith(self.paper.title):
            return None
        rest = stems(sentence[: found.start()] + " " + sentence[found.end() :])
        return Span(0, len(self.paper.title)) if all(len(w) < 4 or w in _NAMING for w in rest) else None

    @cached_property
    def own_names(self) -> frozenset[str]:
        """The names that the paper gives to its own work."""
        return own_names(readable(self.paper.title), readable(self.paper.text[:_MAX_NAMING]))

    @cached_property
    def _title(self) -> re.Pattern[str] | None:
        """A pattern of the title, with or without the part after its colon; None if it is short."""
        title = readable(self.paper.title)
        words = [re.findall(r"\w+", part) for part in (title, title.split(":")[0])]
        forms = [r"\W+".join(map(re.escape, part)) for part in words if len(part) > 2]
        return re.compile(rf"[\"“'‘]?\b(?:{'|'.join(forms)})\b[?!\"”'’]*", re.IGNORECASE) if forms else None

    @cached_property
    def _spans(self) -> list[Span]:
        """The readable sentences of the passage, as spans of the paper."""
        section = self.paper.section_at(self.passage.start)
        if section and section.kind == TABLE:
            spans = split_table(self.paper, self.passage.start, self.passage.end)
        else:
            spans = split_sentences(self.paper.text, self.passage.start, self.passage.end)
        return [span for span in spans if UNREAD not in self.quote(span)]

    @cached_property
    def _vectors(self) -> Vectors:
        texts = [MarkedText(visible(readable(self.quote(span))), ()) for span in self._spans]
        return np.array([encoded.vector for encoded in self._embedder.encode_texts(texts)])

    @cached_property
    def _stems(self) -> list[set[str]]:
        return [stems(readable(self.quote(span))) for span in self._spans]


def strength(found: Support) -> tuple[int, float]:
    """Return the sort key of a support, stronger is greater."""
    return LABELS.index(found.label), found.probability


def stems(text: str) -> set[str]:
    """Return the first five letters of each longer word, or all words if there are no longer ones."""
    words = re.findall(r"[^\W_]+", text.casefold())
    return {word[:5] for word in words if len(word) > 3 or any(c.isdigit() for c in word)} or set(words)


def share_of(wanted: set[str], words: set[str]) -> float:
    return len(wanted & words) / max(len(wanted), 1)
