"""Fits the program's weights and writes them to rag/weights.json.

    python -m eval fit --papers ../shared/seeds --off-topic ../shared/data/pubmedqa/pqa_labeled.jsonl \
        --claims ../shared/data/scifact/claim_pairs_train.jsonl --report ../shared/data/scifact/claim_pairs_dev.jsonl \
        --sections ../shared/data/qasper_train

Fitted are, in this order, since each stands on the one before: the fusion of retrieval scores, the choice of sentences,
the confidence with its two thresholds, and what the packaged cross-encoder counts in the choice, with a confidence for
where it has read. Only the fitting part of the question set is used; every score that is
written down is of 5-fold cross-validation on it, and of the part kept apart for reporting. The check of citations is
fitted on claims and abstracts (eval/fit/support.py); without any, it stays as it is. So do the weights of what
sections tell, which are fitted last, on a folder in QASPER's form, beside the fusion's other weights. With `--keep`
they alone are fitted, and all the rest stays as it is:

    python -m eval fit --keep --sections ../shared/data/qasper_train
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression

from rag.answering.evidence import (
    CONFIDENCE_FEATURES,
    READ_CONFIDENCE_FEATURES,
    SENTENCE_FEATURES,
    Evidence,
    choose_sentences,
    gather_evidence,
)
from rag.answering.rerank import rerank_sentences
from rag.assistant import Assistant
from rag.config import CrossEncoder
from rag.filters import Filters
from rag.library import Library
from rag.models.reranker import PackagedReranker
from rag.models.weights import FILE, Linear, ReadWeights, Weights, load_weights
from rag.retrieval.rerank import rerank_passages
from rag.retrieval.search import (
    FEATURES,
    SECTION_FEATURES,
    SIMILARITIES,
    SearchResult,
    fused,
    search,
    search_terms,
    z_scores,
)
from rag.text.readable import folded

from ..collections.qasper import PaperQuestion, QasperPaper, add_paragraphs, read_qasper, score_evidence
from ..questions import QUESTIONS, SAMPLE, Question, QuestionSetError, holds_nugget, load_questions, titles_in
from ..runs import add_papers
from ..statistics import Figure, auroc_difference, auroc_figure, mean_figure, summarise_scores
from ..text import digest, read_json_lines
from .support import fit_support

FOLDS = 5
FALSE_REFUSALS = 0.025  # of the answerable questions, as many as this may be refused
UNSURE = 0.12  # and as many as this may be answered with a warning
_TRIALS = 400
_KEYWORDS = 6
_PAPERS = 160  # of QASPER's, as many as this are read
_COUNTS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5)
_SHARE = 0.6  # of the fitted weights of sections: from 0.4 to 1 is alike by cross-validation, and less is better where
# the scores beside them spread less, as in whole papers

Array = NDArray[np.float64]
Gather = Callable[[str, Filters], tuple[SearchResult, Evidence]]
"""From a question and a scope to what is found, and the evidence in it."""


Facts = dict[str, dict[int, list[list[bool]]]]
"""Part of the questions -> number of sentences -> of each question, whether each of its facts was found."""


class Ranking(NamedTuple):
    """A question's candidates: z-scored features (rows, features) and the folded title of each row's paper."""

    question: Question
    features: Array
    titles: list[str]


class Choice(NamedTuple):
    """A question's sentences, and which of them hold one of its facts in one of its papers."""

    question: Question
    evidence: Evidence
    holds_fact: NDArray[np.bool_]


class Paragraphs(NamedTuple):
    """A question on a paper of QASPER's, a row a chunk: its paragraph, its score without its section, its features.

    `usable` is false in the abstract: QASPER takes no evidence from there, which says nothing about other questions.
    """

    question: PaperQuestion
    names: list[str]
    scores: Array
    features: Array
    usable: NDArray[np.bool_]


class OffTopic(NamedTuple):
    """Questions on other topics: to fit on, and kept apart to report on."""

    fitted: list[str]
    kept: list[str]


