"""Which characters of a PDF's page a person can see: the page is painted with its text and without, and compared."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

_SMALLEST = 1.5  # points
_SMALL = 3.0  # points on a page of usual size: type below this is read only as an index beside larger type
_USUAL = 750.0  # points: the longer side of most pages
_LONGEST_INDEX = 8  # characters
_FAINT = 14  # of 255: what differs less from the paper around it is not seen
_OCR = 0.8  # of a page: a picture this large with unseen text over it is a scan that was read
_STAMPED = 0.02  # of its characters at most may be seen, besides what stands along its edges
_EDGE = 0.08  # of the page's height
_MOST_PIXELS = 4_000_000
_MOST_PARTS = 5_000  # of a drawing: more of them do not show better where it stands
_DEEPEST = 8  # forms within forms
_THIN = 2.0  # points: a path no higher than this is a rule

Bounds = tuple[float, float, float, float]  # left, top, right, bottom in the file's own measure, y upwards


class Drawn(NamedTuple):
    """Characters as they are drawn: letters, boxes on the page (n, 4), their text objects' numbers, handles, sizes."""

    texts: Sequence[str]
    boxes: NDArray[np.float32]
    objects: NDArray[np.int64]
    handles: Sequence[Any]
    sizes: Sequence[float]
    width: float
    height: float


class _Part(NamedTuple):
    """An object of a page: its kind, its handle, and the matrices of the forms that it stands in, inmost first."""

    kind: int
    item: Any
    matrices: tuple[Any, ...]


class Seen(NamedTuple):
    """A flag a character, how many are hidden, and whether a picture covers most of the page.

    `hidden` is below zero where those characters are kept: it counts what is a scan's own text then.
    """

    shown: NDArray[np.bool_]
    hidden: int
    image: bool


def seen(page: Any, drawn: Drawn) -> Seen:
    """Which of the characters a person sees; on a scan whose text layer is hidden, that layer counts as seen."""
    import pypdfium2.raw as raw

    objects = list(_objects(raw, page.raw, raw.FPDFPage_CountObjects, raw.FPDFPage_GetObject))
    area = drawn.width * drawn.height
    image = any(
        _area(_bounds(raw, *part[1:])) >= _OCR * area for part in objects if part.kind == raw.FPDF_PAGEOBJ_IMAGE
    )
    if not len(drawn.texts):
        return Seen(np.zeros(0, np.bool_), 0, image)
    scale = min(1.0, (_MOST_PIXELS / max(area, 1)) ** 0.5)
    whole = _painted(page, scale)
    texts = [part.item for part in objects if part.kind == raw.FPDF_PAGEOBJ_TEXT]
    for text in texts:
        raw.FPDFPageObj_SetIsActive(text, False)
    paper = _painted(page, scale)
    for text in texts:
        raw.FPDFPageObj_SetIsActive(text, True)
    shown = _differs(whole, paper, drawn.boxes * scale)
    shown &= ~_faint(raw, drawn, paper, scale)
    shown &= _large_enough(drawn)
    marks = np.array([not any(map(str.isalnum, text)) for text in drawn.texts])
    shown = _as_before(shown, marks)
    hidden = int((~shown).sum())
    if image and hidden and _is_layer(shown, drawn):
        return Seen(np.ones(len(shown), np.bool_), -hidden, True)
    return Seen(shown, hidden, image)


def _is_layer(shown: NDArray[np.bool_], drawn: Drawn) -> bool:
    """Whether the unseen text over a picture is what was read from it: no text besides a stamp is seen."""
    height = (drawn.boxes[:, 1] + drawn.boxes[:, 3]) / 2
    inner = (height > _EDGE * drawn.height) & (height < (1 - _EDGE) * drawn.height)
    return bool((shown & inner).mean() < _STAMPED and shown.mean() < 0.2)


def _large_enough(drawn: Drawn) -> NDArray[np.bool_]:
    """Whether a character is in type that a person can read, the page being shown in its own size."""
    sizes = np.array(drawn.sizes)[drawn.objects]
    small = sizes < _SMALL * min(1.0, max(drawn.width, drawn.height) / _USUAL)
    edges = np.flatnonzero(np.diff(small, prepend=False, append=False)).reshape(-1, 2)
    for start, end in edges.tolist():
        if end - start <= _LONGEST_INDEX and (_beside(drawn, start, start - 1) or _beside(drawn, end - 1, end)):
            small[start:end] = False
    flags: NDArray[np.bool_] = ~small & (sizes >= _SMALLEST)
    return flags


def _beside(drawn: Drawn, at: int, near: int) -> bool:
    """Whether a character stands close to another that is drawn before or after it, on the same line."""
    if not 0 <= near < len(drawn.texts):
        return False
    (left, top, right, bottom), (left_2, top_2, right_2, bottom_2) = drawn.boxes[[at, near]].tolist()
    close = 0.5 * float(bottom_2 - top_2)
    return bool(max(left - right_2, left_2 - right, top - bottom_2, top_2 - bottom) < close)


