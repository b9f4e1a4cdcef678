"""Vary questions: with typos, as keywords, and with the answering papers removed."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from rag.assistant import Assistant
from rag.retrieval.terms import search_terms
from rag.text.readable import folded

from ..measures import answered_right
from ..questions import Question
from ..statistics import Figure, mean_figure, summarise_scores

_TYPO_SHARE = 0.2  # of the long words
_LONG = 5  # letters

Asked = dict[str, Any]
"""The arguments of `Assistant.ask`."""
Variant = Callable[[Assistant, Question], Asked]
Scores = Mapping[str, Mapping[str, float]]
"""Question -> measure -> value."""


def as_asked(assistant: Assistant, question: Question) -> Asked:
    """Ask the question unchanged, with its history."""
    return {"question": question.question, "history": question.history}


def with_typos(assistant: Assistant, question: Question) -> Asked:
    """Drop, double or swap a letter in a fifth of the longer words, at least one; deterministic."""
    rng = random.Random(question.id)
    words = question.question.split()
    long = [i for i, word in enumerate(words) if len(word) >= _LONG and word.isalpha()]
    chosen = [i for i in long if rng.random() < _TYPO_SHARE]
    for i in chosen or [rng.choice(long or [max(range(len(words)), key=lambda i: len(words[i]))])]:
        words[i] = _mistyped(words[i], rng)
    return {"question": " ".join(words)}


def as_keywords(assistant: Assistant, question: Question) -> Asked:
    """Ask only the words that are searched for; a question without such words is unchanged."""
    return {"question": " ".join(search_terms(question.question)) or question.question}


def paper_removed(assistant: Assistant, question: Question) -> Asked:
    """Exclude the papers that answer the question, so that the right reply is a refusal."""
    gold = {folded(title) for title in question.gold_titles}
    return {
        "question": question.question,
        "without": [paper.id for paper in assistant.papers() if folded(paper.title) in gold],
    }


VARIANTS: Mapping[str, Variant] = {"typos": with_typos, "keywords": as_keywords, "removed": paper_removed}


def summarise_robustness(asked: Scores, again: Mapping[str, Scores]) -> dict[str, dict[str, dict[str, Figure]]]:
    """Return two parts of the report.

    `robustness` has the figures of the questions as asked and of each variant, `robustness_differences` has variant
    minus as asked, paired by question.

    Args:
        asked: the scores of the questions as asked.
        again: the scores of the same questions by variant. If they have the measures of `asked`, `stays right` is
            added: the share of the questions answered right as asked that is still answered right.
    """
    figures = {"as asked": summarise_scores(list(asked.values()))}
    differences = {}
    for name, scores in again.items():
        figures[name] = summarise_scores(list(scores.values()))
        paired = [{m: scores[key][m] - asked[key][m] for m in asked[key] if m in scores[key]} for key in scores]
        if any(paired):
            differences[name] = summarise_scores(paired)
            if right := [key for key in scores if answered_right(asked[key])]:
                figures[name]["stays right"] = mean_figure([answered_right(scores[key]) for key in right])
    return {"robustness": figures, "robustness_differences": differences}


def _mistyped(word: str, rng: random.Random) -> str:
    """Drop a letter, double it or swap it with the previous one; the word always changes."""
    if len(word) < 3:
        return word + word[-1]
    at = rng.randrange(1, len(word) - 1)
    mistyped = [
        word[:at] + word[at + 1 :],
        word[:at] + word[at] + word[at:],
        word[: at - 1] + word[at] + word[at - 1] + word[at + 1 :],
    ]
    return rng.choice([each for each in mistyped if each != word])
