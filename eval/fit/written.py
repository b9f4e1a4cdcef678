"""Sentences about papers that people wrote, with the sentences they rest on, and such sentences made wrong.

People's answers in QASPER's form (abstractive ones, with the paragraphs they were written from) are what a model should
write; sentences of these paragraphs, slightly changed, are what a small model writes. Each is also made wrong in one
fact in every way that fits: another number, two numbers exchanged, another name, an opposite, another word of the same
form, another subject, two sentences merged, a negation dropped or added. A score that learns from claims on abstracts
alone has seen no such near-copies.
"""

import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from rag.answering.checks.quantities import NAME, may_be_name
from rag.answering.checks.statements import statement_fault
from rag.answering.checks.synonyms import is_light
from rag.answering.checks.word_overlap import split_words, stem
from rag.ingest.sentences import split_sentences

from ..collections.qasper_papers import QasperPaper, read_qasper

_SEED = 5
_FEWEST, _MOST = 6, 45  # words of a sentence
_HELD = 0.5  # share of an answer's words that its quote must hold, to count as the sentence it rests on
_PER_PAPER = 1  # copied sentences
_PER_SENTENCE = 2  # changes
_MARKS = re.compile(r"\s?\(?\bBIBREF\d+\)?,?")
_UNREADABLE = re.compile(r"\b(?:INLINEFORM|DISPLAYFORM|TABREF|FIGREF|SECREF|UID|FLOAT)\w*|https?:|@")
_NUMBER = re.compile(r"(?<![\w.,-])\d+(?:,\d{3})*(?:\.\d+)?(?![\w-]|[.,]\d)")
_AUXILIARY = re.compile(r"\b(?:is|are|was|were|can|could|may|should|will|would|must|has|have|does|do)\b")
_NEGATION = re.compile(r"\b(?:not|never|cannot)\s|\bno\s", re.IGNORECASE)
_VERB = re.compile(
    r"\s(?:is|are|was|were|has|have|can|outperforms?|achieves?|obtains?|shows?|uses?|contains?|consists?|improves?"
    r"|performs?|provides?|gives?|requires?)\s"
)
_OPENINGS = ("The authors report that ", "According to the paper, ", "The passage states that ", "", "", "")
_OPPOSITES = dict(
    pair.split("/")
    for pair in (
        "higher/lower lower/higher better/worse worse/better more/less less/more best/worst worst/best "
        "increase/decrease increases/decreases increased/decreased decrease/increase decreases/increases "
        "improve/degrade improves/degrades improved/degraded outperforms/underperforms outperform/underperform "
        "large/small small/large larger/smaller smaller/larger high/low low/high first/last most/least "
        "similar/different different/similar positive/negative negative/positive with/without before/after "
        "after/before easy/hard strong/weak fast/slow long/short short/long simple/complex always/rarely all/none "
        "many/few often/rarely supervised/unsupervised same/other"
    ).split()
)


class Written(NamedTuple):
    """A sentence, the text it rests on, whether that supports it, what was changed ("" for none), and its paper."""

    sentence: str
    quote: str
    supported: bool
    change: str
    paper: str


def read_written(folder: Path) -> list[Written]:
    """Return right sentences and wrong ones made from them, of a folder in QASPER's form; always the same."""
    rng = random.Random(_SEED)
    papers = read_qasper(folder, "open")
    found: list[Written] = []
    for paper in papers:
        sentences = _sentences_of_evidence(paper)
        right = [*_people_s(paper, sentences), *_copied(sentences, rng)]
        pool = [sentence for part in sentences for sentence in part]
        for sentence, quote in right:
            found.append(Written(sentence, quote, True, "", paper.id))
            changed = list(_made_wrong(sentence, quote, pool, rng))
            for change, wrong, rests_on in rng.sample(changed, min(_PER_SENTENCE, len(changed))):
                found.append(Written(wrong, rests_on, False, change, paper.id))
    return found


def _sentences_of_evidence(paper: QasperPaper) -> list[list[str]]:
    """Return the readable sentences of each paragraph that an answer rests on."""
    wanted = {key for question in paper.questions for key in question.evidence}
    found = []
    for paragraph in paper.paragraphs:
        if paragraph.id in wanted:
            text = _MARKS.sub("", paragraph.text)
            sentences = [text[a:b] for a, b in split_sentences(text)]
            found.append([each for each in sentences if _is_usable(each)])
    return [each for each in found if each]


def _is_usable(sentence: str) -> bool:
    count = len(sentence.split())
    return _FEWEST <= count <= _MOST and not _UNREADABLE.search(sentence) and not statement_fault(sentence)


def _people_s(paper: QasperPaper, sentences: Sequence[Sequence[str]]) -> Iterator[tuple[str, str]]:
    for question in paper.questions:
        for annotation in question.annotations:
            text = " ".join(annotation.answer.split())
            if annotation.type != "abstractive" or not _is_usable(text) or len(split_sentences(text)) != 1:
                continue
            quotes = [" ".join(part[i : i + 2]) for part in sentences for i in range(len(part))]
            best = max(quotes, key=lambda quote: _held(text, quote), default="")
            if best and _held(text, best) >= _HELD:
                yield text, best


