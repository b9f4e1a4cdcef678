"""Answers made of quotes: which sentences to show, with what confidence, and where each stands in its paper."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..models.weights import Weights, load_weights
from ..retrieval.corpus import Corpus
from ..retrieval.search import SearchResult, capped, search_terms
from ..text.readable import readable
from ..types import Citation, Paper, Sentence, Span

_READ_CHUNKS = 24  # sentences are chosen from this many of the best chunks; more cost time and add nothing measured

SENTENCE_FEATURES = (
    "dense", "dense_gap", "chunk_score", "paper_gap", "paper_rank", "coverage", "coverage_near", "best_of_paper",
    "number_wanted", "name_wanted", "has_number", "length", "first", "last", "address", "title", "title_wanted",
    "asked_held",
)  # fmt: skip
CONFIDENCE_FEATURES = (
    "sentence", "chunk", "paper", "coverage", "sentence_coverage", "unknown_terms", "margin", "spread",
    "asked_missing", "names_missing", "number_wanted",
)  # fmt: skip
READ_CONFIDENCE_FEATURES = ("answers", "answers_above", "stated", "stated_in_three", "stated_in_best")
"""Of the sentences that the packaged cross-encoder read: the best answer, and how far it is above the mean; how far
what is asked for is stated at the most, in the best three, and in the best answer."""

_ASKS_NUMBER = re.compile(
    r"\bhow (?:many|much|large|big|long|often|fast|far|well|few|high|low|small|strong|accurate|deep|old)\b"
    r"|\bwhat (?:\w+ ){0,3}(?:percent|percentage|share|fraction|number|accuracy|score|size|rate|amount|gain|"
    r"improvement|ratio|factor|speed|cost|figure|result|reduction|drop|margin)\b"
    r"|\bwhen\b|\bwhich year\b|\bby what\b|\bwhat fraction\b|%",
    re.IGNORECASE,
)
_ASKS_NAME = re.compile(
    r"\b(?:which|what|on what|name of|called) (?:\w+ ){0,3}"
    r"(?:data|dataset|datasets|benchmark|benchmarks|corpus|corpora|model|"
    r"models|llm|llms|method|methods|metric|metrics|task|tasks|language|languages|baseline|baselines|"
    r"algorithm|domain|domains)\b",
    re.IGNORECASE,
)
_ASKS_PAPER = re.compile(
    r"\b(?:which|what|any|whose) (?:\w+ ){0,2}"
    r"(?:paper|papers|work|works|study|studies|article|survey|research|"
    r"publication|authors?|project|effort|approach|method|system|framework|benchmark|dataset|scheme|technique)\b"
    r"|^who\b|\bwho (?:first )?\w+(?:ed|s)\b|\blooking for\b|\bis there\b|\bare there\b|\bfind (?:me )?",
    re.IGNORECASE,
)
_ASKED = re.compile(r"\b(?:how many|how much|which|what|whose)\s+((?:[\w@-]+\s+){0,3}[\w@-]+)", re.IGNORECASE)
_NUMBER = re.compile(r"\d")
_NAME = re.compile(r"\b(?:[A-Z][a-z]*[A-Z0-9]\w*|[A-Z]{2,}\w*|[A-Z][a-z]+-[A-Z0-9]\w*)")
_ADDRESS = re.compile(r"https?://|www\.|\bgithub\b|publicly available|is available at", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A sentence that may be quoted: its span in the paper, its readable text, and the row of its chunk in the hits."""

    row: int
    paper_key: int
    span: Span
    text: str
    is_title: bool = False


@dataclass(frozen=True, slots=True)
class Evidence:
    """The sentences of the best chunks, a row of `features` each with columns as `SENTENCE_FEATURES`.

    `confidence_features` are `CONFIDENCE_FEATURES`, and `READ_CONFIDENCE_FEATURES` after them where the packaged
    cross-encoder read some of the sentences; `read` is then what it adds to the logit of each, (sentences,).
    """

    candidates: list[Candidate]
    features: NDArray[np.float64]
    confidence_features: NDArray[np.float64]
    read: NDArray[np.float64] | None = None


class Confidence(NamedTuple):
    """A probability; whether the answer is the refusal, and whether it is to say that the papers may not answer."""

    value: float
    refuse: bool
    unsure: bool


