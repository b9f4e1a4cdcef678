"""What parses a PDF runs apart: in a process of its own, under limits, so that a crash of the parser costs one file.

`run_apart` starts such a process and `work_apart` is what it does; how the file is opened is the same in all of them.
"""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ..errors import SourceError

BROKEN = "the PDF parser broke down on it (a damaged file, or one that needs over 500 MB)"

_MEMORY_BYTES = 500_000_000  # a paper takes 200 MB at most, and there are as many readers as cores
_REFUSED = 3  # exit status with a reason on stderr; an exception that nobody caught exits with 1


def run_apart(
    module: str,
    words: Sequence[str],
    request: bytes = b"",
    *,
    seconds: float,
    most_bytes: int,
    too_long: str,
    too_much: str,
) -> bytes:
    """What a module prints that is run as a program in a process of its own.

    Args:
        module: its `main` calls `work_apart`.
        words: the command line; any file name will do.
        request: what it reads from stdin.
        seconds: by the clock, after which it is ended.
        most_bytes: that it may print.
        too_long, too_much: the reasons where it takes more time, or prints more.

    Raises:
        SourceError: the reason that the process gave, or why it was ended.
    """
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        try:
            done = subprocess.run(
                [sys.executable, "-m", module, *words],
                input=request,
                stdout=out,
                stderr=err,
                timeout=seconds,
                cwd=Path(__file__).parents[2],
            )
        except subprocess.TimeoutExpired as error:
            raise SourceError(too_long) from error
        err.seek(0)
        reason = err.read(100_000).decode(errors="replace").strip().splitlines()
        if done.returncode == _REFUSED and reason:
            raise SourceError(reason[-1])
        if done.returncode == -signal.SIGXCPU:
            raise SourceError(too_long)
        if done.returncode:
            raise SourceError(BROKEN)
        out.seek(0)
        raw = out.read(most_bytes + 1)
    if len(raw) > most_bytes:
        raise SourceError(too_much)
    return raw


# In that process


def work_apart(work: Callable[[], bytes], *, seconds: int, most_seconds: int, most_bytes: int) -> int:
    """Prints what `work` returns, under limits; the exit status, with a reason on stderr where it refused.

    `work` may raise its limit of `seconds` of the processor to `most_seconds`.
    """
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY_BYTES, _MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, most_seconds))
    try:
        sys.stdout.buffer.write(work())
    except SourceError as error:
        sys.stderr.write(f"{error}\n")
        return _REFUSED
    return 0


def open_pdf(path: Path) -> Any:
    """The file as a `pypdfium2.PdfDocument`.

    Raises:
        SourceError: it cannot be read, is encrypted, damaged, or no PDF.
    """
    import pypdfium2

    try:
        # By its content: PDFium takes names in UTF-8 only.
        pdf = pypdfium2.PdfDocument(path.read_bytes())
        len(pdf)
    except OSError as error:
        raise SourceError(f"it cannot be read: {error.strerror}") from error
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise SourceError("it is encrypted and asks for a password; save a copy without one") from error
        raise SourceError("it is damaged or no PDF") from error
    return pdf
