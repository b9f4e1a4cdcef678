"""A page of a PDF as a picture, with places on it marked, drawn in a worker process."""

from __future__ import annotations

import base64
import functools
import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import SourceError
from ..sandbox.limits import Limits
from ..sandbox.pool import call
from .file import open_pdf

if TYPE_CHECKING:
    from ...types import Box

_SECONDS = 10  # of the processor; a page takes a quarter of one
_MOST_SECONDS = 20  # by the clock
_MOST_BYTES = 27_000_000  # of a PNG of 20 MB in base64; a scan in colour gives 4 MB
_MEMORY = 500_000_000  # bytes beside the file itself
_WIDTH = 1100  # pixels
_MOST_PIXELS = 4_000_000  # of a page that is far higher than wide
_MOST_SCALE = 8.0  # pixels a point, for a page of a stamp's size
_KEPT = 16  # pages that were just drawn
_PNG = b"\x89PNG\r\n\x1a\n"
_MARK = (255, 229, 92)  # laid over the page as a marker pen does: what is dark stays as it is
_EDGE = (150, 100, 0)  # so that it shows without colour, and on a dark page
_EDGE_WIDTH = 2  # pixels
_GROWN = 0.2  # of a box's height: the boxes of one line then reach those of the next

Corners = tuple[float, float, float, float]


def draw_page(path: Path, page: int, boxes: Sequence[Box] = ()) -> bytes:
    """A page of a PDF, its number from 1, as a PNG about 1,100 pixels wide, those of `boxes` that stand on it marked.

    The last few pages that were drawn are kept, and drawn anew where the file's size or time is another.

    Raises:
        SourceError: the file cannot be read, has no such page, or takes more time or memory than a page does.
    """
    try:
        state = path.stat()
    except OSError as error:
        raise SourceError(f"it cannot be read: {error.strerror}") from error
    marked = tuple((box.left, box.top, box.right, box.bottom) for box in boxes if box.page == page)
    return _drawn(path.absolute(), state.st_size, state.st_mtime_ns, page, marked)


@functools.lru_cache(maxsize=_KEPT)
def _drawn(path: Path, size: int, changed: int, page: int, boxes: tuple[Corners, ...]) -> bytes:
    limits = Limits(
        cpu=_SECONDS,
        wall=_MOST_SECONDS,
        memory=_MEMORY + size,
        reply=_MOST_BYTES,
        too_long="drawing it took more time than a page does, so it was left",
        too_large="its picture has more than 20 MB",
        broken="the PDF parser broke down on it (a damaged file, or one that needs over 500 MB)",
    )
    raw: Any = call("draw", {"path": str(path), "page": page, "boxes": boxes}, limits)
    try:
        picture = base64.b64decode(raw, validate=True)
    except (ValueError, TypeError) as error:
        raise SourceError(limits.broken) from error
    if not picture.startswith(_PNG):
        raise SourceError(limits.broken)
    return picture


def draw(path: Path, number: int, boxes: Sequence[Sequence[float]]) -> bytes:
    """The PNG that `draw_page` returns; a worker process calls this.

    Raises:
        SourceError: the file cannot be read, or has no such page.
    """
    import pypdfium2

    try:
        pdf = open_pdf(path)
    except OSError as error:
        raise SourceError(f"it cannot be read: {error.strerror or error}") from error
    if not 1 <= number <= len(pdf):
        raise SourceError(f"it has no page {number}, its last is page {len(pdf)}")
    try:
        page = pdf[number - 1]
        scale = _scale(*page.get_size())
        picture = page.render(scale=scale, rev_byteorder=True).to_pil().convert("RGB")
    except pypdfium2.PdfiumError as error:
        raise SourceError(f"page {number} is damaged") from error
    out = io.BytesIO()
    _marked(picture, [[side * scale for side in box] for box in boxes]).save(out, "PNG", compress_level=3)
    return out.getvalue()


def _scale(width: float, height: float) -> float:
    """How many pixels a point of a page of these measures takes."""
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise SourceError("the page has no measures")
    return min(_WIDTH / width, math.sqrt(_MOST_PIXELS / width / height), _MOST_SCALE)


def _marked(picture: Any, boxes: Sequence[Sequence[float]]) -> Any:
    """The picture with boxes marked, in pixels: left, top, right, bottom. What touches has one edge around it all."""
    from PIL import Image, ImageChops, ImageDraw

    if not boxes:
        return picture
    marks, edge = Image.new("RGB", picture.size, "white"), Image.new("L", picture.size, 0)
    on_marks, on_edge = ImageDraw.Draw(marks), ImageDraw.Draw(edge)
    inner = [_grown(box) for box in boxes]
    for left, top, right, bottom in inner:
        on_edge.rectangle((left - _EDGE_WIDTH, top - _EDGE_WIDTH, right + _EDGE_WIDTH, bottom + _EDGE_WIDTH), fill=255)
    for corners in inner:
        on_edge.rectangle(corners, fill=0)
        on_marks.rectangle(corners, fill=_MARK)
    marked = ImageChops.multiply(picture, marks)
    marked.paste(_EDGE, mask=edge)
    return marked


def _grown(box: Sequence[float]) -> tuple[int, int, int, int]:
    left, top, right, bottom = box
    more = _GROWN * (bottom - top)
    return round(left - more), round(top - more), round(right + more), round(bottom + more)
