"""Find the marks on drawn pages."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.int16]


def pixels(png: bytes) -> Picture:
    """Return the pixels of a PNG, (height, width, 3), from 0 to 255."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), np.int16)


def marked(picture: Picture) -> NDArray[np.bool_]:
    """Return which pixels are marked yellow, (height, width)."""
    return (picture[..., 0] > 240) & (picture[..., 2] < 150)
