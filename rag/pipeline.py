"""A question in its conversation: what it is searched for as, decided by what that finds.

A question is searched for together with the one before only where it leans on it *and* the papers that this finds hold
the words of its own. Otherwise it brings a new topic, and is searched for alone.
"""

from __future__ import annotations

import re
import time
from typing import NamedTuple

import numpy as np

from .answering.evidence import Confidence, Evidence, confidence_in, gather_evidence, sentence_scores
from .answering.rerank import rerank_sentences
from .filters import Filters
from .library import Library
from .retrieval.follow_ups import History, Lean, before_pointer, joined_question, lean, own_terms
from .retrieval.rerank import rerank_passages
from .retrieval.search import SearchResult, search, search_terms

_HELD = 0.6  # share of a question's own words, weighted by rarity, that the paper found has to hold
_SOME = 0.1  # the same, where a pointer says that it is about the paper before: it may use other words than the paper
_NAME = re.compile(r"(?<=[a-z0-9,;:] )[A-Z][\w-]+|\b[A-Za-z]*[a-z]?[A-Z]+[\w-]*[A-Z0-9][\w-]*\b")


class Reading(NamedTuple):
    """A question as it was searched for, what that found, and how far it answers; `seconds` is the search's time."""

    question: str
    found: SearchResult
    evidence: Evidence
    confidence: Confidence
    seconds: float


def read_question(library: Library, question: str, history: History, scope: Filters) -> Reading:
    """Return the reading of a question that is to be answered.

    Raises:
        QuestionError, EmptyLibrary, UnknownPaper, AmbiguousPaper, LibraryMismatch.
    """
    leaning = lean(question) if history else Lean.NONE
    if leaning is Lean.NONE:
        return search_for(library, question, scope)
    joined = joined_question(question, history)
    together = search_for(library, joined, scope)
    terms = own_terms(question)
    if leaning is Lean.POINTS:
        return _pointing(library, question, together, scope)
    if _held(library, together, terms):
        return together
    if names := _names(joined.removesuffix(question)):  # "And SciBERT?" asks the same of another name
        swapped = search_for(library, joined_question(question, history, leave_out=names), scope)
        if _held(library, swapped, terms):
            return swapped
    return search_for(library, question, scope)


def _pointing(library: Library, question: str, together: Reading, scope: Filters) -> Reading:
    """Return the reading of a question with a word that points back, perhaps to a word of its own.

    "What is LightRAG, and how fast is it?" stands alone. "Does it run on Docker?" does not, but nothing says that the
    paper before knows of Docker.
    """
    before = before_pointer(question)
    named = search_terms(" ".join(_names(before))) or _rare(library, own_terms(before))
    if named and not _held(library, together, named):
        by_itself = search_for(library, question, scope)
        if not by_itself.confidence.unsure:
            return by_itself
    names = search_terms(" ".join(_names(question)))
    if not _held(library, together, names) or not _held(library, together, own_terms(question), least=_SOME):
        return together._replace(confidence=together.confidence._replace(unsure=True))
    return together


def search_for(library: Library, question: str, scope: Filters) -> Reading:
    """Return what a question that stands alone finds."""
    begun = time.perf_counter()
    found = rerank_passages(library, search(library, question, filters=scope))
    seconds = time.perf_counter() - begun
    evidence = rerank_sentences(library, found, gather_evidence(library, found))
    return Reading(question, found, evidence, confidence_in(evidence), seconds)


def _held(library: Library, reading: Reading, terms: tuple[str, ...], least: float = _HELD) -> bool:
    """Return whether the paper with the best sentence holds enough of some words."""
    if not terms:
        return True
    if not reading.evidence.candidates:
        return False
    best = reading.evidence.candidates[int(np.argmax(sentence_scores(reading.evidence)))].paper_key
    frequencies = np.array(library.records.document_frequencies(terms), float)
    rarity = np.log1p(library.records.count()["papers"] / (frequencies + 0.5))
    there = np.array([bool(library.records.paper_word_scores([term], 1, [best])) for term in terms])
    return float(rarity[there].sum()) >= least * float(rarity.sum())


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_NAME.findall(text)))


def _rare(library: Library, terms: tuple[str, ...]) -> tuple[str, ...]:
    """Return the terms that only a few papers of the library hold."""
    few = max(2, library.records.count()["papers"] // 100)
    return tuple(t for t, n in zip(terms, library.records.document_frequencies(terms), strict=True) if 0 < n <= few)
