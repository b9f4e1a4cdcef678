"""Fit the choice of the sentences that an answer quotes, on the facts that they contain."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from rag.answering.evidence import Evidence, sentence_logits
from rag.answering.features import SENTENCE_FEATURES
from rag.answering.reading import READ_SENTENCE_FEATURES
from rag.filters import Filters
from rag.models.weights import Linear, Weights
from rag.retrieval.search import SearchResult
from rag.text.readable import folded

from ..questions import Question, holds_nugget
from ..statistics import Flags, mean_figure, rounded
from .logistic import FOLDS, fit_logistic, group_folds

Gather = Callable[[str, Filters], tuple[SearchResult, Evidence]]
"""A function from question and filters to the search result and its evidence."""
Found = dict[str, dict[int, list[float]]]
"""Part of the questions -> number of sentences -> for each question, the share of its facts that they contain."""

_COUNTS = (1, 4)  # sentences


class Choice(NamedTuple):
    """A question's sentences, and which of them contain each of its facts, (facts, sentences).

    Attributes:
        group: questions of a group are in the same fold.
        is_kept: whether the question is held out for reporting.
    """

    group: str
    is_kept: bool
    evidence: Evidence
    holds: Flags

    @property
    def is_right(self) -> Flags:
        """Whether each sentence contains a fact."""
        return np.asarray(self.holds.any(axis=0))


def make_choice(question: Question, gather: Gather) -> Choice:
    """Gather a question's evidence, and mark the sentences of its papers that contain its facts."""
    found, evidence = gather(question.question, Filters())
    gold = {folded(title) for title in question.gold_titles}
    papers = [folded(found.candidates.paper(each.paper_key).title) in gold for each in evidence.candidates]
    holds = [
        [is_gold and holds_nugget(each.text, group) for each, is_gold in zip(evidence.candidates, papers, strict=True)]
        for group in question.nuggets
    ]
    shape = (len(question.nuggets), len(evidence.candidates))
    return Choice(question.id, question.for_report, evidence, np.array(holds, bool).reshape(shape))


def fit_sentences(choices: Sequence[Choice]) -> Linear:
    """Fit a logistic regression for whether a sentence contains a fact asked for; all questions have equal weight."""
    used = [each for each in choices if len(each.evidence.candidates)]
    features = np.concatenate([each.evidence.features for each in used])
    right = np.concatenate([each.is_right for each in used])
    sizes = [len(each.evidence.candidates) for each in used]
    weight = np.repeat(np.mean(sizes) / np.array(sizes, float), sizes)
    names = (*SENTENCE_FEATURES, *READ_SENTENCE_FEATURES)[: features.shape[1]]
    return fit_logistic(names, features, right, c=0.1, weight=weight)


def find_facts(choices: Sequence[Choice], name: str, weights: Weights, fitted: Linear) -> Found:
    """Return the facts found by cross-validation, and with `fitted` in the held-out questions.

    All choices are used for fitting; only those that use the answer weights `name` are scored.
    """
    rest = [each for each in choices if not each.is_kept]
    folds = group_folds([each.group for each in rest])
    held_out: list[tuple[Choice, Linear]] = []
    for fold in range(FOLDS):
        others = fit_sentences([each for each, f in zip(rest, folds, strict=True) if f != fold])
        held_out += [(each, others) for each, f in zip(rest, folds, strict=True) if f == fold]
    kept = [(each, fitted) for each in choices if each.is_kept]
    return {
        part: {most: [_share_found(each, weights, linear, most) for each, linear in scored] for most in _COUNTS}
        for part, of_part in (("cross-validated", held_out), ("kept", kept))
        if (scored := [each for each in of_part if each[0].evidence.fitted == name])
    }


def _share_found(choice: Choice, weights: Weights, linear: Linear, most: int) -> float:
    evidence = choice.evidence
    answers = {evidence.fitted: replace(weights.answers[evidence.fitted], sentences=linear)}
    logits = sentence_logits(evidence, replace(weights, answers=answers))
    logits = np.where([each.is_title for each in evidence.candidates], -np.inf, logits)
    best = np.argsort(-logits, kind="stable")[:most]
    return float(choice.holds[:, best].any(axis=1).mean()) if len(choice.holds) else 0.0


def shares_of_facts(found: Found) -> dict[str, Any]:
    """Return the mean share of facts found per question, by part and number of sentences."""
    return {name: {f"in {most}": rounded(mean_figure(of)) for most, of in some.items()} for name, some in found.items()}
