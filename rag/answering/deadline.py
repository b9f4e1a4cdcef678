"""One deadline for all that a model does for an answer: it rewords the question, writes, and gives its opinion."""

import math
import time
from typing import NamedTuple

_LEAST = 0.1  # seconds that a request gets after the deadline, so that it fails and says so


class Deadline(NamedTuple):
    """A time of the monotonic clock."""

    at: float

    @classmethod
    def in_seconds(cls, seconds: float) -> "Deadline":
        """Return the deadline in so many seconds from now."""
        return cls(time.monotonic() + seconds)

    @property
    def has_passed(self) -> bool:
        return time.monotonic() >= self.at

    def seconds_left(self, most: float = math.inf, share: float = 1.0) -> float:
        """Return a share of the seconds left for a request, at most `most`, in tenths, since messages name them."""
        return max(_LEAST, min(most, round((self.at - time.monotonic()) * share, 1)))
