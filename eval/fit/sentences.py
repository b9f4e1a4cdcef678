"""Fit the choice of the sentences that an answer quotes, on the facts that they hold."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from rag.answering.choice import choose
from rag.answering.evidence import Evidence
from rag.answering.features import SENTENCE_FEATURES
from rag.filters import Filters
from rag.models.weights import Linear, Weights
from rag.retrieval.search import SearchResult
from rag.retrieval.wanted import wanted_by
from rag.text.readable import folded

from ..questions import Question, holds_nugget
from ..statistics import Flags, mean_figure, rounded
from .logistic import FOLDS, fit_logistic, group_folds

Gather = Callable[[str, Filters], tuple[SearchResult, Evidence]]
"""From a question and filters to the search result, and the evidence in it."""
Facts = dict[str, dict[int, list[list[bool]]]]
"""Part of the questions -> number of sentences -> of each question, whether each of its facts was found."""

_COUNTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)


class Choice(NamedTuple):
    """A question's sentences, and which of them hold one of its facts in one of its papers."""

    question: Question
    evidence: Evidence
    holds_fact: Flags


def make_choice(question: Question, gather: Gather) -> Choice:
    """Gather a question's evidence and mark the sentences that hold a fact."""
    found, evidence = gather(question.question, Filters())
    gold = {folded(title) for title in question.gold_titles}
    holds = [
        folded(found.candidates.paper(c.paper_key).title) in gold
        and any(holds_nugget(c.text, group) for group in question.nuggets)
        for c in evidence.candidates
    ]
    return Choice(question, evidence, np.array(holds, bool))


def fit_sentences(choices: Sequence[Choice]) -> Linear:
    """Fit a logistic regression: does a sentence hold one of the facts asked for?"""
    features = np.concatenate([each.evidence.features for each in choices])
    return fit_logistic(SENTENCE_FEATURES, features, np.concatenate([each.holds_fact for each in choices]), c=0.03)


def fit_read_weight(choices: Sequence[Choice], weights: Weights) -> tuple[float, Facts, dict[str, Any]]:
    """Return the weight of the cross-encoder in the choice: the least of `_COUNTS` with most facts in one sentence.

    One sentence shows how good the order is. A larger weight finds a little more in four, and quotes more that is off
    the point. Also return the facts found with it, and the shares of facts by weight.
    """
    facts = {count: find_facts([_with_weight(each, count) for each in choices], weights) for count in _COUNTS}
    shares = {count: shares_of_facts(each)["cross-validated"] for count, each in facts.items()}
    best = max(_COUNTS, key=lambda count: float(shares[count]["in 1"]))
    return best, facts[best], {str(count): each for count, each in shares.items()}


def _with_weight(choice: Choice, count: float) -> Choice:
    logits = choice.evidence.added_logits
    if logits is None:
        return choice
    return choice._replace(evidence=replace(choice.evidence, added_logits=count * logits))


def find_facts(choices: Sequence[Choice], weights: Weights) -> Facts:
    """Return the facts that are found by cross-validation, and with `weights` in the questions kept apart."""
    fitted = [each for each in choices if not each.question.for_report]
    kept = [(each, weights) for each in choices if each.question.for_report]
    folds, held_out = group_folds(range(len(fitted))), list[tuple[Choice, Weights]]()
    for fold in range(FOLDS):
        others = fit_sentences([each for each, f in zip(fitted, folds, strict=True) if f != fold])
        used = replace(weights, sentences=others)
        held_out += [(each, used) for each, f in zip(fitted, folds, strict=True) if f == fold]
    return {
        name: {most: [_found_facts(each, used, most) for each, used in some] for most in (1, 4)}
        for name, some in (("cross-validated", held_out), ("kept", kept))
    }


def _found_facts(choice: Choice, weights: Weights, most: int) -> list[bool]:
    text = [c.text for c in choose(choice.evidence, wanted_by(choice.question.question), most, weights)[:most]]
    return [any(holds_nugget(t, group) for t in text) for group in choice.question.nuggets]


def shares_of_facts(facts: Facts) -> dict[str, Any]:
    """Return the share of all facts that were found, by part and number of sentences."""
    return {
        name: {f"in {most}": round(float(np.mean(np.concatenate(found))), 4) for most, found in of.items()}
        for name, of in facts.items()
    }


def gain_in_facts(unread: Facts, read: Facts) -> dict[str, Any]:
    """Return by how much a question's share of facts is higher with the cross-encoder."""
    return {
        part: {
            f"in {most}": rounded(
                mean_figure([float(np.mean(b) - np.mean(a)) for a, b in zip(found, read[part][most], strict=True) if a])
            )
            for most, found in of.items()
        }
        for part, of in unread.items()
    }
