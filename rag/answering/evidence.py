"""Evidence: the sentences that an answer can be made of, with their features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..models.weights import Weights, load_weights
from ..retrieval.back_matter import asks_about_back_matter
from ..retrieval.corpus import Corpus
from ..retrieval.search import SearchResult
from ..retrieval.shapes import fit, place_fit
from ..text.cleaning import UNREAD
from ..text.kinds import ABSTRACT
from ..text.paragraph_kinds import begins_asides, is_copyright_line
from ..text.readable import readable
from ..types import Chunk, Span
from .features import (
    CONFIDENCE_FEATURES,
    SENTENCE_FEATURES,
    Candidate,
    Observed,
    confidence_features,
    holding,
    sentence_features,
)
from .reading import read_confidence_features, read_sentence_features
from .table_evidence import cell_candidates

_CELLS = 4.5  # what a cell gains in logits that fits the question in full
_HOLDS_ALL = 1.5  # the same, of one that holds every word of the question
_TELLING = 1.5  # what a sentence gains in logits that holds every word by which the passages differ
_CHUNKS = 24  # the best chunks, whose sentences are candidates; more cost time and did not improve answers
_FEWEST_READ = 3  # passages of the best paper for `_TELLING` to apply: abstracts have fewer, and lost answers by it
_BY_WORDS = frozenset("yes_no reason date number method person name other".split())
"""The kinds of questions that are about something particular. What the others want is known by its place or shape."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Candidate sentences with their features.

    Attributes:
        candidates: the sentences of the best chunks, each paper's title before its first; where a kind of statement
            is asked for, those that make such a statement, without titles.
        features: a row for each sentence, columns as `SENTENCE_FEATURES`; where the passages were read by the
            packaged cross-encoder, `READ_SENTENCE_FEATURES` after them.
        confidence_features: `CONFIDENCE_FEATURES`; where read, `READ_CONFIDENCE_FEATURES` after them.
        fits: how far each sentence has the shape that the kind of the question wants, how far it is in a place or
            about one that the question names, and how far it holds the telling words, see `_telling`, (sentences, 3).
        kind: of the question.
        fitted: the name in `Weights.answers` of the weights that belong to these features.
        of_papers: the evidence in each of several papers that the question is put to; it has the features.
    """

    candidates: list[Candidate]
    features: NDArray[np.float64]
    confidence_features: NDArray[np.float64]
    fits: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 3)))
    kind: str = "other"
    fitted: str = "unread"
    of_papers: tuple[Evidence, ...] = ()


def gather_evidence(corpus: Corpus, result: SearchResult) -> Evidence:
    """Return the sentences of the best chunks of a search, with their features."""
    if result.of_papers:
        return _joined([gather_evidence(corpus, each) for each in result.of_papers])
    rows = [row for row in result.order if row in result.read] or result.best_rows(_CHUNKS)
    texts = result.candidates.texts(rows)
    rows = [row for row in rows if row in texts]
    if not rows:
        return Evidence([], np.zeros((0, len(SENTENCE_FEATURES))), np.zeros(len(CONFIDENCE_FEATURES)))
    cells, cosines = cell_candidates(corpus, result, rows)
    candidates, dense = _sentences(result, rows, texts)
    quoted = {(each.paper_key, each.span) for each in cells}
    kept = [i for i, each in enumerate(candidates) if (each.paper_key, each.span) not in quoted]
    candidates, dense = [*(candidates[i] for i in kept), *cells], [*(dense[i] for i in kept), *cosines]
    frequencies = np.array(corpus.records.document_frequencies(result.terms), float)
    observed = Observed(
        result,
        rows,
        candidates,
        np.array(dense),
        holding([candidate.text for candidate in candidates], result.terms),
        idf=np.log1p(corpus.records.count_papers() / (frequencies + 0.5)),
        is_known=frequencies > 0,
    )
    fits = np.array([_fits(result, candidate) for candidate in candidates]).reshape(-1, 2)
    told = _telling(result.terms, [texts[row] for row in rows], observed.holds)
    papers = [result.candidates.paper_keys[row] for row in rows]
    fits = np.column_stack([fits, told * (papers.count(papers[0]) >= _FEWEST_READ)])
    features, of_all = sentence_features(observed), confidence_features(observed)
    fitted = "unread"
    if result.read:
        features = np.hstack([features, read_sentence_features(result, candidates)])
        of_all = np.concatenate([of_all, read_confidence_features(result)])
        fitted = "papers" if result.scope.papers else "library"
    return Evidence(candidates, features, of_all, fits, result.wanted.kind, fitted)


def _joined(each: Sequence[Evidence]) -> Evidence:
    """Return the evidence in several papers as one, with its parts."""
    best = max(each, key=lambda one: len(one.candidates))
    fits = np.vstack([one.fits for one in each])
    candidates = [candidate for one in each for candidate in one.candidates]
    features = np.vstack([one.features for one in each if one.candidates] or [best.features])
    return Evidence(candidates, features, best.confidence_features, fits, best.kind, best.fitted, tuple(each))


def sentence_logits(evidence: Evidence, weights: Weights | None = None) -> NDArray[np.float64]:
    """Return how well each sentence answers the question, (sentences,)."""
    if evidence.of_papers:
        return np.concatenate([sentence_logits(each, weights) for each in evidence.of_papers])
    if not evidence.candidates:
        return np.zeros(0)
    weights = weights or load_weights()
    logits = weights.answers[evidence.fitted].sentences.logit(evidence.features)
    if len(evidence.fits):
        telling = _TELLING if evidence.kind in _BY_WORDS else 0.0
        logits += evidence.fits @ [weights.kinds.get(evidence.kind, 0.0), weights.kinds["place"], telling]
    cells = [_CELLS * each.cell_fit + _HOLDS_ALL * each.holds_all for each in evidence.candidates]
    return logits + np.array(cells, np.float64)


def _fits(result: SearchResult, candidate: Candidate) -> tuple[float, float]:
    if candidate.is_title:
        return 0.0, 0.0
    section, kind = result.candidates.chunk(candidate.row).section, result.candidates.kind(candidate.row)
    wanted, text = result.wanted, candidate.text
    return fit(wanted, section, kind, text), place_fit(wanted, section, text)


def _telling(terms: Sequence[str], passages: Sequence[str], held: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far sentences hold the question's words that few of the passages hold, from 0 to 1, (sentences,).

    The name of what a paper is about is in most of its passages and tells none of them from the others. `held` has 1
    where a sentence holds a term, (sentences, terms).
    """
    holding_it = holding(passages, terms).sum(axis=0)
    weights = np.where(holding_it > 0, np.log((len(passages) + 1) / (holding_it + 0.5)), 0.0)
    return np.asarray(held @ weights / max(float(weights.sum()), 1e-9))


