"""The title: which source wins with what certainty, and how its lines are joined."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.first_pages import (
    ACL,
    ELSEVIER,
    FIGURE,
    ICLR,
    MDPI,
    NEURIPS,
    WORD,
)
from helpers.papers import CASES
from helpers.pdf_files import body
from helpers.pdf_lines import Text, big, guess, lines, page

from rag.reading.pdf.lines import PageLines
from rag.reading.pdf.metadata import guess_metadata
from rag.reading.pdf.reader import read_pdf


@pytest.mark.parametrize(
    ("first", "facts", "file_name", "title", "certainty"),
    [
        pytest.param(WORD, {"Title": "Do otters mind kites?  Interviews with river wardens"}, "a.pdf",
                     "Do otters mind kites? Interviews with river wardens", 0.97, id="agreeing"),
        pytest.param(ICLR, {"Title": "OtterNet: Counting Otters from Kites with Rivers of Data"},
                     "a.pdf", "OtterNet: Counting Otters from Kites with Rivers of Data", 0.97, id="capitals"),
        pytest.param(ACL, {"Title": "OtterEval: Guidelines for Counting Otters in Long-term Kitebased Studies"},
                     "a.pdf", "OtterEval: Guidelines for Counting Otters in Long-term Kitebased Studies", 0.97,
                     id="hyphen"),
        pytest.param(page(big(90, "E\ufffdcient Kites for O\ufffdter Counts")),
                     {"Title": "Efficient Kites for Otter Counts"}, "a.pdf", "Efficient Kites for Otter Counts", 0.93,
                     id="damaged"),
        pytest.param(page(big(90, "Ecient Kites for Oter Counts")), {"Title": "Efficient Kites for Otter Counts"},
                     "a.pdf", "Efficient Kites for Otter Counts", 0.93, id="letters-lost"),
        pytest.param(NEURIPS, {"Title": "Formatting Instructions For Authors"}, "a.pdf",
                     "Learning to Count Otters without Kites", 0.7, id="another-paper-s"),
        pytest.param(NEURIPS, {"Title": "Microsoft Word - final_v3.docx"}, "a.pdf",
                     "Learning to Count Otters without Kites", 0.8, id="print-job"),
        pytest.param(ELSEVIER, {"Title": "Journal of Windy Ecology"}, "a.pdf",
                     "Kites do not disturb otters: Evidence from three river deltas", 0.8, id="journal"),
        pytest.param(MDPI, {}, "Fern et al. - 2022 - Counting Otters by Kite in Brai.pdf",
                     "Counting Otters by Kite in Braided Rivers", 0.93, id="cut-off-file-name"),
        pytest.param(FIGURE, {"Title": "Parts of an Otter Kite"}, "a.pdf",
                     "Parts of an Otter Kite", 0.6, id="only-stated"),
        pytest.param(FIGURE, {}, "Fern - 2020 - Parts of a Kite.pdf", "Parts of a Kite", 0.35, id="only-zotero-s"),
        pytest.param(FIGURE, {"Title": "kite.dvi"}, "my_otter-kite.pdf", "my otter kite", 0.3, id="only-file-name"),
        pytest.param(FIGURE, {"Title": "untitled"}, "fig.pdf", "fig", 0.3, id="nothing"),
    ],
)  # fmt: skip
def test_sources_that_agree_give_the_title_and_its_certainty(
    first: PageLines, facts: dict[str, str], file_name: str, title: str, certainty: float
) -> None:
    found = guess(first, file_name=file_name, **facts)
    assert (found.title, dict(found.certainty)["title"]) == (title, certainty)


@pytest.mark.parametrize(
    ("line", "whole", "title"),
    [
        ("Counting ot-", "Otters are otters.", "Counting otters with kites"),
        ("Counting by-", "Otters are counted.", "Counting by-ters with kites"),
    ],
)
def test_a_hyphenated_word_is_joined_if_the_paper_has_it(line: str, whole: str, title: str) -> None:
    assert guess(page(big(90, line), big(110, "ters with kites"), Text(60, 400, 10, whole))).title == title


def test_capitals_in_two_sizes_are_one_word() -> None:
    line = next(lines(big(90, "L ONG E VAL: A GUIDE TO OTTERS")))
    small = np.array([letter.isupper() and at not in (0, 6, 12, 15, 21) for at, letter in enumerate(line.text)])
    line.boxes[small, 1] += 4
    first = page()
    assert guess_metadata([PageLines(1, None, 600, 800, (line, *first.lines))], {}, None, "a.pdf").title == (
        "LONG EVAL: A GUIDE TO OTTERS"
    )


@pytest.mark.parametrize(("size", "step"), [(12, 28), (14, 30), (16, 36), (18, 40), (24, 50)])
@pytest.mark.parametrize(
    "title",
    [
        ["A Perspective on the Counting of Otters", "with Small Kites"],
        ["On Counting the Otters", "Of Three Rivers"],
        ["Otters in the Great Flood:", "Counting from the Air", "A Field Study in Three Parts"],
    ],
)
def test_a_double_spaced_title_is_complete(size: float, step: float, title: list[str]) -> None:
    rows = [Text(100, 60 + step * at, size, line, True) for at, line in enumerate(title)]
    foot = 60 + step * len(title)
    names = [Text(100, foot, 11, "Ann Maple and Tom Birch"), Text(100, foot + 15, 11, "University of Meadow")]
    found = guess(page(*rows, *names, Text(100, foot + 40, 11, "Abstract", True), start=foot + 60))
    assert (found.title, found.authors) == (" ".join(title), ("Ann Maple", "Tom Birch"))


def test_a_pdf_with_a_double_spaced_title_has_the_whole_title() -> None:
    document = read_pdf(CASES / "13-double-spaced-title" / "title_12_28.pdf")
    assert document.title == "A Perspective on the Counting of Otters with Small Kites"
    assert document.authors == ("Ann Maple", "Tom Birch", "Cy Alder")
    assert not body(document).startswith("with Small Kites")


@pytest.mark.parametrize(
    ("second", "title"),
    [
        pytest.param(
            Text(60, 102, 17, "and direct counts"), "Otters of the Delta and direct counts", id="other weight"
        ),
        pytest.param(
            Text(60, 102, 17, "and direct counts [v2; ref status: indexed, http://example.org/4fj]"),
            "Otters of the Delta and direct counts",
            id="a status behind it",
        ),
        pytest.param(Text(60, 102, 17, "Iris Fern and Rowan Ash"), "Otters of the Delta", id="the authors"),
    ],
)
def test_a_title_continues_in_a_line_of_another_weight(second: Text, title: str) -> None:
    first = page(big(80, "Otters of the Delta", left=60, bold=True), second, Text(60, 180, 10, "Abstract", True))
    assert guess(first).title == title


def test_the_last_line_of_a_title_may_be_a_word_for_a_kind_of_paper() -> None:
    lines = [big(80, "Kites and the otters of the delta:", left=60), Text(60, 102, 17, "systematic review")]
    first = page(Text(60, 50, 10, "REVIEW"), *lines, Text(60, 180, 10, "Abstract", True))
    assert guess(first).title == "Kites and the otters of the delta: systematic review"


def test_a_small_word_in_a_title_read_by_ocr_is_not_a_mark() -> None:
    first = page(big(80, "Otters and kites of the ^{Delta}"), Text(60, 180, 10, "Abstract", True))
    recognised = replace(first, lines=tuple(replace(line, font="") for line in first.lines))
    assert guess(recognised).title == "Otters and kites of the Delta"


def test_a_title_with_unread_letters_is_uncertain() -> None:
    found = guess(page(big(80, "Ot\ufffders of the D\ufffdlta and kites"), Text(60, 180, 10, "Abstract", True)))
    assert dict(found.certainty)["title"] < 0.5
