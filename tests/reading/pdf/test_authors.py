"""Bylines in many forms, and the headings, labels, places and dates that are not bylines."""

from __future__ import annotations

import pytest
from helpers.papers import CASES, SHARED
from helpers.pdf_lines import Text, big, guess, page

from rag.reading.pdf.lines import read_lines
from rag.reading.pdf.metadata import Metadata, guess_metadata
from rag.reading.pdf.reader import read_pdf
from rag.reading.pdf.symbols import SymbolReader
from rag.reading.pdf.weights import Weights

TEXT = "the early signals of the river rise in spring near the meadow and the hall where all of them are counted"


def under_title(*rows: str, abstract: bool = False) -> Metadata:
    """Guess the metadata of a page with rows below its title, then the abstract or other running text."""
    below = [Text(100, 120 + 15 * at, 11, row) for at, row in enumerate(rows)]
    foot = 120 + 15 * len(rows)
    below += [Text(100, foot + 15, 11, "Abstract", True)] if abstract else []
    below += [Text(60, foot + 40, 10, TEXT), Text(60, foot + 52, 10, TEXT)]
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
        "C ISO",
        "Revista de Cometas 15 (2011)",
        "카메라가 강의 수달을 세었다",
        "北海道の川の数",
    ],
)
def test_a_heading_label_place_or_date_is_not_an_author_and_is_kept(row: str, abstract: bool) -> None:
    found = under_title(row, abstract=abstract)
    assert (found.authors, found.author_lines) == ((), ())


def test_names_after_a_sentence_are_not_a_byline() -> None:
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
        ("Zhen Ai^{1}, Nguyễn Văn An^{2}, Tom Birch^{1}", ["Zhen Ai", "Nguyễn Văn An", "Tom Birch"]),
        ("H. LI AND B. WU", ["H. Li", "B. Wu"]),
        ("Jean DUPONT, Marie MARTIN", ["Jean Dupont", "Marie Martin"]),
    ],
)
@pytest.mark.parametrize("below", [[], ["Department of Rivers, University of Meadow"]])
def test_a_byline_is_found_with_and_without_an_institution_below(
    row: str, authors: list[str], below: list[str]
) -> None:
    assert under_title(row, *below).authors == tuple(authors)


@pytest.mark.parametrize(
    "row", ["Rowan Signals and Iris Spring", "River Phoenix^{1}, Summer Hall^{2}", "River Phoenix, Meadow University"]
)
def test_names_of_common_words_count_if_the_line_is_certainly_a_byline(row: str) -> None:
    assert under_title(row, "Department of Rivers, University of Meadow", "phoenix@meadow.edu").authors != ()


def test_a_lone_name_is_a_guess_and_is_kept_in_the_text() -> None:
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


@pytest.mark.parametrize(
    ("byline", "author", "expected"),
    [
        ("Iris Fern", "Iris Fern", (("Iris Fern",), 0.97)),
        ("Iris Fern and Rowan Ash", "Iris Fern", (("Iris Fern", "Rowan Ash"), 0.9)),
        ("Iris Fern and Rowan Ash", "Administrator", (("Iris Fern", "Rowan Ash"), 0.8)),
        ("Iris Fern and Rowan Ash", "LaTeX with hyperref", (("Iris Fern", "Rowan Ash"), 0.8)),
        ("Iris Fern and Rowan Ash", "Olive Birch", (("Iris Fern", "Rowan Ash"), 0.7)),
        ("Iris Fern Rowan Ash", "Fern, Iris; Ash, Rowan", (("Iris Fern", "Rowan Ash"), 0.9)),
        ("IRIS FERN, ROWAN O’ASH AND H. L. MOSS", "", (("Iris Fern", "Rowan O’Ash", "H. L. Moss"), 0.8)),
        ("Iris Fern, Ph.D., Rowan Ash, MD, and Dr. Hazel von Moss", "",
         (("Iris Fern", "Rowan Ash", "Hazel von Moss"), 0.8)),
        ("李明, 王小花", "", (("李明", "王小花"), 0.8)),
        ("Iris Fern (Meadow University), Rowan Ash III (Delta)", "", (("Iris Fern", "Rowan Ash III"), 0.8)),
        ("Meadow University", "Iris Fern, Rowan Ash", (("Iris Fern", "Rowan Ash"), 0.6)),
        ("Meadow University", "user", ((), None)),
    ],
)  # fmt: skip
def test_authors_come_from_the_byline_and_the_file(
    byline: str, author: str, expected: tuple[tuple[str, ...], float | None]
) -> None:
    first = page(
        big(90, "Counting Otters from Kites over the Delta"), Text(100, 130, 12, byline), Text(90, 180, 10, "Abstract")
    )
    found = guess(first, Author=author)
    assert (found.authors, dict(found.certainty).get("authors")) == expected


