"""What other packages read from the environment when they are imported, kept away from them."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterator

_changing = threading.Lock()


@contextlib.contextmanager
def hidden(*names: str) -> Iterator[None]:
    """Run the body without these environment variables and without any proxy, then put the environment back.

    HTTP clients read the proxy variables even for loopback addresses, and a SOCKS proxy makes httpx fail at once where
    its SOCKS package is not installed.
    """
    with _changing:
        changed = {"NO_PROXY", "no_proxy", *names}
        before = {name: os.environ.pop(name) for name in changed if name in os.environ}
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = "*"
        try:
            yield
        finally:
            for name in changed:
                os.environ.pop(name, None)
            os.environ.update(before)
