"""Title, authors, year and DOI from first pages in the layouts of more journals."""

from __future__ import annotations

import pytest
from helpers.journal_pages import LAYOUTS, TITLE
from helpers.pdf_lines import guess


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_journal_s_first_page_gives_title_authors_year_and_doi(name: str) -> None:
    layout = LAYOUTS[name]
    found = guess(*layout.pages)
    assert (found.title, found.authors, found.year, found.doi) == (TITLE, layout.authors, layout.year, layout.doi)
