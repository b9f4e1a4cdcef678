"""Measure PDF reading: against the publisher's XML, speed, titles, quotes and their positions, damaged files.

    python -m eval pdfs ../shared/data/pairs                      all measures but damaged files
    python -m eval pdfs ../shared/data/pairs --reading            only read, and compare with the XML beside the PDFs
    python -m eval pdfs paper.pdf --reading                       the same for one paper, whose XML is paper.xml
    python -m eval pdfs ../shared/data/pairs --reading --against ../before      also the time of another checkout
    python -m eval pdfs ../shared/data/pdfs --quotes 200 --damaged 500

A folder has PDFs, optionally the publisher's XML (JATS) of a PDF under the same name, and optionally manifest.jsonl
with `file`, `title` and perhaps `title_in_metadata`. Prints the figures and the faults, worst paper first, and writes
report.json and report.html.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rag.assistant import Assistant

from .baselines import baseline_figures
from .damaged import measure_damaged
from .general_quotes import Quote, describe_quotes, measure_quotes, quote_figures
from .pairs import Score, describe, has_xml, measure_pair, summary, worst_first
from .pdf_report import write_pdfs_html
from .quote_places import measure_places
from .reading_time import compare_checkouts, read_timed, reading_speed
from .titles import measure_titles, rows_with_titles

_ROOT = Path(__file__).parents[2]


def main(arguments: Sequence[str]) -> int:
    """Measure, print the figures and write the reports."""
    parser = argparse.ArgumentParser(
        prog="python -m eval pdfs",
        description="Measure PDF reading, against the publisher's XML (JATS) if it is next to a PDF.",
    )
    parser.add_argument("papers", type=Path, nargs="+", help="PDFs, and folders of PDFs")
    parser.add_argument("--reading", action="store_true", help="only read the papers and compare them with their XML")
    parser.add_argument("--quotes", type=int, default=200, help="how many quotes to check at their marked positions")
    parser.add_argument("--damaged", type=int, default=0, help="how many damaged copies to add to the files")
    parser.add_argument("--against", type=Path, metavar="DIR", help="another checkout to time as well")
    parser.add_argument("--out", type=Path, default=Path("out/pdfs"), metavar="DIR")
    options = parser.parse_args(arguments)
    files = _pdfs_of(options.papers)
    readings = [read_timed(path) for path in files]
    scores = worst_first([measure_pair(reading) for reading in readings if has_xml(reading.path)])
    report: dict[str, Any] = {
        "reading": reading_speed(readings),
        "pairs": summary(scores),
        "baselines": baseline_figures([path for path in files if has_xml(path)]),
    }
    if options.against:
        report["seconds against"] = compare_checkouts(files, [_ROOT, options.against.resolve()])
    quotes = [] if options.reading else _measure_library(report, files, options)
    _print(report, scores, quotes)
    _write(report, scores, quotes, options.out)
    return 0


def _pdfs_of(paths: Sequence[Path]) -> list[Path]:
    """Return the given files, and the PDFs in the given folders sorted by name."""
    return [file for path in paths for file in (sorted(path.glob("*.pdf")) if path.is_dir() else [path])]


def _measure_library(report: dict[str, Any], files: Sequence[Path], options: argparse.Namespace) -> list[Quote]:
    """Add the files to a new library, add its measurements to the report, and return the quotes."""
    by_name = {path.name: path for path in files}
    with tempfile.TemporaryDirectory() as folder:
        with Assistant.open(library=Path(folder) / "library", mode="quote") as assistant:
            started = time.perf_counter()
            added = assistant.add(files)
            report["add"] = {
                "papers": len(added.added),
                "failed": [str(failure) for failure in added.failed],
                "seconds": round(time.perf_counter() - started, 2),
            }
            report["titles"] = {
                str(path): measure_titles(assistant, path) for path in options.papers if rows_with_titles(path)
            }
            quotes = measure_quotes(assistant, by_name)
            if options.quotes:
                report["places of quotes"] = measure_places(assistant, by_name, options.quotes)
        if options.damaged:
            report["damaged"] = measure_damaged(files, options.damaged, Path(folder))
    report["general questions"] = quote_figures(quotes, {path.name for path in files if has_xml(path)})
    return quotes


def _print(report: Mapping[str, Any], scores: Sequence[Score], quotes: Sequence[Quote]) -> None:
    lines = [json.dumps(report, indent=1, ensure_ascii=False), *describe(scores), *describe_quotes(quotes)]
    print("\n".join(lines))  # noqa: T201


def _write(report: Mapping[str, Any], scores: Sequence[Score], quotes: Sequence[Quote], out: Path) -> None:
    """Write report.json and report.html."""
    out.mkdir(parents=True, exist_ok=True)
    whole = {**report, "papers": list(map(asdict, scores)), "asked": list(map(asdict, quotes))}
    (out / "report.json").write_text(json.dumps(whole, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    write_pdfs_html(report, scores, quotes, out / "report.html")
