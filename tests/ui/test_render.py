"""What the page shows of answers, as functions: text stays text, links lead to the work, doubts stand in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from bs4 import BeautifulSoup
from helpers.answers import QUOTE, SEARCHED, TEXT, TITLE, all_hostile, answer, citation, passage
from helpers.injections import HOSTILE

from rag.text.readable import readable
from rag.types import REFUSAL, UNSURE, Answer, CitedText, Paper, Sentence
from ui.answer import answer_html
from ui.evidence import Sources, evidence_html
from ui.paper_list import PaperList
from ui.render import header_html, original_question, question_text, scope_html, text_html, working_html

KNOWN = Paper(TITLE, TEXT, "a1", doi="10.1000/kite(1)", arxiv_id="2301.00001", url="https://own.example/paper?a=1&b=2")


def paper_list(papers: dict[str, Paper], keys: dict[str, str]) -> PaperList:
    made = PaperList(papers)
    made.cite_keys = keys
    return made


def cards(answers: list[Answer], paper: Paper = KNOWN, key: str = "brook2001", drawn: bool = True) -> str:
    papers = paper_list({paper.id: paper}, {paper.id: key})
    return evidence_html(answers, Sources(papers, lambda _: drawn, lambda _: None))


def parsed(html: str) -> BeautifulSoup:
    return BeautifulSoup(html, "html.parser")


def shape(html: str) -> list[tuple[str, list[str]]]:
    """Return the elements with the names of their attributes."""
    return [(each.name, sorted(each.attrs)) for each in parsed(html).find_all(True)]


def test_hostile_text_is_shown_literally_and_adds_no_markup(subtests: pytest.Subtests) -> None:
    for bad in HOSTILE:
        with subtests.test(bad=bad):
            check_adds_no_markup(bad)
            check_is_shown_literally(bad)
            check_renders_to_one_line_of_html(bad)


def check_adds_no_markup(bad: str) -> None:
    paper = replace(KNOWN, title=bad, doi=bad, arxiv_id=bad, url=f"https://own.example/{bad}", zotero=bad)
    plain = "words"
    harmless = replace(KNOWN, title=plain, doi=plain, arxiv_id=plain, url=f"https://own.example/{plain}", zotero=plain)
    for made, pattern in zip(all_hostile(bad), all_hostile(plain), strict=True):
        assert shape(answer_html(made, 0)) == shape(answer_html(pattern, 0))
    assert shape(cards(all_hostile(bad), paper, bad)) == shape(cards(all_hostile(plain), harmless, plain))
    assert shape(text_html(bad)) == shape(text_html(plain))
    assert shape(header_html(3, 1, bad, bad)) == shape(header_html(3, 1, plain, plain))
    assert shape(scope_html(bad)) == shape(scope_html(plain))
    assert parsed(question_text(bad)).find_all(True) == []
    assert original_question(question_text(bad)) == bad


def check_is_shown_literally(bad: str) -> None:
    def same(shown: str, text: str) -> bool:
        return " ".join(shown.split()) == " ".join(text.split())

    quoted, *_ = all_hostile(bad)
    page = parsed(answer_html(quoted, 0))
    assert page.select_one("sup").extract()  # type: ignore[union-attr]
    assert same(page.select(".fn-sentence")[0].get_text(), bad)
    shown = parsed(cards([quoted]))
    assert same(shown.select("h3")[0].get_text(), readable(bad))
    assert same(shown.select("mark")[0].get_text(), readable(bad))
    assert same(shown.select(".fn-unused blockquote")[0].get_text(), readable(f"{bad} {bad}"))
    assert same(parsed(scope_html(bad)).span.get_text(), bad)  # type: ignore[union-attr]
    assert same(parsed(question_text(bad)).get_text(), bad) or "<!" in bad or "<?" in bad


def check_renders_to_one_line_of_html(bad: str) -> None:
    paper = replace(KNOWN, title=bad)
    made = [*(answer_html(each, 0) for each in all_hostile(bad)), cards(all_hostile(bad), paper, bad)]
    for html in [*made, text_html(bad), header_html(3, 1, bad, bad), working_html(bad), scope_html(bad)]:
        assert re.match("<(?:div|p)[ >]", html)
        assert not re.search(r"[\r\n]", html)


def test_the_lines_of_a_passage_are_kept() -> None:
    made = answer(
        passages=(passage(text=f"We flew.\r\n{QUOTE}\rThen\nit rained.", end=99),),
        citations=(citation(start=10, end=24),),
    )
    quote = parsed(cards([made])).blockquote
    assert quote is not None
    assert quote.get_text().split("\n") == ["We flew.", QUOTE, "Then", "it rained."]


# Links


def links(paper: Paper, **more: Any) -> list[str]:
    shown = parsed(cards([answer(citations=(citation(**more),))], paper))
    return [str(a["href"]) for a in shown.select("a") if not str(a["href"]).startswith(("#", "drawn/", "paper/"))]


def test_links_lead_to_the_work_only() -> None:
    wanted = ["https://doi.org/10.1000/kite(1)", "https://arxiv.org/abs/2301.00001", KNOWN.url]
    zotero = "zotero://open-pdf/library/items/ABCD1234?page=3"
    assert links(KNOWN, link=zotero) == [*wanted, zotero]
    assert links(replace(KNOWN, doi=None, arxiv_id=None, url=None, zotero=zotero)) == [zotero]
    assert links(replace(KNOWN, id="b2"), link=None) == []  # of another paper


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)", "JavaScript:alert(1)", " javascript:alert(1)", "java\tscript:alert(1)",
        "data:text/html,x", "file:///etc/passwd", "//evil.example/x", "/etc/passwd", "vbscript:x", "http:", "https:///x",
        "http://[", "ftp://x/", "zotero-evil://x", "",
    ],
)  # fmt: skip
def test_only_web_addresses_become_links(url: str) -> None:
    assert links(replace(KNOWN, doi=None, arxiv_id=None, url=url, zotero=url), link=url) == []


@pytest.mark.parametrize(
    "bad", ["../../evil", "@evil.example", "//evil.example", "10.1/x?y=z#w", "\\\\evil", "10.1/<b>"]
)
def test_a_doi_or_arxiv_id_leads_to_no_other_host(bad: str) -> None:
    for link in links(replace(KNOWN, doi=bad, arxiv_id=bad, url=None)):
        assert re.fullmatch(r"https://(?:doi\.org|arxiv\.org/abs)/[^?#<>\\@\s]*", link)


def test_links_open_in_a_new_tab_without_referrer() -> None:
    for link in parsed(cards([answer()])).select("a[target]"):
        assert (link["target"], link["rel"]) == ("_blank", ["noopener", "noreferrer"])


def test_a_paper_id_cannot_change_the_path_of_a_link() -> None:
    shown = parsed(cards([answer(citations=(citation(paper_id="../x?y#z"),))], replace(KNOWN, id="../x?y#z")))
    assert str(shown.select("img")[0]["src"]).startswith("drawn/..%2Fx%3Fy%23z/3.png?start=9&end=23&check=")


# What is told


@pytest.mark.parametrize(
    ("support", "words"),
    [
        ("quoted", "quoted"),
        ("supported", "supported"),
        ("partly", "supported in part"),
        ("unsupported", "not supported"),
    ],
)
def test_the_support_of_a_model_s_sentence_is_shown_in_words(support: str, words: str) -> None:
    made = answer(mode="llm", model="qwen3:4b", sentences=(Sentence("They are.", (1,), support),))
    (label,) = parsed(answer_html(made, 0)).select(".fn-support")
    (sign,) = label.select("[role=presentation]")
    sign.extract()
    assert label.get_text().strip() == words
    assert label["title"]
    assert parsed(answer_html(replace(made, mode="quote"), 0)).select(".fn-support") == []


def test_footnotes_link_to_their_card_and_the_card_to_the_first_footnote() -> None:
    cited = (citation(), citation(number=2, quote="We flew.", start=0, end=8))
    sentences = (Sentence("One.", (1, 2), "quoted"), Sentence("Two.", (2,), "quoted"))
    made = answer(sentences=sentences, citations=cited)
    refs, beside = parsed(answer_html(made, 4)), parsed(cards([made]))
    assert [(a["href"], a.get("id")) for a in refs.select("sup a")] == [
        ("#card-4-1", "ref-4-1"),
        ("#card-4-2", "ref-4-2"),
        ("#card-4-2", None),
    ]
    assert [each["id"] for each in beside.select(".fn-target")] == ["card-0-1", "card-0-2"]
    assert [a["href"] for a in beside.select('a[href^="#ref"]')] == ["#ref-0-1", "#ref-0-2"]


PROSE = answer(
    mode="llm",
    model="m",
    text="They are. [1]",
    sentences=(Sentence("They are.", (1,), "supported"),),
    citations=(citation(start=10, end=24),),
    quotes=CitedText(
        "",
        (Sentence(QUOTE, (1,), "quoted"), Sentence("So.", (2,), "quoted")),
        (citation(number=1, start=10, end=24), citation(number=2, start=50, end=60)),
    ),
)


def test_the_quotes_stay_below_prose_with_their_cards() -> None:
    page, evidence = parsed(answer_html(PROSE, 0)), parsed(cards([PROSE]))
    assert page.select_one("p.fn-sentence").get_text().startswith("They are.")  # type: ignore[union-attr]
    quotes = page.select_one("details.fn-quotes")
    assert quotes is not None
    assert not quotes.has_attr("open")
    assert [each.get_text().strip() for each in quotes.select("p.fn-sentence")] == [f"{QUOTE}1", "So.2"]
    ids = [str(each["id"]) for each in page.select("[id]")]
    assert ids == ["ref-0-1", "ref-0-2"]
    assert {str(a["href"]) for a in page.select("a.fn-ref")} == {"#card-0-1", "#card-0-2"}
    assert [str(each["id"]) for each in evidence.select(".fn-target")] == ["card-0-1", "card-0-2"]


def test_what_a_model_wrote_and_is_not_shown_is_one_click_away() -> None:
    written = CitedText("", (Sentence("The moon is <i>cheese</i>.", (), "unsupported"),), ())
    hidden = answer(model="m", written=written, notes=("m wrote an answer that the passages do not support.",))
    page = parsed(answer_html(hidden, 0))
    assert "m wrote an answer that the passages do not support." in page.get_text()
    details = page.select_one("details.fn-written")
    assert details is not None
    assert not details.has_attr("open")
    assert "The moon is <i>cheese</i>." in details.get_text()
    assert "not supported" in details.get_text()
    shown = replace(PROSE, written=CitedText("", PROSE.sentences, PROSE.citations))
    assert parsed(answer_html(shown, 0)).select_one("details.fn-written") is None


def test_a_refusal_names_the_nearest_papers_and_cites_nothing() -> None:
    made = answer(text=REFUSAL, refused=True, sentences=(), citations=())
    page = parsed(answer_html(made, 0))
    assert page.select_one(".fn-refusal").get_text() == REFUSAL  # type: ignore[union-attr]
    assert [item.get_text() for item in page.select("li")] == [TITLE]
    assert page.select("sup") == []
    assert "3 papers (1 file could not be read) searched" in page.select_one(".fn-status").get_text()  # type: ignore[union-attr]


def test_an_answer_shows_its_filters() -> None:
    made = answer(searched={"papers": 1, "of": 14, "filters": {"tags": ["statics"]}})
    page = parsed(answer_html(made, 0))
    assert page.select_one(".fn-scope").get_text() == "Searched: 1 of 14 papers, tag: statics."  # type: ignore[union-attr]
    assert "1 of 14 papers searched" in page.select_one(".fn-status").get_text()  # type: ignore[union-attr]
    assert "Searched: 1 of 14 papers, tag: statics." in page.select_one(".fn-copied").get_text()  # type: ignore[union-attr]
    assert parsed(answer_html(answer(), 0)).select(".fn-scope") == []


def test_a_card_has_the_marked_passage_scores_and_citations_to_copy() -> None:
    card = parsed(cards([answer()])).select_one("details.fn-card")
    assert card is not None
    assert card.blockquote.get_text() == TEXT  # type: ignore[union-attr]
    assert card.mark.get_text() == QUOTE  # type: ignore[union-attr]
    assert card.summary.get_text() == "1Brook 2001, p. iii2 Methods"  # type: ignore[union-attr]
    assert [each.get_text() for each in card.select(".fn-copied")][1] == "\\cite{brook2001}"
    assert "rank 1, score 1.25; similarity: passage 0.50; words (BM25): passage 2.00" in card.get_text()


CHANGED: list[tuple[str, Callable[[Answer], Answer]]] = [
    ("no page", lambda a: replace(a, citations=(citation(page=None),))),
    ("a paper that is gone", lambda a: replace(a, citations=(citation(paper_id="gone"),), passages=())),
]


@pytest.mark.parametrize(("why", "change"), CHANGED)
def test_a_card_without_a_page_has_no_image(why: str, change: Callable[[Answer], Answer]) -> None:
    assert parsed(cards([answer()])).select("img")
    known = Sources(paper_list({"a1": KNOWN}, {"a1": "k"}), lambda paper: paper == "a1", lambda _: None)
    shown = evidence_html([change(answer())], known)
    assert parsed(shown).select("img") == [], why
    assert parsed(shown).mark.get_text() == QUOTE  # type: ignore[union-attr]


def test_unused_passages_are_listed_separately() -> None:
    made = answer(passages=(passage(), passage(paper_id="b2", title="Other")))
    (more,) = parsed(cards([made])).select(".fn-more")
    assert more.summary.get_text() == "Found and not used: 1 passage"  # type: ignore[union-attr]
    assert [each.get_text() for each in more.select("h3")] == ["Other"]
    assert [each.get_text() for each in more.select("details strong")] == ["Other, p. 3"]


# Several papers


WINDS = "Winds over Rivers: A Survey of Forty Valleys"
SEVERAL = answer(
    sentences=(
        Sentence(UNSURE, (), "unsupported"),
        Sentence(QUOTE, (1,), "quoted"),
        Sentence("It blows.", (2,), "quoted"),
        Sentence("Some are not.", (3,), "quoted"),
    ),
    citations=(
        citation(authors=("Ada Brook", "Bo Reed", "Cy Lee")),
        citation(number=2, paper_id="b2", title=WINDS, authors=(), year=None, quote="It blows.", page=None),
        citation(number=3, authors=("Ada Brook", "Bo Reed", "Cy Lee"), quote="Some are not.", page_label="v"),
    ),
)


def test_quotes_are_grouped_under_short_references_and_keep_their_numbers() -> None:
    page = parsed(answer_html(SEVERAL, 0))
    assert [each.get_text(" ", strip=True) for each in page.select("p.fn-source, p.fn-sentence")] == [
        UNSURE,
        f"Brook et al. 2001, pp. iii, v {TITLE}",
        f"{QUOTE} 1",
        "Some are not. 3",
        "Winds over Rivers",
        "It blows. 2",
    ]


def test_the_cards_of_a_paper_stand_under_its_title() -> None:
    shown = parsed(cards([SEVERAL]))
    assert [each.get_text() for each in shown.select("h3, .fn-card > summary strong")] == [
        TITLE,
        "Brook et al. 2001, p. iii",
        "Brook et al. 2001, p. v",
        WINDS,
        "Winds over Rivers",
    ]


def test_a_paper_of_which_the_title_is_cited_has_no_heading_that_repeats_it() -> None:
    made = answer(sentences=(Sentence(TITLE, (1,), "quoted"),), citations=(citation(quote=TITLE),), passages=())
    assert parsed(answer_html(made, 0)).get_text().count(TITLE) == 1 + str(made).count(TITLE)
    assert parsed(cards([made])).select("h3") == []
    nameless = replace(made, citations=(citation(quote=TITLE, authors=()),))
    assert parsed(answer_html(nameless, 0)).select(".fn-source") == []
    assert parsed(cards([made])).summary.get_text() == f"1{TITLE}Ada Brook, 2001 · kites.pdf"  # type: ignore[union-attr]


# How far the papers answer, and how it was found


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ({"grounds": "2 quotes, both from one paper"}, "2 quotes, both from one paper."),
        ({"grounds": "1 quote; it does not hold a number"}, "1 quote; it does not hold a number."),
        (
            {"grounds": "1 quote", "missing": ("No passage speaks of 'eels'.",)},
            "Answered in part. 1 quote. No passage speaks of 'eels'.",
        ),
        (
            {"grounds": "1 quote", "sentences": (Sentence(UNSURE, (), "unsupported"), Sentence(QUOTE, (1,), "quoted"))},
            "Perhaps not answered. 1 quote.",
        ),
        ({"grounds": "1 quote", "seconds": {}}, None),  # while it grows
    ],
)
def test_a_line_says_how_far_the_papers_answer(more: dict[str, Any], wanted: str | None) -> None:
    page = parsed(answer_html(answer(notes=("A note.", *more.get("missing", ())), **more), 0))
    assert [each.get_text() for each in page.select(".fn-reach")] == ([wanted] if wanted else [])
    for missing in more.get("missing", ()):
        page.select_one(".fn-copied").extract()  # type: ignore[union-attr]
        assert page.get_text().count(missing.rstrip(".")) == 1
    assert "A note." in page.get_text()


def test_how_an_answer_was_found_is_told_on_request() -> None:
    searched = {**SEARCHED, "terms": ["kites", "otters"], "found": 1200, "read": 24}
    details = parsed(answer_html(answer(standalone_question="Are otters seen?", searched=searched), 0)).select_one(
        "details.fn-how"
    )
    assert details is not None
    assert not details.has_attr("open")
    assert dict(zip(*([each.get_text() for each in details.select(tag)] for tag in ("dt", "dd")), strict=True)) == {
        "Searched for": "Are otters seen?",
        "Words": "kites, otters",
        "Passages": "1,200 found, 24 read with the question",
        "Time": "0.3 s: 0.1 s to search, 0.2 s to answer",
    }
