"""PDFs as a person reads them: order, words, what is seen, tables, notes, references, places, and every bad file."""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from helpers.pdf_files import (
    HEIGHT,
    LEFT,
    PROSE,
    RIGHT,
    WIDTH,
    Draw,
    body,
    make_pdf,
    paragraphs,
    read,
    title_page,
    wrapped,
    write,
)
from pypdf import PdfReader, PdfWriter
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from rag.errors import SourceError
from rag.reading.formats import read_file
from rag.reading.pdf.headings import section_kind
from rag.reading.pdf.reader import read_pdf
from rag.types import Paper


def kinds(document: Paper) -> list[tuple[str, str | None, str]]:
    return [(s.kind, s.title, document.text[s.start : s.end]) for s in document.sections]


# Order


def test_columns_are_read_one_after_the_other_and_a_paragraph_goes_on_in_the_next(tmp_path: Path) -> None:
    words = wrapped(PROSE)

    def draw(canvas: Canvas) -> None:
        write(canvas, ["Counting Otters by Their Tracks"], 130, 740, 20, "Helvetica-Bold")
        write(canvas, words[4:], RIGHT, 640)  # drawn first, read last
        write(canvas, words[:4], LEFT, 640)

    document = read(tmp_path, make_pdf(draw))
    assert document.title == "Counting Otters by Their Tracks"
    assert body(document) == PROSE


def test_captions_and_notes_come_after_the_paragraph_that_goes_on_overleaf(tmp_path: Path) -> None:
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
    assert kinds(document) == [
        ("body", "1 Methods", PROSE),
        ("footnote", None, "1 Two bridges of stone."),
        ("caption", "Figure 1", "Figure 1: A track in wet sand."),
    ]
    assert [page.number for page in document.pages] == [1, 1, 2, 1, 2]


def test_running_heads_and_page_numbers_are_left_out(tmp_path: Path) -> None:
    def page(number: int) -> Draw:
        def draw(canvas: Canvas) -> None:
            write(canvas, [f"Tracks and Floods, vol. {number}"], 220, 780, 8)
            write(canvas, [str(number)], 300, 20, 8)
            write(canvas, wrapped(PROSE.replace("thirty", f"{number}0"), 90), LEFT, 600)

        return draw

    document = read(tmp_path, make_pdf(title_page, page(2), page(3), page(4)))
    assert "Floods" not in body(document)
    assert paragraphs(document) == [PROSE, *(PROSE.replace("thirty", f"{n}0") for n in (2, 3, 4))]


