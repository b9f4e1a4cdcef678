"""The kind of text that a quote comes from, by the publisher's XML and by the quote's shape."""

from __future__ import annotations

import pytest

from eval.collections.quote_kinds import ArticleKinds, kind_by_shape
from rag.reading.markup.xml import parse_xml

XML = b"""<article><front><article-meta>
<title-group><article-title>Counting Otters</article-title></title-group>
<abstract><sec><title>Results</title><p>Twelve otters were seen.</p></sec></abstract>
<permissions><license><license-p>Anyone may copy this article if the source is named with it.</license-p></license>
</permissions><funding-group><funding-statement>The River Fund paid.</funding-statement></funding-group>
</article-meta></front>
<body><sec><title>Methods</title><p>We walked both banks at dawn.<fig><caption><p>A map of the banks.</p>
 </caption></fig> Each track was drawn.</p>
 <p>They weigh <inline-formula><alternatives><tex-math>\\documentclass{a}</tex-math>
<math><mn>9.6</mn></math></alternatives></inline-formula> kg each.</p>
 <list><list-item><p>first the upper bank;</p></list-item></list>
<table-wrap><table><tbody><tr><td>Weir</td><td>41 (41.4)</td></tr><tr><td>This cell has so many words that it is
 a sentence of its own.</td><td/></tr></tbody></table></table-wrap></sec></body>
<back><ack><p>We thank the ferryman.</p></ack><glossary><def-list><def-item><term>GPS</term><def><p>a way to tell
 the place</p></def></def-item></def-list></glossary>
<ref-list><ref><mixed-citation>Holm E, Ruiz J. Kites over bridges. 2001.</mixed-citation></ref></ref-list></back>
<sub-article><body><p>The reviewer asks for a map.</p></body></sub-article></article>"""


@pytest.fixture(scope="module")
def article() -> ArticleKinds:
    return ArticleKinds(parse_xml(XML))


@pytest.mark.parametrize(
    ("quote", "kind"),
    [
        ("We walked both banks at dawn.", "body"),
        ("We walked both banks at dawn. Each track was drawn.", "body"),  # over a figure
        ("They weigh 9.6 kg each. first the upper bank;", "body"),  # a list with its sentence
        ("They weigh 9.6 kg each.", "body"),  # a formula counts as printed
        ("Methods We walked both banks at dawn.", None),
        ("Twelve otters were seen.", "abstract"),
        ("A map of the banks.", "caption"),
        ("41 (41.4)", "lone cell"),
        ("Weir | 41 (41.4)", "table"),
        ("This cell has so many words that it is a sentence of its own.", "table"),
        ("Ruiz J. Kites over bridges.", "references"),
        ("GPS: a way to tell the place", "abbreviations"),
        ("We thank the ferryman.", "back matter"),
        ("The River Fund paid.", "back matter"),
        ("Anyone may copy this article if the source is named with it.", "furniture"),
        ("The reviewer asks for a map.", "report"),
        ("The ferryman thanks us.", None),
    ],
)
def test_the_xml_tells_the_kind_of_a_quote_in_one_piece(article: ArticleKinds, quote: str, kind: str | None) -> None:
    assert article.kind_of(quote) == kind


def test_a_quote_that_runs_from_a_licence_into_other_text_is_furniture(article: ArticleKinds) -> None:
    quote = "Notes Anyone may copy. Anyone may copy this article if the source is named with it. More text."
    assert (article.kind_of(quote), article.fault_of(quote)) == (None, "furniture")
    assert article.fault_of("A sentence of eight words or more that nobody wrote.") is None


@pytest.mark.parametrize(
    ("quote", "section", "kind"),
    [
        ("Twelve otters were seen by both groups.", "body", "body"),
        ("The group of Holm E. walked at dawn in 2014 (see also the map).", "body", "body"),
        ("Twelve otters were seen by both groups.", "furniture", "furniture"),
        ("The River Fund paid for boats and maps.", "back_matter", "back matter"),
        ("34. Holm E, Ruiz J, Berg T: Do kites rest?", "body", "references"),
        ("Holm, E. and Ruiz, J. (2001). Kites over bridges. J. Kites 4, 1-9. doi:10.5555/k", "body", "references"),
        ("GPS: Global positioning; CI: Confidence interval; SD: Standard deviation.", "body", "abbreviations"),
        ("41 (41.4)", "body", "lone cell"),
        ("Female 50 (50.5) 28 (28.3) Employed 31 (31.3) 12 (12.1) Married 9 (9.1)", "body", "lone cell"),
        ("Weir | 12 | 3.5 | 4.5", "table", "table"),
        ("ORIGINAL RESEARCH ARTICLE", "body", "furniture"),
        ("Data analyses", "body", "furniture"),
        ("This work is under a Creative Commons licence of its own.", "body", "furniture"),
    ],
)
def test_the_shape_of_a_quote_tells_its_kind_without_xml(quote: str, section: str, kind: str) -> None:
    assert kind_by_shape(quote, section) == kind
