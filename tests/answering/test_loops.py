"""A model that repeats itself is noticed, and a text that only looks like it is not."""

from __future__ import annotations

import time

import pytest

from rag.answering.loops import TAIL_CHARACTERS, is_looping


@pytest.mark.parametrize(
    "part",
    ["the otters and ", "We count otters from kites over rivers. ", "ha", "獺は川に住む。", "a b c d e f g " * 20],
)
def test_a_part_that_repeats_is_a_loop_wherever_it_is_cut(part: str) -> None:
    text = "The kite counts otters. " + part * max(4, 120 // len(part))
    for cut in range(len(part)):
        assert is_looping(text[: len(text) - cut][-TAIL_CHARACTERS:])


@pytest.mark.parametrize(
    "text",
    [
        "The kite counts 94.5% of the otters. The kite counts 94.5% of the beavers. The kite fails in fog.",
        "It took 1000000000000000 steps ....................",
        "Otters swim, otters swim, and beavers swim.",
        "",
    ],
)
def test_other_text_is_no_loop(text: str) -> None:
    assert not is_looping(text)


def test_to_look_takes_no_time() -> None:
    started = time.perf_counter()
    for _ in range(100):
        is_looping("ab" * (TAIL_CHARACTERS // 2 - 1) + "c")
    assert time.perf_counter() - started < 0.5
