"""Find a clause of a sentence that no sentence of its quotes says, such as one added to a true statement.

A clause is said by a quote's sentence that holds its words, a synonym, or a word that means something near in its
context. Words that say nothing by themselves do not count, nor do names and numbers: named.py and number_places.py
compare these, and "it" in a quote may stand for a name.
"""

import re
from collections.abc import Iterator, Sequence

from ...models.protocols import Embedder, TokenVectors
from ...types import Span
from .statements import may_be_verb
from .synonyms import holds, is_light
from .word_overlap import WORD, split_words

_FEWEST = 2  # words that say something, of a clause
_SAID = 0.58  # mean over a clause's words: 1 for a held one, else its cosine to the nearest token of the quote

_JOINT = re.compile(
    r"[;:]\s|\s[-–—]\s|[()]"
    r"|\b(?:and|but|or|because|although|though|whereas|while|since|unless|if|when|where|which|who|whose|that|so|thereby"
    r"|thus|hence|as well as|in order to|without|instead of|rather than|due to|owing to|thanks to)\b"
    r"|,\s(?=[a-z]+(?:ing|ed)\b)|\b(?:by|for|from|after|before|through)\s(?=[a-z]{3,}ing\b)",
    re.IGNORECASE,
)
_OPENING = re.compile(
    r"(?:at the same time|in addition(?: to (?:this|that))?|on the (?:other|one) hand|in the end|as a result"
    r"|(?:by|in) (?:contrast|comparison|general|particular|fact|practice|short|total|summary|turn|other words)"
    r"|for (?:example|instance|this|that)(?: reason| purpose)?|of (?:course|these|those)|on average"
    r"|in this way|to this end|so far|once again)\b,?",
    re.IGNORECASE,
)
_TO = re.compile(r"\bto\s(?=(?P<verb>[a-z]{2,})\b)")


def unsaid(sentence: str, quotes: Sequence[str], embedder: Embedder) -> str:
    """Return a clause of the sentence that none of the quotes' sentences says, "" if all are said."""
    if opening := _OPENING.match(sentence):  # it says nothing by itself
        sentence = sentence[opening.end() :].lstrip()
    own, *theirs = embedder.token_vectors([sentence, *quotes])
    known = [frozenset(split_words(quote)) for quote in quotes]
    for clause in clauses(sentence):
        words = [word for word in WORD.finditer(sentence, *clause) if _says_something(word[0])]
        if len(words) < _FEWEST:
            continue
        if all(_said(words, own, *quote) < _SAID for quote in zip(known, theirs, strict=True)):
            return sentence[clause.start : clause.end].strip(" ,;:()")
    return ""


def _said(words: Sequence[re.Match[str]], own: TokenVectors, quoted: frozenset[str], other: TokenVectors) -> float:
    held = [1.0 if holds(quoted, word[0].casefold()) else _nearness(word, own, other) for word in words]
    return sum(held) / len(held)


def _nearness(word: re.Match[str], own: TokenVectors, other: TokenVectors) -> float:
    """Return the cosine of a word to the nearest of the other text; 1 past the embedder's last token."""
    inside = [start < word.end() and end > word.start() for start, end in own.spans]
    if not any(inside) or not len(other.vectors):
        return 1.0
    return float((own.vectors[inside].mean(axis=0) @ other.vectors.T).max())


def _says_something(word: str) -> bool:
    is_name_or_number = word.isdigit() or any(c.isupper() or c.isdigit() for c in word[1:])
    return not is_name_or_number and not is_light(word.casefold())


def clauses(sentence: str) -> list[Span]:
    """Return the clauses of a sentence, with their phrases after "and", "by" or "to", as spans.

    A part with fewer than two words that say something goes to the one before it, or to the next.
    """
    found: list[Span] = []
    start = 0
    for end in [*_joints(sentence), len(sentence)]:
        part = Span(start, end)
        if found and (_size(sentence, part) < _FEWEST or _size(sentence, found[-1]) < _FEWEST):
            found[-1] = Span(found[-1].start, end)
        else:
            found.append(part)
        start = end
    return found


def _joints(sentence: str) -> Iterator[int]:
    places = {match.start() for match in _JOINT.finditer(sentence)}
    places |= {match.start() for match in _TO.finditer(sentence) if may_be_verb(match["verb"])}
    yield from sorted(places - {0})


def _size(sentence: str, part: Span) -> int:
    return sum(map(_says_something, WORD.findall(sentence[part.start : part.end])))
