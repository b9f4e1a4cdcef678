"""Render answers and their evidence as HTML for the chat page.

Every text of a paper, a question or a model goes through a template that escapes it. The page's scripts use the ids
and classes that the templates set: `ref-2-1` is the first footnote of the third answer, `card-2-1` its card.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from html import unescape
from typing import Any
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from rag import Answer, Citation, Paper, Passage, QuotedTable, Sentence, TableView, quotation, readable
from rag.text.searched import papers_text
from rag.types import DOUBT, short_section

from .paper_list import PaperList
from .tables import shown_table
from .view_address import checksum, citation_address, passage_address

_SCORES = {
    "similarity": {"chunk": "passage", "sentence": "its best sentence", "paper": "whole paper"},
    "words (BM25)": {"words": "passage", "paper_words": "whole paper"},
    "cross-encoder": {"read": "passage"},
}
_MAX_TABLES = 30  # of a paper
_MAX_FOOTNOTES = 10  # of a sentence; what is counted can rest on many papers, which have cards
_MAX_TABLE_ROWS = 100
_SUPPORT = {  # sign, label, tooltip
    "quoted": ("“ ”", "quoted", "The paper's own words."),
    "counted": ("Σ", "counted", "Counted from the metadata of the papers cited."),
    "supported": ("✓", "supported", "The quotes say this."),
    "partly": ("◐", "supported in part", "The quotes say a part of this."),
    "unsupported": ("✗", "not supported", "The quotes do not say this."),
}


def answer_html(answer: Answer, turn: int) -> str:
    """Return an answer as the chat shows it; `turn` is its index in the conversation."""
    below, _ = _quotes_below(answer)
    footnotes = _footnotes([*answer.sentences, *below])
    return _render(
        "answer",
        answer=answer,
        turn=turn,
        sentences=footnotes[: len(answer.sentences)],
        quotes=footnotes[len(answer.sentences) :],
        written=_hidden(answer),
        support=_SUPPORT,
        doubt=DOUBT,
        status=status_line(answer),
        scope=answer.scope_note() if answer.searched.get("filters") else "",
        plain=str(answer),
    )


def evidence_html(
    answers: Sequence[Answer],
    papers: PaperList,
    can_draw: Callable[[str], bool],
    table_of: Callable[[Citation], QuotedTable | None],
    number: int | None = None,
) -> str:
    """Return the cards of a conversation, those of the last answer first.

    `can_draw` says whether the pages of the paper with an id can be drawn, `table_of` returns the table some of whose
    rows a citation quotes, and `number` is a stored conversation's.
    """
    parts = []
    for turn, answer in reversed(list(enumerate(answers))):
        citations = [*answer.citations, *_quotes_below(answer)[1]]
        cards = [_card(answer, each, papers, can_draw, table_of(each), citations) for each in citations]
        unused = [p for p in answer.passages if not any(_contains(p, c) for c in citations)]
        parts.append(
            (turn, answer, cards, [(p, about_place(p), _scores(answer, p), passage_address(p)) for p in unused])
        )
    return _render("evidence", parts=parts, last=len(answers) - 1, number=number, readable=readable, shown=_shown)


def question_text(question: str) -> str:
    """Return a question as the chat shows it: only tags and entities are escaped, so that it can be edited."""
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", re.sub(r"&(?=[A-Za-z#])", "&amp;", question))


def original_question(shown: str) -> str:
    """Return the question for which `question_text` returned `shown`: the chat sends back what it shows."""
    return unescape(shown)


def report_html(done: str, failed: Sequence[str]) -> str:
    """Return the result of an upload: a line on what was done, and one for each file that failed."""
    return _render("report", done=done, failed=failed)


def header_html(papers: str, writer: str, notice: str) -> str:
    """Return the state in the bar, and a notice that can be dismissed; no notice if it is empty."""
    return _render("header", papers=papers, writer=writer, notice=notice)


def panes_html() -> str:
    """Return the buttons that show one pane each on a narrow page; page.js listens to them."""
    return _render("panes")


def scope_html(limits: str) -> str:
    """Return which papers the next question searches; all if `limits` is empty."""
    return _render("scope", limits=limits)


def tables_html(tables: Sequence[TableView], without: str) -> str:
    """Return the first tables of a paper with their first rows, or `without` if there are none."""
    shown = [shown_table(table, most=_MAX_TABLE_ROWS) for table in tables[:_MAX_TABLES]]
    return _render("tables", tables=shown, left_out=max(len(tables) - _MAX_TABLES, 0), without=without)


def text_html(text: str) -> str:
    """Return plain text as a paragraph."""
    return _render("text", text=text)


def status_line(answer: Answer) -> str:
    """Return who wrote the answer, what it rests on, what was searched and the time it took."""
    if not answer.seconds:
        return ""
    parts = [
        _written_by(answer),
        answer.grounds,
        f"{papers} searched" if (papers := papers_text(answer.searched)) else "",
        f"{sum(answer.seconds.values()):.1f} s",
    ]
    return " · ".join(filter(None, parts))


def _written_by(answer: Answer) -> str:
    if answer.mode == "llm":
        return f"Written by {answer.model}"
    return "Counted from metadata" if answer.is_counted else "Quotes only"


@cache
def _environment() -> Environment:
    environment = Environment(loader=PackageLoader("ui"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["with_code"] = _with_code
    return environment


def _with_code(text: str) -> Markup:
    """Return a message of the program with its commands as code."""
    return Markup(re.sub(r"`((?:footnote|ollama) [^`]+)`", r"<code>\1</code>", str(escape(text))))


def _render(template: str, **values: Any) -> str:
    """Render a template to one line. Gradio reads it as Markdown, where a line break may begin a new paragraph."""
    html = _environment().get_template(f"{template}.html.jinja").render(values)
    return " ".join(line.strip() for line in re.split(r"[\r\n]", html) if line.strip())


def _footnotes(shown: Sequence[Sentence]) -> list[tuple[Sentence, list[tuple[int, bool]]]]:
    """Return each sentence with its footnotes: (number, whether it is the first with this number)."""
    seen: set[int] = set()
    sentences = []
    for sentence in shown:
        numbers = sentence.citations[:_MAX_FOOTNOTES]
        sentences.append((sentence, [(number, number not in seen) for number in numbers]))
        seen.update(numbers)
    return sentences


def _quotes_below(answer: Answer) -> tuple[list[Sentence], list[Citation]]:
    """Return the answer in quotes that stands below prose: its sentences, and its citations that the prose has not.

    These are numbered on after those of the prose.
    """
    if answer.mode != "llm" or answer.quotes is None:
        return [], []
    known = {(each.paper_id, each.start, each.end): each.number for each in answer.citations}
    numbers: dict[int, int] = {}
    more: list[Citation] = []
    for citation in answer.quotes.citations:
        span = (citation.paper_id, citation.start, citation.end)
        if span not in known:
            known[span] = len(answer.citations) + len(more) + 1
            more.append(replace(citation, number=known[span]))
        numbers[citation.number] = known[span]
    sentences = [replace(s, citations=tuple(numbers[n] for n in s.citations)) for s in answer.quotes.sentences]
    return sentences, more


def _hidden(answer: Answer) -> tuple[Sentence, ...]:
    """Return all that the model wrote if not all of it is shown."""
    written = answer.written.sentences if answer.written else ()
    return () if {each.text for each in written} <= {each.text for each in answer.sentences} else written


def _card(
    answer: Answer,
    citation: Citation,
    papers: PaperList,
    can_draw: Callable[[str], bool],
    table: QuotedTable | None,
    citations: Sequence[Citation],
) -> dict[str, Any]:
    """Return what the template shows of a citation: the quote in its table or passage, scores, links, texts to copy."""
    passage = next((p for p in answer.passages if _contains(p, citation)), None)
    text, start = (passage.text, citation.start - passage.start) if passage else (citation.quote, 0)
    end = start + len(citation.quote)
    key = papers.cite_keys.get(citation.paper_id)
    return {
        "number": citation.number,
        "view": citation_address(citation, citations),
        "title": readable(citation.title),
        "about": about_place(citation),
        "before": _shown(text[:start]),
        "quote": _shown(citation.quote),
        "after": _shown(text[end:]),
        "table": shown_table(table.table, table.quoted, left_out=table.left_out) if table else None,
        "scores": _scores(answer, passage) if passage else "",
        "links": _links(citation, papers.papers.get(citation.paper_id)),
        "page": citation.page_label or citation.page,
        "page_url": _page_url(citation) if citation.page and can_draw(citation.paper_id) else "",
        "is_title": citation.quote == citation.title,
        "quotation": quotation(citation),
        "cite": f"\\cite{{{key}}}" if key else "",  # empty if the paper was removed
    }


def _shown(text: str) -> str | Markup:
    """Return a passage in readable form, line breaks as entities because `_render` joins lines."""
    return Markup("&#10;").join(re.split(r"\r\n?|\n", readable(text)))


def _contains(passage: Passage, citation: Citation) -> bool:
    return passage.paper_id == citation.paper_id and passage.start <= citation.start and citation.end <= passage.end


def about_place(place: Citation | Passage) -> str:
    """Return a line such as `Ada Lovelace et al., 2019 · 2 Method · p. 12 · paper.pdf`."""
    authors = ", ".join(place.authors) if len(place.authors) <= 3 else f"{place.authors[0]} et al."
    parts = [
        ", ".join(filter(None, [authors, str(place.year or "")])),
        short_section(place.section or ""),
        f"p. {place.page_label or place.page}" if place.page else "",
        place.source,
    ]
    return " · ".join(filter(None, parts))


def _scores(answer: Answer, passage: Passage) -> str:
    rank = next((n for n, p in enumerate(answer.passages, 1) if p is passage), None)
    parts = [f"rank {rank}, score {passage.score:.2f}"]
    for what, names in _SCORES.items():
        scores = [f"{label} {passage.scores[name]:.2f}" for name, label in names.items() if name in passage.scores]
        parts += [f"{what}: {', '.join(scores)}"] if scores else []
    return "; ".join(parts)


def _links(citation: Citation, paper: Paper | None) -> list[tuple[str, str]]:
    """Return (label, address) of the work: its DOI, arXiv page, URL and Zotero item."""
    links = []
    if paper and paper.doi:
        links.append(("DOI", f"https://doi.org/{percent_encoded(paper.doi, safe='/:;().')}"))
    if paper and paper.arxiv_id:
        links.append(("arXiv", f"https://arxiv.org/abs/{percent_encoded(paper.arxiv_id, safe='/')}"))
    if paper and paper.url and _is_web(paper.url):
        links.append(("URL", paper.url))
    zotero = citation.link or (paper.zotero if paper else None)
    if zotero and zotero.startswith("zotero://"):
        links.append(("Zotero", zotero))
    return links


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def _page_url(citation: Citation) -> str:
    """Return the address of the drawn page; its checksum keeps the mark off other words if the paper has changed."""
    return (
        f"drawn/{percent_encoded(citation.paper_id, safe='')}/{citation.page}.png"
        f"?start={citation.start}&end={citation.end}&check={checksum(citation.quote)}"
    )
