"""No regular expression takes long on a text that was made for that, and neither does a paper of such texts.

`HOSTILE=full python -m pytest tests/test_patterns.py` tries more texts, and longer papers, in some minutes.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from helpers.patterns import Found, hostile_units, patterns_of
from helpers.small_library import open_small

import rag

pytestmark = pytest.mark.slow

FULL = os.environ.get("HOSTILE") == "full"
SAMPLES = 3 if FULL else 1
LENGTH = 2_500 if FULL else 1_000  # characters; exponential and cubic patterns take seconds to minutes
MOST_SECONDS = 0.5 if FULL else 0.2
BOUNDED = {
    "rag.retrieval.amounts._MEASURES": 60,
    "rag.text.paragraph_kinds._BY_": 200,  # they take a paragraph's beginning, by `match`
    "rag.text.paragraph_kinds._ASIDE": 200,
}
"""Patterns that are given so many characters at most, or only at one place."""
PAPER_UNITS = (
    ("1", "a", "A. ", "[1, ", "\\a{", "1-") if not FULL else (*"1a.,-([{\\$_/@<&%=|中", "A. ", "[1, ", "${", "1-")
)


class TooSlow(Exception):
    """The time is over."""


@contextmanager
def processor_limit(seconds: float) -> Iterator[None]:
    def end(*_: object) -> NoReturn:
        raise TooSlow

    before = signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def length_for(found: Found) -> int:
    return next((most for name, most in BOUNDED.items() if found.where.startswith(name)), LENGTH)


def slow_units(found: Found) -> Iterator[tuple[str, str, str]]:
    for before, unit, end in hostile_units(found.pattern, SAMPLES):
        text = before + unit * (length_for(found) // len(unit)) + end
        try:
            with processor_limit(MOST_SECONDS):
                found.run(text)
        except TooSlow:
            yield before, unit, end
            return  # the next ones would take as long


def test_no_pattern_takes_long_on_a_hostile_text() -> None:
    patterns = patterns_of(rag)
    assert len(patterns) > 500
    slow = {found.where: unit for found in patterns for unit in slow_units(found)}
    assert slow == {}


@pytest.mark.parametrize("pattern", ["(a+)+$", r"(?:\s*\w+\s*)+;", r"x*x*x*y"])
def test_a_careless_pattern_is_found(pattern: str) -> None:
    import re

    assert list(slow_units(Found("here", re.compile(pattern), False)))


def test_a_paper_of_hostile_texts_is_read_and_asked_in_time_that_its_length_allows(tmp_path: Path) -> None:
    length = 40_000 if FULL else 20_000
    with open_small(tmp_path / "library") as assistant:
        for number, unit in enumerate(PAPER_UNITS):
            body = unit * (length // len(unit))
            file = tmp_path / f"{number}.txt"
            file.write_text(
                f"Otters Count {number}\n\nOtters count 12 kites {body} in 5 km.\n\n{body}\n\nOf {body}: 4.\n"
            )
            began = time.process_time()
            (paper,) = assistant.add(file).added
            for question in ("How many kites do otters count?", "What is the definition of otters?", "Is there data?"):
                assistant.ask(question, papers=[paper.id])
            assert time.process_time() - began < 8, unit
