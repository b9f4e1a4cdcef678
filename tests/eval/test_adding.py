"""The benchmark of adding whole papers: papers set as PDFs are read as they were, and checkouts are compared."""

import json
from pathlib import Path

import pytest
from helpers.papers import ROOT

from eval.collections.qasper_papers import Paragraph, QasperPaper
from eval.perf import adding
from eval.perf.typeset import typeset
from rag.reading.pdf.reader import read_pdf

_PROSE = "River otters leave few traces on a rocky shore, and most are gone <before> anyone counts & files. "
_PAPER = QasperPaper(
    "1",
    "Counting Otters by Their Tracks",
    (
        Paragraph("1:0", "Abstract", _PROSE * 4),
        Paragraph("1:1", "Introduction", _PROSE * 40),
        Paragraph("1:2", "Methods ::: Kites", "Kites carry a camera over the river. " * 60),
    ),
    (),
)


def test_a_paper_set_as_a_pdf_is_read_as_it_was(tmp_path: Path) -> None:
    (file,) = typeset([_PAPER], tmp_path)
    paper = read_pdf(file)
    assert paper.title == _PAPER.title
    assert [section.title for section in paper.sections if section.title] == ["Abstract", "Introduction", "Kites"]
    assert " ".join(paper.text.split()).count(_PROSE.strip()) > 40, "columns and pages are joined"
    before = file.stat().st_mtime_ns
    typeset([_PAPER], tmp_path)
    assert file.stat().st_mtime_ns == before


@pytest.mark.slow
def test_checkouts_add_the_papers_in_turn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, *_ = typeset([_PAPER], tmp_path)
    assert adding.main(["--papers", str(file), "--against", str(ROOT), "--rounds", "2"]) == 0
    printed = json.loads(capsys.readouterr().out)
    figures = printed["medians"][str(ROOT)]
    assert figures["papers"] == 1
    assert figures["first answer s"] > 0
    assert figures["CPU s a page"] > 0
    assert figures["MB at most"] > 100


def test_ratios_are_those_of_each_round() -> None:
    def took(seconds: float) -> dict[str, float]:
        return {"CPU s a page": seconds, "s a page": 2 * seconds}

    rounds = [{"now": took(1), "before": took(2)}, {"now": took(3), "before": took(4)}]
    found = adding.summary(rounds)
    assert found["ratios"] == {"before": {"CPU s a page": [0.5, 0.75], "s a page": [0.5, 0.75]}}
    assert found["medians"]["now"]["s a page"] == 4
