"""Sweeps: a grid over settings, papers embedded once for each kind of chunk."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from eval.perf import sweep
from eval.questions import QuestionSetError
from rag.assistant import Assistant
from rag.errors import ConfigError

QUESTION = {
    "id": "a",
    "type": "fact",
    "question": "What share of the otters does the kite count?",
    "gold_titles": ["Counting Otters from Kites"],
    "answer": "94.5%",
    "nuggets": [["94.5%"]],
}
GRID = """
[grid]
max_tokens = [64, 256]
max_sentences = [1, 4]
fusion = ["fitted", "words"]

[fusion.words]
words = 1.0
"""


@pytest.mark.slow
def test_a_sweep_measures_every_combination(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "grid.toml").write_text(GRID)
    (tmp_path / "qa.jsonl").write_text(json.dumps(QUESTION))
    words = [str(tmp_path / "grid.toml"), "--papers", str(folder), "--questions", str(tmp_path / "qa.jsonl")]
    assert sweep.main([*words, "--out", str(tmp_path / "out")]) == 0
    results = json.loads((tmp_path / "out" / "sweep.json").read_text())
    tried = {(r["max_tokens"], r["max_sentences"], r["fusion"]) for r in results}
    assert tried == {(t, s, f) for t in (64, 256) for s in (1, 4) for f in ("fitted", "words")}
    assert all(r["RR"] == r["facts"] == {"mean": 1.0, "low": 1.0, "high": 1.0, "n": 1} for r in results)
    assert (tmp_path / "out" / "sweep.svg").read_text().count("<circle") == 8
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["sweep.json", "sweep.svg"]


def swept(
    folder: Path, tmp_path: Path, *questions: dict[str, Any], grid: str = "[grid]\nmax_sentences = [1, 2]"
) -> int:
    (tmp_path / "grid.toml").write_text(grid)
    (tmp_path / "qa.jsonl").write_text("".join(json.dumps(question) + "\n" for question in questions))
    words = [str(tmp_path / "grid.toml"), "--papers", str(folder), "--questions", str(tmp_path / "qa.jsonl")]
    return sweep.main([*words, "--out", str(tmp_path / "out")])


def test_questions_without_facts_are_drawn_by_their_rank(folder: Path, tmp_path: Path) -> None:
    assert swept(folder, tmp_path, QUESTION | {"nuggets": []}) == 0
    assert ">RR, with 95 % intervals<" in (tmp_path / "out" / "sweep.svg").read_text()


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"gold_titles": [], "nuggets": []}, "qa.jsonl has no question for a sweep"),
        ({"gold_titles": ["Moss on Roofs"]}, "line 1: no paper has the title 'Moss on Roofs'"),
    ],
)
def test_questions_that_cannot_be_swept_are_refused_before_anything_is_computed(
    folder: Path, tmp_path: Path, changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(QuestionSetError, match=message):
        swept(folder, tmp_path, QUESTION | changed)
    assert not (tmp_path / "out").exists()


def test_a_stopped_sweep_continues_with_the_next_settings(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measured: list[int] = []
    really = sweep._measure

    def measure(assistant: Assistant, *more: Any) -> dict[str, Any]:
        measured.append(assistant.settings.answer.max_sentences)
        if measured == [1, 2]:
            raise KeyboardInterrupt
        return really(assistant, *more)

    monkeypatch.setattr(sweep, "_measure", measure)
    with pytest.raises(KeyboardInterrupt):
        swept(folder, tmp_path, QUESTION)
    assert swept(folder, tmp_path, QUESTION) == 0
    assert measured == [1, 2, 2]
    assert len(json.loads((tmp_path / "out" / "sweep.json").read_text())) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[grid]\nmax_words = [1]", "'max_words' is not a key of a grid"),
        ("[grid]\nmax_tokens = 3", "max_tokens has to be a list"),
        ("[grid]\nfusion = ['mine']", "the fusion 'mine' is not defined"),
        ("[fusion.mine]\nluck = 1", "has unknown features"),
        ("[fusion.mine]\nwords = 'a'", r"words in \[fusion.mine\] has to be a number, not 'a'"),
        ("[fusion.mine]\nwords = true", "has to be a number, not True"),
        ("[fusion]\nmine = 3", "has unknown features"),
        ("fusion = 3", "fusion has to be a table, not 3"),
        ("grid = [1]", "grid has to be a table"),
        ("[gird]\nmax_tokens = [64]", r"\[gird\] is not a table of a sweep"),
        ("", r"there is no \[grid\]"),
        ("[grid", "cannot be read"),
    ],
)
def test_a_broken_grid_is_an_error_that_says_what_is_wrong(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "grid.toml").write_text(text)
    with pytest.raises(ConfigError, match=message):
        sweep.read_grid(tmp_path / "grid.toml")
