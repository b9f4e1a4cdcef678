"""Check that no figure has fallen below its stored limits: on the sample, on PDFs with XML, and on whole papers.

    python -m eval && python -m eval gate out                        store the figures of the sample as the new gate
    python -m eval pdfs ../shared/data/pairs --reading && python -m eval gate out/pdfs      those of the PDFs
    python -m eval papers --pdfs ../shared/data/pdfs --part open && python -m eval gate out/papers      whole papers

`make test` measures and compares all of them; the PDFs are not part of the project, and are skipped if missing.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rag.errors import FootnoteError

from .collections.paper_questions import QUESTIONS as ON_PAPERS
from .collections.paper_scores import FIRST, HEDGED, RIGHT
from .measures import LOWER_IS_BETTER

GATE = Path(__file__).with_name("gate.json")
_MEASURES = ("RR", "Success@5", "nDCG@10", "nugget recall", "citation precision", "falsely refused", "refused rightly")
_REFUSALS = ("AUROC off topic", "AUROC near misses")
_SHARES = ("sentences in one piece", "the same, mean over papers", "the same, worst paper", "rows in order")
_METADATA = ("titles", "authors precision", "authors recall", "DOIs", "DOIs of others", "years", "years of others")
_SLACK = 0.002  # of a share of sentences or rows, since OCR differs a little between versions of Tesseract

PAPERS = ("pdfs", "open")
"""The collection and part of the questions on whole papers that the gate uses."""

Figures = dict[str, dict[str, float]]
"""Measure -> `mean`, and the limits `low` and `high`."""


def main(arguments: Sequence[str]) -> int:
    """Store the figures of a folder's report as the new limits."""
    parser = argparse.ArgumentParser(prog="python -m eval gate", description="Store a report's figures as the gate.")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    report = json.loads((options.folder / "report.json").read_text(encoding="utf-8"))
    GATE.write_text(json.dumps(_stored() | _of_report(report), indent=1) + "\n")
    return 0


def _of_report(report: Mapping[str, Any]) -> dict[str, Figures]:
    if "pairs" in report:
        return {"pairs": pair_figures(report["pairs"])}
    made = report["made"]
    if made["questions"]["name"] != ON_PAPERS.name:
        return {"sample": figures(report)}
    if (made["collections"], made["part"]) != ([PAPERS[0]], PAPERS[1]):
        raise FootnoteError(
            f"The gate holds part {PAPERS[1]} of the questions on {PAPERS[0]}, not part {made['part']} of those on "
            f"{', '.join(made['collections'])}: run `python -m eval papers --pdfs ../shared/data/pdfs --part open`."
        )
    return {"papers": paper_figures(report)}


def figures(report: Mapping[str, Any]) -> Figures:
    """Return the guarded figures of a report on the sample."""
    found = {name: report["measures"][name] for name in _MEASURES}
    found |= {name: report["refusals"][name] for name in _REFUSALS}
    return _limits(found)


def paper_figures(report: Mapping[str, Any]) -> Figures:
    """Return the guarded figures of a report on whole papers."""
    found = {name: report["measures"][name] for name in (RIGHT, FIRST)}
    found |= {f"{RIGHT}, {kind}": report["by_kind"][kind][RIGHT] for kind in ("table", "metadata")}
    found["falsely doubted"] = report["by_answerability"]["answerable"][HEDGED]
    return _limits(found)


def _limits(found: Mapping[str, Mapping[str, float]]) -> Figures:
    return {name: {key: round(figure[key], 4) for key in ("mean", "low", "high")} for name, figure in found.items()}


def pair_figures(summary: Mapping[str, float]) -> Figures:
    """Return the guarded figures of a comparison of PDFs with their XML."""
    slack = dict.fromkeys(_SHARES, _SLACK) | dict.fromkeys(_METADATA, 0.0)
    return {
        name: {"mean": summary[name], "low": round(summary[name] - by, 4), "high": round(summary[name] + by, 4)}
        for name, by in slack.items()
    }


def fallen(now: Figures, part: str) -> list[str]:
    """Describe the figures that are worse than the limits stored for a part: `sample`, `pairs` or `papers`."""
    fell = []
    for name, then in _stored()[part].items():
        mean = now[name]["mean"]
        if mean > then["high"] if name in LOWER_IS_BETTER else mean < then["low"]:
            fell.append(f"{name}: {mean:.3f}, stored {then['mean']:.3f} [{then['low']:.3f}, {then['high']:.3f}]")
    return fell


def _stored() -> dict[str, Figures]:
    stored: dict[str, Figures] = json.loads(GATE.read_text())
    return stored
