"""A question to passages: nearest vectors and BM25, both scored for every candidate, and what sections tell, summed."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .. import arguments
from ..errors import EmptyLibrary, QuestionError
from ..filters import Filters
from ..models.protocols import Vectors
from ..models.weights import Weights, load_weights
from ..store.papers import Candidates
from ..types import Passage
from .corpus import Corpus

MAX_QUESTION = 2000  # characters; the embedder reads 256 tokens, about 1,200 characters, of it

# Words that say nothing about what is asked for: function words, and the furniture of questions about papers.
STOP_WORDS = frozenset(
    "a about above after again against all also am an and any are as at be because been before being below between "
    "both but by can could did do does doing done down during each either else ever few for from further had has "
    "have having he her here hers him his how however i if in into is it its itself just let like ll may me might "
    "more most much must my no nor not now of off on once one only or other our out over own per please quite "
    "rather re s same say says she should show shows so some such t tell than that the their them then there these "
    "they this those through to too under until up upon us use used uses using ve very via was way we were what "
    "when where whether which while who whom whose why will with within without would you your paper papers study "
    "studies work works article articles author authors research researchers find found propose proposed proposes "
    "present presents introduce introduces remember looking know something someone call called kind sort thing things "
    "ask get got make made take want need give given first new even still yet actually really simply instead".split()
)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What a question brought up: the candidate chunks best first, and the features that ranked them.

    `order` are row numbers of `candidates`, best first, without other versions of papers that rank higher. `features`
    has a row a candidate, columns as `FEATURES`, before z-scores; `scores` a value a candidate. `vector` is the
    question's, (dimensions,). `in_scope` is how many papers the filters leave, None without filters. `read` is what a
    cross-encoder said of the rows that it read.
    """

    question: str
    terms: tuple[str, ...]
    vector: Vectors
    candidates: Candidates
    features: NDArray[np.float64]
    scores: NDArray[np.float64]
    order: list[int]
    in_scope: int | None = None
    read: Mapping[int, float] = field(default_factory=dict)


SIMILARITIES = ("chunk", "sentence", "paper", "words", "paper_words")
"""Cosine of the chunk, of its best sentence and of the whole paper; BM25 of the chunk and of the whole paper."""

_SECTION_KINDS = {
    kind: re.compile(rf"\b(?:{words})\b", re.I)
    for kind, words in {
        "introduction": r"introduction|motivation",
        "related": r"related|background|previous|prior work|literature",
        "conclusion": r"conclusions?|concluding|future (?:work|directions)",
        "experiments": r"experiment(?:s|al)?|results?|evaluat(?:ion|ing)|analysis|data(?: ?sets?)?|corp(?:us|ora)|"
        r"annotation|collection|baselines?|metrics?|settings?|set-?up|implementation|training|hyper-?parameters?",
    }.items()
}
SECTION_FEATURES = (*_SECTION_KINDS, "title_words", "short")
"""The kind of the chunk's section by its title (1 for the first that fits), the share of the question's words that
stand in the title, and by how much the chunk falls short of `_FULL` characters; all 0 outside titled running text."""

FEATURES = (*SIMILARITIES, *SECTION_FEATURES)
_FULL = 600


def search_terms(question: str) -> tuple[str, ...]:
    """The words of a question that are searched for, each once, without stop words."""
    words = re.findall(r"[^\W_]+", question.casefold())
    return tuple(dict.fromkeys(word for word in words if word not in STOP_WORDS))


def check_question(question: str) -> str:
    """The question without white space around it.

    Raises:
        QuestionError: it is empty or over `MAX_QUESTION` characters long.
    """
    if not isinstance(question, str):
        raise QuestionError(f"A question is a text, not {question!r}.")
    question = arguments.text("question", question)
    if not any(character.isalnum() for character in question):
        raise QuestionError("The question is empty. Ask in a sentence or a few keywords.")
    if len(question) > MAX_QUESTION:
        raise QuestionError(
            f"The question has {len(question):,} characters; at most {MAX_QUESTION:,} are read. Ask for less."
        )
    return question


def search(
    corpus: Corpus,
    question: str,
    *,
    filters: Filters | None = None,
    top_k: int = 0,
    weights: Weights | None = None,
) -> SearchResult:
    """The chunks that may answer a question, scored; see `top_passages` for the best of them.

    Raises:
        QuestionError, EmptyLibrary, UnknownPaper, AmbiguousPaper, LibraryMismatch.
    """
    question = check_question(question)
    records = corpus.records
    if not records.count()["papers"]:
        raise EmptyLibrary(f"The library {corpus.folder.name!r} holds no papers. Add some: `footnote add PATH`.")
    papers = records.papers_matching(filters or Filters())
    most = max(corpus.settings.retrieval.candidates, top_k)
    terms = search_terms(question)
    vector = corpus.embedder.encode_question(question)
    words = records.word_scores(terms, most * 5, papers)
    paper_words = records.paper_word_scores(terms, most * 5, papers)
    keys = dict.fromkeys([*corpus.index.nearest(vector, most, papers), *list(words)[:most]])
    candidates = records.candidates(sorted(keys))
    corpus.check_settings()  # the vectors of another model could not be compared
    similarities = _similarities(candidates, vector, words, paper_words)
    features = np.hstack([similarities, section_features(candidates, terms)])
    scores = fused(features, (weights or load_weights()).fusion)
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], candidates.keys[i]))
    if not (filters and filters.papers):
        order = _one_version_each(order, candidates.paper_keys, records.works(candidates.paper_keys))
    return SearchResult(
        question, terms, vector, candidates, features, scores, order, None if papers is None else len(papers)
    )


