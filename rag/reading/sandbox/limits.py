"""Limits of time and memory of a worker process. Outside of one nothing is limited."""

from __future__ import annotations

import contextlib
import resource
import signal
import sys

_limited = False


def limit_memory(size: int) -> None:
    """Let this process have `size` bytes of address space at most."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    with contextlib.suppress(ValueError, OSError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (size if most < 0 else min(size, most), most))


def limit_seconds(seconds: float) -> None:
    """End this process once it has used as many seconds of the processor from now on, whatever it is doing then."""
    global _limited
    _limited = True
    signal.setitimer(signal.ITIMER_PROF, seconds)


def unlimited_seconds() -> None:
    """Count no longer."""
    global _limited
    _limited = False
    signal.setitimer(signal.ITIMER_PROF, 0)


def allow_seconds(seconds: float) -> None:
    """Count anew, with other seconds, where this process is limited."""
    if _limited:
        signal.setitimer(signal.ITIMER_PROF, seconds)


def peak_memory() -> int:
    """Return the most memory in bytes that this process has had at once."""
    with contextlib.suppress(OSError), open("/proc/self/status") as status:
        # Linux counts what the parent held before this program began into ru_maxrss.
        return next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:")), 0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
