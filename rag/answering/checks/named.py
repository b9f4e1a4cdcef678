"""Check that the names of a sentence stand in its quotes, and find the names that a paper gives to its own work."""

import re
from collections.abc import Iterable

from .quantities import NAME, may_be_name
from .synonyms import FUNCTION_WORDS, GENERIC_WORDS
from .word_overlap import WORD, contains_phrase, split_words, stem

_MIN_INITIALS, _MAX_INITIALS = 2, 6
_SMALL_WORDS = frozenset(("of", "and", "the", "for", "a", "in", "to"))  # that acronyms leave out
_STEM = "~"  # before a stem among whole words
_OPENING = 3_000  # characters of a paper that are about its own work
_HEADING = 6  # letters from which capitals alone are a heading: "METHODS We ..."
_SUBJECT_WORDS = 8  # at the beginning of a sentence, among which its subject is looked for

_ACRONYM = re.compile(r"\b[A-Z]{2,6}s?\b")

_MARKED_NAME = r"\b[^\W\d_][^\W_]{0,20}?(?:[A-Z]|\d)[^\W_]{0,20}(?:[-.][^\W_]{1,20}){0,4}\b"
_INTRODUCED = re.compile(
    r"\b(?:[Pp]ropose[sd]?|[Ii]ntroduce[sd]?|[Pp]resent(?:s|ed)?|[Dd]evelop(?:s|ed)?|[Rr]eleases?d?|named|called|dubbed"
    r"|termed|[Bb]uil[dt]s?|[Cc]reated?|[Cc]ollect(?:s|ed)?)\s+(?:[a-z,-]{1,20}\s){0,4}?"
    rf"[\"“'‘(]?(?P<after>{_MARKED_NAME})"
    r"|\b(?:[Pp]ropose|[Ii]ntroduce|[Pp]resent|named|called|dubbed|termed)\s[\"“'‘(]?(?P<plain>[A-Z][a-z]{2,20})\b"
    rf"|(?P<before>{_MARKED_NAME})(?:\s\([^)]{{0,40}}\))?,?\s"
    r"(?:is|was)\s(?:an?|our|built|proposed|introduced|designed)\b",
)


def missing_names(sentence: str, quotes: str, known: Iterable[str] = ()) -> list[str]:
    """Return the names of a sentence that neither its quotes hold nor `known`, those of the quotes' papers.

    A name is there in another spelling too: GPT4 for GPT-4, LLM for LLMs or for "large language models".
    """
    folded = quotes.casefold()
    found = [match for match in NAME.finditer(sentence) if _is_name(match, sentence)]
    names = [match[0] for match in found if not _is_in(_whole(sentence, match), folded)]
    if not names:
        return []
    held = _spellings(quotes)
    for each in known:
        held |= _spellings(each)
    initials = _initials(quotes)
    said = _initials(sentence)
    return [name for name in names if not _stands(name, held, initials, said)]


def _whole(sentence: str, part: re.Match[str]) -> str:
    """Return the word between spaces that a part belongs to: "Qwen2.5-72B-Instruct" of "B-Instruct"."""
    start = sentence.rfind(" ", 0, part.start()) + 1
    return sentence[start:].split(" ", 1)[0].strip(".,;:()\"'").casefold()


def _is_in(word: str, folded: str) -> bool:
    return any(c.isdigit() for c in word) and contains_phrase(folded, word)


def _is_name(match: re.Match[str], sentence: str) -> bool:
    word = match[0]
    if not may_be_name(word) or len(word) < 2 or word.casefold() in FUNCTION_WORDS | GENERIC_WORDS:
        return False
    opens = not re.search(r"[^\W_]", sentence[: match.start()])
    marked = any(c.isupper() or c.isdigit() for c in word[1:])
    return marked or not opens


