"""Define the limits of a request, and apply them inside a worker process. Nothing is limited outside a worker."""

import contextlib
import os
import signal
import subprocess
import sys
from typing import NamedTuple

import psutil

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

LIMITS_MEMORY = sys.platform == "linux"
"""Whether a process can limit its own memory. Elsewhere the parent watches it: `uses_too_much`."""

_CPU_TIMER = getattr(signal, "ITIMER_PROF", None)  # None on Windows: there the time by the clock is limited only
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
    if resource is None:
        return
    _, most = resource.getrlimit(resource.RLIMIT_AS)
    with contextlib.suppress(ValueError, OSError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (size if most < 0 else min(size, most), most))


def uses_too_much(process: int, most: int) -> bool:
    """Return whether a process uses more than `most` bytes of memory; False if it has ended."""
    with contextlib.suppress(psutil.Error):
        return int(psutil.Process(process).memory_info().rss) > most
    return False


def start_cpu_timer(seconds: float) -> None:
    """Kill this process with SIGPROF once it has used this much CPU time from now on."""
    global _in_worker
    _in_worker = True
    _set_timer(seconds)


def stop_cpu_timer() -> None:
    """Stop counting CPU time."""
    global _in_worker
    _in_worker = False
    _set_timer(0)


def allow_seconds(seconds: float) -> None:
    """Restart the CPU timer with a new limit; does nothing outside a worker."""
    if _in_worker:
        _set_timer(seconds)


def _set_timer(seconds: float) -> None:
    if _CPU_TIMER is not None:
        signal.setitimer(_CPU_TIMER, seconds)


def peak_memory() -> int:
    """Return the peak memory of this process in bytes."""
    with contextlib.suppress(OSError), open("/proc/self/status") as status:
        # On Linux, ru_maxrss includes the memory of the parent before this program started.
        return next((int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM:")), 0)
    if resource is None:
        used = psutil.Process().memory_info()
        return int(getattr(used, "peak_wset", used.rss))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def kill_all(process: subprocess.Popen[bytes]) -> None:
    """Kill a process that has its own session, and its children."""
    with contextlib.suppress(ProcessLookupError, PermissionError, psutil.Error):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
            return
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
        process.kill()


def end_with_children() -> None:
    """End this process, and its children if it has its own session."""
    if hasattr(os, "killpg"):
        if os.getpgrp() == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
    else:
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    os._exit(0)
