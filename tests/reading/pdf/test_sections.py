"""Headings, and the sections that they begin."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.papers import CASES
from helpers.pdf_files import LEFT, PROSE, body, make_pdf, read, sections, title_page, wrapped, write
from reportlab.pdfgen.canvas import Canvas

from rag.reading.pdf.headings import section_kind
from rag.reading.pdf.reader import read_pdf


def test_a_heading_may_have_two_lines(tmp_path: Path) -> None:
    head = ["3.1 Whether counts by night agree", "with those that were taken by day anew"]

    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, head, LEFT, 500, 10, "Helvetica-Bold")
        write(canvas, wrapped(PROSE), LEFT, 476)

    assert sections(read(tmp_path, make_pdf(draw)))[-1] == ("body", " ".join(head), PROSE)


ENTRIES = [
    "Alder, A. and B. Birch (2011). Tracks in wet sand. Journal of Shores 4(2), pp. 11-19. doi:10.1/x",
    "Cedar, C. (2014). Floods and what they wash away. In Proc. of Rivers, pp. 3-9. Stone Press Ltd.",
    "Elm, E., F. Fir and G. Gorse (2017). Counting by night. Journal of Dusk 9(1), pp. 100-121.",
    "Hazel, H. (2019). A map of all brooks. Journal of Maps 2(2), pp. 1-30. https://maps.example/brooks",
]


@pytest.mark.parametrize("heading", ["References", "6 BIBLIOGRAPHY", "What we read"])
def test_sections_have_titles_and_kinds(tmp_path: Path, heading: str) -> None:
    def draw(canvas: Canvas) -> None:
        write(canvas, ["Counting Otters by Their Tracks"], 130, 760, 20, "Helvetica-Bold")
        y = 720
        for title, text in [("Abstract", PROSE), ("1 Introduction", PROSE), ("Acknowledgments", "We thank the mill.")]:
            write(canvas, [title], LEFT, y, 12, "Helvetica-Bold")
            write(canvas, wrapped(text, 90), LEFT, y - 22)
            y -= 100
        write(canvas, [heading], LEFT, y, 12, "Helvetica-Bold")
        for at, entry in enumerate(ENTRIES):
            first, second = wrapped(entry, 70)
            write(canvas, [first], LEFT, y - 22 - 28 * at)
            write(canvas, [second], LEFT + 15, y - 34 - 28 * at)
        write(canvas, ["A Maps"], LEFT, 120, 12, "Helvetica-Bold")
        write(canvas, ["The maps are drawn by hand."], LEFT, 100)

    document = read(tmp_path, make_pdf(draw))
    assert sections(document) == [
        ("abstract", "Abstract", PROSE),
        ("body", "1 Introduction", PROSE),
        ("back_matter", "Acknowledgments", "We thank the mill."),
        ("references", heading, "\n\n".join(ENTRIES)),
        ("appendix", "A Maps", "The maps are drawn by hand."),
    ]


@pytest.mark.parametrize(
    ("heading", "kind"),
    [("1.1 Contributions", "body"), ("Author Contributions", "back_matter"), ("7. REFERENCES", "references")],
)
def test_the_heading_of_a_pdf_section_determines_its_kind(heading: str, kind: str) -> None:
    assert section_kind(heading, after_references=False) == kind


def test_labelled_parts_before_the_introduction_are_an_abstract(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        write(canvas, ["Counting Otters by Their Tracks"], 130, 760, 20, "Helvetica-Bold")
        y = 720
        for title in ("Background", "Methods", "Results", "Introduction", "Methods"):
            write(canvas, [title], LEFT, y, 12, "Helvetica-Bold")
            write(canvas, wrapped(PROSE, 90), LEFT, y - 22)
            y -= 100

    kinds = [(kind, title) for kind, title, _ in sections(read(tmp_path, make_pdf(draw)))]
    assert [each for each in kinds if each[0] != "furniture"] == [
        *(("abstract", title) for title in ("Background", "Methods", "Results")),
        ("body", "Introduction"),
        ("body", "Methods"),
    ]


@pytest.mark.parametrize("name", ["p26_bold", "q03_els"])
def test_a_letterspaced_heading_begins_the_abstract(name: str) -> None:
    document = read_pdf(CASES / "27-spaced-heading" / f"{name}.pdf")
    abstract = [document.text[s.start : s.end] for s in document.sections if s.kind == "abstract"]
    assert len(abstract) == 1
    assert abstract[0].startswith(("Twice drawn words say", "Kites counted ninety-four otters"))
    assert "A B S T R A C T" not in body(document)
    assert "Introduction" in (document.sections[-1].title or "")


def test_letterspaced_headings_of_sections_are_headings(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["I N T R O D U C T I O N"], LEFT, 560, 11, "Helvetica-Bold")
        write(canvas, ["They run to the sea at night and nobody sees them."], LEFT, 540)

    last = read(tmp_path, make_pdf(draw)).sections[-1]
    assert (last.title, last.kind) == ("INTRODUCTION", "body")


def test_a_run_in_heading_is_not_part_of_the_sentence(tmp_path: Path) -> None:
    first, rest = "Two groups walked the banks at dawn and at dusk, and", f"neither knew of the other. {PROSE}"

    def run_in(canvas: Canvas, head: str, y: float, font: str) -> None:
        canvas.setFont(font, 10)
        canvas.drawString(LEFT, y, head)
        text = canvas.beginText(LEFT + canvas.stringWidth(f"{head} ", font, 10), y)
        text.setFont("Helvetica", 10)
        text.textLine(first)
        canvas.drawText(text)
        write(canvas, wrapped(rest, 80), LEFT, y - 12)

    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["2 Methods"], LEFT, 560, 12, "Helvetica-Bold")
        run_in(canvas, "Study area.", 530, "Helvetica-Oblique")
        run_in(canvas, "Days of counting", 430, "Helvetica-Bold")
        run_in(canvas, "Funding.", 330, "Helvetica-Oblique")
        run_in(canvas, "Otter:", 230, "Helvetica-Oblique")

    text = f"{first} {rest}"
    assert sections(read(tmp_path, make_pdf(draw)))[1:] == [
        ("body", "Study area", text),
        ("body", "Days of counting", text),
        ("back_matter", "Funding", text),
        ("body", "Days of counting", f"Otter: {text}"),
    ]


def test_a_lone_line_in_another_typeface_above_text_is_a_heading(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["1 Introduction"], LEFT, 560, 12, "Helvetica-Bold")
        write(canvas, ["The bank of the river"], LEFT, 530, 10, "Times-Italic")
        write(canvas, wrapped(PROSE, 90), LEFT, 516)
        write(canvas, ["Reed beds"], LEFT, 420, 10, "Times-Italic")

    kinds = [(kind, title) for kind, title, _ in sections(read(tmp_path, make_pdf(draw)))]
    assert kinds[-2:] == [("body", "The bank of the river"), ("furniture", None)]


def test_headings_of_two_sizes_are_two_headings(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["Methods and Places"], LEFT, 500, 13, "Helvetica-Bold")
        write(canvas, ["Choice of the Rivers"], LEFT, 486, 11, "Helvetica-Bold")
        write(canvas, wrapped(PROSE), LEFT, 470)

    assert sections(read(tmp_path, make_pdf(draw)))[-1] == ("body", "Choice of the Rivers", PROSE)


def test_code_and_ends_of_sentences_are_not_headings(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["1 Introduction"], LEFT, 560, 12, "Helvetica-Bold")
        for y, line in ((530, "> otters <- count(river)"), (400, "tion of the reeds"), (270, "R> Plot(otters, reeds)")):
            write(canvas, [line], LEFT, y, 10, "Helvetica-Bold")
            write(canvas, wrapped(PROSE, 90), LEFT, y - 20)

    assert {title for _, title, _ in sections(read(tmp_path, make_pdf(draw)))} <= {None, "1 Introduction"}


def test_names_in_bold_do_not_end_the_references(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, wrapped(PROSE, 90), LEFT, 560)
        write(canvas, ["References"], LEFT, 500, 12, "Helvetica-Bold")
        for at, entry in enumerate(ENTRIES):
            write(canvas, [entry.split(" and ")[0].split(" (")[0]], LEFT, 480 - 40 * at, 10, "Helvetica-Bold")
            write(canvas, [entry], LEFT, 466 - 40 * at, 9)
        write(canvas, ["Reed beds by night"], LEFT, 300, 12, "Helvetica-Bold")
        write(canvas, wrapped(PROSE, 90), LEFT, 284)

    kinds = [(kind, title) for kind, title, _ in sections(read(tmp_path, make_pdf(draw)))]
    assert kinds[-2:] == [("references", "References"), ("appendix", "Reed beds by night")]


@pytest.mark.parametrize("label", ["Referee Report 22 January 2015", "Open Peer Review", "Author Response 2 May 2015"])
def test_reviewer_reports_are_not_part_of_the_paper(tmp_path: Path, label: str) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, wrapped(PROSE, 90), LEFT, 560)
        write(canvas, [label], LEFT, 520)
        write(canvas, ["References"], LEFT, 500, 12, "Helvetica-Bold")
        for at, entry in enumerate(ENTRIES):
            write(canvas, [entry], LEFT, 480 - 20 * at, 9)
        write(canvas, [label], LEFT, 380)
        write(canvas, wrapped(PROSE, 90), LEFT, 350)
        write(canvas, ["Otter Institute, University of the Estuary"], LEFT, 290, 12, "Helvetica-Bold")
        write(canvas, wrapped(PROSE, 90), LEFT, 270)

    kinds = [kind for kind, _, _ in sections(read(tmp_path, make_pdf(draw)))]
    after = kinds[kinds.index("references") + 1 :]
    assert after
    assert set(after) == {"furniture"}
    assert "body" in kinds


def test_a_label_is_furniture_on_the_first_page_but_not_later(tmp_path: Path) -> None:
    label = "Otters = Reeds + Floods + Mud (Dawn)"

    def first(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["Letters From the Bank, Second Series"], 200, 420)
        write(canvas, wrapped(PROSE, 90), LEFT, 330)
        write(canvas, ["1 Introduction"], LEFT, 560, 12, "Helvetica-Bold")
        write(canvas, wrapped(PROSE, 90), LEFT, 530)

    def second(canvas: Canvas) -> None:
        for y in (700, 500):
            write(canvas, wrapped(PROSE, 90), LEFT, y)
        write(canvas, [label], 200, 590)

    found = sections(read(tmp_path, make_pdf(first, second)))
    assert found[-1][:2] == ("body", "1 Introduction")
    assert label in found[-1][2]
    assert not any("Second Series" in text for kind, _, text in found if kind == "body")
