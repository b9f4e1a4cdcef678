"""Find the invisible text of a PDF page by rendering it with and without text."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...text.cleaning import UNREAD
from .graphics import area, object_bounds

if TYPE_CHECKING:
    from .glyphs import Characters
    from .rotation import Boxes

_MIN_SIZE = 1.5  # points
_MIN_UNATTACHED_SIZE = 3.0  # points on a page of usual size; smaller type is visible only as a sub- or superscript
_USUAL_PAGE_SIZE = 750.0  # points, the longer side
_MAX_INDEX_LENGTH = 8  # characters
_MIN_CONTRAST = 14  # of 255
_SCAN_SHARE = 0.8  # of the page; hidden text over an image this large is the text layer of a scan
_MAX_VISIBLE_SHARE = 0.02  # of the characters of such a layer, apart from marginal stamps
_EDGE = 0.08  # of the page's height
_MAX_PIXELS = 4_000_000

Pixels = NDArray[np.uint8]  # (height, width, 3): blue, green, red
Flags = NDArray[np.bool_]


class Visibility(NamedTuple):
    """Which characters to keep, the number of hidden ones, and whether an image covers most of the page.

    `hidden` is negative if the hidden characters are kept because they are the text layer of a scan.
    """

    kept: Flags
    hidden: int
    image: bool


def find_visible(page: Any, objects: Sequence[Any], chars: Characters) -> Visibility:
    """Flag the visible characters of a `pypdfium2.PdfPage`; the hidden text layer of a scan counts as visible.

    `objects` are those of `page_objects`.
    """
    import pypdfium2.raw as raw

    page_area = chars.width * chars.height
    images = (item for item in objects if item.type == raw.FPDF_PAGEOBJ_IMAGE)
    image = any(area(object_bounds(item)) >= _SCAN_SHARE * page_area for item in images)
    if not len(chars.texts):
        return Visibility(np.zeros(0, np.bool_), 0, image)
    scale = min(1.0, (_MAX_PIXELS / max(page_area, 1)) ** 0.5)
    with_text = _render(page, scale)
    texts = [item for item in objects if item.type == raw.FPDF_PAGEOBJ_TEXT]
    for text in texts:
        raw.FPDFPageObj_SetIsActive(text, False)
    without_text = _render(page, scale)
    for text in texts:
        raw.FPDFPageObj_SetIsActive(text, True)
    visible = _differs(with_text, without_text, chars.boxes * scale)
    visible &= ~_is_faint(chars, without_text, scale)
    visible &= _is_readable_size(chars)
    visible = _marks_follow_letters(chars, visible)
    unmapped = np.array([text == UNREAD for text in chars.texts])  # without ink it is a space
    hidden = int((~visible & ~unmapped).sum())
    if image and hidden and _is_scan_layer(visible, chars):
        return Visibility(~unmapped, -hidden, True)
    return Visibility(visible, hidden, image)


def _render(page: Any, scale: float) -> Pixels:
    bitmap = page.render(scale=scale, may_draw_forms=False, draw_annots=False)
    pixels: Pixels = bitmap.to_numpy()[:, :, :3].copy()
    bitmap.close()
    return pixels


def _differs(with_text: Pixels, without_text: Pixels, boxes: Boxes) -> Flags:
    """Return whether the two images differ in each box; False for boxes off the page."""
    blue, green, red = np.moveaxis(_distance(with_text, without_text) > _MIN_CONTRAST, 2, 0)
    ink = blue | green | red
    total = np.zeros((ink.shape[0] + 1, ink.shape[1] + 1), np.int32)
    ink.cumsum(1, np.int32).cumsum(0, out=total[1:, 1:])
    left, top, right, bottom = _pixel_boxes(boxes, ink.shape)
    flags: Flags = total[bottom, right] - total[top, right] - total[bottom, left] + total[top, left] > 0
    return flags


def _distance(pixels: Pixels, others: Pixels) -> Pixels:
    return np.maximum(pixels, others) - np.minimum(pixels, others)


def _pixel_boxes(boxes: Boxes, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """Return rows of left, top, right and bottom in whole pixels, clipped to an image of this shape."""
    whole = np.concatenate([np.floor(boxes[:, :2]), np.ceil(boxes[:, 2:])], 1)
    limits = np.array([shape[1], shape[0]] * 2)
    pixels: NDArray[np.int64] = np.clip(np.nan_to_num(whole), 0, limits).astype(np.int64).T
    return pixels


def _is_faint(chars: Characters, background: Pixels, scale: float) -> Flags:
    """Return whether each character is transparent, or has the colour of the background.

    Comparing renderings does not find such characters if other text is printed over them.
    """
    colours, plain, transparent = _fills(chars)
    faint = transparent[chars.objects]
    light = plain & (colours.max(1) > 255 - 3 * _MIN_CONTRAST)  # dark type is always visible on a white page
    for at in np.flatnonzero(light[chars.objects] & ~faint).tolist():
        left, top, right, bottom = _pixel_boxes(chars.boxes[at : at + 1] * scale, background.shape)[:, 0]
        under = background[top:bottom, left:right].reshape(-1, 3)
        colour = colours[chars.objects[at]]
        faint[at] = not len(under) or bool((_distance(under, colour).max(1) <= _MIN_CONTRAST).mean() > 0.8)
    return faint


def _fills(chars: Characters) -> tuple[Pixels, Flags, Flags]:
    """Return each text object's fill colour, whether it is filled with one colour, and whether it is transparent."""
    import pypdfium2.raw as raw

    red, green, blue, alpha = (ctypes.c_uint() for _ in range(4))
    colours = np.zeros((len(chars.handles), 3), np.uint8)
    transparent = np.zeros(len(chars.handles), np.bool_)
    plain = np.ones(len(chars.handles), np.bool_)
    for number, handle in enumerate(chars.handles):
        mode = raw.FPDFTextObj_GetTextRenderMode(handle)
        plain[number] = mode in (raw.FPDF_TEXTRENDERMODE_FILL, raw.FPDF_TEXTRENDERMODE_FILL_CLIP)
        transparent[number] = mode in (raw.FPDF_TEXTRENDERMODE_INVISIBLE, raw.FPDF_TEXTRENDERMODE_CLIP)
        if raw.FPDFPageObj_GetFillColor(handle, red, green, blue, alpha):
            colours[number] = blue.value, green.value, red.value
            transparent[number] |= plain[number] and alpha.value < _MIN_CONTRAST
        else:
            plain[number] = False  # a pattern
    return colours, plain, transparent


