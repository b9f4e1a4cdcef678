"""Title, authors, year, venue and identifiers from first pages in the layouts of many publishers, and from the file."""

from __future__ import annotations

import re

import pytest
from helpers import first_pages
from helpers.first_pages import BEHIND_COVER, COVER, FIGURE, THREE
from helpers.pdf_lines import guess

from rag.reading.pdf.metadata import Metadata


@pytest.mark.parametrize(
    ("layout", "title", "authors", "year"),
    [
        ("ARXIV", "Counting Otters from Kites: A Windy Approach", THREE[:2], 2024),
        ("ICLR", "OTTERNET: COUNTING OTTERS FROM KITES WITH RIVERS OF DATA",
         (*THREE[:2], "Hazel van der Moss"), 2023),
        ("NEURIPS", "Learning to Count Otters without Kites", (*THREE, "Olive Birch"), 2022),
        ("IEEE", "Counting Otters from Tethered Kites: A Survey of Windy Methods", THREE, 2021),
        ("IEEE_COLUMNS", "Otters and Kites", THREE, None),
        ("LNCS", "Kites over Rivers: Towards an Otter Census", THREE[:2], None),
        ("ELSEVIER", "Kites do not disturb otters: Evidence from three river deltas",
         (*THREE[:2], "Hazel de la Moss"), 2021),
        ("PLOS", "Otters ignore kites in the lower delta: A field study", THREE, 2019),
        ("NATURE", "Kites reveal the hidden lives of river otters", (*THREE, "Olive Birch", "Jasmin Sedge"), 2021),
        ("MDPI", "Counting Otters by Kite in Braided Rivers", THREE, 2022),
        ("BIORXIV", "Otters hear kites before they see them", THREE, 2021),
        ("THESIS", "Wind, Water and Otters", THREE[:1], 2018),
        ("WORD", "Do otters mind kites? Interviews with river wardens", THREE[:2], None),
        ("ACL", "OTTEREVAL: Guidelines for Counting Otters in Long-term Kite-based Studies",
         (*THREE, "Olive Birch", "Jasmin Sedge"), 2023),
        ("JOSE", "otterly: A package for counting otters with school kites", (*THREE, "Olive Birch"), 2022),
        ("SPRINGER", "Otter density estimates from kite photographs", THREE, 2020),
        ("ACM", "OtterCam: Live Otter Counts from Kites on Phones", THREE, 2021),
        ("OXFORD", "otterseq: reading otter genomes in the wind", THREE, 2021),
        ("JMLR", "Otters in Regret: Kites with Bandits", THREE[:2], 2021),
        ("FRONTIERS", "Otters and kites share the evening wind", THREE, 2022),
        ("OLD", "COUNTING OTTERS FROM BALLOONS AND FROM KITES", THREE[:2], 1984),
        ("WORKING_PAPER", "The Price of Wind", THREE[:2], 2015),
    ],
)  # fmt: skip
def test_a_first_page_has_title_authors_and_year(
    layout: str, title: str, authors: tuple[str, ...], year: int | None
) -> None:
    first = getattr(first_pages, layout)
    found = guess(first)
    assert (found.title, found.authors, found.year) == (title, authors, year)
    printed = "".join(first.lines[at].text for at in found.title_lines)
    assert re.sub(r"\W", "", printed) == re.sub(r"\W", "", title)


