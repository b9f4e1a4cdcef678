"""Two machines, as far as the network is concerned: namespaces of the kernel, joined by a cable."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

HERE, THERE = "10.211.7.1", "10.211.7.2"
_CABLE = ("ip", "link", "add", "name", "cable", "type", "veth", "peer")


class Machine(NamedTuple):
    """A namespace, held by a process, and its address."""

    pid: int
    address: str

    def command(self, *words: str) -> list[str]:
        """Return a command that runs another one in the namespace."""
        return ["nsenter", "--net", "--target", str(self.pid), *words]


def can_be_made() -> bool:
    """Return whether this system and user may make namespaces."""
    if not all(map(shutil.which, ("unshare", "nsenter", "ip"))):
        return False
    made = subprocess.run(["unshare", "--net", *_CABLE, "name", "other"], stderr=subprocess.DEVNULL, check=False)
    return made.returncode == 0


@contextmanager
def two_machines() -> Iterator[tuple[Machine, Machine]]:
    """Make two namespaces that reach each other and nothing else."""
    held = [subprocess.Popen(["unshare", "--net", "cat"], stdin=subprocess.PIPE) for _ in range(2)]
    machines = tuple(Machine(each.pid, address) for each, address in zip(held, (HERE, THERE), strict=True))
    first, second = machines
    try:
        for process in held:
            _wait_for_namespace(process.pid)
        _run(*first.command(*_CABLE, "name", "cable", "netns", str(second.pid)))
        for machine in machines:
            _run(*machine.command("ip", "address", "add", f"{machine.address}/24", "dev", "cable"))
            for device in ("lo", "cable"):
                _run(*machine.command("ip", "link", "set", device, "up"))
        yield first, second
    finally:
        for process in held:
            process.communicate()  # closes its stdin, which ends it and its namespace


def _wait_for_namespace(pid: int) -> None:

    own = os.readlink("/proc/self/ns/net")
    deadline = time.monotonic() + 10
    while os.readlink(f"/proc/{pid}/ns/net") == own:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _run(*words: str) -> None:
    subprocess.run(words, check=True, timeout=10)