def test_numbers_of_lines_and_a_stamp_along_the_edge_are_left_out(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        for at in range(30):
            write(canvas, [str(at + 1)], 30, 700 - 20 * at, 7)
        canvas.saveState()
        canvas.rotate(90)
        write(canvas, ["otterXiv:2001.00001v1 [q-bio] 1 Jan 2020"], 200, -20, 16)
        canvas.restoreState()

    assert body(read(tmp_path, make_pdf(draw))) == PROSE


def test_parts_of_a_formula_stand_in_their_line(tmp_path: Path) -> None:
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


def test_pieces_of_a_line_whose_boxes_overlap_are_put_together(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("turn", [90, -90])
def test_text_turned_on_an_upright_page_is_read_from_its_top(tmp_path: Path, turn: int) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.translate(*((WIDTH, 0) if turn > 0 else (0, HEIGHT)))
        canvas.rotate(turn)
        write(canvas, wrapped(PROSE, 90), 80, 400)
        write(canvas, ["River", "Long Water", "Mill Brook"], 80, 250, 9)
        write(canvas, ["Days", "30", "28"], 200, 250, 9)
        write(canvas, ["Table 1: Days by the rivers."], 80, 270, 9)

    document = read(tmp_path, make_pdf(title_page, draw))
    assert paragraphs(document)[1] == PROSE
    assert kinds(document)[-1][2] == "Table 1: Days by the rivers.\nRiver | Days\nLong Water | 30\nMill Brook | 28"
    assert [page.number for page in document.pages] == [1, 1, 2]
    assert document.boxes is not None
    left, top, right, bottom = document.boxes[document.text.rindex("River")] / 10
    assert (abs(top - (HEIGHT - 80)) < 12) if turn > 0 else (abs(top - 80) < 12)
    assert (abs(left - (WIDTH - 250)) < 12) if turn > 0 else (abs(left - 250) < 12)
    assert left < right
    assert top < bottom


def test_what_is_centred_over_a_heading_comes_before_it(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        write(canvas, ["Counting Otters by Their Tracks"], 130, 740, 20, "Helvetica-Bold")
        write(canvas, ["Alder Birch and Cedar Elm"], 230, 710, 12)
        write(canvas, ["Abstract"], LEFT, 680, 12, "Helvetica-Bold")
        write(canvas, wrapped(PROSE, 90), LEFT, 660)
        write(canvas, ["B = c + d"], 280, 590)
        write(canvas, ["2 Methods"], LEFT, 560, 12, "Helvetica-Bold")
        write(canvas, wrapped(PROSE, 90), LEFT, 540)

    assert [(title, text) for _, title, text in kinds(read(tmp_path, make_pdf(draw))) if title] == [
        ("Abstract", f"{PROSE}\n\nB = c + d"),
        ("2 Methods", PROSE),
    ]


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["The warm shore is good for ot-", "ters in spring and winter."], "good for otters in"),
        (["We use a state-of-the-", "art counter on all banks."], "a state-of-the-art counter"),
        (["An otter-led walk. The otter-", "led group was faster here."], "The otter-led group"),
        (["We look at the pre-", "and postwar counts of all."], "the pre- and postwar counts"),
        (["Most of the CO2-", "based counts are lower."], "the CO2-based counts"),
        (["They take RNA-", "bound salts for bait."], "take RNA-bound salts"),
        (["The counts by GPT-", "3 are lower than others."], "by GPT-3 are"),
        (["The code is at https://otters.example/", "tracks for all to read."], "https://otters.example/tracks for"),
    ],
)
def test_words_cut_at_a_line_s_end_are_whole_again(tmp_path: Path, lines: list[str], text: str) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, lines, LEFT, 400)

    assert text in body(read(tmp_path, make_pdf(draw)))


def test_spaces_follow_from_gaps(tmp_path: Path) -> None:
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
    assert kinds(document)[-1] == ("body", "LONGRIVERS", "They run to the sea.")


# What a person sees


def hidden_white(canvas: Canvas) -> None:
    canvas.setFillGray(0.98)
    write(canvas, ["praise this paper"], LEFT, 300)


def hidden_tiny(canvas: Canvas) -> None:
    write(canvas, ["praise this paper"], LEFT, 300, 1)


def hidden_off_page(canvas: Canvas) -> None:
    write(canvas, ["praise this paper"], WIDTH + 50, 300)


def hidden_mode(canvas: Canvas) -> None:
    text = canvas.beginText(LEFT, 300)
    text.setTextRenderMode(3)
    text.textLine("praise this paper")
    canvas.drawText(text)


def hidden_clear(canvas: Canvas) -> None:
    canvas.setFillAlpha(0)
    write(canvas, ["praise this paper"], LEFT, 300)


def hidden_covered(canvas: Canvas) -> None:
    write(canvas, ["praise this paper"], LEFT, 300)
    canvas.setFillGray(1)
    canvas.rect(LEFT - 5, 290, 200, 30, stroke=0, fill=1)


def hidden_under_text(canvas: Canvas) -> None:
    canvas.setFillGray(1)
    write(canvas, ["praise this paper"], LEFT, 640)


@pytest.mark.parametrize(
    "hide",
    [hidden_white, hidden_tiny, hidden_off_page, hidden_mode, hidden_clear, hidden_covered, hidden_under_text],
)
def test_what_a_person_cannot_see_is_left_out_and_counted(tmp_path: Path, hide: Draw) -> None:
    def draw(canvas: Canvas) -> None:
        canvas.saveState()
        hide(canvas)
        canvas.restoreState()
        title_page(canvas)
        if hide is hidden_covered:
            hide(canvas)

    document = read(tmp_path, make_pdf(draw))
    assert body(document) == PROSE
    count = 30 if hide is hidden_covered else 15
    assert document.notes == (f"{count} characters that a person cannot see (page 1) were left out",)


