"""Make the training data of the cross-encoder: questions with passages, some of whose sentences answer.

The data is the training parts of QASPER, SciFact and PubMedQA, with headings of papers as keyword questions. A group
has passages that answer and similar passages that do not. From the parts held out for reporting, only the ids
of abstracts are read, to leave those abstracts out.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from rag.ingest.sentences import split_sentences
from rag.retrieval.features import section_kind
from rag.retrieval.terms import STOP_WORDS
from rag.text.readable import readable

from ..collections.qasper_papers import PaperQuestion, QasperPaper, read_qasper
from ..files import read_json_lines
from ..runs import shown
from .neighbours import Neighbours

HELD_PAPERS = 120  # QASPER's first papers, held out of training so that weights can be fitted on them
NEGATIVES = 4  # passages of a group that do not answer
_NEAR = 12  # nearest passages from which negatives are drawn
_WORDS = 110  # of a passage; a few are longer
_LONG_WORDS = 170
_LONG_SHARE = 0.2
_LEAST_OVERLAP = 0.3  # of an answer's words with a sentence, for the sentence to count as answering
_ALSO = 0.6  # of the best sentence's overlap, above which another sentence also answers
_SUMMARIES = ("introduction", "conclusion")


class Passage(NamedTuple):
    """Sentences of a paper with its title and section; `right` tells which of them answer."""

    title: str
    section: str
    sentences: tuple[str, ...]
    right: tuple[bool, ...] = ()

    @property
    def text(self) -> str:
        return " ".join(self.sentences)


class Group(NamedTuple):
    """A question and passages, the first `answering` of which answer it; `marked` tells whether `right` is known."""

    source: str
    question: str
    passages: tuple[Passage, ...]
    answering: int
    marked: bool


def read_groups(folder: Path, papers: int | None = None) -> list[Group]:
    """Make the groups from the collections in `folder`; `papers` limits the papers of each, for trials."""
    rng = random.Random(0)
    qasper = read_qasper(folder / "qasper_train")[:papers]
    claims = read_json_lines(folder / "scifact" / "claim_pairs_train.jsonl")[: papers and papers * 2]
    medical = [row for row in read_json_lines(folder / "pubmedqa" / "pqa_labeled.jsonl") if row["split"] != "test"]
    groups = [*_of_qasper(qasper, rng), *_of_abstracts(folder, claims, medical[:papers], rng)]
    return [group for group in groups if len(group.passages) > 1]


# QASPER


def _of_qasper(papers: Sequence[QasperPaper], rng: random.Random) -> Iterator[Group]:
    for paper in shown(papers, "papers of QASPER"):
        passages = [cut for each in paper.paragraphs for cut in _cut(paper.title, each.section, each.text, rng)]
        near = Neighbours([f"{each.section} {each.text}" for each in passages])
        for asked in paper.questions:
            yield from _asked(paper, asked, passages, near, rng)
        yield from _by_heading(paper, passages, near, rng)


def _asked(
    paper: QasperPaper, asked: PaperQuestion, passages: list[Passage], near: Neighbours, rng: random.Random
) -> Iterator[Group]:
    """Yield a question with the passages of its evidence and their marked sentences, or with none."""
    if asked.answerability == "unanswerable":
        drawn = [passages[i] for i in near.nearest(asked.question, NEGATIVES + 1)]
        yield Group("unanswerable", asked.question, tuple(drawn), 0, True)
        return
    if not asked.evidence:
        return
    answers = [each.answer for each in asked.annotations if each.type != "unanswerable"]
    judge = Judge(asked.question, answers)
    evidence = " ".join(each.text for each in paper.paragraphs if each.id in asked.evidence)
    inside = [i for i, each in enumerate(passages) if each.sentences[0] in evidence and each.text in evidence]
    answer = iter(judge.right([sentence for i in inside for sentence in passages[i].sentences]))
    marked = [passages[i]._replace(right=tuple(next(answer) for _ in passages[i].sentences)) for i in inside]
    right = [each for each in marked if any(each.right)]
    if not right:
        return
    rng.shuffle(right)
    allowed = [
        i
        for i, each in enumerate(passages)
        if i not in inside and each.section != "Abstract" and not _repeats(each, judge)
    ]
    others = _drawn(near, asked.question, allowed, NEGATIVES + 1 - len(right[:2]), rng)
    yield Group("qasper", asked.question, (*right[:2], *(passages[i] for i in others)), len(right[:2]), True)


def _repeats(passage: Passage, judge: Judge) -> bool:
    """Return whether a passage is a summary that may also answer; QASPER rarely takes evidence from summaries."""
    return section_kind(passage.section) in _SUMMARIES and judge.overlap(passage.text) >= _LEAST_OVERLAP


def _by_heading(paper: QasperPaper, passages: list[Passage], near: Neighbours, rng: random.Random) -> Iterator[Group]:
    """Yield a heading as a keyword question, with a passage under it, whose heading is removed."""
    names = {each.section.rpartition(":::")[2].strip() for each in passages}
    wanted = sorted(name for name in names if len(_stems(name)) >= 2 and section_kind(name) is None)
    if not wanted:
        return
    name = rng.choice(wanted)
    inside = [i for i, each in enumerate(passages) if each.section.rpartition(":::")[2].strip() == name]
    outside = [i for i, each in enumerate(passages) if i not in inside and each.section != "Abstract"]
    others = _drawn(near, name, outside, NEGATIVES, rng)
    one = passages[rng.choice(inside)]._replace(section="")
    yield Group("heading", name.lower(), (one, *(passages[i]._replace(section="") for i in others)), 1, False)


# Abstracts


def _of_abstracts(
    folder: Path, claims: Sequence[dict[str, Any]], medical: Sequence[dict[str, Any]], rng: random.Random
) -> Iterator[Group]:
    """Yield claims with abstracts that support or contradict them, and medical questions with their abstracts."""
    judged = {line.split("\t")[1] for line in (folder / "scifact" / "qrels" / "test.tsv").read_text().splitlines()[1:]}
    corpus = [row for row in read_json_lines(folder / "scifact" / "corpus.jsonl") if row["_id"] not in judged]
    texts = [(row["title"], row["text"]) for row in corpus]
    texts += [("", " ".join([*row["contexts"], row["long_answer"]])) for row in medical]
    place = {row["_id"]: i for i, row in enumerate(corpus)}
    near = Neighbours([f"{title} {text}" for title, text in texts])
    cited: dict[int, set[int]] = {}
    for pair in claims:
        cited.setdefault(pair["claim_id"], set()).update([place[pair["doc_id"]]] if pair["doc_id"] in place else [])

    def others(question: str, without: set[int]) -> list[Passage]:
        allowed = [i for i in near.nearest(question, _NEAR + len(without)) if i not in without]
        drawn = rng.sample(allowed, min(NEGATIVES, len(allowed)))
        return [rng.choice(_cut(*_as_section(texts[i]), rng)) for i in drawn]

    for pair in shown(claims, "claims"):
        if pair["doc_id"] not in place:
            continue
        own, evidence = texts[place[pair["doc_id"]]], {each.strip() for each in pair["evidence_sentences"]}
        parts = [_marked(each, evidence) for each in _cut(*_as_section(own), rng)]
        right = [each for each in parts if any(each.right)][:2]
        if right:
            rest = others(pair["claim"], cited[pair["claim_id"]])
            yield Group("claims", pair["claim"], (*right, *rest), len(right), True)
        elif not evidence:
            yield Group("claims unstated", pair["claim"], tuple(parts[:2]), 0, True)
    for number, row in enumerate(shown(medical, "questions of PubMedQA")):
        own = texts[len(corpus) + number]
        passage = _cut(*_as_section(own), rng)[-1]  # with the conclusion; its sentences are not marked, or
        # anything that reads like a conclusion would seem to answer
        yield Group("medical", row["question"], (passage, *others(row["question"], {len(corpus) + number})), 1, False)


def _as_section(text: tuple[str, str]) -> tuple[str, str, str]:
    return text[0], "", text[1]


def _marked(passage: Passage, evidence: set[str]) -> Passage:
    keys = {_key(each) for each in evidence}
    return passage._replace(right=tuple(_key(each) in keys for each in passage.sentences))


def _key(sentence: str) -> str:
    return "".join(filter(str.isalnum, sentence))[:60]


# Passages and their sentences


def _cut(title: str, section: str, text: str, rng: random.Random) -> list[Passage]:
    """Split a text into pieces of whole sentences with about `_WORDS` words."""
    sentences = [readable(text[start:end]) for start, end in split_sentences(text)]
    most = _LONG_WORDS if rng.random() < _LONG_SHARE else _WORDS
    pieces: list[list[str]] = [[]]
    count = 0
    for sentence in sentences:
        words = len(sentence.split())
        if pieces[-1] and count + words > most:
            pieces.append([])
            count = 0
        pieces[-1].append(sentence)
        count += words
    section = section.replace(" ::: ", ": ")
    return [Passage(title, section, tuple(piece), (False,) * len(piece)) for piece in pieces if piece]


def _drawn(near: Neighbours, question: str, allowed: Sequence[int], count: int, rng: random.Random) -> list[int]:
    """Return negative passages: most of them near the question, one random."""
    known = set(allowed)
    close = [i for i in near.nearest(question, _NEAR + len(near) - len(allowed)) if i in known][:_NEAR]
    drawn = rng.sample(close, min(count - 1, len(close)))
    rest = sorted(known - set(drawn))
    return drawn + rng.sample(rest, min(count - len(drawn), len(rest)))


class Judge:
    """Judges which evidence sentences answer, by their overlap with the answers."""

    def __init__(self, question: str, answers: Sequence[str]) -> None:
        # Sentences do not contain "yes", so for such answers the words of the question count.
        plain = all(answer.casefold().strip(".") in ("yes", "no") for answer in answers)
        self._wanted = [_stems(question)] if plain else [_stems(answer) for answer in answers]

    def overlap(self, text: str) -> float:
        """Return the largest share of an answer's words that the text contains."""
        stems = _stems(text)
        return max((len(each & stems) / max(len(each), 1) for each in self._wanted), default=0.0)

    def right(self, sentences: Sequence[str]) -> list[bool]:
        """Return whether each sentence has about as much overlap as the best one; none if the best has too little."""
        overlaps = [self.overlap(sentence) for sentence in sentences]
        best = max(overlaps, default=0.0)
        return [best >= _LEAST_OVERLAP and overlap >= _ALSO * best for overlap in overlaps]


def _stems(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"\w+", text.casefold()) if word not in STOP_WORDS}
