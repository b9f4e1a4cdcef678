"""Measures the reading of PDFs: titles, speed, whether quotes stand where they are said to, and damaged files.

    python -m eval pdfs ../shared/data/pdfs --quotes 200 --damaged 500

The folder holds PDFs and, where titles are to be scored, manifest.jsonl with `file` and `title`. Prints JSON. Quotes
are those of answers to keywords drawn at random from the papers; each is compared with what a second reader finds in
the boxes that are marked for it: pdfplumber.
"""

from __future__ import annotations

import argparse
import io
import json
import random
import re
import resource
import tempfile
import time
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.assistant import Assistant
from rag.retrieval import search_terms
from rag.types import Box, Citation

from .text import read_json_lines

SEED = 0
_KEYWORDS = 6  # of a sentence make a question
_MOST_AWAY = 0.1  # of a quote's letters may be read otherwise by the second reader: ligatures, accents, symbols
_REFERENCE = re.compile(r"\b(?:19|20)\d\d[a-z]?\b.*\b(?:In Proceedings|arXiv preprint|Journal of|pages? \d+|\d+:\d+)")


def main(arguments: Sequence[str]) -> int:
    """Runs all measurements, prints them."""
    parser = argparse.ArgumentParser(prog="python -m eval pdfs", description="Measure the reading of PDFs.")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--quotes", type=int, default=200)
    parser.add_argument("--damaged", type=int, default=0, help="how many damaged copies are added beside the files")
    options = parser.parse_args(arguments)
    files = sorted(options.folder.glob("*.pdf"))
    with tempfile.TemporaryDirectory() as folder:
        with Assistant.open(library=Path(folder) / "library", mode="quote") as assistant:
            measured = {"reading": _reading(files)}
            started = time.perf_counter()
            report = assistant.add(files)
            measured["add"] = {
                "papers": len(report.added),
                "failed": [str(failure) for failure in report.failed],
                "seconds": round(time.perf_counter() - started, 2),
            }
            measured["titles"] = _titles(assistant, options.folder / "manifest.jsonl")
            measured["quotes"] = _quotes(assistant, {path.name: path for path in files}, options.quotes)
        if options.damaged:
            measured["damaged"] = _damaged(files, options.damaged, Path(folder))
    print(json.dumps(measured, indent=1, ensure_ascii=False))  # noqa: T201
    return 0


def _reading(files: Sequence[Path]) -> dict[str, Any]:
    """Pages a second of one process after another, besides embedding."""
    from rag.errors import SourceError
    from rag.reading.readers import read_file

    started = time.perf_counter()
    pages = 0
    for path in files:
        try:
            pages += len({page.number for paper in read_file(path, path.name).papers for page in paper.pages})
        except SourceError:
            pages += 1
    seconds = time.perf_counter() - started
    return {"pages": pages, "seconds": round(seconds, 2), "pages a second": round(pages / seconds, 1)}


def _titles(assistant: Assistant, manifest: Path) -> dict[str, Any]:
    """How many of the manifest's papers have exactly their title, but for case and white space."""
    if not manifest.exists():
        return {}
    found = {source: paper.title for paper in assistant.papers() for source in paper.sources}
    rows = read_json_lines(manifest)
    stored = [row for row in rows if row["file"] in found]
    wrong = {
        row["file"]: {"found": found[row["file"]], "expected": row["title"]}
        for row in stored
        if " ".join(found[row["file"]].split()).casefold() != " ".join(row["title"].split()).casefold()
    }
    return {
        "papers": len(stored),
        "right": len(stored) - len(wrong),
        "wrong": wrong,
        "not stored": [row["file"] for row in rows if row["file"] not in found],
    }


# Quotes


def _quotes(assistant: Assistant, files: dict[str, Path], count: int) -> dict[str, Any]:
    """Of `count` quotes of answers, how many the second reader finds in their boxes."""
    drawn: dict[tuple[str, int, int], Citation] = {}
    references = asked = 0
    for question in _questions(assistant, count * 5):
        if len(drawn) >= count:
            break
        asked += 1
        references += sum(bool(_REFERENCE.search(p.text)) for p in assistant.search(question, top_k=10))
        for citation in assistant.ask(question).citations:
            if citation.page is not None and citation.quote != citation.title and len(drawn) < count:
                drawn[citation.paper_id, citation.start, citation.end] = citation
    away = []
    for citation in drawn.values():
        boxes = assistant.library.boxes(citation.paper_id, citation.start, citation.end)
        shown = _read_boxes(files[citation.source], boxes)
        if _distance(citation.quote, shown) > _MOST_AWAY:
            away.append({"source": citation.source, "page": citation.page, "quote": citation.quote, "page says": shown})
    return {
        "questions": asked,
        "quotes": len(drawn),
        "on their page": len(drawn) - len(away),
        "passages that look like references": references,
        "away": away,
    }


def _questions(assistant: Assistant, count: int) -> Iterator[str]:
    """Keywords of sentences drawn at random."""
    rng = random.Random(SEED)
    texts = [assistant.paper(paper.id).text for paper in assistant.papers()]
    for _ in range(count):
        text = rng.choice(texts)
        start = rng.randrange(len(text))
        terms = search_terms(text[start : start + 300])[1:-1]
        if len(terms) >= _KEYWORDS:
            yield " ".join(rng.sample(terms, _KEYWORDS))


