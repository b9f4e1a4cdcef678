"""Lines: spaces, accents, and pieces of one line."""

from __future__ import annotations

from pathlib import Path

from helpers.pdf_files import HEIGHT, LEFT, body, make_pdf, paragraphs, read, sections, title_page, write
from reportlab.pdfgen.canvas import Canvas

from rag.reading.formats import read_file


def test_gaps_between_words_become_spaces(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        at = 0.0
        for word in ("No", "space", "is", "written", "between", "these", "words"):
            write(canvas, [word], LEFT + at, 400)
            at += canvas.stringWidth(word, "Helvetica", 10) + 2.8
        at = 0.0
        for letters, size in (("L", 14.0), ("ONG", 11.0), ("R", 14.0), ("IVERS", 11.0)):
            write(canvas, [letters], LEFT + at, 300, size)
            at += canvas.stringWidth(letters, "Helvetica", size) + 0.7

        write(canvas, ["They run to the sea."], LEFT, 270)

    document = read(tmp_path, make_pdf(draw))
    assert "No space is written between these words" in body(document)
    assert sections(document)[-1] == ("body", "LONGRIVERS", "They run to the sea.")


def test_an_accent_drawn_separately_is_composed_with_its_letter(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["The ri\u00b4os are named here and"], LEFT, 400)
        write(canvas, ["Fa"], LEFT, 300)
        width = canvas.stringWidth("F", "Helvetica", 10)
        write(canvas, ["\u00a8"], LEFT + width + 1, 300)
        write(canvas, ["rber"], LEFT + canvas.stringWidth("Fa", "Helvetica", 10), 300)

    assert "Färber" in body(read(tmp_path, make_pdf(draw)))


def test_every_character_has_its_box(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf(title_page))
    (paper,) = read_file(path, "a.pdf").papers
    assert paper.boxes is not None
    assert paper.boxes.shape == (len(paper.text), 4)
    assert [(p.number, p.start) for p in paper.pages] == [(1, 0), (1, len(paper.title) + 2)]
    for word, left, base in (("Counting", 130, 740), ("River", LEFT, 640)):
        x0, top, x1, bottom = paper.boxes[paper.text.index(word)] / 10
        assert abs(x0 - left) < 2
        assert x0 < x1
        assert top < HEIGHT - base < bottom + 1


def test_parts_of_a_formula_are_in_their_line(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["We call an otter near if its share of all tracks found on"], LEFT, 400)
        write(canvas, ["the two banks and"], LEFT, 388)
        write(canvas, ["meets"], LEFT + 86, 394, 6)  # a word over an arrow
        write(canvas, ["==> it in one of the two weeks of"], LEFT + 84, 388)
        write(canvas, ["count where n stands for the otters that were seen."], LEFT, 376)

    assert paragraphs(read(tmp_path, make_pdf(draw)))[1] == (
        "We call an otter near if its share of all tracks found on the two banks and meets ==> it in one of "
        "the two weeks of count where n stands for the otters that were seen."
    )


def test_overlapping_pieces_of_a_line_are_merged(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["Otters of one bank meet b and c"], LEFT, 400)
        write(
            canvas,
            ["c, then they go on upstream."],
            LEFT + canvas.stringWidth("Otters of one bank meet b and ") - 2,
            400,
        )
        write(canvas, ["After that nobody sees them for the rest of all the day."], LEFT, 388)

    text = paragraphs(read(tmp_path, make_pdf(draw)))[1]
    assert text.endswith("then they go on upstream. After that nobody sees them for the rest of all the day.")
