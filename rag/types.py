"""The data types of the program: papers, passages, citations, answers, reports."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from .plain import made_of, plain
from .text.readable import readable
from .text.searched import searched_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_QUOTED = 80  # characters of a quote in a printed reference

MAX_COLUMNS = 200
"""The maximum number of columns of a table, so that a row written with its empty cells stays short."""

REFUSAL = "The papers in this library do not answer this question."
"""The whole text of a refusal, in answers and prompts."""

DOUBT = "The papers may not answer this."
"""The uncited first sentence of prose with low confidence."""

UNSURE = "The papers may not answer this; the nearest passages are:"
"""The uncited first sentence of an answer with low confidence."""


class Span(NamedTuple):
    """A part of a paper's text, `text[start:end]`, in characters."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Page:
    """A page of a paper: its number from 1, its printed label, and a span of the text on it.

    A page has several spans if a paragraph that continues on the next page comes before its captions or footnotes.
    """

    number: int
    label: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a paper, with its title if it has one; the title of a table or figure is its caption.

    `kind` is one of `text.kinds`: body, abstract, appendix, table, caption, footnote, references, back_matter
    (funding, data availability, interests, contributions, thanks, licence, abbreviations) or furniture (labels,
    addresses, dates, correspondence, keywords). References and furniture are never quoted; back matter answers
    questions about it alone.
    """

    title: str | None
    start: int
    end: int
    kind: str = "body"


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table: the span of its text, its first column from 0, and how many columns it covers."""

    start: int
    end: int
    column: int
    columns: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """A table of a paper. Each row is a line of the paper's text: `label | cell | cell`.

    Attributes:
        label: `Table 1`.
        start, end: the span of the caption, the rows and the notes.
        header_rows: how many of the first rows are the header.
    """

    label: str | None
    start: int
    end: int
    caption: Span | None
    header_rows: int
    rows: tuple[tuple[Cell, ...], ...]
    notes: Span | None = None

    def rows_at(self, start: int, end: int) -> list[int]:
        """Return the indexes of the rows that `text[start:end]` touches."""
        return [at for at, row in enumerate(self.rows) if row[0].start < end and start < row[-1].end]

    def moved(self, move: Callable[[int], int]) -> Table:
        """Return the table with `move` applied to each position."""
        rows = tuple(tuple(Cell(move(c.start), move(c.end), c.column, c.columns) for c in row) for row in self.rows)
        caption, notes = (span and Span(move(span.start), move(span.end)) for span in (self.caption, self.notes))
        start, end = move(self.start), move(self.end)
        return replace(self, start=start, end=end, caption=caption, rows=rows, notes=notes)


