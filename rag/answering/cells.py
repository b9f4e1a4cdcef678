"""Cells of tables as evidence: the values whose row, column and caption hold the words of a question.

A cell becomes the sentence `SGC, MeSH F1: 82.7 (Table 1, p. 2276)`; its quote is the row as it stands in the text.

- A cell is found by its row and its column: both have to hold a word of the question that not all rows, or columns, of
  the table hold. A table with one column of values needs the row alone.
- "Which model has the highest F1?" compares the column whose header holds the question's words, or, if a row's label
  holds more of them, the row. "Best" is the lowest where the header names an error, a loss, a time or a cost.
- A word is held by a label that has a word with its stem, its abbreviation ("Acc."), or the initials of the words
  around it ("odds ratio", OR), or that stands for it (`_SYMBOLS`); a % holds "percentage". Words such as "with", "no"
  and "authors" count if a label has them, and are not missed if it has not.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ..retrieval.terms import STOP_WORDS, stem
from ..retrieval.wanted import asks_for_number
from ..text.readable import readable
from ..types import Paper, Span, Table
from .labelled import LabelledTable, Value, is_number, labelled, number_in, row_span

MOST_FOUND = 4
"""The most rows of tables that become evidence for a question."""

_MOST_CELLS = 20_000  # that are read for a question; the tables after them are left out
_MOST_COLUMNS = 6  # of a row in a sentence
_MOST_OF = 0.65  # fit from which a row and its columns hold most of the question's words
_LEAST = 0.5  # share of the question's words that a row, its columns and its table must hold
_IN_CAPTION = 0.5  # what a word counts that only the caption or the paper's title holds
_NUMBER_COUNTS = 2  # words, a decimal number of the question
_UNASKED_ROW, _UNASKED_COLUMN = 0.15, 0.05  # what a label loses whose words the question does not have
_IS_EXTREME = 0.25  # what a row gains that is the highest or lowest, as the question asks
_SHORT = 3  # letters of an abbreviation, at least; and of a word, at most, whose final s is part of it
_INITIALS = range(2, 5)  # words

_ASIDE = re.compile(r"\([^()]*\)")  # units, numbers of cases
_ENDING = re.compile(r"(?<=\w{3})(?:ings?|e?rs?|ed|es|e|(?<!s)s)$")
_WORD = re.compile(r"[^\W_]+")
_DECIMAL = re.compile(r"(?<![\w.])\d+(?:[.,]\d+)+(?![\w.]*\d)")
_SYMBOLS = {
    "p": ("precision", "probability"), "r": ("recall", "correlation"), "f": ("f1",), "m": ("mean",),
    "n": ("number", "size", "count"), "avg": ("average", "mean"), "std": ("standard",), "sd": ("standard", "deviation"),
    "overall": ("whole", "entire", "total", "all"), "total": ("whole", "entire", "overall", "all"),
}  # fmt: skip
_SHARES = frozenset("percent percentage share proportion fraction rate".split())
_PLACE = re.compile(r"\btable\s*([A-Z]?\.?\d+)", re.IGNORECASE)
_HIGHEST = re.compile(
    r"\b(?:highest|largest|greatest|biggest|longest|maximum|max|top|fastest"
    r"|(?:the )?most(?: (?:common|frequent|frequently|often|abundant|numerous))?)\b",
    re.IGNORECASE,
)
_LOWEST = re.compile(
    r"\b(?:lowest|smallest|least(?: (?:common|frequent))?|fewest|shortest|minimum|min|slowest)\b", re.IGNORECASE
)
_BEST = re.compile(r"\b(?:(?P<best>best)|worst)\b", re.IGNORECASE)
_LESS_IS_BETTER = re.compile(
    r"↓|\b(?:errors?|loss|perplexity|ppl|latency|times?|seconds|costs?|rmse|mae|mse|wer|cer|fid|distance)\b",
    re.IGNORECASE,
)
_OPTIONAL = frozenset(
    "with without no before after during under over above below all both only other same new first own paper papers "
    "study studies work works article articles author authors research used using use score scores value values reach "
    "reached achieve achieved obtain obtained data set sets dataset datasets among number group groups".split()
)
_NO = frozenset("no none non not without".split())
_COUNTED = re.compile(r"\bhow (?:many|much|long|old|heavy|tall|high|often|far|fast)\b", re.IGNORECASE)
_MEASURES = {
    "long": "duration length time", "old": "age", "heavy": "weight mass", "tall": "height", "high": "height",
    "often": "frequency", "far": "distance", "fast": "speed velocity time",
}  # fmt: skip
"""What a column may be called that answers "how long", "how old", ..."""
_LEFT_OUT = re.compile(r"^[−–-]\s|\bw/o\b")
_ADDED = re.compile(r"^\+\s|\bw/(?=\s)")
_PLURAL = re.compile(r"(?<=[A-Z]{2})s$")  # of IDs, PDFs
_SUMMARY = re.compile(r"(?:grand )?(?:totals?|sum|all|overall|mean|average|avg|median|s\.?d|range)\b", re.IGNORECASE)


class FoundCells(NamedTuple):
    """Cells of a row that fit a question: the row's span in the paper's text, what they say, and how well they fit.

    `fit` is about the share of the question's words that the row, the columns and the table hold; `holds_all` is
    whether they hold every one of them, and the row and the columns most.
    """

    span: Span
    sentence: str
    fit: float
    holds_all: bool = False


class _Held(NamedTuple):
    """The indexes of the question's terms that a label holds, and the share of its words that hold one."""

    terms: frozenset[int]
    share: float


