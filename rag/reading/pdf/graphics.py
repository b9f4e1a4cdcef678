"""Find horizontal and vertical rules, images and drawings on a PDF page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from .rotation import to_shown_page

_MAX_NESTED_FORMS = 9
_MAX_OBJECTS = 5_000  # further paths of a drawing hardly change its extent
_PAGE_SHARE = 0.7  # larger objects are the page's background
_RULE_HEIGHT = 2.0  # points; also the minimum size of a drawing
_RULE_WIDTH = 15
_MIN_UPRIGHT = 6  # points; shorter ones are letters and ticks
_MAX_GRID_SEGMENTS = 400  # per path; longer paths are drawings

Bounds = tuple[float, float, float, float]  # left, top, right, bottom in PDF coordinates: y upwards
ShownBoxes = tuple[tuple[float, ...], ...]


class Graphics(NamedTuple):
    """Boxes on the page as shown: horizontal rules, vertical rules, and images and parts of drawings."""

    rules: ShownBoxes
    uprights: ShownBoxes
    pictures: ShownBoxes


def find_graphics(page: Any, objects: Sequence[Any]) -> Graphics:
    """Return the rules and images among a page's objects. Vertical rules and grids also count as parts of drawings."""
    import pypdfium2.raw as raw

    width, height = page.get_size()
    lines: list[Bounds] = []
    boxes: list[Bounds] = []
    for item in objects[:_MAX_OBJECTS]:
        if item.type in (raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_FORM):
            continue
        bounds = object_bounds(item)
        if area(bounds) > _PAGE_SHARE * width * height:
            continue
        boxes.append(bounds)
        if item.type == raw.FPDF_PAGEOBJ_PATH:
            lines += [bounds] if _is_thin(bounds) else _grid_lines(item)
    shown_lines, shown_boxes = to_shown_page(page, lines).tolist(), to_shown_page(page, boxes).tolist()
    rules = tuple(tuple(box) for box in shown_lines if _is_level(*box))
    uprights = tuple(tuple(box) for box in shown_lines if _is_upright(*box))
    known = set(rules)
    large = (tuple(box) for box in shown_boxes if max(box[2] - box[0], box[3] - box[1]) > _RULE_HEIGHT)
    return Graphics(rules, uprights, tuple(box for box in large if box not in known))


def _is_thin(bounds: Bounds) -> bool:
    return min(bounds[2] - bounds[0], bounds[1] - bounds[3]) <= _RULE_HEIGHT


def _is_level(left: float, top: float, right: float, bottom: float) -> bool:
    return bottom - top <= _RULE_HEIGHT and right - left > _RULE_WIDTH


def _is_upright(left: float, top: float, right: float, bottom: float) -> bool:
    return right - left <= _RULE_HEIGHT and bottom - top > _MIN_UPRIGHT


def _grid_lines(item: Any) -> list[Bounds]:
    """Return the lines of a stroked path that has only horizontal and vertical lines."""
    import ctypes

    import pypdfium2.raw as raw

    count = raw.FPDFPath_CountSegments(item.raw)
    fill, stroke = ctypes.c_int(), ctypes.c_int()
    if not 4 <= count <= _MAX_GRID_SEGMENTS or not raw.FPDFPath_GetDrawMode(item.raw, fill, stroke) or not stroke:
        return []
    matrix = item.get_matrix()
    x, y = ctypes.c_float(), ctypes.c_float()
    out: list[Bounds] = []
    last = first = (0.0, 0.0)
    for at in range(count):
        segment = raw.FPDFPath_GetPathSegment(item.raw, at)
        kind = raw.FPDFPathSegment_GetType(segment)
        raw.FPDFPathSegment_GetPoint(segment, x, y)
        point = matrix.on_point(x.value, y.value)
        ends = [] if kind == raw.FPDF_SEGMENT_MOVETO else [(last, point)]
        first = first if ends else point
        if raw.FPDFPathSegment_GetClose(segment):
            ends.append((point, first))
        for (x0, y0), (x1, y1) in ends:
            bounds = min(x0, x1), max(y0, y1), max(x0, x1), min(y0, y1)
            if kind == raw.FPDF_SEGMENT_BEZIERTO or not _is_thin(bounds):
                return []
            out.append(bounds)
        last = point
    return [_in_forms(bounds, item.container) for bounds in out]


def page_objects(page: Any) -> Sequence[Any]:
    """Return every object of a page as a `pypdfium2.PdfObject`, including those in nested forms."""
    return list(page.get_objects(max_depth=_MAX_NESTED_FORMS))


def object_bounds(item: Any) -> Bounds:
    """Return the box around a `pypdfium2.PdfObject` in PDF coordinates, even if it is nested in forms."""
    left, bottom, right, top = item.get_bounds()
    return _in_forms((left, top, right, bottom), item.container)


def _in_forms(bounds: Bounds, form: Any) -> Bounds:
    """Convert a box from a form's coordinates to the page's."""
    left, top, right, bottom = bounds
    corners = [(x, y) for x in (left, right) for y in (bottom, top)]
    while form is not None:
        matrix = form.get_matrix()
        corners = [matrix.on_point(x, y) for x, y in corners]
        form = form.container
    xs, ys = zip(*corners, strict=True)
    return min(xs), max(ys), max(xs), min(ys)


def area(bounds: Bounds) -> float:
    return (bounds[2] - bounds[0]) * (bounds[1] - bounds[3])
