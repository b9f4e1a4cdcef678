"""The lines of an exported library: one JSON object each, in the order of `KINDS`.

Spans are counted in characters of a paper's `text`. Vectors are base64 of packed rows (see `store/vectors.py`).
"""

import base64
import binascii
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ..store.history import Feedback, SavedAnswer
from ..store.papers import Failed, StoredChunk, StoredSource
from ..store.vectors import pack, unpack
from ..store.whole import ConversationName, Removal, WholePaper
from ..tables import made_tables, plain_tables
from ..types import Chunk, Page, Paper, Section, Span

FORMAT = 1
_COPIED = (
    "id", "title", "text", "authors", "year", "venue", "doi", "arxiv_id", "url", "citekey", "tags", "collections",
    "certainty", "notes", "zotero", "brief", "extent",
)  # fmt: skip

_Span = tuple[int, int]


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    def to_bytes(self) -> bytes:
        """Return the line as it stands in the file."""
        return self.model_dump_json().encode() + b"\n"


class LibraryLine(_Line):
    """The first line: the version of the format, what the vectors were made with, and the folder of the library."""

    kind: Literal["library"] = "library"
    format: int = FORMAT
    made_with: dict[str, Any] | None
    home: str | None


class SourceLine(_Line):
    """Where papers were read from. Papers name their sources by number, from 1 in the order of these lines."""

    kind: Literal["source"] = "source"
    location: str
    name: str
    digest: str | None

    @classmethod
    def of(cls, source: StoredSource) -> "SourceLine":
        return cls(**source._asdict())

    def source(self) -> StoredSource:
        return StoredSource(self.location, self.name, self.digest)


class ChunkLine(_Line):
    """A passage of a paper: its span, the spans of its sentences, and their vectors."""

    start: int
    end: int
    page: int | None
    page_label: str | None
    section: str | None
    sentences: tuple[_Span, ...]
    vector: str
    sentence_vectors: str

    @classmethod
    def of(cls, stored: StoredChunk) -> "ChunkLine":
        chunk = stored.chunk
        return cls(
            start=chunk.start,
            end=chunk.end,
            page=chunk.page,
            page_label=chunk.page_label,
            section=chunk.section,
            sentences=tuple((start, end) for start, end in chunk.sentences),
            vector=_text(pack(stored.vector[None])),
            sentence_vectors=_text(pack(stored.sentence_vectors)),
        )

    def stored(self, length: int, dimensions: int) -> StoredChunk:
        """Return the chunk of a text of `length` characters. Raise ValueError if a span or vector does not fit."""
        chunk = Chunk(
            *_checked((self.start, self.end), length),
            sentences=tuple(_checked(span, length) for span in self.sentences),
            page=self.page,
            page_label=self.page_label,
            section=self.section,
        )
        vectors = unpack(_bytes(self.sentence_vectors), len(chunk.sentences)).reshape(-1, dimensions)
        return StoredChunk(chunk, unpack(_bytes(self.vector), 1).reshape(dimensions), vectors)


class PaperLine(_Line):
    """A paper with its chunks. `read_title` and `read_digest` are of the text as it was read from its source."""

    kind: Literal["paper"] = "paper"
    id: Annotated[str, Field(min_length=1)]
    title: str
    text: str
    authors: tuple[str, ...]
    year: int | None
    venue: str | None
    doi: str | None
    arxiv_id: str | None
    url: str | None
    citekey: str | None
    tags: tuple[str, ...]
    collections: tuple[str, ...]
    certainty: tuple[tuple[str, float], ...]
    notes: tuple[str, ...]
    zotero: str | None
    brief: bool
    extent: str
    pages: tuple[tuple[int, str | None, int, int], ...]
    sections: tuple[tuple[str | None, int, int, str], ...]
    tables: list[list[Any]]
    added: str
    read_title: str
    read_digest: str
    corrections: dict[str, Any]
    sources: list[int]
    boxes: tuple[int, str] | None
    vector: str
    chunks: list[ChunkLine]

    @classmethod
    def of(cls, whole: WholePaper) -> "PaperLine":
        paper = whole.paper
        return cls(
            **{name: getattr(paper, name) for name in _COPIED},
            pages=tuple((page.number, page.label, page.start, page.end) for page in paper.pages),
            sections=tuple((each.title, each.start, each.end, each.kind) for each in paper.sections),
            tables=plain_tables(paper.tables),
            added=whole.added,
            read_title=whole.reading[0],
            read_digest=whole.reading[1],
            corrections=whole.corrections,
            sources=whole.sources,
            boxes=(whole.boxes[0], _text(whole.boxes[1])) if whole.boxes else None,
            vector=_text(pack(whole.vector[None])),
            chunks=[ChunkLine.of(chunk) for chunk in whole.chunks],
        )

    def whole(self) -> WholePaper:
        """Return the paper. Raise ValueError or TypeError if a span, table, vector or box does not fit it."""
        length, vector = len(self.text), unpack(_bytes(self.vector), 1)[0]
        paper = Paper(
            **{name: getattr(self, name) for name in _COPIED},
            pages=tuple(Page(number, label, *_checked((a, b), length)) for number, label, a, b in self.pages),
            sections=tuple(Section(title, *_checked((a, b), length), kind) for title, a, b, kind in self.sections),
            tables=made_tables(self.tables, length),
        )
        return WholePaper(
            paper=paper,
            added=self.added,
            reading=(self.read_title, self.read_digest),
            corrections=self.corrections,
            sources=self.sources,
            vector=vector,
            chunks=[chunk.stored(length, len(vector)) for chunk in self.chunks],
            boxes=(self.boxes[0], _bytes(self.boxes[1])) if self.boxes else None,
        )


