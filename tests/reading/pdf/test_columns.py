"""Reading order: columns, pages with mirrored margins, and text that spans columns."""

from __future__ import annotations

from pathlib import Path

from helpers.growth import growth
from helpers.pdf_files import LEFT, PROSE, RIGHT, body, make_pdf, read, wrapped, write
from helpers.pdf_lines import Text, lines
from reportlab.pdfgen.canvas import Canvas

from rag.reading.pdf.blocks import find_blocks
from rag.reading.pdf.columns import measure
from rag.reading.pdf.lines import PageLines


def test_columns_are_read_in_turn_and_a_paragraph_continues_in_the_next(tmp_path: Path) -> None:
    words = wrapped(PROSE)

    def draw(canvas: Canvas) -> None:
        write(canvas, ["Counting Otters by Their Tracks"], 130, 740, 20, "Helvetica-Bold")
        write(canvas, words[4:], RIGHT, 640)  # drawn first, read last
        write(canvas, words[:4], LEFT, 640)

    document = read(tmp_path, make_pdf(draw))
    assert document.title == "Counting Otters by Their Tracks"
    assert body(document) == PROSE


def columned(canvas: Canvas, lefts: list[int], text: str, start: int = 700) -> None:
    rows = wrapped(text, 34)
    each = -(-len(rows) // len(lefts))
    for at, left in enumerate(lefts):
        write(canvas, rows[at * each : (at + 1) * each], left, start)


def test_columns_are_separate_on_pages_with_mirrored_margins(tmp_path: Path) -> None:
    """The gutter is as narrow as a wide gap between words."""
    text = " ".join([PROSE] * 4)

    def odd(canvas: Canvas) -> None:
        write(canvas, ["Counting Otters by Their Tracks"], 130, 760, 20, "Helvetica-Bold")
        columned(canvas, [60, 238, 416], text)

    def even(canvas: Canvas) -> None:
        columned(canvas, [47, 225, 403], text)

    document = read(tmp_path, make_pdf(odd, even, odd, even))
    assert body(document).count(PROSE) == 16


def test_centred_text_above_a_heading_comes_before_it(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        write(canvas, ["Counting Otters by Their Tracks"], 130, 740, 20, "Helvetica-Bold")
        write(canvas, ["Alder Birch and Cedar Elm"], 230, 710, 12)
        write(canvas, ["Abstract"], LEFT, 680, 12, "Helvetica-Bold")
        write(canvas, wrapped(PROSE, 90), LEFT, 660)
        write(canvas, ["B = c + d"], 280, 590)
        write(canvas, ["2 Methods"], LEFT, 560, 12, "Helvetica-Bold")
        write(canvas, wrapped(PROSE, 90), LEFT, 540)

    assert body(read(tmp_path, make_pdf(draw))).endswith(f"{PROSE}\n\nB = c + d\n\n{PROSE}")


def test_columns_of_a_single_page_are_read_in_turn(tmp_path: Path) -> None:
    """The other pages have one column, and the gutter is as narrow as a wide gap between words."""

    def first(canvas: Canvas) -> None:
        write(canvas, ["Counting Otters by Their Tracks"], 130, 760, 20, "Helvetica-Bold")
        for at in range(6):
            write(canvas, wrapped(PROSE, 90), LEFT, 700 - 80 * at)

    def last(canvas: Canvas) -> None:
        write(canvas, wrapped(PROSE, 90), LEFT, 700)
        for at, row in enumerate(wrapped(PROSE, 44)[:10]):  # row by row, as in a scan
            write(canvas, [row.replace("the", "that")], LEFT, 500 - 12 * at)
            write(canvas, [wrapped(PROSE.upper(), 30)[at]], 300, 500 - 12 * at)

    text = body(read(tmp_path, make_pdf(first, first, last)))
    assert " ".join(wrapped(PROSE, 44)[:10]).replace("the", "that") in text
    assert " ".join(wrapped(PROSE.upper(), 30)[:10]) in text


def test_a_page_of_many_short_lines_is_ordered_in_linear_time() -> None:
    places = [(at * 37 % 580, at * 53 % 780) for at in range(4000)]
    short = tuple(one for x, y in places for one in lines(Text(x, y, 4, "x 1")))

    def order(count: int) -> None:
        page = PageLines(1, None, 600, 800, short[:count])
        assert len(find_blocks(page, measure([page]))) > count / 8

    assert growth(order, 1000) < 8


def test_columns_that_end_above_references_in_columns_are_read_before_them(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        write(canvas, ["Counting Otters by Their Tracks"], 130, 760, 20, "Helvetica-Bold")
        rows = wrapped(PROSE)
        write(canvas, rows[:5], LEFT, 640)
        write(canvas, rows[5:], RIGHT, 640)
        write(canvas, ["References"], LEFT, 520, 8.5, "Helvetica-Bold")
        write(
            canvas, ["1. Alder A: Of kites and otters. J Rivers 2001,", "7:12-19.", "2. Birch B: Of sand"], LEFT, 500, 7
        )
        write(
            canvas,
            ["and floods. J Rivers 2004, 10:1-9.", "3. Cedar C: Bridges. J Rivers 1999,", "5:4-7."],
            RIGHT,
            500,
            7,
        )

    text = body(read(tmp_path, make_pdf(draw)))
    assert text.startswith(PROSE)
    assert text.index("Alder") < text.index("Cedar")
