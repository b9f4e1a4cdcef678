"""Sentences are joined across columns and pages, whatever interrupts them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from helpers.growth import growth
from helpers.pdf_lines import Text, lines

from rag.reading.pdf.joining import join_paragraphs
from rag.reading.pdf.paragraphs import Paragraph

FIRST = "The otters of the lower river were counted twice and most of them live near the"
REST = "old bridge, where the water is deep. They leave it in May."


def paragraph(text: str, left: float = 60, top: float = 700, size: float = 10, kind: str = "text") -> Paragraph:
    return Paragraph(kind, [line for at, row in enumerate(text.split("\n")) for line in _set(left, top, size, row, at)])


def _set(left: float, top: float, size: float, text: str, at: int) -> list:
    return [replace(line, base=top + 12 * at + size) for line in lines(Text(left, top + 12 * at, size, text))]


def joined(*paragraphs: Paragraph) -> list[tuple[str, str]]:
    return [
        (each.kind, " ".join(line.text for line in each.lines))
        for each in join_paragraphs([paragraph("1 Counts", top=600, kind="heading"), *paragraphs])
    ][1:]


CELLS = [
    paragraph("Estimate", 520, 60, 8),
    paragraph("0.2\n-0.3\n-0.04", 520, 80, 8),
    paragraph("p < 0.001", 560, 60, 8),
]
LETTERING = [paragraph(text, 520, 60) for text in ("Input", "Wet sand", "1.0")]
BOX = [paragraph("Key points", 520, 60, kind="heading"), paragraph("Kites and rivers are what it deals with.", 520, 80)]
HEAD = [paragraph("Alder and Birch", 520, 40, kind="heading")]
CAPTION = [paragraph("Figure 1: A track in wet sand.", 520, 200, 9, kind="caption")]


def copies(paragraphs: list[Paragraph]) -> list[Paragraph]:
    return [replace(each, lines=[*each.lines]) for each in paragraphs]


@pytest.mark.parametrize(
    "between",
    [CELLS, LETTERING, BOX, [*LETTERING, *CAPTION], HEAD, [*CAPTION, *CELLS]],
    ids=["cells", "lettering", "a box", "a figure", "a head", "a caption and cells"],
)
def test_a_sentence_is_joined_across_an_interruption(between: list[Paragraph]) -> None:
    first, *rest = joined(paragraph(FIRST), *copies(between), paragraph(REST, 520, 300))
    assert first == ("text", f"{FIRST} {REST}")
    assert [text for _, text in rest] == [" ".join(line.text for line in each.lines) for each in between]


def test_the_rest_of_a_sentence_may_be_just_a_citation() -> None:
    rest = "[12]. They leave it."
    assert joined(paragraph(FIRST), *copies(LETTERING), paragraph(rest, 520, 300))[0][1] == f"{FIRST} {rest}"


def test_a_formula_stays_in_its_sentence() -> None:
    formula = paragraph("a = b + c", 200, 725)
    assert joined(paragraph(FIRST), formula, paragraph("where b is the bank.", 60, 750)) == [
        ("text", f"{FIRST} a = b + c where b is the bank.")
    ]


def test_a_heading_whose_text_begins_a_sentence_is_not_a_label() -> None:
    heading, text = paragraph("2 Kites", 520, 60, kind="heading"), paragraph("Kites fly over it at noon.", 520, 90)
    assert [kind for kind, _ in joined(paragraph(FIRST), heading, text)] == ["text", "heading", "text"]
    references = paragraph("References", 520, 60, 8, "heading")
    assert [kind for kind, _ in joined(paragraph(FIRST), references, paragraph(REST, 520, 90))][1] == "heading"


def test_many_paragraphs_are_joined_in_linear_time() -> None:
    one = paragraph("x 1", 520, 60)

    def join(count: int) -> None:
        assert len(joined(paragraph(FIRST), *(replace(one, lines=[*one.lines]) for _ in range(count)))) == 1

    assert growth(join, 1_000) < 8
