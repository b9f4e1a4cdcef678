"""Make the training data of the cross-encoder: questions with texts that answer, and with texts that only look like it.

The data are the training parts of QASPER, SciFact and PubMedQA, and the text of their papers (eval/train/synthetic.py).
A group is what the program finds for a question, drawn evenly from all of it and with the program's own score of each
text, which the cross-encoder has to improve on: from the nearest texts alone it learns that what is near is wrong.
Of the parts kept for reporting only the ids of their abstracts are read, and these abstracts are left out.
"""

import itertools
import random
import re
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from rag.answering.evidence import gather_evidence
from rag.assistant import Assistant
from rag.filters import Filters
from rag.library import Library
from rag.models.weights import load_weights
from rag.retrieval.features import section_kind
from rag.retrieval.search import search
from rag.retrieval.terms import STOP_WORDS
from rag.text.readable import readable

from ..collections.qasper_papers import QasperPaper, read_qasper
from ..files import read_json_lines, write_json_lines
from ..measures import token_f1
from ..runs import add_papers, shown
from .data import PASSAGES, Data, Group, Pair, Text, negated, opening, sentences_of
from .synthetic import MadeUp, with_title

NEGATIVES = 7  # the most texts of a group that do not answer
_PASSAGE_NEGATIVES = 3
_OWN_NEGATIVES = 4  # from the abstract that answers, in collections of abstracts
_DRAWN_FROM = 30  # best sentences, about as many as are reranked for an answer
_PASSAGES = 24
_SAME = 0.7  # token F1 from which a sentence found is the one that a collection names
_LEAST_OVERLAP = 0.3  # of an answer's words with the sentence that is taken to answer
_REPEATED = 0.6  # a sentence outside the evidence with this overlap repeats the answer


class _FoundText(NamedTuple):
    """A text found for a question, and its span in its paper (by id)."""

    paper: str
    text: Text
    start: int
    end: int


class _Found(NamedTuple):
    """The sentences and passages found for a question, best first."""

    sentences: list[_FoundText]
    passages: list[_FoundText]


def read_data(folder: Path, work: Path, papers: int | None = None) -> Data:
    """Make the training data from the collections in `folder`; `work` keeps the library that negatives come from.

    `papers` limits each collection to its first papers, for trials.
    """
    qasper = read_qasper(folder / "qasper_train")[:papers]
    claims = read_json_lines(folder / "scifact" / "claim_pairs_train.jsonl")[: papers and papers * 2]
    medical = [row for row in read_json_lines(folder / "pubmedqa" / "pqa_labeled.jsonl") if row["split"] != "test"]
    medical = medical[:papers]
    corpus = _abstracts(folder / "scifact", {pair["doc_id"] for pair in claims})[: papers and papers * 4]
    work.mkdir(parents=True, exist_ok=True)
    write_json_lines(work / "papers.jsonl", _papers(qasper, corpus, medical))
    more = {"retrieval": {"passages_per_paper": _PASSAGES}}  # most questions are about one paper
    with Assistant.open(library=work / "library", mode="quote", overrides=more) as assistant:
        add_papers(assistant, [work / "papers.jsonl"])
        asked = _Questions(assistant.library, random.Random(0))
        made_up = MadeUp(assistant.library, random.Random(1))
        known = {row["_id"] for row in corpus}
        read = [*asked.of_qasper(qasper), *asked.of_claims(claims), *asked.of_medical(medical), *made_up.clozes()]
        groups = [group for group in read if len(group.texts) > 1 and (group.answers or group.source != PASSAGES)]
        pairs = [*_claim_pairs(claims, known), *made_up.changed_sentences()]
    return Data(groups, pairs)


