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
from ..store.papers import Records
from ..store.search import Candidates
from ..text.kinds import ABSTRACT, BACK_MATTER, NEVER_QUOTED
from ..types import Passage
from .aim import Aim, aim_of
from .back_matter import Asked, asked_statement
from .corpus import Corpus
from .coverage import Coverage, chunks_for_parts, coverage_of
from .features import FEATURES, SIMILARITIES, section_features, similarities
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
        gap: why it was searched for by words alone; empty if the vectors were compared too.
        of_papers: what was found for each of several papers that the question is put to, with the same candidates;
            empty where it is put to one paper or to a library.
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
    gap: str = ""
    of_papers: tuple[SearchResult, ...] = ()

    @property
    def is_stated(self) -> bool:
        """Whether what is asked for is found where it is asked for; of several papers, in one of them."""
        if self.of_papers:
            return any(each.is_stated for each in self.of_papers)
        return (self.asked is not None and self.asked.is_certain) or self.aim.is_found

    def quotable(self) -> SearchResult:
        """Return the result with the passages that may be quoted: the statements asked for, if there are any.

        Otherwise those that are not references or furniture.
        """
        if self.of_papers:
            return self.of_each([each.quotable() for each in self.of_papers])
        order = self.stating or [row for row in self.order if self.candidates.kind(row) not in NEVER_QUOTED]
        return replace(self, order=list(order))

    def rows_to_read(self, count: int) -> list[int]:
        """Return the `count` rows that the cross-encoder reads, in rank order.

        In a library half of them are shared among papers, and the other half are the best of the rest, whatever their
        papers: the answer of a whole paper is often not in its best three passages. The opening of the best paper is
        always among them: it says in short what the paper found.
        """
        shared = self.best_rows(count if self.scope.papers else count // 2)
        taken = set(list(dict.fromkeys([*self._opening(), *shared, *self.order]))[:count])
        return [row for row in self.order if row in taken]

    def _opening(self) -> list[int]:
        """Return the row of the abstract of the best paper, or of its first text if it has none, if it was found."""
        if not self.order:
            return []
        best = self.candidates.paper_keys[self.order[0]]
        rows = [row for row in self.order if self.candidates.paper_keys[row] == best]
        first = min(rows, key=lambda row: (self.candidates.kind(row) != ABSTRACT, self.candidates.chunk(row).start))
        return [first]

    def of_each(self, results: Sequence[SearchResult]) -> SearchResult:
        """Return the result with those for its papers, and the order, the scores and what was read of them all."""
        scores = np.max([each.scores for each in results], axis=0)
        rows = {row for each in results for row in each.order}
        return replace(
            self,
            scores=scores,
            order=sorted(rows, key=lambda row: (-scores[row], self.candidates.keys[row])),
            reranked={row: logit for each in results for row, logit in each.reranked.items()},
            read={row: reading for each in results for row, reading in each.read.items()},
            of_papers=tuple(results),
        )

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
    per_paper = corpus.settings.retrieval.passages_per_paper
    scope = scope_of(records, wanted_by(question), papers, per_paper, bool(filters and filters.papers))
    queries = [_query(corpus, each, papers, count) for each in scope.each()]
    candidates = records.candidates(sorted(set().union(*(query.keys for query in queries))))
    corpus.check_settings()  # vectors of another model could not be compared
    found = [_found(records, query, candidates, weights or load_weights()) for query in queries]
    if not (filters and filters.papers):
        found = [_with_one_version_each(records, each) for each in found]
    matching = None if papers is None else len(papers)
    gap = next((query.gap for query in queries if query.gap), "")
    found = [replace(each, matching_papers=matching, respelled=changed, gap=gap) for each in found]
    return found[0] if len(found) == 1 else _joined(scope, found)


@dataclass(frozen=True, slots=True)
class _Query:
    """A question on one scope, the scores of words for it, and the keys of the chunks that may answer it."""

    scope: Scope
    wanted: Wanted
    vector: Vectors
    word_scores: Mapping[int, float]
    paper_word_scores: Mapping[int, float]
    asked: Asked | None
    keys: set[int]
    gap: str


def _query(corpus: Corpus, scope: Scope, papers: Sequence[int] | None, count: int) -> _Query:
    """Return what is searched for in a scope, of `papers` where they are given; `count` candidates are taken."""
    records, wanted = corpus.records, wanted_by(scope.question)
    searched = list(scope.papers) or papers
    vector = corpus.embedder.encode_question(scope.question)
    word_scores = records.word_scores(wanted.terms, count * _WORDS_DEPTH, searched)
    paper_word_scores = records.paper_word_scores(wanted.terms, count * _WORDS_DEPTH, searched)
    keys, gap = set(whole := all_chunks(records, scope)), ""
    if not (scope.papers and whole):
        keys |= {*corpus.index.nearest(vector, count, searched), *list(word_scores)[:count]}
        keys |= chunks_for_parts(records, wanted.parts, searched)
        gap = corpus.index.gap
    if asked := asked_statement(records, scope.question, searched):
        keys |= records.word_scores(asked.words, count, searched if asked.papers is None else asked.papers).keys()
    return _Query(scope, wanted, vector, word_scores, paper_word_scores, asked, keys, gap)


def _found(records: Records, query: _Query, candidates: Candidates, weights: Weights) -> SearchResult:
    """Return what answers one query; `candidates` may hold those of others too."""
    scope, wanted, asked = query.scope, query.wanted, query.asked
    rows = [row for row, key in enumerate(candidates.keys) if key in query.keys]
    of_all = [
        similarities(candidates, query.vector, query.word_scores, query.paper_word_scores),
        section_features(candidates, wanted.terms),
    ]
    features, scores = np.zeros((len(candidates), len(FEATURES))), np.full(len(candidates), -np.inf)
    features[rows] = np.hstack(of_all)[rows]
    aim = aim_of(wanted, scope, candidates)
    if wanted.kind == "definition" and not aim.is_found and len(scope.named) == 1:
        wanted = replace(wanted, kind="summary", subject=())  # "what is X?" of the X that one paper is named after
        aim = aim_of(wanted, scope, candidates)
    scores[rows] = fuse(features[rows], weights.fusion) + _AIMED * aim.at[rows]
    order = sorted(rows, key=lambda row: (-scores[row], candidates.keys[row]))
    if asked is None:
        order = [row for row in order if candidates.kind(row) != BACK_MATTER]
    stating = _stating(candidates, order, asked) if asked else []
    coverage = coverage_of(records, wanted, scope, candidates, order)
    return SearchResult(
        scope.question, wanted.terms, wanted, query.vector, scope, coverage, candidates, features, scores, order,
        aim=aim, asked=asked if stating else None, stating=stating,
    )  # fmt: skip


def _joined(scope: Scope, found: Sequence[SearchResult]) -> SearchResult:
    """Return what was found for each of several papers as one result; a candidate belongs to one of them."""
    wanted = wanted_by(scope.question)
    features = np.sum([each.features for each in found], axis=0)
    whole = replace(
        found[0], question=scope.question, terms=wanted.terms, wanted=wanted, scope=scope, coverage=Coverage(),
        features=features, aim=Aim(), asked=None, stating=(),
    )  # fmt: skip
    return whole.of_each(found)


def top_passages(result: SearchResult, top_k: int) -> list[Passage]:
    """Return the best `top_k` passages, best first, shared among papers as the scope says."""
    rows = result.best_rows(top_k)
    texts = result.candidates.texts(rows)
    return [_passage(result, row, texts[row]) for row in rows if row in texts]


def _with_one_version_each(records: Records, found: SearchResult) -> SearchResult:
    """Return the result without papers of which another version, preprint or published, ranks higher."""
    papers = found.candidates.paper_keys
    works, best_version = records.works(papers), dict[int, int]()
    order = [row for row in found.order if best_version.setdefault(works[papers[row]], papers[row]) == papers[row]]
    kept = set(order)
    return replace(found, order=order, stating=[row for row in found.stating if row in kept])


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
