"""Letters to words: spaced headings, scripts from right to left and without blanks, ligatures without letters."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from helpers.papers import CASES
from helpers.pdf_files import LEFT, body, make_pdf, read, title_page, write
from helpers.pdf_lines import Set, lines
from reportlab.pdfgen.canvas import Canvas

from rag.reading.pdf.glyphs import UNREAD
from rag.reading.pdf.hyphenation import join_lines
from rag.reading.pdf.ligatures import restore_ligatures
from rag.reading.pdf.lines import PageLines
from rag.reading.pdf.reader import read_pdf
from rag.reading.pdf.scripts import close_spaced_heading, reading_order


def placed(text: str, wide: Sequence[int] = ()) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Each character ten points wide, the blanks at `wide` thirty, from left to right."""
    widths = [30 if at in wide else 10 for at in range(len(text))]
    edges = np.cumsum([0, *widths]).tolist()
    return [(letter, (edges[at], 0.0, edges[at + 1], 10.0)) for at, letter in enumerate(text)]


def shown(parts: Sequence[tuple[str, tuple[float, float, float, float]]]) -> str:
    return "".join(text for text, _ in parts)


@pytest.mark.parametrize(
    ("text", "wide", "heading"),
    [
        ("A B S T R A C T", [], "ABSTRACT"),
        ("A b s t r a c t", [], "Abstract"),
        ("1 . I N T R O D U C T I O N", [], "1 . INTRODUCTION"),
        ("A R T I C L E I N F O", [13], "ARTICLE INFO"),
        ("R E F E R E N C E S", [], "REFERENCES"),
        ("Z U S A M M E N F A S S U N G", [], "ZUSAMMENFASSUNG"),
        ("A B C D E F", [], "A B C D E F"),
        ("a b c d e f g", [], "a b c d e f g"),
        ("x y z", [], "x y z"),
        ("I saw a cat", [], "I saw a cat"),
        ("1 2 3 4 5 6", [], "1 2 3 4 5 6"),
        ("A + B = C", [], "A + B = C"),
    ],
)
def test_a_heading_of_letters_apart_is_a_word_and_other_single_letters_are_not(
    text: str, wide: list[int], heading: str
) -> None:
    assert shown(close_spaced_heading(placed(text, wide))) == heading


@pytest.mark.parametrize("name", ["p26_bold", "q03_els"])
def test_a_spaced_heading_begins_the_abstract(name: str) -> None:
    document = read_pdf(CASES / "27-spaced-heading" / f"{name}.pdf")
    abstract = [document.text[s.start : s.end] for s in document.sections if s.kind == "abstract"]
    assert len(abstract) == 1
    assert abstract[0].startswith(("Twice drawn words say", "Kites counted ninety-four otters"))
    assert "A B S T R A C T" not in body(document)
    assert "Introduction" in (document.sections[-1].title or "")


def test_spaced_headings_of_sections_are_headings(tmp_path: Path) -> None:
    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        write(canvas, ["I N T R O D U C T I O N"], LEFT, 560, 11, "Helvetica-Bold")
        write(canvas, ["They run to the sea at night and nobody sees them."], LEFT, 540)

    last = read(tmp_path, make_pdf(draw)).sections[-1]
    assert (last.title, last.kind) == ("INTRODUCTION", "body")


@pytest.mark.parametrize(
    ("visual", "logical"),
    [
        ("םולש", "שלום"),
        ("2024 תנשב 94", "94 בשנת 2024"),
        ("3.5 לש בוקעמ םע GPS unit תרזעב", "בעזרת GPS unit עם מעקוב של 3.5"),
        ("the word םולש means peace", "the word שלום means peace"),
        ("ةفيحص", "صحيفة"),
        ("דבלב 5.5% האיגשה", "השגיאה 5.5% בלבד"),
        ("%5.5 طقف", "فقط 5.5%"),
        ("(תורטול) ספירה"[::-1].replace("(", "<").replace(")", "(").replace("<", ")"), "(תורטול) ספירה"),
        ("plain words 12", "plain words 12"),
    ],
)
def test_right_to_left_text_is_in_the_order_in_which_it_is_read(visual: str, logical: str) -> None:
    parts = reading_order(placed(visual))
    assert shown(parts) == logical
    assert sorted(box for _, box in parts) == [box for _, box in placed(visual)]


def test_a_hebrew_pdf_reads_in_logical_order_without_authors() -> None:
    document = read_pdf(CASES / "12-rtl" / "p08_he.pdf")
    assert document.title == "ספירת לוטרות מעפיפונים"
    assert document.authors == ()
    assert body(document).startswith("המצלמה על העפיפון ספרה תשעים וארבע לוטרות בשלושה נהרות")
    assert document.boxes is not None
    assert len(document.boxes) == len(document.text)


