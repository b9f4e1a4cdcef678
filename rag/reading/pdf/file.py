"""How a PDF file is opened: mapped into memory, so that a large one takes none of its own."""

from __future__ import annotations

import mmap
import re
from pathlib import Path
from typing import Any

from ...errors import SourceError

_XMP_BYTES = 200_000  # of a packet; those of real papers have 2 to 60 KB
_XMP_TRIES = 50  # places where a packet seems to begin


def open_pdf(path: Path) -> Any:
    """The file as a `pypdfium2.PdfDocument`.

    Raises:
        SourceError: it is empty, encrypted, damaged, or no PDF.
        OSError: it cannot be read.
    """
    import ctypes

    import pypdfium2

    try:
        # By its content: PDFium takes names in UTF-8 only. Copy on write, as ctypes asks for a buffer it may write to.
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        pdf = pypdfium2.PdfDocument((ctypes.c_ubyte * len(mapped)).from_buffer(mapped))
        len(pdf)
    except ValueError as error:  # there is nothing to map
        raise SourceError("the file is empty") from error
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise SourceError("it is encrypted and asks for a password; save a copy without one") from error
        raise SourceError("it is damaged or no PDF") from error
    return pdf


def xmp_packet(path: Path) -> str | None:
    """The file's XMP packet, where it stands in the file as plain text."""
    start, end = re.compile(rb"<x:xmpmeta"), re.compile(rb"</x:xmpmeta>")
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        at = 0
        for _ in range(_XMP_TRIES):
            first = start.search(mapped, at)
            last = first and end.search(mapped, first.end(), first.end() + _XMP_BYTES)
            if first and last:
                return mapped[first.start() : last.end()].decode("utf-8", "replace")
            if not first:
                return None
            at = first.end()
    return None
