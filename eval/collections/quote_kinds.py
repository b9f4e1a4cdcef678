"""Determine the kind of text that a quote comes from, by the publisher's XML if there is one, else by its shape."""

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from rag.reading.markup.xml import text_of

from .articles import key, take_reports, text_without

KINDS = ("body", "title", "abstract", "caption", "table", "back matter", "report")
"""Kinds of text that may be quoted; a report is a reviewer's report published with the paper."""
FAULTS = ("lone cell", "references", "abbreviations", "furniture")
"""Kinds of text that must not be quoted."""

_FEW_WORDS = 8  # a table cell with at least this many is text
_LABEL_WORDS = 4
_MOST_NUMBERS = 0.4  # of the words of a sentence
_NAME = r"[A-Z][\w'\u2019-]+,? (?:[A-Z]\.?[ -]?)"
_PERSON = re.compile(rf"\b{_NAME}{{1,2}}(?=[,;.:]|\band\b|&)")
_ENTRY = re.compile(rf"(?:\[?\d+[.\])]? )?{_NAME}{{1,3}}(?=[,;.:(\d]|\band\b|&|et al)")
_NUMBERED = re.compile(r"\[?\d+[.\])]? ")
_PUBLISHED = re.compile(r"\d(?: ?\(\d+\))?: ?\d|\bdoi\b|\bavailable from\b", re.I)
_YEAR = re.compile(r"\b(?:19|20)\d\d[a-z]?\b")
_ABBREVIATION = re.compile(r"\b[A-Z][\w-]{0,10}[:=] ?[\w-]+(?: [\w-]+){0,8}(?:[;,.]|$)")
_LICENCE = re.compile(r"creative ?commons|open access article|\bcopyright\b|\bpublisher.s note\b", re.I)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")


class ArticleKinds:
    """The text of an article's XML by kind, searchable by letters and digits only."""

    def __init__(self, root: Any) -> None:
        reports = take_reports(root)
        tables = list(root.iter("table"))
        self._cells = {key(text_of(cell)) for table in tables for cell in table.iter("td", "th")}
        abbreviations, floats = {"glossary", "def-list"}, {"table-wrap", "fig", "supplementary-material", "fn"}
        statements = [*root.iterfind("back"), *root.iter("funding-group", "custom-meta")]
        self._texts = {
            "abbreviations": _joined(_abbreviations(root)),
            "body": _joined(root.iterfind("body"), floats, {"title"}),
            "title": _joined(root.iterfind(".//title-group")),
            "abstract": _joined(root.iter("abstract", "trans-abstract"), (), {"title"}),
            "caption": _joined(root.iter("fig", "table-wrap"), {"table"}),
            "table": _joined(tables),
            "references": _joined(root.iter("ref")),
            "back matter": _joined(statements, {"ref-list", *abbreviations}, {"title"}),
            "report": _joined(reports, (), {"title"}),
            "furniture": _joined(root.iterfind("front"), {"abstract", "trans-abstract", "title-group"}),
        }

    def kind_of(self, quote: str) -> str | None:
        """Return the kind of text that contains the whole quote; None if there is none."""
        wanted = key(quote)
        if len(quote.split()) < _FEW_WORDS and any(wanted in cell for cell in self._cells):
            return "lone cell"
        return next((kind for kind, text in self._texts.items() if wanted in text), None)

    def fault_of(self, quote: str) -> str | None:
        """Return the kind of the first sentence of a quote that comes from text that must not be quoted."""
        kinds = (self.kind_of(part) for part in _SENTENCE_END.split(quote) if len(part.split()) >= _FEW_WORDS)
        return next((kind for kind in kinds if kind in FAULTS), None)


def kind_by_shape(quote: str, section_kind: str) -> str:
    """Return the kind of text that a quote comes from, by the kind of its section and by its shape."""
    words = list(map(key, quote.split()))
    if _is_reference(quote):
        return "references"
    if len(_ABBREVIATION.findall(quote)) >= 3:
        return "abbreviations"
    if _is_of_cells(words) and section_kind != "table":
        return "lone cell"
    if len(words) < _LABEL_WORDS or quote.upper() == quote or _LICENCE.search(quote):
        return "furniture"
    kind = section_kind.replace("_", " ")
    return kind if kind in KINDS or kind in FAULTS else "body"


def _is_reference(quote: str) -> bool:
    """Return whether a quote looks like an entry of a reference list, or names three people like one."""
    numbered = _NUMBERED.match(quote)
    if numbered and _YEAR.search(quote) and _PUBLISHED.search(quote):
        return True
    if _ENTRY.match(quote) and (numbered or _YEAR.search(quote)):
        return True
    return len(_PERSON.findall(quote)) >= 3


def _is_of_cells(words: Sequence[str]) -> bool:
    """Return whether words look like table cells: hardly any real words, or many numbers throughout."""
    numbers = sum(word[:1].isdigit() for word in words)
    return sum(word.isalpha() and len(word) > 1 for word in words) < 2 or numbers > _MOST_NUMBERS * len(words)


def _abbreviations(root: Any) -> Iterator[Any]:
    yield from root.iter("glossary", "def-list")
    for part in root.iter("sec", "notes", "fn", "app"):
        if key(text_of(part.find("title"))).startswith("abbreviation"):
            yield part


def _joined(parts: Iterable[Any], left_out: Collection[str] = (), apart: Collection[str] = ()) -> str:
    """Return the letters and digits of parts without `left_out` elements, with breaks around `apart` elements."""
    return "\n".join(
        key(line) for part in parts for line in text_without(part, {"tex-math", *left_out}, apart).split("\n")
    )
