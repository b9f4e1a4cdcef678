"""What counts as right in the comparison of a paper read from its PDF with the publisher's XML."""

from __future__ import annotations

from pathlib import Path

import pytest

from eval.collections.articles import Article, read_article
from eval.collections.pairs import compare, describe, summary
from rag.errors import SourceError
from rag.types import Page, Paper

OTTERS = "River otters leave few traces on a rocky shore in winter."
KITES = "Red kites are seen (often in pairs) above the same two valleys [3]."
TEXT = f"""Otters of the North Coast

{OTTERS} {KITES} Short sentences do not count.

Table 1. Counts by site.
Weir | 12 | 3.5
Bay | 7 | 2.25"""
XML = f"""<article xmlns:mml="http://www.w3.org/1998/Math/MathML">
<front><article-meta>
 <article-id pub-id-type="pmid">77</article-id><article-id pub-id-type="doi">10.5555/Otters.1</article-id>
 <title-group><article-title>Otters of the <italic>North</italic> Coast<xref>*</xref></article-title>
  <subtitle>A Survey</subtitle></title-group>
 <contrib-group>
  <contrib contrib-type="author"><name><surname>Holm</surname><given-names>Eva M.</given-names></name></contrib>
  <contrib contrib-type="author"><name><surname>Ruiz</surname><given-names>Jos\u00e9</given-names></name></contrib>
  <contrib contrib-type="editor"><name><surname>Other</surname><given-names>An</given-names></name></contrib>
 </contrib-group>
 <pub-date pub-type="epub"><year>2015</year></pub-date>
 <pub-date pub-type="ppub"><year>2016</year></pub-date>
 <history><date date-type="accepted"><year>2014</year></date></history>
</article-meta></front>
<body>
 <p>{OTTERS} {KITES} Short sentences do not count.<fig><caption><p>Eight words of a caption do not count
  here either.</p></caption></fig></p>
 <p>A paragraph with a formula <mml:math><mml:mi>x</mml:mi></mml:math> in it is left out of the measure.</p>
 <p>A paragraph with a list in it is left out: <list><list-item><p>so is each of the items that stand in the
  list itself.</p></list-item></list></p>
 <table-wrap><table><thead><tr><th>Site</th><th>Otters</th><th>Kites</th></tr></thead><tbody>
  <tr><td>Weir</td><td>12</td><td>3.5</td></tr><tr><td>Bay</td><td>7</td><td>2.25</td></tr>
  <tr><td>Rows of</td><td/><td>two filled cells do not count</td></tr></tbody></table></table-wrap>
</body>
<sub-article><body><p>The sentences of a reviewer's report are no part of the paper.</p></body></sub-article>
</article>"""


@pytest.fixture(scope="module")
def article(tmp_path_factory: pytest.TempPathFactory) -> Article:
    path = tmp_path_factory.mktemp("pair") / "otters.xml"
    path.write_text(XML, encoding="utf-8")
    return read_article(path)


def test_xml_that_is_not_jats_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "feed.xml"
    path.write_text("<rss><channel/></rss>")
    with pytest.raises(SourceError, match=r"feed\.xml is XML with the root <rss>, not JATS"):
        read_article(path)


def paper(text: str = TEXT, **fields: object) -> Paper:
    known = {"title": "Otters of the North Coast", "authors": ("Eva M. Holm", "Jose\u0301 Ruiz"), "year": 2015}
    return Paper(**(known | {"doi": "10.5555/otters.1", "pages": (Page(1, None, 0, len(text)),)} | fields), text=text)


def test_running_sentences_and_rows_of_tables_count(article: Article) -> None:
    assert article.sentences == (OTTERS, KITES)
    assert article.rows == (("Weir", "12", "3.5"), ("Bay", "7", "2.25"))


