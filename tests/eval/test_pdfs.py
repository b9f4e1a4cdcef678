"""What the measurement of PDFs counts as right: words in order, columns, titles and damaged files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from eval.collections.damaged import add_in_process, damaged_files, long_text
from eval.collections.quote_places import columns, share_in_order
from eval.collections.titles import rows_with_titles, title_agrees
from rag.types import Box

QUOTE = "River otters leave few traces on a rocky shore, and most are washed away."


@pytest.mark.parametrize(
    ("shown", "least", "most"),
    [
        (QUOTE, 1, 1),
        ("River ot- ters leave few traces on a rocky shore, and most are washed away.", 1, 1),
        ("River ot ters leave few traces on a rocky shore, and most are washed away.", 1, 1),
        (QUOTE.replace("few", "many"), 0.9, 0.95),
        ("and most are washed away. River otters leave few traces on a rocky shore,", 0.5, 0.7),
        (" ".join(sorted(QUOTE.split())), 0, 0.6),
        ("", 0, 0),
    ],
    ids=["same", "cut", "halved", "a word", "halves turned", "scrambled", "nothing"],
)
def test_words_count_in_their_order(shown: str, least: float, most: float) -> None:
    assert least <= share_in_order(QUOTE, shown) <= most


def box(page: int, left: float, top: float, right: float) -> Box:
    return Box(page, left, top, right, top + 10)


@pytest.mark.parametrize(
    ("boxes", "expected"),
    [
        ([box(1, 306, 70, 526), box(1, 70, 700, 290), box(1, 150, 688, 290)], [[70, 150], [306]]),
        ([box(1, 200, 500, 290), box(1, 70, 512, 150)], [[70, 200]]),
        ([box(1, 306, 70, 526), box(1, 70, 700, 290)], [[70], [306]]),
        ([box(2, 70, 70, 290), box(1, 306, 700, 526)], [[306], [70]]),
    ],
    ids=["two columns", "two half lines", "over the column's end", "over the page's end"],
)
def test_boxes_are_read_by_column(boxes: list[Box], expected: list[list[float]]) -> None:
    assert [[one.left for one in column] for column in columns(boxes)] == expected


@pytest.mark.parametrize(
    ("found", "fields"),
    [
        ("Otters and  kites", ["title"]),
        ("otters & Kites", ["title_in_metadata"]),
        ("Otters", []),
    ],
)
def test_a_title_is_right_as_the_manifest_or_the_file_has_it(found: str, fields: list[str]) -> None:
    assert title_agrees(found, {"title": "Otters and Kites", "title_in_metadata": "Otters & Kites"}) == fields
    assert title_agrees("Otters", {"title": "Otters", "title_in_metadata": None}) == ["title"]


def test_a_manifest_that_names_no_files_has_no_titles_to_score(tmp_path: Path) -> None:
    assert rows_with_titles(tmp_path) == []
    (tmp_path / "manifest.jsonl").write_text('{"name": "a", "title": "A"}\n{"file": "b.pdf", "title": "B"}\n')
    assert [row["file"] for row in rows_with_titles(tmp_path)] == ["b.pdf"]


def test_a_name_that_is_not_utf_8_is_among_the_damaged_files(tmp_path: Path) -> None:
    (tmp_path / "good.pdf").write_bytes(long_text(1))
    named = dict(damaged_files([tmp_path / "good.pdf"], 20))
    assert len(named) == 20
    assert os.fsdecode(b"bad\xff.pdf") in named


@pytest.mark.slow
def test_every_file_is_stored_or_reported_and_the_peaks_are_measured(tmp_path: Path) -> None:
    papers = tmp_path / "papers"
    papers.mkdir()
    (papers / "good.pdf").write_bytes(long_text(1))
    (papers / "cut.pdf").write_bytes(long_text(1)[:100])
    added = add_in_process(papers, tmp_path / "library", tmp_path)
    assert (added["stored"], added["failed"]) == (["good.pdf"], ["cut.pdf"])
    if Path("/proc/self/status").exists():
        assert 10 < added["peak MB"]["largest reader"] < 400
        assert added["peak MB"]["program"] > 10


def test_an_error_of_the_process_is_reported(tmp_path: Path) -> None:
    (tmp_path / "added.json").mkdir()  # where it writes a file
    assert "IsADirectoryError" in add_in_process(tmp_path, tmp_path / "library", tmp_path)["broke down"]
