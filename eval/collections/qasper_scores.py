"""Score rankings and answers on QASPER, question by question."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import ir_measures
from ir_measures import R, Success, nDCG

from rag.types import Span

from ..asking import PaperText
from ..measures import token_f1
from .qasper_papers import Annotation, PaperQuestion, Places, QasperPaper

MEASURES = (nDCG @ 10, R @ 10, Success @ 10)
FIRST_PASSAGES = 10

Scores = dict[str, float]
"""Measure -> value."""


class Reply(NamedTuple):
    """A program's reply to a question.

    Attributes:
        answer: `Answer.to_dict()`; empty if there is none.
        ranking: paragraph ids, best first: those that the first passage overlaps, in order, then those of the next.
        first: the ids of the paragraphs that the first `FIRST_PASSAGES` passages overlap.
        quoted: for each citation, the ids of the paragraphs that its quote overlaps.
    """

    answer: Mapping[str, Any]
    ranking: Sequence[str] = ()
    first: Sequence[str] = ()
    quoted: Sequence[Sequence[str]] = ()


class Paragraphs:
    """The paragraphs of QASPER's papers in a checkout's library, where the pages are named `ID.html`."""

    def __init__(self, papers: Sequence[QasperPaper], texts: Sequence[PaperText]) -> None:
        of_page = {f"{paper.id}.html": paper for paper in papers}
        self._places = {each.id: Places(of_page[each.source], each.text) for each in texts}
        self.missing = sum(len(paper.paragraphs) for paper in papers) - sum(map(len, self._places.values()))
        """How many paragraphs were not found in the stored texts."""

    def reply(self, answer: Mapping[str, Any]) -> Reply:
        """Return an answer with the paragraphs that its passages and quotes overlap."""
        passages = [self._touched(passage) for passage in answer["passages"]]
        return Reply(
            answer=answer,
            ranking=list(dict.fromkeys(id_ for touched in passages for id_ in touched)),
            first=list(dict.fromkeys(id_ for touched in passages[:FIRST_PASSAGES] for id_ in touched)),
            quoted=[self._touched(citation) for citation in answer["citations"]],
        )

    def _touched(self, cited: Mapping[str, Any]) -> list[str]:
        return self._places[cited["paper_id"]].touched(Span(cited["start"], cited["end"]))


def score(questions: Sequence[PaperQuestion], replies: Mapping[str, Reply]) -> dict[str, Scores]:
    """Return the measures of each question; which ones apply depends only on the question, and no reply scores worst.

    With evidence: those of `score_rankings`; `R@10 passages`, the share of the evidence that the first ten passages
    overlap; `quote in evidence` and `first quote in evidence`, whether any quote, or one of the first sentence, is
    from an evidence paragraph. With extractive annotations: `all spans quoted`, whether the quotes contain every span
    of one annotation. Always: `answer F1` and `sentences`, the number of quoted sentences. If all annotators answer:
    `falsely refused` and `falsely doubted` (refused or hedged). If none does: `refused rightly` and `doubted rightly`.
    """
    scores = score_rankings(questions, {key: reply.ranking for key, reply in replies.items()})
    for question in questions:
        reply = replies.get(question.id, Reply({}))
        scores[question.id] |= _score_evidence(question, reply) | _score_answer(question, reply.answer)
    return scores


def score_rankings(questions: Sequence[PaperQuestion], rankings: Mapping[str, Sequence[str]]) -> dict[str, Scores]:
    """Return `MEASURES` of each question's ranking of paragraphs, best first; {} for a question without evidence."""
    scores: dict[str, Scores] = {question.id: {} for question in questions}
    run = {key: {id_: -float(rank) for rank, id_ in enumerate(ranking)} for key, ranking in rankings.items()}
    judged = {q.id: dict.fromkeys(sorted(q.evidence), 1) for q in questions if q.evidence}
    for metric in ir_measures.iter_calc(MEASURES, judged, run):
        scores[metric.query_id][str(metric.measure)] = metric.value
    return scores


def _score_evidence(question: PaperQuestion, reply: Reply) -> Scores:
    if not question.evidence:
        return {}
    first: Sequence[int] = next((sentence["citations"] for sentence in _quoted_sentences(reply.answer)), ())
    in_evidence = {
        citation["number"]
        for citation, touched in zip(reply.answer.get("citations", []), reply.quoted, strict=True)
        if question.evidence.intersection(touched)
    }
    return {
        f"R@{FIRST_PASSAGES} passages": len(question.evidence.intersection(reply.first)) / len(question.evidence),
        "quote in evidence": float(bool(in_evidence)),
        "first quote in evidence": float(bool(in_evidence.intersection(first))),
    }


def _score_answer(question: PaperQuestion, answer: Mapping[str, Any]) -> Scores:
    prediction = _prediction(answer)
    scores = {
        "answer F1": max(token_f1(prediction, annotation.answer) for annotation in question.annotations),
        "sentences": float(len(_quoted_sentences(answer))),
    }
    if extractive := [annotation for annotation in question.annotations if annotation.spans]:
        scores["all spans quoted"] = float(_holds_spans(answer, extractive))
    refused, doubted = bool(answer.get("refused", True)), _is_doubted(answer)
    if question.answerability == "answerable":
        scores |= {"falsely refused": float(refused), "falsely doubted": float(doubted)}
    if question.answerability == "unanswerable":  # a missing answer is not a refusal
        scores |= {
            "refused rightly": float(refused and bool(answer)),
            "doubted rightly": float(doubted and bool(answer)),
        }
    return scores


def _is_doubted(answer: Mapping[str, Any]) -> bool:
    """Return whether an answer is a refusal, or begins with the warning, a sentence without citation."""
    sentences = answer.get("sentences", [])
    return bool(answer.get("refused", True) or not sentences or not sentences[0]["citations"])


def _quoted_sentences(answer: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [sentence for sentence in answer.get("sentences", []) if sentence["citations"]]


def _prediction(answer: Mapping[str, Any]) -> str:
    """Return the answer as QASPER's script compares it, without citation numbers and the warning."""
    if answer.get("refused", False):
        return "Unanswerable"
    return " ".join(sentence["text"] for sentence in _quoted_sentences(answer))


def _holds_spans(answer: Mapping[str, Any], extractive: Sequence[Annotation]) -> bool:
    quoted = _quoted_words(answer.get("citations", []))
    return any(all(_words(span) in quoted for span in annotation.spans) for annotation in extractive)


def _quoted_words(citations: Sequence[Mapping[str, Any]]) -> str:
    """Return the words of all quotes, with a separator between quotes that are not adjacent in their paper."""
    parts: list[str] = []
    before: tuple[str, int] | None = None
    for each in sorted(citations, key=lambda each: (each["paper_id"], each["start"])):
        is_next = before is not None and before[0] == each["paper_id"] and each["start"] <= before[1] + 2
        parts += [_words(each["quote"]) if is_next else f"|{_words(each['quote'])}"]
        before = each["paper_id"], each["end"]
    return re.sub(" +", " ", "".join(parts))


def _words(text: str) -> str:
    words = " ".join(re.findall(r"\w+", text.casefold()))
    return f" {words} "
