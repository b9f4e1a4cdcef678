"""`footnote show PAPER --tables` prints a paper's tables in aligned columns, or as CSV."""

from __future__ import annotations

import csv
import io
from dataclasses import replace
from pathlib import Path

import pytest
from helpers.commands import footnote_here

from rag.assistant import Assistant

TABLE = (
    "<h1>Moss on Roofs</h1><p>Moss grows.</p><figure><figcaption>Table 1. Cover.</figcaption><table><tr><th>roof</th>"
    "<th>cover (%)</th></tr><tr><td>old</td><td>12</td></tr><tr><td>苔が多い</td><td>=1+1\x1b[31m</td></tr></table>"
    "All dry.</figure>"
)


@pytest.fixture(scope="module")
def workdir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    (folder / "moss.html").write_text(f"{TABLE}<table><tr><th>a</th></tr><tr><td>{'long words ' * 9}</td></tr></table>")
    (folder / "plain.txt").write_text("Tides\n\nThe tide comes twice.\n")
    with Assistant.open(library=folder / "library", mode="quote") as assistant:
        assert len(assistant.add([folder]).added) == 2
    return folder


def test_tables_are_shown_in_aligned_columns(workdir: Path) -> None:
    done = footnote_here("show", "moss.html", "--tables", cwd=workdir)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.split("\n") == [
        "Table 1. Cover.",
        "roof      cover (%)",
        "--------  ---------",
        "old       12",
        "苔が多い  =1+1",
        "All dry.",
        "",
        "Table",
        "a",
        "-" * 60,
        "long words long words long words long words long words long",
        "words long words long words long words",
        "",
    ]


def test_tables_as_csv_contain_no_formulas(workdir: Path) -> None:
    rows = list(csv.reader(io.StringIO(footnote_here("show", "moss.html", "--tables", "--csv", cwd=workdir).stdout)))
    assert rows[:6] == [
        ["Table 1. Cover."],
        ["roof", "cover (%)"],
        ["old", "12"],
        ["苔が多い", "'=1+1"],
        ["All dry."],
        [],
    ]


def test_a_paper_without_tables_and_csv_without_tables(workdir: Path) -> None:
    done = footnote_here("show", "tides", "--tables", cwd=workdir)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "No table was found in this paper.\n")
    done = footnote_here("show", "tides", "--csv", cwd=workdir)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", "--csv prints tables: add --tables.\n")


def test_tables_follow_a_corrected_title_and_stay_after_a_reopening(workdir: Path) -> None:
    with Assistant.open(library=workdir / "library", mode="quote") as assistant:
        before = assistant.tables("moss.html")
        paper = assistant.edit("moss.html", title="Moss")
        after = assistant.tables("moss.html")
        for view, other in zip(before, after, strict=True):
            assert replace(view, spans=other.spans) == other
        assert after[0].spans.start == before[0].spans.start - len("Moss on Roofs") + len("Moss")
        assert paper.table_at(after[0].spans.start) == after[0].spans
        assert paper.table_at(0) is None
        assistant.edit("moss.html", title="Moss on Roofs")
