"""Fit the program's weights and write them to rag/models/weights.json.

    python -m eval fit --papers ../shared/seeds --off-topic ../shared/data/pubmedqa/pqa_labeled.jsonl \
        --claims ../shared/data/scifact/claim_pairs_train.jsonl --report ../shared/data/scifact/claim_pairs_dev.jsonl \
        --sections ../shared/data/qasper_train
    python -m eval fit --keep --sections ../shared/data/qasper_train      the sections alone; all else stays as it is

Each fit builds on the ones before: the fusion of retrieval scores, the choice of sentences, the confidence with its two
thresholds, and the weight of the packaged cross-encoder in the choice, with a confidence of its own. The check of
citations (eval/fit/support.py) is fitted on claims and abstracts, the weights of sections (eval/fit/sections.py) on a
folder in QASPER's form; without these files they stay as they are. Only the fitting part of the question set is used;
scores are of 5-fold cross-validation on it, and of the part kept apart for reporting.
"""

import argparse
import json
import tempfile
from collections.abc import Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from rag.answering.evidence import Evidence, gather_evidence
from rag.answering.rerank import rerank_sentences
from rag.assistant import Assistant
from rag.config import CrossEncoder
from rag.filters import Filters
from rag.library import Library
from rag.models.reranker import PackagedReranker
from rag.models.weights import FILE, Linear, ReadWeights, Weights, load_weights
from rag.retrieval.features import FEATURES, SECTION_FEATURES, SIMILARITIES
from rag.retrieval.rerank import rerank_passages
from rag.retrieval.search import SearchResult, search

from ..collections.qasper_papers import read_qasper
from ..files import digest, read_json_lines
from ..questions import QUESTIONS, SAMPLE, Question, QuestionSetError, load_questions, titles_in
from ..runs import add_papers
from .confidence import OffTopic, Parts, fit_thresholds, gain_in_auroc, make_examples, read_off_topic
from .fusion import cross_validated_rr, fit_fusion, mean_rr, rank_candidates, success
from .logistic import FOLDS
from .sections import fit_sections
from .sentences import Facts, find_facts, fit_read_weight, fit_sentences, gain_in_facts, make_choice, shares_of_facts
from .support import fit_support


