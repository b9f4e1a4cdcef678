"""What an answer is worth: the measures of one question, and their means with intervals over a question set.

Everything is computed from the rows of answers.jsonl and the question set; `python -m eval` calls this. Which measures
apply depends on the question alone, never on its answer: a refusal or a missing result scores the worst, it does not
vanish, and two reports on one question set can be compared question by question.
"""

from __future__ import annotations

import functools
import re
import string
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ir_measures
import numpy as np
from ir_measures import RR, R, Success, nDCG
from numpy.typing import NDArray

from rag.answering.support import is_quoted, support
from rag.config import Embedding
from rag.models.embedder import load_embedder
from rag.models.protocols import Embedder
from rag.text.readable import folded, readable
from rag.types import UNSURE

from .questions import Question, holds_nugget

Array = NDArray[np.float64]
Row = Mapping[str, Any]
Figure = dict[str, float]
"""`mean` with its 95 % interval `low` to `high`, over `n` questions."""
Statistic = Callable[[Array], Array]
"""From how often each of n questions was drawn, (resamples, n), to a value a resample."""

LOWER_IS_BETTER = frozenset({"falsely refused", "AURC"})
RESAMPLES = 2000
SEED = 0

_BY_PAPER = (RR, Success @ 1, Success @ 5, R @ 5, nDCG @ 10)
_BY_PASSAGE = (RR, nDCG @ 10, R @ 10)


def score_question(question: Question, row: Row) -> dict[str, float]:
    """The measures that apply to a question, each in [0, 1]; `row` is its row of answers.jsonl, empty without a result.

    With gold titles:
        RR, Success@1, Success@5, R@5, nDCG@10: of the ranked papers; titles are compared folded.
        falsely refused: 1 for a refusal and for a missing result; the only measure of which less is better.
        citation precision, citation recall: share of the cited titles that are gold; of the gold titles, cited.
        support recall, support precision: see `support_recall`, `support_precision`.
        K-precision: see `k_precision`; the notice that the papers may not answer is a sentence like any.
    With nuggets, too:
        passage RR, passage nDCG@10, passage R@10: of the ranked passages, see `rank_passages`.
        nugget recall: share of the nugget groups that a sentence of the answer holds.
        nugget precision: share of the answer's cited sentences that hold a nugget.
    With a reference answer, too:
        token F1, token recall: see `token_f1`, `token_recall`.
    Without gold titles:
        refused rightly: 1 for a refusal.
    """
    if not question.answerable:
        return {"refused rightly": float(row.get("refused", False))}
    sentences = row.get("sentences", [])
    answer = " ".join(sentence["text"] for sentence in sentences)
    gold = {folded(title) for title in question.gold_titles}
    cited = {folded(citation["title"]) for citation in row.get("citations", [])}
    scores = _ranking_scores(_BY_PAPER, gold, [folded(title) for title in row.get("ranking", [])])
    if question.nuggets:
        scores |= {f"passage {name}": score for name, score in rank_passages(question, row).items()}
        held = [_holds_any([s["text"] for s in sentences], group) for group in question.nuggets]
        cited_sentences = [s["text"] for s in sentences if s["citations"]]
        scores["nugget recall"] = _share(held)
        scores["nugget precision"] = _share([_holds_any([text], *question.nuggets) for text in cited_sentences])
    if words(question.answer):
        scores["token F1"] = token_f1(answer, question.answer)
        scores["token recall"] = token_recall(answer, question.answer)
    return scores | {
        "K-precision": k_precision(answer, [citation["quote"] for citation in row.get("citations", [])]),
        "citation precision": _share([title in gold for title in cited]),
        "citation recall": _share([title in cited for title in gold]),
        "support recall": support_recall(row),
        "support precision": support_precision(row),
        "falsely refused": float(row.get("refused", True)),
    }