def find_cells(question: str, paper: Paper, text: str, tables: Sequence[Table]) -> list[FoundCells]:
    """Return the cells of a paper's tables that fit a question, best first; `text` is the paper's."""
    asked = _Asked(question)
    if not asked.needed:
        return []
    found: list[FoundCells] = []
    read = 0
    for table in tables:
        read += sum(map(len, table.rows))
        if read > _MOST_CELLS:
            break
        if asked.table and not (table.label or "").casefold().endswith(f" {asked.table}"):
            continue
        found += _found_in(asked, paper, text, table)
    return sorted(found, key=lambda cells: -cells.fit)[:MOST_FOUND]


def row_sentence(paper: Paper, text: str, table: Table, row: int) -> str:
    """Return what a row of a table says, all its values named by their headers; "" if it has no value."""
    values = [value for value in labelled(text, table).values if value.row == row]
    return _sentence(paper, table, values) if values else ""


class _Asked:
    """The words of a question about a table, and what it compares."""

    def __init__(self, question: str) -> None:
        place = _PLACE.search(question)
        self.table = place[1].casefold() if place else ""
        self.highest = _HIGHEST.search(question) is not None
        self.lowest = _LOWEST.search(question) is not None
        self.best = _BEST.search(question)
        self.asks_number = asks_for_number(question)
        counted = _COUNTED.search(question)
        measures = _MEASURES.get(counted[0].split()[-1].casefold(), "").split() if counted else []
        for pattern in (_COUNTED, _PLACE, _HIGHEST, _LOWEST, _BEST):
            question = pattern.sub(" ", question)
        self.numbers = frozenset(_DECIMAL.findall(question))
        question = _DECIMAL.sub(" ", question)
        words = _WORD.findall(question)
        folded = dict.fromkeys(_PLURAL.sub("", word).casefold() for word in words)
        named = [word for word in folded if word in _OPTIONAL or word not in STOP_WORDS]
        self.terms = tuple(dict.fromkeys([*named, *measures]))
        self.needed = frozenset(i for i, term in enumerate(named) if term not in _OPTIONAL)
        self._stems = [_stem(term) for term in self.terms]
        self._initials = self._initials_of(words)
        self._acronyms = {word.casefold() for word in words if word.isupper() and len(word) in _INITIALS}
        self._held: dict[str, _Held] = {}
        self._of_word: dict[str, frozenset[int]] = {}

    @property
    def compares(self) -> bool:
        return self.highest or self.lowest or self.best is not None

    def wants_lowest(self, header: str) -> bool:
        """Return whether the least value of a column is asked for."""
        if self.best and not (self.highest or self.lowest):
            return (_LESS_IS_BETTER.search(header) is not None) == bool(self.best["best"])
        return self.lowest

    def held_by(self, label: str) -> _Held:
        """Return which terms a label holds."""
        if label not in self._held:
            self._held[label] = self._compared(label)
        return self._held[label]

    def _compared(self, label: str) -> _Held:
        label = _ADDED.sub("with ", _LEFT_OUT.sub("without ", label))
        words = _WORD.findall(label)
        held = frozenset[int]().union(*map(self._terms_of, words))
        named = [self._terms_of(word) for word in _WORD.findall(_ASIDE.sub(" ", label)) if _names_something(word)]
        share = sum(map(bool, named)) / max(len(named), 1)
        if "%" in label:
            held |= {i for i, term in enumerate(self.terms) if term in _SHARES}
        if self._acronyms and (spelled := self._acronyms & _initials(words).keys()):
            held |= {i for i, term in enumerate(self.terms) if term in spelled}
            share = 1.0
        return _Held(held, share)

    def _terms_of(self, word: str) -> frozenset[int]:
        if word not in self._of_word:
            self._of_word[word] = self._terms_like(word)
        return self._of_word[word]

    def _terms_like(self, word: str) -> frozenset[int]:
        folded = _PLURAL.sub("", word).casefold()
        if folded in _SYMBOLS or len(folded) == 1:
            named = (folded, *_SYMBOLS.get(folded, ()))
            return frozenset(i for i, term in enumerate(self.terms) if term in named)
        if word.isupper() and folded in self._initials:
            return self._initials[folded]
        if folded in STOP_WORDS and folded not in _OPTIONAL:
            return frozenset()
        stemmed = _stem(folded)
        is_short = len(stemmed) < _SHORT or folded.isdigit()
        return frozenset(
            i
            for i, term in enumerate(self.terms)
            if self._stems[i] == stemmed or (not is_short and term.startswith(stemmed))
        )

    def _initials_of(self, words: Sequence[str]) -> dict[str, frozenset[int]]:
        """Return the terms of the question by the initials of some of its words that follow each other."""
        index = {term: i for i, term in enumerate(self.terms)}
        return {
            initials: frozenset(index[word] for word in run if word in index)
            for initials, run in _initials(words).items()
        }