def _is_readable_size(chars: Characters) -> Flags:
    """Return whether each character is large enough to read, or a sub- or superscript of larger type."""
    sizes = np.array([style.size for style in chars.styles])[chars.objects]
    small = sizes < _MIN_UNATTACHED_SIZE * min(1.0, max(chars.width, chars.height) / _USUAL_PAGE_SIZE)
    runs = np.flatnonzero(np.diff(small, prepend=False, append=False)).reshape(-1, 2)
    for start, end in runs.tolist():
        attached = _is_adjacent(chars, start, start - 1) or _is_adjacent(chars, end - 1, end)
        if end - start <= _MAX_INDEX_LENGTH and attached:
            small[start:end] = False
    flags: Flags = ~small & (sizes >= _MIN_SIZE)
    return flags


def _is_adjacent(chars: Characters, at: int, other: int) -> bool:
    """Return whether two characters are close together on one line."""
    if not 0 <= other < len(chars.texts):
        return False
    (left, top, right, bottom), (left_2, top_2, right_2, bottom_2) = chars.boxes[[at, other]].tolist()
    close = 0.5 * float(bottom_2 - top_2)
    return bool(max(left - right_2, left_2 - right, top - bottom_2, top_2 - bottom) < close)


def _marks_follow_letters(chars: Characters, visible: Flags) -> Flags:
    """Give an invisible punctuation mark, which may be too small to measure, the flag of the letter before it."""
    marks = np.array([not any(map(str.isalnum, text)) and text != UNREAD for text in chars.texts])
    letter_before = np.maximum.accumulate(np.where(marks, 0, np.arange(len(visible))))
    flags: Flags = np.where(marks & ~visible, visible[letter_before], visible)
    return flags


def _is_scan_layer(visible: Flags, chars: Characters) -> bool:
    """Return whether no text over an image is visible except for marginal stamps."""
    middle = (chars.boxes[:, 1] + chars.boxes[:, 3]) / 2
    inner = (middle > _EDGE * chars.height) & (middle < (1 - _EDGE) * chars.height)
    return bool((visible & inner).mean() < _MAX_VISIBLE_SHARE and visible.mean() < 0.2)
