"""Scanned pages."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from helpers.pdf_files import HEIGHT, LEFT, PROSE, WIDTH, make_pdf, read, title_page
from reportlab.lib.utils import ImageReader

from rag.reading.formats import read_file


def test_a_scanned_page_is_named_without_tesseract(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    monkeypatch.setenv("PATH", str(tmp_path))  # no Tesseract there
    picture = ImageReader(Image.new("L", (60, 80), 200))
    raw = make_pdf(title_page, lambda canvas: canvas.drawImage(picture, 0, 0, WIDTH, HEIGHT))
    assert read(tmp_path, raw).notes == ("page 2 has no text: a scan. Install Tesseract to have scans read",)


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs Tesseract, which is not installed")
def test_a_scan_is_read_with_tesseract(tmp_path: Path) -> None:
    import pypdfium2

    written = pypdfium2.PdfDocument(make_pdf(title_page))
    picture = ImageReader(written[0].render(scale=3).to_pil())
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf(lambda canvas: canvas.drawImage(picture, 0, 0, WIDTH, HEIGHT)))
    (paper,) = read_file(path, "a.pdf").papers
    words = set(re.findall(r"\w{4,}", PROSE))
    assert len(words & set(re.findall(r"\w{4,}", paper.text))) > 0.9 * len(words)
    assert paper.extent == "scan"
    assert paper.boxes is not None
    left, top, _, bottom = paper.boxes[paper.text.index("River")] / 10
    assert abs(left - LEFT) < 4
    assert top < HEIGHT - 640 < bottom + 4