def graphics(page: Any) -> tuple[list[Bounds], list[Bounds]]:
    """Where level rules stand on the page, and where pictures and other drawing; what fills the page is neither."""
    import pypdfium2.raw as raw

    width, height = page.get_size()
    rules: list[Bounds] = []
    pictures: list[Bounds] = []
    parts = _objects(raw, page.raw, raw.FPDFPage_CountObjects, raw.FPDFPage_GetObject)
    for kind, item, matrices in islice(parts, _MOST_PARTS):
        if kind in (raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_FORM):
            continue
        left, top, right, bottom = bounds = _bounds(raw, item, matrices)
        if (right - left) * (top - bottom) > 0.7 * width * height:
            continue
        if kind == raw.FPDF_PAGEOBJ_PATH and top - bottom <= _THIN < 15 < right - left:
            rules.append(bounds)
        elif right - left > _THIN or top - bottom > _THIN:
            pictures.append(bounds)
    return rules, pictures


def _objects(raw: Any, holder: Any, count: Any, get: Any, matrices: tuple[Any, ...] = ()) -> Iterator[_Part]:
    """Every object of a page, those within forms as well."""
    for number in range(count(holder)):
        item = get(holder, number)
        kind = raw.FPDFPageObj_GetType(item)
        yield _Part(kind, item, matrices)
        if kind == raw.FPDF_PAGEOBJ_FORM and len(matrices) < _DEEPEST:
            matrix = raw.FS_MATRIX()
            raw.FPDFPageObj_GetMatrix(item, matrix)
            yield from _objects(raw, item, raw.FPDFFormObj_CountObjects, raw.FPDFFormObj_GetObject, (matrix, *matrices))


def _bounds(raw: Any, item: Any, matrices: Sequence[Any]) -> Bounds:
    left, bottom, right, top = (ctypes.c_float() for _ in range(4))
    raw.FPDFPageObj_GetBounds(item, left, bottom, right, top)
    corners = [(x.value, y.value) for x in (left, right) for y in (bottom, top)]
    for m in matrices:
        corners = [(m.a * x + m.c * y + m.e, m.b * x + m.d * y + m.f) for x, y in corners]
    xs, ys = zip(*corners, strict=True)
    return min(xs), max(ys), max(xs), min(ys)


def _area(bounds: Bounds) -> float:
    return (bounds[2] - bounds[0]) * (bounds[1] - bounds[3])


def _painted(page: Any, scale: float) -> NDArray[np.int16]:
    bitmap = page.render(scale=scale, may_draw_forms=False, draw_annots=False)
    pixels: NDArray[np.int16] = bitmap.to_numpy()[:, :, :3].astype(np.int16)
    bitmap.close()
    return pixels


def _differs(whole: NDArray[np.int16], paper: NDArray[np.int16], boxes: NDArray[np.float32]) -> NDArray[np.bool_]:
    """For each box, whether the two paintings differ within it; what stands off the page does not."""
    ink = (np.abs(whole - paper) > _FAINT).any(2).astype(np.int32)
    total = np.zeros((ink.shape[0] + 1, ink.shape[1] + 1), np.int32)
    total[1:, 1:] = ink.cumsum(0).cumsum(1)
    left, top, right, bottom = _pixels(boxes, ink.shape)
    inked = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left]
    flags: NDArray[np.bool_] = inked > 0
    return flags


def _pixels(boxes: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Rows of left, top, right, bottom in whole pixels within the picture."""
    whole = np.concatenate([np.floor(boxes[:, :2]), np.ceil(boxes[:, 2:])], 1)
    limits = np.array([shape[1], shape[0]] * 2)
    pixels: NDArray[np.int64] = np.clip(np.nan_to_num(whole), 0, limits).astype(np.int64).T
    return pixels


def _faint(raw: Any, drawn: Drawn, paper: NDArray[np.int16], scale: float) -> NDArray[np.bool_]:
    """Whether a character is transparent or has the colour of what is painted beneath it.

    That other text may stand over it, so that the paintings differ, is why its own colour is looked at.
    """
    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    colours = np.zeros((len(drawn.handles), 3), np.int16)
    clear = np.zeros(len(drawn.handles), np.bool_)
    plain = np.ones(len(drawn.handles), np.bool_)
    for number, handle in enumerate(drawn.handles):
        mode = raw.FPDFTextObj_GetTextRenderMode(handle)
        plain[number] = mode in (raw.FPDF_TEXTRENDERMODE_FILL, raw.FPDF_TEXTRENDERMODE_FILL_CLIP)
        clear[number] = mode in (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
        if raw.FPDFPageObj_GetFillColor(handle, red, green, blue, alpha):
            colours[number] = blue.value, green.value, red.value
            clear[number] |= plain[number] and alpha.value < _FAINT
        else:
            plain[number] = False  # a pattern
    faint = clear[drawn.objects]
    light = plain & (colours.max(1) > 255 - 3 * _FAINT)  # dark type on dark ground does not hide on a white page
    for at in np.flatnonzero(light[drawn.objects] & ~faint).tolist():
        left, top, right, bottom = _pixels(drawn.boxes[at : at + 1] * scale, paper.shape)[:, 0]
        under = paper[top:bottom, left:right].reshape(-1, 3)
        colour = colours[drawn.objects[at]]
        faint[at] = not len(under) or bool((np.abs(under - colour).max(1) <= _FAINT).mean() > 0.8)
    return faint


def _as_before(shown: NDArray[np.bool_], marks: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The flags, where a mark too small to be sure of takes that of the letter before it."""
    at = np.maximum.accumulate(np.where(marks, 0, np.arange(len(shown))))
    flags: NDArray[np.bool_] = np.where(marks & ~shown, shown[at], shown)
    return flags
