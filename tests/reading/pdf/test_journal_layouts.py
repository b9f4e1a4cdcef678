"""Title, authors, year and DOI from first pages in the layouts of more journals."""

from __future__ import annotations

import pytest
from helpers.journal_pages import AUTHORS_BESIDE_ABSTRACT, LAYOUTS, TITLE
from helpers.pdf_lines import guess


@pytest.mark.parametrize("name", LAYOUTS)
def test_a_journal_s_first_page_has_title_authors_year_and_doi(name: str) -> None:
    layout = LAYOUTS[name]
    found = guess(*layout.pages)
    assert (found.title, found.authors, found.year, found.doi) == (TITLE, layout.authors, layout.year, layout.doi)


def test_text_beside_the_authors_is_not_part_of_the_byline() -> None:
    lines = [AUTHORS_BESIDE_ABSTRACT.lines[at].text for at in guess(AUTHORS_BESIDE_ABSTRACT).author_lines]
    assert "Iris Fern1" in lines
    assert not any(line.startswith("Abstract") for line in lines)