def _read_boxes(path: Path, boxes: Sequence[Box]) -> str:
    import pdfplumber

    parts = []
    with pdfplumber.open(path) as pdf:
        for box in boxes:
            page = pdf.pages[box.page - 1]
            left, top = page.cropbox[0] - page.mediabox[0], page.cropbox[1] - page.mediabox[1]
            inside = [
                character["text"]
                for character in page.chars
                if box.left - 0.6 <= (character["x0"] + character["x1"]) / 2 - left <= box.right + 0.6
                and box.top - 0.6 <= (character["top"] + character["bottom"]) / 2 - top <= box.bottom + 0.6
            ]
            parts.append("".join(inside))
    return " ".join(parts)


def _distance(quote: str, shown: str) -> float:
    """The share of letters and digits that differ, as multisets in order: 0 where both read the same."""
    import difflib

    one, other = (re.sub(r"[\W_]+", "", unicodedata.normalize("NFKD", text)).casefold() for text in (quote, shown))
    return 1 - difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()


# Damaged files


def _damaged(files: Sequence[Path], count: int, folder: Path) -> dict[str, Any]:
    """Damaged copies beside good files: each is read or reported by name, the good ones are all stored."""
    papers = folder / "papers"
    papers.mkdir()
    for path in files:
        (papers / path.name).write_bytes(path.read_bytes())
    for name, content in damaged_files(files, count):
        (papers / name).write_bytes(content)
    started = time.perf_counter()
    with Assistant.open(library=folder / "damaged", mode="quote") as assistant:
        report = assistant.add(papers)
        stored = {source for paper in assistant.papers() for source in paper.sources}
    told = stored | {failure.source for failure in report.failed}
    good = {path.name for path in files}
    return {
        "files": count,
        "stored": len(stored - good),
        "reported": len(report.failed),
        "neither": sorted(path.name for path in papers.iterdir() if path.name not in told),
        "good files that are not stored": sorted(good - stored),
        "seconds": round(time.perf_counter() - started, 1),
        "peak MB": {
            "program": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "largest reader": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        },
    }


def damaged_files(files: Sequence[Path], count: int) -> Iterator[tuple[str, bytes]]:
    """Names and contents: mutated, cut off, encrypted, empty, swollen, with very many pages, oddly named."""
    rng = random.Random(SEED)
    whole = [path.read_bytes() for path in files]
    special = [
        ("empty.pdf", b""),
        ("zeros.pdf", bytes(10_000)),
        ("text.pdf", b"This is no PDF at all.\n" * 100),
        ("header alone.pdf", b"%PDF-1.7\n"),
        ("locked.pdf", _encrypted(whole[0])),
        ("bomb.pdf", _bomb()),
        ("ten thousand pages.pdf", _many_pages(10_000)),
        ("-leading dash.pdf", whole[0][:5000]),
        ('quote\'d "name".pdf', whole[0][:5000]),
        ("line\nbreak.pdf", whole[0][:5000]),
        ("名前 🦦.pdf", whole[0][:5000]),
        ("a" * 240 + ".pdf", whole[0][:5000]),
    ]
    yield from special[:count]
    for number in range(count - len(special)):
        data = bytearray(rng.choice(whole))
        kind = ("flipped", "cut", "spliced")[number % 3]
        if kind == "flipped":
            for _ in range(rng.choice((1, 10, 100, 1000))):
                data[rng.randrange(len(data))] = rng.randrange(256)
        elif kind == "cut":
            del data[rng.randrange(len(data)) :]
        else:
            start = rng.randrange(len(data))
            del data[start : start + rng.randrange(1, 5000)]
        yield f"{kind} {number}.pdf", bytes(data)


def _encrypted(data: bytes) -> bytes:
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(io.BytesIO(data)))
    writer.encrypt("secret", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def _bomb() -> bytes:
    """A page whose content is 300 MB of operators in 2 MB."""
    import zlib

    squeezer = zlib.compressobj(9)
    block = b"BT /F1 9 Tf (otter) Tj ET\n" * 40_000
    content = b"".join(squeezer.compress(block) for _ in range(300)) + squeezer.flush()
    return _with_objects([b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R >>"], content)


def _many_pages(count: int) -> bytes:
    return _with_objects([b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] >>"] * count, b"")


def _with_objects(pages: Sequence[bytes], content: bytes) -> bytes:
    numbers = [3, *range(5, 4 + len(pages))]
    kids = b" ".join(b"%d 0 R" % number for number in numbers)
    objects = {
        1: b"<< /Type /Catalog /Pages 2 0 R >>",
        2: b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(pages), kids),
        4: b"<< /Filter /FlateDecode /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        **dict(zip(numbers, pages, strict=True)),
    }
    out = bytearray(b"%PDF-1.5\n")
    places = {}
    for number, body in sorted(objects.items()):
        places[number] = len(out)
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % places[number] for number in sorted(places))
    return bytes(out + b"trailer << /Root 1 0 R /Size %d >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start))
