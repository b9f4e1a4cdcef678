"""Fit the program's weights and write them to rag/models/weights.json.

    python -m eval fit --papers ../shared/seeds --off-topic ../shared/data/pubmedqa/pqa_labeled.jsonl \
        --claims ../shared/data/scifact/claim_pairs_train.jsonl --report ../shared/data/scifact/claim_pairs_dev.jsonl \
        --whole ../shared/data/qasper_train --sections ../shared/data/qasper_train --written ../shared/data/qasper_train
    python -m eval fit --keep --sections ../shared/data/qasper_train      sections and kinds alone; all else stays
    python -m eval fit --keep --claims ../shared/data/scifact/claim_pairs_train.jsonl \
        --report ../shared/data/scifact/claim_pairs_dev.jsonl --written ../shared/data/qasper_train     the check alone

Each fit builds on the previous ones. The fusion of retrieval scores comes first, then the choice of sentences and the
confidence with its two thresholds: without the packaged cross-encoder on these questions, and with it also on questions
about whole QASPER papers that the cross-encoder was not trained on. The citation check (eval/fit/support.py) is fitted
on claims and abstracts, and with `--written` on sentences that people wrote about papers (eval/fit/written.py). The
weights of sections (eval/fit/sections.py) and of kinds of questions (eval/fit/kinds.py) are fitted on a folder in
QASPER's format. Weights without data stay unchanged. Only the fitting part of the question set is used; scores are from
5-fold cross-validation on it, and from the part held out for reporting.
"""

import argparse
import functools
import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, is_dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rag.answering.evidence import Evidence, gather_evidence
from rag.assistant import Assistant
from rag.config import CrossEncoder, Embedding
from rag.filters import Filters
from rag.library import Library
from rag.models.embedder import load_embedder
from rag.models.protocols import Embedder
from rag.models.reranker import PackagedReranker
from rag.models.weights import FILE, AnswerWeights, Linear, SupportWeights, Weights, load_weights
from rag.retrieval.features import SIMILARITIES
from rag.retrieval.rerank import rerank_passages
from rag.retrieval.search import SearchResult, search

from ..collections.qasper_papers import QasperPaper, read_qasper
from ..files import digest, read_json_lines
from ..questions import QUESTIONS, SAMPLE, Question, QuestionSetError, load_questions, titles_in
from ..runs import add_papers
from .confidence import LIBRARY_KINDS, PAPER_KINDS, OffTopic, Parts, fit_thresholds, make_examples, read_off_topic
from .fusion import cross_validated_rr, fit_fusion, mean_rr, rank_candidates, success
from .kinds import fit_kinds
from .logistic import FOLDS
from .sections import fit_sections
from .sentences import Choice, Gather, find_facts, fit_sentences, make_choice, shares_of_facts
from .support import fit_support
from .whole_papers import add_whole_papers, whole_choices, whole_examples
from .written import read_written


