"""Render a PDF page as a PNG with marked boxes, and measure all pages, in a worker process."""

from __future__ import annotations

import base64
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...byte_cache import ByteCache
from ...errors import SourceError
from ..sandbox.limits import Limits
from ..sandbox.pool import call
from .file import open_pdf

if TYPE_CHECKING:
    from ...types import Box

CPU_SECONDS = 10  # a page takes a quarter of one
_WALL_SECONDS = 20
_MAX_REPLY_BYTES = 27_000_000  # a PNG of 20 MB in base64; a scan in colour takes 4 MB
_MEMORY_BYTES = 500_000_000  # besides the file itself
WIDTH = 1100  # pixels
_MAX_PIXELS = 4_000_000
_MAX_SCALE = 8.0  # pixels a point
_USUAL_SIZE = (595.0, 842.0)  # A4, for a first page that is damaged
_CACHED_BYTES = 64_000_000  # a page of text takes 0.2 MB
_MAX_PAGES = 20_000  # whose sizes are returned
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
MARK_COLOUR = (255, 229, 92)  # multiplied with the page like a highlighter, so dark text stays dark
EDGE_COLOUR = (150, 100, 0)  # keeps the mark visible without colours, and on a dark page
_EDGE_WIDTH = 2  # pixels
_GROWTH = 0.2  # of a box's height on each side, so that the boxes of adjacent lines touch

Corners = tuple[float, float, float, float]
Size = tuple[float, float]

_pictures: ByteCache[bytes] = ByteCache(_CACHED_BYTES, len)
_sizes: ByteCache[tuple[Size, ...]] = ByteCache(_MAX_PAGES, len)  # counted in pages


def page_sizes(path: Path) -> tuple[Size, ...]:
    """Return the width and height in points of each page as shown, for at most 20,000 pages.

    Raises:
        SourceError: the file cannot be read, or takes too much time or memory.
    """
    state = _state(path)
    limits = _limits(state[1], "measuring its pages took too long, so it was stopped")
    return _sizes.get(state, lambda: call("sizes", {"path": str(state[0])}, limits, parse=_parsed_sizes))


def _parsed_sizes(value: Any) -> tuple[Size, ...]:
    return tuple((float(width), float(height)) for width, height in value)


def draw_page(path: Path, page: int, boxes: Sequence[Box] = (), width: int = WIDTH) -> bytes:
    """Return a page (from 1) of a PDF as a PNG about `width` pixels wide, with the given boxes marked.

    Recent pages are cached until the file's size or modification time changes.

    Raises:
        SourceError: the file cannot be read, has no such page, or takes too much time or memory.
    """
    state = _state(path)
    marked = tuple((box.left, box.top, box.right, box.bottom) for box in boxes if box.page == page)
    limits = _limits(state[1], "drawing it took too long, so it was stopped")
    request = {"path": str(state[0]), "page": page, "boxes": marked, "width": width}
    return _pictures.get((*state, page, marked, width), lambda: _drawn_in_worker(request, limits))


def _state(path: Path) -> tuple[Path, int, int]:
    """Return a file's path, size and modification time, which identify its version. Raise SourceError."""
    try:
        state = path.stat()
    except OSError as error:
        raise SourceError(f"it cannot be read: {error.strerror}") from error
    return path.absolute(), state.st_size, state.st_mtime_ns


def _limits(size: int, too_long: str) -> Limits:
    return Limits(
        cpu=CPU_SECONDS,
        wall=_WALL_SECONDS,
        memory=_MEMORY_BYTES + size,
        reply=_MAX_REPLY_BYTES,
        too_long=too_long,
        too_large="its image has more than 20 MB",
        broken="the PDF parser crashed on it (a damaged file, or one that needs over 500 MB)",
    )


def _drawn_in_worker(request: dict[str, Any], limits: Limits) -> bytes:
    raw: Any = call("draw", request, limits)
    try:
        image = base64.b64decode(raw, validate=True)
    except (ValueError, TypeError) as error:
        raise SourceError(limits.broken) from error
    if not image.startswith(_PNG_SIGNATURE):
        raise SourceError(limits.broken)
    return image


def measure(path: Path) -> list[Size]:
    """Return the sizes for `page_sizes`; runs in the worker. A damaged page gets the size of the previous one.

    Raises:
        SourceError: the file cannot be read.
    """
    import pypdfium2

    pdf = _opened(path)
    sizes: list[Size] = []
    for at in range(min(len(pdf), _MAX_PAGES)):
        try:
            width, height = pdf.get_page_size(at)
        except pypdfium2.PdfiumError:
            width, height = 0.0, 0.0
        usable = 0 < width < math.inf and 0 < height < math.inf
        sizes.append((width, height) if usable else sizes[-1] if sizes else _USUAL_SIZE)
    return sizes


def draw(path: Path, number: int, boxes: Sequence[Sequence[float]], width: int) -> bytes:
    """Return the PNG for `draw_page`; runs in the worker.

    Raises:
        SourceError: the file cannot be read, or has no such page.
    """
    import pypdfium2

    pdf = _opened(path)
    if not 1 <= number <= len(pdf):
        raise SourceError(f"it has no page {number}; its last page is {len(pdf)}")
    try:
        page = pdf[number - 1]
        points_wide, points_high = page.get_size()
        scale = _scale(points_wide, points_high, width)
        image = page.render(scale=scale, rev_byteorder=True).to_pil().convert("RGB")
    except pypdfium2.PdfiumError as error:
        raise SourceError(f"page {number} is damaged") from error
    out = io.BytesIO()
    _with_marks(image, [[side * scale for side in box] for box in boxes]).save(out, "PNG", compress_level=3)
    return out.getvalue()


def _opened(path: Path) -> Any:
    try:
        return open_pdf(path)
    except OSError as error:
        raise SourceError(f"it cannot be read: {error.strerror or error}") from error


def _scale(width: float, height: float, pixels: int) -> float:
    """Return the pixels per point that make a page of this size `pixels` wide, within limits."""
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise SourceError("the page has no size")
    return min(pixels / width, math.sqrt(_MAX_PIXELS / width / height), _MAX_SCALE)


def _with_marks(image: Any, boxes: Sequence[Sequence[float]]) -> Any:
    """Return the image with boxes (in pixels) marked; boxes that touch get one edge around them."""
    from PIL import Image, ImageChops, ImageDraw

    if not boxes:
        return image
    marks, edge = Image.new("RGB", image.size, "white"), Image.new("L", image.size, 0)
    on_marks, on_edge = ImageDraw.Draw(marks), ImageDraw.Draw(edge)
    inner = [_grown(box) for box in boxes]
    for left, top, right, bottom in inner:
        on_edge.rectangle((left - _EDGE_WIDTH, top - _EDGE_WIDTH, right + _EDGE_WIDTH, bottom + _EDGE_WIDTH), fill=255)
    for corners in inner:
        on_edge.rectangle(corners, fill=0)
        on_marks.rectangle(corners, fill=MARK_COLOUR)
    marked = ImageChops.multiply(image, marks)
    marked.paste(EDGE_COLOUR, mask=edge)
    return marked


def _grown(box: Sequence[float]) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    more = _GROWTH * (bottom - top)
    return round(left - more), round(top - more), round(right + more), round(bottom + more)
