"""Measures the reading of PDFs: titles, speed, whether quotes stand where they are said to, and damaged files.

    python -m eval pdfs ../shared/data/pdfs --quotes 200 --damaged 500

The folder holds PDFs and, where titles are to be scored, manifest.jsonl with `file` and `title` and perhaps
`title_in_metadata`. Prints JSON. Quotes are those of answers to keywords drawn at random from the papers; each is
compared with what a second reader, pdfplumber, finds in the boxes that are marked for it, in that reader's own order.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rag.assistant import Assistant
from rag.ingest.locate import storable
from rag.retrieval.search import search_terms
from rag.types import Box, Citation

from ..text import read_json_lines

SEED = 0
_KEYWORDS = 6  # of a sentence make a question
_MOST_AWAY = 0.1  # of a quote's words may be read otherwise by the second reader: ligatures, accents, symbols
_LONG = 3000  # pages
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
            measured["titles"] = _titles(assistant, options.folder)
            measured["quotes"] = _quotes(assistant, {path.name: path for path in files}, options.quotes)
        if options.damaged:
            measured["damaged"] = _damaged(files, options.damaged, Path(folder))
    print(json.dumps(measured, indent=1, ensure_ascii=False))  # noqa: T201
    return 0


def _reading(files: Sequence[Path]) -> dict[str, Any]:
    """Pages a second of one process after another, besides embedding."""
    from rag.errors import SourceError
    from rag.reading.formats import read_file

    started = time.perf_counter()
    pages = 0
    for path in files:
        try:
            pages += len({page.number for paper in read_file(path, path.name).papers for page in paper.pages})
        except SourceError:
            pages += 1
    seconds = time.perf_counter() - started
    return {"pages": pages, "seconds": round(seconds, 2), "pages a second": round(pages / seconds, 1)}


def _titles(assistant: Assistant, folder: Path) -> dict[str, Any]:
    """How many of the manifest's papers have a title that it gives and that their pages show.

    Case and white space count for nothing. A title as the file's own metadata has it is as good as the manifest's.
    """
    manifest = folder / "manifest.jsonl"
    if not manifest.exists():
        return {}
    found = {source: paper.title for paper in assistant.papers() for source in paper.sources}
    rows = read_json_lines(manifest)
    stored = [row for row in rows if row["file"] in found]
    agreeing = {row["file"]: title_agrees(found[row["file"]], row) for row in stored}
    unseen = [row["file"] for row in stored if not _is_shown(found[row["file"]], folder / row["file"])]
    return {
        "papers": len(stored),
        "right": sum(bool(fields) and file not in unseen for file, fields in agreeing.items()),
        "as in title_in_metadata alone": [f for f, fields in agreeing.items() if fields == ["title_in_metadata"]],
        "wrong": {
            row["file"]: {"found": found[row["file"]], "expected": row["title"]}
            for row in stored
            if not agreeing[row["file"]]
        },
        "not on the page": unseen,
        "not stored": [row["file"] for row in rows if row["file"] not in found],
    }


def title_agrees(found: str, row: dict[str, Any]) -> list[str]:
    """Which of a manifest's row's `title` and `title_in_metadata` the title is, but for case and white space."""
    return [name for name in ("title", "title_in_metadata") if row.get(name) and _folded(found) == _folded(row[name])]


def _folded(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _is_shown(title: str, path: Path) -> bool:
    """Whether the second reader finds the title on one of the first two pages."""
    import pdfplumber

    with pdfplumber.open(path) as pdf:
        return any(_folded(title) in _folded(page.extract_text()) for page in pdf.pages[:2])


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
    shares = []
    for citation in drawn.values():
        boxes = assistant.library.boxes(citation.paper_id, citation.start, citation.end)
        shown = _read_boxes(files[citation.source], boxes)
        shares.append(share_in_order(citation.quote, shown))
        if shares[-1] < 1 - _MOST_AWAY:
            away.append({"source": citation.source, "page": citation.page, "quote": citation.quote, "page says": shown})
    return {
        "questions": asked,
        "quotes": len(drawn),
        "on their page": len(drawn) - len(away),
        "share of words in order": round(sum(shares) / max(len(shares), 1), 4),
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
    """What the second reader reads in the boxes: its words in its own order, column by column."""
    import pdfplumber

    parts = []
    with pdfplumber.open(path) as pdf:
        for column in columns(boxes):
            page = pdf.pages[column[0].page - 1]
            left, top = page.cropbox[0] - page.mediabox[0], page.cropbox[1] - page.mediabox[1]
            inside = page.filter(lambda item, at=(left, top), own=column: _is_inside(item, at, own))
            parts += [word["text"] for word in inside.extract_words(x_tolerance_ratio=0.15)]
    return " ".join(parts)


def columns(boxes: Sequence[Box]) -> list[list[Box]]:
    """The boxes by page and column, from left to right: those above one another stand in one column."""
    out: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: (box.page, box.left)):
        same = [column for column in out if column[0].page == box.page]
        near = next((column for column in same if any(o.left < box.right and box.left < o.right for o in column)), None)
        if near is None and len(same) == 1 and sum(o.page == box.page for o in boxes) == 2 and _follow(same[0][0], box):
            near = same[0]
        if near is None:
            out.append([box])
        else:
            near.append(box)
    return out


def _follow(one: Box, other: Box) -> bool:
    """Whether two boxes stand on lines that follow each other, as the end of one and the beginning of the next."""
    return abs(one.top - other.top) < 2 * (one.bottom - one.top)


def _is_inside(item: dict[str, Any], origin: tuple[float, float], boxes: Sequence[Box]) -> bool:
    """Whether the middle of a character stands in one of the boxes."""
    x, y = (item["x0"] + item["x1"]) / 2 - origin[0], (item["top"] + item["bottom"]) / 2 - origin[1]
    return item["object_type"] == "char" and any(
        box.left - 0.6 <= x <= box.right + 0.6 and box.top - 0.6 <= y <= box.bottom + 0.6 for box in boxes
    )


def share_in_order(quote: str, shown: str) -> float:
    """The share of the quote's words that stand in `shown` in the quote's order, from 0 to 1."""
    wanted = _words(quote)
    found = _whole(_words(shown), set(wanted))
    longest = [0] * (len(found) + 1)  # of the common words in order, up to each word that was found
    for word in wanted:
        last = longest
        longest = [0]
        for at, other in enumerate(found):
            longest.append(last[at] + 1 if word == other else max(last[at + 1], longest[-1]))
    return longest[-1] / max(len(wanted), 1)


def _whole(found: Sequence[str], wanted: set[str]) -> list[str]:
    """The words, two halves of a wanted one put together: the hyphen between them is not in the quote's boxes."""
    out: list[str] = []
    for word in found:
        if out and out[-1] + word in wanted and out[-1] not in wanted:
            out[-1] += word
        else:
            out.append(word)
    return out


