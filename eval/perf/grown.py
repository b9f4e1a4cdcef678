"""Make large libraries of real text: an exported library, repeated with other titles and vectors.

Every copy of a paper has the same text under a title of the same length, so that spans stay right; a year and tags of
its own; and vectors that lie between its own and those of another paper, so that no two passages have the same.
"""

import base64
import hashlib
import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rag.store.vectors import pack, unpack
from rag.text.readable import folded
from rag.transfer.lines import EndLine

_MIXED = 0.6  # how much of the other passage's vector is in a copy's, beside its own
_NOISE = 0.02  # standard deviation of what is added to each value
_FIRST_YEAR, _YEARS = 1990, 30
SHARES = {"half": 2, "tenth": 10, "hundredth": 100, "thousandth": 1000}
"""The tags of copies, and one paper in how many has each."""


def grow(export: Path, target: Path, passages: int) -> int:
    """Write an export with at least `passages` passages, from one with fewer; return how many it has.

    The first papers are those of `export` with tags alone; copies of all of them follow until there are enough.
    """
    lines = [json.loads(line) for line in export.read_bytes().splitlines()]
    papers = [line for line in lines if line["kind"] == "paper" and line["chunks"]]
    digest, written, found = hashlib.sha256(), 0, 0
    with target.open("wb") as out:

        def write(line: dict[str, Any]) -> None:
            nonlocal written
            data = json.dumps(line, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"
            digest.update(data)
            out.write(data)
            written += 1

        for line in lines:
            if line["kind"] in ("library", "source"):
                write(line)
        for paper in _copies(papers):
            if found >= passages:
                break
            write(paper)
            found += len(paper["chunks"])
        out.write(EndLine(lines=written, sha256=digest.hexdigest()).to_bytes())
    return found


def _copies(papers: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield the papers, and then copies of them without end."""
    rng = np.random.default_rng(0)
    chunks = [chunk for paper in papers for chunk in paper["chunks"]]
    vectors = unpack(b"".join(base64.b64decode(chunk["vector"]) for chunk in chunks), len(chunks))
    first = np.cumsum([0, *(len(paper["chunks"]) for paper in papers[:-1])])
    numbers = itertools.count()
    for copy in itertools.count():
        if copy:
            others = vectors[rng.permutation(len(vectors))]
            mixed = vectors + _MIXED * others + rng.normal(0.0, _NOISE, vectors.shape).astype(np.float32)
            rows, whole = _packed(mixed), _packed(np.add.reduceat(mixed, first))
        for at, paper in enumerate(papers):
            number = next(numbers)
            made = paper | {"tags": [name for name, every in SHARES.items() if number % every == 0]}
            if copy:
                end = first[at] + len(paper["chunks"])
                made |= {"vector": whole[at], "year": _FIRST_YEAR + number % _YEARS} | _renamed(paper, copy)
                own = zip(paper["chunks"], rows[first[at] : end], strict=True)
                made["chunks"] = [chunk | {"vector": vector} for chunk, vector in own]
            yield made


def _renamed(paper: dict[str, Any], copy: int) -> dict[str, Any]:
    """Return the id, title and text of a copy; the copy's number stands in place of the title's last letters."""
    ending = f" {copy}"[-len(paper["title"]) :]
    title = paper["title"][: len(paper["title"]) - len(ending)] + ending
    text = title + paper["text"][len(title) :]
    return {"id": f"{paper['id']}-{copy}", "title": title, "text": text, "read_title": folded(title), "citekey": None}


def _packed(vectors: NDArray[np.float32]) -> list[str]:
    """Return rows of length 1 as they stand in an export."""
    rows = pack(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))
    size = len(rows) // len(vectors)
    return [base64.b64encode(rows[at : at + size]).decode() for at in range(0, len(rows), size)]
