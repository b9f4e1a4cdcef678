"""Answer times are split into embedder, cross-encoder and the rest, for several checkouts."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.papers import ROOT

from eval.perf.answer_time import compare_checkouts


@pytest.mark.slow
def test_the_parts_of_an_answers_time_add_up_to_the_whole(folder: Path, tmp_path: Path) -> None:
    questions = ["How many otters does the kite count?", "Which tide is needed?"]
    times = compare_checkouts([ROOT], [str(folder)], questions, tmp_path)[str(ROOT)]
    assert times["questions"] == 2
    assert min(times.values()) > 0
    parts = sum(times[f"{part}, median"] for part in ("embedder", "cross-encoder", "outside both"))
    assert abs(times["whole, median"] - parts) < 0.5  # the median of two values is their mean; the rest is rounding