def test_a_line_drawn_from_right_to_left_in_pieces_is_one_line(tmp_path: Path) -> None:
    """Each word is drawn for itself, the rightmost first, with a number, a Latin word and brackets among them."""
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.ttfonts import TTFont

    font = Path("/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf")
    if not font.exists():
        pytest.skip("the font DejaVu Sans is not installed")
    pdfmetrics.registerFont(TTFont("Hebrew", font))
    words = "המצלמה על העפיפון ספרה 94 לוטרות בשלושה נהרות (בשנת 2019) והשגיאה הייתה 5.5% בלבד".split()
    shown = {"(בשנת": "תנשב)", "2019)": "(2019"}

    def draw(canvas: Canvas) -> None:
        title_page(canvas)
        x = 540.0
        canvas.setFont("Hebrew", 10)
        for word in words:
            visual = shown.get(word, word if word[0].isascii() else word[::-1])
            x -= canvas.stringWidth(visual, "Hebrew", 10)
            canvas.drawString(x, 400, visual)
            x -= 3.2

    assert body(read(tmp_path, make_pdf(draw))).endswith(" ".join(words))


def test_japanese_is_read_and_no_blank_stands_in_its_sentences() -> None:
    document = read_pdf(CASES / "11-no-spaces-script" / "ja.pdf")
    assert document.title == "凧カメラによるカワウソの個体数の推定"
    assert document.authors == ("山田太郎", "川田花子")
    sentence = "カワウソは夏の川をゆっくり泳ぐ。岸の柳がカメラの視界をふさいだ。"
    assert sentence * 12 in body(document)


@pytest.mark.parametrize(
    ("above", "below", "text"),
    [
        ("研究人员在三条河上用风筝数了", "九十四只水獭。", "研究人员在三条河上用风筝数了九十四只水獭。"),
        ("カワウソは夏の川をゆ", "っくり泳ぐ。", "カワウソは夏の川をゆっくり泳ぐ。"),
        ("นักวิจัยนับนากในแม่", "น้ำสามสาย", "นักวิจัยนับนากในแม่น้ำสามสาย"),
        ("수달은 여름에 강을", "건넌다.", "수달은 여름에 강을 건넌다."),
        ("Otters swim", "the river.", "Otters swim the river."),
    ],
)
def test_lines_of_scripts_without_blanks_are_joined_without_one(above: str, below: str, text: str) -> None:
    piece = join_lines([line for row in (above, below) for line in lines(Set(60, 100, 10, row))], Counter())
    assert piece.text == text
    assert len(piece.boxes) == len(text)


def unread(text: str, narrow: float = 0.5) -> PageLines:
    """A page of one line in which each `?` is an unread character, `narrow` times as wide as its size."""
    (line,) = lines(Set(60, 100, 10, text.replace("?", UNREAD)))
    boxes = line.boxes.copy()
    for at, letter in enumerate(line.text):
        if letter == UNREAD:
            boxes[at, 2] = boxes[at, 0] + 10 * narrow
    return PageLines(1, None, 600, 800, (type(line)(**{**_fields(line), "boxes": boxes}),))


def _fields(line: object) -> dict[str, object]:
    return {name: getattr(line, name) for name in line.__slots__}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("text", "width", "restored"),
    [
        ("The ?rst ?eld ?ight in?uenced the ?nal e?ect of a pro?le o?ered by the sta?",
         0.55, "The first field flight influenced the final effect of a profile offered by the staff"),
        ("con?ict re?ects work?ow, classi?ed tradeo?s di?er", 0.55,
         "conflict reflects workflow, classified tradeoffs differ"),
        ("The o?ce is di?cult, e?cient, a?uent and o?ine", 0.85,
         "The office is difficult, efficient, affluent and offline"),
    ],
)  # fmt: skip
def test_ligatures_without_letters_are_restored_from_the_word(text: str, width: float, restored: str) -> None:
    repaired = restore_ligatures([unread(text, width)])
    (line,) = repaired.pages[0].lines
    assert (line.text, repaired.restored, repaired.unread) == (restored, text.count("?"), 0)
    assert len(line.boxes) == len(line.text)


def test_a_word_that_stands_whole_elsewhere_says_which_ligature_it_is() -> None:
    (whole,) = lines(Set(60, 300, 10, "a zufling swims"))
    (page,) = [unread("the zu?ing")]
    both = PageLines(1, None, 600, 800, (*page.lines, whole))
    assert restore_ligatures([both]).pages[0].lines[0].text == "the zufling"


def test_what_cannot_be_guessed_is_counted() -> None:
    repaired = restore_ligatures([unread("the ??? of wo?d and ? more", 0.2)])
    assert repaired.pages[0].lines[0].text == f"the  of wo{UNREAD}d and  more"
    assert (repaired.restored, repaired.unread) == (0, 5)


@pytest.mark.parametrize("formula", ["d?PQ + 1", "tk?1 and", "L = maxn d?P, o?2", "f+ ?j", "i=1 ?M", "m2 ?! m1"])
def test_an_unread_sign_of_a_formula_is_no_ligature(formula: str) -> None:
    repaired = restore_ligatures([unread(formula, 0.55)])
    assert repaired.restored == 0
    assert repaired.pages[0].lines[0].text == formula.replace("?", "")


def test_a_pdf_whose_ligatures_map_to_nothing_is_repaired_and_says_so() -> None:
    document = read_pdf(CASES / "15-letters-dropped" / "q05_nul.pdf")
    assert document.title == "The Office of Broken Ligatures"
    assert "The first official flight of the kite was difficult and influenced the field for twenty years." in body(
        document
    )
    assert document.notes == ("the file does not say what 7 ligatures (fi, fl, ff) are: guessed from the words",)
    assert document.boxes is not None
    assert len(document.boxes) == len(document.text)
