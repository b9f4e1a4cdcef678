"""Recognise the text of page images with Tesseract (OCR) if it is installed."""

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

from .lines import Line, PageLines
from .rotation import bounds

_SCALE = 200 / 72  # pixels per point: the resolution that suits Tesseract best
_TIMEOUT_SECONDS = 60
_MIN_CONFIDENCE = 40  # of 100


def tesseract() -> str | None:
    """Return the path of the Tesseract program; None if it is not installed."""
    return shutil.which("tesseract")


def read_scan(page: Any, empty: PageLines) -> PageLines:
    """Return `empty` with the lines that Tesseract finds on a `pypdfium2.PdfPage`, or unchanged if there are none."""
    program = tesseract()
    if program is None:
        return empty
    image = io.BytesIO()
    page.render(scale=_SCALE).to_pil().save(image, "PNG")
    command = [program, "-", "-", "tsv"]
    try:
        done = subprocess.run(
            command, input=image.getvalue(), capture_output=True, timeout=_TIMEOUT_SECONDS, check=True
        )
    except (subprocess.SubprocessError, OSError):
        return empty
    rows = csv.DictReader(io.StringIO(done.stdout.decode("utf-8", "replace")), delimiter="\t", quoting=csv.QUOTE_NONE)
    words = [row for row in rows if (row.get("text") or "").strip() and float(row["conf"]) >= _MIN_CONFIDENCE]
    grouped = groupby(words, lambda row: (row["block_num"], row["par_num"], row["line_num"]))
    return replace(empty, lines=tuple(_line(list(line), empty.number) for _, line in grouped))


def _line(words: Sequence[dict[str, str]], page: int) -> Line:
    """Return the words as a line; each character gets an equal share of its word's width."""
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
    left, top, right, bottom = bounds(array)
    return Line(text, page, left, top, right, bottom, round(bottom - top, 1), False, "", array)