class _Questions:
    """Makes groups from the questions and claims of the collections; negatives come from the library."""

    def __init__(self, library: Library, rng: random.Random) -> None:
        self._library, self._random = library, rng
        self._ids = {paper.citekey: paper.id for paper in library.papers()}

    def of_qasper(self, papers: Sequence[QasperPaper]) -> Iterator[Group]:
        """Yield questions on a known paper, with and without words of its title; evidence is a sentence or a passage.

        Of questions that no annotator could answer, no text found answers.
        """
        summaries = _openings_of_summaries(papers)
        for paper in shown(papers, "papers of QASPER"):
            id_ = self._ids.get(paper.id)
            if id_ is None:
                continue
            text = self._library.records.paper(id_).text
            for asked in paper.questions:
                named = with_title(self._random, asked.question, paper.title)
                found, anywhere = self._find(asked.question, id_), self._find(named)
                if asked.answerability == "unanswerable":
                    yield self._group("unanswerable", asked.question, None, found.sentences)
                    yield self._group("unanswerable", named, None, anywhere.sentences)
                    continue
                evidence = [each.text for each in paper.paragraphs if each.id in asked.evidence]
                answers = [each.answer for each in asked.annotations if each.type != "unanswerable"]
                spans = [(start, start + len(each)) for each in evidence if (start := text.find(each)) >= 0]
                judge = _Judge(asked.question, answers, id_, spans)
                for question, sentences in ((asked.question, found.sentences), (named, anywhere.sentences)):
                    yield self._group("qasper", question, *judge.split(sentences)).without(summaries)
                inside = [each for each in found.passages if judge.is_evidence(each)]
                rest = [each for each in found.passages if not judge.is_evidence(each)]
                best = max(inside, key=judge.overlap, default=None)
                yield self._group(PASSAGES, asked.question, best, rest, _PASSAGE_NEGATIVES).without(summaries)

    def of_claims(self, pairs: Sequence[dict[str, Any]]) -> Iterator[Group]:
        """Yield claims with the sentences for or against them, and with the passages of these sentences."""
        cited: dict[int, set[str]] = {}
        for pair in pairs:
            cited.setdefault(pair["claim_id"], set()).add(pair["doc_id"])
        for pair in shown(pairs, "claims"):
            if pair["doc_id"] not in self._ids:
                continue
            id_, claim = self._ids[pair["doc_id"]], pair["claim"]
            also = {self._ids[name] for name in cited[pair["claim_id"]] if name in self._ids} - {id_}
            found = self._find(claim)
            sentences = [each for each in found.sentences if each.paper not in also]
            own = [each for each in sentences if each.paper == id_]
            evidence = [readable(each) for each in pair["evidence_sentences"]]
            if not evidence:
                yield self._group("claims unstated", claim, None, own)
            yield from self._among_its_neighbours("claims", claim, sentences, id_, evidence)
            yield self._of_passages(claim, id_, found, also)

    def of_medical(self, rows: Sequence[dict[str, Any]]) -> Iterator[Group]:
        """Yield questions with the sentences of the conclusion, which answer them, and a passage of their paper."""
        for row in shown(rows, "questions of PubMedQA"):
            if row["id"] not in self._ids:
                continue
            id_, question = self._ids[row["id"]], row["question"]
            found = self._find(question)
            conclusion = sentences_of(row["long_answer"])
            yield from itertools.islice(
                self._among_its_neighbours("medical", question, found.sentences, id_, conclusion), 2
            )
            yield self._of_passages(question, id_, found, set())

    def _among_its_neighbours(
        self, source: str, question: str, found: Sequence[_FoundText], paper: str, wanted: Sequence[str]
    ) -> Iterator[Group]:
        """Yield each wanted sentence of the paper, among some of the same abstract and some of others."""
        others = [each for each in found if not _is_one_of(each, wanted)]
        for right in [each for each in found if each.paper == paper and _is_one_of(each, wanted)]:
            own = [each for each in others if each.paper == paper]
            own = self._random.sample(own, len(own))[:_OWN_NEGATIVES]
            rest = [each for each in others if each.paper != paper][:_DRAWN_FROM]
            drawn = self._random.sample(rest, min(NEGATIVES - len(own), len(rest)))
            yield self._group(source, question, right, own + drawn)

    def _of_passages(self, question: str, paper: str, found: _Found, without: Container[str]) -> Group:
        """Return the best passage of the paper that answers, among passages of others."""
        own = next((each for each in found.passages if each.paper == paper), None)
        others = [each for each in found.passages if each.paper != paper and each.paper not in without]
        return self._group(PASSAGES, question, own, others, _PASSAGE_NEGATIVES)

    def _find(self, question: str, paper: str | None = None) -> _Found:
        found = search(self._library, question[:1000], filters=Filters(papers=(paper,) if paper else ()))
        evidence = gather_evidence(self._library, found)
        if not evidence.candidates:
            return _Found([], [])
        chances = load_weights().sentences.probability(evidence.features)
        logits = np.log(chances / (1.0 - chances))
        papers = {key: found.candidates.paper(key) for key in set(found.candidates.paper_keys)}
        titles = {key: "" if p.title == p.citekey else readable(p.title) for key, p in papers.items()}
        sentences = [
            _FoundText(papers[c.paper_key].id, Text(titles[c.paper_key], c.text, round(float(logits[i]), 3)), *c.span)
            for i in np.argsort(-chances, kind="stable")
            if not (c := evidence.candidates[i]).is_title and len(c.text) > 20
        ]
        rows = found.order[:_PASSAGES]
        texts = found.candidates.texts(rows)
        passages = []
        for row in rows:
            chunk, key = found.candidates.chunk(row), found.candidates.paper_keys[row]
            text = readable(texts[row])
            score = round(float(found.scores[row]), 3)
            passages.append(_FoundText(papers[key].id, Text(titles[key], text, score), chunk.start, chunk.end))
        return _Found(sentences, passages)

    def _group(
        self, source: str, question: str, right: _FoundText | None, others: Sequence[_FoundText], most: int = NEGATIVES
    ) -> Group:
        """Return a group of the right text, if any, and at most `most` others."""
        texts = dict.fromkeys(each.text for each in others if not right or each.text.text != right.text.text)
        pool = list(texts)[:_DRAWN_FROM]
        drawn = self._random.sample(pool, min(most, len(pool)))
        chosen = [right.text, *drawn] if right else drawn
        if right and not right.text.title:  # then no text has a title, which would give the right one away
            chosen = [each._replace(title="") for each in chosen]
        return Group(source, question, tuple(chosen), right is not None)