def main(arguments: Sequence[str]) -> int:
    """Fit, write the file, print its scores."""
    parser = argparse.ArgumentParser(prog="python -m eval fit", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--papers", nargs="+", default=[str(SAMPLE)], help="the papers that the questions are put to")
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--off-topic", type=Path, help="JSON lines with `question`: all of them on other topics")
    parser.add_argument("--claims", type=Path, help="JSON lines of claims and abstracts, to fit the check of citations")
    parser.add_argument("--report", type=Path, help="the same, kept apart: the check is scored on them")
    parser.add_argument("--sections", type=Path, help="a folder in QASPER's form, to fit the weights of sections")
    parser.add_argument("--keep", action="store_true", help="fit the weights of sections, and keep all other weights")
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args(arguments)
    command = "python -m eval fit " + " ".join(arguments)
    if options.keep and not options.sections:
        parser.error("--keep needs --sections")
    made = _refit_sections(options.sections, command) if options.keep else _fit_all(options, command)
    options.out.write_text(json.dumps(made, indent=1) + "\n")
    print(json.dumps(made["scores"]["sections"] if options.keep else made["scores"], indent=1))  # noqa: T201
    return 0


def _refit_sections(folder: Path, command: str) -> dict[str, Any]:
    old: dict[str, Any] = json.loads(FILE.read_text())
    fusion, scores = fit_sections(read_qasper(folder), old["fusion"])
    return old | {
        "command": " && ".join([*(each for each in old["command"].split(" && ") if "--keep" not in each), command]),
        "data": old["data"] | {folder.resolve().name: digest(folder)},
        "scores": old["scores"] | {"sections": scores},
        "fusion": old["fusion"] | fusion,
    }


def _fit_all(options: argparse.Namespace, command: str) -> dict[str, Any]:
    """Return the content of the file, with all weights fitted for which there is data; bad files fail first."""
    load_questions(options.questions)
    sectioned = read_qasper(options.sections) if options.sections else []
    questions = [q for q in load_questions(options.questions, titles_in(options.papers)) if not q.history]
    check_enough(questions, options.questions.name)
    off_topic = read_off_topic(options.off_topic) if options.off_topic else OffTopic([], [])
    claims, kept = (read_json_lines(path) if path else [] for path in (options.claims, options.report))
    # The packaged cross-encoder as it comes, whatever the settings at hand: its weights are fitted here.
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
        fusion, scores["sections"] = fit_sections(sectioned, weights.fusion)
        weights = replace(weights, fusion=weights.fusion | fusion)
    made = {"version": 2, "date": date.today().isoformat(), "command": command, "data": digests(options)}
    return made | {"scores": scores} | as_dict(weights)


def digests(options: argparse.Namespace) -> dict[str, str]:
    """Return the digest of each file and folder that the weights are fitted or scored on, by its name."""
    given = [options.questions, *options.papers, options.off_topic, options.claims, options.report, options.sections]
    paths = [Path(path) for path in given if path]
    return {path.resolve().name: digest(path) for path in paths}


def check_enough(questions: Sequence[Question], name: str) -> None:
    """Raise QuestionSetError if there are too few answerable questions to fit on or to report on."""
    kept = [q.for_report for q in questions if q.answerable]
    if kept.count(False) < FOLDS or not any(kept):
        raise QuestionSetError(
            f"{name} has {kept.count(False)} answerable questions to fit on and {kept.count(True)} to report on, which "
            f"the hash of their ids decides; a fit needs {FOLDS} and 1 at least. Add questions with `gold_titles`."
        )


def fit(library: Library, questions: Sequence[Question], off_topic: OffTopic) -> tuple[Weights, dict[str, Any]]:
    """Return the weights fitted on the fitting part of `questions`, and their scores."""
    shipped = load_weights()
    rankings = [rank_candidates(library, q) for q in questions if q.answerable]
    fitted, kept = ([r for r in rankings if r.question.for_report == of_report] for of_report in (False, True))
    fusion = fit_fusion(fitted)
    fusion_weights = dict(zip(SIMILARITIES, np.round(fusion, 3).tolist(), strict=True))
    fusion_weights |= {name: shipped.fusion[name] for name in SECTION_FEATURES}
    empty = Linear((), np.zeros(0), np.ones(0), np.zeros(0), 0.0)
    weights = Weights(
        {name: fusion_weights[name] for name in FEATURES},
        empty,
        empty,
        0.0,
        0.0,
        shipped.read,
        shipped.support,
        shipped.kinds,
    )
    scores: dict[str, Any] = {
        "questions": {"fitted": len(fitted), "kept": len(kept)},
        "RR": {"cross-validated": cross_validated_rr(fitted), "kept": mean_rr(kept, fusion)},
        "Success@5": {"kept": success(kept, fusion, 5)},
    }

    def gather(question: str, filters: Filters) -> tuple[SearchResult, Evidence]:
        found = search(library, question, filters=filters, weights=weights)
        return found, gather_evidence(library, found)

    choices = [make_choice(q, gather) for q in questions if q.answerable]
    weights = replace(weights, sentences=fit_sentences([c for c in choices if not c.question.for_report]))
    facts = find_facts(choices, weights)
    scores["facts"] = shares_of_facts(facts)
    examples = make_examples(library, questions, off_topic, gather)
    confidence, (refuse, unsure), scores["confidence"] = fit_thresholds(examples)
    weights = replace(weights, confidence=confidence, refuse_below=refuse, unsure_below=unsure)
    if isinstance(library.reranker, PackagedReranker):
        read, scores["read"] = _fit_read(library, questions, off_topic, weights, facts, examples)
        weights = replace(weights, read=read)
    return weights, scores


def _fit_read(
    library: Library,
    questions: Sequence[Question],
    off_topic: OffTopic,
    weights: Weights,
    facts: Facts,
    examples: Parts,
) -> tuple[ReadWeights, dict[str, Any]]:
    """Return the weights for evidence that was reranked; `facts` and `examples` are without, for comparison."""

    def gather(question: str, filters: Filters) -> tuple[SearchResult, Evidence]:
        found = rerank_passages(library, search(library, question, filters=filters, weights=weights))
        used = replace(weights, read=replace(weights.read, sentences=1.0))
        return found, rerank_sentences(library, found, gather_evidence(library, found), used)

    choices = [make_choice(q, gather) for q in questions if q.answerable]
    count, read_facts, by_count = fit_read_weight(choices, weights)
    read_examples = make_examples(library, questions, off_topic, gather)
    confidence, (refuse, unsure), judged = fit_thresholds(read_examples)
    return ReadWeights(count, confidence, refuse, unsure), {
        "facts by what reading counts": by_count,
        "facts": shares_of_facts(read_facts),
        "facts, above": gain_in_facts(facts, read_facts),
        "confidence": judged,
        "confidence, above": gain_in_auroc(examples, read_examples),
    }


def as_dict(weights: Any) -> dict[str, Any]:
    """Return the weights, a dataclass of them, as the file has them."""
    values = {field.name: getattr(weights, field.name) for field in fields(weights)}
    return {
        name: value.as_dict() if isinstance(value, Linear) else as_dict(value) if is_dataclass(value) else value
        for name, value in values.items()
    }