def test_a_byline_continues_if_marks_make_a_bold_row_count_as_not_bold() -> None:
    first = page(
        big(90, "Counting Otters from Kites over the Delta"),
        Text(100, 130, 12, "Iris Fern^{1,2}, Rowan Ash^{1,3}, Hazel Moss^{4,1},"),
        Text(100, 144, 12, "Olive Birch^{1} and Laurel Heath^{2}", True),
        Text(100, 160, 12, "Meadow University   Institute of Kites"),
        Text(100, 172, 12, "Palo Verde   Green Hill"),
        Text(90, 200, 10, "Abstract"),
    )
    found = guess(first)
    assert found.authors == ("Iris Fern", "Rowan Ash", "Hazel Moss", "Olive Birch", "Laurel Heath")
    own = [first.lines[at].text for at in found.author_lines]
    assert own[:2] == ["Iris Fern1,2, Rowan Ash1,3, Hazel Moss4,1,", "Olive Birch1 and Laurel Heath2"]
    assert own[2:] == ["Meadow University", "Institute of Kites"]


def test_the_rows_of_a_byline_are_unknown_if_nothing_ends_it() -> None:
    rows = [Text(60, 300 + 12 * at, 10, "Kites: 1, 2, 3, 4, 5") for at in range(20)]
    title = big(90, "Counting Otters from Kites over the Delta")
    found = guess(page(title, Text(100, 130, 12, "Iris Fern, Rowan Ash"), *rows, start=900))
    assert (found.authors, found.author_lines) == (("Iris Fern", "Rowan Ash"), ())


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("2023.eacl-main.121", 7), ("jose_00138", 18), ("N18-3011", 23), ("2020.acl-main.207", 5),
        ("2020.acl-main.447", 5), ("jose_00102", 10), ("jose_00161", 3), ("jose_00259", 5), ("jose_00292", 4),
        ("jose_00013", 1), ("jose_00035", 1), ("jose_00065", 1), ("jose_00202", 1),
    ],
)  # fmt: skip
def test_real_papers_have_all_their_authors(name: str, count: int) -> None:
    path = SHARED / "data" / "pdfs" / f"{name}.pdf"
    if not path.exists():
        pytest.skip("the shared papers are not here")
    import pypdfium2

    pdf = pypdfium2.PdfDocument(path)
    pages = [read_lines(pdf[at], at + 1, None, SymbolReader(), Weights()) for at in range(2)]
    assert len(guess_metadata(pages, pdf.get_metadata_dict(), None, path.name).authors) == count


def test_stated_authors_with_the_family_name_first_are_given_as_printed() -> None:
    byline = Text(100, 120, 11, "Ann Maple^{1}, Zhen Ai^{1}, Tom Birch^{2}")
    first = page(big(80, "The Growth of River Signals"), byline, Text(60, 150, 10, "Abstract", True))
    assert guess(first, Author="Maple Ann; Ai Zhen; Birch Tom").authors == ("Ann Maple", "Zhen Ai", "Tom Birch")


def test_a_phrase_used_in_the_paper_is_not_an_author() -> None:
    byline = Text(100, 120, 11, "Ann Maple^{1}, Kite Collection^{2}, Tom Birch^{2}")
    text = Text(60, 170, 10, "each kite of the collection is counted")
    first = page(big(80, "The Growth of River Signals"), byline, Text(60, 150, 10, "Abstract", True), text)
    assert guess(first).authors == ("Ann Maple", "Tom Birch")


def test_a_name_above_the_title_without_other_evidence_is_not_an_author() -> None:
    assert guess(page(Text(420, 40, 12, "Maple Birch"), big(80, "The Growth of River Signals"))).authors == ()


@pytest.mark.parametrize(
    ("citation", "authors"),
    [
        ("Cite this article as: Maple A, Birch T (2015) The Growth of River Signals.", ("Ann Maple", "Tom Birch")),
        ("Cite this article as: Maple et al.: The Growth of River Signals.", ("Ann Maple", "Tom Birch", "Olive Sedge")),
    ],
)
def test_a_name_missing_from_the_paper_s_own_citation_is_not_an_author(citation: str, authors: tuple[str, ...]) -> None:
    byline = Text(100, 120, 11, "Ann Maple^{1}, Tom Birch^{2}, Olive Sedge^{3}")
    first = page(big(80, "The Growth of River Signals"), byline, Text(60, 150, 10, "Abstract", True))
    assert guess(first, page(Text(60, 700, 8, citation), number=2)).authors == authors


def test_a_name_between_the_stated_authors_is_not_an_author() -> None:
    byline = Text(100, 120, 11, "Windy Sedge^{1}, Ann Maple^{1}, Tom Birch^{2}, Olive Moss^{2}")
    first = page(big(80, "The Growth of River Signals"), byline, Text(60, 150, 10, "Abstract", True))
    assert guess(first, Author="Ann Maple; Tom Birch").authors == ("Ann Maple", "Tom Birch", "Olive Moss")


def test_a_lone_stated_name_that_is_not_on_the_page_is_ignored() -> None:
    first = page(big(80, "The Growth of River Signals"), Text(60, 150, 10, "Abstract", True))
    assert guess(first, Author="Ann Maple").authors == ()
