"""The choice of what is quoted: the best sentence first, then only what adds to it.

- Papers stand in the order of their best sentence, and the sentences of a paper by how well they answer.
- A question on several papers is put to each: the best sentence of each comes first, then the second of each, and so
  on, with one fewer of each than of a single paper, and twice as many at most in all.
- A question on several parts gets the best sentence of each, if it is not far below the best.
- A sentence follows if it is not far below the best one; further below it only if it holds a word of the question that
  no chosen one holds.
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
from ..retrieval.terms import search_terms, stem, stems_in
from ..retrieval.wanted import Wanted, asks_for_paper, asks_for_papers
from .evidence import Evidence, sentence_logits
from .features import SENTENCE_FEATURES, Candidate

# On 117 questions on whole papers of QASPER (train) a gap of 1 lost 7 % of the answers for half a sentence less.
_GAP = 2.0  # below the best sentence, in logits, that a sentence may be
_GAP_OF_NEWS = 3.0  # the same, of one that holds another word of the question
_GAP_OF_PART = 4.0  # the same, of the best one of a part that is asked about
_GAP_OF_PAPER = 3.0  # the same, of the best one of a paper in a list of papers
_GAP_OF_PASSAGE = 1.3  # below the best passage, in the score of passages, of its passage
_MOST_PAPERS = 10  # of a list
_LEAST_OF_EACH = 2  # sentences of each of several papers, if none is far below the best of its paper
_SAME = 0.8  # share of the words of the shorter of two sentences that both have, if they say the same
_PART = 0.5  # share of the words of a part that a sentence about it holds


def choose(
    evidence: Evidence,
    wanted: Wanted,
    most: int,
    weights: Weights | None = None,
    *,
    with_titles: bool = True,
    least: int = 1,
) -> list[Candidate]:
    """Return the sentences to quote, at most `most`, best first; those of a paper stand together.

    Without `with_titles`, titles are chosen only where there is nothing else. The best `least` sentences need no word
    of the question that the others lack.
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
    choice = _Choice(candidates, scores, most - len(titles), {stem(term) for term in search_terms(wanted.question)})
    if order:
        for _ in range(least):
            choice.add_best(order, _GAP_OF_NEWS, first=True)
        for part in _parts(candidates, wanted.parts):
            if part.isdisjoint(choice.chosen):
                choice.add_best([i for i in order if i in part], _GAP_OF_PART, first=True)
        choice.add_best(order, _GAP_OF_NEWS)
    picked = [candidates[i] for i in (*titles, *sorted(choice.chosen, key=lambda i: -scores[i]))]
    place = {key: at for at, key in enumerate(dict.fromkeys(each.paper_key for each in picked))}
    return sorted(picked, key=lambda each: place[each.paper_key])


def choose_of_each(
    evidence: Sequence[Evidence], wanted: Sequence[Wanted], most: int, weights: Weights | None = None
) -> list[Candidate]:
    """Return the sentences to quote of several papers, each with its evidence and what is wanted of it."""
    share = max(1, most - 1)
    best = [max(sentence_logits(each, weights), default=-math.inf) for each in evidence]
    order = sorted(range(len(evidence)), key=lambda paper: -best[paper])
    chosen = [choose(evidence[i], wanted[i], share, weights, with_titles=False, least=_LEAST_OF_EACH) for i in order]
    left, counts = most, [0] * len(chosen)
    for count in range(1, share + 1):
        for paper, of_paper in enumerate(chosen):
            if len(of_paper) >= count and left > 0:
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
    """Candidates that are chosen so far, what they say, and which words of the question they hold."""

    candidates: Sequence[Candidate]
    scores: Sequence[float]
    most: int
    asked: set[str]
    chosen: list[int] = field(default_factory=list)
    _said: list[set[str]] = field(default_factory=list)
    _held: set[str] = field(default_factory=set)

    def add_best(self, order: Sequence[int], gap: float, *, first: bool = False) -> None:
        """Add candidates, best first, that add to the chosen ones and are at most `gap` below the best of these.

        With `first`, add one, whether or not it holds another word of the question.
        """
        best = max((self.scores[i] for i in self.chosen), default=None)
        for i in order:
            if len(self.chosen) >= self.most or (best is not None and self.scores[i] < best - gap):
                return
            words = stems_in(self.candidates[i].text)
            if i in self.chosen or any(_says_the_same(words, said) for said in self._said):
                continue
            news = self.asked & words - self._held
            if not first and best is not None and self.scores[i] < best - _GAP and not news:
                continue
            self.chosen.append(i)
            self._said.append(words)
            self._held |= news
            if first:
                return


def _says_the_same(words: set[str], other: set[str]) -> bool:
    return len(words & other) >= _SAME * max(min(len(words), len(other)), 1)