def top_passages(corpus: Corpus, found: SearchResult, top_k: int) -> list[Passage]:
    """The best `top_k` passages, best first, no more than a few of one paper (`[retrieval] passages_per_paper`)."""
    rows = capped(found, corpus.settings.retrieval.passages_per_paper)[:top_k]
    texts = corpus.records.chunk_texts([found.candidates.keys[i] for i in rows])
    return [_passage(found, i, texts[found.candidates.keys[i]]) for i in rows if found.candidates.keys[i] in texts]


def capped(found: SearchResult, per_paper: int) -> list[int]:
    """The rows of the candidates in rank order, at most `per_paper` of one paper."""
    taken: dict[int, int] = {}
    rows = []
    for row in found.order:
        paper = found.candidates.paper_keys[row]
        taken[paper] = taken.get(paper, 0) + 1
        if taken[paper] <= per_paper:
            rows.append(row)
    return rows


def _one_version_each(order: list[int], papers: list[int], works: dict[int, int]) -> list[int]:
    """The rows without those of papers of which another version, a preprint or the published one, ranks higher."""
    first: dict[int, int] = {}  # of each work the paper that ranks highest
    return [row for row in order if first.setdefault(works[papers[row]], papers[row]) == papers[row]]


def z_scores(features: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each column with mean 0 and deviation 1 over the candidates; a column without spread is 0."""
    if not len(features):
        return features
    spread = features.std(axis=0)
    return np.asarray((features - features.mean(axis=0)) / np.where(spread > 1e-9, spread, 1.0))


def fused(features: NDArray[np.float64], fusion: Mapping[str, float]) -> NDArray[np.float64]:
    """The weighted sum of each row: of the similarities' z-scores, and of the section's features as they are.

    The latter stand for the same in every corpus, and a chunk without section neither gains nor loses by them.
    """
    weights, similarities = np.array([fusion[name] for name in FEATURES]), len(SIMILARITIES)
    told = features[:, similarities:] @ weights[similarities:]
    return np.asarray(z_scores(features[:, :similarities]) @ weights[:similarities] + told)


def section_features(candidates: Candidates, terms: Sequence[str]) -> NDArray[np.float64]:
    """What the section of each candidate tells, (rows, `SECTION_FEATURES`); `terms` are the question's."""
    stems = {term[:5] for term in terms}
    features = np.zeros((len(candidates), len(SECTION_FEATURES)))
    for row in range(len(candidates)):
        if title := candidates.body_section(row):
            kind = section_kind(title)
            held = stems & _stems(title)
            features[row] = [
                *(kind == each for each in _SECTION_KINDS),
                len(held) / max(len(stems), 1),
                max(0.0, 1.0 - candidates.length(row) / _FULL),
            ]
    return features


@functools.lru_cache(4096)
def _stems(title: str) -> frozenset[str]:
    return frozenset(word[:5] for word in search_terms(title))


@functools.lru_cache(4096)
def section_kind(title: str) -> str | None:
    """The kind of a section by its title: `4.1 Training data` is experiments, `Our Model` none."""
    return next((kind for kind, words in _SECTION_KINDS.items() if words.search(title)), None)


def _similarities(
    candidates: Candidates, vector: Vectors, words: dict[int, float], paper_words: dict[int, float]
) -> NDArray[np.float64]:
    if not len(candidates):
        return np.zeros((0, len(SIMILARITIES)))
    sentences = np.append(candidates.sentence_vectors @ vector, -1.0)
    return np.column_stack(
        [
            candidates.vectors @ vector,
            np.maximum.reduceat(sentences, candidates.first_sentence[:-1]),
            candidates.paper_vectors @ vector,
            [words.get(key, 0.0) for key in candidates.keys],
            [paper_words.get(paper, 0.0) for paper in candidates.paper_keys],
        ]
    ).astype(np.float64)


def _passage(found: SearchResult, row: int, text: str) -> Passage:
    chunk, paper = found.candidates.chunk(row), found.candidates.paper(found.candidates.paper_keys[row])
    scores = dict(zip(SIMILARITIES, found.features[row].round(4).tolist(), strict=False))
    if row in found.read:
        scores["read"] = round(found.read[row], 4)
    return Passage(
        title=paper.title,
        paper_id=paper.id,
        page=chunk.page,
        section=chunk.section,
        text=text,
        score=float(found.scores[row]),
        start=chunk.start,
        end=chunk.end,
        page_label=chunk.page_label,
        authors=paper.authors,
        year=paper.year,
        source=paper.source,
        scores=scores,
    )
