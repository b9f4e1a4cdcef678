"""The reading speed is learned from tokens that were read, in the unit of the estimate."""

from __future__ import annotations

import pytest

from rag.answering.reading_speed import measured_speed
from rag.models.protocols import Completion

ESTIMATED = 1500  # of a prompt with 1,000 tokens of the model's own


def test_the_unit_is_the_estimated_token() -> None:
    assert measured_speed(Completion("stop", 1000, 30.0, 0), ESTIMATED, None) == pytest.approx(0.02)


def test_tokens_that_the_server_knew_do_not_count() -> None:
    for cached, seconds in ((0, 30.0), (500, 15.0), (900, 3.0)):
        speed = measured_speed(Completion("stop", 1000, seconds, cached), ESTIMATED, 0.5)
        assert speed == pytest.approx(0.02)


def test_without_a_count_of_them_a_speed_only_falls() -> None:
    quick, slow = Completion("stop", 1000, 3.0), Completion("stop", 1000, 60.0)
    assert measured_speed(quick, ESTIMATED, 0.02) == 0.02
    assert measured_speed(slow, ESTIMATED, 0.02) == pytest.approx(0.04)
    assert measured_speed(quick, ESTIMATED, None) == pytest.approx(0.002)


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
    assert measured_speed(end, ESTIMATED, 0.02) is None
