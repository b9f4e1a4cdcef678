"""Hidden text of a page is neither stored nor quoted, and a note says so."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from helpers.papers import CASES
from helpers.reader import read

from rag.reading.markup.styles import drop_hidden
from rag.reading.markup.tags import parse_html

SEEN = "Reeds grow three metres tall in lakes."


def page(body: str, styles: str = "") -> str:
    return f"<html><head><title>Reeds</title><style>{styles}</style></head><body>{body}<p>{SEEN}</p></body></html>"


def test_the_hidden_paragraph_of_a_page_is_left_out_with_a_note(tmp_path: Path) -> None:
    paper = read(tmp_path, "a.html", (CASES / "18-hidden-html" / "a.html").read_bytes())
    assert paper.text == f"Seen Reeds\n\n{SEEN}"
    assert paper.notes == ("39 invisible characters were left out",)


def test_a_publisher_s_page_is_read_without_its_hidden_text(tmp_path: Path) -> None:
    paper = read(tmp_path, "a.html", (CASES / "10-markup-in-records" / "hidden.html").read_bytes())
    assert (paper.title, paper.authors, paper.year) == (
        "Hidden & Seen Reeds in & Out",
        ("Ivy Lake", "Sam van der Reed"),
        2016,
    )
    assert paper.doi == "10.5555/REED.7"
    body = next(paper.text[s.start : s.end] for s in paper.sections if s.kind == "body")
    assert body.split("\n\n") == [
        "Reeds are cooperative plants and grow three metres tall in international lakes.",
        "Zerowidth spaces part no words here.",
        "Line break and 14C dating gave 10^-3 and H2O and x2.",
        "inserted claim of six metres.",
        "More",
        "Details hold that rhizomes are two metres deep.",
    ]


@pytest.mark.parametrize(
    "style",
    [
        "display:none",
        "DISPLAY : NONE !important",
        "visibility: hidden",
        "visibility:collapse",
        "content-visibility:hidden",
        "opacity:0",
        "opacity: 0.0%",
        "font-size:0",
        "font-size: .1pt",
        "font: 0/0 serif",
        "font-size:1%",
        "color:white",
        "color:#fff",
        "color:#FDFDFDff",
        "color:rgb(255, 255, 254)",
        "color:transparent",
        "color:rgba(0,0,0,0)",
        "color:hsl(0,0%,100%)",
        "--ltx-fg-color:#FFFFFF;",
        "color:#123456;background:#123457",
        "position:absolute;left:-9999px",
        "position:fixed; top:-100em",
        "margin-left:-10000px",
        "text-indent:-9999px",
        "transform:translateX(-9999px)",
        "transform:scale(0)",
        "position:absolute;clip:rect(0 0 0 0)",
        "position:absolute;clip:rect(1px, 1px, 1px, 1px)",
        "clip-path:inset(50%)",
        "width:1px;height:1px;overflow:hidden",
        "max-height:0;overflow:hidden",
    ],
)
@pytest.mark.parametrize("place", ["inline", "class", "id", "tag", "important", "nested"])
def test_text_hidden_by_a_style_is_left_out(tmp_path: Path, style: str, place: str) -> None:
    line = "Reeds are <b>nine metres</b> tall."
    body, styles = {
        "inline": (f'<p style="{style}">{line}</p>', ""),
        "class": (f"<p class='note x'>{line}</p>", f"/* .note */ h1, .x.note {{ {style} }}"),
        "id": (f"<p id=x>{line}</p>", f"p {{display:block}} @media print {{p {{display:none}}}} #x{{{style}"),
        "tag": (f"<aside-note>{line}</aside-note>", f"aside-note{{{style}}}"),
        "important": (f"<p class=x style='all:revert'>{line}</p>", f"@media screen {{ body .x {{{style}}} }}"),
        "nested": (f"<div class=x><section>{line}</section></div>", f"body > .x {{{style}}}"),
    }[place]
    paper = read(tmp_path, "a.html", page(body, styles))
    assert paper.text == f"Reeds\n\n{SEEN}"
    assert paper.notes == ("23 invisible characters were left out",)


@pytest.mark.parametrize(
    ("body", "styles"),
    [
        ("<p style='display:block;visibility:visible;opacity:1'>{}</p>", ""),
        ("<p style='color:white;background:black'>{}</p>", ""),
        ("<table bgcolor=black><tr><td><font color=white>{}</font></td></tr></table>", ""),
        ("<div style='background:url(a.png) #fff'><p style='color:#fff'>{}</p></div>", ""),
        ("<p>{}</p>", "body{background:#000;color:#fff}"),
        ("<p style='color:#777'>{}</p>", ""),
        ("<p style='color:var(--ink)'>{}</p>", ""),
        ("<div style='visibility:hidden'><p style='visibility:visible'>{}</p></div>", ""),
        ("<div style='font-size:0'><p style='font-size:16px'>{}</p></div>", ""),
        ("<p class=x>{}</p>", ".x{display:none} p.x{display:block}"),
        ("<p class=x style='display:block'>{}</p>", ".x{display:none}"),
        ("<p class=x>{}</p>", "@media print{.x{display:none}} @keyframes k{from{opacity:0}} .js .x{display:none}"),
        ("<p class=x>{}</p>", ".x:hover{display:none} .x::before{display:none} div > .x{opacity:0}"),
        ("<p class=x>{}</p>", "body, html {opacity:0; visibility:hidden}"),
        ("<p style='position:absolute;top:50%;left:50%;transform:translate(-50%,-50%)'>{}</p>", ""),
        ("<div style='float:left;margin-left:-100%'><p>{}</p></div>", ""),
        ("<p style='text-indent:-2em;margin-left:2em;overflow:hidden;width:500px'>{}</p>", ""),
        ("<details><summary>More</summary><p>{}</p></details>", ""),
    ],
)
def test_text_shown_by_a_style_is_read(tmp_path: Path, body: str, styles: str) -> None:
    paper = read(tmp_path, "a.html", page(body.format("Rhizomes are two metres deep."), styles))
    assert "Rhizomes are two metres deep." in paper.text
    assert paper.notes == ()


@pytest.mark.parametrize(
    "body",
    [
        "<p class='sr-only'>Screen reader words.</p>",
        "<template>Template words.</template><noscript>No script.</noscript><textarea>Typed words.</textarea>",
        "<p><del>Seven metres.</del></p>",
        "<dialog>Closed words.</dialog>",
        "<div hidden><p>Hidden words.</p></div>",
    ],
)
def test_text_that_browsers_do_not_show_is_left_out(tmp_path: Path, body: str) -> None:
    assert read(tmp_path, "a.html", page(body)).text == f"Reeds\n\n{SEEN}"


def test_the_readable_copy_of_a_formula_is_kept() -> None:
    katex = "<span class=katex><span class=katex-mathml><math><mi>x</mi></math></span><i aria-hidden=true>x</i></span>"
    soup = parse_html(f"<style>.katex-mathml{{position:absolute;clip:rect(1px,1px,1px,1px)}}</style><p>{katex}</p>")
    assert drop_hidden(soup) == 0
    assert soup.find("math") is not None


def test_a_footnote_that_opens_on_hover_is_kept(tmp_path: Path) -> None:
    sheet = ".ltx_note_content{display:none} .ltx_note_outer{position:absolute;left:-9999px}"
    note = "<span class=ltx_note><i class=ltx_note_outer><span class=ltx_note_content>In May.</span></i></span>"
    paper = read(tmp_path, "a.html", page(f"<p>Moss{note} grows.</p>", sheet))
    assert [(s.kind, paper.text[s.start : s.end]) for s in paper.sections][1] == ("footnote", "In May.")
    assert paper.notes == ()


def test_hidden_styled_content_of_jats_is_left_out(tmp_path: Path) -> None:
    paper = read(
        tmp_path,
        "a.xml",
        "<article><front><article-meta><title-group><article-title>Reeds</article-title></title-group></article-meta>"
        "</front><body><p>Reeds <styled-content style='color:red'>grow</styled-content>."
        "<styled-content style='display:none'>Nine metres.</styled-content></p></body></article>",
    )
    assert (paper.text, paper.notes) == (
        "Reeds\n\nReeds grow.",
        ("11 invisible characters were left out",),
    )


@pytest.mark.parametrize(
    "html",
    [
        "<style>" + "/*" * 50_000,
        "<style>" + "{" * 100_000,
        "<style>" + "a" * 100_000,
        "<style>" + ";" * 100_000 + "{}",
        "<style>" + "".join(f"p{{top:{n}}}" for n in range(6_000)) + "</style>" + "<p>a" * 10_000,
        "<style>" + "".join(f"b{n} p{{top:0}}" for n in range(3_000)) + "</style>" + "<p>a" * 10_000,
        "<style>i i i i{top:0}</style>" + "<i>" * 30_000,
        "<p style='" + "color:rgb(" * 10_000 + "'>a",
        "<p style='font:" + " 0" * 40_000 + "'>a",
        "<p style='transform:" + "scale(" * 15_000 + "'>a",
    ],
    ids=range(10),
)
def test_a_hostile_style_sheet_takes_no_time(html: str) -> None:
    soup = parse_html(html)
    began = time.process_time()
    drop_hidden(soup)
    assert time.process_time() - began < 5  # the worst takes 0.5 s
