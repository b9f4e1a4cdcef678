"""Compare names, ignoring accents, case and typing mistakes."""

import re
import unicodedata

_LETTERS = str.maketrans({"ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i"})
_GENERATIONS = frozenset({"jr", "sr", "ii", "iii", "iv"})
_MIN_LENGTH, _LENGTH_FOR_TWO = 5, 9  # letters of a name that may differ by one edit, and by two


def plain_name(text: str) -> str:
    """Return a name in lower case without accents and punctuation, words separated by single spaces."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(each for each in letters if not unicodedata.combining(each)).translate(_LETTERS)
    return " ".join(re.findall(r"[^\W_]+", bare))


def name_key(author: str) -> str:
    """Return a key for comparing authors' names: the last word of the surname, then the other words.

    `brook eva van` for "Eva van Brook" and "van Brook, Eva". Generations ("Jr.", "III") are left out.
    """
    surname, comma, given = author.partition(",")
    words = _name_words(surname)
    if comma and (rest := _name_words(given)):
        words = [*rest, *words]
    return " ".join([*words[-1:], *words[:-1]])


def fits_name(asked: str, stored: str) -> bool:
    """Return whether two name keys may belong to one person: "E. Brook" and "Eva M. Brook"."""
    (surname, *given), (own_surname, *own) = asked.split() or [""], stored.split() or [""]
    if surname != own_surname:
        return False
    at = 0
    for word in given:  # in order; an initial matches a name
        while at < len(own) and not _is_same_word(word, own[at]):
            at += 1
        if at == len(own):
            return False
        at += 1
    return True


def _is_same_word(one: str, other: str) -> bool:
    return one == other or (min(len(one), len(other)) == 1 and one[:1] == other[:1])


def _name_words(text: str) -> list[str]:
    return [word for word in plain_name(text).split() if word not in _GENERATIONS]


def is_near_name(asked: str, stored: str) -> bool:
    """Return whether two name keys may belong to one person if a surname or first name is mistyped."""
    (surname, *given), (own_surname, *own) = asked.split() or [""], stored.split() or [""]
    if surname != own_surname:
        return is_near(surname, own_surname) and fits_name(" ".join([own_surname, *given]), stored)
    return bool(given) and all(any(_is_nearly_word(word, each) for each in own) for word in given)


def _is_nearly_word(one: str, other: str) -> bool:
    return _is_same_word(one, other) or (min(len(one), len(other)) > 3 and edits(one, other, 1) <= 1)


def is_near(one: str, other: str) -> bool:
    """Return whether two plain names may differ only by typing mistakes. Digits and the first letter must agree.

    One letter may be wrong, missing, added or swapped with its neighbour; two in long names, none in short ones.
    """
    length = min(len(one), len(other))
    most = 0 if length < _MIN_LENGTH else 1 if length < _LENGTH_FOR_TWO else 2
    if one == other or one[:1] != other[:1] or abs(len(one) - len(other)) > most:
        return one == other
    return _digits(one) == _digits(other) and edits(one, other, most) <= most


def edits(one: str, other: str, most: int) -> int:
    """Return the edit distance of two texts, a swap of neighbours counted once; any larger number if above `most`."""
    before, row = list[int](), list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        earlier, before, row = before, row, [i]
        for j, another in enumerate(other, 1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (letter != another))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == another:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return row[-1]


def _digits(text: str) -> list[str]:
    return re.findall(r"\d", text)