def gather_evidence(corpus: Corpus, found: SearchResult) -> Evidence:
    """The sentences that an answer can be made of, and what speaks for each."""
    rows = capped(found, corpus.settings.retrieval.passages_per_paper)[:_READ_CHUNKS]
    texts = corpus.records.chunk_texts([found.candidates.keys[i] for i in rows])
    rows = [i for i in rows if found.candidates.keys[i] in texts]
    if not rows:
        return Evidence([], np.zeros((0, len(SENTENCE_FEATURES))), np.zeros(len(CONFIDENCE_FEATURES)))
    frequencies = corpus.records.document_frequencies(found.terms)
    idf = np.log1p(corpus.records.count()["papers"] / (np.array(frequencies, float) + 0.5))
    known = np.array(frequencies) > 0
    candidates: list[Candidate] = []
    dense: list[float] = []
    for row in rows:
        chunk, paper_key = found.candidates.chunk(row), found.candidates.paper_keys[row]
        text = texts[found.candidates.keys[row]]
        if not any(c.paper_key == paper_key for c in candidates):
            title = found.candidates.paper(paper_key).title
            candidates.append(Candidate(row, paper_key, Span(0, len(title)), readable(title), is_title=True))
            dense.append(float(found.features[row][2]))
        first, last = found.candidates.first_sentence[row : row + 2]
        similar = found.candidates.sentence_vectors[first:last] @ found.vector
        for (start, end), cosine in zip(chunk.sentences, similar, strict=True):
            sentence = readable(text[start - chunk.start : end - chunk.start])
            candidates.append(Candidate(row, paper_key, Span(start, end), sentence))
            dense.append(float(cosine))
    stems = [{word[:5] for word in search_terms(c.text)} for c in candidates]
    holds = np.array([[term[:5] in words for term in found.terms] for words in stems], float).reshape(
        len(candidates), -1
    )
    coverage = holds @ idf / max(float(idf.sum()), 1e-9)
    features = _sentence_features(found, candidates, np.array(dense), coverage)
    confidence = _confidence_features(found, candidates, rows, np.array(dense), coverage, holds, idf, known)
    return Evidence(candidates, features, confidence)


def confidence_in(evidence: Evidence, weights: Weights | None = None) -> Confidence:
    """The probability that the library answers the question at all, and whether that is enough."""
    weights = weights or load_weights()
    read = len(evidence.confidence_features) > len(CONFIDENCE_FEATURES)
    fitted = weights.read if read else weights
    if not evidence.candidates:
        return Confidence(0.0, refuse=True, unsure=True)
    value = float(fitted.confidence.probability(evidence.confidence_features[None])[0])
    return Confidence(value, value < fitted.refuse_below, value < fitted.unsure_below)


def sentence_scores(evidence: Evidence, weights: Weights | None = None) -> NDArray[np.float64]:
    """How far each sentence holds what is asked for, (sentences,): a logit, with what was read where some was."""
    logits = (weights or load_weights()).sentences.logit(evidence.features)
    return logits if evidence.read is None else logits + evidence.read


def choose_sentences(evidence: Evidence, question: str, most: int, weights: Weights | None = None) -> list[Candidate]:
    """The best `most` sentences, papers in the order of their best sentence, sentences in the order of the paper.

    A question for a paper is answered with its title first.
    """
    if not evidence.candidates:
        return []
    scores = sentence_scores(evidence, weights)
    order = np.argsort(-scores, kind="stable")
    chosen: list[int] = []
    seen: set[str] = set()
    if asks_for_paper(question):
        best = next(i for i in order if not evidence.candidates[i].is_title)
        chosen += [
            i
            for i, c in enumerate(evidence.candidates)
            if c.is_title and c.paper_key == evidence.candidates[best].paper_key
        ]
    for i in order:
        text = evidence.candidates[i].text.casefold()
        if len(chosen) < most and i not in chosen and text not in seen:
            chosen.append(int(i))
            seen.add(text)
    papers = list(dict.fromkeys(evidence.candidates[i].paper_key for i in chosen))
    picked = [evidence.candidates[i] for i in chosen]
    return sorted(picked, key=lambda c: (papers.index(c.paper_key), c.span.start))


def asks_for_paper(question: str) -> bool:
    """Whether the question is for a paper or its authors' work ("which paper ...?", "who showed ...?")."""
    return bool(_ASKS_PAPER.search(question))


def cite(corpus: Corpus, found: SearchResult, chosen: Sequence[Candidate]) -> tuple[list[Sentence], list[Citation]]:
    """The chosen sentences as quoted sentences with their citations; neighbours in a paper are quoted as one."""
    sentences: list[Sentence] = []
    citations: list[Citation] = []
    texts: dict[int, str] = {}
    for group in _neighbours(chosen):
        key = group[0].paper_key
        paper = found.candidates.paper(key)
        if key not in texts:
            texts[key] = corpus.records.paper(paper.id).text
        start, end = group[0].span.start, group[-1].span.end
        number = len(citations) + 1
        quote = texts[key][start:end]
        citations.append(citation_of(paper, number, Span(start, end), quote))
        sentences.append(Sentence(readable(quote), (number,), "quoted"))
    return sentences, citations


def citation_of(paper: Paper, number: int, span: Span, quote: str) -> Citation:
    """The citation of `quote`, which is a paper's text in `span`: page and section are those where it begins."""
    page, section = paper.page_at(span.start), paper.section_at(span.start)
    return Citation(
        number=number,
        title=paper.title,
        paper_id=paper.id,
        authors=paper.authors,
        year=paper.year,
        citekey=paper.citekey,
        page=page.number if page else None,
        page_label=page.label if page else None,
        section=section.title if section else None,
        start=span.start,
        end=span.end,
        quote=quote,
        source=paper.source,
        link=paper.zotero,
    )


