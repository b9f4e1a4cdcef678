"""Which files are read, and what their notes and errors say."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from helpers.pdf_files import LEFT, PROSE, body, make_pdf, read, title_page, write
from pypdf import PdfReader, PdfWriter

from rag.errors import SourceError
from rag.reading.pdf.reader import read_pdf


def encrypted() -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(make_pdf(title_page)))
    writer.encrypt("secret")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (encrypted(), "it is encrypted and needs a password; save a copy without one"),
        (make_pdf(title_page)[:300], "it is damaged or not a PDF"),
        (b"%PDF-1.7\n", "it is damaged or not a PDF"),
        (make_pdf(lambda canvas: None), "there is no text on its pages (a scan, or a lone figure)"),
        (
            make_pdf(lambda canvas: write(canvas, ["0.5", "1.0", "otters"], LEFT, 400)),
            "it has hardly any running text (a lone figure or table, or a cover)",
        ),
    ],
    ids=["encrypted", "cut off", "empty", "no text", "figure"],
)
def test_a_file_that_is_not_a_paper_gives_the_reason(tmp_path: Path, raw: bytes, reason: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, raw)
    assert str(caught.value) == reason


def test_a_damaged_page_does_not_affect_the_others(tmp_path: Path) -> None:
    reader = PdfReader(io.BytesIO(make_pdf(title_page, title_page)))
    number = reader.pages[1].indirect_reference
    assert number is not None
    raw = make_pdf(title_page, title_page).replace(f"{number.idnum} 0 obj".encode(), b"9999 0 obj")
    assert body(read(tmp_path, raw)) == PROSE


@pytest.mark.parametrize("name", ["-o.pdf", "two words.pdf", 'it\'s "so".pdf', "é\nü.pdf", b"caf\xe9.pdf"])
def test_any_file_name_works(tmp_path: Path, name: str | bytes) -> None:
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    assert body(read(tmp_path, make_pdf(title_page), text)) == PROSE


def test_a_missing_file_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_pdf(tmp_path / "none.pdf")


def test_only_the_first_pages_are_read_if_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf(title_page, lambda canvas: write(canvas, ["On another page."], LEFT, 640)))
    assert "another" not in body(read_pdf(path, 1))
    assert "another" in body(read_pdf(path))
