"""Rerank passages with the cross-encoder, which reads them with the question.

The packaged cross-encoder orders the passages of each paper and leaves the order of papers, which it does not improve
(eval/LOG.md). A user's own orders all passages.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..models.protocols import MarkedText, Reading, Reranker
from ..models.reranker import Array, PackagedReranker, described
from ..text.readable import readable
from .corpus import Corpus
from .search import SearchResult

_PACKAGED_WEIGHT = 0.5  # of its logit beside the fused score; 0.4 to 0.8 give about the same quality (eval/LOG.md)
_OF_EACH = 10  # passages that are read of each of several papers, if `passages` is more
_USERS_WEIGHT = 1.0  # of a user's own, standardized; none was at hand to fit it


def rerank_passages(corpus: Corpus, result: SearchResult) -> SearchResult:
    """Return the result with its best passages read and reranked, as many as `[cross_encoder] passages` says.

    Raise EmbeddingError if the cross-encoder cannot be loaded.
    """
    settings = corpus.settings.cross_encoder
    if not settings.used or (reranker := corpus.reranker) is None:
        return result
    if result.of_papers:
        most = max(-(-settings.passages // len(result.of_papers)), min(settings.passages, _OF_EACH))
        return result.of_each([_reranked(reranker, each, most) for each in result.of_papers])
    return _reranked(reranker, result, settings.passages)


def _reranked(reranker: Reranker, result: SearchResult, passages: int) -> SearchResult:
    rows = result.rows_to_read(passages)
    texts = result.candidates.texts(rows)
    rows = [row for row in rows if row in texts]  # others were deleted meanwhile
    if not rows:
        return result
    if not isinstance(reranker, PackagedReranker):
        return _ordered_by_users(result, rows, reranker.scores(result.question, _plain(result, rows, texts)))
    read = dict(zip(rows, reranker.read(result.question, _described(result, rows, texts)), strict=True))
    scores = _exchanged_within_papers(result, read)
    logits = {row: reading.answers for row, reading in read.items()}
    return replace(result, scores=scores, order=_order(result, scores), reranked=logits, read=read)


def _described(result: SearchResult, rows: Sequence[int], texts: Mapping[int, str]) -> list[MarkedText]:
    """Return passages in the form in which the packaged cross-encoder reads them."""
    candidates = result.candidates
    read = []
    for row in rows:
        chunk, title = candidates.chunk(row), candidates.readable_title(candidates.paper_keys[row])
        sentences = [readable(texts[row][start - chunk.start : end - chunk.start]) for start, end in chunk.sentences]
        read.append(described(title, chunk.section and readable(chunk.section), sentences))
    return read


def _plain(result: SearchResult, rows: Sequence[int], texts: Mapping[int, str]) -> list[str]:
    titles = [result.candidates.readable_title(result.candidates.paper_keys[row]) for row in rows]
    return [f"{title}: {readable(texts[row])}" for title, row in zip(titles, rows, strict=True)]


def _ordered_by_users(result: SearchResult, rows: Sequence[int], logits: Array) -> SearchResult:
    """Return the result in the order of its scores and a user's own cross-encoder's together."""
    scores = result.scores + _USERS_WEIGHT * _standardized(logits, rows, len(result.scores))
    reranked = dict(zip(rows, logits.tolist(), strict=True))
    return replace(result, scores=scores, order=_order(result, scores), reranked=reranked)


def _order(result: SearchResult, scores: NDArray[np.float64]) -> list[int]:
    return sorted(result.order, key=lambda row: (-scores[row], result.candidates.keys[row]))


def _exchanged_within_papers(result: SearchResult, read: Mapping[int, Reading]) -> NDArray[np.float64]:
    """Return the scores, with those of each paper's rows that were read exchanged among these by their logits."""
    scores = result.scores.copy()
    by_paper: dict[int, list[tuple[float, int]]] = {}
    for row, reading in read.items():
        score = result.scores[row] + _PACKAGED_WEIGHT * reading.answers
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
