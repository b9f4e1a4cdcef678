"""Who is an author: bylines in many forms, and the headings, labels, places and dates that are none."""

from __future__ import annotations

import pytest
from helpers.papers import CASES
from helpers.pdf_files import body
from helpers.pdf_lines import Set, big, guess, page

from rag.reading.pdf.metadata import Metadata
from rag.reading.pdf.reader import read_pdf

TEXT = "the early signals of the river rise in spring near the meadow and the hall where all of them are counted"


def under_title(*rows: str, abstract: bool = False) -> Metadata:
    """The metadata of a page with the rows under its title, then running text, an abstract's heading before it."""
    below = [Set(100, 120 + 15 * at, 11, row) for at, row in enumerate(rows)]
    foot = 120 + 15 * len(rows)
    below += [Set(100, foot + 15, 11, "Abstract", True)] if abstract else []
    below += [Set(60, foot + 40, 10, TEXT), Set(60, foot + 52, 10, TEXT)]
    return guess(page(big(80, "The Growth of River Signals"), *below, start=foot + 70))


@pytest.mark.parametrize("abstract", [False, True])
@pytest.mark.parametrize(
    "row",
    [
        "Early River Signals",
        "Spring Term",
        "River Ash   River Elm",
        "Green Meadow Hall",
        "Berlin, Germany",
        "San Francisco, California",
        "Los Angeles",
        "Received 3 May 2020",
        "Rivers Today",
        "Chapter Two",
        "Name   Age   Weight",
        "Mean Count   Mean Error",
        "Winter Semester",
        "Opening Remarks",
        "River Flow and Otter Counts",
        "Kite Cameras   Drone Cameras",
        "Wildlife Conservation",
        "카메라가 강의 수달을 세었다",
        "北海道の川の数",
    ],
)
def test_a_heading_label_place_or_date_is_no_author_and_stays(row: str, abstract: bool) -> None:
    found = under_title(row, abstract=abstract)
    assert (found.authors, found.author_lines) == ((), ())


def test_names_behind_a_sentence_are_no_byline() -> None:
    assert under_title(TEXT, "Later Notes").authors == ()
    assert under_title(TEXT, "Maple Birch").authors == ()


@pytest.mark.parametrize(
    ("row", "authors"),
    [
        ("Ann Maple and Tom Birch", ["Ann Maple", "Tom Birch"]),
        ("ANN MAPLE, TOM BIRCH", ["Ann Maple", "Tom Birch"]),
        ("Ann Maple^{1}, Tom Birch^{2}", ["Ann Maple", "Tom Birch"]),
        ("Ann Maple, University of Meadow", ["Ann Maple"]),
        ("J. R. Smith", ["J. R. Smith"]),
        ("Gabriel García Márquez", ["Gabriel García Márquez"]),
        ("María José López-Pérez y Juan Carlos Ruiz", ["María José López-Pérez", "Juan Carlos Ruiz"]),
        ("Santiago Ramón y Cajal", ["Santiago Ramón y Cajal"]),
        ("Li Wei, Zhang Xiaoming", ["Li Wei", "Zhang Xiaoming"]),
        ("Kim Min-jun, Park Ji-hoon", ["Kim Min-jun", "Park Ji-hoon"]),
        ("Иван Петров, Анна Иванова", ["Иван Петров", "Анна Иванова"]),
        ("山田太郎・川田花子", ["山田太郎", "川田花子"]),
        ("山田 太郎", ["山田 太郎"]),
        ("王小明 李华", ["王小明", "李华"]),
        ("김철수, 이영희", ["김철수", "이영희"]),
        ("by Tom River", ["Tom River"]),
    ],
)
@pytest.mark.parametrize("below", [[], ["Department of Rivers, University of Meadow"]])
def test_a_byline_is_found_with_an_institution_below_and_without(
    row: str, authors: list[str], below: list[str]
) -> None:
    assert under_title(row, *below).authors == tuple(authors)


@pytest.mark.parametrize(
    "row", ["Rowan Signals and Iris Spring", "River Phoenix^{1}, Summer Hall^{2}", "River Phoenix, Meadow University"]
)
def test_names_that_are_common_words_too_count_where_the_line_is_surely_a_byline(row: str) -> None:
    assert under_title(row, "Department of Rivers, University of Meadow", "phoenix@meadow.edu").authors != ()


def test_a_lone_name_without_any_sign_of_a_byline_is_a_guess_and_stays_in_the_text() -> None:
    found = under_title("Jane Doe")
    assert (found.authors, dict(found.certainty)["authors"], found.author_lines) == (("Jane Doe",), 0.5, ())


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("h_course", ["Advanced River Theory", "Spring Term"]),
        ("h_heading", ["Early River Signals"]),
        ("h_intro", ["Later Signals"]),
        ("h_table", ["River Ash", "River Elm"]),
    ],
)
def test_a_pdf_without_a_byline_has_no_authors_and_keeps_its_headings(name: str, kept: list[str]) -> None:
    document = read_pdf(CASES / "02-heading-as-author" / f"{name}.pdf")
    shown = " ".join([document.text, *(section.title or "" for section in document.sections)])
    assert document.authors == ()
    assert [heading for heading in kept if heading not in shown] == []


@pytest.mark.parametrize(("size", "step"), [(12, 28), (14, 30), (16, 36), (18, 40), (24, 50)])
@pytest.mark.parametrize(
    "title",
    [
        ["A Perspective on the Counting of Otters", "with Small Kites"],
        ["On Counting the Otters", "Of Three Rivers"],
        ["Otters in the Great Flood:", "Counting from the Air", "A Field Study in Three Parts"],
    ],
)
def test_a_title_in_double_spaced_lines_is_whole(size: float, step: float, title: list[str]) -> None:
    rows = [Set(100, 60 + step * at, size, line, True) for at, line in enumerate(title)]
    foot = 60 + step * len(title)
    names = [Set(100, foot, 11, "Ann Maple and Tom Birch"), Set(100, foot + 15, 11, "University of Meadow")]
    found = guess(page(*rows, *names, Set(100, foot + 40, 11, "Abstract", True), start=foot + 60))
    assert (found.title, found.authors) == (" ".join(title), ("Ann Maple", "Tom Birch"))


def test_the_second_line_of_the_double_spaced_case_belongs_to_the_title() -> None:
    document = read_pdf(CASES / "13-double-spaced-title" / "title_12_28.pdf")
    assert document.title == "A Perspective on the Counting of Otters with Small Kites"
    assert document.authors == ("Ann Maple", "Tom Birch", "Cy Alder")
    assert not body(document).startswith("with Small Kites")
