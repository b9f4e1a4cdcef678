"""Open PDF files with PDFium, mapped into memory."""

from __future__ import annotations

import ctypes
import mmap
from pathlib import Path
from typing import Any

from ...errors import SourceError


def open_pdf(path: Path) -> Any:
    """Open a file as a `pypdfium2.PdfDocument`.

    Raises:
        SourceError: it is empty, encrypted, damaged, or not a PDF.
        OSError: it cannot be read.
    """
    import pypdfium2

    try:
        # PDFium opens only UTF-8 names, so we pass the content. ctypes needs a writable buffer: copy on write.
        with path.open("rb") as file:
            mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
        pdf = pypdfium2.PdfDocument((ctypes.c_ubyte * len(mapped)).from_buffer(mapped))
        len(pdf)
    except ValueError as error:  # an empty file cannot be mapped
        raise SourceError("the file is empty") from error
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise SourceError("it is encrypted and needs a password; save a copy without one") from error
        raise SourceError("it is damaged or not a PDF") from error
    return pdf
