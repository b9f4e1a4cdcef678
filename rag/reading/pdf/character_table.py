"""Read what PDFium knows of all characters of a page into arrays.

A page has thousands of characters. Through prototypes that take addresses, the calls for each take half the time that
they take with ctypes' usual conversions.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray


class CharacterTable(NamedTuple):
    """The characters of a text page by PDFium's index.

    `codes` are UTF-16 units, `objects` addresses of text objects (0 for none). `boxes`, (characters, 4), are left, top,
    right and bottom of the loose boxes in points, y upwards, where `has_box` is not 0. `origins` is (characters, 2).
    """

    codes: Sequence[int]
    objects: Sequence[int]
    has_box: Sequence[int]
    boxes: NDArray[np.float32]
    origins: NDArray[np.float64]


def read_table(textpage: Any) -> CharacterTable:
    """Return the table of a `pypdfium2.PdfTextPage`."""
    import pypdfium2.raw as raw

    address, integer = ctypes.c_void_p, ctypes.c_int
    page = ctypes.cast(textpage.raw, address).value
    indices = range(textpage.count_chars())
    boxes, origins = np.zeros((len(indices), 4), np.float32), np.zeros((len(indices), 2), np.float64)
    code_of = _prototype(raw.FPDFText_GetUnicode, ctypes.c_uint, address, integer)
    object_of = _prototype(raw.FPDFText_GetTextObject, address, address, integer)
    box_of = _prototype(raw.FPDFText_GetLooseCharBox, integer, address, integer, address)
    origin_of = _prototype(raw.FPDFText_GetCharOrigin, integer, address, integer, address, address)
    box, origin = boxes.ctypes.data, origins.ctypes.data
    for at in indices:
        origin_of(page, at, origin + 16 * at, origin + 16 * at + 8)
    return CharacterTable(
        codes=[code_of(page, at) for at in indices],
        objects=[object_of(page, at) or 0 for at in indices],
        has_box=[box_of(page, at, box + 16 * at) for at in indices],
        boxes=boxes,
        origins=origins,
    )


def _prototype(function: Any, result: Any, *arguments: Any) -> Callable[..., Any]:
    """Return a function of PDFium's with other types. It keeps Python's lock, which takes long to give and take."""
    return ctypes.PYFUNCTYPE(result, *arguments)(ctypes.cast(function, ctypes.c_void_p).value or 0)
