"""Fit what the section of a chunk adds to its score, on QASPER's evidence."""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rag.assistant import Assistant
from rag.filters import Filters
from rag.library import Library
from rag.retrieval.features import SECTION_FEATURES, SIMILARITIES
from rag.retrieval.fusion import fuse
from rag.retrieval.search import search

from ..collections.qasper_papers import PaperQuestion, QasperPaper, add_paragraphs
from ..collections.qasper_scores import score_rankings
from ..questions import QuestionSetError
from ..statistics import Array, Flags, rounded, summarise_scores
from .logistic import FOLDS, fit_logistic, group_folds

_PAPERS = 160  # of QASPER's
_SHARE = 0.6  # of the fitted weights: shares from 0.4 to 1 score alike by cross-validation, and smaller ones do better
# where the other scores are less spread, as in whole papers


class Paragraphs(NamedTuple):
    """The chunks found for a question on a paper: paragraph, score without the section, features of the section.

    `usable` is False in the abstract, since QASPER never takes evidence from abstracts.
    """

    question: PaperQuestion
    names: list[str]
    scores: Array
    features: Array
    usable: Flags


def fit_sections(papers: Sequence[QasperPaper], fusion: Mapping[str, float]) -> tuple[dict[str, float], dict[str, Any]]:
    """Return the weights of `SECTION_FEATURES`, and the evidence scores without them and by cross-validation.

    Raise QuestionSetError if there are fewer papers with evidence than folds.
    """
    papers = [paper for paper in papers if any(question.evidence for question in paper.questions)][:_PAPERS]
    if len(papers) < FOLDS:
        raise QuestionSetError(f"{len(papers)} papers have questions with evidence; fitting sections needs {FOLDS}.")
    with tempfile.TemporaryDirectory() as folder, Assistant.open(library=folder, mode="quote") as assistant:
        ids = add_paragraphs(assistant, papers, Path(folder) / "papers")
        asked = [each for paper in papers for each in _find_paragraphs(assistant.library, paper, ids, fusion)]
    owner = {question.id: number for number, paper in enumerate(papers) for question in paper.questions}
    folds = group_folds([owner[each.question.id] for each in asked])
    held_out: list[Paragraphs] = []
    for fold in range(FOLDS):
        weights = section_weights([each for each, f in zip(asked, folds, strict=True) if f != fold])
        held = [each for each, f in zip(asked, folds, strict=True) if f == fold]
        held_out += [each._replace(scores=each.scores + each.features @ weights) for each in held]
    scores: dict[str, Any] = {"papers": len(papers), "questions": len(asked)}
    for name, of_questions in (("without sections", asked), ("cross-validated", held_out)):
        figures = summarise_scores(list(_score(of_questions).values()))
        scores[name] = {measure: rounded(figures[measure]) for measure in ("R@10", "Success@10")}
    return dict(zip(SECTION_FEATURES, section_weights(asked).tolist(), strict=True)), scores


def section_weights(asked: Sequence[Paragraphs]) -> Array:
    """Fit whether a chunk is evidence; return the weights of its section relative to a score with weight 1.

    A logistic regression is more stable than a search for the best recall, which is a step function of the weights.
    """
    features = np.concatenate([np.column_stack([each.scores, each.features])[each.usable] for each in asked])
    evidence = [name in each.question.evidence for each in asked for name in np.array(each.names)[each.usable]]
    linear = fit_logistic(("score", *SECTION_FEATURES), features, np.array(evidence), c=1.0)
    slopes = linear.coefficients / linear.scales
    return np.asarray(np.round(_SHARE * slopes[1:] / slopes[0], 3))


def _find_paragraphs(
    library: Library, paper: QasperPaper, ids: Mapping[str, str], fusion: Mapping[str, float]
) -> list[Paragraphs]:
    names = {ids[paragraph.id]: paragraph.id for paragraph in paper.paragraphs if paragraph.id in ids}
    abstract = {paragraph.id for paragraph in paper.paragraphs if paragraph.section == "Abstract"}
    without = {**fusion, **dict.fromkeys(SECTION_FEATURES, 0.0)}
    asked = []
    for question in paper.questions:
        if question.evidence:
            found = search(library, question.question, filters=Filters(papers=tuple(names)))
            rows = [names[found.candidates.paper(key).id] for key in found.candidates.paper_keys]
            usable = np.array([name not in abstract for name in rows], bool)
            features = found.features[:, len(SIMILARITIES) :]
            asked.append(Paragraphs(question, rows, fuse(found.features, without), features, usable))
    return asked


def _score(asked: Sequence[Paragraphs]) -> dict[str, dict[str, float]]:
    """Return the evidence measures by question; a paragraph has the score of its best chunk."""
    rankings = {
        each.question.id: list(dict.fromkeys(name for _, name in sorted(zip(-each.scores, each.names, strict=True))))
        for each in asked
    }
    return score_rankings([each.question for each in asked], rankings)
