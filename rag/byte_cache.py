"""Cache the most recently used values, up to a number of bytes. Thread-safe."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_T = TypeVar("_T")


class ByteCache(Generic[_T]):
    """A least-recently-used cache of at most `most` bytes."""

    def __init__(self, most: int, size: Callable[[_T], int]) -> None:
        self._most, self._size = most, size
        self._lock = threading.Lock()
        self._values: OrderedDict[Hashable, _T] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable, make: Callable[[], _T]) -> _T:
        """Return the value of `key`, created by `make` if it is not cached. Two threads may both create it."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = make()
        with self._lock:
            if key not in self._values:
                self._values[key] = value
                self._bytes += self._size(value)
                while self._bytes > self._most:
                    self._bytes -= self._size(self._values.popitem(last=False)[1])
        return value
