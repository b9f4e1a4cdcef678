"""Training groups for the cross-encoder: questions with what answers them, and with what looks like it and does not.

Read are QASPER's, SciFact's and PubMedQA's training parts. A group is what the program brings up for a question, drawn
from all of it alike and with the program's own score of each text, since that is what the cross-encoder has to better:
with the nearest alone it learns that what is near is wrong. More is made from the papers' text: questions with a number
or a name cut out of a sentence, and for the support of sentences numbers, names and directions that were changed.
Nothing is read of the parts that are kept for reporting, but which abstracts these judge: they are left out.
"""

from __future__ import annotations

import itertools
import json
import random
import re
from collections.abc import Container, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from rag.answering.evidence import gather_evidence
from rag.assistant import Assistant
from rag.filters import Filters
from rag.ingest.sentences import split_sentences
from rag.library import Library
from rag.models.weights import load_weights
from rag.retrieval.search import STOP_WORDS, search, section_kind
from rag.text.readable import readable

from ..collections.qasper import QasperPaper, read_qasper
from ..files import read_json_lines
from ..measures import token_f1
from ..runs import add_papers, shown

PASSAGES = "passages"  # the source of groups of these; one without a right text says nothing: it was not brought up
CLOZE = "cloze"  # the source of groups of a sentence and the same with what is asked for cut out
NEGATIVES = 7  # texts of a group that do not answer, at most
_PASSAGE_NEGATIVES = 3
_OWN_NEGATIVES = 4  # of an abstract, where all that is right and wrong is in abstracts
_DRAWN_FROM = 30  # of the best sentences, which is about what is read of an answer
_PASSAGES = 24
_SAME = 0.7  # token F1 from which a sentence brought up is the one that a collection names
_EVERY_CLOZE = 8  # of so many abstracts one has a sentence with something cut out; of QASPER's papers each has
_EVERY_CHANGED = 6  # of so many papers one has a sentence changed
_HELD_AT_LEAST = 0.3  # of the words of an answer in the sentence that is taken to answer
_FULL_PAPERS = 888  # QASPER's, which come first and are of computer science; of the others' abstracts less is made
_OPENING = 60  # characters by which a sentence is known
_REPEATED = 0.6  # a sentence outside the evidence that holds as much of an answer says it once more

T = TypeVar("T")

_NUMBER = re.compile(r"(?<![\w.,-])(\d+(?:,\d{3})*(?:\.\d+)?)(\s?%)?(?![\w.]*\d)(?:\s+((?:[a-z-]{3,}\s?){1,2}))?")
_NAME = re.compile(r"(?<!^)\b(?:[A-Z][a-z]*[A-Z0-9][\w-]*|[A-Z]{3,}[\w-]*)\b(?:\s+([a-z]{4,}))?")
_DIRECTIONS = {
    "increases": "decreases", "increase": "decrease", "increased": "decreased", "improves": "worsens",
    "improve": "worsen", "improved": "worsened", "higher": "lower", "better": "worse", "more": "less",
    "outperforms": "underperforms", "outperform": "underperform", "larger": "smaller", "faster": "slower",
    "positive": "negative", "reduces": "increases", "reduced": "increased", "lower": "higher", "inhibits": "promotes",
    "activates": "suppresses", "prevents": "causes", "without": "with", "effective": "ineffective", "best": "worst",
}  # fmt: skip
_AUXILIARY = re.compile(r"\b(?:is|are|was|were|can|does|has|have)\b")


class Text(NamedTuple):
    """A sentence or passage of a paper, both in readable form; the title may be empty.

    `score` is the program's own for the question: of a sentence the logit of `Weights.sentences`, of a passage that of
    `rag.retrieval.search.fused`.
    """

    title: str
    text: str
    score: float


class Group(NamedTuple):
    """A question and texts. `answers`: the first text answers it; otherwise none does, and it is not stated in any."""

    source: str
    question: str
    texts: tuple[Text, ...]
    answers: bool

    def without(self, openings: Container[str]) -> Group:
        """The group without the texts that do not answer and begin so."""
        right, *others = self.texts or (None,)
        if right is None:
            return self
        return self._replace(texts=(right, *(each for each in others if each.text[:_OPENING] not in openings)))


