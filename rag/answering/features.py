"""Features of candidate sentences for their choice, and of all of them for the confidence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..retrieval.search import SearchResult
from ..retrieval.terms import has_stem, search_terms, stem
from ..retrieval.wanted import asked_for, asks_for_name, asks_for_number, asks_for_paper, names_in
from ..types import Span

SENTENCE_FEATURES = (
    "dense", "dense_gap", "chunk_score", "paper_gap", "paper_rank", "coverage", "coverage_near", "best_of_paper",
    "number_wanted", "name_wanted", "has_number", "length", "first", "last", "address", "title", "title_wanted",
    "asked_held",
)  # fmt: skip
CONFIDENCE_FEATURES = (
    "sentence", "chunk", "paper", "coverage", "sentence_coverage", "unknown_terms", "margin", "spread",
    "asked_missing", "names_missing", "number_wanted",
)  # fmt: skip

_NUMBER = re.compile(r"\d")
_ADDRESS = re.compile(r"https?://|www\.|\bgithub\b|publicly available|is available at", re.IGNORECASE)
_MAX_NAMES = 4
_FULL_LENGTH = 400  # characters


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may be quoted: its span in the paper, its readable text, and its chunk's row in the result.

    It is a sentence, a title, or the row of a table. `place` is its place among the chunk's sentences, if it is one.
    `cell_fit` is how well cells of the row fit the question, and `text` then says them (`answering.cells`); 0 for all
    others. `holds_all` is whether these cells, with the headers and the caption, hold every word of the question.
    """

    row: int
    paper_key: int
    span: Span
    text: str
    place: int | None = None
    is_title: bool = False
    cell_fit: float = 0.0
    holds_all: bool = False


