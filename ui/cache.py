"""Make the folder in which Gradio keeps uploads and images while the page runs, and delete it afterwards."""

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
    """Yield a new folder for Gradio and delete it afterwards, also folders that killed processes left behind.

    Responses contain its path, so its name reveals nothing.
    """
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    _delete_abandoned(folder.parent, folder.stat().st_uid)
    with FileLock(folder / _LOCK):
        os.environ["GRADIO_TEMP_DIR"] = str(folder)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def _delete_abandoned(parent: Path, user: int) -> None:
    """Delete the user's folders whose lock is free. One without a lock is being made now."""
    for lock in parent.glob(f"{_PREFIX}*/{_LOCK}"):
        with contextlib.suppress(OSError, Timeout):
            if lock.parent.lstat().st_uid != user:  # another user's lock may be a link to a file of ours
                continue
            with FileLock(lock, timeout=0):
                shutil.rmtree(lock.parent, ignore_errors=True)
