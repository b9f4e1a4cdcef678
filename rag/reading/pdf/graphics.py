"""Find horizontal rules, pictures and drawings on a PDF page."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from .rotation import to_shown_page

_MAX_NESTED_FORMS = 9
_MAX_OBJECTS = 5_000  # more paths of a drawing do not change where it is
_PAGE_SHARE = 0.7  # larger objects are the page's background
_RULE_HEIGHT = 2.0  # points; also the least size of a drawing
_RULE_WIDTH = 15

Bounds = tuple[float, float, float, float]  # left, top, right, bottom in PDF coordinates: y upwards
ShownBoxes = tuple[tuple[float, ...], ...]


def rules_and_pictures(page: Any) -> tuple[ShownBoxes, ShownBoxes]:
    """Return the boxes of level rules, and of pictures and parts of drawings, on the page as shown."""
    import pypdfium2.raw as raw

    width, height = page.get_size()
    rules: list[Bounds] = []
    pictures: list[Bounds] = []
    for item in islice(page_objects(page), _MAX_OBJECTS):
        if item.type in (raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_FORM):
            continue
        left, top, right, bottom = bounds = object_bounds(item)
        if area(bounds) > _PAGE_SHARE * width * height:
            continue
        if item.type == raw.FPDF_PAGEOBJ_PATH and top - bottom <= _RULE_HEIGHT and right - left > _RULE_WIDTH:
            rules.append(bounds)
        elif right - left > _RULE_HEIGHT or top - bottom > _RULE_HEIGHT:
            pictures.append(bounds)
    shown_rules, shown_pictures = (tuple(map(tuple, to_shown_page(page, b).tolist())) for b in (rules, pictures))
    return shown_rules, shown_pictures


def page_objects(page: Any) -> Iterator[Any]:
    """Yield every object of a page as a `pypdfium2.PdfObject`, including those in nested forms."""
    yield from page.get_objects(max_depth=_MAX_NESTED_FORMS)


def object_bounds(item: Any) -> Bounds:
    """Return the box around a `pypdfium2.PdfObject` in PDF coordinates, whatever forms it is nested in."""
    left, bottom, right, top = item.get_bounds()
    corners = [(x, y) for x in (left, right) for y in (bottom, top)]
    form = item.container
    while form is not None:
        matrix = form.get_matrix()
        corners = [matrix.on_point(x, y) for x, y in corners]
        form = form.container
    xs, ys = zip(*corners, strict=True)
    return min(xs), max(ys), max(xs), min(ys)


def area(bounds: Bounds) -> float:
    return (bounds[2] - bounds[0]) * (bounds[1] - bounds[3])
