"""Metadata is taken from pasted BibTeX."""

from __future__ import annotations

import pytest

from rag import bibtex_fields
from rag.errors import QuestionError, SourceError

ENTRY = """
@inproceedings{brook2019,
  title = {Otters of the {K}ite: \\"Uber Rivers},
  author = {Brook, Eva van and Tom Hill},
  year = 2019, booktitle = {Proceedings of TIDE}, doi = {10.1234/otter}
}
@article{other, title = {Another}, year = 2001}
"""


def test_the_first_entry_gives_the_fields_of_a_correction() -> None:
    assert bibtex_fields(ENTRY) == {
        "title": "Otters of the Kite: Über Rivers",
        "citekey": "brook2019",
        "authors": ["Eva van Brook", "Tom Hill"],
        "year": 2019,
        "venue": "Proceedings of TIDE",
        "doi": "10.1234/otter",
    }


@pytest.mark.parametrize("text", ["", "   ", "no entry", "@article{x, year = 2001}", "@article{", "\ud800"])
def test_a_text_without_an_entry_is_an_error(text: str) -> None:
    with pytest.raises(SourceError, match="no BibTeX entry with a title"):
        bibtex_fields(text)


def test_a_text_that_is_too_long_is_an_error() -> None:
    with pytest.raises(QuestionError, match="20,001 characters"):
        bibtex_fields("x" * 20_001)
