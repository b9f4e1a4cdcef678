"""Line numbers of manuscripts are removed; numbers of lists, tables and sentences stay."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from helpers.pdf_lines import FILLER, Text, lines

from rag.reading.pdf.line_numbers import remove_line_numbers
from rag.reading.pdf.lines import PageLines

ROWS = 30


def prose(row: int) -> str:
    words = FILLER.split()
    return " ".join(words[row % 7 :] + words[: row % 7])


def page_of(rows: list[Text], number: int = 1) -> PageLines:
    return PageLines(number, None, 600, 800, tuple(line for row in rows for line in lines(row)))


def text_of(pages: list[PageLines]) -> list[str]:
    return [line.text for page in pages for line in page.lines]


def glued(row: int, top: float) -> list[Text]:
    """Return a number so close to its line that both are read as one."""
    return [Text(60 - 5 * len(str(row)), top, 10, f"{row} {prose(row)}")]


def apart(row: int, top: float) -> list[Text]:
    return [Text(40 - 3 * len(str(row)), top, 6, str(row)), Text(60, top, 10, prose(row))]


def every_fifth(row: int, top: float) -> list[Text]:
    return [*([Text(40, top, 8, str(row))] if row % 5 == 0 else []), Text(60, top, 10, prose(row))]


def both_margins(row: int, top: float) -> list[Text]:
    return [*apart(row, top), Text(500, top, 6, str(row + ROWS))]


def beside_the_rows(row: int, top: float) -> list[Text]:
    """Return a ruler, whose numbers are not at the height of the text lines."""
    return [Text(30, 1.07 * top - 20, 8, f"{row:03}"), Text(60, top, 10, prose(row))]


@pytest.mark.parametrize("margin", [glued, apart, every_fifth, both_margins, beside_the_rows])
def test_line_numbers_are_removed_and_the_words_of_their_lines_stay(
    margin: Callable[[int, float], list[Text]],
) -> None:
    pages = [
        page_of(
            [
                Text(60, 60, 14, "2 Counting from a kite"),
                *(s for at in range(ROWS) for s in margin(first + at, 90 + 20.0 * at)),
            ],
            first // ROWS + 1,
        )
        for first in (1, ROWS + 1, 2 * ROWS + 1)
    ]
    pages.append(page_of([s for at in range(3) for s in margin(3 * ROWS + 1 + at, 90 + 20.0 * at)], 4))
    out = text_of(remove_line_numbers(pages))
    assert out == [
        *(
            text
            for n in range(3)
            for text in ("2 Counting from a kite", *(prose(n * ROWS + at + 1) for at in range(ROWS)))
        ),
        *(prose(3 * ROWS + 1 + at) for at in range(3)),
    ]


def numbered_list(at: int, top: float) -> list[Text]:
    """Return items of three lines each, whose numbers have no full stop."""
    number = [Text(48, top, 10, str(at // 3 + 1))] if at % 3 == 0 else []
    return [*number, Text(60, top + at // 3 * 6, 10, prose(at))]


def items_of_two_lines(at: int, top: float) -> list[Text]:
    return [*([Text(48, top, 10, str(at // 2 + 1))] if at % 2 == 0 else []), Text(60, top, 10, prose(at))]


def table_rows(at: int, top: float) -> list[Text]:
    return [Text(60, top, 10, f"{at + 1}      River {at}      {at * 7}      with an otter in it")]


def numbers_in_sentences(at: int, top: float) -> list[Text]:
    return [Text(60, top, 10, f"{at + 20} {prose(at)}" if at % 3 == 0 else prose(at))]


@pytest.mark.parametrize("rows", [numbered_list, items_of_two_lines, table_rows, numbers_in_sentences])
def test_numbers_of_lists_tables_and_sentences_stay(rows: Callable[[int, float], list[Text]]) -> None:
    text = [Text(60, 590 + 12.0 * at, 10, prose(at)) for at in range(10)]
    pages = [page_of([*(s for at in range(40) for s in rows(at, 90 + 12.0 * at)), *text], n) for n in (1, 2)]
    assert text_of(remove_line_numbers(pages)) == text_of(pages)


def test_a_column_of_a_table_that_counts_up_stays() -> None:
    def row(at: int, top: float) -> list[Text]:
        return [
            Text(60, top, 10, f"River {at % 7}"),
            Text(200, top, 10, str(at + 70)),
            Text(300, top, 10, f"{at % 9}.{at % 4}"),
        ]

    above = [Text(60, 60 + 14.0 * at, 10, prose(at)) for at in range(3)]
    page = page_of([*above, *(each for at in range(ROWS) for each in row(at, 120 + 20.0 * at))])
    assert text_of(remove_line_numbers([page])) == text_of([page])
