"""Resolve a follow-up to a standalone question, by what each way to read it finds.

A question is searched for together with the one before it only if it depends on it *and* the best paper found holds
the question's own words. Otherwise it brings a new topic, and is searched for alone. A model may rewrite it afterwards.
"""

import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..errors import AnswerModelError
from ..models.protocols import ChatModel
from ..models.reasoning import text_without_reasoning
from ..retrieval.corpus import Corpus
from ..retrieval.follow_ups import History, Lean, before_pointer, joined_question, lean, own_terms
from ..retrieval.search import SearchResult
from ..retrieval.terms import MAX_QUESTION, search_terms
from .confidence import Confidence
from .evidence import Evidence, sentence_logits
from .prompts import rewrite_messages

_HELD = 0.6  # share of a question's own words, weighted by rarity, that the paper found has to hold
_SOME = 0.1  # the same, where a pointer says that it is about the paper before: it may use other words than the paper
_NAME = re.compile(r"(?<=[a-z0-9,;:] )[A-Z][\w-]+|\b[A-Za-z]*[a-z]?[A-Z]+[\w-]*[A-Z0-9][\w-]*\b")
_ANSWER_TOKENS = 120  # for a question that the model rewrites
_MAX_TURNS, _MAX_TURN = 3, 600  # earlier turns in the prompt, and characters of each


@dataclass(frozen=True, slots=True)
class Reading:
    """A question as it was searched for, and what that found.

    Attributes:
        question: the standalone question.
        seconds: the time of search and reranking of passages.
    """

    question: str
    result: SearchResult
    evidence: Evidence
    confidence: Confidence
    seconds: float


Read = Callable[[str], Reading]


def read_standalone(corpus: Corpus, question: str, history: History, read: Read) -> Reading:
    """Return the reading of a question, or of what it means after the questions before it.

    `read` searches for a standalone question; whatever it raises is raised.
    """
    leaning = lean(question) if history else Lean.NONE
    if leaning is Lean.NONE:
        return read(question)
    joined = joined_question(question, history)
    together = read(joined)
    terms = own_terms(question)
    if leaning is Lean.POINTS:
        return _read_pointing(corpus, question, together, read)
    if _holds(corpus, together, terms):
        return together
    if names := _names(joined.removesuffix(question)):  # "And SciBERT?" asks the same of another name
        swapped = read(joined_question(question, history, leave_out=names))
        if _holds(corpus, swapped, terms):
            return swapped
    return read(question)


def _read_pointing(corpus: Corpus, question: str, together: Reading, read: Read) -> Reading:
    """Return the reading of a question with a word that points back, perhaps to a word of its own.

    "What is LightRAG, and how fast is it?" stands alone. "Does it run on Docker?" does not, but nothing says that the
    paper before knows of Docker.
    """
    before = before_pointer(question)
    named = search_terms(" ".join(_names(before))) or _rare(corpus, own_terms(before))
    if named and not _holds(corpus, together, named):
        by_itself = read(question)
        if not by_itself.confidence.unsure:
            return by_itself
    names = search_terms(" ".join(_names(question)))
    if not _holds(corpus, together, names) or not _holds(corpus, together, own_terms(question), least=_SOME):
        return replace(together, confidence=together.confidence._replace(unsure=True))
    return together


def _holds(corpus: Corpus, reading: Reading, terms: tuple[str, ...], least: float = _HELD) -> bool:
    """Return whether the paper with the best sentence holds enough of some words."""
    if not terms:
        return True
    if not reading.evidence.candidates:
        return False
    best = reading.evidence.candidates[int(np.argmax(sentence_logits(reading.evidence)))].paper_key
    frequencies = np.array(corpus.records.document_frequencies(terms), float)
    rarity = np.log1p(corpus.records.count_papers() / (frequencies + 0.5))
    there = np.array([bool(corpus.records.paper_word_scores([term], 1, [best])) for term in terms])
    return float(rarity[there].sum()) >= least * float(rarity.sum())


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_NAME.findall(text)))


def _rare(corpus: Corpus, terms: tuple[str, ...]) -> tuple[str, ...]:
    """Return the terms that only a few papers of the library hold."""
    few = max(2, corpus.records.count_papers() // 100)
    return tuple(t for t, n in zip(terms, corpus.records.document_frequencies(terms), strict=True) if 0 < n <= few)


def rewritten_question(
    model: ChatModel,
    question: str,
    history: Sequence[tuple[str, str]],
    seconds: float,
    stop: threading.Event | None = None,
) -> str | None:
    """Return the rewritten question, None if the model fails, writes something else, or is not done in `seconds`."""
    turns = [(asked[-_MAX_TURN:], answer[:_MAX_TURN]) for asked, answer in history[-_MAX_TURNS:]]
    try:
        pieces = model.chat(
            rewrite_messages(question, turns),
            answer_tokens=_ANSWER_TOKENS,
            stop=stop,
            limit_seconds=seconds,
        )
        lines = text_without_reasoning(pieces).strip().splitlines()
    except AnswerModelError:
        return None
    if len(lines) != 1:
        return None
    rewritten = lines[0].removeprefix("Rewritten question:").strip(" \"'")
    conversation = " ".join([question, *(part for turn in history for part in turn)])
    same_topic = set(search_terms(rewritten)) & set(search_terms(conversation))
    return rewritten if rewritten.endswith("?") and same_topic and len(rewritten) <= MAX_QUESTION else None
