"""Papers in HTML: their text, metadata, and the kinds of their sections."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.markup_files import LATEXML
from helpers.reader import read
from helpers.word_files import sections


def test_html_is_read_without_the_site_around_it(tmp_path: Path) -> None:
    paper = read(
        tmp_path,
        "a.html",
        "<html><head><title>Kites | A Site</title><meta name=citation_author content='Lee, Ann'>"
        "<meta name=citation_author content='Bo Roe'><meta name=citation_publication_date content='2019/03/01'>"
        "<meta name=citation_doi content='10.1/k'></head><body><nav><p>menu</p></nav>"
        "<header><h1>Kites <i>over</i> Rivers</h1></header><p>Bold<b>ly</b> we<br>fly &lt;now&gt;.</p><!-- no -->"
        "<h2>Methods</h2><div>loose<p>inside</p>tail</div><ul><li>one<ul><li>deep</li></ul></li><li><p>two</p></li>"
        "</ul><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td><p>2</p></td></tr></table><p hidden>no</p>"
        "<script>no()</script><h3>Last</h3>bare words<footer>no</footer></body></html>",
    )
    assert sections(paper) == [
        ("body", None, "Boldly we fly <now>."),
        ("body", "Methods", "loose\n\ninside\n\ntail\n\none\n\ndeep\n\ntwo"),
        ("table", "Methods [a | b]", "a | b\n1 | 2"),
        ("body", "Last", "bare words"),
    ]
    assert (paper.title, paper.authors, paper.year, paper.doi) == (
        "Kites over Rivers",
        ("Ann Lee", "Bo Roe"),
        2019,
        "10.1/k",
    )


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("<meta name='citation_title' content='Meta'><h1>Heading</h1><p>x", "Meta\n\nx"),
        ("<title>Page</title><p>x<p>y", "Page\n\nx\n\ny"),
        ("<title/><h1>T</h1><p>x", "T\n\nx"),
        ("words without tags", "a\n\nwords without tags"),
        ("<h1>T</h1><table><tr><td><h2>S</h2><p>in a table for looks</td></tr></table>", "T\n\nin a table for looks"),
        ("<h1>T</h1><p>x <math><mi>y</mi><annotation>\\y</annotation></math>", "T\n\nx y"),
        ("<h1>T</h1><p>10<sup>6</sup> m<sup>2</sup>, 40<sup><a>12</a></sup>, 50<a><sup>7</sup></a>",
         "T\n\n10^6 m2, 40[12], 50[7]"),
        ("<h1>T</h1><p>x<span aria-hidden=true>x</span>", "T\n\nx"),
        ("<h1>T</h1>" + "<div>" * 5000 + "deep", "T\n\ndeep"),
        ("<h1>T</h1>" + "<table><tr><td>" * 5000 + "deep", "T\n\ndeep"),
    ],
    ids="meta title empty-title no-tags layout math powers hidden deep deep-tables".split(),
)  # fmt: skip
def test_html_of_any_shape_keeps_its_words(tmp_path: Path, content: str, text: str) -> None:
    assert read(tmp_path, "a.html", content).text == text


def test_headings_of_html_decide_the_kinds_of_their_sections(tmp_path: Path) -> None:
    headings = "<h2>Abstract</h2>a<h3>Aim</h3>b<h2>1 Moss</h2>c<h2>References</h2>d<h3>Books</h3>e<h2>Footing</h2>f"
    paper = read(tmp_path, "a.html", f"<h1>T</h1>{headings}")
    assert [s.kind for s in paper.sections] == ["abstract", "abstract", "body", "references", "references", "body"]


def test_arxiv_s_html_is_read_with_all_its_parts(tmp_path: Path) -> None:
    paper = read(tmp_path, "a.html", LATEXML)
    assert (paper.title, paper.authors) == ("Moss on Roofs", ("Fern Green", "Ivy Stone", "Reed Marsh"))
    assert (paper.arxiv_id, paper.year) == ("2403.01234", 2024)
    assert sections(paper) == [
        ("abstract", "Abstract", "We count moss on ≥ 12 roofs."),
        ("body", "1 Cover", "Moss grows on roofs. The cover is c = a/(b+1) (1) where a is an area."),
        ("footnote", "1 Cover", "Slowly in winter."),
        ("table", "Table 1: Cover by month. [month | cover]", "Table 1: Cover by month.\nmonth | cover\nMay | 10^-3"),
        ("caption", "Figure 1", "Figure 1: A roof."),
        ("body", "1 Cover", "It rains."),
        ("back_matter", "Acknowledgements", "We thank the rain."),
        ("references", "References", "[1] I. Stone. Old moss."),
        ("appendix", "Appendix A Roofs", "Flat."),
        ("appendix", "A.1 More", "Steep."),
    ]


def meta(**content: str) -> str:
    return "".join(f'<meta name="{name.replace("_", ".")}" content="{value}">' for name, value in content.items())


@pytest.mark.parametrize(
    ("head", "title", "authors", "year"),
    [
        (
            "<meta name=citation_title content='H&lt;sub&gt;2&lt;/sub&gt;O &amp;amp; &lt;i&gt;Lutra&lt;/i&gt;'>"
            "<meta name=citation_author content='van der Reed, Sam'>"
            "<meta name=citation_author content='O&#39;Hara, Jo'>",
            "H2O & Lutra",
            ["Sam van der Reed", "Jo O'Hara"],
            None,
        ),
        (
            meta(DC_Title="Reeds &amp; p &lt; 3", DC_Creator="Moss, Ann; Lee, Bo", DC_Date="2011-02-03"),
            "Reeds & p < 3",
            ["Ann Moss", "Bo Lee"],
            2011,
        ),
        (
            "<meta property='og:title' content='Reeds'><meta name=author content='Ann Moss, Bo Lee'>"
            "<title>Reeds | Site</title>",
            "Reeds",
            ["Ann Moss", "Bo Lee"],
            None,
        ),
        ("<title>Reeds</title><meta name=author content=admin>", "Reeds", [], None),
        ("<meta name=citation_authors content='Ann Moss and Bo Lee'>", "a", ["Ann Moss", "Bo Lee"], None),
    ],
)
def test_the_metadata_of_a_page(tmp_path: Path, head: str, title: str, authors: list[str], year: int | None) -> None:
    paper = read(tmp_path, "a.html", f"<html><head>{head}</head><body><p>Reeds grow.</p></body></html>")
    assert (paper.title, list(paper.authors), paper.year) == (title, authors, year)


def test_the_heading_in_the_page_title_is_the_title(tmp_path: Path) -> None:
    body = "<header><h1>Journal of Reeds</h1></header><svg><title>Logo</title></svg><h1>Wet Reeds</h1><p>They grow.</p>"
    head = "<title>Wet Reeds | Journal of Reeds</title>"
    assert read(tmp_path, "a.html", f"<head>{head}</head><body>{body}</body>").title == "Wet Reeds"
    assert read(tmp_path, "b.html", "<svg><title>Logo</title></svg><p>They grow.</p>").title == "b"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("<h2>Using Reeds</h2><p>Cut them.</p><h2>More</h2><p>Dry them.</p>", "Using Reeds\n\nCut them.\n\nDry them."),
        ("<h3>Using Reeds</h3><p>Cut them.</p>", "Using Reeds\n\nCut them."),
        ("<p>Cut them.</p><h2>More</h2><p>Dry them.</p>", "read me\n\nCut them.\n\nDry them."),
        ("<h2>Abstract</h2><p>Cut them.</p>", "read me\n\nCut them."),
    ],
)
def test_a_page_without_a_title_has_its_first_heading_or_its_name(tmp_path: Path, body: str, text: str) -> None:
    assert read(tmp_path, "read_me.html", body).text == text
