"""Where paragraphs and sentences of a PDF end: numbers at line starts, marks of notes, research questions."""

from __future__ import annotations

from pathlib import Path

import pytest
from reportlab.pdfgen.canvas import Canvas
from test_pdf import LEFT, make_pdf, paragraphs, read, title_page, write

from rag.sentences import split_sentences


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
    assert len(document.boxes) == len(document.body)


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