@dataclass(frozen=True, slots=True)
class Observed:
    """What the features are computed from.

    Attributes:
        rows: the rows of the chunks that the sentences are from, best first.
        dense: cosine of each sentence to the question, (sentences,).
        holds: 1 where a sentence has a word with the stem of a term, (sentences, terms).
        idf: of the terms, (terms,).
        is_known: whether any paper has the term, (terms,).
    """

    result: SearchResult
    rows: list[int]
    candidates: list[Candidate]
    dense: NDArray[np.float64]
    holds: NDArray[np.float64]
    idf: NDArray[np.float64]
    is_known: NDArray[np.bool_]

    @property
    def total_idf(self) -> float:
        return max(float(self.idf.sum()), 1e-9)

    @property
    def coverage(self) -> NDArray[np.float64]:
        """The share of the question's words, weighted by idf, that each sentence has, (sentences,)."""
        return np.asarray(self.holds @ self.idf / self.total_idf)

    def missing(self, terms: Sequence[str], held: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share of some terms that rows of `held`, (rows, terms of the question), do not have."""
        columns = [self.result.terms.index(term) for term in terms if term in self.result.terms]
        unknown = len(terms) - len(columns)  # case folding can join what was cut from the question to another word
        return np.asarray(((held[:, columns] == 0).sum(axis=1) + unknown) / max(len(terms), 1))


def holding(texts: Sequence[str], terms: Sequence[str]) -> NDArray[np.float64]:
    """Return 1 where a text has a word with the stem of a term, (texts, terms). Stop words do not count."""
    stems = [stem(term) for term in terms]
    held = [[has_stem(folded, each) for each in stems] for folded in map(str.casefold, texts)]
    return np.array(held, float).reshape(len(texts), len(terms))


def sentence_features(observed: Observed) -> NDArray[np.float64]:
    """Return `SENTENCE_FEATURES` of the candidates, (sentences, columns)."""
    candidates, dense, coverage = observed.candidates, observed.dense, observed.coverage
    question = observed.result.question
    keys = np.array([candidate.paper_key for candidate in candidates])
    of_paper = {key: np.flatnonzero(keys == key) for key in dict.fromkeys(keys.tolist())}
    scores = observed.result.scores[[candidate.row for candidate in candidates]]
    best_score, best_dense, paper_rank = (np.zeros(len(candidates)) for _ in range(3))
    first, last = (np.zeros(len(candidates)) for _ in range(2))
    for rank, sentences in enumerate(of_paper.values()):
        best_score[sentences], best_dense[sentences] = scores[sentences].max(), dense[sentences].max()
        paper_rank[sentences] = 1.0 / (1 + rank)
        spans = [candidates[i].span for i in sentences if not candidates[i].is_title]
        if spans:
            start, end = min(span.start for span in spans), max(span.end for span in spans)
            first[sentences] = [candidates[i].span.start == start for i in sentences]
            last[sentences] = [candidates[i].span.end == end for i in sentences]
    follows = keys[1:] == keys[:-1]
    coverage_near = np.zeros(len(candidates))
    coverage_near[1:] = np.where(follows, coverage[:-1], 0.0)
    coverage_near[:-1] = np.maximum(coverage_near[:-1], np.where(follows, coverage[1:], 0.0))
    is_title = np.array([candidate.is_title for candidate in candidates], float)
    has_number = np.array([bool(_NUMBER.search(candidate.text)) for candidate in candidates], float)
    names = np.zeros(len(candidates))
    if asks_for_name(question):
        names[:] = [min(len(names_in(candidate.text)), _MAX_NAMES) for candidate in candidates]
    asked = asked_for(question)
    return np.column_stack(
        [
            dense,
            dense - dense.max(),
            scores - scores.max(),
            best_score - scores.max(),
            paper_rank,
            coverage,
            coverage_near,
            dense >= best_dense,
            asks_for_number(question) * has_number,
            names,
            has_number,
            [min(len(candidate.text), _FULL_LENGTH) / _FULL_LENGTH for candidate in candidates],
            first,
            last,
            [_has_address(candidate.text) for candidate in candidates],
            is_title,
            is_title * asks_for_paper(question),
            (1.0 - observed.missing(asked, observed.holds)) * bool(asked),
        ]
    ).astype(np.float64)


def _has_address(text: str) -> bool:
    lower = text.lower()
    return ("http" in lower or "www." in lower or "github" in lower or "available" in lower) and bool(
        _ADDRESS.search(text)
    )


def confidence_features(observed: Observed) -> NDArray[np.float64]:
    """Return `CONFIDENCE_FEATURES`, (columns,)."""
    result, holds, idf, total = observed.result, observed.holds, observed.idf, observed.total_idf
    held_by_paper: dict[int, NDArray[np.float64]] = {}
    for candidate, held in zip(observed.candidates, holds, strict=True):
        held_by_paper[candidate.paper_key] = np.maximum(held_by_paper.get(candidate.paper_key, held), held)
    score_by_paper: dict[int, float] = {}
    for row in observed.rows:
        score_by_paper.setdefault(result.candidates.paper_keys[row], float(result.scores[row]))
    ranked = sorted(score_by_paper.values(), reverse=True)
    held_by_best = held_by_paper[max(score_by_paper, key=lambda key: score_by_paper[key])]
    similar = result.features[observed.rows]
    names = [term for name in names_in(result.question) for term in search_terms(name)]
    return np.array(
        [
            observed.dense.max(),
            similar[:, 0].max(),
            similar[:, 2].max(),
            max(float(held @ idf) / total for held in held_by_paper.values()),
            observed.coverage.max(),
            1.0 - float(idf[observed.is_known].sum()) / total if len(idf) else 1.0,
            ranked[0] - ranked[1] if len(ranked) > 1 else 0.0,
            ranked[0] - float(np.mean(ranked)),
            observed.missing(asked_for(result.question), held_by_best[None])[0],
            observed.missing(names, held_by_best[None])[0],
            asks_for_number(result.question),
        ],
        float,
    )
