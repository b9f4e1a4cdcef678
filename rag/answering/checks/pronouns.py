"""Find a pronoun at the beginning of a sentence that stands for something else than its quotes speak of."""

import re
from collections.abc import Iterable, Sequence

from ...ingest.sentences import split_sentences
from .quantities import NAME, may_be_name
from .statements import subject_of
from .synonyms import is_light
from .word_overlap import split_words

_PRONOUN = re.compile(r"(?:it|its|they|their|he|she|his|her)\b", re.IGNORECASE)
_IMPERSONAL = re.compile(
    r"it (?:(?:is|was|has been)(?: \w+){1,2} that|(?:seems|appears|turns out|follows)(?: \w+)? that)\b", re.IGNORECASE
)
_DESCRIBES = re.compile(r"(?:the|this|that|these|those|our|we|both)\b", re.IGNORECASE)
_SUBJECT = 80  # characters of a sentence in which its subject is looked for


def opens_with_pronoun(sentence: str) -> bool:
    """Return whether a sentence begins with a pronoun that stands for something; "it is found that" does not."""
    return bool(_PRONOUN.match(sentence)) and not _IMPERSONAL.match(sentence)


def other_antecedent(sentence: str, before: str, quotes: Sequence[str], own: Iterable[str]) -> str:
    """Return the name of which the quotes say what the sentence says of "it", "" if there is none other than `before`.

    `before` is the last sentence that does not begin with a pronoun. What it calls "the system" may be the paper's own,
    whose names are `own`.
    """
    subject = {word for word in subject_of(before)[0] if not is_light(word)}
    if not opens_with_pronoun(sentence) or not subject or not subject.isdisjoint(split_words(" ".join(quotes))):
        return ""
    known = set(split_words(f"{before} {sentence}"))
    if _DESCRIBES.match(before):
        known |= {word for name in own for word in split_words(name)}
    names = [_name_before_verb(text[a:b]) for text in quotes for a, b in split_sentences(text)]
    return next((name for name in names if name and known.isdisjoint(split_words(name))), "")


def _name_before_verb(sentence: str) -> str:
    """Return the marked name that opens a sentence, as its subject, "" if another thing does."""
    subject, _ = subject_of(sentence)
    for match in NAME.finditer(sentence[:_SUBJECT]):
        marked = may_be_name(match[0]) and any(c.isupper() or c.isdigit() for c in match[0][1:])
        if marked and split_words(match[0])[0] in subject and not re.search(r"[,;:()]", sentence[: match.start()]):
            return match[0]
    return ""
