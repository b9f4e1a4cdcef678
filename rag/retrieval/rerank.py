"""Rerank passages with the cross-encoder.

The packaged cross-encoder orders the passages of each paper and leaves the order of papers, which it does not improve
(eval/LOG.md). A user's own orders all passages.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..models.reranker import Array, PackagedReranker, described
from ..text.readable import readable
from .corpus import Corpus
from .search import SearchResult

_PACKAGED_WEIGHT = 0.3  # of its logit beside the fused score; 0.2 to 0.5 give the same quality (eval/LOG.md)
_USERS_WEIGHT = 1.0  # of a user's own, standardized; none was at hand to fit it


def rerank_passages(corpus: Corpus, result: SearchResult) -> SearchResult:
    """Return the result with its best passages reranked, as many as `[cross_encoder] passages` says.

    Without a cross-encoder, or with `order = false`, the result is returned as it is. Raise EmbeddingError if the
    cross-encoder cannot be loaded.
    """
    settings = corpus.settings.cross_encoder
    if not settings.reads_passages or (reranker := corpus.reranker) is None:
        return result
    candidates = result.candidates
    rows = result.order[: settings.passages]
    if result.scope.papers or result.coverage.parts:
        rows = result.best_rows(settings.passages)
    if isinstance(reranker, PackagedReranker):
        rows = _with_siblings(rows, candidates.paper_keys)
    texts = candidates.texts(rows)
    rows = [row for row in rows if row in texts]  # others were deleted meanwhile
    if not rows:
        return result
    titles = [candidates.readable_title(candidates.paper_keys[row]) for row in rows]
    logits = reranker.scores(
        result.question, [described(title, readable(texts[row])) for title, row in zip(titles, rows, strict=True)]
    )
    if isinstance(reranker, PackagedReranker):
        scores = _exchanged_within_papers(result, rows, logits)
    else:
        scores = result.scores + _USERS_WEIGHT * _standardized(logits, rows, len(result.scores))
    order = sorted(result.order, key=lambda row: (-scores[row], candidates.keys[row]))
    return replace(result, scores=scores, order=order, reranked=dict(zip(rows, logits.tolist(), strict=True)))


def _with_siblings(rows: Sequence[int], papers: Sequence[int]) -> list[int]:
    """Return the rows whose paper has another one among them."""
    count = Counter(papers[row] for row in rows)
    return [row for row in rows if count[papers[row]] > 1]


def _exchanged_within_papers(result: SearchResult, rows: Sequence[int], logits: Array) -> NDArray[np.float64]:
    """Return the scores, with those of each paper's rows exchanged among these by their logits."""
    scores = result.scores.copy()
    by_paper: dict[int, list[tuple[float, int]]] = {}
    for row, logit in zip(rows, logits.tolist(), strict=True):
        score = result.scores[row] + _PACKAGED_WEIGHT * logit
        by_paper.setdefault(result.candidates.paper_keys[row], []).append((score, row))
    for of_paper in by_paper.values():
        ordered = [row for _, row in sorted(of_paper, reverse=True)]
        scores[ordered] = np.sort(result.scores[ordered])[::-1]
    return scores


def _standardized(logits: Array, rows: Sequence[int], count: int) -> NDArray[np.float64]:
    """Return a score for each of `count` rows: its logit with mean 0 and deviation 1, or the least."""
    standard = (logits - logits.mean()) / max(float(logits.std()), 1e-6)
    scores = np.full(count, min(float(standard.min()), -1.0))
    scores[rows] = standard
    return scores
