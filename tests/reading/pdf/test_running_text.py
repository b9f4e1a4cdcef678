"""Where paragraphs and sentences of a PDF end: numbers at line starts, marks of notes, research questions."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.pdf_files import LEFT, PROSE, Draw, body, make_pdf, paragraphs, read, title_page, wrapped, write
from reportlab.pdfgen.canvas import Canvas

from rag.ingest.sentences import split_sentences


def last_paragraphs(folder: Path, lines: list[str]) -> list[str]:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, lines, LEFT, 400)

    return paragraphs(read(folder, make_pdf(draw)))[1:]


@pytest.mark.parametrize(
    "lines",
    [
        ["The groups of the second river were seen with a batch size of", "32. Each epoch took ten days and nights."],
        ["All of the otters that we met on the bank are listed in Table", "2. They swim at night and sleep by day."],
        ["Each of the kites was flown over all of the three rivers for", "10. After that it was mended by a warden."],
    ],
)
def test_a_number_at_a_line_s_start_ends_the_sentence_before(tmp_path: Path, lines: list[str]) -> None:
    assert last_paragraphs(tmp_path, lines) == [" ".join(lines)]


def test_the_items_of_a_list_and_research_questions_stand_for_themselves(tmp_path: Path) -> None:
    lines = [
        "We ask two things of the wardens:",
        "1. How many otters live here in the year",
        "2. Do they mind the kites",
    ]
    assert last_paragraphs(tmp_path, lines) == lines
    lines = ["RQ1 How many otters live in the river", "RQ2 Do they mind the kites above them", "H1: They do not."]
    assert last_paragraphs(tmp_path, lines) == lines


def raised(canvas: Canvas, before: str, mark: str, after: str) -> None:
    write(canvas, [before], LEFT, 400)
    x = LEFT + canvas.stringWidth(before, "Helvetica", 10)
    write(canvas, [mark], x, 404, 6.5)
    write(canvas, [after], x + canvas.stringWidth(mark, "Helvetica", 6.5), 400)


@pytest.mark.parametrize(
    ("before", "mark", "after", "text"),
    [
        ("The kites had the best performance.", "13", " One of the otters swam on.",
         "The kites had the best performance.[13] One of the otters swam on."),
        ("The kites of the wardens", "4", " count all of the otters at dawn.",
         "The kites of the wardens[4] count all of the otters at dawn."),
        ("Others had seen the same before,", "1,2", " on another river in spring.",
         "Others had seen the same before,[1,2] on another river in spring."),
        ("The banks that we saw cover 5 km", "2", " of the valley floor in all.",
         "The banks that we saw cover 5 km2 of the valley floor in all."),
        ("All of them weigh 10", "3", " grams in the end, as we know.",
         "All of them weigh 103 grams in the end, as we know."),
        ("The share was put to R", "2", " in each of the three rivers.",
         "The share was put to R2 in each of the three rivers."),
    ],
)  # fmt: skip
def test_the_mark_of_a_note_does_not_stick_to_a_word(
    tmp_path: Path, before: str, mark: str, after: str, text: str
) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        raised(canvas, before, mark, after)

    document = read(tmp_path, make_pdf(draw))
    assert paragraphs(document)[1] == text
    assert document.boxes is not None
    assert len(document.boxes) == len(document.text)


@pytest.mark.parametrize(
    "sentences",
    [
        ["The best performance.[13]", "One swam on."],
        ["A note ends here.†", "Another begins."],
        ["水獭在夏天游泳。", "「它们不怕风筝。」", "我们数了三条河！"],
        ["川を泳ぐ．", "岸で眠る．"],
        ["هل تسبح؟", "نعم."],
        ["नदी चौड़ी है।", "वह तैरता है।"],
    ],
)
def test_sentences_end_in_other_scripts_and_before_marks_of_notes(sentences: list[str]) -> None:
    for between in ("", " ") if not sentences[0].isascii() and "。" in sentences[0] else (" ",):
        text = between.join(sentences)
        assert [text[start:end] for start, end in split_sentences(text)] == sentences


def columned(canvas: Canvas, lefts: list[int], text: str, start: int = 700) -> None:
    rows = wrapped(text, 34)
    each = -(-len(rows) // len(lefts))
    for at, left in enumerate(lefts):
        write(canvas, rows[at * each : (at + 1) * each], left, start)


def test_columns_stay_apart_on_pages_with_mirrored_margins(tmp_path: Path) -> None:
    """The gutter is as narrow as a wide gap between words, and the edges of odd pages are not those of even ones."""
    text = " ".join([PROSE] * 4)

    def odd(canvas: Canvas) -> None:
        write(canvas, ["Counting Otters by Their Tracks"], 130, 760, 20, "Helvetica-Bold")
        columned(canvas, [60, 238, 416], text)

    def even(canvas: Canvas) -> None:
        columned(canvas, [47, 225, 403], text)

    document = read(tmp_path, make_pdf(odd, even, odd, even))
    assert body(document).count(PROSE) == 16


def rotated(number: int) -> str:
    """The words of the prose from another one on, so that no line is on two pages."""
    words = PROSE.split()
    return " ".join(words[7 * number :] + words[: 7 * number])


def test_page_numbers_beside_the_text_and_a_foot_in_two_forms_are_left_out(tmp_path: Path) -> None:
    def page(number: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            if number == 1:
                write(canvas, ["Counting Otters by Their Tracks"], 130, 740, 20, "Helvetica-Bold")
            write(canvas, [str(number)], 560, 772, 9)
            write(canvas, wrapped(rotated(number), 90), LEFT, 778 if number > 1 else 600)
            write(canvas, ["Rivers |", "(2021) 1:7 |"][number % 2 :][:1], LEFT, 30, 8)
            write(canvas, ["https://doi.org/10.1/x" if number % 2 else "| https://doi.org/10.1/x"], 300, 30, 8)

        return draw

    document = read(tmp_path, make_pdf(*map(page, range(1, 7))))
    assert sorted(body(document).split()) == sorted(PROSE.split() * 6)


@pytest.mark.parametrize(
    "note", ["© 2021 The Authors. Published under a licence that lets all share it.", "doi:10.1371/otters.0000001.g001"]
)
def test_imprint_and_labels_of_figures_stand_in_no_sentence(tmp_path: Path, note: str) -> None:
    rows = wrapped(PROSE, 90)

    def first(canvas: Canvas) -> None:
        write(canvas, ["Counting Otters by Their Tracks"], 130, 740, 20, "Helvetica-Bold")
        write(canvas, rows[:3], LEFT, 400)
        write(canvas, [note], LEFT, 300)

    document = read(tmp_path, make_pdf(first, lambda canvas: write(canvas, rows[3:], LEFT, 700)))
    assert paragraphs(document) == [PROSE, note]
    assert document.sections[-1].kind == "footnote"
