"""The reading speed is learned from tokens that were read, in the unit of the estimate."""

from __future__ import annotations

import pytest

from rag.answering.reading_speed import Readings, with_reading
from rag.models.protocols import Completion

ESTIMATED = 1500  # of a prompt with 1,000 tokens of the model's own


def learned(*ends: Completion, prompts: str = "abcdefgh") -> Readings:
    readings = Readings()
    for end, prompt in zip(ends, prompts, strict=False):
        readings = with_reading(readings, end, ESTIMATED, prompt)
    return readings


def test_the_unit_is_the_estimated_token() -> None:
    assert learned().speed is None
    assert learned(Completion("stop", 1000, 30.0, 0)).speed == pytest.approx(0.02)


def test_tokens_that_the_server_knew_do_not_count() -> None:
    ends = [Completion("stop", 1000, seconds, cached) for cached, seconds in ((0, 30.0), (500, 15.0), (900, 3.0))]
    assert learned(*ends).speeds == pytest.approx((0.02, 0.02, 0.02))


def test_the_same_prompt_again_shows_nothing_if_the_server_hides_what_it_knew() -> None:
    first, again = Completion("stop", 1000, 30.0), Completion("stop", 1000, 0.3)
    assert learned(first, again, again, prompts="aaa").speeds == pytest.approx((0.02,))
    assert len(learned(first, first, prompts="ab").speeds) == 2


def test_a_reading_that_waited_for_the_model_to_load_is_outweighed_and_forgotten() -> None:
    slow, usual = Completion("stop", 1000, 300.0), Completion("stop", 1000, 30.0)
    assert learned(slow, usual, usual).speed == pytest.approx(0.02)
    assert learned(slow, *[usual] * 5).speeds == pytest.approx((0.02,) * 5)


@pytest.mark.parametrize(
    "end",
    [
        Completion("stop"),
        Completion("stop", 1000, None),
        Completion("stop", 1000, 3.0, 990),
        Completion("stop", 0, 1.0),
    ],
)
def test_a_reading_that_shows_nothing_is_not_learned(end: Completion) -> None:
    assert learned(end) == Readings()
