"""Make training data from sentences alone: questions with a number or a name cut out, and changed sentences."""

import itertools
import random
import re
from collections.abc import Iterator, Sequence
from typing import TypeVar

from rag.library import Library
from rag.retrieval.terms import STOP_WORDS
from rag.text.readable import readable

from .data import CLOZE, Group, Pair, Text, negated, sentences_of

_EVERY_CLOZE = 8  # one of so many abstracts gets a cloze; each of QASPER's papers does
_EVERY_CHANGED = 6  # one of so many papers gets a changed sentence
_FULL_PAPERS = 888  # QASPER's, which come first and are of computer science; of the other abstracts less is made

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


class MadeUp:
    """Makes groups and pairs from the sentences of a library."""

    def __init__(self, library: Library, rng: random.Random) -> None:
        self._library, self._random = library, rng

    def clozes(self) -> Iterator[Group]:
        """Yield questions for a number or a name in a sentence, with the sentence, and with the sentence without it."""
        for number, listed in enumerate(self._library.papers()):
            if number >= _FULL_PAPERS and number % _EVERY_CLOZE:
                continue
            paper = self._library.records.paper(listed.id)
            sentences = [each for each in sentences_of(paper.text[:3000]) if 40 <= len(each) <= 350]
            title = "" if paper.title == paper.citekey else readable(paper.title)
            made = (group for each in self._shuffled(sentences) if (group := self._cloze(title, each)))
            yield from itertools.islice(made, 1)

    def changed_sentences(self) -> Iterator[Pair]:
        """Yield sentences with words dropped, with facts changed, and sentences that are not in the quotes."""
        for listed in self._library.papers()[::_EVERY_CHANGED]:
            paper = self._library.records.paper(listed.id)
            sentences = [each for each in sentences_of(paper.text[len(paper.title) :]) if 40 <= len(each) <= 300]
            if len(sentences) < 6:
                continue
            place = self._random.randrange(len(sentences) - 4)
            near = sentences[place : place + self._random.randint(1, 3)]
            sentence, quotes = self._random.choice(near), " ".join(near)
            yield Pair(self._thinned(sentence, 0.15), quotes, 0)
            if changed := self._changed(sentence):
                yield Pair(self._thinned(changed, 0.1), quotes, 1)
            yield Pair(self._thinned(sentences[place + 3], 0.15), quotes, 2)

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
            question = with_title(self._random, question, title)
        without = " ".join(f"{sentence[: match.start()]}{instead} {sentence[match.end() :]}".split())
        return Group(CLOZE, question, (Text(title, sentence, 0.0), Text(title, without, 0.0)), True)

    def _asking(self, match: re.Match[str], number: bool) -> tuple[str, str]:
        """Return how to ask for a number or name, and words that can replace it without stating it."""
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
        """Return the sentence with a number, name or direction changed, or negated; empty if nothing can be changed."""
        ways = self._shuffled([self._other_number, self._other_name, self._other_direction, negated])
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

    def _thinned(self, text: str, share: float) -> str:
        return " ".join(word for word in text.split() if self._random.random() >= share)

    def _shuffled(self, items: Sequence[T]) -> list[T]:
        return self._random.sample(items, len(items))


def with_title(rng: random.Random, question: str, title: str) -> str:
    """Return the question with some of the title's words, as a person remembers them."""
    title = readable(title)
    words = [word for word in re.findall(r"[\w-]+", title) if word.casefold() not in STOP_WORDS]
    kept = sorted(rng.sample(range(len(words)), min(len(words), rng.randint(2, 5))))
    about = " ".join(words[place] for place in kept)
    form = rng.choice(("{question} ({about})", "{about}: {question}", "In {about}, {question}"))
    return form.format(question=question, about=rng.choice((about, about.lower(), title)))


def _lowered(text: str) -> str:
    """Return the text without the capital that opens a sentence; names keep theirs."""
    return text[:1].lower() + text[1:] if text[1:2].islower() or text[1:2] == " " else text