def _words(text: str) -> list[str]:
    """A text's words in letters and digits alone, those cut at a line's end whole."""
    whole = re.sub(r"(?<=\w)[-\xad\u2010]\s+(?=\w)", "", unicodedata.normalize("NFKD", text))
    return [word for word in (re.sub(r"[\W_]+", "", part).casefold() for part in whole.split()) if word]


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
    told = added_alone(papers, folder / "damaged", folder)
    seconds = time.perf_counter() - started
    if "broke down" in told:
        return {"files": count, **told}
    good = {path.name for path in files}
    stored = set(told["stored"])
    return {
        "files": count,
        "stored": len(stored - good),
        "reported": len(told["failed"]),
        "neither": sorted({storable(name) for name in os.listdir(papers)} - stored - set(told["failed"])),
        "good files that are not stored": sorted(good - stored),
        "seconds": round(seconds, 1),
        "peak MB": told["peak MB"],
    }


def added_alone(papers: Path, library: Path, folder: Path) -> dict[str, Any]:
    """What a process of its own stores of `papers`, what it reports as failed, its peak memory and its readers'.

    Where it ends with an error, that is all there is to tell, as `broke down`.

    `folder` holds what it writes besides. The peaks are none where the system has no /proc: what a process hands on to
    those that it starts counts as theirs everywhere else.
    """
    out = folder / "added.json"
    code = "import sys; from eval.collections.pdfs import add_here; add_here(*sys.argv[1:])"
    command = [sys.executable, "-c", code, str(papers), str(library), str(out)]
    done = subprocess.run(command, stderr=subprocess.PIPE, cwd=Path(__file__).parents[2])
    if done.returncode:
        return {"broke down": done.stderr.decode(errors="replace").strip().splitlines()[-1]}
    told: dict[str, Any] = json.loads(out.read_text())
    return told


def add_here(papers: str, library: str, out: str) -> None:
    """Adds `papers` in this process as the command does, and writes what came of it to the file `out` as JSON."""
    peaks, reader = Path(f"{out}.peaks"), Path(f"{out}.reader")
    reader.write_text(_READER.format(python=sys.executable, out=str(peaks)))
    reader.chmod(0o755)
    if Path("/proc/self/status").exists():
        sys.executable = str(reader)
    with Assistant.open(library=library, mode="quote") as assistant:
        report = assistant.add(papers)
        stored = sorted({source for paper in assistant.papers() for source in paper.sources})
    readers = [int(line) for line in peaks.read_text().split()] if peaks.exists() else []
    failed = [failure.source for failure in report.failed]
    peak = {"program": _peak(), "largest reader": max(readers) // 1024 if readers else None}
    Path(out).write_text(json.dumps({"stored": stored, "failed": failed, "peak MB": peak}))


_READER = """#!{python}
import os, runpy, sys, threading, time

def tell():  # a reader is ended from outside, so it tells its peak while it lives
    while True:
        with open("/proc/self/status") as status, open({out!r}, "a") as peaks:
            peaks.write(next(line.split()[1] for line in status if line.startswith("VmHWM")) + "\\n")
        time.sleep(0.1)

threading.Thread(target=tell, daemon=True).start()
sys.path[0] = os.getcwd()
del sys.argv[:2]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


def _peak() -> int | None:
    """The most memory that this process has held, in MB."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM")), None)


def damaged_files(files: Sequence[Path], count: int) -> Iterator[tuple[str, bytes]]:
    """Names and contents: mutated, cut off, encrypted, empty, swollen, with very many pages, oddly named.

    A name that is not UTF-8 has its bytes as the system's names do, as half surrogates.
    """
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
        ("three thousand pages of text.pdf", _long_text(_LONG)),
        (os.fsdecode(b"bad\xff.pdf"), whole[0][:5000]),
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


def _long_text(count: int) -> bytes:
    """Pages that all show the same twenty lines."""
    import zlib

    line = b"(River otters leave few traces on a rocky shore and most are washed away by the next flood.) Tj T*\n"
    content = zlib.compress(b"BT /F1 9 Tf 12 TL 60 600 Td\n" + line * 20 + b"ET")
    font = b"/Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >>"
    page = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R %s >>" % font
    return _with_objects([page] * count, content)


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
