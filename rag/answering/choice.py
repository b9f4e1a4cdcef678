"""The choice of what is quoted: the best sentence first, then only what adds to it.

- Papers stand in the order of their best sentence, and the sentences of a paper by how well they answer.
- A sentence follows if it is not far below the best one; further below it only if it holds a word of the question that
  no chosen one holds, or a number where one is asked for.
- What says nearly the same as a chosen sentence is left out.
- A question for a paper is answered with its title first. Where the paper was given, titles say nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..models.weights import Weights
from ..retrieval.terms import search_terms, stem, stems_in
from ..retrieval.wanted import asks_for_paper
from .evidence import Evidence, sentence_logits
from .features import Candidate

_GAP = 1.0  # below the best sentence, in logits, that a sentence may be
_GAP_OF_NEWS = 2.0  # the same, of one that adds something
_SAME = 0.8  # share of the words of the shorter of two sentences that both have, if they say the same


def choose(
    evidence: Evidence, question: str, most: int, weights: Weights | None = None, *, with_titles: bool = True
) -> list[Candidate]:
    """Return the sentences to quote, at most `most`, best first; those of a paper stand together.

    Without `with_titles`, titles are chosen only where there is nothing else.
    """
    candidates = evidence.candidates
    if not candidates:
        return []
    scores = sentence_logits(evidence, weights)
    order = [int(i) for i in np.argsort(-scores, kind="stable")]
    if not with_titles:
        order = [i for i in order if not candidates[i].is_title] or order
    chosen = _title_of_best(candidates, order) if with_titles and asks_for_paper(question) else []
    chosen += _best(candidates, scores, order, question, most - len(chosen), chosen)
    papers = list(dict.fromkeys(candidates[i].paper_key for i in chosen))
    return sorted((candidates[i] for i in chosen), key=lambda each: papers.index(each.paper_key))


def _title_of_best(candidates: Sequence[Candidate], order: Sequence[int]) -> list[int]:
    """Return the title of the paper with the best sentence."""
    key = candidates[next((i for i in order if not candidates[i].is_title), order[0])].paper_key
    return [i for i, each in enumerate(candidates) if each.is_title and each.paper_key == key]


def _best(
    candidates: Sequence[Candidate],
    scores: NDArray[np.float64],
    order: Sequence[int],
    question: str,
    most: int,
    titles: Sequence[int],
) -> list[int]:
    """Return the best sentences that add to each other, at most `most`."""
    asked = {stem(term) for term in search_terms(question)}
    chosen: list[int] = []
    said: list[set[str]] = []
    held: set[str] = set()
    for i in order:
        if len(chosen) >= most or (chosen and scores[i] < scores[chosen[0]] - _GAP_OF_NEWS):
            break
        words = stems_in(candidates[i].text)
        news = asked & words - held
        if i in titles or any(_says_the_same(words, other) for other in said):
            continue
        if chosen and scores[i] < scores[chosen[0]] - _GAP and not news:
            continue
        chosen.append(i)
        said.append(words)
        held |= news
    return chosen


def _says_the_same(words: set[str], other: set[str]) -> bool:
    return len(words & other) >= _SAME * max(min(len(words), len(other)), 1)
