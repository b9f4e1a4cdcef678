"""The gate: no figure may fall in the evaluation of the sample collection, run like a user does."""

from __future__ import annotations

import json
import multiprocessing
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from helpers.papers import ROOT, SHARED

from eval.collections.pairs import Score, has_xml, measure_pair, summary
from eval.collections.reading_time import read_timed
from eval.gate import GATE, PAPERS, fallen, figures, pair_figures, paper_figures
from eval.questions import QUESTIONS


def run_eval(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "eval", *words], capture_output=True, text=True, cwd=cwd, timeout=1200)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Evaluate the sample collection like `python -m eval`, and return the folder of the reports."""
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
    assert fallen(figures(report), "sample") == []


@pytest.mark.slow
def test_a_figure_below_its_interval_is_reported(report: dict[str, Any]) -> None:
    stored = json.loads(GATE.read_text())["sample"]
    worse = json.loads(json.dumps(report))
    worse["measures"]["RR"]["mean"] = stored["RR"]["low"] - 0.001
    worse["measures"]["falsely refused"]["mean"] = stored["falsely refused"]["high"] + 0.001
    assert [line.split(":")[0] for line in fallen(figures(worse), "sample")] == ["RR", "falsely refused"]


@pytest.mark.slow
def test_every_question_has_a_row_with_a_ranking_and_verbatim_quotes(out: Path) -> None:
    rows = [json.loads(line) for line in (out / "answers.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [json.loads(line)["id"] for line in QUESTIONS.read_text().splitlines()]
    assert all(len(row["ranking"]) == 20 and len(set(row["ranking"])) == 20 for row in rows)
    assert all(len(c["quote"]) == c["end"] - c["start"] > 0 for row in rows for c in row["citations"])


PDFS = SHARED / "data" / "pdfs"


@pytest.mark.slow
@pytest.mark.skipif(not PDFS.exists(), reason="the PDFs of whole papers are not beside the project")
def test_no_answer_from_whole_papers_fell_below_the_gate(tmp_path: Path) -> None:
    done = run_eval("papers", f"--{PAPERS[0]}", str(PDFS), "--part", PAPERS[1], "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert fallen(paper_figures(json.loads((tmp_path / "report.json").read_text())), "papers") == []


PAIRS = SHARED / "data" / "pairs"


def measure(path: Path) -> Score:
    return measure_pair(read_timed(path))


@pytest.mark.slow
@pytest.mark.skipif(not PAIRS.exists(), reason="the PDFs with the publisher's XML are not beside the project")
@pytest.mark.skipif(shutil.which("tesseract") is None, reason="one of the PDFs is read with Tesseract")
def test_no_paper_is_read_worse_than_the_gate_has_it() -> None:
    pdfs = sorted(filter(has_xml, PAIRS.glob("*.pdf")), key=lambda path: -path.stat().st_size)
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn")) as pool:
        scores = list(pool.map(measure, pdfs))
    assert fallen(pair_figures(summary(scores)), "pairs") == []


def test_a_worse_figure_of_the_papers_with_xml_is_reported() -> None:
    stored = json.loads(GATE.read_text())["pairs"]
    assert fallen(stored, "pairs") == []
    worse = {name: dict(figure) for name, figure in stored.items()}
    worse["rows in order"]["mean"] = stored["rows in order"]["low"] - 0.001
    worse["DOIs of others"]["mean"] = stored["DOIs of others"]["high"] + 1
    assert [line.split(":")[0] for line in fallen(worse, "pairs")] == ["rows in order", "DOIs of others"]