def rank_passages(question: Question, row: Row) -> dict[str, float]:
    """RR, nDCG@10 and R@10 of `row["passages"]`; relevant are those of a gold title whose text holds a nugget.

    The row has the passages that an answer returns, ten unless `[retrieval] top_k` says otherwise, and does not show
    what else in the library is relevant: R@10 is a recall of what these ten could hold. A gold paper with no relevant
    passage in the row counts as one that was not found, so that a miss lowers R@10 and nDCG@10.
    """
    passages = row.get("passages", [])
    gold = {folded(title) for title in question.gold_titles}
    relevant = {
        str(rank): folded(passage["title"])
        for rank, passage in enumerate(passages)
        if folded(passage["title"]) in gold and _holds_any([passage["text"]], *question.nuggets)
    }
    not_found = [f"{title} (not found)" for title in gold - set(relevant.values())]
    return _ranking_scores(_BY_PASSAGE, [*relevant, *not_found], [str(rank) for rank in range(len(passages))])


def words(text: str) -> list[str]:
    """The words of a text in lower case, without ASCII punctuation and articles.

    The normalisation of SQuAD's evaluation script (Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine
    Comprehension of Text").
    """
    plain = text.lower().translate(str.maketrans("", "", string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", plain).split()


def token_f1(answer: str, reference: str) -> float:
    """Harmonic mean of the shares of the answer's and of the reference's words that the other holds, with multiplicity.

    Rajpurkar et al. 2016.
    """
    both = _overlap(answer, reference)
    return 2 * both / (len(words(answer)) + len(words(reference))) if both else 0.0


def token_recall(answer: str, reference: str) -> float:
    """Share of the reference's words that the answer holds, with multiplicity.

    Adlakha et al. 2023, "Evaluating Correctness and Faithfulness of Instruction-Following Models for Question
    Answering".
    """
    return _overlap(answer, reference) / len(words(reference))


def k_precision(answer: str, quotes: Iterable[str]) -> float:
    """Share of the answer's words that its citations' quotes hold, with multiplicity; 0 for an answer without words.

    Adlakha et al. 2023, as `token_recall`. Quotes are verbatim and answers readable, so quotes are made readable first.
    """
    count = len(words(answer))
    return _overlap(answer, " ".join(map(readable, quotes))) / count if count else 0.0


def support_recall(row: Row) -> float:
    """Share of the answer's sentences that the quotes of all their citations support; without the notice of doubt.

    Gao et al. 2023, "Enabling Large Language Models to Generate Text with Citations", with `rag.answering.support` as
    the judge (not the row's own word), and the packaged model in it, whatever the library's: reports can be compared.
    """
    return _share([_supports(text, quotes) for text, quotes in _cited_texts(row)])


def support_precision(row: Row) -> float:
    """Share of the sentences' citations whose quote supports its sentence alone, or without which support is lost.

    Gao et al. 2023, as `support_recall`. A citation counts anew for each sentence that has it.
    """
    return _share([_is_needed(i, text, quotes) for text, quotes in _cited_texts(row) for i in range(len(quotes))])


def _cited_texts(row: Row) -> list[tuple[str, tuple[str, ...]]]:
    """The answer's sentences with their citations' quotes, but for the notice that the papers may not answer."""
    quotes = {citation["number"]: citation["quote"] for citation in row.get("citations", [])}
    sentences = [sentence for sentence in row.get("sentences", []) if sentence["text"] != UNSURE]
    return [(sentence["text"], tuple(quotes[number] for number in sentence["citations"])) for sentence in sentences]


def _is_needed(i: int, text: str, quotes: tuple[str, ...]) -> bool:
    if _supports(text, quotes[i : i + 1]):
        return True
    return _supports(text, quotes) and not _supports(text, quotes[:i] + quotes[i + 1 :])


@functools.lru_cache(maxsize=1 << 12)
def _supports(text: str, quotes: tuple[str, ...]) -> bool:
    return is_quoted(text, quotes) or support(text, quotes, _embedder()).label == "supported"


@functools.cache
def _embedder() -> Embedder:
    return load_embedder(Embedding())


def what_went_wrong(question: Question, row: Row, scores: Mapping[str, float]) -> list[str]:
    """What a person should know about an answer that is not perfect, a sentence each; none for one that is."""
    if not row:
        return ["There is no result."]
    if not question.answerable:
        return [] if row["refused"] else [f"Answered with confidence {row['confidence']:.2f}; no paper answers it."]
    wrong = [] if row["complete"] else ["The answer broke off."]
    if row["refused"]:
        wrong.append(f"Refused with confidence {row['confidence']:.2f}; the papers answer it.")
    if any(sentence["text"] == UNSURE for sentence in row["sentences"]):
        wrong.append(f"Doubted with confidence {row['confidence']:.2f}; the papers answer it.")
    wrong += _misranked(question, row)
    if row["refused"]:
        return wrong
    if scores["citation recall"] < 1:
        cited = {folded(citation["title"]) for citation in row["citations"]}
        wrong += [f"“{title}” is not cited." for title in question.gold_titles if folded(title) not in cited]
    if scores.get("nugget recall", 1) < 1:
        wrong += _missing_nuggets(question, row)
    cited_texts = _cited_texts(row)
    if unsupported := [text for text, quotes in cited_texts if not _supports(text, quotes)]:
        wrong.append(f"Not supported by its citations: {len(unsupported)} of {len(cited_texts)} sentences.")
    return wrong


def is_wrong(scores: Mapping[str, float]) -> bool:
    """Whether answering a question was wrong, given its scores: one without gold titles, or not with all its facts.

    Without nuggets, all gold titles have to be cited instead.
    """
    if "refused rightly" in scores:
        return True
    return scores.get("nugget recall", scores["citation recall"]) < 1


def answered_right(scores: Mapping[str, float]) -> bool:
    """Whether an answerable question was answered, with all its facts; without nuggets, its paper ranked first."""
    whole = scores["nugget recall" if "nugget recall" in scores else "Success@1"]
    return whole == 1 and not scores["falsely refused"]


def summarise(questions: Sequence[Question], rows: Sequence[Row]) -> dict[str, Any]:
    """The report on all questions, but for the keys that tell how it was made.

    `rows` may come in any order and may lack questions. A figure that applies to no question is left out.
    """
    by_id = {row["id"]: row for row in rows}
    scores = {q.id: score_question(q, by_id.get(q.id, {})) for q in questions}
    types = {kind: [q for q in questions if q.type == kind] for kind in dict.fromkeys(q.type for q in questions)}
    parts = {
        "fit": [q for q in questions if not q.for_report],
        "report": [q for q in questions if q.for_report],
    }

    def measured(some: Sequence[Question]) -> dict[str, Figure]:
        return summarise_scores([scores[q.id] for q in some])

    return {
        "measures": measured(questions),
        "by_type": {kind: measured(some) for kind, some in types.items()},
        "by_part": {part: measured(some) for part, some in parts.items()},
        "refusals": summarise_refusals(questions, by_id, scores),
        "refusals_by_part": {part: summarise_refusals(some, by_id, scores) for part, some in parts.items()},
        "resources": {"seconds": _seconds(rows)},
        "questions": {
            q.id: {
                "type": q.type,
                "part": "report" if q.for_report else "fit",
                "confidence": _confidence(q, by_id),
                "scores": scores[q.id],
                "wrong": what_went_wrong(q, by_id.get(q.id, {}), scores[q.id]),
            }
            for q in questions
        },
    }


def summarise_scores(scores: Sequence[Mapping[str, float]]) -> dict[str, Figure]:
    """Each measure's mean over the questions that have it, in the order in which the measures first come up."""
    names = dict.fromkeys(name for each in scores for name in each)
    return {name: mean_figure([each[name] for each in scores if name in each]) for name in names}


def summarise_refusals(
    questions: Sequence[Question], rows: Mapping[str, Row], scores: Mapping[str, Mapping[str, float]]
) -> dict[str, Any]:
    """How well refusals and `confidence` part the questions that the papers answer from the others.

    precision, recall: share of the refusals that are right; share of the questions without gold titles, refused.
    AUROC: see `auroc_figure`; answerable questions against all others, against those off topic, against near misses.
    AURC, risk_coverage: see `aurc_figure` and `risk_coverage`; wrong is an answer that lacks a nugget (without nuggets:
    a citation of a gold title), a refusal of an answerable question, and any answer to a question without gold titles.

    A missing result has the worst confidence there is: 0 where an answer was due, 1 where a refusal was.
    """
    confidence = {q.id: _confidence(q, rows) for q in questions}
    answerable = [q for q in questions if q.answerable]
    against = {
        "AUROC": [q for q in questions if not q.answerable],
        "AUROC off topic": [q for q in questions if not q.answerable and q.type == "off_topic"],
        "AUROC near misses": [q for q in questions if not q.answerable and q.type == "unanswerable"],
    }
    refusals: dict[str, Any] = {}
    if refused := [q for q in questions if rows.get(q.id, {}).get("refused", False)]:
        refusals["precision"] = mean_figure([not q.answerable for q in refused])
    if others := against["AUROC"]:
        refusals["recall"] = mean_figure([scores[q.id]["refused rightly"] for q in others])
    for name, others in against.items():
        if answerable and others:
            refusals[name] = auroc_figure([confidence[q.id] for q in answerable], [confidence[q.id] for q in others])
    if questions:
        ordered = [confidence[q.id] for q in questions]
        wrong = [is_wrong(scores[q.id]) for q in questions]
        refusals["AURC"] = aurc_figure(ordered, wrong)
        refusals["risk_coverage"] = risk_coverage(ordered, wrong)
    return refusals


def mean_figure(values: Sequence[float]) -> Figure:
    """The mean of at least one value."""
    array = np.array(values, float)
    return _figure(lambda counts: counts @ array / len(array), len(array))


def auroc_figure(right: Sequence[float], wrong: Sequence[float]) -> Figure:
    """The probability that a value of `right` is above one of `wrong`, ties counting half; neither is empty.

    Hanley & McNeil 1982, "The meaning and use of the area under a receiver operating characteristic (ROC) curve".
    """
    return _figure(_auroc(right, wrong), len(right) + len(wrong))


def auroc_difference(
    first: tuple[Sequence[float], Sequence[float]], second: tuple[Sequence[float], Sequence[float]]
) -> Figure:
    """The AUROC of `second` - that of `first`, each (right, wrong), over the same questions in the same order."""
    before, after = _auroc(*first), _auroc(*second)
    return _figure(lambda counts: after(counts) - before(counts), len(first[0]) + len(first[1]))


def _auroc(right: Sequence[float], wrong: Sequence[float]) -> Statistic:
    above = np.subtract.outer(np.array(right, float), np.array(wrong, float))
    wins = (np.sign(above) + 1) / 2

    def auroc(counts: Array) -> Array:
        of_right, of_wrong = np.split(counts, [len(right)], axis=1)
        pairs = of_right.sum(axis=1) * of_wrong.sum(axis=1)
        return _divided(((of_right @ wins) * of_wrong).sum(axis=1), pairs, without=np.nan)

    return auroc


def risk_coverage(confidence: Sequence[float], wrong: Sequence[bool]) -> list[dict[str, float]]:
    """The curve that answering in the order of falling confidence draws, a point for each confidence there is.

    At a point all questions of at least `threshold` are answered: `coverage` is their share of all questions, `risk`
    the share of them that are wrong. El-Yaniv & Wiener 2010, "On the Foundations of Noise-free Selective
    Classification".
    """
    thresholds = np.unique(np.array(confidence, float))[::-1]
    answered = np.array(confidence, float) >= thresholds[:, None]
    count = answered.sum(axis=1)
    risks = answered @ np.array(wrong, float) / count
    return [
        {"coverage": float(coverage), "risk": float(risk), "threshold": float(threshold)}
        for coverage, risk, threshold in zip(count / len(confidence), risks, thresholds, strict=True)
    ]


def aurc_figure(confidence: Sequence[float], wrong: Sequence[bool]) -> Figure:
    """The area under the risk-coverage curve: the mean, over all questions, of the risk at the question's confidence.

    Geifman, Uziel & El-Yaniv 2019, "Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers". Less is better.
    """
    return _figure(_aurc(confidence, wrong), len(confidence))


def aurc_difference(
    first: tuple[Sequence[float], Sequence[bool]], second: tuple[Sequence[float], Sequence[bool]]
) -> Figure:
    """The AURC of `second` - that of `first`, each (confidence, wrong), over the same questions in the same order."""
    before, after = _aurc(*first), _aurc(*second)
    return _figure(lambda counts: after(counts) - before(counts), len(first[0]))


def _aurc(confidence: Sequence[float], wrong: Sequence[bool]) -> Statistic:
    answered = (np.array(confidence, float) >= np.array(confidence, float)[:, None]).astype(float)
    wrongly = answered * np.array(wrong, float)

    def aurc(counts: Array) -> Array:
        risks = _divided(counts @ wrongly.T, counts @ answered.T, without=0.0)
        return np.asarray((counts * risks).sum(axis=1) / len(confidence))

    return aurc


def _figure(statistic: Statistic, n: int) -> Figure:
    """A statistic of `n` questions with its 95 % percentile bootstrap interval (Efron & Tibshirani 1993, chapter 13).

    `statistic` maps how often each question was drawn, (resamples, n), to a value a resample; it is NaN for a resample
    on which it is not defined, and those are passed over. Where all questions have one value the interval has no width,
    which says nothing about the questions that were not asked.
    """
    low, high = np.nanpercentile(statistic(_resamples(n)), (2.5, 97.5))
    return {"mean": float(statistic(np.ones((1, n)))[0]), "low": float(low), "high": float(high), "n": n}


@functools.lru_cache(maxsize=4)  # the measures of one group of questions have the same few sizes
def _resamples(n: int) -> Array:
    """How often each of `n` questions is drawn in each resample with replacement, (RESAMPLES, n)."""
    drawn = np.random.default_rng(SEED).integers(n, size=(RESAMPLES, n)) + n * np.arange(RESAMPLES)[:, None]
    return np.bincount(drawn.ravel(), minlength=RESAMPLES * n).reshape(RESAMPLES, n).astype(float)


def _divided(dividend: Array, divisor: Array, without: float) -> Array:
    """The quotient, `without` where the divisor is 0."""
    return np.divide(dividend, divisor, out=np.full_like(dividend, without), where=divisor > 0)


def _ranking_scores(
    measures: Sequence[ir_measures.Measure], relevant: Iterable[str], ranking: Sequence[str]
) -> dict[str, float]:
    """The measures of one ranking, best first; a document counts where it first stands."""
    qrels = {"question": dict.fromkeys(relevant, 1)}
    run = {"question": {document: -float(rank) for rank, document in enumerate(dict.fromkeys(ranking))}}
    scores = ir_measures.calc_aggregate(measures, qrels, run)
    return {str(measure): float(scores[measure]) for measure in measures}


def _holds_any(texts: Iterable[str], *groups: Iterable[str]) -> bool:
    return any(holds_nugget(text, group) for text in texts for group in groups)


def _share(holds: Sequence[bool]) -> float:
    """The share of what is true; nothing at all has earned nothing."""
    return sum(holds) / len(holds) if holds else 0.0


def _overlap(first: str, second: str) -> int:
    return (Counter(words(first)) & Counter(words(second))).total()


def _confidence(question: Question, rows: Mapping[str, Row]) -> float:
    return float(rows[question.id]["confidence"]) if question.id in rows else float(not question.answerable)


def _misranked(question: Question, row: Row) -> list[str]:
    """The gold titles that are missing from the ranked papers, or below papers that are not gold."""
    ranking = list(dict.fromkeys(folded(title) for title in row["ranking"]))
    wrong = []
    for title in question.gold_titles:
        if folded(title) not in ranking:
            wrong.append(f"“{title}” is not among the {len(ranking)} papers found.")
        elif (rank := ranking.index(folded(title)) + 1) > len(question.gold_titles):
            wrong.append(f"“{title}” is at rank {rank}.")
    return wrong


def _missing_nuggets(question: Question, row: Row) -> list[str]:
    """The nuggets that no sentence holds, and whether they were lost in finding passages or in choosing sentences."""
    answer = [sentence["text"] for sentence in row["sentences"]]
    gold = {folded(title) for title in question.gold_titles}
    found = [passage["text"] for passage in row["passages"] if folded(passage["title"]) in gold]
    return [
        f"The answer lacks “{group[0]}”, which {'a' if _holds_any(found, group) else 'no'} passage found holds."
        for group in question.nuggets
        if not _holds_any(answer, group)
    ]


def _seconds(rows: Sequence[Row]) -> dict[str, float]:
    """Median, 95th percentile and total of the seconds that answers took."""
    taken = [sum(row["seconds"].values()) for row in rows if row.get("seconds")]
    if not taken:
        return {}
    median, p95 = np.percentile(taken, (50, 95))
    return {"median": float(median), "p95": float(p95), "total": float(sum(taken))}
