"""Rated answers as a question set for the evaluation: only those of which it is known what a right answer is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..store.history import SavedAnswer
from ..types import UNSURE, Answer, Paper


class QuestionSet(NamedTuple):
    """`rows` are the lines of a question set; `left_out` are the rated answers that make none, each with the reason."""

    rows: list[dict[str, Any]]
    left_out: list[tuple[SavedAnswer, str]]


class _Unfit(Exception):
    """Why an answer makes no line."""


def question_set(rated: Iterable[SavedAnswer], papers: Sequence[Paper]) -> QuestionSet:
    """The questions whose answers were rated good, each once, as the last such answer has them.

    The titles of the papers that support the answer are `gold_titles`; for a refusal there are none, and the type is
    unanswerable. `nuggets` stay empty: that an answer is good does not tell which of its words make it so. A comment
    stands in a key of its own, which the evaluation passes over. `papers` are the library's: the titles are theirs.
    """
    titles = {paper.id: paper.title for paper in papers}
    rows: dict[str, dict[str, Any]] = {}
    left_out = []
    for kept in rated:
        try:
            row = _row(kept, titles)
        except _Unfit as reason:
            left_out.append((kept, str(reason)))
        else:
            rows.pop(asked := repr((row["question"], row.get("history"))), None)
            rows[asked] = row
    return QuestionSet(list(rows.values()), left_out)


def _row(kept: SavedAnswer, titles: dict[str, str]) -> dict[str, Any]:
    if kept.feedback is None or not kept.feedback.good:
        raise _Unfit("it was not rated good: what would be right has to be written by hand")
    if any(kept.request["scope"].values()):
        raise _Unfit("it was put to chosen papers alone, and the evaluation asks all")
    answer = kept.as_answer()
    gold = _gold_titles(answer, titles)
    sentences = [sentence.text for sentence in answer.sentences if sentence.text != UNSURE]
    conversation = f"c{kept.conversation}-" if kept.conversation else ""  # the evaluation keeps conversations together
    return {
        "id": f"asked-{conversation}{kept.key}",
        "type": "unanswerable" if answer.refused else "multi" if len(gold) > 1 else "fact",
        "question": kept.question,
        "gold_titles": gold,
        "answer": " ".join(" ".join(sentences).split()),
        "nuggets": [],
        **({"history": kept.request["history"]} if kept.request["history"] else {}),
        **({"comment": kept.feedback.comment} if kept.feedback.comment else {}),
    }


def _gold_titles(answer: Answer, titles: dict[str, str]) -> list[str]:
    """The titles of the papers that support an answer, in the order in which it cites them; of a refusal none."""
    if answer.refused:
        return []
    supporting = {number for s in answer.sentences if s.support != "unsupported" for number in s.citations}
    ids = dict.fromkeys(citation.paper_id for citation in answer.citations if citation.number in supporting)
    if not ids:
        raise _Unfit("no sentence of it is supported by a paper")
    if any(paper_id not in titles for paper_id in ids):
        raise _Unfit("it cites a paper that is no longer in the library")
    return list(dict.fromkeys(titles[paper_id] for paper_id in ids))
