"""Running heads, page numbers, line numbers and stamps are removed."""

from __future__ import annotations

from pathlib import Path

from helpers.pdf_files import LEFT, PROSE, RIGHT, Draw, body, make_pdf, paragraphs, read, title_page, wrapped, write
from reportlab.pdfgen.canvas import Canvas


def test_running_heads_and_page_numbers_are_removed(tmp_path: Path) -> None:
    def page(number: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            write(canvas, [f"Tracks and Floods, vol. {number}"], 220, 780, 8)
            write(canvas, [str(number)], 300, 20, 8)
            write(canvas, wrapped(PROSE.replace("thirty", f"{number}0"), 90), LEFT, 600)

        return draw

    document = read(tmp_path, make_pdf(title_page, page(2), page(3), page(4)))
    assert "Floods" not in body(document)
    assert paragraphs(document) == [PROSE, *(PROSE.replace("thirty", f"{n}0") for n in (2, 3, 4))]


def test_line_numbers_and_a_stamp_along_the_edge_are_removed(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        for at in range(30):
            write(canvas, [str(at + 1)], 30, 700 - 20 * at, 7)
        canvas.saveState()
        canvas.rotate(90)
        write(canvas, ["otterXiv:2001.00001v1 [q-bio] 1 Jan 2020"], 200, -20, 16)
        canvas.restoreState()

    assert body(read(tmp_path, make_pdf(draw))) == PROSE


def from_word(number: int) -> str:
    """Return the prose from a given word on, so that no two pages share a line."""
    words = PROSE.split()
    return " ".join(words[7 * number :] + words[: 7 * number])


def test_page_numbers_next_to_the_text_and_alternating_feet_are_removed(tmp_path: Path) -> None:
    def page(number: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            if number == 1:
                write(canvas, ["Counting Otters by Their Tracks"], 130, 740, 20, "Helvetica-Bold")
            write(canvas, [str(number)], 560, 772, 9)
            write(canvas, wrapped(from_word(number), 90), LEFT, 778 if number > 1 else 600)
            write(canvas, ["Rivers |", "(2021) 1:7 |"][number % 2 :][:1], LEFT, 30, 8)
            write(canvas, ["https://doi.org/10.1/x" if number % 2 else "| https://doi.org/10.1/x"], 300, 30, 8)

        return draw

    document = read(tmp_path, make_pdf(*map(page, range(1, 7))))
    assert sorted(body(document).split()) == sorted(PROSE.split() * 6)


def test_a_number_at_the_foot_of_a_column_and_a_line_that_two_pages_share_by_chance_stay(tmp_path: Path) -> None:
    """The foot of a table ends above the last line of the column beside it, and paragraphs end alike."""

    def page(number: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            if number == 1:
                write(canvas, ["Counting Otters by Their Tracks"], 130, 740, 20, "Helvetica-Bold")
            write(canvas, [str(number + 40)], 560, 780, 9)
            rows = wrapped(from_word(number), 44)
            write(canvas, [*rows, "in the end."], LEFT, 40 + 12 * len(rows))
            write(canvas, ["Total", "630"], RIGHT, 74)

        return draw

    text = body(read(tmp_path, make_pdf(*map(page, range(1, 5)))))
    assert [text.count(word) for word in ("630", "in the end.")] == [4, 4]


def test_a_head_unique_to_one_page_is_removed_where_other_pages_have_heads(tmp_path: Path) -> None:
    heads = ["", "Alder and Birch", "Tracks and Floods", "Alder and Birch", "Appendix of Kites", "Alder and Birch"]

    def page(number: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            if number == 0:
                write(canvas, ["Counting Otters by Their Tracks"], 130, 740, 20, "Helvetica-Bold")
            write(canvas, [heads[number]], LEFT, 770, 8, "Helvetica-Oblique")
            write(canvas, wrapped(from_word(number), 90), LEFT, 700 if number else 600)

        return draw

    document = read(tmp_path, make_pdf(*map(page, range(6))))
    assert sorted(body(document).split()) == sorted(PROSE.split() * 6)


def test_page_numbers_and_heads_inside_wide_margins_are_removed(tmp_path: Path) -> None:
    def page(number: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            if number == 1:
                write(canvas, ["Counting Otters by Their Tracks"], 130, 640, 20, "Helvetica-Bold")
            else:
                write(canvas, ["Alder and Birch" if number % 2 else "Tracks and Floods"], 250, 660, 8)
            write(canvas, [str(number + 11)], 420, 660, 8)
            write(canvas, wrapped(from_word(number), 60), 150, 600)

        return draw

    document = read(tmp_path, make_pdf(*map(page, range(1, 7))))
    assert sorted(body(document).split()) == sorted(PROSE.split() * 6)


def test_rows_of_a_table_that_fill_pages_to_the_edge_stay(tmp_path: Path) -> None:
    def page(number: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            for row in range(48):
                for column in range(6):
                    write(
                        canvas,
                        [f"v{number}x{row}y{column}" if column else f"otter {row}"],
                        40 + 80 * column,
                        775 - 15 * row,
                        8,
                    )

        return draw

    text = read(tmp_path, make_pdf(title_page, page(1), page(2))).text
    assert text.count("otter") - PROSE.count("otter") == 2 * 48
    assert all(f"v{page}x{row}y{column}" in text for page in (1, 2) for row in range(48) for column in range(1, 6))
