"""Printed page numbers become labels."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from helpers.pdf_files import make_pdf, read, title_page
from helpers.pdf_lines import Text, page
from pypdf import PdfWriter

from rag.reading.pdf.lines import PageLines
from rag.reading.pdf.page_labels import label_pages


def foot(*texts: str, left: float = 300, other: float = 300) -> list[PageLines]:
    """Return pages with these footers, at `left` on odd pages and `other` on even pages."""
    return [page(Text(left if at % 2 else other, 760, 9, text), number=at) for at, text in enumerate(texts, start=1)]


@pytest.mark.parametrize(
    ("pages", "labels"),
    [
        pytest.param(foot("4969", "4970", "4971"), ["4969", "4970", "4971"], id="foot"),
        pytest.param(foot("99", "100", "101", left=540, other=40), ["99", "100", "101"], id="two sides"),
        pytest.param(foot("Otters", "8", "9", "10"), ["7", "8", "9", "10"], id="none on the first"),
        pytest.param(foot("i", "ii", "1", "2", "3"), [None, None, "1", "2", "3"], id="Roman before"),
        pytest.param(foot("98   Otters", "99   Otters", "100   Otters"), ["98", "99", "100"], id="beside a head"),
        pytest.param(foot("4969", "4970"), [None] * 2, id="too few"),
        pytest.param(foot("7", "9", "11", "13"), [None] * 4, id="by two"),
        pytest.param(foot("2021", "2021", "2021", "2021"), [None] * 4, id="a year"),
        pytest.param(foot("1", "2", "3"), [None] * 3, id="the file's own count"),
        pytest.param(foot("7", "8", "9", *"abcdef"), [None] * 9, id="on a few alone"),
        pytest.param(
            [page(Text(60 + 50 * at, 760, 9, str(at + 6)), number=at) for at in range(1, 5)], [None] * 4, id="strewn"
        ),
    ],
)
def test_numbers_that_increase_by_one_per_page_are_labels(pages: list[PageLines], labels: list[str | None]) -> None:
    assert [page.label for page in label_pages(pages)] == labels


def test_labels_of_the_file_are_used(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(make_pdf(title_page, title_page)))
    writer.set_page_label(0, 0, style="/r")
    writer.set_page_label(1, 1, style="/D", start=7)
    out = io.BytesIO()
    writer.write(out)
    assert {(page.number, page.label) for page in read(tmp_path, out.getvalue()).pages} == {(1, "i"), (2, "7")}