def _copied(sentences: Sequence[Sequence[str]], rng: random.Random) -> Iterator[tuple[str, str]]:
    """Yield sentences that say less than what they rest on, or with an opening, as small models copy."""
    pool = [(part, i) for part in sentences for i in range(len(part))]
    for part, i in rng.sample(pool, min(_PER_PAPER, len(pool))):
        text = re.sub(r"\s*\([^()]*\)", "", part[i]).rstrip(".")
        clauses = text.rsplit(", ", 1)
        if len(clauses) == 2 and len(clauses[0].split()) >= _FEWEST and not statement_fault(f"{clauses[0]}."):
            text = clauses[0]
        if not text.strip():
            continue
        opening = rng.choice(_OPENINGS)
        common = text.split()[0].lower() in ("the", "a", "an", "we", "this", "these", "it", "in", "our", "for")
        said = opening + (text[0].lower() + text[1:] if opening and common else text) + "."
        if said.strip(".") not in part[i]:
            yield said, " ".join(part[i : i + 1 + rng.randint(0, 1)])


def _held(sentence: str, quote: str) -> float:
    wanted = {stem(word) for word in split_words(sentence) if not is_light(word)}
    return len(wanted & set(map(stem, split_words(quote)))) / max(len(wanted), 1)


def _made_wrong(sentence: str, quote: str, pool: Sequence[str], rng: random.Random) -> Iterator[tuple[str, str, str]]:
    """Yield the kind of each change, the wrong sentence, and the text that it rests on."""
    others = [each for each in pool if each not in quote]
    changes = {
        "number": _other_number(sentence, rng),
        "exchanged": _exchanged_numbers(sentence),
        "name": _other_name(sentence, quote, others, rng),
        "opposite": _opposite(sentence, rng),
        "word": _other_word(sentence, quote, others, rng),
        "subject": _other_subject(sentence, others, rng),
        "negation": _NEGATION.sub("", sentence, count=1) if _NEGATION.search(sentence) else _negated(sentence),
    }
    for kind, wrong in changes.items():
        if wrong and wrong != sentence:
            yield kind, wrong, quote
    if others:
        other = rng.choice(others)
        merged = _other_subject(sentence, [other], rng)
        if merged:
            yield "merged", merged, f"{quote} {other}"


def _other_number(sentence: str, rng: random.Random) -> str:
    found = list(_NUMBER.finditer(sentence))
    if not found:
        return ""
    number = rng.choice(found)
    plain = number[0].replace(",", "")
    other = f"{float(plain) * rng.choice([0.7, 1.1, 1.4]):.{len(plain.partition('.')[2])}f}"
    return sentence[: number.start()] + other + sentence[number.end() :] if other != plain else ""


def _exchanged_numbers(sentence: str) -> str:
    found = list(_NUMBER.finditer(sentence))
    if len({each[0] for each in found}) < 2:
        return ""
    first = found[0]
    second = next(each for each in found if each[0] != first[0])
    between = sentence[first.end() : second.start()]
    return sentence[: first.start()] + second[0] + between + first[0] + sentence[second.end() :]


def _names(text: str) -> list[str]:
    return [
        m[0] for m in NAME.finditer(text) if may_be_name(m[0]) and any(c.isupper() or c.isdigit() for c in m[0][1:])
    ]


def _other_name(sentence: str, quote: str, others: Sequence[str], rng: random.Random) -> str:
    own = _names(sentence)
    new = [name for each in others for name in _names(each) if name not in quote and name not in sentence]
    return sentence.replace(rng.choice(own), rng.choice(new), 1) if own and new else ""


def _opposite(sentence: str, rng: random.Random) -> str:
    found = [m for m in re.finditer(r"[a-z]+", sentence) if m[0] in _OPPOSITES]
    if not found:
        return ""
    word = rng.choice(found)
    return sentence[: word.start()] + _OPPOSITES[word[0]] + sentence[word.end() :]


def _other_word(sentence: str, quote: str, others: Sequence[str], rng: random.Random) -> str:
    """Put a word of another sentence of the paper in the place of one with the same ending."""
    known = set(map(stem, split_words(quote)))
    own = [m for m in re.finditer(r"(?<=\s)[a-z]{5,}\b", sentence) if stem(m[0]) in known and not is_light(m[0])]
    rng.shuffle(own)
    new: list[str] = sorted({word for each in others for word in re.findall(r"(?<=\s)[a-z]{5,}\b", each)})
    for word in own:
        fits = [each for each in new if each[-2:] == word[0][-2:] and stem(each) not in known and not is_light(each)]
        if fits:
            return sentence[: word.start()] + rng.choice(fits) + sentence[word.end() :]
    return ""


def _other_subject(sentence: str, others: Sequence[str], rng: random.Random) -> str:
    """Put the subject of another sentence before the verb."""
    verb = _VERB.search(sentence)
    heads = [
        (each[: m.start()], m)
        for each in others
        if (m := _VERB.search(each)) and 1 <= len(each[: m.start()].split()) <= 8
    ]
    if not verb or len(sentence[: verb.start()].split()) > 8 or not heads:
        return ""
    head = rng.choice(heads)[0]
    same = {stem(w) for w in split_words(head)} - {stem(w) for w in split_words(sentence)}
    return head + sentence[verb.start() :] if any(not is_light(word) for word in same) else ""


def _negated(sentence: str) -> str:
    auxiliary = _AUXILIARY.search(sentence)
    return f"{sentence[: auxiliary.end()]} not{sentence[auxiliary.end() :]}" if auxiliary else ""