class Pair(NamedTuple):
    """A sentence, quotes, and whether these support it (0), contradict it (1), or state neither (2)."""

    sentence: str
    quotes: str
    label: int


class Data(NamedTuple):
    """All that is trained on."""

    groups: list[Group]
    pairs: list[Pair]

    @classmethod
    def from_lists(cls, raw: Sequence[Any]) -> Data:
        """The data as JSON gives it back, which makes lists of tuples."""
        groups = [
            Group(source, question, tuple(Text(*t) for t in texts), right) for source, question, texts, right in raw[0]
        ]
        return cls(groups, [Pair(*each) for each in raw[1]])


class _Place(NamedTuple):
    """A text that was brought up, and where it stands in its paper (by id)."""

    paper: str
    text: Text
    start: int
    end: int


class _BroughtUp(NamedTuple):
    """What the program finds for a question, best first."""

    sentences: list[_Place]
    passages: list[_Place]


def read_data(folder: Path, work: Path, papers: int | None = None) -> Data:
    """The training data of the collections in `folder`; the library that negatives come from is kept in `work`.

    `papers` is for trials: the first so many of each collection.
    """
    qasper = read_qasper(folder / "qasper_train")[:papers]
    claims = read_json_lines(folder / "scifact" / "claim_pairs_train.jsonl")[: papers and papers * 2]
    medical = [row for row in read_json_lines(folder / "pubmedqa" / "pqa_labeled.jsonl") if row["split"] != "test"]
    medical = medical[:papers]
    corpus = _abstracts(folder / "scifact", {pair["doc_id"] for pair in claims})[: papers and papers * 4]
    work.mkdir(parents=True, exist_ok=True)
    (work / "papers.jsonl").write_text("".join(map(_line, _papers(qasper, corpus, medical))), encoding="utf-8")
    more = {"retrieval": {"passages_per_paper": _PASSAGES}}  # most questions are about one paper
    with Assistant.open(library=work / "library", mode="quote", overrides=more) as assistant:
        add_papers(assistant, [work / "papers.jsonl"])
        asked, made = (_Making(assistant.library, random.Random(seed)) for seed in (0, 1))
        known = {row["_id"] for row in corpus}
        read = [*asked.of_qasper(qasper), *asked.of_claims(claims), *asked.of_medical(medical), *made.of_text()]
        groups = [group for group in read if len(group.texts) > 1 and (group.answers or group.source != PASSAGES)]
        pairs = [*_claim_pairs(claims, known), *made.changed_sentences()]
    return Data(groups, pairs)


