"""Check that no figure on the sample collection fell below its stored interval.

    python -m eval && python -m eval gate out     store the figures of a report as the new gate

`make test` scores the sample and compares.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .measures import LOWER_IS_BETTER

GATE = Path(__file__).with_name("gate.json")
_MEASURES = ("RR", "Success@5", "nDCG@10", "nugget recall", "citation precision", "falsely refused", "refused rightly")
_REFUSALS = ("AUROC off topic", "AUROC near misses")


def main(arguments: Sequence[str]) -> int:
    """Store the figures of the report in a folder."""
    parser = argparse.ArgumentParser(prog="python -m eval gate", description="Store a report's figures as the gate.")
    parser.add_argument("folder", type=Path)
    options = parser.parse_args(arguments)
    report = json.loads((options.folder / "report.json").read_text(encoding="utf-8"))
    GATE.write_text(json.dumps(figures(report), indent=1) + "\n")
    return 0


def figures(report: dict[str, Any]) -> dict[str, dict[str, float]]:
    """Return the guarded figures of a report: mean, low and high."""
    found = {name: report["measures"][name] for name in _MEASURES}
    found |= {name: report["refusals"][name] for name in _REFUSALS}
    return {name: {key: round(figure[key], 4) for key in ("mean", "low", "high")} for name, figure in found.items()}


def fallen(report: dict[str, Any]) -> list[str]:
    """Describe the guarded figures that are worse than the stored interval."""
    fell = []
    for name, then in json.loads(GATE.read_text()).items():
        now = figures(report)[name]["mean"]
        if now > then["high"] if name in LOWER_IS_BETTER else now < then["low"]:
            fell.append(f"{name}: {now:.3f}, stored {then['mean']:.3f} [{then['low']:.3f}, {then['high']:.3f}]")
    return fell