@dataclass(frozen=True, slots=True)
class Paper:
    """A stored paper. `text` begins with the title; pages, sections and tables are spans of it.

    Attributes:
        certainty: how certain each guessed metadata field is, from 0 to 1.
        notes: what a reader should know about how the paper was read.
        zotero: the `zotero://` address of its item.
        brief: whether the text is only the abstract so far, and the rest is yet to be read.
        extent: how much was read: abstract, full, or scan (by OCR); empty if an older version read it.
        boxes: only set on a paper just read from a PDF, (characters, 4): left, top, right and bottom of each character
            of `text`, in tenths of a point from the upper left corner of the displayed page; zeros if on no page.
    """

    title: str
    text: str
    id: str = ""
    authors: tuple[str, ...] = ()
    year: int | None = None
    venue: str | None = None
    doi: str | None = None
    arxiv_id: str | None = None
    url: str | None = None
    citekey: str | None = None
    tags: tuple[str, ...] = ()
    collections: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    pages: tuple[Page, ...] = ()
    sections: tuple[Section, ...] = ()
    tables: tuple[Table, ...] = ()
    certainty: tuple[tuple[str, float], ...] = ()
    notes: tuple[str, ...] = ()
    zotero: str | None = None
    brief: bool = False
    extent: str = "full"
    boxes: NDArray[np.uint16] | None = field(default=None, compare=False, repr=False)

    @property
    def source(self) -> str:
        """The first source's file name or URL; empty for a paper that is not stored yet."""
        return self.sources[0] if self.sources else ""

    def page_at(self, position: int) -> Page | None:
        """Return the page with the character at `position`."""
        return next((p for p in self.pages if p.start <= position < p.end), None)

    def section_at(self, position: int) -> Section | None:
        """Return the section with the character at `position`."""
        return next((s for s in self.sections if s.start <= position < s.end), None)

    def table_at(self, position: int) -> Table | None:
        """Return the table with the character at `position`."""
        return next((t for t in self.tables if t.start <= position < t.end), None)

    def moved(self, move: Callable[[int], int], text: str) -> Paper:
        """Return the paper with a new text; `move` maps positions in the current text to the new one."""
        return replace(
            self,
            text=text,
            pages=tuple(replace(page, start=move(page.start), end=move(page.end)) for page in self.pages),
            sections=tuple(replace(each, start=move(each.start), end=move(each.end)) for each in self.sections),
            tables=tuple(table.moved(move) for table in self.tables),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the metadata, without the text."""
        hidden = {"text", "pages", "sections", "tables", "boxes"}
        values = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in hidden}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()} | {
            "certainty": dict(self.certainty),
            "paper_id": self.id,
            "source": self.source,
            "pages": len({page.number for page in self.pages}),
        }


class Box(NamedTuple):
    """A rectangle on a page (number from 1), in points from the upper left corner of the displayed page."""

    page: int
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Chunk:
    """A span of a paper that fits into the embedding model, and the spans of its sentences."""

    start: int
    end: int
    sentences: tuple[Span, ...]
    page: int | None = None
    page_label: str | None = None
    section: str | None = None


@dataclass(frozen=True, slots=True)
class Passage:
    """A chunk with its score for a question. `text` is verbatim: `paper.text[start:end]`."""

    title: str
    paper_id: str
    page: int | None
    section: str | None
    text: str
    score: float
    start: int
    end: int
    page_label: str | None = None
    authors: tuple[str, ...] = ()
    year: int | None = None
    source: str = ""
    # What ranked it: `retrieval.features.SIMILARITIES` and, as "read", the cross-encoder's logit. Passages of one paper
    # may have swapped scores to follow the logits.
    scores: dict[str, float] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        values: dict[str, Any] = plain(self)
        return values


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote, `paper.text[start:end]`, with its place in the paper."""

    number: int
    title: str
    paper_id: str
    authors: tuple[str, ...]
    year: int | None
    citekey: str | None
    page: int | None
    page_label: str | None
    section: str | None
    start: int
    end: int
    quote: str
    source: str
    link: str | None = None  # opens the work in Zotero, at the page if known

    def __str__(self) -> str:
        """Return the reference on one line: `[1] Title (authors, year), p. 3, section, source: "first words ..."`."""
        by = ", ".join([*([_names(self.authors)] if self.authors else []), *([str(self.year)] if self.year else [])])
        where = [
            readable(self.title) + (f" ({by})" if by else ""),
            *([f"p. {self.page_label or self.page}"] if self.page else []),
            *([short_section(self.section)] if self.section else []),
            self.source,
        ]
        reference = f"[{self.number}] " + ", ".join(where)
        quote = " ".join(readable(self.quote).split())
        if self.quote == self.title:
            return reference
        return f'{reference}: "{quote if len(quote) <= _QUOTED else quote[:_QUOTED].rsplit(" ", 1)[0] + " ..."}"'


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence of an answer in readable form, the numbers of its citations, and how well they support it."""

    text: str
    citations: tuple[int, ...]
    # quoted | counted | supported | partly | unsupported. "counted" is from metadata, and cites papers by their titles.
    support: str
    reason: str = ""  # why it is not supported, if a single fact shows it: "The quote does not name GPT-4."


@dataclass(frozen=True, slots=True)
class CitedText:
    """Sentences with their citations, either quotes or a model's prose; `text` is all of it, with [n] marks."""

    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question.

    `text`, `sentences`, `citations`, `mode` and `confidence` describe what is shown first: a model's prose if it
    passes the check, otherwise the answer in quotes.
    """

    question: str
    text: str
    refused: bool
    complete: bool
    confidence: float
    mode: str
    model: str | None
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    passages: tuple[Passage, ...]
    seconds: dict[str, float] = field(default_factory=dict)
    standalone_question: str = ""
    notes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()  # the notes about what was asked for but is in none of the papers found
    # papers; brief: how many of them are abstracts; failed: files. With filters also: of, all papers in the library;
    # filters. If passages were searched also: terms, the words; found, the passages; read, those that were reranked.
    searched: dict[str, Any] = field(default_factory=dict)
    grounds: str = ""  # what it is based on: `2 quotes, both from one paper; neither holds a number`
    prompt_version: str | None = None
    quotes: CitedText | None = None  # the answer in quotes, in every mode; None if an older version saved the answer
    written: CitedText | None = None  # everything a model wrote, with its check, whether shown or not
    asked: str = ""  # ISO time; empty until the answer is complete
    number: int | None = None  # of the saved answer
    conversation: int | None = None  # in which it is saved

    def __post_init__(self) -> None:
        if self.mode == "quote":  # the shown text is the quotes
            object.__setattr__(self, "quotes", CitedText(self.text, self.sentences, self.citations))

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as values that `json.dumps` accepts."""
        values: dict[str, Any] = plain(self)
        return values

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Answer:
        """Return the answer from the values of `to_dict()`; unknown keys are ignored."""
        texts = {name: made_of(CitedText, _made(values[name])) for name in ("quotes", "written") if values.get(name)}
        return made_of(cls, _made(values) | texts)

    @property
    def is_counted(self) -> bool:
        """Whether the answer is counted from metadata instead of quoted or written."""
        return bool(self.sentences) and all(sentence.support == "counted" for sentence in self.sentences)

    def nearest_titles(self, most: int = 3) -> list[str]:
        """Return the titles of the best passages in rank order, each once."""
        return list(dict.fromkeys(readable(p.title) for p in self.passages))[:most]

    def __str__(self) -> str:
        """Return the text, its unsupported sentences, and the references; for a refusal the nearest papers."""
        doubts = {"unsupported": "Not supported by the passages", "partly": "Supported in part"}
        checked = [s for s in self.sentences if self.mode == "llm" and s.support in doubts and s.text != DOUBT]
        reasons = [f" ({s.reason.rstrip('.')})" if s.reason else "" for s in checked]
        lines = [self.text, *(f"{doubts[s.support]}{why}: {s.text}" for s, why in zip(checked, reasons, strict=True))]
        lines += filter(None, [self.scope_note(), *self.notes])
        if self.citations:
            lines += ["", *map(str, self.citations)]
        elif self.refused and self.passages:
            lines += ["", "Nearest papers:", *(f"- {title}" for title in self.nearest_titles())]
        return "\n".join(lines)

    def scope_note(self) -> str:
        """Return `Searched: 1 of 14 papers, tag: statics.` for a refusal or an answer with filters; "" otherwise."""
        if self.searched and (self.refused or self.searched.get("filters")):
            return f"Searched: {searched_text(self.searched)}."
        return ""


class PaperRef(NamedTuple):
    """A paper by id and title."""

    id: str
    title: str


class Failure(NamedTuple):
    """A source that could not be read: its name, the line if known, and the reason."""

    source: str
    line: int | None
    reason: str

    def __str__(self) -> str:
        return f"{self.source}{f', line {self.line}' if self.line else ''}: {self.reason}"


class LeftOut(NamedTuple):
    """A removed paper whose file is still in its folder: its title, if it was read again, and the source's name."""

    title: str
    source: str


def _made(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of an answer, with its sentences, citations and passages as dataclasses."""
    parts: dict[str, type[Any]] = {"sentences": Sentence, "citations": Citation, "passages": Passage}
    return {**values, **{n: [made_of(kind, each) for each in values[n]] for n, kind in parts.items() if n in values}}


def short_section(title: str) -> str:
    """Return a section's title as printed in a reference; only the label of a table or figure."""
    label = re.match(r"(?:Table|Fig(?:ure|\.)?) ?[A-Z]?\.?\d+", title)
    return label[0] if label else readable(title)


def _names(authors: tuple[str, ...]) -> str:
    return ", ".join(authors) if len(authors) <= 3 else f"{authors[0]} et al."