def _openings_of_summaries(papers: Sequence[QasperPaper]) -> frozenset[str]:
    """Return the beginnings of all sentences of abstracts, introductions and conclusions.

    QASPER takes no evidence from abstracts and little from the others, though they often repeat it. As negatives they
    would teach that a text like an abstract does not answer.
    """
    return frozenset(
        opening(sentence)
        for paper in papers
        for each in paper.paragraphs
        if each.section == "Abstract" or section_kind(each.section) in ("introduction", "conclusion")
        for sentence in sentences_of(each.text)
    )


class _Judge:
    """Judges which texts of a paper answer a question, by its evidence and the words of its answers."""

    def __init__(self, question: str, answers: Sequence[str], paper: str, spans: Sequence[tuple[int, int]]) -> None:
        # No text contains "yes", so for such answers the words of the question count.
        self._plain = all(answer.casefold().strip(".") in ("yes", "no") for answer in answers)
        self._wanted = [_stems(question)] if self._plain else [_stems(answer) for answer in answers]
        self._paper, self._spans = paper, spans

    def is_evidence(self, found: _FoundText) -> bool:
        return found.paper == self._paper and any(found.start < end and start < found.end for start, end in self._spans)

    def overlap(self, found: _FoundText) -> float:
        """Return the largest share of the words of one answer that the text contains."""
        stems = _stems(found.text.text)
        return max((len(each & stems) / max(len(each), 1) for each in self._wanted), default=0.0)

    def split(self, sentences: Sequence[_FoundText]) -> tuple[_FoundText | None, list[_FoundText]]:
        """Return the sentence of the evidence with most of an answer, and the sentences that do not answer."""
        evidence = [each for each in sentences if self.is_evidence(each)]
        best = max(evidence, key=self.overlap, default=None)
        most = self.overlap(best) if best else 0.0
        if most < _LEAST_OVERLAP:
            return None, []
        rest = [
            each
            for each in sentences
            if (
                self.overlap(each) < most / 3
                if self.is_evidence(each)
                else self._plain or self.overlap(each) < _REPEATED
            )
        ]
        return best, rest


def _is_one_of(found: _FoundText, wanted: Sequence[str]) -> bool:
    return any(token_f1(found.text.text, each) >= _SAME for each in wanted)


def _stems(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"\w+", text.casefold()) if word not in STOP_WORDS}


def _claim_pairs(pairs: Sequence[dict[str, Any]], known: Container[str]) -> Iterator[Pair]:
    labels = {"SUPPORT": 0, "CONTRADICT": 1, "NOT_ENOUGH_INFO": 2}
    for pair in pairs:
        if pair["doc_id"] not in known:
            continue
        label = labels[pair["label"]]
        sentences = [readable(each.strip()) for each in pair["abstract_sentences"]]
        yield Pair(pair["claim"], " ".join(sentences), label)
        evidence = [readable(each.strip()) for each in pair["evidence_sentences"]] or sentences[-2:]
        yield Pair(pair["claim"], " ".join(evidence), label)
        if label == 0 and (opposite := negated(pair["claim"])) != pair["claim"]:
            yield Pair(opposite, " ".join(evidence), 1)


def _papers(
    qasper: Sequence[QasperPaper], corpus: Sequence[dict[str, Any]], medical: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """Yield the papers in the form that `add` reads; those of PubMedQA have their id as title."""
    for paper in qasper:
        yield {"title": paper.title, "citekey": paper.id, "text": "\n\n".join(each.text for each in paper.paragraphs)}
    for row in corpus:
        yield {"title": row["title"] or row["_id"], "citekey": row["_id"], "text": row["text"]}
    for row in medical:
        yield {"title": row["id"], "citekey": row["id"], "text": "\n\n".join([*row["contexts"], row["long_answer"]])}


def _abstracts(folder: Path, cited: set[str]) -> list[dict[str, Any]]:
    """Return the abstracts that training claims cite, then the others, without those of test claims."""
    judged = {line.split("\t")[1] for line in (folder / "qrels" / "test.tsv").read_text().splitlines()[1:]}
    rows = [row for row in read_json_lines(folder / "corpus.jsonl") if row["_id"] not in judged]
    return sorted(rows, key=lambda row: row["_id"] not in cited)
