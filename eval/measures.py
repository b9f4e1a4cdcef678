"""Score the answer to one question.

The input is a question and its row of answers.jsonl. Which measures apply depends only on the question, never on the
answer: a refusal or a missing result gets the worst score instead of being left out, so that two reports on the same
question set can be compared question by question.
"""

import functools
import re
import string
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import ir_measures
from ir_measures import RR, R, Success, nDCG

from rag.answering.checks.support import is_quoted, support
from rag.config import Embedding
from rag.models.embedder import load_embedder
from rag.models.protocols import Embedder
from rag.text.readable import folded, readable
from rag.types import UNSURE

from .questions import Question, holds_nugget

Row = Mapping[str, Any]

LOWER_IS_BETTER = frozenset({"falsely refused", "falsely doubted", "AURC", "DOIs of others", "years of others"})

_BY_PAPER = (RR, Success @ 1, Success @ 5, R @ 5, nDCG @ 10)
_BY_PASSAGE = (RR, nDCG @ 10, R @ 10)


def score_question(question: Question, row: Row) -> dict[str, float]:
    """Return the measures that apply to a question, each in [0, 1]; `row` is empty if there is no result.

    With gold titles:
        RR, Success@1, Success@5, R@5, nDCG@10: of the ranked papers; titles are compared folded.
        falsely refused: 1 for a refusal or a missing result; lower is better.
        citation precision, citation recall: share of the cited titles that are gold; of the gold titles that are cited.
        support recall, support precision: see `support_recall`, `support_precision`.
        K-precision: see `k_precision`; the warning that the papers may not answer counts as a sentence.
    With nuggets, also:
        passage RR, passage nDCG@10, passage R@10: of the ranked passages, see `rank_passages`.
        nugget recall: share of the nugget groups found in a sentence of the answer.
        nugget precision: share of the answer's cited sentences that contain a nugget.
    With a reference answer, also:
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
        found = [holds_any([s["text"] for s in sentences], group) for group in question.nuggets]
        cited_sentences = [s["text"] for s in sentences if s["citations"]]
        scores["nugget recall"] = _share(found)
        scores["nugget precision"] = _share([holds_any([text], *question.nuggets) for text in cited_sentences])
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


def is_wrong(scores: Mapping[str, float]) -> bool:
    """Return whether answering was a mistake: no paper answers the question, or the answer lacks a nugget.

    Without nuggets, all gold titles must be cited instead.
    """
    if "refused rightly" in scores:
        return True
    return scores.get("nugget recall", scores["citation recall"]) < 1


def answered_right(scores: Mapping[str, float]) -> bool:
    """Return whether an answerable question was answered with all nuggets; without nuggets, its paper ranked first."""
    complete = scores["nugget recall" if "nugget recall" in scores else "Success@1"]
    return complete == 1 and not scores["falsely refused"]


def rank_passages(question: Question, row: Row) -> dict[str, float]:
    """Return RR, nDCG@10 and R@10 of `row["passages"]`; passages of a gold title that contain a nugget are relevant.

    The row has only the passages that the answer returned (`[retrieval] top_k`, by default ten), so R@10 is relative to
    these. A gold paper without a relevant passage in the row counts as one relevant passage not found, so that a miss
    lowers R@10 and nDCG@10.
    """
    passages = row.get("passages", [])
    gold = {folded(title) for title in question.gold_titles}
    relevant = {
        str(rank): folded(passage["title"])
        for rank, passage in enumerate(passages)
        if folded(passage["title"]) in gold and holds_any([passage["text"]], *question.nuggets)
    }
    not_found = [f"{title} (not found)" for title in gold - set(relevant.values())]
    return _ranking_scores(_BY_PASSAGE, [*relevant, *not_found], [str(rank) for rank in range(len(passages))])


def _ranking_scores(
    measures: Sequence[ir_measures.Measure], relevant: Iterable[str], ranking: Sequence[str]
) -> dict[str, float]:
    """Return the measures of one ranking, best first; only the first occurrence of a document counts."""
    qrels = {"question": dict.fromkeys(relevant, 1)}
    run = {"question": {document: -float(rank) for rank, document in enumerate(dict.fromkeys(ranking))}}
    scores = ir_measures.calc_aggregate(measures, qrels, run)
    return {str(measure): float(scores[measure]) for measure in measures}


def holds_any(texts: Iterable[str], *groups: Iterable[str]) -> bool:
    """Return whether one of the texts contains a nugget of one of the groups."""
    return any(holds_nugget(text, group) for text in texts for group in groups)


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 0.0


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, without ASCII punctuation and articles.

    The normalisation of SQuAD's evaluation script (Rajpurkar et al. 2016, "SQuAD: 100,000+ Questions for Machine
    Comprehension of Text").
    """
    plain = text.lower().translate(str.maketrans("", "", string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", plain).split()


def token_f1(answer: str, reference: str) -> float:
    """Return the token F1 of an answer, the harmonic mean of precision and recall (Rajpurkar et al. 2016)."""
    both = _overlap(answer, reference)
    return 2 * both / (len(words(answer)) + len(words(reference))) if both else 0.0


def token_recall(answer: str, reference: str) -> float:
    """Return the share of the reference's words that the answer contains, with multiplicity.

    Adlakha et al. 2023, "Evaluating Correctness and Faithfulness of Instruction-Following Models for Question
    Answering".
    """
    return _overlap(answer, reference) / len(words(reference))


def k_precision(answer: str, quotes: Iterable[str]) -> float:
    """Return the share of the answer's words that the quotes contain, with multiplicity; 0 for an answer without words.

    Adlakha et al. 2023, as for `token_recall`. Quotes are verbatim, so they are made readable first, like the answer.
    """
    count = len(words(answer))
    return _overlap(answer, " ".join(map(readable, quotes))) / count if count else 0.0


def _overlap(first: str, second: str) -> int:
    return (Counter(words(first)) & Counter(words(second))).total()


def support_recall(row: Row) -> float:
    """Return the share of the answer's sentences that the quotes of all their citations support.

    Gao et al. 2023, "Enabling Large Language Models to Generate Text with Citations". The judge is always
    `rag.answering.checks.support` with the packaged model, not the row's own value, so that reports can be compared.
    """
    return _share([is_supported(text, quotes) for text, quotes in cited_texts(row)])


def support_precision(row: Row) -> float:
    """Return the share of citations whose quote supports the sentence alone, or without which support is lost.

    Gao et al. 2023, as for `support_recall`. A citation counts once for each of its sentences.
    """
    return _share([_is_needed(i, text, quotes) for text, quotes in cited_texts(row) for i in range(len(quotes))])


def cited_texts(row: Row) -> list[tuple[str, tuple[str, ...]]]:
    """Return the answer's sentences with their citations' quotes, without the warning that papers may not answer."""
    quotes = {citation["number"]: citation["quote"] for citation in row.get("citations", [])}
    sentences = [sentence for sentence in row.get("sentences", []) if sentence["text"] != UNSURE]
    return [(sentence["text"], tuple(quotes[number] for number in sentence["citations"])) for sentence in sentences]


@functools.lru_cache(maxsize=1 << 12)
def is_supported(text: str, quotes: tuple[str, ...]) -> bool:
    """Return whether a sentence is quoted from the quotes or supported by them."""
    return is_quoted(text, quotes) or support(text, quotes, _embedder()).label == "supported"


def _is_needed(i: int, text: str, quotes: tuple[str, ...]) -> bool:
    if is_supported(text, quotes[i : i + 1]):
        return True
    return is_supported(text, quotes) and not is_supported(text, quotes[:i] + quotes[i + 1 :])


@functools.cache
def _embedder() -> Embedder:
    return load_embedder(Embedding())
