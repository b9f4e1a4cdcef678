"""Answers for elsewhere: BibTeX that is read back as it was, quotations, and Markdown in which nothing comes alive."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt

from eval.questions import SAMPLE
from rag.assistant import Assistant
from rag.export import references
from rag.export.references import bibtex, cite_keys, cited_papers, markdown, quotation
from rag.reading.bibliography.bibtex import bibtex_items
from rag.reading.formats import read_file
from rag.text.readable import latex, readable
from rag.types import REFUSAL, Answer, Citation, Paper, Passage, Sentence

ADA, BO, CY = "Ada Brook", "Bo van der Reed", "Cy Łoś"


def paper(title: str = "Counting Otters from Kites", **more: Any) -> Paper:
    return Paper(title, f"{title}\n\nMost are seen.", **{"id": "a1", "authors": (ADA, BO), "year": 2001, **more})


def citation(quote: str = "Most are seen.", number: int = 1, **more: Any) -> Citation:
    values: dict[str, Any] = {
        "title": "Counting Otters from Kites", "paper_id": "a1", "authors": (ADA, BO, CY), "year": 2001,
        "citekey": None, "page": 3, "page_label": "iii", "section": "Methods", "start": 0, "end": len(quote),
        "source": "kites.pdf",
    }  # fmt: skip
    return Citation(number=number, quote=quote, **(values | more))


def answer(*citations: Citation, **more: Any) -> Answer:
    """An answer of one sentence for each citation, as the program composes it."""
    sentences = tuple(Sentence(readable(each.quote), (each.number,), "quoted") for each in citations)
    text = " ".join(f"{sentence.text} [{sentence.citations[0]}]" for sentence in sentences)
    values: dict[str, Any] = {
        "question": "How many are seen?", "text": text, "refused": False, "complete": True, "confidence": 0.9,
        "mode": "quote", "model": None, "sentences": sentences, "citations": citations, "passages": (),
        "asked": "2026-11-21T10:00:00+00:00",
    }  # fmt: skip
    return Answer(**(values | more))


# BibTeX


def read_back(text: str, folder: Path) -> list[dict[str, Any]]:
    (folder / "made.bib").write_text(text, encoding="utf-8")
    items, failures = bibtex_items(folder / "made.bib")
    assert failures == []
    return [{"title": item.title, **item.details} for item in items]


def test_a_bibliography_is_read_back_as_it_was(tmp_path: Path) -> None:
    papers = [each for path in sorted(SAMPLE.glob("*.md")) for each in read_file(path, path.name).papers]
    papers += [
        paper(
            "Naïve $\\alpha$-β Mixing of 50% R&D_1 #2: p<0.05 → ∞ for Łukasz “et” al. — or {not}",
            authors=(ADA, BO, "José Núñez Jr.", "The ATLAS Collaboration", "Ångström Ødegård-Şahin"),
            venue="Journal of Rivers & Kites", doi="10.1000/a_b(1)%3c2", citekey="brook", url="https://x.org/?a_b=1#c",
        ),
        paper(venue="Proceedings of the 3rd Kite Meeting", authors=("Brook, Ada",)),
        paper(arxiv_id="2101.00001v2", venue="arXiv preprint"),
    ]  # fmt: skip
    papers = [replace(each, id=f"p{number}") for number, each in enumerate(papers)]
    keys = cite_keys(papers)
    back = read_back(bibtex(papers), tmp_path)
    assert len(back) == len(papers) == 87
    for before, after in zip(papers, back, strict=True):
        wanted = readable(before.title).translate({ord(c): None for c in "{}"} | {ord(c): '"' for c in "“”"})
        assert after["title"] == wanted.replace("—", "–")
        assert after["citekey"] == keys[before.id]
        assert after["year"] == before.year
    *_, article, meeting, preprint = back
    assert article["authors"] == papers[-3].authors
    assert (article["venue"], article["doi"]) == (papers[-3].venue, papers[-3].doi)
    assert (article["url"], article["citekey"]) == (papers[-3].url, "brook")
    assert (meeting["venue"], meeting["authors"]) == ("Proceedings of the 3rd Kite Meeting", (ADA,))
    assert (preprint["venue"], preprint["arxiv_id"]) == (None, "2101.00001v2")


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({"venue": "Nature"}, "article"),
        ({"venue": "NeurIPS 2024"}, "inproceedings"),
        ({"venue": "CoRR abs/2101.1", "arxiv_id": "2101.00001"}, "misc"),
        ({}, "misc"),
    ],
)
def test_the_type_of_an_entry_is_where_it_appeared(more: dict[str, Any], kind: str) -> None:
    assert bibtex([paper(**more)]).startswith(f"@{kind}{{brook2001counting,\n")


def test_what_was_only_guessed_is_left_out() -> None:
    guessed = paper(doi="10.1000/x", arxiv_id="2101.00001", certainty=(("doi", 0.4), ("arxiv_id", 0.95)))
    assert "doi" not in bibtex([guessed])
    assert "eprint = {2101.00001}," in bibtex([guessed])


def test_a_hostile_field_breaks_no_entry(tmp_path: Path) -> None:
    bad = "}}, year = {1} } @article{evil, title = {\\input{/etc/passwd} \\write18{rm}\n@string{a=b}"
    hostile = paper(bad, authors=(bad, "others"), venue=bad, doi=f"10.1000/{bad}", arxiv_id=bad, url=f"https://x/{bad}")
    text = bibtex([replace(hostile, citekey=bad), paper(id="a2")])
    first, second = read_back(text, tmp_path)
    assert (first["year"], second["title"]) == (2001, "Counting Otters from Kites")
    assert not re.search(r"\\(?:input|write18)", text)
    assert (first["doi"], first["arxiv_id"]) == (None, None)


def test_names_stand_in_bibtex_so_that_the_last_one_is_found() -> None:
    names = (BO, "José Núñez Jr.", "Rock and Water Group", "Brook, Ada", "bell hooks", "Élan")
    assert (
        "author = {Bo van der Reed and Jos{\\'e} {N{\\'u}{\\~n}ez Jr.} and {Rock and Water Group} and Brook, Ada and "
        "bell hooks and {\\'E}lan}"
    ) in bibtex([paper(authors=names)])
    assert "title = {{GravMAD} and {RL} for a Tale of Otters}" in bibtex([paper("GravMAD and RL for a Tale of Otters")])


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({}, "brook2001counting"),
        ({"authors": (BO,)}, "vanderreed2001counting"),
        ({"authors": ("Þór Łoś-Müßig",), "year": None}, "losmussigcounting"),
        ({"authors": (), "title": "On RL"}, "2001rl"),
        ({"authors": ("Jae Lee",), "year": 2024, "title": "GravMAD: Maps"}, "lee2024gravmad"),
        ({"title": "The 2 Art of War"}, "brook2001art"),
        ({"title": "What Is It?"}, "brook2001it"),
        ({"title": "水獭"}, "brook2001"),
        ({"authors": ("王",), "title": "水獭", "year": None}, "paper"),
        ({"citekey": "Brook:2001 {x},~"}, "Brook:2001x"),
    ],
)
def test_a_key_is_made_of_surname_year_and_word(more: dict[str, Any], key: str) -> None:
    assert cite_keys([paper(**more)]) == {"a1": key}


def test_keys_are_unique_and_stay_when_papers_are_added() -> None:
    library = [paper(id="a"), paper(id="b"), paper(id="c", citekey="BROOK2001countingb"), paper(id="d")]
    keys = cite_keys(library)
    assert len({key.casefold() for key in keys.values()}) == 4
    assert keys["c"] == "BROOK2001countingb"
    assert cite_keys([*library, paper(id="e")]).items() >= keys.items()
    assert f"@misc{{{keys['d']}," in bibtex([library[3]], library)
    assert bibtex([]) == ""


@pytest.mark.parametrize("text", ["naïve Łukasz Ødegård Şahin ß æ Erdős ğ", "α-β → ∞, x² ≤ Ω", "a_1 & b # 5%", "中文"])
def test_latex_is_read_back_by_the_readable_form(text: str) -> None:
    assert readable(latex(text)) == text


# Quotations


@pytest.mark.parametrize(
    ("cited", "wanted"),
    [
        (citation("Most {\\em otters}\nare seen [12]."), "“Most otters are seen.” (Brook et al., 2001, p. iii)"),
        (citation(authors=(ADA, BO), page_label=None), "“Most are seen.” (Brook and van der Reed, 2001, p. 3)"),
        (citation(authors=(), year=None, page=None, page_label=None), "“Most are seen.” (Counting Otters from Kites)"),
        (citation(authors=("The ATLAS Team",), page=None, page_label=None), "“Most are seen.” (The ATLAS Team, 2001)"),
    ],
)
def test_a_quotation_says_whose_words_they_are(cited: Citation, wanted: str) -> None:
    assert quotation(cited) == wanted


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ("Kites [3, 5, 8], and rafts [12], see most [1].", "Kites, and rafts, see most."),
        ("As shown in [12], x lies in [0, 1], and we try k in [1, 5, 10].", None),
        ("[12] shows a[1] on a scale [1, 5].", None),
    ],
)
def test_only_marks_that_stand_apart_are_left_out_of_a_quotation(words: str, wanted: str | None) -> None:
    assert quotation(citation(words)).startswith(f"“{wanted or words}” ")


# Markdown


def rendered(text: str) -> str:
    """The Markdown as HTML, by a renderer that passes HTML on, with tables and strikethrough."""
    return str(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


def test_a_conversation_is_numbered_through() -> None:
    one, two = citation("Most are seen."), citation("None in fog.", number=2, page_label=None)
    again = replace(two, number=1)
    text = markdown(
        [answer(one, two), answer(again, question="And in fog?")],
        "Otters",
        [paper(venue="River Letters", doi="10.1000/otters")],
    )
    assert text == (
        "# Otters\n\n"
        "## How many are seen?\n\nMost are seen. [1] None in fog. [2]\n\nQuoted from the papers, 2026-11-21.\n\n"
        "## And in fog?\n\nNone in fog. [2]\n\nQuoted from the papers, 2026-11-21.\n\n"
        "## References\n\n"
        "[1] **Counting Otters from Kites**, Ada Brook, Bo van der Reed, Cy Łoś, River Letters, 2001, Methods, p. iii. "
        "<https://doi.org/10.1000/otters>\n\n> Most are seen.\n\n"
        "[2] **Counting Otters from Kites**, Ada Brook, Bo van der Reed, Cy Łoś, River Letters, 2001, Methods, p. 3. "
        "<https://doi.org/10.1000/otters>\n\n> None in fog.\n"
    )


def test_the_same_words_in_two_papers_are_two_references() -> None:
    text = markdown([answer(citation(), citation(number=2, paper_id="b2"))])
    assert "Most are seen. [1] Most are seen. [2]" in text


def test_what_a_model_wrote_is_shown_with_its_doubts_and_paragraphs() -> None:
    sentences = tuple(
        Sentence(text, numbers, support)
        for text, numbers, support in (
            ("Most are seen.", (1,), "supported"),
            ("All are [1] blue.", (1, 2), "partly"),
            ("The moon is cheese.", (), "unsupported"),
        )
    )
    text = "Most are seen. [1]\nAll are [1] blue. [1] [2] The moon is cheese."
    written = answer(
        citation(), citation("They are grey.", number=2),
        text=text, sentences=sentences, mode="llm", model="qwen3:4b", complete=False,
        standalone_question="Which otters?",
    )  # fmt: skip
    assert markdown([written]).startswith(
        "## How many are seen?\n\nMost are seen. [1]\n\n"
        "All are \\[1\\] blue. [1] [2] *(supported in part)* The moon is cheese. *(not supported by the passages)*\n\n"
        "The answer broke off here.\n\nSearched for: Which otters?\n\nWritten by qwen3:4b, 2026-11-21.\n\n## References"
    )


def test_markdown_is_readable_where_nothing_can_come_alive() -> None:
    text = markdown([answer(citation("R&D: a < b > c, <i>x</i> and &lt; <3."))])
    assert "> R&D: a < b > c, \\<i>x\\</i> and \\&lt; \\<3." in text


def test_a_generation_stands_between_the_names() -> None:
    assert "author = {Oak, Jr, Tim}" in bibtex([paper(authors=("Tim Oak, Jr",))])
    assert cite_keys([paper(authors=("Tim Oak, Jr.",))]) == {"a1": "oak2001counting"}


def test_a_refusal_names_the_nearest_papers() -> None:
    near = Passage("Otters \\& Kites", "a1", None, None, "", 0.1, 0, 0)
    refused = answer(text=REFUSAL, refused=True, passages=(near, near))
    assert markdown([refused]) == (
        f"## How many are seen?\n\n{REFUSAL}\n\nNearest papers:\n\n- Otters & Kites\n\nRefused, 2026-11-21.\n"
    )


def test_of_a_paper_that_was_removed_the_citation_is_enough() -> None:
    asked = [answer(citation(citekey="brook")), answer(citation(paper_id="b2"))]
    first, second = cited_papers(asked, [paper(id="b2", venue="River Letters")])
    assert (first.id, first.title, first.authors, first.citekey) == ("a1", paper().title, (ADA, BO, CY), "brook")
    assert second.venue == "River Letters"
    assert "@misc{brook," in bibtex([first, second], [second])
    assert "[1] **Counting Otters from Kites**, Ada Brook" in markdown(asked)


def test_a_real_answer_is_exported_whole(assistant: Assistant) -> None:
    asked = assistant.ask("Which paper counts animals from the air with a camera on a kite?")
    text = markdown([asked], library=assistant.papers())
    title, *others = [part for part in text.split("\n\n") if part.startswith("Counting") or "94.5%" in part]
    assert title == "Counting Otters from Kites [1]"  # on a line of its own, as in the answer
    assert others
    assert rendered(text).count("<blockquote>") == len(asked.citations) - 1  # the title needs none


HOSTILE = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "![x](https://evil.example/a.png)",
    "[click](javascript:alert(1))", "[click][1]", "[1]: https://evil.example", "<https://evil.example>",
    "https://evil.example/?a=b", "www.evil.example", "mail@evil.example", "`code` ``` ~~~ fence", "~~d~~", "~~~",
    "*a* **b** _c_", "***bold***", "__b__", "# heading", "> quote", "- item", "+ item", "1. item", "12) item", "===",
    "---", "***", "a | b", "|-|-|", "&lt;b&gt; &#60;b&#62; &nbsp;", "\\<b>x</b>", "\\", "`", "<!-- comment",
    "<![CDATA[x", "</div></blockquote>", "<?php x", "$$\\href{javascript:alert(1)}{x}$$", "\\(x\\)", "[^1]: note",
    "[[wiki]] ![[wiki]]", "{{x}} {.a onclick=b}", ":smile:", "line\n# heading\n\n    code\n\n- item", "x\r\n===\r\n",
    "\u2028# a", "a\x00b\x1b[31m", "\u202eevil", "\ud83d", "Term\n: def", '<a href="https://evil.example">x</a>',
    "<svg/onload=alert(1)>", "<iframe src=//evil.example>", "a  \nb", "!", "![", "](", "&", "<", "@all #tag",
    "[x]: <javascript:alert(1)> 'y'", "<style>*{}</style>", "\t<b>", "    <b>", "(1)", "3.5 of 7.", "7.",
]  # fmt: skip
INERT = {"h1", "h2", "p", "em", "strong", "ul", "li", "blockquote", "a"}


@pytest.mark.parametrize("bad", HOSTILE)
def test_nothing_that_was_written_elsewhere_comes_alive(bad: str) -> None:
    cited = citation(bad, title=f"T {bad}", authors=(bad,), section=bad, page_label=bad, citekey=bad, source=bad)
    near = Passage(bad, "a1", None, None, bad, 0.1, 0, 0)
    asked = [
        answer(cited, question=bad, standalone_question=f"{bad} again"),
        answer(cited, question=bad, mode="llm", model=bad, sentences=(Sentence(bad, (1,), "partly"),), text=bad),
        answer(question=bad, text=bad, refused=True, passages=(near,)),
    ]
    known = paper(bad, venue=bad, doi=f"10.1000/{bad}", url=f"https://own.example/{bad}", arxiv_id=bad)
    text = markdown(asked, f"N {bad}", [known])
    html = rendered(text)
    tags = re.findall(r"<(\w+)", html)
    assert set(tags) <= INERT
    assert [tags.count(tag) for tag in ("h1", "h2", "ul", "li", "em", "strong", "blockquote")] == [1, 4, 1, 1, 1, 1, 1]
    questions = re.findall("<h2>(.*)</h2>", html)
    assert unescape(questions[0]) == references._line(bad)  # shown as it is
    (link,) = re.findall(r'<a href="([^"]*)"', html)
    assert tags.count("a") == 1
    assert link.startswith(("https://own.example/", "https://doi.org/10.1000/"))
    bare = re.sub("<https://[^ ]*>", "", text)  # of what makes links of whatever looks like one
    assert not re.search(r"https?://|www\.evil|mail@evil", bare)