def _found_in(asked: _Asked, paper: Paper, text: str, table: Table) -> Iterator[FoundCells]:
    """Yield the cells of a table that fit a question."""
    grid = labelled(text, table)
    if not grid.values:
        return
    around = asked.held_by(f"{paper.title} {text[slice(*table.caption)] if table.caption else ''} {grid.corner}").terms
    compared = _compared_values(asked, grid) if asked.compares else []
    by_row: dict[int, list[tuple[float, Value]]] = {}
    for value in compared or _named_values(asked, grid):
        fit = _fit(asked, value, around) + (_IS_EXTREME if compared else 0.0)
        if fit >= _LEAST:
            by_row.setdefault(value.row, []).append((fit, value))
    for row, fitting in by_row.items():
        best = max(fit for fit, _ in fitting)
        values = [value for fit, value in fitting if fit == best][:_MOST_COLUMNS]
        holds_all = best >= _MOST_OF and asked.needed <= _held_by_cell(asked, values[0]) | around
        said = _sentence(paper, table, values)
        yield FoundCells(row_span(text, table.rows[row]), said, min(best, 1.0), holds_all)


def _held_by_cell(asked: _Asked, value: Value) -> frozenset[int]:
    return frozenset().union(*(asked.held_by(label).terms for label in (value.group, value.label, value.header)))


def _fit(asked: _Asked, value: Value, around: frozenset[int]) -> float:
    row, column, held = asked.held_by(value.label), asked.held_by(value.header), _held_by_cell(asked, value)
    numbers = _NUMBER_COUNTS * sum(number in value.text for number in asked.numbers)
    words = len(held) + _IN_CAPTION * len(around & asked.needed - held) + numbers
    loss = _UNASKED_ROW * (1 - row.share) + _UNASKED_COLUMN * (1 - column.share)
    return words / (len(asked.needed | held) + _NUMBER_COUNTS * len(asked.numbers)) - loss