def _stands(name: str, held: set[str], initials: set[str], said: set[str]) -> bool:
    squeezed = _squeezed(name)
    if squeezed in held or (name[1:].islower() and _STEM + stem(squeezed) in held):
        return True
    if _MIN_INITIALS <= len(squeezed) <= _MAX_INITIALS and (squeezed in initials or squeezed in said):
        return True  # with its words in the sentence, "Monte Carlo Tree Search (MCTS)", these are compared
    if name[1:].islower() and any(short in held for short in said if short.startswith(squeezed[0]) or len(short) > 2):
        return True  # a word of a name that the quotes abbreviate: "Monte Carlo Tree Search" for MCTS
    parts = [part for part in name.split("-") if may_be_name(part)] if "-" in name else []  # "M2" of "M2-like"
    return bool(parts) and all(_squeezed(part) in held or _squeezed(part) in initials for part in parts)


def _squeezed(word: str) -> str:
    letters = "".join(c for c in word.casefold() if c.isalnum())
    return letters[:-1] if len(letters) > 2 and word.endswith("s") and not word.endswith("ss") else letters


def _spellings(text: str) -> set[str]:
    """Return the words of a text, single, as two and three in a row, and by their stems."""
    words = WORD.findall(text)
    squeezed = [_squeezed(word) for word in words]
    folded = [word.casefold() for word in words]
    held = set(squeezed) | {_STEM + stem(word) for word in folded}
    for count in (2, 3):
        held |= {"".join(folded[i : i + count - 1]) + squeezed[i + count - 1] for i in range(len(words) - count + 1)}
    return held


def _initials(text: str) -> set[str]:
    """Return the initials of two to six words in a row."""
    letters = [word[0] for word in split_words(text) if word not in _SMALL_WORDS]
    return {
        "".join(letters[i : i + count])
        for count in range(_MIN_INITIALS, _MAX_INITIALS + 1)
        for i in range(len(letters) - count + 1)
    }


def written_out(text: str, other: str) -> str:
    """Return the text with acronyms that `other` writes out in words, as "MCQs": "multiple-choice questions"."""
    words = [word for word in WORD.findall(other) if word not in _SMALL_WORDS]
    letters = "".join(word[0].casefold() for word in words)
    known = {word.casefold().rstrip("s") for word in words}

    def meaning(acronym: re.Match[str]) -> str:
        short = acronym[0].rstrip("s").casefold()
        start = -1 if short in known else letters.find(short)
        return " ".join(words[start : start + len(short)]) if start >= 0 else acronym[0]

    return _ACRONYM.sub(meaning, text)


def own_names(title: str, text: str) -> frozenset[str]:
    """Return the names that a paper gives to its own work: those of its title and those that it introduces.

    "It" and "we" in a quote may stand for them.
    """
    found = {match[0] for match in NAME.finditer(title) if may_be_name(match[0])}
    for match in _INTRODUCED.finditer(text):
        if match["after"] or match["plain"] or match.start() < _OPENING:  # later on, "X is a" is said of others' work
            found.add(match["after"] or match["plain"] or match["before"])
    return frozenset(found)


def other_name(sentence: str, quotes: Iterable[str]) -> str:
    """Return the name that opens the quotes' sentence nearest to `sentence`, if `sentence` does not hold it.

    Only where the sentence takes names from another sentence of the quotes: it would join what two sentences say.
    """
    parts = list(quotes)
    names = {_squeezed(match[0]) for match in NAME.finditer(sentence) if _is_name(match, sentence)}
    if len(parts) < 2 or not names:
        return ""
    wanted = {stem(word) for word in split_words(sentence)} - {stem(word) for word in FUNCTION_WORDS}
    nearest = max(parts, key=lambda part: len(wanted & set(map(stem, split_words(part)))))
    if names <= _spellings(nearest):
        return ""
    opening = " ".join(nearest.split()[:_SUBJECT_WORDS])
    for match in NAME.finditer(opening):
        marked = may_be_name(match[0]) and any(c.isupper() or c.isdigit() for c in match[0][1:])
        if marked and _squeezed(match[0]) not in _spellings(sentence) and _only_names(opening[: match.start()]):
            return match[0]
    return ""


def _only_names(text: str) -> bool:
    """Return whether a text has only names and words that say nothing by themselves: "On NQ and"."""
    return all(not word[0].islower() or word in FUNCTION_WORDS | GENERIC_WORDS for word in WORD.findall(text))
