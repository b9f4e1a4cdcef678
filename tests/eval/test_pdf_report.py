"""`python -m eval pdfs` on a PDF with known faults and its XML: the figures and both reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from bs4 import BeautifulSoup
from helpers.papers import ROOT
from helpers.pdf_files import LEFT, PROSE, make_pdf, title_page, wrapped, write
from reportlab.pdfgen.canvas import Canvas

from eval.collections.general_quotes import BROKEN, Quote, describe_quotes, quote_figures
from eval.collections.pdfs import main
from eval.collections.reading_time import compare_checkouts

SENTENCES = [f"{sentence.strip(' .')}." for sentence in PROSE.split(". ")]
LOST = "A sentence of the <i>publisher's</i> that the printed page does not hold anywhere."
XML = f"""<article><front><article-meta>
<article-id pub-id-type="doi">10.5555/otters.1</article-id>
<title-group><article-title>Counting Otters by Their Tracks</article-title></title-group>
<contrib-group><contrib><name><surname>Holm</surname><given-names>Eva</given-names></name></contrib></contrib-group>
<pub-date><year>2015</year></pub-date></article-meta></front>
<body><p>{PROSE} {LOST.replace("<i>", "<italic>").replace("</i>", "</italic>")}</p>
<table-wrap><table><tbody><tr><td>Weir</td><td>12</td><td>3.5</td></tr>
<tr><td>Upper bay</td><td>7</td><td>2.25</td></tr></tbody></table></table-wrap></body></article>"""


def page(canvas: Canvas) -> None:
    title_page(canvas)
    write(canvas, wrapped("Weir 12 3.5 otters a day were counted by the bridge.", 90), LEFT, 400)
    write(canvas, wrapped("The upper bay had 2.25 kites.", 90), LEFT, 380)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the reports on a PDF that lacks a sentence and a table row of its XML."""
    folder = tmp_path_factory.mktemp("pairs")
    (folder / "otters.pdf").write_bytes(make_pdf(page))
    (folder / "otters.xml").write_text(XML)
    assert main([str(folder), "--reading", "--out", str(folder / "out")]) == 0
    return folder / "out"


@pytest.fixture(scope="module")
def report(out: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((out / "report.json").read_text())
    return loaded


def test_the_figures_are_those_of_the_known_faults(report: dict[str, Any]) -> None:
    figures = report["pairs"]
    assert figures["sentences"] == len(SENTENCES) + 1
    assert figures["sentences in one piece"] == round(len(SENTENCES) / (len(SENTENCES) + 1), 4)
    assert (figures["rows"], figures["rows in order"]) == (2, 0.5)
    assert (figures["titles"], figures["authors recall"], figures["DOIs"], figures["years"]) == (1, 0, 0, 0)
    assert report["reading"]["pages"] == 1


def test_every_installed_reader_is_compared(report: dict[str, Any]) -> None:
    assert report["baselines"]["PDFium"] == {"sentences in one piece": 0.8, "rows in order": 0.5}
    assert set(report["baselines"]) <= {"PDFium", "pdftotext"}


def test_the_page_shows_lost_text_next_to_what_was_read(out: Path) -> None:
    page = BeautifulSoup((out / "report.html").read_text(), "html.parser")
    (paper,) = page.select("details")
    lost = [" ".join(item.get_text(" ").split()) for item in paper.select("li")]
    assert any("that the printed page does not hold anywhere" in item for item in lost)
    assert any("7 | 2.25" in item and "The upper bay had 2.25 kites" in item for item in lost)
    assert "default-src 'none'" in page.select_one("meta[http-equiv]")["content"]


QUOTES = [
    Quote("a.pdf", "What was found?", "Otters rest.", "body"),
    Quote("a.pdf", "What was found?", "41 (41.4)", "lone cell"),
    Quote("a.pdf", "What was found?", "Otters journal rest.", BROKEN),
    Quote("b.pdf", "What was found?", "1. Holm E, Ruiz J: Otters.", "references"),
]


def test_quotes_and_those_from_unquotable_text_are_counted() -> None:
    figures = quote_figures(QUOTES, {"a.pdf"})
    assert (figures["quotes"], figures["quotes compared"], figures["quotes in one piece"]) == (4, 3, 0.6667)
    assert (figures["quotes from lone cell"], figures["quotes from references"]) == (1, 1)
    assert describe_quotes(QUOTES)[1:4] == [
        "## a.pdf: 2 of 3 quotes are wrong",
        "lone cell: 41 (41.4)",
        "not in one piece: Otters journal rest.",
    ]


def test_another_checkout_reads_the_same_files_in_turn(out: Path) -> None:
    taken = compare_checkouts([out.parent / "otters.pdf"], [ROOT, ROOT])
    assert 0 < taken[str(ROOT)] < 30
    assert taken["ratio"] > 0
