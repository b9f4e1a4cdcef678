"""The best of what was found is read together with the question: passages for their order, sentences for the answer.

The packaged cross-encoder leaves papers in their order, which it does not better (eval/LOG.md): it orders the passages
of each, and has a say in the choice of sentences and in the confidence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ..models.reranker import Array, PackagedReranker, described
from ..text.readable import readable
from .corpus import Corpus
from .search import SearchResult

_PASSAGES = 0.3  # what the packaged one's logit counts beside the fused score; from 0.2 to 0.5 is alike (eval/LOG.md)
_OWN = 1.0  # what a user's own cross-encoder counts beside the fused score; none was at hand to fit it


def rerank_passages(corpus: Corpus, found: SearchResult) -> SearchResult:
    """What was found, its best passages in the order that they have once a cross-encoder has read them.

    It reads as many as `[cross_encoder] passages` says; without one, or with `order = false`, all stays as it is.

    Raises:
        EmbeddingError: the cross-encoder cannot be loaded.
    """
    settings = corpus.settings.cross_encoder
    if not settings.reads_passages or (reader := corpus.reranker) is None:
        return found
    rows = found.order[: settings.passages]
    if isinstance(reader, PackagedReranker):
        rows = _with_others_of_their_paper(found, rows)
    texts = corpus.records.chunk_texts([found.candidates.keys[row] for row in rows])
    rows = [row for row in rows if found.candidates.keys[row] in texts]  # others were deleted meanwhile
    if not rows:
        return found
    passages = [described(_title(found, row), readable(texts[found.candidates.keys[row]])) for row in rows]
    read = reader.scores(found.question, passages)
    if isinstance(reader, PackagedReranker):
        scores = _within_papers(found, rows, read)
    else:
        scores = found.scores + _OWN * _standardised(read, rows, len(found.scores))
    order = sorted(found.order, key=lambda row: (-scores[row], found.candidates.keys[row]))
    return replace(found, scores=scores, order=order, read=dict(zip(rows, read.tolist(), strict=True)))


def _with_others_of_their_paper(found: SearchResult, rows: Sequence[int]) -> list[int]:
    """Those of the rows that are not the only one of their paper."""
    papers = found.candidates.paper_keys
    count = Counter(papers[row] for row in rows)
    return [row for row in rows if count[papers[row]] > 1]


def _within_papers(found: SearchResult, rows: Sequence[int], read: Array) -> NDArray[np.float64]:
    """The scores, those of each paper's rows exchanged among these by what was read of them."""
    scores = found.scores.copy()
    papers: dict[int, list[tuple[float, int]]] = {}
    for row, value in zip(rows, read.tolist(), strict=True):
        papers.setdefault(found.candidates.paper_keys[row], []).append((found.scores[row] + _PASSAGES * value, row))
    for of_paper in papers.values():
        ordered = [row for _, row in sorted(of_paper, reverse=True)]
        scores[ordered] = np.sort(found.scores[ordered])[::-1]
    return scores


def _standardised(values: Array, rows: Sequence[int], count: int) -> NDArray[np.float64]:
    """For each of `count` rows its value with mean 0 and deviation 1 over those read; of the others, the least."""
    standard = (values - values.mean()) / max(float(values.std()), 1e-6)
    scores = np.full(count, min(float(standard.min()), -1.0))
    scores[rows] = standard
    return scores


def _title(found: SearchResult, row: int) -> str:
    return readable(found.candidates.paper(found.candidates.paper_keys[row]).title)
