"""DOIs and arXiv ids are those of the paper and not of cited works."""

from __future__ import annotations

import pytest
from helpers.pdf_lines import Text, big, guess, page


def test_identifiers_cited_in_the_text_are_not_the_paper_s() -> None:
    cited = [Text(60, 300, 10, "We follow arXiv:1906.01234 and https://doi.org/10.5555/other.1 in all of this.")]
    cited += [
        Text(60, 312, 10, "The data are at https://doi.org/10.5281/zenodo.1234 and were seen (Moss et al., 1999).")
    ]
    first = page(big(90, "Counting Otters from Kites over the Delta"), Text(90, 180, 10, "Abstract"), *cited)
    assert guess(first) == guess(
        page(big(90, "Counting Otters from Kites over the Delta"), Text(90, 180, 10, "Abstract"))
    )


OTTER_PAGE = (big(90, "Counting Otters from Kites over the Delta"), Text(90, 180, 10, "Abstract"))


OWN, OTHER = "10.5555/otters.7", "10.5555/other.1"


@pytest.mark.parametrize(
    ("first", "second", "facts", "doi", "certainty"),
    [
        pytest.param((), (f"Moss: Kites. doi:{OTHER}",), {}, None, None, id="reference at the foot of the second page"),
        pytest.param((), (f"Moss: Kites. doi:{OTHER}",), {"doi": OWN}, OWN, 0.9, id="stated, reference overleaf"),
        pytest.param((f"doi:{OWN}",), (f"Moss: Kites. doi:{OTHER}",), {}, OWN, 0.9, id="printed, reference overleaf"),
        pytest.param((f"doi:{OTHER}", f"doi:{OWN}"), (f"doi:{OWN}",), {}, OWN, 0.95, id="two, one again overleaf"),
        pytest.param((f"doi:{OTHER}", f"doi:{OWN}"), (), {}, None, None, id="two"),
        pytest.param(
            (f"and so they are counted as in the work of Moss, see doi:{OTHER}",), (), {}, None, None, id="last line"
        ),
    ],
)
def test_the_doi_of_a_cited_work_is_not_the_paper_s(
    first: tuple[str, ...], second: tuple[str, ...], facts: dict[str, str], doi: str | None, certainty: float | None
) -> None:
    feet = [[Text(60, 730 + 12 * n, 10, text) for n, text in enumerate(texts)] for texts in (first, second)]
    found = guess(page(*OTTER_PAGE, *feet[0]), page(*feet[1], number=2), **facts)
    assert (found.doi, dict(found.certainty).get("doi")) == (doi, certainty)


def foot(*texts: str, top: float = 730) -> list[Text]:
    return [Text(60, top + 9 * n, 7.5, text) for n, text in enumerate(texts)]


@pytest.mark.parametrize(
    ("lines", "doi"),
    [
        pytest.param(("doi:10.5555/otters-2021-", "30-7"), "10.5555/otters-2021-30-7", id="after a hyphen"),
        pytest.param(("doi:10.5555/otters.", "0012345"), "10.5555/otters.0012345", id="after a full stop"),
        pytest.param(("https://doi.org/10.5555/", "otters.7"), "10.5555/otters.7", id="after a slash"),
        pytest.param(("doi:10.5555/otters.7.", "The wardens count."), "10.5555/otters.7", id="the end of a sentence"),
        pytest.param(("doi:10.5555/otters.12345.g001",), "10.5555/otters.12345", id="of a figure"),
        pytest.param(("doi:10.5555/otters.7.1", "doi:10.5555/otters.7.2"), "10.5555/otters.7.2", id="of two versions"),
        pytest.param(
            ("First published: 3 May 2014 (doi:10.5555/otters.7.1)",), None, id="perhaps of an earlier version"
        ),
        pytest.param(
            ("10.1002/(SICI)1097-0258(19980815)17:15<16::AID-OTTER9>3.0.CO;2-2",),
            "10.1002/(sici)1097-0258(19980815)17:15<16::aid-otter9>3.0.co;2-2",
            id="of an old form",
        ),
        pytest.param(("doi:10.5555/nnnnnnn.nnnnnnn",), None, id="a template's"),
        pytest.param(("Funder: https://doi.org/10.13039/501100000001",), None, id="a funder's"),
    ],
)
def test_a_doi_is_whole(lines: tuple[str, ...], doi: str | None) -> None:
    assert guess(page(*OTTER_PAGE, *foot(*lines))).doi == doi


def test_a_doi_set_in_old_style_figures_is_whole() -> None:
    assert guess(page(*OTTER_PAGE, Text(60, 30, 8, "doi:10.5555/kite/otter^{030}"))).doi == "10.5555/kite/otter030"