@pytest.mark.parametrize(
    ("layout", "venue", "doi", "arxiv_id"),
    [
        ("ARXIV", "arXiv preprint", None, "2405.12345"),
        ("ICLR", "ICLR 2023", None, None),
        ("IEEE", "IEEE Transactions on Kites", "10.1109/tk.2021.1234567", None),
        ("ELSEVIER", "Journal of Windy Ecology", "10.1016/j.jwe.2021.104567", None),
        ("PLOS", "PLOS ONE", "10.1371/journal.pone.0212345", None),
        ("NATURE", "Nature", "10.1038/s41586-021-01234-5", None),
        ("MDPI", "Rivers", "10.3390/r14081234", None),
        ("BIORXIV", "bioRxiv", "10.1101/2021.03.04.567890", None),
        ("ACL", "Proceedings of the 17th Windy Conference of the Otter Association", None, None),
        ("JOSE", "Journal of Open Source Education", "10.21105/jose.00999", None),
        ("SPRINGER", "Windy Ecology", "10.1007/s10999-020-01234-5", None),
        ("OXFORD", "Windy Informatics", "10.1093/windy/btaa123", None),
        ("JMLR", "Journal of Windy Learning", None, None),
        ("FRONTIERS", "Frontiers in Wind", "10.3389/fwind.2022.123456", None),
        ("OLD", "Journal of Otters", None, None),
        ("WORD", None, None, None),
    ],
)
def test_the_margins_of_a_page_give_venue_and_identifiers(
    layout: str, venue: str | None, doi: str | None, arxiv_id: str | None
) -> None:
    found = guess(getattr(first_pages, layout))
    assert (found.venue, found.doi, found.arxiv_id) == (venue, doi, arxiv_id)


def test_the_page_after_a_cover_is_the_first_page() -> None:
    found = guess(COVER, BEHIND_COVER)
    assert (found.title, found.authors) == ("Otters and the wind", ("Iris Fern", "Rowan Ash"))
    assert (found.title_page, found.title_lines) == (1, (0,))


XMP = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"
 prism:coverDate="2017-05-01"><prism:doi>10.9999/otters(17)5</prism:doi>
<prism:publicationName>Kites Weekly</prism:publicationName>
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Parts of an Otter Kite</rdf:li></rdf:Alt></dc:title>
<dc:creator><rdf:Seq><rdf:li>Iris Fern</rdf:li><rdf:li>Rowan Ash</rdf:li></rdf:Seq></dc:creator>
</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="w"?>"""


def test_authors_in_the_info_dictionary_and_in_xmp_are_merged() -> None:
    assert guess(FIGURE, xmp=XMP, Author="Iris Fern").authors == ("Iris Fern", "Rowan Ash")


def test_xmp_adds_what_is_not_on_the_page() -> None:
    found = guess(FIGURE, xmp=XMP)
    assert found.title == "Parts of an Otter Kite"
    assert found.authors == ("Iris Fern", "Rowan Ash")
    assert (found.year, found.venue, found.doi) == (2017, "Kites Weekly", "10.9999/otters(17)5")


@pytest.mark.parametrize(
    "xmp",
    [
        XMP[:300],
        "no XML",
        "",
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x xmlns:dc="d"><dc:title>&a;</dc:title></x>',
    ],
)
def test_broken_xmp_is_ignored_and_no_entity_is_resolved(xmp: str) -> None:
    assert guess(FIGURE, xmp=xmp, file_name="fig.pdf").title == "fig"


@pytest.mark.parametrize(
    ("file_name", "doi", "arxiv_id", "year"),
    [
        ("10.21105.jose.00013.pdf", "10.21105/jose.00013", None, None),
        ("2405.12345v2.pdf", None, "2405.12345", 2024),
        ("2020.acl-main.207.pdf", None, None, None),
        ("Fern - 2021 - Parts.pdf", None, None, 2021),
    ],
)
def test_a_file_s_name_is_a_weak_hint(file_name: str, doi: str | None, arxiv_id: str | None, year: int | None) -> None:
    found = guess(FIGURE, file_name=file_name)
    assert (found.doi, found.arxiv_id, found.year) == (doi, arxiv_id, year)
    assert all(certainty <= 0.8 for _, certainty in found.certainty)


def test_without_pages_the_file_name_is_the_title() -> None:
    assert guess(file_name="notes.pdf") == Metadata("notes", certainty=(("title", 0.3),))
