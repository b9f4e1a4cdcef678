"""Papers in HTML, JATS, DOCX and EPUB: their text, the kinds of its parts, and refused files."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from helpers.papers import CASES
from helpers.reader import read, refusal
from helpers.word_files import docx, line, sections
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.errors import SourceError
from rag.reading.formats import read_file
from rag.reading.markup.formulas import formula
from rag.reading.markup.sections import parse_html
from rag.reading.sources import make_paper, section_kind

# Kinds of sections


@pytest.mark.parametrize(
    ("heading", "kind"),
    [
        (None, "body"),
        ("Methods", "body"),
        ("Abstract", "abstract"),
        ("ABSTRACT:", "abstract"),
        ("Abstract reasoning", "body"),
        ("References", "references"),
        ("7 References", "references"),
        ("7. References", "references"),
        ("VII. REFERENCES", "references"),
        ("Literature Cited", "references"),
        ("Bibliography", "references"),
        ("Reference values", "body"),
        ("Acknowledgments", "acknowledgements"),
        ("Acknowledgements and Funding", "acknowledgements"),
        ("Appendix A", "appendix"),
        ("A Appendix", "appendix"),
        ("Appendices", "appendix"),
        ("Supplementary Material", "appendix"),
    ],
)
def test_a_heading_decides_the_kind_of_its_section(heading: str | None, kind: str) -> None:
    assert section_kind(heading) == kind


@pytest.mark.parametrize(
    ("headings", "kinds"),
    [
        (["A Survey", "References", "A Proofs", "A.1 More", "Data"], "body references appendix appendix appendix"),
        (["References", "Author information"], "references body"),
        (["Appendix", "Extra tables", "References", "B. Code"], "appendix appendix references appendix"),
    ],
)
def test_a_lettered_section_after_the_references_is_an_appendix(headings: list[str], kinds: str) -> None:
    paper = make_paper("Moss", "", sections=[(heading, "Words.") for heading in headings])
    assert [s.kind for s in paper.sections] == kinds.split()


def test_a_section_of_a_kind_counts_without_a_heading() -> None:
    paper = make_paper("Moss", "", sections=[(None, "We count moss.", "abstract"), (None, "It grows.", "body")])
    assert sections(paper) == [("abstract", None, "We count moss."), ("body", None, "It grows.")]


# HTML


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
        ("table", "Methods", "a | b\n1 | 2"),
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


LATEXML = """<html><head><base href="/html/2403.01234v2/"></head><body><header>Report an issue</header>
<div id="watermark-tr">arXiv:2403.01234v2 [cs.CL] 1 Mar 2024</div><article class="ltx_document">
<h1 class="ltx_title ltx_title_document">Moss on Roofs</h1>
<div class="ltx_authors"><span class="ltx_personname">Fern Green<sup>1</sup>, Ivy Stone and Reed Marsh
<br>University of Rain<br>moss@roof</span></div>
<div class="ltx_abstract"><h6 class="ltx_title">Abstract</h6><p>We count moss on
<math alttext="\\geq 12"><semantics>
<mrow><mo>≥</mo><mn>12</mn></mrow><annotation>\\geq 12</annotation></semantics></math>
roofs.</p></div>
<section><h2 class="ltx_title"><span class="ltx_tag">1 </span>Cover</h2><div class="ltx_para">
<p>Moss grows<span class="ltx_note ltx_role_footnote"><sup class="ltx_note_mark">1</sup><span class="ltx_note_outer">
<span class="ltx_note_content"><sup class="ltx_note_mark">1</sup><span class="ltx_tag ltx_tag_note">1</span>Slowly in
winter.</span></span></span> on roofs. The cover is</p>
<table class="ltx_equation ltx_eqn_table"><tr class="ltx_eqn_row"><td><math><mi>c</mi><mo>=</mo><mfrac><mi>a</mi><mrow>
<mi>b</mi><mo>+</mo><mn>1</mn></mrow></mfrac></math></td><td><span class="ltx_tag">(1)</span></td></tr></table>
<p>where a is an area.</p></div>
<figure class="ltx_table"><figcaption><span class="ltx_tag">Table 1: </span>Cover by month.</figcaption>
<span class="ltx_tabular"><span class="ltx_tr"><span class="ltx_td">month</span><span class="ltx_td">cover</span></span>
<span class="ltx_tr"><span class="ltx_td">May</span><span class="ltx_td">10<sup>-3</sup></span></span></span></figure>
<figure class="ltx_figure"><img alt="Refer to caption"><figcaption>Figure 1: A roof.</figcaption></figure>
<p>It rains<span class="ltx_note ltx_role_footnotemark"><sup class="ltx_note_mark">*</sup>
<span class="ltx_note_outer"><span class="ltx_note_type">footnotemark: </span></span></span>.</p></section>
<div class="ltx_acknowledgements"><h6 class="ltx_title">Acknowledgements</h6>We thank the rain.</div>
<section class="ltx_bibliography"><h2 class="ltx_title">References</h2><ul><li class="ltx_bibitem">
<span class="ltx_tag">[1]</span> <span class="ltx_bibblock">I. Stone.</span> <span>Old moss.</span></li></ul></section>
<section class="ltx_appendix"><h2 class="ltx_title"><span class="ltx_tag">Appendix A </span>Roofs</h2><p>Flat.</p>
<h3>A.1 More</h3><p>Steep.</p></section></article></body></html>"""


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
        ("acknowledgements", "Acknowledgements", "We thank the rain."),
        ("references", "References", "[1] I. Stone. Old moss."),
        ("appendix", "Appendix A Roofs", "Flat."),
        ("appendix", "A.1 More", "Steep."),
    ]


@pytest.mark.parametrize(
    ("mathml", "text"),
    [
        ("<msubsup><mi>x</mi><mi>i</mi><mn>2</mn></msubsup>", "x_i^2"),
        ("<msup><mn>10</mn><mrow><mo>−</mo><mn>3</mn></mrow></msup>", "10^−3"),
        ("<msup><mi>e</mi><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow></msup>", "e^(a+b)"),
        ("<msqrt><mi>n</mi><mo>+</mo><mn>1</mn></msqrt>", "√(n+1)"),
        ("<mover><mi>x</mi><mo>^</mo></mover>", "x̂"),
        ("<mi>log</mi><mo>\u2061</mo><mi>n</mi>", "log n"),
        ("<mn>2</mn><mo>\u2062</mo><mi>𝐱</mi>", "2x"),
        ("<mi>p</mi><mo>&lt;</mo><mn>0.05</mn>", "p < 0.05"),
        ("<msup><mn>30</mn><mo>∘</mo></msup>", "30°"),
        ("<mtable><mtr><mtd>1</mtd><mtd>0</mtd></mtr><mtr><mtd>0</mtd><mtd>1</mtd></mtr></mtable>", "1 0; 0 1"),
        ("<semantics><mi>y</mi><annotation>\\why</annotation></semantics>", "y"),
        ("", "α≤ 1"),
    ],
)
def test_a_formula_reads_as_one_line(mathml: str, text: str) -> None:
    tree = parse_html(f"<math alttext='\\alpha\\leq 1'>{mathml}</math>")
    assert formula(tree.math) == text


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


# JATS

JATS = r"""<?xml version="1.0"?><!DOCTYPE article PUBLIC "-//NLM//DTD JATS v1.2//EN" "JATS-archivearticle1.dtd">
<article xmlns:mml="http://www.w3.org/1998/Math/MathML"><front><journal-meta><journal-title>Moss Letters</journal-title>
</journal-meta><article-meta><article-id pub-id-type="doi">10.1/moss</article-id><title-group>
<article-title>Moss on <italic>Roofs</italic><xref ref-type="fn">*</xref></article-title></title-group>
<contrib-group><contrib contrib-type="author"><name><surname>Green</surname><given-names>Fern</given-names></name>
</contrib><contrib contrib-type="editor"><name><surname>Marsh</surname></name></contrib></contrib-group>
<pub-date><year>2020</year></pub-date><pub-date><year>2019</year></pub-date>
<abstract><p>We count &alpha; moss.</p></abstract></article-meta></front>
<body><sec><label>1</label><title>Methods</title><p>Words <xref ref-type="bibr">[1]</xref>.<fn><label>a</label><p>A
note.</p></fn> Then <inline-formula><alternatives><tex-math>\begin{document}$$x_{i}$$\end{document}</tex-math><mml:math>
<mml:msub><mml:mi>x</mml:mi><mml:mi>i</mml:mi></mml:msub></mml:math></alternatives></inline-formula> and
<inline-formula><tex-math>\documentclass{x}\begin{document}$$\alpha_{j}$$\end{document}</tex-math></inline-formula>.</p>
<sec><title>Participants</title><p>Forty roofs.</p>
<table-wrap><label>Table 1</label><caption><title>Cover.</title><p>By month.</p></caption><table><tr><th>m</th>
<th>c</th></tr><tr><td>May</td><td>3</td></tr></table><table-wrap-foot><fn><p>Wet.</p></fn></table-wrap-foot></table-wrap>
<fig><label>Figure 1</label><caption><p>A roof.</p></caption><graphic/></fig>
<list><list-item><label>-</label><p>one</p></list-item></list></sec></sec></body>
<back><ack><title>Acknowledgements</title><p>Rain.</p></ack><ref-list><title>References</title><ref><label>1</label>
<element-citation><name><surname>Stone</surname><given-names>I</given-names></name><year>1999</year></element-citation>
</ref></ref-list><app-group><app><title>Roofs</title><p>Flat.</p></app></app-group></back></article>"""


def test_jats_is_read_with_all_its_parts(tmp_path: Path) -> None:
    paper = read(tmp_path, "a.nxml", JATS)
    assert (paper.title, paper.authors, paper.year) == ("Moss on Roofs", ("Fern Green",), 2019)
    assert (paper.venue, paper.doi) == ("Moss Letters", "10.1/moss")
    assert sections(paper) == [
        ("abstract", "Abstract", "We count α moss."),
        ("body", "1 Methods", "Words [1]. Then x_i and α_j."),
        ("footnote", "1 Methods", "A note."),
        ("body", "Participants", "Forty roofs."),
        ("table", "Table 1. Cover. By month. [m | c]", "Table 1. Cover. By month.\nm | c\nMay | 3"),
        ("footnote", "Participants", "Wet."),
        ("caption", "Figure 1", "Figure 1. A roof."),
        ("body", "Participants", "one"),
        ("acknowledgements", "Acknowledgements", "Rain."),
        ("references", "References", "1 Stone I, 1999."),
        ("appendix", "Roofs", "Flat."),
    ]


ENTITIES = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10}">' for i in range(1, 10))


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("<svg/>", "it is XML of the kind <svg>, not JATS"),
        ("<article><body/></article>", "it is XML of the kind <article>, not JATS"),
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
def test_unsafe_xml_and_other_xml_than_jats_is_refused(tmp_path: Path, content: str, reason: str) -> None:
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


# DOCX


WORD_FORMULA = (
    "<m:oMath><m:sSub><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sub><m:r><m:t>i</m:t></m:r></m:sub></m:sSub>"
    "<m:r><m:t>≤</m:t></m:r><m:f><m:fPr/><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den>"
    "</m:f></m:oMath>"
)


def test_a_word_document_is_a_paper_with_its_tables_and_notes(tmp_path: Path) -> None:
    cells = ["".join(f"<w:tc>{line(c)}</w:tc>" for c in row) for row in (("month", "cover"), ("May", "3"))]
    paper = read(
        tmp_path,
        "a.docx",
        docx(
            line("Moss on Roofs", "Title"),
            line("Methods", "H1"),
            '<w:p><w:r><w:t>Moss grows</w:t></w:r><w:r><w:footnoteReference w:id="2"/></w:r>'
            "<w:r><w:t>.</w:t></w:r></w:p>",
            line("Then").replace("</w:p>", f" <w:r><w:t> </w:t></w:r>{WORD_FORMULA}</w:p>"),
            f"<w:p><m:oMathPara>{WORD_FORMULA}</m:oMathPara></w:p>",
            line("Table 1: Cover.", "Caption"),
            "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>",
            line("Figure 1: A roof.", "Caption"),
            line("References", "H1"),
            line("Stone. Old moss."),
            title="Document1",
        ),
    )
    assert (paper.title, paper.authors) == ("Moss on Roofs", ("Fern Green",))
    assert sections(paper) == [
        ("body", "Methods", "Moss grows."),
        ("footnote", "Methods", "Slowly in winter."),
        ("body", "Methods", "Then x_i ≤ (a+b)/2\n\nx_i ≤ (a+b)/2"),
        ("table", "Table 1: Cover. [month | cover]", "Table 1: Cover.\nmonth | cover\nMay | 3"),
        ("caption", "Figure 1", "Figure 1: A roof."),
        ("references", "References", "Stone. Old moss."),
    ]


@pytest.mark.parametrize(
    ("blocks", "stated", "title"),
    [
        ((line("Styled", "Title"), line("Head", "H1"), line("Moss grows.")), "Stated", "Styled"),
        ((line("Head", "H1"), line("Moss grows.")), "Stated", "Stated"),
        ((line("Head", "H1"), line("Moss grows.")), "", "Head"),
        ((line("Moss on Roofs"), line("Moss grows.")), "", "Moss on Roofs"),
        ((line("Moss grows."),), "", "my file"),
    ],
)
def test_the_title_of_a_word_document(tmp_path: Path, blocks: tuple[str, ...], stated: str, title: str) -> None:
    assert read(tmp_path, "my_file.docx", docx(*blocks, title=stated)).title == title


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"words", "it is not a valid Word document (.docx)"),
        (b"\xd0\xcf\x11\xe0" + bytes(600), "it is protected with a password, or in the format of Word before 2007"),
        ({"notes.txt": "words"}, "it is a zip archive, but not a Word document"),
        ({"word/document.xml": b" " * 30_000_000}, "it unpacks to 30 MB in 1 files, more than a paper holds"),
        ({"word/document.xml": "<w:p>" * 10}, "it is not a valid Word document"),
        ({"../a.xml": "words"}, "it holds a file with a path outside of it"),
        (docx("<w:p>" * 3000 + "</w:p>" * 3000), "it is not a valid Word document"),
        (docx(line("Moss on Roofs", "Title")), "the title 'Moss on Roofs' has no text"),
    ],
    ids=["no zip", "password", "other zip", "bomb", "broken", "outside", "deep", "no text"],
)
def test_an_invalid_word_document_is_refused(
    tmp_path: Path, content: bytes | dict[str, str | bytes], reason: str
) -> None:
    assert refusal(tmp_path, "a.docx", content).startswith(reason)


# EPUB

EPUB: dict[str, str | bytes] = {
    "META-INF/container.xml": '<container><rootfile full-path="in/book.opf"/></container>',
    "in/book.opf": '<package xmlns:dc="x"><metadata><dc:title>Moss</dc:title><dc:creator>Fern Green</dc:creator>'
    '<dc:date>2018-05-01</dc:date></metadata><manifest><item id="n" href="nav.xhtml" properties="nav"/>'
    '<item id="b" href="../b.xhtml"/><item id="a" href="text/a%20a.xhtml"/></manifest><spine><itemref idref="n"/>'
    '<itemref idref="a"/><itemref idref="b"/><itemref idref="gone"/></spine></package>',
    "in/nav.xhtml": "<p>One, two</p>",
    "in/text/a a.xhtml": '<html><head><title/></head><body><h1>One</h1><p>Moss<a epub:type="noteref">1</a> grows.</p>'
    '<span epub:type="pagebreak">12</span><aside epub:type="footnote"><p>Slowly.</p></aside></body></html>',
    "b.xhtml": "<html><head><title>Two</title></head><body><p>Ferns too.</p></body></html>",
}


def test_an_epub_is_a_paper_of_its_chapters(tmp_path: Path) -> None:
    paper = read(tmp_path, "a.epub", EPUB)
    assert (paper.title, paper.authors, paper.year) == ("Moss", ("Fern Green",), 2018)
    assert sections(paper) == [
        ("body", "One", "Moss grows."),
        ("footnote", "One", "Slowly."),
        ("body", "Two", "Ferns too."),
    ]


def encrypted(algorithm: str) -> dict[str, str | bytes]:
    method = f'<EncryptionMethod Algorithm="{algorithm}"/>'
    return EPUB | {"META-INF/encryption.xml": f"<e><EncryptedData>{method}</EncryptedData></e>"}


def test_an_epub_with_obscured_fonts_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "a.epub", encrypted("http://www.idpf.org/2008/embedding")).title == "Moss"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"words", "it is not a valid EPUB"),
        ({"a.txt": "words"}, "it is a zip archive, but not an EPUB"),
        ({"META-INF/container.xml": "<container/>"}, "its package document is missing"),
        (encrypted("http://www.w3.org/2001/04/xmlenc#aes128-cbc"), "it is locked by copy protection (DRM)"),
        (EPUB | {"../b.xhtml": "<p>words"}, "it holds a file with a path outside of it"),
        (EPUB | {"big.css": b" " * 30_000_000}, "it unpacks to 30 MB"),
        (EPUB | {"b.xhtml": "", "in/text/a a.xhtml": ""}, "the title 'Moss' has no text"),
    ],
    ids=["no zip", "other zip", "no package", "locked", "outside", "bomb", "no text"],
)
def test_an_invalid_epub_is_refused(tmp_path: Path, content: bytes | dict[str, str | bytes], reason: str) -> None:
    assert refusal(tmp_path, "a.epub", content).startswith(reason)


# A damaged file costs only itself

WHOLE = {
    ".html": LATEXML,
    ".xml": JATS,
    ".docx": docx(
        line("Moss", "Title"),
        line("Head", "H1"),
        f"<w:p>{WORD_FORMULA}</w:p>",
        "<w:tbl><w:tr><w:tc/></w:tr></w:tbl>",
        line("Moss grows."),
    ),
    ".epub": EPUB,
}


def changed(text: str, cuts: list[tuple[float, int, str]]) -> str:
    for place, length, put in cuts:
        at = int(place * len(text))
        text = text[:at] + put + text[at + length :]
    return text


CUTS = st.lists(
    st.tuples(
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 30),
        st.sampled_from(["", "<", ">", '"', "</p>", "<p>", "<tr>", "<figure>", "<sup>", "<math>", "&x;", "\x00", "é"]),
    ),
    max_size=6,
)


@settings(deadline=None, max_examples=150)
@given(st.sampled_from(sorted(WHOLE)), CUTS, st.integers(0, 10), st.booleans())
def test_a_file_that_was_changed_anywhere_gives_a_paper_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, suffix: str, cuts: list[tuple[float, int, str]], part: int, packed: bool
) -> None:
    path = tmp_path_factory.getbasetemp() / f"changed{suffix}"
    whole = WHOLE[suffix]
    if isinstance(whole, str):
        path.write_text(changed(whole, cuts))
    else:
        name = sorted(whole)[part % len(whole)]
        with zipfile.ZipFile(path, "w") as archive:
            for inside, content in whole.items():
                archive.writestr(inside, changed(str(content), cuts) if inside == name and not packed else content)
        if packed:
            path.write_bytes(changed(path.read_bytes().decode("latin-1"), cuts).encode("latin-1", "replace"))
    try:
        reading = read_file(path, path.name)
    except SourceError:
        return
    assert reading.papers or reading.failures
    for paper in reading.papers:
        paper.text.encode()
        assert all(0 < s.start < s.end <= len(paper.text) for s in paper.sections)


def test_a_jats_date_may_be_an_attribute(tmp_path: Path) -> None:
    article = (
        "<article><front><article-meta><title-group><article-title>Reeds</article-title></title-group>"
        "<pub-date iso-8601-date='2016-05-03'><day>3</day></pub-date></article-meta></front>"
        "<body><p>Reeds grow.</p></body></article>"
    )
    assert read(tmp_path, "a.xml", article).year == 2016
