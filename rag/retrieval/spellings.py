"""Words of a question that the library writes in another way: "Spector" for SPECTER, "GPT4" for GPT-4.

A word is changed only if no paper of the library holds it, and one word of the library is meant:
- words of a name that it writes as one: "Long eval" for LongEval, "hotpot qa" for HotpotQA;
- a word that it writes as two: "GPT4" for GPT-4;
- a word with a typing mistake (`text.names.is_near`), where one word alone is nearest. Digits are never changed, and
  neither are words of fewer than `_MIN_LENGTH` letters: BART is not BERT, and LLaVA is not LLaMA. A name is taken for
  a name only; in other words a letter has to be missing, too many, or exchanged with its neighbour, and what the
  embedding model knows as a word is no mistake.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import NamedTuple

from ..models.protocols import Embedder
from ..store.papers import Records
from ..text.names import edits, is_near, plain_name
from .terms import STOP_WORDS

_MIN_LENGTH = 6
_ENDING = 2  # letters of an ending that the model may not know
_MAX_WORDS = 60  # of a question that are looked at
_NAME_LIKE = re.compile(r"[A-Z\d]")
_WORD = re.compile(r"[^\W_]+")
_PARTS = re.compile(r"[^\W\d_]+|\d+")


class Respelled(NamedTuple):
    """A question in the library's spelling, and what was changed: ("SPECTER", "Spector") for each name."""

    question: str
    changes: tuple[tuple[str, str], ...]


class _Change(NamedTuple):
    start: int
    end: int
    name: str


def respelled(records: Records, question: str, embedder: Embedder) -> Respelled:
    """Return a question with its words as the library writes them."""
    words = list(_WORD.finditer(question))[:_MAX_WORDS]
    changes: list[_Change] = []
    for change in _changes(records, question, words, embedder):
        if not changes or changes[-1].end <= change.start:
            changes.append(change)
    text = question
    for change in reversed(changes):
        text = text[: change.start] + change.name + text[change.end :]
    return Respelled(text, tuple((change.name, question[change.start : change.end]) for change in changes))


def _changes(records: Records, question: str, words: list[re.Match[str]], embedder: Embedder) -> Iterator[_Change]:
    """Yield the changes in the order of the question."""
    plain = [plain_name(word[0]) for word in words]
    pairs = ["".join(pair) for pair in itertools.pairwise(plain)]
    spaced = [" ".join(pair) for pair in itertools.pairwise(plain)]
    known = records.known_words([*plain, *pairs, *spaced])
    for at, word in enumerate(words):
        if plain[at] in STOP_WORDS:
            continue
        is_pair = at < len(pairs) and plain[at + 1] not in STOP_WORDS and question[word.end()] in " -"
        if is_pair and pairs[at] in known and spaced[at] not in known and (name := _name(records, pairs[at])):
            yield _Change(word.start(), words[at + 1].end(), name)
        elif plain[at] not in known:
            is_name = bool(_NAME_LIKE.search(word[0] if at else word[0][1:]))
            meant = _parted(records, plain[at]) or _near(records, plain[at], is_name)
            if meant and (is_name or not _is_word(embedder, plain[at])):
                yield _Change(word.start(), word.end(), meant if is_name or _is_name(meant) else meant.lower())


def _is_word(embedder: Embedder, word: str) -> bool:
    """Return whether the model knows a word, or all of it but an ending."""
    spans = embedder.token_spans(word)
    return bool(spans) and spans[0].end >= len(word) - _ENDING


def _parted(records: Records, word: str) -> str | None:
    """Return the library's GPT-4 for gpt4."""
    parts = " ".join(_PARTS.findall(word))
    return _name(records, parts) if parts != word and parts in records.known_words([parts]) else None


def _near(records: Records, word: str, is_name: bool) -> str | None:
    """Return the one word of the library, as written there, that a word may be a mistyping of; a name for a name."""
    if len(word) < _MIN_LENGTH:
        return None
    # The vocabulary holds stems, so the beginnings are compared first, and then the words as they are written.
    stems = [stem for stem in records.vocabulary(word[:2]) if len(stem) > 3 and _begins_near(word, stem)]
    forms = filter(None, map(records.written_form, stems))
    is_meant = is_near if is_name else _is_misspelt
    near = {plain: form for form in forms if is_meant(word, plain := plain_name(form))}
    if is_name:
        near = {plain: form for plain, form in near.items() if _NAME_LIKE.search(form)}
    distances = {plain: edits(word, plain, len(word)) for plain in near}
    best = [plain for plain, distance in distances.items() if distance == min(distances.values())]
    return near[best[0]] if len(best) == 1 else None


def _is_misspelt(word: str, other: str) -> bool:
    """Return whether a word lacks a letter, has one more, or two exchanged; with another letter it is another word.

    Another ending makes no mistake: scorer and scores.
    """
    is_exchange = len(word) == len(other) and sorted(word) == sorted(other)
    is_ending = word[:-1] == other or other[:-1] == word
    return edits(word, other, 1) == 1 and (is_exchange or (len(word) != len(other) and not is_ending))


def _begins_near(word: str, stem: str) -> bool:
    return any(is_near(word[: len(stem) + more], stem) for more in (-1, 0, 1))


def _name(records: Records, words: str) -> str | None:
    """Return some words as a paper writes them, None if that is no name."""
    written = records.written_form(words)
    return written if written and _NAME_LIKE.search(written) else None


def _is_name(written: str) -> bool:
    """Return whether a word has a capital letter or a digit after its first letter."""
    return bool(_NAME_LIKE.search(written[1:]))
