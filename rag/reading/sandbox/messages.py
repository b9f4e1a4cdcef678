"""Readings and items as JSON between a worker and its parent, which trusts nothing of what comes back."""

from __future__ import annotations

import base64
import zlib
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...text.cleaning import clean, cuts
from ...types import Failure, Page, Paper, Section
from ..sources import Item, Reading

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_SPANNED = ("text", "pages", "sections", "boxes")
_TEXTS = ("authors", "tags", "collections", "sources", "notes")
_LINES = ("venue", "doi", "arxiv_id", "url", "citekey", "zotero")
_DETAILS = {*_TEXTS, *_LINES, "year"}


def packed_reading(reading: Reading) -> dict[str, Any]:
    """A reading as plain values."""
    return {"papers": [_packed(paper) for paper in reading.papers], "failures": reading.failures}


def unpacked_reading(raw: dict[str, Any]) -> Reading:
    """The reading of which `packed_reading` gave these values, every text in it clean.

    Raises:
        ValueError, KeyError, TypeError: it is none.
    """
    return Reading([_paper(paper) for paper in raw["papers"]], _failures(raw["failures"]))


def packed_items(items: Sequence[Item], failures: Sequence[Failure]) -> dict[str, Any]:
    """What a bibliography says, as plain values."""
    plain = [
        {each.name: getattr(item, each.name) for each in fields(Item)} | {"files": [str(file) for file in item.files]}
        for item in items
    ]
    return {"items": plain, "failures": list(failures)}


def unpacked_items(raw: dict[str, Any]) -> tuple[list[Item], list[Failure]]:
    """The items and failures of which `packed_items` gave these values, every text in them clean.

    Raises:
        ValueError, KeyError, TypeError: there are none.
    """
    return [_item(item) for item in raw["items"]], _failures(raw["failures"])


def _failures(raw: Sequence[Sequence[Any]]) -> list[Failure]:
    return [
        Failure(clean(str(source)), None if line is None else int(line), clean(str(reason)))
        for source, line, reason in raw
    ]


def _item(raw: dict[str, Any]) -> Item:
    if set(raw["details"]) - _DETAILS:
        raise ValueError("a detail that no paper has")
    abstract = _text(raw["abstract"])
    return Item(
        key=clean(str(raw["key"])),
        title=" ".join(clean(str(raw["title"])).split()),
        details={name: _detail(name, value) for name, value in raw["details"].items()},
        abstract=abstract if abstract and abstract.strip() else None,
        files=tuple(Path(str(file)) for file in raw["files"]),
        missing=_texts(raw["missing"]),
        added=clean(str(raw["added"])),
        line=_number(raw["line"]),
    )


def _detail(name: str, value: Any) -> Any:
    if name in _TEXTS:
        return _texts(value)
    return _number(value) if name == "year" else _text(value)


def _text(value: Any) -> str | None:
    return None if value is None else clean(str(value))


def _texts(values: Sequence[Any]) -> tuple[str, ...]:
    return tuple(text for value in values if (text := clean(str(value)).strip()))


def _number(value: Any) -> int | None:
    return None if value is None else int(value)


# Papers


def _packed(paper: Paper) -> dict[str, Any]:
    plain = {each.name: getattr(paper, each.name) for each in fields(Paper)}
    plain["pages"] = [(page.number, page.label, page.start, page.end) for page in paper.pages]
    plain["sections"] = [(each.title, each.start, each.end, each.kind) for each in paper.sections]
    if paper.boxes is not None:
        plain["boxes"] = base64.b64encode(zlib.compress(paper.boxes.tobytes(), 6)).decode()
    return plain


def _paper(raw: dict[str, Any]) -> Paper:
    text, title = str(raw["text"]), str(raw["title"])
    if not title.strip() or not text.startswith(title):
        raise ValueError("the text does not begin with the title")
    pages = tuple(Page(int(n), _text(label), *_span(a, b, text)) for n, label, a, b in raw["pages"])
    sections = tuple(Section(_text(t), *_span(a, b, text), str(kind)) for t, a, b, kind in raw["sections"])
    paper = Paper(
        title=clean(title),
        text=text,
        pages=pages,
        sections=sections,
        certainty=tuple((str(name), float(value)) for name, value in raw["certainty"]),
        brief=bool(raw["brief"]),
        boxes=None if raw["boxes"] is None else _boxes(raw["boxes"], len(text)),
        **{name: _detail(name, raw[name]) for name in _DETAILS},
    )
    return _cut(paper, cuts(text))


def _span(start: Any, end: Any, text: str) -> tuple[int, int]:
    if not 0 <= int(start) <= int(end) <= len(text):
        raise ValueError("a span that the text does not have")
    return int(start), int(end)


def _boxes(raw: Any, count: int) -> NDArray[np.uint16]:
    import numpy as np

    size = 8 * count
    unpacking = zlib.decompressobj()
    try:
        flat = unpacking.decompress(base64.b64decode(str(raw)), size + 1)
    except zlib.error as error:
        raise ValueError("the boxes are broken") from error
    if len(flat) != size:
        raise ValueError("there are other than one box a character")
    return np.frombuffer(flat, np.uint16).reshape(count, 4)


def _cut(paper: Paper, gone: Sequence[tuple[int, int]]) -> Paper:
    """The paper with its text clean, whose spans `gone` go with what refers to them."""
    if not gone and clean(paper.text) == paper.text:
        return paper
    moved = _moved(gone)
    boxes = paper.boxes
    if boxes is not None:
        import numpy as np

        kept = np.ones(len(paper.text), bool)
        for start, end in gone:
            kept[start:end] = False
        boxes = boxes[kept]
    return replace(
        paper,
        text=clean(paper.text),
        pages=tuple(replace(page, start=moved(page.start), end=moved(page.end)) for page in paper.pages),
        sections=tuple(replace(each, start=moved(each.start), end=moved(each.end)) for each in paper.sections),
        boxes=boxes,
    )


def _moved(gone: Sequence[tuple[int, int]]) -> Callable[[int], int]:
    """Where a position is once the spans `gone` are left out."""
    ends, lost = [], [0]
    for start, end in gone:
        ends.append(end)
        lost.append(lost[-1] + end - start)

    def moved(position: int) -> int:
        count = bisect_left(ends, position + 1)  # how many spans end at the position or before
        inside = max(0, position - gone[count][0]) if count < len(gone) else 0
        return position - lost[count] - inside

    return moved
