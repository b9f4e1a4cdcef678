"""Cells of tables among the candidate sentences."""

from __future__ import annotations

from collections.abc import Sequence

from ..models.protocols import MarkedText
from ..retrieval.corpus import Corpus
from ..retrieval.search import SearchResult
from .cells import MOST_FOUND, FoundCells, find_cells
from .features import Candidate

_WITHOUT = frozenset(
    "papers statement limitations future contributions conclusions summary definition reason yes_no".split()
)
"""Kinds of questions that no cell answers."""
_PAPERS = 3  # whose tables are read: those of the best passages


def cell_candidates(corpus: Corpus, result: SearchResult, rows: Sequence[int]) -> tuple[list[Candidate], list[float]]:
    """Return the cells that fit the question in the tables of the best papers, and the cosine of each to the question.

    `rows` are the chunks that the other candidates are from, best first.
    """
    if result.asked is not None or result.wanted.kind in _WITHOUT:
        return [], []
    found = []
    for row in _best_of_papers(result, rows):
        paper, text = result.candidates.paper(result.candidates.paper_keys[row]), result.candidates.paper_text(row)
        found += [(cells, row) for cells in find_cells(result.question, paper, text, result.candidates.tables(row))]
    best = sorted(found, key=lambda each: -each[0].fit)[:MOST_FOUND]
    if not best:
        return [], []
    encoded = corpus.embedder.encode_texts([MarkedText(cells.sentence, ()) for cells, _ in best])
    candidates = [_candidate(result, rows, row, cells) for cells, row in best]
    return candidates, [float(part.vector @ result.vector) for part in encoded]


def _candidate(result: SearchResult, rows: Sequence[int], best: int, cells: FoundCells) -> Candidate:
    """Return cells as a candidate; `best` is the best row of their paper."""
    row = _row_with(result, rows, best, cells.span.start)
    spans = result.candidates.chunk(row).sentences
    place = spans.index(cells.span) if cells.span in spans else None
    paper = result.candidates.paper_keys[row]
    return Candidate(row, paper, cells.span, cells.sentence, place, cell_fit=cells.fit, holds_all=cells.holds_all)


def _best_of_papers(result: SearchResult, rows: Sequence[int]) -> list[int]:
    """Return the first row of each of the best papers."""
    best: dict[int, int] = {}
    for row in rows:
        best.setdefault(result.candidates.paper_keys[row], row)
    return list(best.values())[:_PAPERS]


def _row_with(result: SearchResult, rows: Sequence[int], best: int, position: int) -> int:
    """Return the row of the chunk that holds a position in a paper; the paper's best row, if none does."""
    key = result.candidates.paper_keys[best]
    for row in rows:
        chunk = result.candidates.chunk(row)
        if result.candidates.paper_keys[row] == key and chunk.start <= position < chunk.end:
            return row
    return best
