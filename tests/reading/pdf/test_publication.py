"""DOIs and arXiv ids of the paper, not of the works that it cites."""

from __future__ import annotations

import pytest
from helpers.pdf_lines import Set, big, guess, page


def test_identifiers_cited_in_the_text_are_not_the_paper_s() -> None:
    cited = [Set(60, 300, 10, "We follow arXiv:1906.01234 and https://doi.org/10.5555/other.1 in all of this.")]
    cited += [
        Set(60, 312, 10, "The data are at https://doi.org/10.5281/zenodo.1234 and were seen (Moss et al., 1999).")
    ]
    first = page(big(90, "Counting Otters from Kites over the Delta"), Set(90, 180, 10, "Abstract"), *cited)
    assert guess(first) == guess(
        page(big(90, "Counting Otters from Kites over the Delta"), Set(90, 180, 10, "Abstract"))
    )


OTTER_PAGE = (big(90, "Counting Otters from Kites over the Delta"), Set(90, 180, 10, "Abstract"))


OWN, OTHER = "10.5555/otters.7", "10.5555/other.1"


@pytest.mark.parametrize(
    ("first", "second", "facts", "doi", "certainty"),
    [
        pytest.param((), (f"Moss: Kites. doi:{OTHER}",), {}, None, None, id="reference at the foot of the second page"),
        pytest.param((), (f"Moss: Kites. doi:{OTHER}",), {"doi": OWN}, OWN, 0.9, id="stated, reference overleaf"),
        pytest.param((f"doi:{OWN}",), (f"Moss: Kites. doi:{OTHER}",), {}, OWN, 0.9, id="printed, reference overleaf"),
        pytest.param((f"doi:{OTHER}", f"doi:{OWN}"), (f"doi:{OWN}",), {}, OWN, 0.9, id="two, one again overleaf"),
        pytest.param((f"doi:{OTHER}", f"doi:{OWN}"), (), {}, OTHER, 0.75, id="two"),
        pytest.param(
            (f"and so they are counted as in the work of Moss, see doi:{OTHER}",), (), {}, OTHER, 0.3, id="last line"
        ),
    ],
)
def test_the_doi_of_a_cited_work_is_not_the_paper_s(
    first: tuple[str, ...], second: tuple[str, ...], facts: dict[str, str], doi: str | None, certainty: float | None
) -> None:
    feet = [[Set(60, 730 + 12 * n, 10, text) for n, text in enumerate(texts)] for texts in (first, second)]
    found = guess(page(*OTTER_PAGE, *feet[0]), page(*feet[1], number=2), **facts)
    assert (found.doi, dict(found.certainty).get("doi")) == (doi, certainty)
