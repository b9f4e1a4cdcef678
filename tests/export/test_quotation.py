"""Quotations to paste: the words with authors, year and page."""

from __future__ import annotations

import pytest
from helpers.cited import ADA, BO, citation

from rag import Citation, quotation


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
