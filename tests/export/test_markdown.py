"""Export to Markdown: numbered references, notes on answers, and hostile text that stays inert."""

from __future__ import annotations

import re
from dataclasses import replace
from html import unescape

import pytest
from helpers.cited import ADA, BO, CY, answer, citation, paper
from markdown_it import MarkdownIt

from rag import REFUSAL, Assistant, Passage, Sentence
from rag.export.bibtex import bibtex
from rag.export.markdown import cited_papers, markdown
from rag.export.reference import one_line


def rendered(text: str) -> str:
    """Render Markdown to HTML, keeping inline HTML, with tables and strikethrough."""
    return str(MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).render(text))


def test_the_references_of_a_conversation_share_one_numbering() -> None:
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


def test_a_model_s_answer_keeps_its_paragraphs_and_shows_weak_support() -> None:
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


def test_only_markup_is_escaped() -> None:
    text = markdown([answer(citation("R&D: a < b > c, <i>x</i> and &lt; <3."))])
    assert "> R&D: a < b > c, \\<i>x\\</i> and \\&lt; \\<3." in text


def test_a_refusal_names_the_nearest_papers() -> None:
    near = Passage("Otters \\& Kites", "a1", None, None, "", 0.1, 0, 0)
    refused = answer(text=REFUSAL, refused=True, passages=(near, near))
    assert markdown([refused]) == (
        f"## How many are seen?\n\n{REFUSAL}\n\nNearest papers:\n\n- Otters & Kites\n\nRefused, 2026-11-21.\n"
    )


def test_the_citation_describes_a_removed_paper() -> None:
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


def test_hostile_text_does_not_become_markup(subtests: pytest.Subtests) -> None:
    for bad in HOSTILE:
        with subtests.test(bad=bad):
            check_inert(bad)


def check_inert(bad: str) -> None:
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
    counts = [tags.count(tag) for tag in ("h1", "h2", "ul", "li", "em", "strong", "blockquote")]
    assert counts == [1, 4, 1, 1, 1, 1, 1]
    questions = re.findall("<h2>(.*)</h2>", html)
    assert unescape(questions[0]) == one_line(bad)
    (link,) = re.findall(r'<a href="([^"]*)"', html)
    assert tags.count("a") == 1
    assert link.startswith(("https://own.example/", "https://doi.org/10.1000/"))
    bare = re.sub("<https://[^ ]*>", "", text)  # some renderers turn bare URLs into links
    assert not re.search(r"https?://|www\.evil|mail@evil", bare)
