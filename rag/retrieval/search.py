"""Hybrid search: candidate chunks by vectors and by words, each scored by both, best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ..errors import EmptyLibrary
from ..filters import Filters
from ..models.protocols import Reading, Vectors
from ..models.weights import Weights, load_weights
from ..store.search import Candidates
from ..text.kinds import BACK_MATTER, NEVER_QUOTED
from ..types import Passage
from .aim import Aim, aim_of
from .back_matter import Asked, asked_statement
from .corpus import Corpus
from .coverage import Coverage, chunks_for_parts, coverage_of
from .features import SIMILARITIES, section_features, similarities
from .fusion import fuse
from .scope import Scope, all_chunks, scope_of
from .spellings import respelled
from .terms import check_question
from .wanted import Wanted, wanted_by

_AIMED = 3.0  # of fused scores, that a passage gains where the kind of the question says to look
_WORDS_DEPTH = 5  # times as many BM25 scores are read as candidates taken: the vectors' candidates need theirs too


@dataclass(frozen=True, slots=True)
class SearchResult:
    """Candidate chunks for a question, and what ranked them.

    Attributes:
        question: what was searched for: the question, without the title of the one paper that it names.
        terms: the question's search terms.
        wanted: what its words ask for.
        vector: the question's, (dimensions,).
        scope: the papers that the question is put to, and how passages are shared among them.
        coverage: which rows speak of which of the several things asked about, and what nothing speaks of.
        features: a row for each candidate, columns as `FEATURES`, before z-scores.
        scores: a score for each candidate, larger is better.
        order: rows of the candidates, best first, without other versions of papers that rank higher.
        matching_papers: how many papers the filters leave; None without filters.
        reranked: the cross-encoder's logit by row, for the rows that it read.
        read: the packaged cross-encoder's readings by row; empty without it.
        respelled: words that were searched for as the library writes them, each with how the question writes it.
        aim: where the kind of the question says to look, and what of it no paper has.
        asked: the kind of statement that the question asks for; None if it asks for none, or none is found.
        stating: the rows of the statements asked for, best first.
    """

    question: str
    terms: tuple[str, ...]
    wanted: Wanted
    vector: Vectors
    scope: Scope
    coverage: Coverage
    candidates: Candidates
    features: NDArray[np.float64]
    scores: NDArray[np.float64]
    order: list[int]
    matching_papers: int | None = None
    reranked: Mapping[int, float] = field(default_factory=dict)
    read: Mapping[int, Reading] = field(default_factory=dict)
    aim: Aim = field(default_factory=Aim)
    respelled: tuple[tuple[str, str], ...] = ()
    asked: Asked | None = None
    stating: Sequence[int] = ()

    def quotable(self) -> SearchResult:
        """Return the result with the passages that may be quoted: the statements asked for, if there are any.

        Otherwise those that are not references or furniture.
        """
        order = self.stating or [row for row in self.order if self.candidates.kind(row) not in NEVER_QUOTED]
        return replace(self, order=list(order))

    def rows_to_read(self, count: int) -> list[int]:
        """Return the `count` rows that the cross-encoder reads, in rank order.

        In a library half of them are shared among papers, and the other half are the best of the rest, whatever their
        papers: the answer of a whole paper is often not in its best three passages.
        """
        shared = set(self.best_rows(count if self.scope.papers else count // 2))
        rest = [row for row in self.order if row not in shared]
        taken = shared.union(rest[: count - len(shared)])
        return [row for row in self.order if row in taken]

    def best_rows(self, count: int) -> list[int]:
        """Return the best `count` rows in rank order, shared among papers as the scope says."""
        kept = self.coverage.kept().intersection(self.order)
        return self.scope.shared(self.order, self.candidates.paper_keys, count, kept)


def search(
    corpus: Corpus, question: str, *, filters: Filters | None = None, top_k: int = 0, weights: Weights | None = None
) -> SearchResult:
    """Return the chunks that may answer a question; at least `top_k` candidates where there are as many.

    Raise QuestionError, EmptyLibrary, UnknownPaper, AmbiguousPaper or LibraryMismatch.
    """
    question = check_question(question)
    records = corpus.records
    if not records.count_papers():
        raise EmptyLibrary(f"The library {corpus.folder.name!r} holds no papers. Add some: `footnote add PATH`.")
    papers = records.papers_matching(filters or Filters())
    count = max(corpus.settings.retrieval.candidates, top_k)
    question, changed = respelled(records, question, corpus.embedder)
    scope = scope_of(records, wanted_by(question), papers, corpus.settings.retrieval.passages_per_paper)
    question, wanted = scope.question, wanted_by(scope.question)
    searched = list(scope.papers) or papers
    terms = wanted.terms
    vector = corpus.embedder.encode_question(question)
    word_scores = records.word_scores(terms, count * _WORDS_DEPTH, searched)
    paper_word_scores = records.paper_word_scores(terms, count * _WORDS_DEPTH, searched)
    keys = set(whole := all_chunks(records, scope))
    if not (scope.papers and whole):
        keys |= {*corpus.index.nearest(vector, count, searched), *list(word_scores)[:count]}
        keys |= chunks_for_parts(records, wanted.parts, searched)
    if asked := asked_statement(records, question, searched):
        keys |= records.word_scores(asked.words, count, searched if asked.papers is None else asked.papers).keys()
    candidates = records.candidates(sorted(keys))
    corpus.check_settings()  # vectors of another model could not be compared
    features = np.hstack(
        [similarities(candidates, vector, word_scores, paper_word_scores), section_features(candidates, terms)]
    )
    aim = aim_of(wanted, scope, candidates)
    scores = fuse(features, (weights or load_weights()).fusion) + _AIMED * aim.at
    order = sorted(range(len(scores)), key=lambda row: (-scores[row], candidates.keys[row]))
    if asked is None:
        order = [row for row in order if candidates.kind(row) != BACK_MATTER]
    if not (filters and filters.papers):
        order = _one_version_each(order, candidates.paper_keys, records.works(candidates.paper_keys))
    stating = _stating(candidates, order, asked) if asked else []
    coverage = coverage_of(records, wanted, scope, candidates, order)
    matching = None if papers is None else len(papers)
    return SearchResult(
        question, terms, wanted, vector, scope, coverage, candidates, features, scores, order, matching,
        aim=aim, asked=asked if stating else None, stating=stating, respelled=changed,
    )  # fmt: skip


def top_passages(result: SearchResult, top_k: int) -> list[Passage]:
    """Return the best `top_k` passages, best first, shared among papers as the scope says."""
    rows = result.best_rows(top_k)
    texts = result.candidates.texts(rows)
    return [_passage(result, row, texts[row]) for row in rows if row in texts]


def _one_version_each(order: list[int], papers: list[int], works: dict[int, int]) -> list[int]:
    """Return the rows without those of papers of which another version, preprint or published, ranks higher."""
    best_version: dict[int, int] = {}
    return [row for row in order if best_version.setdefault(works[papers[row]], papers[row]) == papers[row]]


def _stating(candidates: Candidates, order: list[int], asked: Asked) -> list[int]:
    """Return the rows of back matter that makes the kind of statement asked for, in the papers it is asked about."""
    rows = [
        row
        for row in order
        if candidates.kind(row) == BACK_MATTER and (asked.papers is None or candidates.paper_keys[row] in asked.papers)
    ]
    texts = candidates.texts(rows)
    return [row for row in rows if asked.is_answered_by(candidates.chunk(row).section, texts.get(row, ""))]


def _passage(result: SearchResult, row: int, text: str) -> Passage:
    chunk, paper = result.candidates.chunk(row), result.candidates.paper(result.candidates.paper_keys[row])
    scores = dict(zip(SIMILARITIES, result.features[row].round(4).tolist(), strict=False))
    if row in result.reranked:
        scores["read"] = round(result.reranked[row], 4)
    return Passage(
        title=paper.title,
        paper_id=paper.id,
        page=chunk.page,
        section=chunk.section,
        text=text,
        score=float(result.scores[row]),
        start=chunk.start,
        end=chunk.end,
        page_label=chunk.page_label,
        authors=paper.authors,
        year=paper.year,
        source=paper.source,
        scores=scores,
    )
