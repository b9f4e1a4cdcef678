"""Split text into words and compare them by stem."""

import functools
import re

WORD = re.compile(r"[^\W_]+(?:['’]t\b)?")
_PLURAL = re.compile(r"(?<=\w\w)(?<![aius])s$")
_INFLECTED = re.compile(r"(?<=[aeiouy])(?P<rest>[^aeiouy]*)(?:(?<!e)(?<!emb)ed|ing)$")


def split_words(text: str) -> list[str]:
    return [match.casefold() for match in WORD.findall(text)]


def has_words(text: str) -> bool:
    return any(character.isalnum() for character in text)


def is_content_word(word: str) -> bool:
    """Return whether a word may say what a text is about, by its length or digits."""
    return len(word) > 3 or any(c.isdigit() for c in word)


@functools.lru_cache(maxsize=1 << 14)
def stem(word: str) -> str:
    """Return enough of a word to match most of its forms: increas-es, -ed and -ing, help and helped, run, running.

    Without plural, "ed" and "ing", the first five letters; of these no silent e and no second of two consonants.
    """
    start = _INFLECTED.sub(r"\g<rest>", _PLURAL.sub("", word))[:5]
    if len(start) > 2 and start[-1] in "ey":
        return start[:-1] + "i" * (start[-1] == "y")
    return start[:-1] if len(start) > 2 and start[-1] == start[-2] and start[-1] not in "aeiou0123456789" else start


def contains_phrase(text: str, phrase: str) -> bool:
    """Return whether `text` contains `phrase` at word boundaries; both must be case-folded."""
    start = text.find(phrase)
    while start >= 0:
        end = start + len(phrase)
        if not (text[start - 1 : start].isalnum() or text[end : end + 1].isalnum()):
            return True
        start = text.find(phrase, start + 1)
    return False
