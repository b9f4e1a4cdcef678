"""What a question asks for, by its words: a number, a name, a paper."""

from __future__ import annotations

import re

from ..retrieval.terms import search_terms

_ASKS_NAME = re.compile(r"\b(?:[A-Z][a-z]*[A-Z0-9]\w*|[A-Z]{2,}\w*|[A-Z][a-z]+-[A-Z0-9]\w*)")


def asks_for_number(question: str) -> bool:
    """Return whether the question asks for a number ("how many ...?", "what share ...?", "when ...?")."""
    return bool(_ASKS_NUMBER.search(question))


def asks_for_name(question: str) -> bool:
    """Return whether the question asks for a name of something ("which dataset ...?")."""
    return bool(_ASKS_NAME.search(question))


def asks_for_paper(question: str) -> bool:
    """Return whether the question is for a paper or its authors' work ("which paper ...?", "who showed ...?")."""
    return bool(_ASKS_PAPER.search(question))


def asked_for(question: str) -> list[str]:
    """Return the words that name what is asked for: learning and rate in "which learning rate was used"."""
    words: list[str] = []
    for match in _ASKED.finditer(question):
        for word in match[1].split():
            terms = search_terms(word)
            if not terms:
                break
            words += terms
    return words


def names_in(text: str) -> list[str]:
    """Return the names in a text, such as GPT-4 or HotpotQA."""
    return _NAME.findall(text)