def test_a_paper_read_without_a_fault_has_full_marks(article: Article) -> None:
    score = compare(paper(), article)
    assert (score.sentence_share, score.row_share, score.wrong) == (1, 1, {})
    assert (score.authors, score.authors_found, score.authors_given) == (2, 2, 2)


@pytest.mark.parametrize(
    ("printed", "read", "lost"),
    [
        ("above the same", "above the\n\nsame", []),  # white space is ignored
        ("few traces", "few tra-\nces", []),
        ("above the same", "above Journal of Otters 4 the same", [KITES]),
        ("few traces", "many traces", [OTTERS]),
        (OTTERS, "", [OTTERS]),
    ],
    ids=["white space", "hyphen", "footer inside", "another word", "nothing"],
)
def test_a_sentence_is_right_in_one_piece_only(article: Article, printed: str, read: str, lost: list[str]) -> None:
    score = compare(paper(TEXT.replace(printed, read)), article)
    assert [one.wanted for one in score.lost_sentences] == lost


@pytest.mark.parametrize(
    ("printed", "read", "lost"),
    [
        ("Weir | 12 | 3.5", "Weir\n12\n3.5", []),
        ("Weir | 12 | 3.5\nBay | 7 | 2.25", "Weir Bay\n12 7\n3.5 2.25", ["Weir | 12 | 3.5", "Bay | 7 | 2.25"]),
        ("7 | 2.25", "2.25 | 7", ["Bay | 7 | 2.25"]),
    ],
    ids=["a cell a line", "column by column", "another order"],
)
def test_a_row_is_right_if_its_cells_follow_one_another(
    article: Article, printed: str, read: str, lost: list[str]
) -> None:
    score = compare(paper(TEXT.replace(printed, read)), article)
    assert [one.wanted for one in score.lost_rows] == lost


def test_a_lost_sentence_shows_where_it_breaks_and_the_nearest_text(article: Article) -> None:
    lost = compare(paper(TEXT.replace("above", "above JOURNAL OF OTTERS")), article).lost_sentences[0]
    assert lost.wanted[: lost.held] == "Red kites are seen (often in pairs) above "
    assert "in pairs) above JOURNAL OF OTTERS the same two valleys" in lost.found
    assert compare(paper("Nothing."), article).lost_sentences[0].found == ""


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"title": "Otters of the north coast: a survey"}, []),
        ({"title": "Otters of the"}, ["title"]),
        ({"authors": ("Eva M. Holm", "Critical Care")}, ["authors"]),
        ({"doi": "10.5555/cited.7"}, ["doi"]),
        ({"doi": None}, ["doi"]),
        ({"year": 2016}, []),  # in print
        ({"year": 2014}, ["year"]),  # accepted
        ({"authors": ("E. M. Holm", "J. Ruiz")}, []),
        ({"year": 1982}, ["year"]),
    ],
)
def test_metadata_is_compared_with_that_of_the_xml(
    article: Article, fields: dict[str, object], wrong: list[str]
) -> None:
    assert list(compare(paper(**fields), article).wrong) == wrong


def test_the_summary_counts_over_all_papers(article: Article) -> None:
    bad = compare(
        paper("", authors=("Eva M. Holm", "Critical Care", "C ISO"), doi="10.5555/cited.7", year=None), article
    )
    figures = summary([compare(paper(), article), bad])
    assert figures["sentences in one piece"] == 0.5
    assert (figures["the same, worst paper"], figures["rows in order"]) == (0, 0.5)
    assert (figures["authors precision"], figures["authors recall"]) == (0.6, 0.75)
    assert (figures["DOIs"], figures["DOIs of others"], figures["years"], figures["years of others"]) == (1, 1, 1, 0)


def test_the_worst_paper_is_described_first(article: Article) -> None:
    good, bad = compare(paper(), article, "good.pdf"), compare(paper(""), article, "bad.pdf")
    named = [line.split(":")[0] for line in describe([good, bad]) if line.startswith("## ")]
    assert named == ["## bad.pdf", "## good.pdf"]
