"""Recognise a symbol by comparing the shape of its glyph with those of PDFium's built-in fonts."""

from __future__ import annotations

import ctypes
import functools
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_SAMPLES = 12  # rows and columns that describe a shape
_REFERENCE_SIZE = 64.0  # points, drawn at one pixel per point
_RUNS_WEIGHT, _ASPECT_WEIGHT, _SIZE_WEIGHT = 0.25, 0.12, 0.3

SYMBOLS = "=+−±×÷<>≤≥∼≈≠≡∞→←↔↑↓′″·•°©*~'"
"""The characters that a glyph can be recognised as."""
_IN_SYMBOL_FONT = "=+−±×÷<>≤≥∼≈≠≡∞→←↔↑↓′″•°*"
_IN_LATIN_FONTS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!#$%&'()*,-./:;?@[]\\_{|}~=+±×÷<>·•°©®"
_LATIN_FONTS = ("Times-Roman", "Times-Bold", "Times-Italic", "Helvetica", "Helvetica-Bold")

Bitmap = NDArray[np.bool_]


class Shape(NamedTuple):
    """A glyph's shape, independent of size and weight: its height and position in ems, and its profile.

    The profile has, for some rows and columns, where the ink begins and ends, and its number of runs.
    """

    height: float
    aspect: float  # logarithm of width / height
    middle: float  # of the centre above the baseline
    profile: NDArray[np.float32]


class Match(NamedTuple):
    """The nearest character, its distance, and the distance of the mapped character (None without a reference)."""

    character: str
    distance: float
    claimed: float | None


def shape_of(bitmap: Bitmap, em: float, bottom: float) -> Shape | None:
    """Describe a drawn glyph; `em` is the type size in pixels, `bottom` the bitmap's lower edge above the baseline."""
    rows, columns = np.flatnonzero(bitmap.any(1)), np.flatnonzero(bitmap.any(0))
    if not len(rows):
        return None
    ink = bitmap[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = ink.shape
    middle = bottom + (bitmap.shape[0] - (rows[0] + rows[-1] + 1) / 2) / em
    profile = np.concatenate([_extents(ink), _extents(ink.T)])
    return Shape(height / em, float(np.log(width / height)), middle, profile)


def _extents(ink: Bitmap) -> NDArray[np.float32]:
    count, length = ink.shape
    sampled = ink[((np.arange(_SAMPLES) + 0.5) * count / _SAMPLES).astype(int)]
    begin = sampled.argmax(1) / length
    end = 1 - sampled[:, ::-1].argmax(1) / length
    empty = ~sampled.any(1)
    begin[empty], end[empty] = 0.5, 0.5
    runs = (np.diff(sampled, axis=1, prepend=False) & sampled).sum(1)
    return np.concatenate([begin, end, np.minimum(runs, 4) * _RUNS_WEIGHT]).astype(np.float32)


def nearest(shape: Shape, claimed: str) -> Match:
    """Return the reference character that is most similar to a shape."""
    names, table = _references()
    profiles = np.abs(table.profiles - shape.profile).mean(1)
    distances = (
        profiles
        + _ASPECT_WEIGHT * np.abs(table.places[:, 1] - shape.aspect)
        + _SIZE_WEIGHT * np.abs(table.places[:, 0] - shape.height)
        + _SIZE_WEIGHT * np.abs(table.places[:, 2] - shape.middle)
    )
    best = int(distances.argmin())
    own = [float(distances[at]) for at, name in enumerate(names) if name == claimed]
    return Match(names[best], float(distances[best]), min(own, default=None))


class _Table(NamedTuple):
    profiles: NDArray[np.float32]  # one row per reference
    places: NDArray[np.float32]  # height, aspect, middle


@functools.cache
def _references() -> tuple[list[str], _Table]:
    import pypdfium2

    pdf = pypdfium2.PdfDocument.new()
    fonts = [("Symbol", _IN_SYMBOL_FONT), *((font, _IN_LATIN_FONTS) for font in _LATIN_FONTS)]
    drawn = [(letter, _drawn(pdf, font, letter)) for font, letters in fonts for letter in letters]
    pdf.close()
    names = [letter for letter, shape in drawn if shape]
    shapes = [shape for _, shape in drawn if shape]
    places = np.array([shape[:3] for shape in shapes], np.float32)
    return names, _Table(np.array([shape.profile for shape in shapes]), places)


def _drawn(pdf: Any, font: str, letter: str) -> Shape | None:
    import pypdfium2.raw as raw

    text = raw.FPDFPageObj_NewTextObj(pdf.raw, font.encode(), ctypes.c_float(_REFERENCE_SIZE))
    raw.FPDFText_SetText(text, (ctypes.c_ushort * 2)(ord(letter), 0))
    ink = ink_of(pdf, None, text, 1.0)
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    raw.FPDFPageObj_GetBounds(text, left, bottom, right, top)
    raw.FPDFPageObj_Destroy(text)
    return None if ink is None else shape_of(ink, _REFERENCE_SIZE, bottom.value / _REFERENCE_SIZE)


def ink_of(pdf: Any, page: Any, text: Any, scale: float) -> Bitmap | None:
    """Return which pixels a text object covers when drawn alone, rows from the top; None if it leaves no ink."""
    import pypdfium2.raw as raw

    bitmap = raw.FPDFTextObj_GetRenderedBitmap(pdf.raw, page and page.raw, text, ctypes.c_float(scale))
    if not bitmap:
        return None
    width, height = raw.FPDFBitmap_GetWidth(bitmap), raw.FPDFBitmap_GetHeight(bitmap)
    stride = raw.FPDFBitmap_GetStride(bitmap)
    content = ctypes.string_at(raw.FPDFBitmap_GetBuffer(bitmap), stride * height)
    raw.FPDFBitmap_Destroy(bitmap)
    pixels = np.frombuffer(content, np.uint8).reshape(height, stride)[:, : 4 * width].reshape(height, width, 4)
    ink: Bitmap = pixels[:, :, 3] > 127
    return ink if ink.any() else None