class _Making:
    """Makes groups and pairs, the negatives of which come from a library."""

    def __init__(self, library: Library, rng: random.Random) -> None:
        self._library, self._random = library, rng
        self._ids = {paper.citekey: paper.id for paper in library.papers()}

    def of_qasper(self, papers: Sequence[QasperPaper]) -> Iterator[Group]:
        """Questions on a known paper, as they are and with a few words of its title; evidence as sentence, as passage.

        Those that no annotator could answer have the same texts brought up, and none of them answers.
        """
        summaries = _openings_of_summaries(papers)
        for paper in shown(papers, "papers of QASPER"):
            id_ = self._ids.get(paper.id)
            if id_ is None:
                continue
            text = self._library.records.paper(id_).text
            for asked in paper.questions:
                named = self._named(asked.question, paper.title)
                found, anywhere = self._brought_up(asked.question, id_), self._brought_up(named)
                if asked.answerability == "unanswerable":
                    yield self._group("unanswerable", asked.question, None, found.sentences)
                    yield self._group("unanswerable", named, None, anywhere.sentences)
                    continue
                evidence = [each.text for each in paper.paragraphs if each.id in asked.evidence]
                answers = [each.answer for each in asked.annotations if each.type != "unanswerable"]
                spans = [(start, start + len(each)) for each in evidence if (start := text.find(each)) >= 0]
                judge = _Judge(asked.question, answers, id_, spans)
                for question, sentences in ((asked.question, found.sentences), (named, anywhere.sentences)):
                    yield self._group("qasper", question, *judge.parted(sentences)).without(summaries)
                inside = [each for each in found.passages if judge.is_evidence(each)]
                rest = [each for each in found.passages if not judge.is_evidence(each)]
                best = max(inside, key=judge.held, default=None)
                yield self._group(PASSAGES, asked.question, best, rest, _PASSAGE_NEGATIVES).without(summaries)

    def of_claims(self, pairs: Sequence[dict[str, Any]]) -> Iterator[Group]:
        """Claims with the sentences that speak for or against them, and with the passages that hold these."""
        cited: dict[int, set[str]] = {}
        for pair in pairs:
            cited.setdefault(pair["claim_id"], set()).add(pair["doc_id"])
        for pair in shown(pairs, "claims"):
            if pair["doc_id"] not in self._ids:
                continue
            id_, claim = self._ids[pair["doc_id"]], pair["claim"]
            also = {self._ids[name] for name in cited[pair["claim_id"]] if name in self._ids} - {id_}
            found = self._brought_up(claim)
            sentences = [each for each in found.sentences if each.paper not in also]
            own = [each for each in sentences if each.paper == id_]
            evidence = [readable(each) for each in pair["evidence_sentences"]]
            if not evidence:
                yield self._group("claims unstated", claim, None, own)
            yield from self._among_its_neighbours("claims", claim, sentences, id_, evidence)
            yield self._of_passages(claim, id_, found, also)

    def of_medical(self, rows: Sequence[dict[str, Any]]) -> Iterator[Group]:
        """Questions with the sentences of the conclusion, which answer them, and with the passage of their paper."""
        for row in shown(rows, "questions of PubMedQA"):
            if row["id"] not in self._ids:
                continue
            id_, question = self._ids[row["id"]], row["question"]
            found = self._brought_up(question)
            conclusion = _sentences_of(row["long_answer"])
            yield from itertools.islice(
                self._among_its_neighbours("medical", question, found.sentences, id_, conclusion), 2
            )
            yield self._of_passages(question, id_, found, set())

    def _among_its_neighbours(
        self, source: str, question: str, found: Sequence[_Place], paper: str, wanted: Sequence[str]
    ) -> Iterator[Group]:
        """Each wanted sentence of the paper, among some of the same abstract and some of others."""
        others = [each for each in found if not _is_one_of(each, wanted)]
        for right in [each for each in found if each.paper == paper and _is_one_of(each, wanted)]:
            own = self._shuffled([each for each in others if each.paper == paper])[:_OWN_NEGATIVES]
            rest = [each for each in others if each.paper != paper][:_DRAWN_FROM]
            drawn = self._random.sample(rest, min(NEGATIVES - len(own), len(rest)))
            yield self._group(source, question, right, own + drawn)

    def _of_passages(self, question: str, paper: str, found: _BroughtUp, without: Container[str]) -> Group:
        """The best passage of the paper that answers, among those of others."""
        own = next((each for each in found.passages if each.paper == paper), None)
        others = [each for each in found.passages if each.paper != paper and each.paper not in without]
        return self._group(PASSAGES, question, own, others, _PASSAGE_NEGATIVES)

    def of_text(self) -> Iterator[Group]:
        """Questions for a number or a name in a sentence of an abstract: this states it, and not with it cut out."""
        for number, listed in enumerate(self._library.papers()):
            if number >= _FULL_PAPERS and number % _EVERY_CLOZE:
                continue
            paper = self._library.records.paper(listed.id)
            sentences = [each for each in _sentences_of(paper.text[:3000]) if 40 <= len(each) <= 350]
            title = "" if paper.title == paper.citekey else readable(paper.title)
            made = (group for each in self._shuffled(sentences) if (group := self._cloze(title, each)))
            yield from itertools.islice(made, 1)

    def changed_sentences(self) -> Iterator[Pair]:
        """Sentences as they are but for dropped words, changed ones, and such that are not there."""
        for listed in self._library.papers()[::_EVERY_CHANGED]:
            paper = self._library.records.paper(listed.id)
            sentences = [each for each in _sentences_of(paper.text[len(paper.title) :]) if 40 <= len(each) <= 300]
            if len(sentences) < 6:
                continue
            place = self._random.randrange(len(sentences) - 4)
            near = sentences[place : place + self._random.randint(1, 3)]
            sentence, quotes = self._random.choice(near), " ".join(near)
            yield Pair(self._thinned(sentence, 0.15), quotes, 0)
            if changed := self._changed(sentence):
                yield Pair(self._thinned(changed, 0.1), quotes, 1)
            yield Pair(self._thinned(sentences[place + 3], 0.15), quotes, 2)

    # Made of a sentence

    def _cloze(self, title: str, sentence: str) -> Group | None:
        numbers = list(_NUMBER.finditer(sentence))
        names = list(_NAME.finditer(sentence))
        if not numbers and not names:
            return None
        number = bool(numbers) and (not names or self._random.random() < 0.6)
        match = self._random.choice(numbers if number else names)
        lead, instead = self._asking(match, number)
        left = sentence[: match.start()].split()[-self._random.randint(4, 12) :]
        right = sentence[match.end() :].split()[: self._random.randint(4, 12)]
        question = self._thinned(f"{_lowered(' '.join(left))} {' '.join(right)}".strip(" .,;:"), 0.3)
        question = f"{lead} {question}?"
        if title and self._random.random() < 0.4:
            question = self._named(question, title)
        without = " ".join(f"{sentence[: match.start()]}{instead} {sentence[match.end() :]}".split())
        return Group(CLOZE, question, (Text(title, sentence, 0.0), Text(title, without, 0.0)), True)

    def _asking(self, match: re.Match[str], number: bool) -> tuple[str, str]:
        """How to ask for a number or name, and what can stand in its place without stating it."""
        if not number:
            kind = match[1] or self._random.choice(("model", "method", "dataset", "system", "benchmark"))
            lead = self._random.choice(("which {}", "what {}", "what is the name of the {}", "{}:")).format(kind)
            return lead, f"{self._random.choice(('a', 'one', 'another', 'our'))} {match[1] or kind}"
        noun = (match[3] or "").strip()
        if match[2]:
            lead = self._random.choice(("what percentage", "by how much", "how much", "what share", "how many percent"))
            return f"{lead} {noun}", f"a considerable share {noun}"
        if noun:
            lead = self._random.choice(("how many {}", "what number of {}", "how many {}", "how large: {}"))
            return lead.format(noun), f"{self._random.choice(('several', 'many', 'some', 'a number of'))} {noun}"
        return self._random.choice(("how much", "what number", "how high", "what value", "what")), "a good value"

    def _changed(self, sentence: str) -> str:
        """The sentence with a number, a name, a direction changed, or negated; empty where nothing can be changed."""
        ways = self._shuffled([self._other_number, self._other_name, self._other_direction, self._negated])
        return next((changed for way in ways if (changed := way(sentence)) and changed != sentence), "")

    def _other_number(self, sentence: str) -> str:
        match = _NUMBER.search(sentence)
        if not match:
            return ""
        value = float(match[1].replace(",", "")) * self._random.choice((0.3, 0.6, 0.8, 1.3, 1.7, 4)) + 1
        return sentence[: match.start(1)] + f"{value:.{len(match[1].partition('.')[2])}f}" + sentence[match.end(1) :]

    def _other_name(self, sentence: str) -> str:
        names = list(dict.fromkeys(match[0].split()[0] for match in _NAME.finditer(sentence)))
        if len(names) < 2:
            return ""
        first, second = names[:2]
        return sentence.replace(first, "\0").replace(second, first).replace("\0", second)

    def _other_direction(self, sentence: str) -> str:
        words = sentence.split(" ")
        places = [place for place, word in enumerate(words) if word in _DIRECTIONS]
        if places:
            place = self._random.choice(places)
            words[place] = _DIRECTIONS[words[place]]
        return " ".join(words)

    def _negated(self, sentence: str) -> str:
        return _AUXILIARY.sub(lambda match: f"{match[0]} not", sentence, count=1)

    def _named(self, question: str, title: str) -> str:
        """The question with some of the title's words, as one remembers them."""
        title = readable(title)
        words = [word for word in re.findall(r"[\w-]+", title) if word.casefold() not in STOP_WORDS]
        kept = sorted(self._random.sample(range(len(words)), min(len(words), self._random.randint(2, 5))))
        about = " ".join(words[place] for place in kept)
        form = self._random.choice(("{question} ({about})", "{about}: {question}", "In {about}, {question}"))
        return form.format(question=question, about=self._random.choice((about, about.lower(), title)))

    def _thinned(self, text: str, share: float) -> str:
        return " ".join(word for word in text.split() if self._random.random() >= share)

    def _shuffled(self, items: Sequence[T]) -> list[T]:
        return self._random.sample(items, len(items))

    # Retrieved

    def _brought_up(self, question: str, paper: str | None = None) -> _BroughtUp:
        """What the program finds for a question, in all papers or in one."""
        found = search(self._library, question[:1000], filters=Filters(papers=(paper,) if paper else ()))
        evidence = gather_evidence(self._library, found)
        if not evidence.candidates:
            return _BroughtUp([], [])
        chances = load_weights().sentences.probability(evidence.features)
        logits = np.log(chances / (1.0 - chances))
        papers = {key: found.candidates.paper(key) for key in set(found.candidates.paper_keys)}
        titles = {key: "" if p.title == p.citekey else readable(p.title) for key, p in papers.items()}
        sentences = [
            _Place(papers[c.paper_key].id, Text(titles[c.paper_key], c.text, round(float(logits[i]), 3)), *c.span)
            for i in np.argsort(-chances, kind="stable")
            if not (c := evidence.candidates[i]).is_title and len(c.text) > 20
        ]
        rows = found.order[:_PASSAGES]
        texts = self._library.records.chunk_texts([found.candidates.keys[row] for row in rows])
        passages = []
        for row in rows:
            chunk, key = found.candidates.chunk(row), found.candidates.paper_keys[row]
            text = readable(texts[found.candidates.keys[row]])
            score = round(float(found.scores[row]), 3)
            passages.append(_Place(papers[key].id, Text(titles[key], text, score), chunk.start, chunk.end))
        return _BroughtUp(sentences, passages)

    def _group(
        self, source: str, question: str, right: _Place | None, others: Sequence[_Place], most: int = NEGATIVES
    ) -> Group:
        """The right text, where there is one, and at most `most` others."""
        texts = dict.fromkeys(each.text for each in others if not right or each.text.text != right.text.text)
        pool = list(texts)[:_DRAWN_FROM]
        drawn = self._random.sample(pool, min(most, len(pool)))
        chosen = [right.text, *drawn] if right else drawn
        if right and not right.text.title:  # then none has a title, or that would tell them apart
            chosen = [each._replace(title="") for each in chosen]
        return Group(source, question, tuple(chosen), right is not None)


