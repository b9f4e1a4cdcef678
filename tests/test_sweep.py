"""Sweeps: a grid over settings, papers embedded once for each kind of chunk."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from eval import sweep
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


def test_a_sweep_measures_every_combination(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "grid.toml").write_text(GRID)
    (tmp_path / "qa.jsonl").write_text(json.dumps(QUESTION))
    words = [str(tmp_path / "grid.toml"), "--papers", str(folder), "--questions", str(tmp_path / "qa.jsonl")]
    assert sweep.main([*words, "--out", str(tmp_path / "out")]) == 0
    results = json.loads((tmp_path / "out" / "sweep.json").read_text())
    tried = {(r["max_tokens"], r["max_sentences"], r["fusion"]) for r in results}
    assert tried == {(t, s, f) for t in (64, 256) for s in (1, 4) for f in ("fitted", "words")}
    assert all(r["RR"] == 1.0 for r in results)
    assert (tmp_path / "out" / "sweep.svg").read_text().count("<circle") == 8


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[grid]\nmax_words = [1]", "'max_words' is no key of a grid"),
        ("[grid]\nmax_tokens = 3", "max_tokens has to be a list"),
        ("[grid]\nfusion = ['mine']", "the fusion 'mine' is given nowhere"),
        ("[fusion.mine]\nluck = 1", "has unknown features"),
        ("[grid", "cannot be read"),
    ],
)
def test_a_broken_grid_is_an_error_that_says_what_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    (tmp_path / "grid.toml").write_text(text)
    with pytest.raises(ConfigError, match=told):
        sweep.read_grid(tmp_path / "grid.toml")
