"""Find lists of references among the paragraphs of a paper by the shape of their entries, in any style."""

import re
from collections.abc import Sequence
from itertools import pairwise

_YEAR = re.compile(r"(?<![\d.])(?:1[6-9]|20)\d\d[a-z]?(?!\d)")
_NUMBER = re.compile(r"\s*(?:\[(\d{1,3})\]|\((\d{1,3})\)|(\d{1,3})[.)]?(?=\s+[^\d\s.,:;%]))\s*")
_KEY = re.compile(r"\s*\[[\w+&., -]{2,24}\]\s+(?=[A-Z])")  # [Smi04], [Smith and Lee, 2004]
_INITIALS = r"(?:[A-ZÀ-Þ]\.?(?:[ -]?[A-ZÀ-Þ]\.?){0,3})"
_FAMILY = r"(?:(?:van|von|de|der|den|del|della|di|da|dos|du|la|le|el|al|bin|ten|ter|zu)[ -]){0,2}[A-ZÀ-Þ][\w'’‐-]+"
_AUTHOR = re.compile(
    rf"(?:{_FAMILY}(?: {_FAMILY})?,? {_INITIALS}(?=[,;.:&( ]|$)"  # Smith, J. / Smith JA,
    rf"|{_INITIALS} {_FAMILY}(?=[,;.:&( ]|$)"  # J. A. Smith
    rf"|{_FAMILY}, [A-ZÀ-Þ][\w'’-]+(?: [A-ZÀ-Þ]\.?)*(?=[,;.:&( ]|$)"  # Smith, John
    rf"|[A-ZÀ-Þ][\w'’-]+ (?:[A-ZÀ-Þ]\. )*{_FAMILY}(?:,| and | et al)"  # John Smith, ...
    r"|[\u4e00-\u9fff\u3040-\u30ff·]{2,8}[,，、])"
)
_LOCATOR = re.compile(
    r"\d\s?\(\d+(?:[-–/]\d+)?\)|\d\s?[:,;]\s?(?:[a-z]?\d+)(?:\s?[-–]\s?[a-z]?\d+)?|\b[pS]{1,2}\.\s?\d|\d[-–]\d+\s?\.?$|\b[Dd][Oo][Ii]\b|https?:|"
    r"\b[Aa]r[Xx]iv\b|\b[Ii]n:|\bIn [A-Z]|\(?\b[Ee]ds?\b\.?|\bHrsg\b|\bPress\b|\bVerlag\b|\bSpringer\b|\bWiley\b|"
    r"\bElsevier\b|\bUniversity\b|\bProc(?:eedings|\.)|\bConference\b|\bJournal\b|\bJ\. [A-Z]|\bISBN\b|\bthesis\b|"
    r"\bet al\b|\b[Aa]ccessed\b|\b[Aa]vailable (?:from|at)\b|\b[Vv]ol\.|\bBd\.|\bNo\.\s?\d|\[[JMDCNR](?:/OL)?\]|"
    r"[第卷期页]|出版社|\bpreprint\b|\bin press\b"
)
_ENDS_WITH_YEAR = re.compile(r"(?:1[6-9]|20)\d\d[a-z]?\)?[.,:]?$")  # the rest of the entry is on the next page
_CITED = re.compile(r"\([^()]{0,80}[a-z]{2}[^()]{0,40}\b(?:1[89]|20)\d\d[a-z]?[^()]{0,80}\)")
_MAX_ENTRY = 900  # characters
_MIN_ENTRIES = 4
_MAX_GAP = 2  # paragraphs between two entries: the rest of an entry split by a page or column
_LONE_ENTRIES = 8  # this many need neither numbers nor alphabetical order


def is_entry(text: str) -> bool:
    """Return whether a paragraph has the shape of one or more entries of a list of references."""
    number = _NUMBER.match(text) or _KEY.match(text)
    rest = text[number.end() :] if number else text
    years, locators = len(_YEAR.findall(rest)), len(_LOCATOR.findall(rest))
    if len(text) > _MAX_ENTRY * max(1, min(years, locators) / 2):
        return False
    if not (years or locators) or _is_prose(rest):
        return False
    if _AUTHOR.match(rest):
        return bool(years and (locators or _ENDS_WITH_YEAR.search(rest))) or locators > 1
    return bool(years and (locators > 1 or (number and locators)) and rest.lstrip("‘“'\"")[:1].isupper())


def reference_lists(paragraphs: Sequence[str]) -> list[range]:
    """Return the ranges of paragraphs that are lists of references."""
    entries = [at for at, text in enumerate(paragraphs) if is_entry(text)]
    runs: list[list[int]] = []
    for at in entries:
        near = runs and at - runs[-1][-1] <= _MAX_GAP + 1
        if near and not any(_is_prose(text) for text in paragraphs[runs[-1][-1] + 1 : at]):
            runs[-1].append(at)
        else:
            runs.append([at])
    lists = [run for run in runs if _is_list([paragraphs[at] for at in run])]
    return [_with_neighbours(range(run[0], run[-1] + 1), paragraphs) for run in lists]


def _is_list(entries: Sequence[str]) -> bool:
    """Return whether consecutive entries are a list: numbered, alphabetical, or many."""
    if sum(map(_entries_in, entries)) < _MIN_ENTRIES:
        return False
    numbers = [number for text in entries if (number := _number(text))]
    steps = [b - a for a, b in pairwise(numbers)]
    in_sequence = len(numbers) > 0.6 * len(entries) and sum(0 < step < 4 for step in steps) > 0.7 * len(steps)
    names = [re.sub(r"\W", "", text[:12]).casefold() for text in entries]
    alphabetical = sum(a <= b for a, b in pairwise(names)) > 0.7 * (len(names) - 1)
    return in_sequence or alphabetical or len(entries) >= _LONE_ENTRIES


def _entries_in(paragraph: str) -> int:
    """Return how many entries a paragraph seems to hold."""
    return max(1, min(len(_YEAR.findall(paragraph)), len(_LOCATOR.findall(paragraph)) // 2, len(paragraph) // 80))


def _number(entry: str) -> int:
    """Return the number at an entry's start; 0 if there is none."""
    found = _NUMBER.match(entry)
    return int(next(filter(None, found.groups()))) if found else 0


def _with_neighbours(found: range, paragraphs: Sequence[str]) -> range:
    """Return a list extended by the entries next to it that belong to it by their number, if not by their shape."""
    start, stop = found.start, found.stop
    first, last = _number(paragraphs[start]), _number(paragraphs[stop - 1])
    for at in range(start - 1, -1, -1):
        number = _number(paragraphs[at])
        if first and 0 < first - number <= _MAX_GAP and number:
            start, first = at, number
        elif start - at > _MAX_GAP:
            break
    for at in range(stop, len(paragraphs)):
        number = _number(paragraphs[at])
        if last and 0 < number - last <= _MAX_GAP:
            stop, last = at + 1, number
        elif at - stop >= _MAX_GAP:
            break
    return range(start, stop)


def _is_prose(text: str) -> bool:
    """Return whether a text is running text, for example because it cites works inside its sentences."""
    words = text.split()
    lower = sum(word[:1].islower() for word in words)
    sentences = len(re.findall(r"[a-z)\]][.?!] [A-Z][a-z]* [a-z]+ [a-z]+", text))
    return (
        len(_CITED.findall(text)) > 1 + len(text) / _MAX_ENTRY
        or (len(words) > 25 and lower > 0.72 * len(words))
        or sentences > 2 + len(text) / 300
    )
