"""How the time of a task grows with its size, whatever the speed of the machine."""

from __future__ import annotations

import time
from collections.abc import Callable


def growth(task: Callable[[int], object], count: int) -> float:
    """How many times the processor time of `count` items four times as many take: 4 if linear, 16 if quadratic.

    The best of three runs each, as other processes disturb them.
    """
    return _seconds(task, 4 * count) / _seconds(task, count)


def _seconds(task: Callable[[int], object], count: int) -> float:
    return min(_once(task, count) for _ in range(3))


def _once(task: Callable[[int], object], count: int) -> float:
    started = time.process_time()
    task(count)
    return time.process_time() - started
