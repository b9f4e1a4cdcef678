"""Cover sheets of repositories, archives and publishers are skipped, and the paper after them is read."""

from __future__ import annotations

import pytest
from helpers.papers import CASES
from helpers.pdf_lines import FILLER, Text, big, guess, page

from rag.reading.pdf.cover_sheets import count_covers
from rag.reading.pdf.lines import PageLines
from rag.reading.pdf.reader import read_pdf

INNER = page(
    big(80, "Otters and the Wind"),
    Text(100, 110, 11, "Iris Fern and Rowan Ash"),
    Text(100, 150, 11, "Abstract", True),
    number=2,
    start=170,
)


def sheet(*texts: str) -> PageLines:
    return page(*(Text(60, 60 + 24 * at, 16 if at == 0 else 9, text) for at, text in enumerate(texts)), start=1000)


@pytest.mark.parametrize(
    "texts",
    [
        pytest.param(["The Delta community has made this article openly available.", "Citation   Fern, I. (2019)",
                      "Version   Accepted Manuscript"], id="openly available"),
        pytest.param(["Otters and the Wind", "Author(s): Iris Fern", "Source: Windy Rivers, Vol. 3 (1999), pp. 1-9",
                      "Stable URL: https://archive.example/stable/1", "Your use of the JSTOR archive indicates that"],
                     id="jstor"),
        pytest.param(["Otters and the Wind", "Iris Fern, Rowan Ash", "To cite this version:",
                      "HAL is a multi-disciplinary open access", "archive for the deposit of documents"], id="hal"),
        pytest.param(["Windy Rivers", "ISSN: 1234-5678 (Print)", "Otters and the Wind", "Iris Fern & Rowan Ash",
                      "To cite this article: Iris Fern & Rowan Ash (2019)", "To link to this article:",
                      "Submit your article to this journal", "View related articles", "Article views: 12"],
                     id="publisher"),
        pytest.param(["This is a repository copy of Otters and the Wind.", "Delta Research Online URL for this paper:",
                      "Version: Accepted Version", "Article:"], id="repository copy"),
        pytest.param(["University Works", "Otters and the Wind", "Permalink", "Journal", "Author", "Publication Date",
                      "Peer reviewed", "License"], id="labels alone"),
        pytest.param(["Otters and the Wind", "Subjects: Rivers (q-bio.RV)", "Cite as: arXiv:1901.00001",
                      "Submission history", "Comments: 12 pages"], id="listing"),
        pytest.param(["© 2019 IEEE. Personal use of this material is permitted.", "Permission must be obtained."],
                     id="copyright notice"),
    ],
)  # fmt: skip
def test_title_and_authors_come_from_the_page_after_a_cover(texts: list[str]) -> None:
    found = guess(sheet(*texts), INNER)
    assert (found.title, found.authors, found.title_page) == ("Otters and the Wind", ("Iris Fern", "Rowan Ash"), 1)


def test_two_covers_may_precede_a_paper_and_give_its_year() -> None:
    second = sheet("Terms of use:", "Rights:", "Version: 2", "Citation: Fern, I. (2013). Otters and the Wind.", "DOI:")
    first = sheet("This is a repository copy of Otters and the Wind.", "Downloaded on 3 March 2020")
    found = guess(first, second, INNER)
    assert (found.title, found.title_page, found.year) == ("Otters and the Wind", 2, 2013)


NOTICE = Text(60, 740, 7, "Personal use of this material is permitted. Downloaded from an archive on behalf of")


@pytest.mark.parametrize(
    "first",
    [
        pytest.param(page(big(80, "Otters and the Wind"), Text(100, 120, 11, "Abstract", True), NOTICE), id="abstract"),
        pytest.param(page(big(80, "Otters and the Wind"), NOTICE, start=110), id="letter"),
        pytest.param(
            page(big(80, "Wind and Water"), Text(60, 200, 12, "PhD Thesis"), Text(60, 230, 12, "Department of Kites"),
                 Text(60, 250, 12, "by Iris Fern"), start=1000),
            id="thesis",
        ),
    ],
)  # fmt: skip
def test_the_first_page_of_a_paper_is_not_a_cover(first: PageLines) -> None:
    following = page(Text(60, 60, 10, FILLER), start=80, number=2)
    assert count_covers([first, following]) == 0
    assert count_covers([first]) == 0


@pytest.mark.parametrize(
    ("name", "title", "year"),
    [
        ("copyright", "Herons below a Notice", 2012),
        ("dspace", "Herons behind a Labelled Cover", 2011),
        ("p15_cover", "Cover Sheets and the Otter", 2013),
    ],
)
def test_the_notices_of_a_cover_are_not_in_the_text(name: str, title: str, year: int) -> None:
    document = read_pdf(CASES / "14-cover-pages" / f"{name}.pdf")
    assert (document.title, document.authors, document.year) == (title, ("Ann Maple", "Tom Birch"), year)
    assert {span.number for span in document.pages} == {2}
    assert document.notes == ("page 1 is a cover sheet and not searched",)