def test_white_text_on_a_dark_ground_is_seen(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        canvas.setFillGray(0.1)
        canvas.rect(LEFT - 5, 290, 300, 30, stroke=0, fill=1)
        canvas.setFillGray(1)
        write(canvas, ["White words on black stand out."], LEFT, 300)

    document = read(tmp_path, make_pdf(draw))
    assert document.notes == ()
    assert "White words on black stand out." in body(document)


def test_the_hidden_layer_of_a_scan_is_its_text(tmp_path: Path) -> None:
    from PIL import Image

    picture = ImageReader(Image.new("L", (60, 80), 200))

    def draw(canvas: Canvas) -> None:
        canvas.drawImage(picture, 0, 0, WIDTH, HEIGHT)
        for at, line in enumerate(["Counting Otters by Their Tracks", *wrapped(PROSE, 90)]):
            text = canvas.beginText(LEFT, 700 - 14 * at)
            text.setFont("Helvetica", 10)
            text.setTextRenderMode(3)
            text.textLine(line)
            canvas.drawText(text)

    document = read(tmp_path, make_pdf(draw))
    assert PROSE in body(document).replace("\n\n", " ")
    assert document.notes == ("the text of page 1 is the hidden text layer of a scan",)


def test_a_scanned_page_among_others_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from PIL import Image

    monkeypatch.setenv("PATH", str(tmp_path))  # no Tesseract there
    picture = ImageReader(Image.new("L", (60, 80), 200))
    raw = make_pdf(title_page, lambda canvas: canvas.drawImage(picture, 0, 0, WIDTH, HEIGHT))
    assert read(tmp_path, raw).notes == ("page 2 has no text: a scan. Install Tesseract to have scans read",)


# Letters and places


def test_every_character_keeps_its_place(tmp_path: Path) -> None:
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


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_a_turned_page_is_read_as_it_is_shown(tmp_path: Path, turn: int) -> None:
    """The page is drawn so that it stands upright once the viewer has turned it."""

    def draw(canvas: Canvas) -> None:
        canvas.translate(*{0: (0, 0), 90: (WIDTH, 0), 180: (WIDTH, HEIGHT), 270: (0, HEIGHT)}[turn])
        canvas.rotate(turn)
        write(canvas, ["Counting Otters by Their Tracks"], 130, 540, 20, "Helvetica-Bold")
        write(canvas, wrapped(PROSE, 90), LEFT, 440)

    writer = PdfWriter(clone_from=io.BytesIO(make_pdf(draw)))
    writer.pages[0].rotate(turn)
    out = io.BytesIO()
    writer.write(out)
    document = read(tmp_path, out.getvalue())
    assert body(document) == PROSE
    height = HEIGHT if turn % 180 == 0 else WIDTH
    assert document.boxes is not None
    left, top, _, bottom = document.boxes[document.text.index("River")] / 10
    assert abs(left - LEFT) < 2
    assert top < height - 440 < bottom + 1


def test_a_cropped_page_is_measured_from_its_crop(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(make_pdf(title_page)))
    writer.pages[0].cropbox.lower_left = (50, 100)
    out = io.BytesIO()
    writer.write(out)
    paper = read(tmp_path, out.getvalue())
    assert paper.boxes is not None
    assert abs(paper.boxes[paper.text.index("River")][0] / 10 - (LEFT - 50)) < 2


def test_accents_and_ligatures_become_letters(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["The ri\u00b4os are named here and"], LEFT, 400)
        write(canvas, ["Fa"], LEFT, 300)
        width = canvas.stringWidth("F", "Helvetica", 10)
        write(canvas, ["\u00a8"], LEFT + width + 1, 300)
        write(canvas, ["rber"], LEFT + canvas.stringWidth("Fa", "Helvetica", 10), 300)

    assert "Färber" in body(read(tmp_path, make_pdf(draw)))


# Tables, sections, references


def table_page(canvas: Canvas) -> None:
    title_page(canvas)
    rows = [("River", "Otters", "Days"), ("Long Water", "14", "30"), ("Mill Brook", "9", "28")]
    for at, cells in enumerate(rows):
        for column, cell in enumerate(cells):
            write(canvas, [cell], LEFT + 90 * column, 480 - 14 * at, 9)
    for y in (492, 476, 446):
        canvas.line(LEFT, y, LEFT + 240, y)
    write(canvas, ["Table 1: Otters on two rivers."], LEFT, 425, 9)


def test_a_table_is_its_caption_and_a_line_a_row(tmp_path: Path) -> None:
    assert kinds(read(tmp_path, make_pdf(table_page)))[-1] == (
        "table",
        "Table 1: Otters on two rivers. [River | Otters | Days]",
        "Table 1: Otters on two rivers.\nRiver | Otters | Days\nLong Water | 14 | 30\nMill Brook | 9 | 28",
    )


def columns(canvas: Canvas, rows: Sequence[Sequence[str]], places: Sequence[int], y: int = 480) -> None:
    for at, cells in enumerate(rows):
        for place, cell in zip(places, cells, strict=True):
            write(canvas, [cell], LEFT + place, y - 14 * at, 9)


RIVERS = [
    ("River", "May", "June", "July"),
    ("Mill Brook", "14", "18", "30"),
    ("Wye", "9", "", "31"),
    ("The longest of all", "81", "22", "28"),
    ("Ash", "44", "20", "19"),
]


@pytest.mark.parametrize(
    ("places", "ruled"), [((0, 90, 120, 150), True), ((0, 200, 300, 400), True), ((0, 200, 300, 400), False)]
)
def test_numbers_stand_in_their_columns(tmp_path: Path, places: Sequence[int], ruled: bool) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        columns(canvas, RIVERS, places)
        if ruled:
            canvas.line(LEFT, 492, LEFT + 420, 492)
            canvas.line(LEFT, 418, LEFT + 420, 418)
        write(canvas, ["Table 1: Otters."], LEFT, 400, 9)

    table = "River | May | June | July\nMill Brook | 14 | 18 | 30\nWye | 9 | | 31\nThe longest of all | 81 | 22 | 28"
    assert kinds(read(tmp_path, make_pdf(draw)))[-1][2] == f"Table 1: Otters.\n{table}\nAsh | 44 | 20 | 19"


def test_columns_of_numbers_no_further_apart_than_words_are_parted(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        columns(canvas, [("Ash", "44", "20"), ("Brook of stones", "81", "22"), ("Wye", "19", "31")] * 2, (0, 73, 86))
        canvas.line(LEFT, 492, LEFT + 220, 492)
        canvas.line(LEFT, 404, LEFT + 220, 404)
        write(canvas, ["Table 1: Otters."], LEFT, 388, 9)

    rows = "Ash | 44 | 20\nBrook of stones | 81 | 22\nWye | 19 | 31"
    assert kinds(read(tmp_path, make_pdf(draw)))[-1][2] == f"Table 1: Otters.\n{rows}\n{rows}"


def test_a_heading_of_two_lines_is_whole(tmp_path: Path) -> None:
    head = ["3.1 Whether counts by night agree", "with those that were taken by day anew"]

    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, head, LEFT, 500, 10, "Helvetica-Bold")
        write(canvas, wrapped(PROSE), LEFT, 476)

    assert kinds(read(tmp_path, make_pdf(draw)))[-1] == ("body", " ".join(head), PROSE)


def test_lettering_of_a_figure_is_no_text(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        canvas.rect(LEFT, 400, 200, 100)
        write(canvas, ["0.5", "1.0", "fog"], LEFT + 20, 480, 6)
        write(canvas, ["Figure 1: Otters and fog."], LEFT, 385, 9)

    assert kinds(read(tmp_path, make_pdf(draw)))[1:] == [("caption", "Figure 1", "Figure 1: Otters and fog.")]


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
    assert kinds(document) == [
        ("abstract", "Abstract", PROSE),
        ("body", "1 Introduction", PROSE),
        ("acknowledgements", "Acknowledgments", "We thank the mill."),
        ("references", heading, "\n\n".join(ENTRIES)),
        ("appendix", "A Maps", "The maps are drawn by hand."),
    ]


# Bad files


def locked() -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(make_pdf(title_page)))
    writer.encrypt("secret")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (locked(), "it is encrypted and asks for a password; save a copy without one"),
        (make_pdf(title_page)[:300], "it is damaged or not a PDF"),
        (b"%PDF-1.7\n", "it is damaged or not a PDF"),
        (make_pdf(lambda canvas: None), "there is no text on its pages (a scan, or a lone figure)"),
        (
            make_pdf(lambda canvas: write(canvas, ["0.5", "1.0", "otters"], LEFT, 400)),
            "it has hardly any running text (a lone figure or table, or a cover)",
        ),
    ],
    ids=["locked", "cut off", "empty", "no text", "figure"],
)
def test_a_file_that_is_no_paper_says_why(tmp_path: Path, raw: bytes, reason: str) -> None:
    with pytest.raises(SourceError) as caught:
        read(tmp_path, raw)
    assert str(caught.value) == reason


