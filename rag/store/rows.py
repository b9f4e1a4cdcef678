"""Convert papers and chunks to rows of the record and back."""

import base64
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
from ..tables import made_tables, plain_tables
from ..text.names import name_key, plain_name
from ..text.readable import folded
from ..types import Chunk, Page, Paper, Section, Span, Table

_DETAILS = (
    "authors", "venue", "doi", "arxiv_id", "url", "citekey", "tags", "collections", "pages", "sections", "certainty",
    "notes", "zotero", "brief", "extent",
)  # fmt: skip
_LABEL_FIELDS = {"author": "authors", "tag": "tags", "collection": "collections"}

UNREADABLE = (ValueError, ArithmeticError, KeyError, TypeError, IndexError, zlib.error)
"""What is raised for a stored value that is damaged."""


@contextlib.contextmanager
def undamaged(what: str) -> Iterator[None]:
    """Raise LibraryError, which names `what`, if a stored value cannot be decoded in the body."""
    try:
        yield
    except UNREADABLE as error:
        raise LibraryError(
            f"The record is damaged: {what} cannot be read. Restore a copy of the library's folder. `footnote doctor` "
            "checks the whole library."
        ) from error


def details_of(paper: Paper) -> str:
    """Return a paper's metadata as the JSON of the column `details`."""
    details = {name: getattr(paper, name) for name in _DETAILS}
    details["pages"] = [[p.number, p.label, p.start, p.end] for p in paper.pages]
    details["sections"] = [[s.title, s.start, s.end, s.kind] for s in paper.sections]
    details |= {"packed_tables": _pack_tables(paper.tables)} if paper.tables else {}
    return json.dumps(details, ensure_ascii=False)


def paper_of(row: sqlite3.Row, sources: tuple[str, ...]) -> Paper:
    """Return the paper in a row; without its text also without tables. Raise LibraryError for damaged metadata."""
    with undamaged(f"the metadata of the paper {row['id']}"):
        stored = json.loads(row["details"])
        details = {name: stored[name] for name in _DETAILS if name in stored}
        for name in ("authors", "tags", "collections", "notes"):
            details[name] = tuple(details.get(name, ()))
        details["pages"] = tuple(Page(*page) for page in details["pages"])
        details["sections"] = tuple(Section(*section) for section in details["sections"])
        details["tables"] = _unpack_tables(stored.get("packed_tables", ""), len(row["text"])) if row["text"] else ()
        details.setdefault("extent", "abstract" if details.get("brief") else "")
        details["certainty"] = tuple((name, value) for name, value in details.get("certainty", ()))
        columns = {name: row[name] for name in ("id", "title", "text", "year")}
        return Paper(**columns, **details, sources=sources)


def tables_of(row: sqlite3.Row, length: int) -> tuple[Table, ...]:
    """Return the tables of a paper in a row, whose text has `length` characters. Raise LibraryError if damaged."""
    if '"packed_tables"' not in row["details"]:
        return ()
    with undamaged(f"the tables of the paper {row['id']}"):
        return _unpack_tables(json.loads(row["details"])["packed_tables"], length)


def _pack_tables(tables: Sequence[Table]) -> str:
    """Return tables as text. Compressed, so that a list of all papers does not parse the numbers of their cells."""
    return base64.b64encode(zlib.compress(json.dumps(plain_tables(tables), separators=(",", ":")).encode())).decode()


def _unpack_tables(packed: str, length: int) -> tuple[Table, ...]:
    return made_tables(json.loads(zlib.decompress(base64.b64decode(packed, validate=True))), length) if packed else ()


def chunk_of(row: sqlite3.Row) -> Chunk:
    """Return the chunk in a row. Raise LibraryError for damaged sentence spans."""
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


def put_labels(db: sqlite3.Connection, key: int, fields: dict[str, Any]) -> None:
    """Replace a paper's labels; `fields` has the paper's authors, tags, collections, venue and citekey.

    Filters compare labels as written but for case; `shown` has them as written. Those of the kinds name, venue and
    citekey are for questions about metadata: names of authors by `name_key`, venues without accents and signs.
    """
    db.execute("DELETE FROM labels WHERE paper = ?", (key,))
    named = [(kind, label) for kind, field in _LABEL_FIELDS.items() for label in fields.get(field, ())]
    rows = {(kind, label.casefold()): label for kind, label in named}
    rows |= {("name", name_key(author)): None for author in fields.get("authors", ())}
    rows |= {("venue", plain_name(venue)): None for venue in [fields.get("venue")] if venue}
    rows |= {("citekey", citekey.casefold()): None for citekey in [fields.get("citekey")] if citekey}
    values = [(kind, label, key, None if shown == label else shown) for (kind, label), shown in sorted(rows.items())]
    db.executemany("INSERT INTO labels VALUES (?, ?, ?, ?)", values)


def work_names(paper: Paper) -> set[str]:
    """Return the names by which versions of one work are recognized: DOI, arXiv id, title with the first author.

    A guessed DOI or arXiv id may be that of a cited work, so it counts only together with the first author.
    """
    names = set()
    surname = folded(paper.authors[0]).rpartition(" ")[2] if paper.authors else None
    certainty = dict(paper.certainty)
    doi = (paper.doi or "").casefold()
    arxiv = re.sub("v[0-9]+$", "", (paper.arxiv_id or doi.partition("10.48550/arxiv.")[2]).casefold())
    for kind, number, certain in (
        ("doi", "" if "/arxiv." in doi else doi, certainty.get("doi", 1.0)),
        ("arxiv", arxiv, certainty.get("arxiv_id", 1.0)),
    ):
        if number and certain >= 1.0:
            names.add(f"{kind} {number}")
        if number and surname:
            names.add(f"{kind} {number} {surname}")
    if surname:
        names.add(f"title {folded(paper.title)} {surname}")
    return names


def merged(chunks: Sequence[Chunk]) -> list[Span]:
    """Return the spans that overlapping chunks cover, each character once."""
    spans: list[Span] = []
    for chunk in sorted(chunks, key=lambda chunk: chunk.start):
        if spans and chunk.start < spans[-1].end:
            spans[-1] = Span(spans[-1].start, max(spans[-1].end, chunk.end))
        else:
            spans.append(Span(chunk.start, chunk.end))
    return spans


def pack_boxes(boxes: NDArray[np.uint16]) -> bytes:
    """Compress boxes, (characters, 4); the differences of neighbours on a line compress to a tenth."""
    return zlib.compress(np.diff(boxes.astype("<u2"), axis=0, prepend=np.zeros((1, 4), "<u2")).T.tobytes(), 6)


def unpack_boxes(packed: bytes) -> NDArray[np.uint16]:
    """Return the boxes that `pack_boxes` compressed. Raise LibraryError for damaged bytes."""
    with undamaged("the character boxes of a paper"):
        differences = np.frombuffer(zlib.decompress(packed), "<u2").reshape(4, -1).T
    return np.cumsum(differences, axis=0, dtype=np.uint16)
