"""Hide environment variables from other packages while they are imported or used."""

import contextlib
import os
import threading
from collections.abc import Iterator

_lock = threading.Lock()


@contextlib.contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Run the body without these environment variables and without proxies, then restore the environment.

    HTTP clients use proxies even for loopback addresses, and httpx fails on a SOCKS proxy if its SOCKS package is not
    installed.
    """
    with _lock:
        changed = {"NO_PROXY", "no_proxy", *names}
        before = {name: os.environ.pop(name) for name in changed if name in os.environ}
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
        try:
            yield
        finally:
            for name in changed:
                os.environ.pop(name, None)
            os.environ.update(before)
