"""Measure the reading of PDFs: against the publisher's XML, speed, titles, the places of quotes, and damaged files.

    python -m eval pdfs ../shared/data/pairs --reading            read only, compare with the XML beside the PDFs
    python -m eval pdfs paper.pdf --reading                       the same for one paper, whose XML is paper.xml
    python -m eval pdfs ../shared/data/pdfs --quotes 200 --damaged 500

A folder holds PDFs and, where titles are to be scored, manifest.jsonl with `file` and `title` and perhaps
`title_in_metadata`.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rag.assistant import Assistant
from rag.errors import SourceError

from .damaged import measure_damaged
from .pairs import describe, measure_pair, paired
from .quote_places import measure_places
from .titles import measure_titles


def main(arguments: Sequence[str]) -> int:
    """Run all measurements and print them."""
    parser = argparse.ArgumentParser(prog="python -m eval pdfs", description="Measure the reading of PDFs.")
    parser.add_argument("papers", type=Path, nargs="+", help="PDFs, and folders of PDFs; an XML beside one is compared")
    parser.add_argument("--reading", action="store_true", help="only read the papers and compare them with their XML")
    parser.add_argument("--quotes", type=int, default=200)
    parser.add_argument("--damaged", type=int, default=0, help="how many damaged copies to add with the files")
    options = parser.parse_args(arguments)
    files = _pdfs_of(options.papers)
    if options.reading:
        print(describe([measure_pair(path) for path in paired(files)]))  # noqa: T201
        return 0
    with tempfile.TemporaryDirectory() as folder:
        with Assistant.open(library=Path(folder) / "library", mode="quote") as assistant:
            measured: dict[str, Any] = {"reading": _reading(files)}
            started = time.perf_counter()
            report = assistant.add(files)
            measured["add"] = {
                "papers": len(report.added),
                "failed": [str(failure) for failure in report.failed],
                "seconds": round(time.perf_counter() - started, 2),
            }
            measured["titles"] = [measure_titles(assistant, path) for path in options.papers if path.is_dir()]
            measured["quotes"] = measure_places(assistant, {path.name: path for path in files}, options.quotes)
        if options.damaged:
            measured["damaged"] = measure_damaged(files, options.damaged, Path(folder))
    print(json.dumps(measured, indent=1, ensure_ascii=False))  # noqa: T201
    return 0


def _pdfs_of(paths: Sequence[Path]) -> list[Path]:
    """Return the named files, and the PDFs in the named folders in the order of their names."""
    return [file for path in paths for file in (sorted(path.glob("*.pdf")) if path.is_dir() else [path])]


def _reading(files: Sequence[Path]) -> dict[str, Any]:
    """Return the pages read a second, file by file, without embedding."""
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
