"""Where paragraphs begin and continue."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.pdf_files import LEFT, PROSE, make_pdf, paragraphs, read, sections, title_page, wrapped, write
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
def test_a_number_at_a_line_s_start_ends_the_previous_sentence(tmp_path: Path, lines: list[str]) -> None:
    assert last_paragraphs(tmp_path, lines) == [" ".join(lines)]


def test_list_items_and_research_questions_are_paragraphs(tmp_path: Path) -> None:
    lines = [
        "We ask two things of the wardens:",
        "1. How many otters live here in the year",
        "2. Do they mind the kites",
    ]
    assert last_paragraphs(tmp_path, lines) == lines
    lines = ["RQ1 How many otters live in the river", "RQ2 Do they mind the kites above them", "H1: They do not."]
    assert last_paragraphs(tmp_path, lines) == lines


def test_captions_and_notes_come_after_a_paragraph_that_continues_on_the_next_page(tmp_path: Path) -> None:
    words = wrapped(PROSE, 90)

    def first(canvas: Canvas) -> None:
        write(canvas, ["Counting Otters by Their Tracks"], 130, 740, 20, "Helvetica-Bold")
        write(canvas, ["1 Methods"], LEFT, 700, 12, "Helvetica-Bold")
        write(canvas, words[:3], LEFT, 670)
        write(canvas, ["1 Two bridges of stone."], LEFT, 60, 7)

    def second(canvas: Canvas) -> None:
        canvas.rect(LEFT, 620, 200, 80, fill=1)
        write(canvas, ["Figure 1: A track in wet sand."], LEFT, 600, 9)
        write(canvas, words[3:], LEFT, 560)

    document = read(tmp_path, make_pdf(first, second))
    assert sections(document) == [
        ("body", "1 Methods", PROSE),
        ("footnote", None, "1 Two bridges of stone."),
        ("caption", "Figure 1", "Figure 1: A track in wet sand."),
    ]
    assert [page.number for page in document.pages] == [1, 1, 2, 1, 2]


@pytest.mark.parametrize(
    ("note", "kind"),
    [
        ("© 2021 The Authors. Published under a licence that lets all share it.", "back_matter"),
        ("doi:10.1371/otters.0000001.g001", "furniture"),
    ],
)
def test_imprints_and_labels_of_figures_do_not_interrupt_a_sentence(tmp_path: Path, note: str, kind: str) -> None:
    rows = wrapped(PROSE, 90)

    def first(canvas: Canvas) -> None:
        write(canvas, ["Counting Otters by Their Tracks"], 130, 740, 20, "Helvetica-Bold")
        write(canvas, rows[:3], LEFT, 400)
        write(canvas, [note], LEFT, 300)

    document = read(tmp_path, make_pdf(first, lambda canvas: write(canvas, rows[3:], LEFT, 700)))
    assert paragraphs(document) == [PROSE, note]
    assert document.sections[-1].kind == kind


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
def test_sentences_end_in_other_scripts_and_before_note_marks(sentences: list[str]) -> None:
    for between in ("", " ") if not sentences[0].isascii() and "。" in sentences[0] else (" ",):
        text = between.join(sentences)
        assert [text[start:end] for start, end in split_sentences(text)] == sentences
