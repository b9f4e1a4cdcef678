"""Convert readings and items to JSON values and back, validating and cleaning what a worker sends."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...tables import made_tables, plain_tables
from ...text.cleaning import clean, cuts
from ...types import Failure, Page, Paper, Section
from ..sources import Item, Reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_LISTS = ("authors", "tags", "collections", "sources", "notes")
_TEXTS = ("venue", "doi", "arxiv_id", "url", "citekey", "zotero")
_DETAILS = {*_LISTS, *_TEXTS, "year"}


def pack_reading(reading: Reading) -> dict[str, Any]:
    """Return a reading as JSON values."""
    return {"papers": [_pack_paper(paper) for paper in reading.papers], "failures": reading.failures}


def unpack_reading(raw: dict[str, Any]) -> Reading:
    """Return the reading in values of `pack_reading`, cleaned. Raise ValueError, KeyError or TypeError if malformed."""
    return Reading([_unpack_paper(paper) for paper in raw["papers"]], _unpack_failures(raw["failures"]))


def pack_items(items: Sequence[Item], failures: Sequence[Failure]) -> dict[str, Any]:
    """Return the items of a bibliography as JSON values."""
    packed = [asdict(item) | {"files": [str(file) for file in item.files]} for item in items]
    return {"items": packed, "failures": list(failures)}


def unpack_items(raw: dict[str, Any]) -> tuple[list[Item], list[Failure]]:
    """Return the items in values of `pack_items`, cleaned. Raise ValueError, KeyError or TypeError if malformed."""
    return [_unpack_item(item) for item in raw["items"]], _unpack_failures(raw["failures"])


def _unpack_failures(raw: Sequence[Sequence[Any]]) -> list[Failure]:
    return [Failure(clean(str(source)), _number(line), clean(str(reason))) for source, line, reason in raw]


def _unpack_item(raw: dict[str, Any]) -> Item:
    abstract = _text(raw["abstract"])
    return Item(
        key=clean(str(raw["key"])),
        title=" ".join(clean(str(raw["title"])).split()),
        details=_details(raw["details"]),
        abstract=abstract if abstract and abstract.strip() else None,
        files=tuple(Path(str(file)) for file in raw["files"]),
        missing=_texts(raw["missing"]),
        added=clean(str(raw["added"])),
        line=_number(raw["line"]),
    )


def _details(raw: dict[str, Any]) -> dict[str, Any]:
    if set(raw) - _DETAILS:
        raise ValueError("unknown detail")
    return {
        name: _texts(value) if name in _LISTS else _number(value) if name == "year" else _text(value)
        for name, value in raw.items()
    }


def _text(value: Any) -> str | None:
    return None if value is None else clean(str(value))


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(text for value in values if (text := clean(str(value)).strip()))


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


def _pack_paper(paper: Paper) -> dict[str, Any]:
    packed = {each.name: getattr(paper, each.name) for each in fields(Paper)}
    packed["pages"] = [(page.number, page.label, page.start, page.end) for page in paper.pages]
    packed["sections"] = [(each.title, each.start, each.end, each.kind) for each in paper.sections]
    packed["tables"] = plain_tables(paper.tables)
    if paper.boxes is not None:
        packed["boxes"] = base64.b64encode(zlib.compress(paper.boxes.tobytes(), 6)).decode()
    return packed


def _unpack_paper(raw: dict[str, Any]) -> Paper:
    text, title = str(raw["text"]), str(raw["title"])
    if not title.strip() or not text.startswith(title):
        raise ValueError("the text does not begin with the title")
    paper = Paper(
        title=clean(title),
        text=text,
        pages=tuple(Page(int(n), _text(label), *_span(a, b, text)) for n, label, a, b in raw["pages"]),
        sections=tuple(Section(_text(t), *_span(a, b, text), str(kind)) for t, a, b, kind in raw["sections"]),
        tables=tuple(replace(t, label=_text(t.label)) for t in made_tables(raw["tables"], len(text))),
        certainty=tuple((str(name), float(value)) for name, value in raw["certainty"]),
        brief=bool(raw["brief"]),
        extent=clean(str(raw["extent"])),
        boxes=None if raw["boxes"] is None else _boxes(raw["boxes"], len(text)),
        **_details({name: raw[name] for name in _DETAILS}),
    )
    return paper if clean(text) == text else _cleaned(paper)


def _span(start: Any, end: Any, text: str) -> tuple[int, int]:
    if not 0 <= int(start) <= int(end) <= len(text):
        raise ValueError("span outside of the text")
    return int(start), int(end)


def _boxes(raw: Any, count: int) -> NDArray[np.uint16]:
    import numpy as np

    size = 8 * count
    try:
        flat = zlib.decompressobj().decompress(base64.b64decode(str(raw)), size + 1)
    except zlib.error as error:
        raise ValueError("broken boxes") from error
    if len(flat) != size:
        raise ValueError("not one box per character")
    return np.frombuffer(flat, np.uint16).reshape(count, 4)


def _cleaned(paper: Paper) -> Paper:
    """Return the paper with clean text, its spans and boxes adjusted."""
    import numpy as np

    kept = np.ones(len(paper.text), bool)
    for start, end in cuts(paper.text):
        kept[start:end] = False
    moved = [0, *np.cumsum(kept).tolist()]  # old position -> position in the clean text
    boxes = None if paper.boxes is None else paper.boxes[kept]
    return replace(paper.moved(moved.__getitem__, clean(paper.text)), boxes=boxes)
