"""Papers and chunks as rows of the record, and back."""

from __future__ import annotations

import contextlib
import json
import re
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import LibraryError
from ..text.readable import folded
from ..types import Chunk, Page, Paper, Section, Span

_DETAILS = (
    "authors", "venue", "doi", "arxiv_id", "url", "citekey", "tags", "collections", "pages", "sections", "certainty",
    "notes", "zotero", "brief",
)  # fmt: skip


@contextlib.contextmanager
def undamaged(what: str) -> Iterator[None]:
    """Raise LibraryError, which names `what`, where a stored value cannot be decoded in the body."""
    try:
        yield
    except (ValueError, ArithmeticError, KeyError, TypeError, IndexError, zlib.error) as error:
        raise LibraryError(
            f"The record is damaged: {what} cannot be read. Restore a copy of the library's folder; `footnote doctor` "
            "tells more."
        ) from error


def details_of(paper: Paper) -> str:
    """Return a paper's metadata as the JSON of the column `details`."""
    return json.dumps({name: _packed(getattr(paper, name)) for name in _DETAILS}, ensure_ascii=False)


def work_names(paper: Paper) -> set[str]:
    """Names that a paper shares with its other versions: its DOI, its arXiv id, its title with the first author.

    A number that was guessed may be that of a work it cites: it counts together with the first author's name alone.
    """
    names = set()
    surname = folded(paper.authors[0]).rpartition(" ")[2] if paper.authors else None
    certainty = dict(paper.certainty)
    doi = (paper.doi or "").casefold()
    arxiv = re.sub("v[0-9]+$", "", (paper.arxiv_id or doi.partition("10.48550/arxiv.")[2]).casefold())
    for kind, number, sure in (
        ("doi", "" if "/arxiv." in doi else doi, certainty.get("doi", 1.0)),
        ("arxiv", arxiv, certainty.get("arxiv_id", 1.0)),
    ):
        if number and sure >= 1.0:
            names.add(f"{kind} {number}")
        if number and surname:
            names.add(f"{kind} {number} {surname}")
    if surname:
        names.add(f"title {folded(paper.title)} {surname}")
    return names


def merged(chunks: Sequence[Chunk]) -> list[Span]:
    """The spans that some chunks cover, each character once."""
    spans: list[Span] = []
    for chunk in sorted(chunks, key=lambda chunk: chunk.start):
        if spans and chunk.start < spans[-1].end:
            spans[-1] = Span(spans[-1].start, max(spans[-1].end, chunk.end))
        else:
            spans.append(Span(chunk.start, chunk.end))
    return spans


def pack_boxes(boxes: NDArray[np.uint16]) -> bytes:
    """Neighbours in a line differ little, so their differences compress to a tenth."""
    return zlib.compress(np.diff(boxes.astype("<u2"), axis=0, prepend=np.zeros((1, 4), "<u2")).T.tobytes(), 6)


def unpack_boxes(packed: bytes) -> NDArray[np.uint16]:
    """Return what `pack_boxes` packed, (characters, 4). Raise LibraryError for damaged bytes."""
    with undamaged("the places of a paper's characters"):
        differences = np.frombuffer(zlib.decompress(packed), "<u2").reshape(4, -1).T
    return np.cumsum(differences, axis=0, dtype=np.uint16)


def _packed(value: Any) -> Any:
    if isinstance(value, tuple) and value and isinstance(value[0], Page):
        return [[p.number, p.label, p.start, p.end] for p in value]
    if isinstance(value, tuple) and value and isinstance(value[0], Section):
        return [[s.title, s.start, s.end, s.kind] for s in value]
    return list(value) if isinstance(value, tuple) else value


def paper_of(row: sqlite3.Row, sources: tuple[str, ...]) -> Paper:
    """Return the paper in a row. Raise LibraryError for damaged metadata."""
    with undamaged(f"the metadata of the paper {row['id']}"):
        details = json.loads(row["details"])
        return Paper(
            id=row["id"],
            title=row["title"],
            text=row["text"],
            year=row["year"],
            authors=tuple(details["authors"]),
            venue=details["venue"],
            doi=details["doi"],
            arxiv_id=details["arxiv_id"],
            url=details["url"],
            citekey=details["citekey"],
            tags=tuple(details["tags"]),
            collections=tuple(details["collections"]),
            sources=sources,
            pages=tuple(Page(*page) for page in details["pages"]),
            sections=tuple(Section(*section) for section in details["sections"]),
            certainty=tuple((name, value) for name, value in details.get("certainty", ())),
            notes=tuple(details.get("notes", ())),
            zotero=details.get("zotero"),
            brief=details.get("brief", False),
        )


def chunk_of(row: sqlite3.Row) -> Chunk:
    """Return the chunk in a row. Raise LibraryError for damaged spans of sentences."""
    with undamaged("a passage"):
        pairs = np.frombuffer(row["sentences"], "<i4").reshape(-1, 2).tolist()
    return Chunk(
        start=row["start"],
        end=row["end"],
        sentences=tuple(Span(a, b) for a, b in pairs),
        page=row["page"],
        page_label=row["page_label"],
        section=row["section"],
    )
