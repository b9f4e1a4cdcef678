"""Define complete documents in HTML, JATS, Word's XML and EPUB."""

from __future__ import annotations

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

WORD_FORMULA = (
    "<m:oMath><m:sSub><m:e><m:r><m:t>x</m:t></m:r></m:e><m:sub><m:r><m:t>i</m:t></m:r></m:sub></m:sSub>"
    "<m:r><m:t>≤</m:t></m:r><m:f><m:fPr/><m:num><m:r><m:t>a+b</m:t></m:r></m:num><m:den><m:r><m:t>2</m:t></m:r></m:den>"
    "</m:f></m:oMath>"
)

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
