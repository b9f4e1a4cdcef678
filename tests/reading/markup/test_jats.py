"""Papers in JATS: their parts and authors, and refused XML."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.markup_files import JATS
from helpers.papers import CASES
from helpers.reader import read, refusal
from helpers.word_files import sections


def test_jats_is_read_with_all_its_parts(tmp_path: Path) -> None:
    paper = read(tmp_path, "a.nxml", JATS)
    assert (paper.title, paper.authors, paper.year) == ("Moss on Roofs", ("Fern Green",), 2019)
    assert (paper.venue, paper.doi) == ("Moss Letters", "10.1/moss")
    assert sections(paper) == [
        ("abstract", "Abstract", "We count α moss."),
        ("body", "1 Methods", "Words [1]. Then x_i and α_j."),
        ("footnote", "1 Methods", "A note."),
        ("body", "Participants", "Forty roofs."),
        ("table", "Table 1. Cover. By month. [m | c]", "Table 1. Cover. By month.\nm | c\nMay | 3\nWet."),
        ("caption", "Figure 1", "Figure 1. A roof."),
        ("body", "Participants", "one"),
        ("back_matter", "Acknowledgements", "Rain."),
        ("references", "References", "1 Stone I, 1999."),
        ("appendix", "Roofs", "Flat."),
    ]


ENTITIES = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<svg/>", "it is XML with the root <svg>, not JATS"),
        ("<article><body/></article>", "it is XML with the root <article>, not JATS"),
        ("<article><front>", "it is not valid XML"),
        ("<article>" + "<sec>" * 5000, "it is not valid XML"),
        (
            f"<!DOCTYPE a [<!ENTITY e0 'x'>{ENTITIES}]><article><front/><body>&e9;</body></article>",
            "it is not valid XML",
        ),
        ("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/hostname'>]><article><front/>&e;</article>", "its XML declares"),
    ],
    ids=["other", "no front", "cut off", "deep", "bomb", "file"],
)
def test_unsafe_xml_and_xml_other_than_jats_is_refused(tmp_path: Path, content: str, reason: str) -> None:
    assert refusal(tmp_path, "a.xml", content).startswith(reason)


def test_a_group_of_authors_is_named_once_without_its_members(tmp_path: Path) -> None:
    paper = read(tmp_path, "k.xml", (CASES / "20-jats-collab" / "k.xml").read_bytes())
    assert paper.authors == ("Ivy Lake", "The Reed Group")


IVY = "<contrib contrib-type='author'><name><surname>Lake</surname><given-names>Ivy</given-names></name>{}</contrib>"


@pytest.mark.parametrize(
    ("contributors", "authors"),
    [
        (IVY.format("<on-behalf-of>The Reed Group</on-behalf-of>"), ["Ivy Lake"]),
        ("<collab>The Reed Group</collab>" + IVY.format(""), ["The Reed Group", "Ivy Lake"]),
        (
            "<contrib contrib-type='collab'><collab><named-content>Reed &amp; Co</named-content><xref>*</xref>:"
            "<contrib-group><contrib contrib-type='author'><string-name>One Member</string-name></contrib>"
            "</contrib-group></collab></contrib>",
            ["Reed & Co"],
        ),
        (
            "<contrib><collab-alternatives><collab>芦苇组</collab><collab>Reeds</collab></collab-alternatives></contrib>",
            ["芦苇组"],
        ),
        (
            "<contrib><name-alternatives><name name-style='eastern'><surname>湖</surname><given-names>常</given-names>"
            "</name><name name-style='western'><surname>Hu</surname><given-names>Chang</given-names></name>"
            "</name-alternatives></contrib>",
            ["Chang Hu"],
        ),
        (
            "<contrib><name name-style='eastern'><surname>湖</surname><given-names>常春</given-names></name></contrib>",
            ["湖常春"],
        ),
        (
            "<contrib><string-name>Ivy <surname>Lake</surname></string-name></contrib>"
            "<contrib><string-name>Ola</string-name></contrib>",
            ["Ivy Lake", "Ola"],
        ),
        (
            "<contrib><name><surname>Fen</surname><given-names>Ola</given-names><suffix>Jr</suffix></name></contrib>"
            "<contrib contrib-type='editor'><name><surname>Sedge</surname></name></contrib>",
            ["Ola Fen Jr"],
        ),
        (
            "<contrib contrib-type='author'><collab>on behalf of the Reed Group</collab><contrib-group><contrib>"
            "<name><surname>Member</surname></name></contrib></contrib-group></contrib>" + IVY.format(""),
            ["the Reed Group", "Ivy Lake"],
        ),
        (IVY.format("") + "<contrib contrib-type='author'><anonymous/></contrib>" + IVY.format(""), ["Ivy Lake"]),
        (
            IVY.format("") + "</contrib-group><contrib-group content-type='collab-list'><contrib><name><surname>Member"
            "</surname></name></contrib></contrib-group><contrib-group content-type='Editors'>"
            "<contrib contrib-type='author'><name><surname>Ed</surname></name></contrib>",
            ["Ivy Lake"],
        ),
    ],
)
def test_the_authors_of_a_jats_article(tmp_path: Path, contributors: str, authors: list[str]) -> None:
    paper = read(
        tmp_path,
        "a.xml",
        "<article><front><article-meta><title-group><article-title>Reeds</article-title></title-group>"
        f"<contrib-group>{contributors}</contrib-group><product><article-title>No</article-title></product>"
        "</article-meta></front><body><p>Reeds grow.</p></body></article>",
    )
    assert list(paper.authors) == authors


def test_a_jats_date_may_be_an_attribute(tmp_path: Path) -> None:
    article = (
        "<article><front><article-meta><title-group><article-title>Reeds</article-title></title-group>"
        "<pub-date iso-8601-date='2016-05-03'><day>3</day></pub-date></article-meta></front>"
        "<body><p>Reeds grow.</p></body></article>"
    )
    assert read(tmp_path, "a.xml", article).year == 2016