# Texts


def _openings_of_summaries(papers: Sequence[QasperPaper]) -> frozenset[str]:
    """How each sentence of the abstracts, introductions and conclusions begins.

    QASPER takes no evidence from abstracts and little from the others, which often say the same again. As texts that
    do not answer they would teach that what reads like an abstract does not.
    """
    return frozenset(
        sentence[:_OPENING]
        for paper in papers
        for each in paper.paragraphs
        if each.section == "Abstract" or section_kind(each.section) in ("introduction", "conclusion")
        for sentence in _sentences_of(each.text)
    )


class _Judge:
    """What of a paper's text answers a question: by its evidence and the words of its answers."""

    def __init__(self, question: str, answers: Sequence[str], paper: str, spans: Sequence[tuple[int, int]]) -> None:
        # "Yes" stands nowhere: there it is the words of the question.
        self._plain = all(answer.casefold().strip(".") in ("yes", "no") for answer in answers)
        self._wanted = [_stems(question)] if self._plain else [_stems(answer) for answer in answers]
        self._paper, self._spans = paper, spans

    def is_evidence(self, place: _Place) -> bool:
        return place.paper == self._paper and any(place.start < end and start < place.end for start, end in self._spans)

    def held(self, place: _Place) -> float:
        """The largest share of the words of one answer that stand in the text."""
        stems = _stems(place.text.text)
        return max((len(each & stems) / max(len(each), 1) for each in self._wanted), default=0.0)

    def parted(self, sentences: Sequence[_Place]) -> tuple[_Place | None, list[_Place]]:
        """The sentence of the evidence that holds most of an answer, and those that do not answer."""
        evidence = [each for each in sentences if self.is_evidence(each)]
        best = max(evidence, key=self.held, default=None)
        most = self.held(best) if best else 0.0
        if most < _HELD_AT_LEAST:
            return None, []
        rest = [
            each
            for each in sentences
            if (self.held(each) < most / 3 if self.is_evidence(each) else self._plain or self.held(each) < _REPEATED)
        ]
        return best, rest


