"""Quotations to paste: the words with authors, year and page."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.cited import ADA, BO, citation

from rag import Citation, pages_text, quotation, short_references


@pytest.mark.parametrize(
    ("cited", "wanted"),
    [
        (citation("Most {\\em otters}\nare seen [12]."), "“Most otters are seen.” (Brook et al., 2001, p. iii)"),
        (citation(authors=(ADA, BO), page_label=None), "“Most are seen.” (Brook and van der Reed, 2001, p. 3)"),
        (citation(authors=(), year=None, page=None, page_label=None), "“Most are seen.” (Counting Otters from Kites)"),
        (citation(authors=("The ATLAS Team",), page=None, page_label=None), "“Most are seen.” (The ATLAS Team, 2001)"),
    ],
)
def test_a_quotation_names_authors_year_and_page(cited: Citation, wanted: str) -> None:
    assert quotation(cited) == wanted


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("Kites [3, 5, 8], and rafts [12], see most [1].", "Kites, and rafts, see most."),
        ("As shown in [12], x lies in [0, 1], and we try k in [1, 5, 10].", None),
        ("[12] shows a[1] on a scale [1, 5].", None),
    ],
)
def test_only_detached_reference_marks_are_removed_from_a_quotation(words: str, wanted: str | None) -> None:
    assert quotation(citation(words)).startswith(f"“{wanted or words}” ")


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"authors": (ADA, BO, "Cy Lee")}, "Brook et al. 2001"),
        ({"authors": (ADA, BO)}, "Brook and van der Reed 2001"),
        ({"authors": (ADA,), "year": None}, "Brook"),
        ({"authors": (), "title": "KITES: Counting from Above"}, "KITES 2001"),
        ({"authors": (), "year": None, "title": ": From Above"}, ": From Above"),
        (
            {"authors": (), "year": None, "title": "How otters that live beside cold rivers are counted from kites"},
            "How otters that live beside cold rivers are …",
        ),
    ],
)
def test_a_short_reference_names_authors_and_year_or_a_short_title(more: dict[str, Any], wanted: str) -> None:
    cited = citation(**more)
    assert short_references([cited, cited]) == {cited.paper_id: wanted}


def test_identical_short_references_are_distinguished() -> None:
    cited = [
        citation(authors=(ADA,), paper_id="a", title="Kites: A Study"),
        citation(authors=(ADA,), paper_id="b", title="Rafts"),
        citation(authors=(), paper_id="c", title="Summary", year=None, source="one.pdf"),
        citation(authors=(), paper_id="d", title="Summary", year=None, source="two.pdf"),
    ]
    assert list(short_references(cited).values()) == [
        "Brook 2001, Kites", "Brook 2001, Rafts", "Summary, one.pdf", "Summary, two.pdf",
    ]  # fmt: skip


def test_each_page_is_named_once() -> None:
    places = [citation(page=6, page_label=None), citation(page=9, page_label=None), citation(page=6, page_label=None)]
    assert [pages_text(places[:1]), pages_text(places), pages_text([citation(page=None)])] == ["p. 6", "pp. 6, 9", ""]