def main(arguments: Sequence[str]) -> int:
    """Fits, writes the file, prints its scores."""
    parser = argparse.ArgumentParser(prog="python -m eval fit", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--papers", nargs="+", default=[str(SAMPLE)], help="the papers that the questions are put to")
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--off-topic", type=Path, help="JSON lines with `question`: all of them on other topics")
    parser.add_argument("--claims", type=Path, help="JSON lines of claims and abstracts, to fit the check of citations")
    parser.add_argument("--report", type=Path, help="the same, kept apart: the check is scored on them")
    parser.add_argument("--sections", type=Path, help="a folder in QASPER's form, to fit what sections tell")
    parser.add_argument("--keep", action="store_true", help="fit what sections tell, and keep all other weights")
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args(arguments)
    command = "python -m eval fit " + " ".join(arguments)
    if options.keep:
        if not options.sections:
            parser.error("--keep needs --sections")
        old = json.loads(FILE.read_text())
        told, scores = fit_sections(read_qasper(options.sections), old["fusion"])
        changes = {
            "command": " && ".join([*(each for each in old["command"].split(" && ") if "--keep" not in each), command]),
            "data": old["data"] | {options.sections.resolve().name: digest(options.sections)},
            "scores": old["scores"] | {"sections": scores},
            "fusion": old["fusion"] | told,
        }
        options.out.write_text(json.dumps(old | changes, indent=1) + "\n")
        print(json.dumps(scores, indent=1))  # noqa: T201
        return 0
    load_questions(options.questions)
    sectioned = read_qasper(options.sections) if options.sections else []
    questions = [q for q in load_questions(options.questions, titles_in(options.papers)) if not q.history]
    check_enough(questions, options.questions.name)
    off_topic = read_off_topic(options.off_topic) if options.off_topic else OffTopic([], [])
    claims, kept = (read_json_lines(path) if path else [] for path in (options.claims, options.report))
    # As it comes, whatever the settings at hand have switched off: a question is given what is fitted here.
    packaged = {"cross_encoder": CrossEncoder().model_dump()}
    with (
        tempfile.TemporaryDirectory() as folder,
        Assistant.open(library=folder, mode="quote", overrides=packaged) as assistant,
    ):
        add_papers(assistant, options.papers)
        weights, scores = fit(assistant.library, questions, off_topic)
        if claims:
            support, scores["support"] = fit_support(claims, kept, assistant.library.embedder)
            weights = replace(weights, support=support)
    if sectioned:
        told, scores["sections"] = fit_sections(sectioned, weights.fusion)
        weights = replace(weights, fusion=weights.fusion | told)
    made = {
        "version": 2,
        "date": date.today().isoformat(),
        "command": command,
        "data": digests(options),
        "scores": scores,
    }
    options.out.write_text(json.dumps(made | as_dict(weights), indent=1) + "\n")
    print(json.dumps(scores, indent=1))  # noqa: T201
    return 0


def digests(options: argparse.Namespace) -> dict[str, str]:
    """The digest of each file and folder that the weights are made from or scored on, by its name."""
    given = [options.questions, *options.papers, options.off_topic, options.claims, options.report, options.sections]
    paths = [Path(path) for path in given if path]
    return {path.resolve().name: digest(path) for path in paths}


def check_enough(questions: Sequence[Question], name: str) -> None:
    """Refuses a question set that nothing can be fitted on, or reported on.

    Raises:
        QuestionSetError: it has too few answerable questions in one of the parts.
    """
    kept = [q.for_report for q in questions if q.answerable]
    if kept.count(False) < FOLDS or not any(kept):
        raise QuestionSetError(
            f"{name} has {kept.count(False)} answerable questions to fit on and {kept.count(True)} to report on, which "
            f"the hash of their ids decides; a fit needs {FOLDS} and 1 at least. Add questions with `gold_titles`."
        )


def fit(library: Library, questions: Sequence[Question], off_topic: OffTopic) -> tuple[Weights, dict[str, Any]]:
    """The weights fitted on the fitting part of `questions`, and their scores by cross-validation and on the rest."""
    empty = Linear((), np.zeros(0), np.ones(0), np.zeros(0), 0.0)
    shipped = load_weights()
    weights = Weights(dict.fromkeys(FEATURES, 1.0), empty, empty, 0.0, 0.0, shipped.read, shipped.support)
    rankings = [_ranking(library, q) for q in questions if q.answerable]
    fitted = [r for r in rankings if not r.question.for_report]
    kept = [r for r in rankings if r.question.for_report]
    fusion = fit_fusion(fitted)
    similarities = dict(zip(SIMILARITIES, np.round(fusion, 3).tolist(), strict=True))
    told = {name: shipped.fusion[name] for name in SECTION_FEATURES}
    weights = replace(weights, fusion=similarities | told)
    scores: dict[str, Any] = {
        "questions": {"fitted": len(fitted), "kept": len(kept)},
        "RR": {"cross-validated": _cross_validated_rr(fitted), "kept": mean_rr(kept, fusion)},
        "Success@5": {"kept": _success(kept, fusion, 5)},
    }

    def gather(question: str, scope: Filters) -> tuple[SearchResult, Evidence]:
        found = search(library, question, filters=scope, weights=weights)
        return found, gather_evidence(library, found)

    choices = [_choice(q, gather) for q in questions if q.answerable]
    weights = replace(weights, sentences=fit_sentences([c for c in choices if not c.question.for_report]))
    facts = _facts(choices, weights)
    scores["facts"] = _shares(facts)
    groups = _confidence_groups(library, questions, off_topic, gather)
    confidence, (refuse, unsure), scores["confidence"] = _fit_confidence(groups)
    weights = replace(weights, confidence=confidence, refuse_below=refuse, unsure_below=unsure)
    if isinstance(library.reranker, PackagedReranker):
        read, scores["read"] = _fit_read(library, questions, off_topic, weights, facts, groups)
        weights = replace(weights, read=read)
    return weights, scores


def _fit_read(
    library: Library,
    questions: Sequence[Question],
    off_topic: OffTopic,
    weights: Weights,
    facts: Facts,
    groups: ConfidenceGroups,
) -> tuple[ReadWeights, dict[str, Any]]:
    """The weights for what the packaged cross-encoder has read; `facts` and `groups` are without it, to compare."""

    def gather(question: str, scope: Filters) -> tuple[SearchResult, Evidence]:
        found = rerank_passages(library, search(library, question, filters=scope, weights=weights))
        used = replace(weights, read=replace(weights.read, sentences=1.0))
        return found, rerank_sentences(library, found, gather_evidence(library, found), used)

    counts, read_facts, by_counts = _fit_counts([_choice(q, gather) for q in questions if q.answerable], weights)
    read_groups = _confidence_groups(library, questions, off_topic, gather)
    confidence, (refuse, unsure), judged = _fit_confidence(read_groups)
    return ReadWeights(counts, confidence, refuse, unsure), {
        "facts by what reading counts": by_counts,
        "facts": _shares(read_facts),
        "facts, above": _facts_above(facts, read_facts),
        "confidence": judged,
        "confidence, above": _above(groups, read_groups),
    }


def _fit_counts(choices: Sequence[Choice], weights: Weights) -> tuple[float, Facts, dict[str, Any]]:
    """What reading counts in the choice of sentences: the least of `_COUNTS` that finds most facts in the first.

    That is how good their order is. More finds a little more in four, and quotes more that is beside the point.
    """
    facts = {
        counts: _facts([each._replace(evidence=_counted(each.evidence, counts)) for each in choices], weights)
        for counts in _COUNTS
    }
    shares = {counts: _shares(each) for counts, each in facts.items()}
    best = max(_COUNTS, key=lambda counts: float(shares[counts]["cross-validated"]["in 1"]))
    return best, facts[best], {str(counts): each["cross-validated"] for counts, each in shares.items()}


def _counted(evidence: Evidence, counts: float) -> Evidence:
    return evidence if evidence.read is None else replace(evidence, read=counts * evidence.read)


def as_dict(weights: Weights) -> dict[str, Any]:
    """The weights as they stand in the file."""
    return {
        "fusion": weights.fusion,
        "sentences": weights.sentences.as_dict(),
        "confidence": weights.confidence.as_dict(),
        "refuse_below": weights.refuse_below,
        "unsure_below": weights.unsure_below,
        "read": {
            "sentences": weights.read.sentences,
            "confidence": weights.read.confidence.as_dict(),
            "refuse_below": weights.read.refuse_below,
            "unsure_below": weights.read.unsure_below,
        },
        "support": {
            "model": weights.support.model.as_dict(),
            "supported_above": weights.support.supported_above,
            "partly_above": weights.support.partly_above,
        },
    }


# Fusion


def fit_fusion(rankings: Sequence[Ranking], seed: int = 0) -> Array:
    """The weights with the best mean reciprocal rank among random ones, averaged over the best twenty.

    The mean of many good ones is steadier than the best: the rank is a step function of the weights.
    """
    rng = np.random.default_rng(seed)
    tried = rng.dirichlet(np.ones(len(SIMILARITIES)), _TRIALS)
    order = np.argsort([-mean_rr(rankings, weights) for weights in tried], kind="stable")
    return np.asarray(tried[order[:20]].mean(axis=0))


def mean_rr(rankings: Sequence[Ranking], fusion: Array) -> float:
    """Mean reciprocal rank of the first right paper."""
    return round(float(np.mean([1 / rank if (rank := _rank(r, fusion)) else 0.0 for r in rankings])), 4)


def _success(rankings: Sequence[Ranking], fusion: Array, most: int) -> float:
    return round(float(np.mean([0 < _rank(r, fusion) <= most for r in rankings])), 4)


def _rank(ranking: Ranking, fusion: Array) -> int:
    """The rank of the first right paper, from 1; 0 where it was not found."""
    order = np.argsort(-(ranking.features @ fusion), kind="stable")
    gold = {folded(title) for title in ranking.question.gold_titles}
    titles = list(dict.fromkeys(ranking.titles[i] for i in order))
    return next((rank for rank, title in enumerate(titles, 1) if title in gold), 0)


def _cross_validated_rr(rankings: Sequence[Ranking]) -> float:
    parts = _folds(len(rankings))
    found = []
    for fold in range(FOLDS):
        fusion = fit_fusion([r for r, f in zip(rankings, parts, strict=True) if f != fold])
        found += [mean_rr([r], fusion) for r, f in zip(rankings, parts, strict=True) if f == fold]
    return round(float(np.mean(found)), 4)


def _ranking(library: Library, question: Question) -> Ranking:
    found = search(library, question.question)
    titles = [folded(found.candidates.paper(key).title) for key in found.candidates.paper_keys]
    return Ranking(question, z_scores(found.features[:, : len(SIMILARITIES)]), titles)


# Sections


def fit_sections(papers: Sequence[QasperPaper], fusion: Mapping[str, float]) -> tuple[dict[str, float], dict[str, Any]]:
    """The weights of `SECTION_FEATURES` beside the others of `fusion`, and the scores of evidence, 5-fold by paper.

    Raises:
        QuestionSetError: there are fewer papers with evidence than folds.
    """
    papers = [paper for paper in papers if any(question.evidence for question in paper.questions)][:_PAPERS]
    if len(papers) < FOLDS:
        raise QuestionSetError(f"{len(papers)} papers have questions with evidence; a fit of sections needs {FOLDS}.")
    with tempfile.TemporaryDirectory() as folder, Assistant.open(library=folder, mode="quote") as assistant:
        ids = add_paragraphs(assistant, papers, Path(folder) / "papers")
        asked = [_paragraphs(assistant.library, paper, ids, fusion) for paper in papers]
    parts = _folds(len(papers))
    scores: dict[str, Any] = {"papers": len(papers), "questions": sum(map(len, asked))}
    held_out: list[Paragraphs] = []
    for fold in range(FOLDS):
        weights = section_weights([each for i, of in enumerate(asked) if parts[i] != fold for each in of])
        held = [each for i, of in enumerate(asked) if parts[i] == fold for each in of]
        held_out += [each._replace(scores=each.scores + each.features @ weights) for each in held]
    every = [each for of in asked for each in of]
    for name, of_questions in (("without sections", every), ("cross-validated", held_out)):
        figures = summarise_scores(list(_evidence_found(of_questions).values()))
        scores[name] = {
            measure: {key: round(value, 4) for key, value in figures[measure].items()}
            for measure in ("R@10", "Success@10")
        }
    return dict(zip(SECTION_FEATURES, section_weights(every).tolist(), strict=True)), scores


def section_weights(asked: Sequence[Paragraphs]) -> Array:
    """By a logistic regression: is a chunk evidence? Its weights are for a score without section that counts 1.

    It is steadier than a search for the best recall, which is a step function of the weights.
    """
    features = np.concatenate([np.column_stack([each.scores, each.features])[each.usable] for each in asked])
    evidence = [name in each.question.evidence for each in asked for name in np.array(each.names)[each.usable]]
    linear = _logistic(("score", *SECTION_FEATURES), features, np.array(evidence), c=1.0)
    slopes = linear.coefficients / linear.scales
    return np.asarray(np.round(_SHARE * slopes[1:] / slopes[0], 3))


def _paragraphs(
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
            asked.append(Paragraphs(question, rows, fused(found.features, without), features, usable))
    return asked


def _evidence_found(asked: Sequence[Paragraphs]) -> dict[str, dict[str, float]]:
    """The measures of evidence by question; a paragraph has the score of its best chunk."""
    run = {
        each.question.id: {name: float(score) for score, name in sorted(zip(each.scores, each.names, strict=True))}
        for each in asked
    }
    return score_evidence([each.question for each in asked], run)


# Sentences


def fit_sentences(choices: Sequence[Choice]) -> Linear:
    """A logistic regression: does a sentence hold one of the facts asked for?"""
    features = np.concatenate([each.evidence.features for each in choices])
    return _logistic(SENTENCE_FEATURES, features, np.concatenate([each.holds_fact for each in choices]), c=0.03)


def _facts(choices: Sequence[Choice], weights: Weights) -> Facts:
    """The facts that are found by cross-validation, and with `weights` in the questions kept apart."""
    fitted = [each for each in choices if not each.question.for_report]
    pairs = [(each, weights) for each in choices if each.question.for_report]
    parts, held_out = _folds(len(fitted)), list[tuple[Choice, Weights]]()
    for fold in range(FOLDS):
        others = fit_sentences([each for each, f in zip(fitted, parts, strict=True) if f != fold])
        used = replace(weights, sentences=others)
        held_out += [(each, used) for each, f in zip(fitted, parts, strict=True) if f == fold]
    return {
        name: {most: [facts_found(each, used, most) for each, used in some] for most in (1, 4)}
        for name, some in (("cross-validated", held_out), ("kept", pairs))
    }


def _shares(facts: Facts) -> dict[str, Any]:
    return {
        name: {f"in {most}": round(float(np.mean(np.concatenate(found))), 4) for most, found in of.items()}
        for name, of in facts.items()
    }


def facts_found(choice: Choice, weights: Weights, most: int) -> list[bool]:
    """Of each fact of the question whether it stands in the sentences that are chosen."""
    text = [c.text for c in choose_sentences(choice.evidence, choice.question.question, most, weights)[:most]]
    return [any(holds_nugget(t, group) for t in text) for group in choice.question.nuggets]


def _facts_above(unread: Facts, read: Facts) -> dict[str, Any]:
    """By how much a question's share of facts is higher where sentences were read."""
    return {
        part: {
            f"in {most}": _rounded(
                mean_figure([_mean(b) - _mean(a) for a, b in zip(found, read[part][most], strict=True) if a])
            )
            for most, found in of.items()
        }
        for part, of in unread.items()
    }


def _mean(found: Sequence[bool]) -> float:
    return sum(found) / len(found)


def _choice(question: Question, gather: Gather) -> Choice:
    found, evidence = gather(question.question, Filters())
    gold = {folded(title) for title in question.gold_titles}
    holds = [
        folded(found.candidates.paper(c.paper_key).title) in gold
        and any(holds_nugget(c.text, group) for group in question.nuggets)
        for c in evidence.candidates
    ]
    return Choice(question, evidence, np.array(holds, bool))


# Confidence

_GROUP_WEIGHTS = {"right": 1.0, "keywords": 0.3, "off_topic": 0.7, "removed": 0.2, "unanswerable": 0.1}
"""How much the questions of each kind count together; `keywords` are the right ones cut to a few words."""

_WRONG = {"off topic": "off_topic", "near misses": "unanswerable", "paper removed": "removed"}


class ConfidenceGroups(NamedTuple):
    """Features (questions, features) by kind, to fit on and kept apart; and those of the other topics kept apart."""

    fitted: dict[str, Array]
    kept: dict[str, Array]
    off_topic: Array


def fit_confidence(groups: dict[str, Array]) -> Linear:
    """A logistic regression: does the library answer? `groups` are features (questions, features) by kind."""
    kinds = [kind for kind, rows in groups.items() if len(rows)]
    features = np.concatenate([groups[kind] for kind in kinds])
    labels = np.concatenate([np.full(len(groups[kind]), float(kind in ("right", "keywords"))) for kind in kinds])
    count = len(groups["right"])
    weight = np.concatenate(
        [np.full(len(groups[kind]), _GROUP_WEIGHTS[kind] * count / len(groups[kind])) for kind in kinds]
    )
    names = (*CONFIDENCE_FEATURES, *READ_CONFIDENCE_FEATURES)[: features.shape[1]]
    return _logistic(names, features, labels, c=1.0, weight=weight)


def _confidence_groups(
    library: Library, questions: Sequence[Question], off_topic: OffTopic, gather: Gather
) -> ConfidenceGroups:
    """Questions on other topics, near misses, and the library's own questions, without their paper too."""

    def features(text: str, scope: Filters = Filters()) -> Array:  # noqa: B008
        return gather(text, scope)[1].confidence_features

    def without(question: Question) -> Filters:
        gold = set(map(folded, question.gold_titles))
        return Filters(without=tuple(paper.id for paper in library.papers() if folded(paper.title) in gold))

    fitted: dict[str, list[Array]] = {kind: [] for kind in _GROUP_WEIGHTS}
    kept: dict[str, list[Array]] = {kind: [] for kind in _GROUP_WEIGHTS}
    for question in questions:
        part = kept if question.for_report else fitted
        if question.answerable:
            part["right"].append(features(question.question))
            # Without these a short question would pass for one on another topic, which those at hand are.
            part["keywords"].append(features(" ".join(search_terms(question.question)[:_KEYWORDS])))
            part["removed"].append(features(question.question, without(question)))
        else:
            part[question.type].append(features(question.question))
    fitted["off_topic"] += [features(text) for text in off_topic.fitted]
    others = [features(text) for text in off_topic.kept]
    width = len(fitted["right"][0])

    def arrays(part: dict[str, list[Array]]) -> dict[str, Array]:
        return {kind: np.array(rows).reshape(-1, width) for kind, rows in part.items()}

    return ConfidenceGroups(arrays(fitted), arrays(kept), np.array(others).reshape(-1, width))


def _fit_confidence(groups: ConfidenceGroups) -> tuple[Linear, tuple[float, float], dict[str, Any]]:
    """Against all questions that the library does not answer; with the two thresholds, and the scores."""
    linear = fit_confidence(groups.fitted)
    held_out = _cross_validated_confidence(groups.fitted)
    refuse, unsure = (round(float(np.quantile(held_out["right"], share)), 4) for share in (FALSE_REFUSALS, UNSURE))
    reported = {kind: linear.probability(rows) for kind, rows in groups.kept.items()}
    scores = {
        name: _confidence_scores(values, refuse) for name, values in (("cross-validated", held_out), ("kept", reported))
    }
    if len(groups.off_topic):
        others = linear.probability(groups.off_topic)
        scores["off topic, kept"] = {
            "questions": len(others),
            "AUROC": _auroc(reported["right"], others),
            "refused": round(float(np.mean(others < refuse)), 4),
        }
    return linear, (refuse, unsure), scores


def _above(unread: ConfidenceGroups, read: ConfidenceGroups) -> dict[str, Any]:
    """By how much each AUROC is higher where sentences were read, question by question."""
    held_out = [_cross_validated_confidence(each.fitted) for each in (unread, read)]
    linears = [fit_confidence(each.fitted) for each in (unread, read)]
    kept = [
        {kind: linear.probability(rows) for kind, rows in (each.kept | {"others": each.off_topic}).items()}
        for linear, each in zip(linears, (unread, read), strict=True)
    ]

    def difference(values: Sequence[dict[str, Array]], kind: str) -> Figure:
        first, second = ((each["right"].tolist(), each[kind].tolist()) for each in values)
        return _rounded(auroc_difference(first, second))

    return {
        "cross-validated": {n: difference(held_out, k) for n, k in _WRONG.items() if len(held_out[0][k])},
        "kept": {
            name: difference(kept, kind)
            for name, kind in (_WRONG | {"off topic, kept": "others"}).items()
            if len(kept[0][kind])
        },
    }


def _cross_validated_confidence(groups: dict[str, Array]) -> dict[str, Array]:
    """Each question's probability by a fit that has not seen it."""
    parts = {kind: _folds(len(rows)) for kind, rows in groups.items()}
    held_out = {kind: np.zeros(len(rows)) for kind, rows in groups.items()}
    for fold in range(FOLDS):
        linear = fit_confidence({kind: rows[parts[kind] != fold] for kind, rows in groups.items()})
        for kind, rows in groups.items():
            held_out[kind][parts[kind] == fold] = linear.probability(rows[parts[kind] == fold])
    return held_out


def _confidence_scores(values: dict[str, Array], refuse: float) -> dict[str, Any]:
    """Of probabilities by kind of question; `refuse` is the threshold below which a question is refused."""
    scores: dict[str, Any] = {
        f"AUROC {name}": _auroc(values["right"], values[kind]) for name, kind in _WRONG.items() if len(values[kind])
    }
    if len(values["off_topic"]):
        scores["off topic refused"] = round(float(np.mean(values["off_topic"] < refuse)), 4)
    return scores | {"falsely refused": round(float(np.mean(values["right"] < refuse)), 4)}


def _auroc(right: Array, wrong: Array) -> Figure:
    return _rounded(auroc_figure(right.tolist(), wrong.tolist()))


def _rounded(figure: Figure) -> Figure:
    return {name: round(value, 4) for name, value in figure.items()}


def read_off_topic(path: Path) -> OffTopic:
    """Questions on other topics: those of the split "test" are kept apart, of the rest each fifth is fitted on.

    Raises:
        QuestionSetError: the file cannot be read, or a line has no question.
    """
    rows = read_json_lines(path)
    if any(not isinstance(row, dict) or not isinstance(row.get("question"), str) for row in rows):
        raise QuestionSetError(f"{path.name} is to have a JSON object with `question` on each line, and does not.")
    kept = [row["question"] for row in rows if row.get("split") == "test"]
    return OffTopic([row["question"] for row in rows if row.get("split") != "test"][::5], kept)


def _logistic(
    names: tuple[str, ...], features: Array, labels: Array | NDArray[np.bool_], c: float, weight: Array | None = None
) -> Linear:
    means, scales = features.mean(axis=0), np.maximum(features.std(axis=0), 1e-6)
    model = LogisticRegression(C=c, max_iter=2000)
    model.fit((features - means) / scales, labels, sample_weight=weight)
    return Linear(names, means, scales, np.asarray(model.coef_[0]), float(model.intercept_[0]))


def _folds(count: int) -> NDArray[np.int64]:
    return np.random.default_rng(1).permutation(count) % FOLDS
