"""Judge the answers to questions on whole papers."""

from collections.abc import Mapping, Sequence
from typing import Any

from ..questions import holds_nugget
from .paper_questions import PaperQuestion

Row = Mapping[str, Any]

RIGHT, FIRST, HEDGED = "right", "fact in the first quote", "hedged or refused"
LISTED = 0.75
"""The minimum F1 of the titles for a list of papers to be right."""


def score(question: PaperQuestion, row: Row) -> dict[str, float]:
    """Return the measures that apply to a question, each 0 or 1; `row` is an answer as `Answer.to_dict()`.

    right:
        refused or hedged, if the papers do not answer the question; otherwise not refused, and
        which_papers: F1 of the cited papers is at least `LISTED`.
        metadata: the counted sentences, or else the first one, contain a nugget of each group.
        any other: sentences that cite a gold paper contain a nugget of each group, and each gold paper is cited.
    fact in the first quote: the first sentence with a citation cites a gold paper and contains a nugget; only for
        questions with gold papers and nuggets.
    hedged or refused: for all questions; an answer hedges if a sentence has no citation.
    """
    sentences = row["sentences"]
    cited = [sentence for sentence in sentences if sentence["citations"]]
    hedged = float(row["refused"] or len(cited) < len(sentences))
    if question.refuse:
        return {RIGHT: hedged, HEDGED: hedged}
    scores = {RIGHT: float(not row["refused"] and _is_right(question, row, cited)), HEDGED: hedged}
    if question.gold and question.nuggets and question.kind not in ("metadata", "which_papers"):
        first = _of_gold(question, row, cited[:1])
        scores[FIRST] = float(any(_holds(first, group) for group in question.nuggets))
    return scores


def _is_right(question: PaperQuestion, row: Row, cited: Sequence[Row]) -> bool:
    if question.kind == "which_papers":
        return _listed(question, row) >= LISTED
    if question.kind == "metadata":
        counted = [sentence for sentence in cited if sentence["support"] == "counted"] or cited[:1]
        return all(_holds([sentence["text"] for sentence in counted], group) for group in question.nuggets)
    texts = _of_gold(question, row, cited)
    names_all = question.gold <= {citation["source"] for citation in row["citations"]}
    return names_all and all(_holds(texts, group) for group in question.nuggets)


def _of_gold(question: PaperQuestion, row: Row, sentences: Sequence[Row]) -> list[str]:
    """Return the texts of the sentences that cite a gold paper; of all sentences if there are no gold papers."""
    source_of = {citation["number"]: citation["source"] for citation in row["citations"]}
    return [
        sentence["text"]
        for sentence in sentences
        if not question.gold or question.gold & {source_of[number] for number in sentence["citations"]}
    ]


def _holds(texts: Sequence[str], group: Sequence[str]) -> bool:
    return any(holds_nugget(text, group) for text in texts)


def _listed(question: PaperQuestion, row: Row) -> float:
    """Return the F1 of the cited papers."""
    cited = {citation["source"] for citation in row["citations"]}
    return 2 * len(cited & question.gold) / (len(cited) + len(question.gold))
