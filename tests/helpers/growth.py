"""Measure how the time of a task grows with its size, independent of the machine's speed."""

from __future__ import annotations

import time
from collections.abc import Callable


def growth(task: Callable[[int], object], count: int) -> float:
    """Return the ratio of the CPU times for `4 * count` and `count` items: 4 if linear, 16 if quadratic.

    Takes the best of three runs each, since other processes interfere.
    """
    return _seconds(task, 4 * count) / _seconds(task, count)


def _seconds(task: Callable[[int], object], count: int) -> float:
    return min(_once(task, count) for _ in range(3))


def _once(task: Callable[[int], object], count: int) -> float:
    started = time.process_time()
    task(count)
    return time.process_time() - started
