"""Export rated answers as a question set for the evaluation."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..store.history import SavedAnswer
from ..types import UNSURE, Answer, Paper


class QuestionSet(NamedTuple):
    """The lines of a question set, and the rated answers that were left out, each with the reason."""

    rows: list[dict[str, Any]]
    left_out: list[tuple[SavedAnswer, str]]


class _LeftOut(Exception):
    """The reason why an answer is left out."""


def question_set(rated: Iterable[SavedAnswer], papers: Sequence[Paper]) -> QuestionSet:
    """Return the questions whose answers were rated good, each once, with its latest such answer.

    `gold_titles` are the titles of the supporting papers, as in `papers`; a refusal has none and its type is
    unanswerable. `nuggets` stay empty: a good rating does not say which words make the answer right. The evaluation
    ignores the key `comment`.
    """
    titles = {paper.id: paper.title for paper in papers}
    rows: dict[str, dict[str, Any]] = {}
    left_out = []
    for kept in rated:
        try:
            row = _row(kept, titles)
        except _LeftOut as reason:
            left_out.append((kept, str(reason)))
        else:
            rows.pop(asked := repr((row["question"], row.get("history"))), None)
            rows[asked] = row
    return QuestionSet(list(rows.values()), left_out)


def _row(kept: SavedAnswer, titles: dict[str, str]) -> dict[str, Any]:
    if kept.feedback is None or not kept.feedback.good:
        raise _LeftOut("it was not rated good: write the right answer by hand")
    if any(kept.request["scope"].values()):
        raise _LeftOut("it was asked about selected papers only, but the evaluation searches all")
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
    """Return the titles of the papers that support an answer, in order of citation; none for a refusal."""
    if answer.refused:
        return []
    supporting = {number for s in answer.sentences if s.support != "unsupported" for number in s.citations}
    ids = dict.fromkeys(citation.paper_id for citation in answer.citations if citation.number in supporting)
    if not ids:
        raise _LeftOut("no sentence of it is supported by a paper")
    if any(paper_id not in titles for paper_id in ids):
        raise _LeftOut("it cites a paper that is no longer in the library")
    return list(dict.fromkeys(titles[paper_id] for paper_id in ids))
