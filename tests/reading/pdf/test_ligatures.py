"""Ligatures that a font does not map to letters."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers.papers import CASES
from helpers.pdf_files import body
from helpers.pdf_lines import Text, lines

from rag.reading.pdf.ligatures import restore_ligatures
from rag.reading.pdf.lines import PageLines
from rag.reading.pdf.reader import read_pdf
from rag.text.cleaning import UNREAD


def unread(text: str, narrow: float = 0.5) -> PageLines:
    """Return a one-line page in which each `?` is an unread character with a width of `narrow` times its size."""
    (line,) = lines(Text(60, 100, 10, text.replace("?", UNREAD)))
    boxes = line.boxes.copy()
    for at, letter in enumerate(line.text):
        if letter == UNREAD:
            boxes[at, 2] = boxes[at, 0] + 10 * narrow
    return PageLines(1, None, 600, 800, (replace(line, boxes=boxes),))


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
def test_ligatures_are_restored_from_the_word(text: str, width: float, restored: str) -> None:
    repaired = restore_ligatures([unread(text, width)])
    (line,) = repaired.pages[0].lines
    assert (line.text, repaired.restored, repaired.unread) == (restored, text.count("?"), 0)
    assert len(line.boxes) == len(line.text)


def test_the_same_word_elsewhere_decides_about_a_ligature() -> None:
    (whole,) = lines(Text(60, 300, 10, "a zufling swims"))
    (page,) = [unread("the zu?ing")]
    both = PageLines(1, None, 600, 800, (*page.lines, whole))
    assert restore_ligatures([both]).pages[0].lines[0].text == "the zufling"


def test_characters_that_cannot_be_guessed_are_counted() -> None:
    repaired = restore_ligatures([unread("the ??? of wo?d and ? more", 0.2)])
    assert repaired.pages[0].lines[0].text == "the ??? of wo?d and ? more".replace("?", UNREAD)
    assert (repaired.restored, repaired.unread) == (0, 5)


@pytest.mark.parametrize(("text", "kept"), [("? the otters swim", " the otters swim"), ("??", "")])
def test_unread_bullets_and_ornaments_are_removed(text: str, kept: str) -> None:
    repaired = restore_ligatures([unread(text, 0.2)])
    assert "".join(line.text for line in repaired.pages[0].lines) == kept
    assert repaired.unread == 0


@pytest.mark.parametrize("formula", ["d?PQ + 1", "tk?1 and", "L = maxn d?P, o?2", "f+ ?j", "i=1 ?M", "m2 ?! m1"])
def test_an_unread_character_of_a_formula_is_not_a_ligature(formula: str) -> None:
    repaired = restore_ligatures([unread(formula, 0.55)])
    assert repaired.restored == 0
    assert repaired.pages[0].lines[0].text == formula.replace("?", UNREAD)


def test_restored_ligatures_are_noted() -> None:
    document = read_pdf(CASES / "15-letters-dropped" / "q05_nul.pdf")
    assert document.title == "The Office of Broken Ligatures"
    assert "The first official flight of the kite was difficult and influenced the field for twenty years." in body(
        document
    )
    assert document.notes == ("the file does not say what 7 ligatures (fi, fl, ff) are: guessed from the words",)
    assert document.boxes is not None
    assert len(document.boxes) == len(document.text)
