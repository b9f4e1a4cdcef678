"""The choice of what is quoted: the best sentence first, then only what adds to it.

- Papers stand in the order of their best sentence, and the sentences of a paper by how well they answer.
- A question on several papers is put to each: the best sentence of each comes first, then the second of each, and so
  on, with one fewer of each than of a single paper, and twice as many at most in all.
- A question on several parts gets the best sentence of each, if it is not far below the best.
- A sentence follows if it is not far below the best one, and less far if it is of another paper. Each chosen sentence
  lowers the others of its passage: the next best passage may have the answer that the first one lacks.
- What says nearly the same as a chosen sentence is left out.
- A question for a paper is answered with its title first. Where the paper was given, titles say nothing.
- A question for papers is answered with a list: the title and the best sentence of each paper that fits about as well
  as the best one.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from ..models.weights import Weights
from ..retrieval.terms import stems_in
from ..retrieval.wanted import Wanted, asks_for_paper, asks_for_papers
from .evidence import Evidence, sentence_logits
from .features import SENTENCE_FEATURES, Candidate

_GAP = 3.0  # below the best sentence, in logits, that a sentence may be; 2 loses 3 % of the answers (eval/LOG.md)
_GAP_OF_OTHER_PAPER = 1.0  # the same, of the first one of another paper
_GAP_OF_PART = 4.0  # the same, of the best one of a part that is asked about
_GAP_OF_PAPER = 3.0  # the same, of the best one of a paper in a list of papers
_GAP_OF_PASSAGE = 1.3  # below the best passage, in the score of passages, of its passage
_MOST_PAPERS = 10  # of a list
_SAME_PASSAGE = 0.5  # logits that each chosen sentence takes from the others of its passage
_SAME = 0.8  # share of the words of the shorter of two sentences that both have, if they say the same
_PART = 0.5  # share of the words of a part that a sentence about it holds


def choose(
    evidence: Evidence,
    wanted: Wanted,
    most: int,
    weights: Weights | None = None,
    *,
    with_titles: bool = True,
) -> list[Candidate]:
    """Return the sentences to quote, at most `most`, best first; those of a paper stand together.

    Without `with_titles`, titles are chosen only where there is nothing else.
    """
    candidates = evidence.candidates
    if not candidates:
        return []
    scores = sentence_logits(evidence, weights).tolist()
    if with_titles and asks_for_papers(wanted):
        return _papers(evidence, scores)
    order = sorted(range(len(candidates)), key=lambda i: -scores[i])
    if not with_titles:
        order = [i for i in order if not candidates[i].is_title] or order
    titles = _title_of_best(candidates, order) if with_titles and asks_for_paper(wanted.question) else []
    order = [i for i in order if i not in titles]
    choice = _Choice(candidates, scores, most - len(titles))
    if order:
        choice.add_best(order, _GAP, first=True)
        for part in _parts(candidates, wanted.parts):
            if part.isdisjoint(choice.chosen):
                choice.add_best([i for i in order if i in part], _GAP_OF_PART, first=True)
        choice.add_best(order, _GAP)
    picked = [candidates[i] for i in (*titles, *sorted(choice.chosen, key=lambda i: -scores[i]))]
    place = {key: at for at, key in enumerate(dict.fromkeys(each.paper_key for each in picked))}
    return sorted(picked, key=lambda each: place[each.paper_key])


def choose_of_each(
    evidence: Sequence[Evidence], wanted: Sequence[Wanted], most: int, weights: Weights | None = None
) -> list[Candidate]:
    """Return the sentences to quote of several papers, each with its evidence and what is wanted of it.

    There is one of each paper that has any, then up to `most` - 1 of each and twice `most` in all.
    """
    best = [max(sentence_logits(each, weights), default=-math.inf) for each in evidence]
    order = sorted(range(len(evidence)), key=lambda paper: -best[paper])
    chosen = [choose(evidence[i], wanted[i], most, weights, with_titles=False) for i in order]
    left, counts = 2 * most, [0] * len(chosen)
    for count in range(1, max(2, most)):
        for paper, of_paper in enumerate(chosen):
            if len(of_paper) >= count and (left > 0 or count == 1):
                counts[paper], left = count, left - 1
    return [each for count, of_paper in zip(counts, chosen, strict=True) for each in of_paper[:count]]


def _papers(evidence: Evidence, scores: Sequence[float]) -> list[Candidate]:
    """Return the title and the best sentence of each paper that fits, best first."""
    titles = {each.paper_key: each for each in evidence.candidates if each.is_title}
    below = evidence.features[:, SENTENCE_FEATURES.index("chunk_score")]
    order = sorted((i for i, each in enumerate(evidence.candidates) if not each.is_title), key=lambda i: -scores[i])
    listed: dict[int, list[Candidate]] = {}
    for i in order:
        key = evidence.candidates[i].paper_key
        if scores[i] < scores[order[0]] - _GAP_OF_PAPER or len(listed) == _MOST_PAPERS:
            break
        if key not in listed and below[i] > -_GAP_OF_PASSAGE:
            listed[key] = [*filter(None, [titles.get(key)]), evidence.candidates[i]]
    return [each for of_paper in listed.values() for each in of_paper] or evidence.candidates[:1]


def _title_of_best(candidates: Sequence[Candidate], order: Sequence[int]) -> list[int]:
    """Return the title of the paper with the best sentence."""
    key = candidates[next((i for i in order if not candidates[i].is_title), order[0])].paper_key
    return [i for i, each in enumerate(candidates) if each.is_title and each.paper_key == key]


def _parts(candidates: Sequence[Candidate], parts: Sequence[str]) -> Iterator[set[int]]:
    """Yield the indexes of the candidates on each part that is asked about."""
    words = [stems_in(part) for part in parts]
    said = [stems_in(each.text) for each in candidates] if words else []
    for own in words:
        others = set().union(*(each for each in words if each is not own))
        named = own - others or own
        yield {i for i, stems in enumerate(said) if len(named & stems) >= _PART * len(named)}


@dataclass
class _Choice:
    """Candidates that are chosen so far, and what they say."""

    candidates: Sequence[Candidate]
    scores: Sequence[float]
    most: int
    chosen: list[int] = field(default_factory=list)
    _said: list[set[str]] = field(default_factory=list)

    def add_best(self, order: Sequence[int], gap: float, *, first: bool = False) -> None:
        """Add candidates, best first, that add to the chosen ones and are at most `gap` below the best of these.

        With `first`, add one.
        """
        least = max((self.scores[i] for i in self.chosen), default=math.inf) - gap
        left = [i for i in order if i not in self.chosen]
        while left and len(self.chosen) < self.most:
            i = max(left, key=self._gain)
            if self.chosen and self._gain(i) < least:
                return
            left.remove(i)
            if not first and self._is_of_other_paper(i) and self._gain(i) < least + gap - _GAP_OF_OTHER_PAPER:
                continue
            words = stems_in(self.candidates[i].text)
            if any(_says_the_same(words, said) for said in self._said):
                continue
            self.chosen.append(i)
            self._said.append(words)
            if first:
                return

    def _is_of_other_paper(self, i: int) -> bool:
        """Return whether no chosen sentence is of a candidate's paper."""
        return self.candidates[i].paper_key not in {self.candidates[each].paper_key for each in self.chosen}

    def _gain(self, i: int) -> float:
        """Return the score of a candidate, less for each chosen sentence of its passage."""
        row = self.candidates[i].row
        return self.scores[i] - _SAME_PASSAGE * sum(self.candidates[each].row == row for each in self.chosen)


def _says_the_same(words: set[str], other: set[str]) -> bool:
    return len(words & other) >= _SAME * max(min(len(words), len(other)), 1)
