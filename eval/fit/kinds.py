"""Fit the bonus of a sentence with the shape that a kind of question expects, on the answers marked in QASPER.

A kind with few marked answers keeps its weight. The weights of summaries, conclusions, limitations and places are set
by hand, so that a sentence from the expected place comes before all others.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from rag.ingest.sentences import split_sentences
from rag.retrieval.shapes import fit
from rag.retrieval.terms import stem, stems_in
from rag.retrieval.wanted import Wanted, wanted_by
from rag.text.kinds import ABSTRACT, BODY

from ..collections.qasper_papers import PaperQuestion, QasperPaper
from .logistic import fit_logistic

_COMPARED = 25  # sentences of a paper that share most words with the question and may be mistaken for the answer
_MIN_ANSWERS = 40  # of a kind, to fit its weight
_SHARE = 0.4  # of the fitted weights, since other features overlap, and shapes tell less in abstracts
_FULL_LENGTH = 400  # characters


class Compared(NamedTuple):
    """A sentence of a question's paper: its features (share of the question's words, fit, length) and its label."""

    features: tuple[float, float, float]
    is_answer: bool


def fit_kinds(papers: Sequence[QasperPaper], shipped: Mapping[str, float]) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the weights of the kinds with enough answers, and the numbers of sentences and answers of each."""
    by_kind: dict[str, list[Compared]] = defaultdict(list)
    for paper in papers:
        sentences = list(_sentences(paper))
        for question in paper.questions:
            wanted = wanted_by(question.question)
            if wanted.kind in shipped:
                by_kind[wanted.kind] += _compared(wanted, question, sentences)
    weights, scores = {}, {}
    for kind, compared in sorted(by_kind.items()):
        is_answer = np.array([each.is_answer for each in compared])
        if is_answer.sum() >= _MIN_ANSWERS:
            features = np.array([each.features for each in compared])
            linear = fit_logistic(("coverage", "fit", "length"), features, is_answer, c=1.0)
            slope = float(linear.coefficients[1] / linear.scales[1])
            weights[kind] = max(0.0, round(_SHARE * slope, 2))
            scores[kind] = {"sentences": len(compared), "answers": int(is_answer.sum())}
    return weights, scores


def _sentences(paper: QasperPaper) -> Iterator[tuple[str, str, str, set[str]]]:
    """Yield paragraph, section, text and stems of each sentence of a paper."""
    for paragraph in paper.paragraphs:
        for start, end in split_sentences(paragraph.text):
            text = paragraph.text[start:end]
            yield paragraph.id, paragraph.section, text, stems_in(text)


def _compared(
    wanted: Wanted, question: PaperQuestion, sentences: Sequence[tuple[str, str, str, set[str]]]
) -> list[Compared]:
    """Return the sentences that share most words with the question; answers contain a span that people marked."""
    spans = {span.casefold() for each in question.annotations for span in each.spans if span}
    if not spans:
        return []
    asked = set(map(stem, wanted.terms))
    shares = np.array([len(asked & stems) / max(len(asked), 1) for *_, stems in sentences])
    compared = []
    for at in np.argsort(-shares, kind="stable")[:_COMPARED]:
        paragraph, section, text, _ = sentences[at]
        is_answer = paragraph in question.evidence and any(span in text.casefold() for span in spans)
        fits = fit(wanted, section, ABSTRACT if section == "Abstract" else BODY, text)
        length = min(len(text), _FULL_LENGTH) / _FULL_LENGTH
        compared.append(Compared((float(shares[at]), fits, length), is_answer))
    return compared
