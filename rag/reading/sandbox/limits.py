"""Define the limits of a request, and apply them inside a worker process. Nothing is limited outside a worker."""

import contextlib
import resource
import signal
import sys
from typing import NamedTuple

_in_worker = False


class Limits(NamedTuple):
    """The resources that one request may use, and the messages for exceeding them."""

    cpu: float  # seconds
    wall: float  # seconds
    memory: int  # bytes of address space
    reply: int  # bytes of JSON
    too_long: str
    too_large: str
    broken: str


def limit_memory(size: int) -> None:
    """Limit this process to `size` bytes of address space."""
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    with contextlib.suppress(ValueError, OSError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (size if most < 0 else min(size, most), most))


def start_cpu_timer(seconds: float) -> None:
    """Kill this process with SIGPROF once it has used this much CPU time from now on."""
    global _in_worker
    _in_worker = True
    signal.setitimer(signal.ITIMER_PROF, seconds)


def stop_cpu_timer() -> None:
    """Stop counting CPU time."""
    global _in_worker
    _in_worker = False
    signal.setitimer(signal.ITIMER_PROF, 0)


def allow_seconds(seconds: float) -> None:
    """Restart the CPU timer with a new limit; does nothing outside a worker."""
    if _in_worker:
        signal.setitimer(signal.ITIMER_PROF, seconds)


def peak_memory() -> int:
    """Return the peak memory of this process in bytes."""
    with contextlib.suppress(OSError), open("/proc/self/status") as status:
        # On Linux, ru_maxrss includes the memory of the parent before this program started.
        return next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:")), 0)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