def _neighbours(chosen: Sequence[Candidate]) -> list[list[Candidate]]:
    """Runs of sentences that follow each other in one chunk."""
    groups: list[list[Candidate]] = []
    for candidate in chosen:
        last = groups[-1][-1] if groups else None
        if (
            last
            and not last.is_title
            and last.paper_key == candidate.paper_key
            and last.row == candidate.row
            and 0 <= candidate.span.start - last.span.end <= 2
        ):
            groups[-1].append(candidate)
        else:
            groups.append([candidate])
    return groups


def _sentence_features(
    found: SearchResult, candidates: list[Candidate], dense: NDArray[np.float64], coverage: NDArray[np.float64]
) -> NDArray[np.float64]:
    count = len(candidates)
    keys = [c.paper_key for c in candidates]
    ranks = {key: rank for rank, key in enumerate(dict.fromkeys(keys))}
    scores = found.scores[[c.row for c in candidates]]
    best_score = {key: max(s for k, s in zip(keys, scores, strict=True) if k == key) for key in ranks}
    best_dense = {key: max(d for k, d in zip(keys, dense, strict=True) if k == key) for key in ranks}
    near = coverage.copy()
    for i in range(count):
        beside = [j for j in (i - 1, i + 1) if 0 <= j < count and keys[j] == keys[i]]
        near[i] = max((coverage[j] for j in beside), default=0.0)
    wants_number = float(bool(_ASKS_NUMBER.search(found.question)))
    wants_name = float(bool(_ASKS_NAME.search(found.question)))
    wants_paper = float(asks_for_paper(found.question))
    asked = asked_for(found.question)
    starts: dict[int, int] = {}
    ends: dict[int, int] = {}
    for c in candidates:
        if not c.is_title:
            starts[c.paper_key] = min(starts.get(c.paper_key, c.span.start), c.span.start)
            ends[c.paper_key] = max(ends.get(c.paper_key, 0), c.span.end)
    rows = []
    for i, c in enumerate(candidates):
        has_number = float(bool(_NUMBER.search(c.text)))
        rows.append(
            (
                dense[i],
                dense[i] - dense.max(),
                scores[i] - scores.max(),
                best_score[keys[i]] - scores.max(),
                1.0 / (1 + ranks[keys[i]]),
                coverage[i],
                near[i],
                float(dense[i] >= best_dense[keys[i]]),
                wants_number * has_number,
                wants_name * min(len(_NAME.findall(c.text)), 4),
                has_number,
                min(len(c.text), 400) / 400,
                float(c.span.start == starts.get(c.paper_key)),
                float(c.span.end == ends.get(c.paper_key)),
                float(bool(_ADDRESS.search(c.text))),
                float(c.is_title),
                float(c.is_title) * wants_paper,
                1.0 - _missing(asked, [c.text]) if asked else 0.0,
            )
        )
    return np.array(rows, float)


def _confidence_features(
    found: SearchResult,
    candidates: list[Candidate],
    rows: list[int],
    dense: NDArray[np.float64],
    coverage: NDArray[np.float64],
    holds: NDArray[np.float64],
    idf: NDArray[np.float64],
    known: NDArray[np.bool_],
) -> NDArray[np.float64]:
    by_paper: dict[int, NDArray[np.float64]] = {}
    for candidate, held in zip(candidates, holds, strict=True):
        by_paper[candidate.paper_key] = np.maximum(by_paper.get(candidate.paper_key, held), held)
    total = max(float(idf.sum()), 1e-9)
    top = found.features[rows]
    best_by_paper: dict[int, float] = {}
    for row in rows:
        best_by_paper.setdefault(found.candidates.paper_keys[row], float(found.scores[row]))
    ranked = sorted(best_by_paper.values(), reverse=True)
    best = max(best_by_paper, key=lambda key: best_by_paper[key])
    best_sentences = [candidate.text for candidate in candidates if candidate.paper_key == best]
    return np.array(
        [
            dense.max(),
            top[:, 0].max(),
            top[:, 2].max(),
            max(float(held @ idf) / total for held in by_paper.values()),
            coverage.max(),
            1.0 - float(idf[known].sum()) / total if len(known) else 1.0,
            ranked[0] - ranked[1] if len(ranked) > 1 else 0.0,
            ranked[0] - float(np.mean(ranked)),
            _missing(asked_for(found.question), best_sentences),
            _missing(_names(found.question), best_sentences),
            float(bool(_ASKS_NUMBER.search(found.question))),
        ],
        float,
    )


def asked_for(question: str) -> list[str]:
    """The words that name what is asked for: of "which learning rate was used", learning and rate."""
    words: list[str] = []
    for match in _ASKED.finditer(question):
        for word in match[1].split():
            terms = search_terms(word)
            if not terms:
                break
            words += terms
    return words


def _names(question: str) -> list[str]:
    """The names in a question, such as GPT-4 or HotpotQA, as search terms."""
    return [term for name in _NAME.findall(question) for term in search_terms(name)]


def _missing(terms: Sequence[str], sentences: Sequence[str]) -> float:
    """The share of `terms` that no sentence holds."""
    if not terms:
        return 0.0
    stems = {word[:5] for sentence in sentences for word in search_terms(sentence)}
    return sum(term[:5] not in stems for term in terms) / len(terms)