def _named_values(asked: _Asked, grid: LabelledTable) -> Iterator[Value]:
    """Yield the values whose row and column are both named, or whose row is and holds a number of the question."""
    rows = _distinguishing(asked, {value.row: f"{value.group} {value.label}" for value in grid.values})
    headers = {value.column: value.header for value in grid.values}
    columns = _distinguishing(asked, headers)
    is_list = len(headers) == 1 and (asked.asks_number or len(asked.needed) > 1)
    numeric = {value.column for value in grid.values if is_number(value.text)} if asked.asks_number else set()
    only = numeric if len(numeric) == 1 else headers.keys() if is_list else set()
    for value in grid.values:
        has_number = any(number in value.text for number in asked.numbers)
        names_row, names_column = rows[value.row], columns[value.column] or asked.held_by(value.header).terms
        if (names_row and (names_column or value.column in only)) or (has_number and (names_row or names_column)):
            yield value


def _distinguishing(asked: _Asked, labels: Mapping[int, str]) -> dict[int, frozenset[int]]:
    """Return the terms that each label holds and not all labels hold; all it holds, if it is the only one."""
    held = {at: asked.held_by(label).terms for at, label in labels.items()}
    common = frozenset.intersection(*held.values()) if len(held) > 1 else frozenset[int]()
    return {at: terms - common for at, terms in held.items()}


def _compared_values(asked: _Asked, grid: LabelledTable) -> list[Value]:
    """Return the highest or lowest value of the column that the question names, or of the row."""
    columns, rows = _lines(grid, lambda value: value.column), _lines(grid, lambda value: value.row)
    column = _most_named(asked, columns, lambda value: value.header)
    row = _most_named(asked, rows, lambda value: value.label)
    if not (column[0] or row[0]) and (len(columns) == 1 or asked.held_by(grid.corner).terms & asked.needed):
        totals = (line for line in columns.values() if len(columns) == 1 or _SUMMARY.match(line[0].header))
        column = next(((1, line) for line in totals), column)
    if not (column[0] or row[0]):
        return []
    line, named = (column[1], "header") if column[0] >= row[0] else (row[1], "label")
    numbers = [
        (number, value)
        for value in line
        if not _SUMMARY.match(value.label if named == "header" else value.header)
        and is_number(value.text)
        and (number := number_in(value.text)) is not None
    ]
    if len(numbers) < 2:
        return []
    wants_lowest = asked.wants_lowest(getattr(line[0], named))
    extreme = (min if wants_lowest else max)(number for number, _ in numbers)
    return [value for number, value in numbers if number == extreme]


def _lines(grid: LabelledTable, key: Callable[[Value], int]) -> dict[int, list[Value]]:
    lines: dict[int, list[Value]] = {}
    for value in grid.values:
        lines.setdefault(key(value), []).append(value)
    return lines


def _most_named(
    asked: _Asked, lines: Mapping[int, list[Value]], label: Callable[[Value], str]
) -> tuple[int, list[Value]]:
    """Return the line of a table whose label holds the most terms, and how many; of several the first."""
    line = max(lines.values(), key=lambda each: len(asked.held_by(label(each[0])).terms))
    return len(asked.held_by(label(line[0])).terms), line


def _sentence(paper: Paper, table: Table, values: Sequence[Value]) -> str:
    """Return what some cells of a row say: `SGC, MeSH F1: 82.7 (Table 1, p. 2276)`."""
    label = ", ".join(filter(None, [values[0].group, values[0].label]))
    page = paper.page_at(table.rows[values[0].row][0].start)
    said = "; ".join(f"{value.header}: {value.text}" if value.header else value.text for value in values)
    between = (", " if values[0].header else ": ") if label else ""
    place = [readable(table.label or "table"), *([f"p. {page.label or page.number}"] if page else [])]
    return f"{label}{between}{said} ({', '.join(place)})"


def _initials(words: Sequence[str]) -> dict[str, list[str]]:
    """Return runs of words that follow each other, case folded, by their initials."""
    folded = [word.casefold() for word in words]
    runs = [folded[at : at + count] for count in _INITIALS for at in range(len(folded) - count + 1)]
    return {"".join(word[0] for word in run): run for run in runs}


def _names_something(word: str) -> bool:
    return len(word) > 1 and not word.isdigit() and word.casefold() not in STOP_WORDS


def _stem(word: str) -> str:
    """Return the stem of a word without its ending: labels are short, and have "smoking" for "smoked"."""
    return "no" if word in _NO else stem(_ENDING.sub("", word))