def test_a_doi_in_a_download_note_at_the_side_is_the_paper_s() -> None:
    note = Text(580, 100, 6, "Downloaded from https://example.org/doi/10.5555/otters.7 by a reader", turned=3)
    assert guess(page(*OTTER_PAGE, note)).doi == "10.5555/otters.7"


REFERENCES = (
    Text(60, 100, 8, "12. Moss H, Ash R. Kites in the lower delta. Wind 2009, 3:7. doi:10.5555/kites.1"),
    Text(60, 110, 8, "13. Birch O. Otters before the census. Wind 1999, 2:5. doi:10.5555/kites.2"),
)


@pytest.mark.parametrize(
    ("box", "doi", "year"),
    [
        pytest.param(
            (
                "doi:10.5555/otters.7",
                "Cite this article as: Fern et al.: Counting Otters from Kites over",
                "the Delta. Windy Ecology 2015 11:3.",
            ),
            OWN,
            2015,
            id="the paper's own",
        ),
        pytest.param(
            (
                "How to cite this article: Fern I, Ash R (2015) Counting Otters from",
                "Kites over the Delta.",
                f"doi:{OWN}",
            ),
            OWN,
            2015,
            id="the DOI is below",
        ),
        pytest.param(
            ("Cite this article as: Moss et al.: Another Census of All the", "Kites. Wind 2001 1:3.", f"doi:{OTHER}"),
            None,
            None,
            id="of another paper",
        ),
    ],
)
def test_the_paper_s_own_citation_is_recognised_on_any_page_by_the_title(
    box: tuple[str, ...], doi: str | None, year: int | None
) -> None:
    last = page(*REFERENCES, *(Text(320, 300 + 9 * n, 7.5, text) for n, text in enumerate(box)), number=2)
    found = guess(page(*OTTER_PAGE), last)
    assert (found.doi, found.year) == (doi, year)


@pytest.mark.parametrize(
    ("lines", "facts", "year"),
    [
        pytest.param(("Received: 5 May 2014 / Accepted: 2 December 2014 / Published online: 7 January 2015",), {}, 2015,
                     id="published after the year of acceptance"),
        pytest.param(("Accepted 12 December 2020", "© 2021 The Authors. Published by Meadow Press."), {}, 2021,
                     id="copyright after acceptance"),
        pytest.param(("2021, VOL. 43, NO. 1, 159–167",), {}, 2021, id="year before the volume"),
        pytest.param(("Fern et al. Windy Ecology 2015, 11:3",), {}, 2015, id="year before volume and page"),
        pytest.param(("First published: 12 Aug 2014", "Latest published: 27 Jan 2015, 3:190"), {}, 2015, id="versions"),
        pytest.param(("Received 29 July 2020",), {}, None, id="received only"),
        pytest.param((), {"CreationDate": "D:20200302"}, None, id="the date of the file only"),
        pytest.param(("10/7/2020 - Open Access",), {"CreationDate": "D:20201025"}, 2020, id="a date without a label"),
        pytest.param(("Downloaded on 3 May 2022",), {}, None, id="date of a download"),
    ],
)  # fmt: skip
def test_the_year_is_that_of_publication(lines: tuple[str, ...], facts: dict[str, str], year: int | None) -> None:
    assert guess(page(*OTTER_PAGE, *foot(*lines)), **facts).year == year


def test_a_year_before_the_cited_years_is_not_the_paper_s() -> None:
    cited = [
        Text(60, 300 + 12 * n, 10, f"It was counted again (Moss et al. {year}).") for n, year in enumerate([2011] * 4)
    ]
    first = page(*OTTER_PAGE, *foot("Windy Ecology (1982) 12:345-350"), *cited)
    assert guess(first).year is None
    assert guess(page(*OTTER_PAGE, *foot("Windy Ecology (1982) 12:345-350"))).year == 1982


@pytest.mark.parametrize(
    ("lines", "title", "doi"),
    [
        ((), "Counting Otters from Kites over the Delta", OTHER),
        ((), "Herons and Storks of the Upper Meadow", None),
        ((f"doi:{OWN}",), "Herons and Storks of the Upper Meadow", OWN),
    ],
)
def test_a_file_that_states_another_title_is_not_believed(lines: tuple[str, ...], title: str, doi: str | None) -> None:
    found = guess(page(*OTTER_PAGE, *foot(*lines)), Title=title, doi=OTHER)
    assert (found.title, found.doi) == ("Counting Otters from Kites over the Delta", doi)
