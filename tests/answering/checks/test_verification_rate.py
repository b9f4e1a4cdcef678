"""How many wrong sentences pass the check of a draft, and how many right ones do not, on the sample papers."""

from __future__ import annotations

import itertools
import random
import re
from collections.abc import Iterator

import pytest
from helpers.drafts import assert_citations_are_spans, passage_of
from helpers.papers import ROOT

from rag.answering.draft import Draft
from rag.assistant import Assistant
from rag.ingest.chunking import chunk_paper
from rag.ingest.sentences import split_sentences
from rag.text.readable import readable
from rag.types import Passage

ANSWERS = 24
SYNONYMS = {
    "shows": "demonstrates", "show": "demonstrate", "uses": "employs", "use": "employ", "used": "employed",
    "large": "big", "however": "yet", "several": "a number of", "many": "numerous", "proposes": "puts forward",
    "propose": "put forward", "obtains": "gets", "about": "roughly", "because": "since", "answers": "responses",
    "study": "work", "evaluate": "assess", "evaluates": "assesses", "builds": "constructs", "build": "construct",
    "finds": "discovers", "find": "discover", "called": "named", "whereas": "while", "benchmark": "test set",
    "method": "approach", "improves": "raises", "reduces": "lowers", "often": "frequently", "needs": "requires",
}  # fmt: skip
OPENINGS = ("", "", "", "The authors report that ", "According to the paper, ", "It is found that ")
INVENTED = (
    "{it} was tried on {n} patients in four hospitals and halved the cost of their care.",
    "{it} was trained for {n} hours on satellite images of harbours.",
    "{it} has been downloaded by more than {n} users of mobile phones.",
    "{it} is liked better than printed textbooks by most teachers.",
    "{it} won the first prize of a yearly competition in robot football.",
    "{it} is patented and sold by a company that makes washing machines.",
)
AUXILIARY = re.compile(r"\b(is|are|was|were|can|could|has|have|does|do)\b")
PLAIN_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:\.\d+)?(?![\w,-]|\.\d)")


def paraphrased(sentence: str, rng: random.Random) -> str:
    """The sentence in slightly other words: synonyms, no brackets, an opening, a last part that comes first."""
    text = re.sub(r"\s*\([^()]*\)", "", " ".join(sentence.split()))
    text = re.sub(r"\w+", lambda m: SYNONYMS.get(m[0], m[0]), text)
    parts = text.rstrip(".").rsplit(", ", 1)
    if len(parts) == 2 and re.match(r"(?:when|while|with|without|on|in|for|after|by)\b", parts[1]):
        text = f"{parts[1][0].upper()}{parts[1][1:]}, {parts[0][0].lower()}{parts[0][1:]}."
    opening = rng.choice(OPENINGS)
    common = re.match(r"(?:The|A|An|In|On|It|This|These|They|With|For|When|While|After|By|Without)\b", text)
    return opening + (text[0].lower() + text[1:] if opening and common else text)


def with_other_number(sentence: str, rng: random.Random) -> str | None:
    found = list(PLAIN_NUMBER.finditer(sentence))
    if not found:
        return None
    number = rng.choice(found)
    other = str(int(number[0]) + rng.randint(1, 9)) if number[0].isdigit() else f"{float(number[0]) + 1.3:.1f}"
    return sentence[: number.start()] + other + sentence[number.end() :]


def negated(sentence: str) -> str | None:
    found = AUXILIARY.search(sentence)
    if not found or re.search(r"\b(?:not|no|never|without|neither)\b", sentence):
        return None
    return f"{sentence[: found.end()]} not{sentence[found.end() :]}"


def sentence_about(kind: str, passages: list[Passage], number: int, rng: random.Random) -> tuple[str, str]:
    """A sentence on a passage, and its kind: that of another paper where the passage has none to change that way."""
    if kind == "invented":
        name = re.split("[:?!]", readable(passages[number].title))[0]
        return rng.choice(INVENTED).format(it=name, n=rng.randint(12, 900)), kind
    source = passages[(number + 1) % 3] if kind == "other paper" else passages[number]
    sentences = [source.text[a:b] for a, b in split_sentences(source.text) if 30 < b - a < 400]
    rng.shuffle(sentences)
    for sentence in sentences:
        text = paraphrased(sentence, rng)
        changed = {"number": with_other_number(text, rng), "negated": negated(text)}.get(kind, text)
        if changed is not None:
            return changed, kind
    return sentence_about("other paper", passages, number, rng)


def cases(sample: Assistant) -> Iterator[tuple[list[Passage], list[tuple[str, str]]]]:
    """Passages of three papers, and six sentences on them, each with what is wrong with it; two of six are wrong."""
    rng = random.Random(11)
    papers = sorted((sample.paper(paper.id) for paper in sample.papers()), key=lambda paper: paper.title)
    kinds = itertools.cycle(["number", "negated", "other paper", "invented"])
    for _ in range(ANSWERS):
        passages = []
        for paper in rng.sample(papers, 3):
            chunk = rng.choice(chunk_paper(paper, sample.library.embedder, sample.settings.chunking))
            passages.append(passage_of(paper, chunk.start, chunk.end))
        sentences = []
        for place in range(6):
            number = rng.randrange(3)
            text, kind = sentence_about(next(kinds) if place % 3 == 2 else "right", passages, number, rng)
            sentences.append((f"{text.rstrip('.')} [{number + 1}].", kind))
        by_words = {text.rsplit(" [", 1)[0].casefold(): (text, kind) for text, kind in sentences}
        yield passages, list(by_words.values())  # a draft drops what it has had before


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    with Assistant.open(library=tmp_path_factory.mktemp("sample") / "library", mode="quote") as opened:
        opened.add([ROOT / "eval" / "sample"])
        yield opened


def test_most_right_sentences_pass_and_most_wrong_ones_do_not(sample: Assistant) -> None:
    passed: dict[str, list[bool]] = {}
    for passages, sentences in cases(sample):
        draft = Draft(passages, sample.paper, sample.library.embedder)
        for word in re.findall(r"\S+\s*", " ".join(text for text, _ in sentences)):
            draft.feed(word)
        answer = draft.checked(final=True)
        assert_citations_are_spans(answer, {p.paper_id: sample.paper(p.paper_id) for p in passages})
        assert len(answer.sentences) == len(sentences), (sentences, answer.sentences)
        for (_, kind), sentence in zip(sentences, answer.sentences, strict=True):
            passed.setdefault(kind, []).append(sentence.support in ("quoted", "supported"))
    shares = {kind: f"{sum(each)} of {len(each)} passed" for kind, each in sorted(passed.items())}
    right = passed.pop("right")
    let_through = [each for kind in passed.values() for each in kind]
    assert len(right) > 3 * ANSWERS
    assert len(let_through) > 1.5 * ANSWERS
    assert sum(right) >= 0.9 * len(right), shares
    assert sum(let_through) <= 0.2 * len(let_through), shares