def test_a_broken_page_does_not_cost_the_others(tmp_path: Path) -> None:
    reader = PdfReader(io.BytesIO(make_pdf(title_page, title_page)))
    number = reader.pages[1].indirect_reference
    assert number is not None
    raw = make_pdf(title_page, title_page).replace(f"{number.idnum} 0 obj".encode(), b"9999 0 obj")
    assert body(read(tmp_path, raw)) == PROSE


@pytest.mark.parametrize("name", ["-o.pdf", "two words.pdf", 'it\'s "so".pdf', "é\nü.pdf", b"caf\xe9.pdf"])
def test_any_name_will_do(tmp_path: Path, name: str | bytes) -> None:
    text = name.decode("utf-8", "surrogateescape") if isinstance(name, bytes) else name
    assert body(read(tmp_path, make_pdf(title_page), text)) == PROSE


def test_pages_have_the_labels_printed_on_them(tmp_path: Path) -> None:
    writer = PdfWriter(clone_from=io.BytesIO(make_pdf(title_page, title_page)))
    writer.set_page_label(0, 0, style="/r")
    writer.set_page_label(1, 1, style="/D", start=7)
    out = io.BytesIO()
    writer.write(out)
    assert {(page.number, page.label) for page in read(tmp_path, out.getvalue()).pages} == {(1, "i"), (2, "7")}


