"""Pages that are pictures, read by Tesseract where that program is installed."""

from __future__ import annotations

import csv
import io
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np

from .glyphs import Line, PageLines

_SCALE = 200 / 72  # pixels a point: what Tesseract reads well
_SECONDS = 60
_LEAST = 40  # of 100: words that Tesseract is less sure of are noise


def read_scan(page: Any, empty: PageLines) -> PageLines:
    """The page with the lines that Tesseract finds on it; as it was where that is not installed or finds none."""
    program = shutil.which("tesseract")
    if program is None:
        return empty
    picture = io.BytesIO()
    page.render(scale=_SCALE).to_pil().save(picture, "PNG")
    try:
        done = subprocess.run(
            [program, "-", "-", "tsv"], input=picture.getvalue(), capture_output=True, timeout=_SECONDS, check=True
        )
    except (subprocess.SubprocessError, OSError):
        return empty
    rows = csv.DictReader(io.StringIO(done.stdout.decode("utf-8", "replace")), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = [row for row in rows if (row.get("text") or "").strip() and float(row["conf"]) >= _LEAST]
    lines = [
        _line(list(those), empty.number)
        for _, those in groupby(words, lambda row: (row["block_num"], row["par_num"], row["line_num"]))
    ]
    return replace(empty, lines=tuple(lines))


def _line(words: Sequence[dict[str, str]], page: int) -> Line:
    text = ""
    boxes: list[tuple[float, float, float, float]] = []
    for word in words:
        left, top, width, height = (float(word[key]) / _SCALE for key in ("left", "top", "width", "height"))
        if text:
            boxes.append((boxes[-1][2], top, left, top + height))
            text += " "
        each = width / len(word["text"])
        boxes += [(left + n * each, top, left + (n + 1) * each, top + height) for n in range(len(word["text"]))]
        text += word["text"]
    array = np.array(boxes, np.float32)
    left, top, right, bottom = (float(v) for v in (*array[:, :2].min(0), *array[:, 2:].max(0)))
    return Line(text, page, left, top, right, bottom, round(bottom - top, 1), False, "", array)
