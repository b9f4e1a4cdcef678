"""The evaluation, run as a user runs it, and the gate: quality on the sample must not fall."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import ROOT, SHARED

from eval.fit import _choice, _ranking, fit_confidence, fit_fusion, fit_sentences
from eval.gate import GATE, fallen
from eval.questions import QUESTIONS, Question
from eval.score import evaluate
from rag.answering import CONFIDENCE_FEATURES, SENTENCE_FEATURES
from rag.assistant import Assistant
from rag.retrieval import FEATURES
from rag.types import Answer
from rag.weights import FILE, load_weights


def run_eval(*words: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "eval", *words], capture_output=True, text=True, cwd=cwd, timeout=300)


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


def test_no_figure_fell_below_the_gate(report: dict[str, Any]) -> None:
    assert fallen(report) == []


def test_a_figure_below_its_interval_is_named(report: dict[str, Any]) -> None:
    stored = json.loads(GATE.read_text())
    worse = json.loads(json.dumps(report))
    worse["measures"]["RR"]["mean"] = stored["RR"]["low"] - 0.001
    worse["measures"]["falsely refused"]["mean"] = stored["falsely refused"]["high"] + 0.001
    assert [line.split(":")[0] for line in fallen(worse)] == ["RR", "falsely refused"]


def test_every_question_has_a_row_with_a_ranking_and_verbatim_quotes(out: Path) -> None:
    rows = [json.loads(line) for line in (out / "answers.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [json.loads(line)["id"] for line in QUESTIONS.read_text().splitlines()]
    assert all(len(row["ranking"]) == 20 and len(set(row["ranking"])) == 20 for row in rows)
    assert all(len(c["quote"]) == c["end"] - c["start"] > 0 for row in rows for c in row["citations"])


def test_an_interrupted_run_goes_on_where_it_stopped(
    assistant: Assistant, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    title = "Counting Otters from Kites"
    questions = [Question(name, "fact", "What does the kite count?", (title,), "", (("94.5%",),)) for name in "abc"]
    asked: list[int] = []
    really_ask = assistant.ask

    def ask(question: str, **more: Any) -> Answer:
        asked.append(1)
        if len(asked) == 3:
            raise KeyboardInterrupt
        return really_ask(question, **more)

    monkeypatch.setattr(assistant, "ask", ask)
    with pytest.raises(KeyboardInterrupt):
        evaluate(assistant, questions, tmp_path)
    evaluate(assistant, questions, tmp_path)
    rows = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == ["a", "b", "c"]
    assert len(asked) == 4  # two before the stop, the one that was stopped, and that one again


def test_a_broken_question_file_is_refused_before_anything_is_computed(tmp_path: Path) -> None:
    questions = tmp_path / "own.jsonl"
    questions.write_text('{"id": "a"}\nnonsense\n')
    done = run_eval("--questions", str(questions), "--out", str(tmp_path / "out"))
    assert done.returncode == 1
    assert "line 1" in done.stderr
    assert "line 2" in done.stderr
    assert not (tmp_path / "out").exists()


def test_the_shipped_weights_name_the_data_that_they_were_made_from() -> None:
    weights = json.loads(FILE.read_text())
    assert weights["data"][QUESTIONS.name] == hashlib.sha256(QUESTIONS.read_bytes()).hexdigest()
    assert weights["sentences"]["features"] == list(SENTENCE_FEATURES)
    assert weights["confidence"]["features"] == list(CONFIDENCE_FEATURES)
    assert list(weights["fusion"]) == list(FEATURES)


def test_the_shipped_weights_name_the_data_outside_too() -> None:
    paths = {path.name: path for path in SHARED.glob("data/*/*.jsonl")}
    named = {name: digest for name, digest in json.loads(FILE.read_text())["data"].items() if name != QUESTIONS.name}
    if not paths:
        pytest.skip("needs the collections in ../shared/data, which are not here")
    assert named
    assert {name: hashlib.sha256(paths[name].read_bytes()).hexdigest() for name in named} == named


def test_a_small_fit_gives_the_same_twice(assistant: Assistant) -> None:
    made = [
        Question("a", "fact", "What share of the otters?", ("Counting Otters from Kites",), "", (("94.5%",),)),
        Question("b", "fact", "How many alarm calls of tits?", ("A Grammar of Bird Alarm Calls",), "", (("2,113",),)),
    ]
    rankings = [_ranking(assistant.library, question) for question in made]
    assert fit_fusion(rankings).tolist() == fit_fusion(rankings).tolist()
    choices = [_choice(assistant.library, question, load_weights()) for question in made]
    assert fit_sentences(choices).coefficients.tolist() == fit_sentences(choices).coefficients.tolist()
    right = [c.evidence.confidence_features for c in choices]
    groups = {"right": np.array(right), "off_topic": np.array(right) * 0.5}
    assert fit_confidence(groups).coefficients.tolist() == fit_confidence(groups).coefficients.tolist()
