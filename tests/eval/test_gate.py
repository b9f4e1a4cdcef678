"""The gate: the evaluation of the sample collection, run as a user runs it; no figure may fall."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.papers import ROOT

from eval.gate import GATE, fallen
from eval.questions import QUESTIONS


def run_eval(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "eval", *words], capture_output=True, text=True, cwd=cwd, timeout=1200)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The evaluation of the sample collection, as `python -m eval` does it."""
    folder = tmp_path_factory.mktemp("out")
    done = run_eval("--out", str(folder))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture(scope="module")
def report(out: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((out / "report.json").read_text())
    return loaded


@pytest.mark.slow
def test_no_figure_fell_below_the_gate(report: dict[str, Any]) -> None:
    assert fallen(report) == []


@pytest.mark.slow
def test_a_figure_below_its_interval_is_named(report: dict[str, Any]) -> None:
    stored = json.loads(GATE.read_text())
    worse = json.loads(json.dumps(report))
    worse["measures"]["RR"]["mean"] = stored["RR"]["low"] - 0.001
    worse["measures"]["falsely refused"]["mean"] = stored["falsely refused"]["high"] + 0.001
    assert [line.split(":")[0] for line in fallen(worse)] == ["RR", "falsely refused"]


@pytest.mark.slow
def test_every_question_has_a_row_with_a_ranking_and_verbatim_quotes(out: Path) -> None:
    rows = [json.loads(line) for line in (out / "answers.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [json.loads(line)["id"] for line in QUESTIONS.read_text().splitlines()]
    assert all(len(row["ranking"]) == 20 and len(set(row["ranking"])) == 20 for row in rows)
    assert all(len(c["quote"]) == c["end"] - c["start"] > 0 for row in rows for c in row["citations"])