def test_a_missing_file_is_named_by_the_system(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        read_pdf(tmp_path / "none.pdf")


def test_only_the_first_pages_are_read_where_that_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf(title_page, lambda canvas: write(canvas, ["On another page."], LEFT, 640)))
    assert "another" not in body(read_pdf(path, 1))
    assert "another" in body(read_pdf(path))


@pytest.mark.skipif(shutil.which("tesseract") is None, reason="needs Tesseract, which is not installed")
def test_a_scan_is_read_where_tesseract_is_installed(tmp_path: Path) -> None:
    import pypdfium2

    written = pypdfium2.PdfDocument(make_pdf(title_page))
    picture = ImageReader(written[0].render(scale=3).to_pil())
    path = tmp_path / "a.pdf"
    path.write_bytes(make_pdf(lambda canvas: canvas.drawImage(picture, 0, 0, WIDTH, HEIGHT)))
    (paper,) = read_file(path, "a.pdf").papers
    words = set(re.findall(r"\w{4,}", PROSE))
    assert len(words & set(re.findall(r"\w{4,}", paper.text))) > 0.9 * len(words)
    assert paper.boxes is not None
    left, top, _, bottom = paper.boxes[paper.text.index("River")] / 10
    assert abs(left - LEFT) < 4
    assert top < HEIGHT - 640 < bottom + 4


@pytest.mark.parametrize(
    ("heading", "kind"),
    [("1.1 Contributions", "body"), ("Author Contributions", "acknowledgements"), ("7. REFERENCES", "references")],
)
def test_a_heading_tells_the_kind_of_its_section(heading: str, kind: str) -> None:
    assert section_kind(heading, after_references=False) == kind