def main(arguments: Sequence[str]) -> int:
    """Fit, write the file, print its scores."""
    parser = argparse.ArgumentParser(prog="python -m eval fit", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--papers", nargs="+", default=[str(SAMPLE)], help="the papers to ask")
    parser.add_argument("--questions", type=Path, default=QUESTIONS)
    parser.add_argument("--off-topic", type=Path, help="JSON lines with `question`, all on other topics")
    parser.add_argument("--claims", type=Path, help="JSON lines of claims and abstracts, to fit the citation check")
    parser.add_argument("--report", type=Path, help="the same, held out to score the check")
    parser.add_argument("--whole", type=Path, help="a folder in QASPER's format, to fit answers from few papers")
    parser.add_argument("--sections", type=Path, help="the same, to fit the weights of sections")
    parser.add_argument("--written", type=Path, help="the same, to fit the check on answers that people wrote")
    parser.add_argument(
        "--keep", action="store_true", help="fit only the weights of sections or the check, and keep all others"
    )
    parser.add_argument("--out", type=Path, default=FILE)
    options = parser.parse_args(arguments)
    command = "python -m eval fit " + " ".join(arguments)
    if options.keep and bool(options.sections) == bool(options.claims):
        parser.error("--keep needs --sections or --claims")
    if options.keep:
        made = _refit_sections(options.sections, command) if options.sections else _refit_check(options, command)
    else:
        made = _fit_all(options, command)
    options.out.write_text(json.dumps(made, indent=1) + "\n")
    shown = made["scores"]["sections" if options.sections else "support"] if options.keep else made["scores"]
    print(json.dumps(shown, indent=1))  # noqa: T201
    return 0


def _refit_check(options: argparse.Namespace, command: str) -> dict[str, Any]:
    old: dict[str, Any] = json.loads(FILE.read_text())
    support, scores = _fit_check(options, load_embedder(Embedding()))
    return old | {
        "command": _commands(old["command"], "--keep --claims", command),
        "data": old["data"] | _digests([options.claims, options.report, options.written]),
        "scores": old["scores"] | {"support": scores},
        "support": _plain(support),
    }


def _fit_check(options: argparse.Namespace, embedder: Embedder) -> tuple[SupportWeights, dict[str, Any]]:
    claims, kept = (read_json_lines(path) if path else [] for path in (options.claims, options.report))
    return fit_support(claims, kept, embedder, read_written(options.written) if options.written else [])


def _commands(before: str, kind: str, command: str) -> str:
    """Return the commands that made the file, with the latest one of each kind."""
    return " && ".join([*(each for each in before.split(" && ") if kind not in each), command])


def _refit_sections(folder: Path, command: str) -> dict[str, Any]:
    old: dict[str, Any] = json.loads(FILE.read_text())
    papers = read_qasper(folder)
    fusion, scores = fit_sections(papers, old["fusion"])
    kinds, answers = fit_kinds(papers, old["kinds"])
    return old | {
        "command": _commands(old["command"], "--keep --sections", command),
        "data": old["data"] | {folder.resolve().name: digest(folder)},
        "scores": old["scores"] | {"sections": scores, "kinds": answers},
        "fusion": old["fusion"] | fusion,
        "kinds": old["kinds"] | kinds,
    }


def _fit_all(options: argparse.Namespace, command: str) -> dict[str, Any]:
    """Return the content of the file, with all weights fitted for which there is data. Bad input fails early."""
    load_questions(options.questions)
    whole, sectioned = (read_qasper(path) if path else [] for path in (options.whole, options.sections))
    questions = [q for q in load_questions(options.questions, titles_in(options.papers)) if not q.history]
    check_enough(questions, options.questions.name)
    off_topic = read_off_topic(options.off_topic) if options.off_topic else OffTopic([], [])
    # Always the packaged cross-encoder, whatever the user's settings: the weights fitted here are for it.
    packaged = {"cross_encoder": CrossEncoder().model_dump()}
    with (
        tempfile.TemporaryDirectory() as folder,
        Assistant.open(library=folder, mode="quote", overrides=packaged) as assistant,
    ):
        add_papers(assistant, options.papers)
        weights, gathered, scores = fit(assistant.library, questions, off_topic)
        if options.claims:
            support, scores["support"] = _fit_check(options, assistant.library.embedder)
            weights = replace(weights, support=support)
    if whole:
        gathered["papers"] = gather_papers(whole, weights, packaged)
    weights, of_answers = fit_answers(weights, gathered)
    scores |= of_answers
    if sectioned:
        fusion, scores["sections"] = fit_sections(sectioned, weights.fusion)
        kinds, scores["kinds"] = fit_kinds(sectioned, weights.kinds)
        weights = replace(weights, fusion=weights.fusion | fusion, kinds=weights.kinds | kinds)
    made = {"version": 2, "date": date.today().isoformat(), "command": command, "data": digests(options)}
    return made | {"scores": scores} | as_dict(weights)


def digests(options: argparse.Namespace) -> dict[str, str]:
    """Return the digest of each file and folder that the weights are fitted or scored on, by name."""
    given = [options.questions, *options.papers, options.off_topic, options.claims, options.report]
    return _digests([*given, options.whole, options.sections, options.written])


def _digests(given: Iterable[Path | str | None]) -> dict[str, str]:
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


class Gathered(NamedTuple):
    """The data to fit answer weights on; `kinds` has the weight of each kind of question for the confidence."""

    choices: list[Choice]
    examples: Parts
    kinds: Mapping[str, float]


def fit(
    library: Library, questions: Sequence[Question], off_topic: OffTopic
) -> tuple[Weights, dict[str, Gathered], dict[str, Any]]:
    """Fit the fusion on the fitting part of `questions`, and gather the data for fitting answers from the library.

    Return the weights, the gathered data by the name of the answer weights, and the scores.
    """
    shipped = load_weights()
    rankings = [rank_candidates(library, q) for q in questions if q.answerable]
    fitted, kept = ([r for r in rankings if r.question.for_report == of_report] for of_report in (False, True))
    fusion = fit_fusion(fitted)
    by_name = dict(zip(SIMILARITIES, np.round(fusion, 3).tolist(), strict=True))
    weights = replace(shipped, fusion=shipped.fusion | by_name)
    scores = {
        "questions": {"fitted": len(fitted), "kept": len(kept)},
        "RR": {"cross-validated": cross_validated_rr(fitted), "kept": mean_rr(kept, fusion)},
        "Success@5": {"kept": success(kept, fusion, 5)},
    }
    gathers = {"unread": gather_from(library, weights, reads=False)}
    if isinstance(library.reranker, PackagedReranker):
        gathers["library"] = gather_from(library, weights, reads=True)
    gathered = {
        name: Gathered(
            [make_choice(question, gather) for question in questions if question.answerable],
            make_examples(library, questions, off_topic, gather),
            LIBRARY_KINDS,
        )
        for name, gather in gathers.items()
    }
    return weights, gathered, scores


def gather_papers(papers: Sequence[QasperPaper], weights: Weights, settings: Mapping[str, Any]) -> Gathered:
    """Gather the data for fitting answers from one or a few papers."""
    with (
        tempfile.TemporaryDirectory() as folder,
        Assistant.open(library=Path(folder) / "library", mode="quote", overrides=settings) as assistant,
    ):
        whole = add_whole_papers(assistant, papers, Path(folder) / "pages")
        gather = gather_from(assistant.library, weights, reads=True)
        return Gathered(whole_choices(whole, gather), whole_examples(whole, gather), PAPER_KINDS)


def fit_answers(weights: Weights, gathered: Mapping[str, Gathered]) -> tuple[Weights, dict[str, Any]]:
    """Return the weights with the answer weights fitted for which there is data, and their scores.

    Sentences of reranked passages are chosen by the same weights in all scopes, since fitting on abstracts and whole
    papers together gives better choices than either alone.
    """
    scores: dict[str, Any] = {}
    read = [choice for name, each in gathered.items() if name != "unread" for choice in each.choices]
    for name, each in gathered.items():
        choices = each.choices if name == "unread" else read
        sentences = fit_sentences([choice for choice in choices if not choice.is_kept])
        confidence, (refuse, unsure), judged = fit_thresholds(each.examples, each.kinds)
        fitted = {name: AnswerWeights(sentences, confidence, refuse, unsure)}
        facts = shares_of_facts(find_facts(choices, name, weights, sentences))
        scores[name] = {"facts": facts, "confidence": judged}
        weights = replace(weights, answers=weights.answers | fitted)
    return weights, scores


def gather_from(library: Library, weights: Weights, reads: bool) -> Gather:
    """Return a function that gathers evidence in a library; `reads` says whether to rerank with the cross-encoder."""

    @functools.cache  # both the choice of sentences and the confidence ask the same questions
    def gather(question: str, filters: Filters) -> tuple[SearchResult, Evidence]:
        found = search(library, question, filters=filters, weights=weights).quotable()
        if reads:
            found = rerank_passages(library, found)
        return found, gather_evidence(library, found)

    return gather


def as_dict(weights: Any) -> dict[str, Any]:
    """Return a dataclass of weights in the form of the file."""
    return {field.name: _plain(getattr(weights, field.name)) for field in fields(weights)}


def _plain(value: Any) -> Any:
    if isinstance(value, Linear):
        return value.as_dict()
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return as_dict(value) if is_dataclass(value) else value