def _sentences(result: SearchResult, rows: list[int], texts: dict[int, str]) -> tuple[list[Candidate], list[float]]:
    """Return the readable sentences of some chunks, and the cosine of each to the question."""
    candidates: list[Candidate] = []
    dense: list[float] = []
    papers: set[int] = set()
    with_asides = result.asked is not None or asks_about_back_matter(result.question)
    for row in rows:
        chunk, paper_key, text = result.candidates.chunk(row), result.candidates.paper_keys[row], texts[row]
        if paper_key not in papers and result.asked is None:
            papers.add(paper_key)
            title = result.candidates.paper(paper_key).title
            candidates.append(
                Candidate(
                    row,
                    paper_key,
                    Span(0, len(title)),
                    result.candidates.readable_title(paper_key),
                    None,
                    is_title=True,
                )
            )
            dense.append(float(result.features[row][2]))
        has_asides = not with_asides and result.candidates.kind(row) != ABSTRACT
        asides = _asides(chunk, text) if has_asides else frozenset()
        first, last = result.candidates.first_sentence[row : row + 2]
        cosines = result.candidates.sentence_vectors[first:last] @ result.vector
        for place, ((start, end), cosine) in enumerate(zip(chunk.sentences, cosines, strict=True)):
            sentence = readable(text[start - chunk.start : end - chunk.start])
            if UNREAD in sentence or (result.asked is None and is_copyright_line(sentence)):
                continue
            if place in asides or not (result.asked is None or result.asked.is_answered_by(chunk.section, sentence)):
                continue
            candidates.append(Candidate(row, paper_key, Span(start, end), sentence, place))
            dense.append(float(cosine))
    return candidates, dense


def _asides(chunk: Chunk, text: str) -> frozenset[int]:
    """Return the places of a chunk's sentences on funding and the like: from the first one to its paragraph's end."""
    places, end = set(), chunk.start
    for place, sentence in enumerate(chunk.sentences):
        if sentence.start >= end and begins_asides(text[sentence.start - chunk.start : sentence.end - chunk.start]):
            paragraph_end = text.find("\n\n", sentence.start - chunk.start)
            end = chunk.start + (paragraph_end if paragraph_end >= 0 else len(text))
        if sentence.start < end:
            places.add(place)
    return frozenset(places)
