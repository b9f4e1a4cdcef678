"""The folder in which Gradio keeps uploads and pictures while the page runs."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

_PREFIX = "footnote-page_"
_LOCK = ".in-use"


@contextlib.contextmanager
def cache_folder() -> Iterator[Path]:
    """Yield a new folder for Gradio, and delete it in the end. Its name tells nothing: replies hold its path.

    Folders of pages that were killed go too: the system let go of their locks.
    """
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    _drop_abandoned(folder.parent, folder.stat().st_uid)
    with FileLock(folder / _LOCK):
        os.environ["GRADIO_TEMP_DIR"] = str(folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _drop_abandoned(parent: Path, own: int) -> None:
    """Delete the folders of the user `own` whose lock nobody holds; one without a lock is just being made."""
    for lock in parent.glob(f"{_PREFIX}*/{_LOCK}"):
        with contextlib.suppress(OSError, Timeout):
            if lock.parent.lstat().st_uid != own:  # another user may have made the lock a link to a file of ours
                continue
            with FileLock(lock, timeout=0):
                shutil.rmtree(lock.parent, ignore_errors=True)