class FailureLine(_Line):
    """A file that could not be read."""

    kind: Literal["failure"] = "failure"
    location: str
    name: str
    digest: str
    reason: str

    @classmethod
    def of(cls, failed: Failed) -> "FailureLine":
        return cls(**failed._asdict())

    def failed(self) -> Failed:
        return Failed(self.location, self.name, self.digest, self.reason)


class RemovalLine(_Line):
    """A paper that the user removed, known by digests of its title and text."""

    kind: Literal["removal"] = "removal"
    location: str
    title_digest: str
    read_digest: str
    alone: int

    @classmethod
    def of(cls, removal: Removal) -> "RemovalLine":
        return cls(**removal._asdict())

    def removal(self) -> Removal:
        return Removal(self.location, self.title_digest, self.read_digest, self.alone)


class ConversationLine(_Line):
    """A conversation, which answers name by its number."""

    kind: Literal["conversation"] = "conversation"
    number: int
    name: str
    started: str

    @classmethod
    def of(cls, conversation: ConversationName) -> "ConversationLine":
        return cls(number=conversation.key, name=conversation.name, started=conversation.started)

    def conversation(self) -> ConversationName:
        return ConversationName(self.number, self.name, self.started)


class AnswerLine(_Line):
    """A saved answer, as `Answer.to_dict()`, with what was asked for, the model and its options, and the rating."""

    kind: Literal["answer"] = "answer"
    number: int
    conversation: int | None
    asked: str
    question: str
    request: dict[str, Any]
    made_with: dict[str, Any]
    answer: dict[str, Any]
    feedback: Feedback | None

    @classmethod
    def of(cls, saved: SavedAnswer) -> "AnswerLine":
        values = {name: getattr(saved, name) for name in cls.model_fields if name not in ("kind", "number")}
        return cls(number=saved.key, **values)

    def saved(self) -> SavedAnswer:
        return SavedAnswer(
            key=self.number,
            asked=self.asked,
            question=self.question,
            request=self.request,
            made_with=self.made_with,
            answer=self.answer,
            conversation=self.conversation,
            feedback=self.feedback,
        )


class UploadLine(_Line):
    """A part of the copy of an uploaded file; the parts of a file follow each other."""

    kind: Literal["upload"] = "upload"
    path: str
    data: str

    @classmethod
    def of(cls, path: str, data: bytes) -> "UploadLine":
        return cls(path=path, data=base64.b64encode(data).decode())

    def bytes(self) -> bytes:
        return _bytes(self.data)


class EndLine(_Line):
    """The last line: how many lines are before it, and the sha256 of all these bytes."""

    kind: Literal["end"] = "end"
    lines: int
    sha256: str


AnyLine = (
    LibraryLine
    | SourceLine
    | PaperLine
    | FailureLine
    | RemovalLine
    | ConversationLine
    | AnswerLine
    | UploadLine
    | EndLine
)
KINDS = ("library", "source", "paper", "failure", "removal", "conversation", "answer", "upload", "end")

_LINES: TypeAdapter[AnyLine] = TypeAdapter(Annotated[AnyLine, Field(discriminator="kind")])


def parsed(line: bytes) -> AnyLine:
    """Return a line of an exported library. Raise ValueError if it is none."""
    return _LINES.validate_json(line)


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"base64: {error}") from error


def _checked(span: _Span, length: int) -> Span:
    start, end = span
    if not 0 <= start <= end <= length:
        raise ValueError(f"the span {start} to {end} is not in a text of {length} characters")
    return Span(start, end)