def _is_one_of(place: _Place, wanted: Sequence[str]) -> bool:
    return any(token_f1(place.text.text, each) >= _SAME for each in wanted)


def _stems(text: str) -> set[str]:
    return {word[:5] for word in re.findall(r"\w+", text.casefold()) if word not in STOP_WORDS}


def _sentences_of(text: str) -> list[str]:
    return [readable(text[start:end]) for start, end in split_sentences(text)]


def _lowered(text: str) -> str:
    """Without the capital that opens a sentence; names keep theirs."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text


# Support


def _claim_pairs(pairs: Sequence[dict[str, Any]], known: Container[str]) -> Iterator[Pair]:
    """Claims with their evidence, with the whole abstract, and where supported, negated."""
    labels = {"SUPPORT": 0, "CONTRADICT": 1, "NOT_ENOUGH_INFO": 2}
    for pair in pairs:
        if pair["doc_id"] not in known:
            continue
        label = labels[pair["label"]]
        sentences = [readable(each.strip()) for each in pair["abstract_sentences"]]
        yield Pair(pair["claim"], " ".join(sentences), label)
        evidence = [readable(each.strip()) for each in pair["evidence_sentences"]] or sentences[-2:]
        yield Pair(pair["claim"], " ".join(evidence), label)
        negated = _AUXILIARY.sub(lambda match: f"{match[0]} not", pair["claim"], count=1)
        if label == 0 and negated != pair["claim"]:
            yield Pair(negated, " ".join(evidence), 1)


# Papers


def _papers(
    qasper: Sequence[QasperPaper], corpus: Sequence[dict[str, Any]], medical: Sequence[dict[str, Any]]
) -> Iterator[dict[str, Any]]:
    """The papers in the form that `add` reads; those of PubMedQA have no title and go by their id."""
    for paper in qasper:
        yield {"title": paper.title, "citekey": paper.id, "text": _whole(paper)}
    for row in corpus:
        yield {"title": row["title"] or row["_id"], "citekey": row["_id"], "text": row["text"]}
    for row in medical:
        yield {"title": row["id"], "citekey": row["id"], "text": "\n\n".join([*row["contexts"], row["long_answer"]])}


def _whole(paper: QasperPaper) -> str:
    return "\n\n".join(paragraph.text for paragraph in paper.paragraphs)


def _line(paper: dict[str, Any]) -> str:
    return json.dumps(paper) + "\n"


def _abstracts(folder: Path, cited: set[str]) -> list[dict[str, Any]]:
    """The abstracts that the training claims cite, then the others that no test claim does."""
    judged = {line.split("\t")[1] for line in (folder / "qrels" / "test.tsv").read_text().splitlines()[1:]}
    rows = [row for row in read_json_lines(folder / "corpus.jsonl") if row["_id"] not in judged]
    return sorted(rows, key=lambda row: row["_id"] not in cited)
