"""What the page shows of answers, as HTML: the sentences with their footnotes, and the cards of evidence beside them.

Each text of a paper, a question or a model goes through a template that escapes it. The page's scripts open cards and
copy quotations by the ids and classes that the templates give: `ref-2-1` is the first footnote of the third answer,
`card-2-1` its card.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from html import unescape
from typing import Any, NamedTuple
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit

from jinja2 import Environment, PackageLoader
from markupsafe import Markup, escape

from rag import Answer, Citation, Paper, Passage, quotation, readable
from rag.types import papers_text, short_section

from .paper_list import Shelf

_LABELS = {
    "similarity": {"chunk": "passage", "sentence": "its best sentence", "paper": "whole paper"},
    "words (BM25)": {"words": "passage", "paper_words": "whole paper"},
    "read with the question": {"read": "passage"},
}
_SUPPORT = {
    "quoted": ("“ ”", "quoted", "The paper's own words."),
    "supported": ("✓", "supported", "The quotes say this."),
    "partly": ("◐", "supported in part", "The quotes say a part of this."),
    "unsupported": ("✗", "not supported", "The quotes do not say this."),
}
_WEB = ("http", "https")


class Link(NamedTuple):
    """A link to the work itself."""

    text: str
    url: str


class Card(NamedTuple):
    """A citation with all that its card shows; `before`, `quote` and `after` are the passage in readable form."""

    citation: Citation
    title: str
    about: str
    before: str
    quote: str
    after: str
    scores: str
    links: tuple[Link, ...]
    drawn: str | None  # the address of its page, drawn
    is_title: bool
    quotation: str
    cite: str  # the command of LaTeX; empty where the paper is gone


def answer_html(answer: Answer, turn: int) -> str:
    """An answer as the chat shows it; `turn` is its place in the conversation, from 0."""
    return _rendered(
        "answer.html.jinja",
        answer=answer,
        turn=turn,
        sentences=_with_ids(answer),
        unfinished=_unfinished(answer),
        support=_SUPPORT,
        status=status_line(answer),
        scope=answer.scope_note() if answer.searched.get("filters") else "",
        plain=str(answer),
    )


def evidence_html(
    answers: Sequence[Answer], shelf: Shelf, drawable: Callable[[str], bool], number: int | None = None
) -> str:
    """The cards of all answers of a conversation, those of the last one first.

    Args:
        answers: the conversation.
        shelf: the papers that are there.
        drawable: whether the pages of the paper with an id can be drawn.
        number: the conversation's in the record.
    """
    parts = []
    for turn, answer in reversed(list(enumerate(answers))):
        cards = [_card(answer, citation, shelf, drawable) for citation in answer.citations]
        unused = [p for p in answer.passages if not any(_holds(p, c) for c in answer.citations)]
        parts.append((turn, answer, cards, [(p, _about(p), _scores(answer, p)) for p in unused]))
    return _rendered(
        "evidence.html.jinja", parts=parts, last=len(answers) - 1, number=number, readable=readable, shown=_shown
    )


def question_text(question: str) -> str:
    """A question as the chat shows it: only what looks like a tag or an entity is changed, for editing's sake."""
    return re.sub(r"<(?=[A-Za-z/!?])", "&lt;", re.sub(r"&(?=[A-Za-z#])", "&amp;", question))


def question_of(shown: str) -> str:
    """The question that `question_text` gave this for: the chat hands back what it shows."""
    return unescape(shown)


def report_html(done: str, failed: Sequence[str]) -> str:
    """What came of an upload: a line of what was done, and one for each file that failed."""
    return _rendered("report.html.jinja", done=done, failed=failed)


def head_html(line: str, notice: str) -> str:
    """The line above all, and below it a notice that a person may dismiss for good; empty where there is none."""
    return _rendered("head.html.jinja", line=line, notice=notice)


def scope_html(limits: str) -> str:
    """What the next question is put to: a chip with the limits, or that there are none."""
    return _rendered("scope.html.jinja", limits=limits)


def text_html(text: str) -> str:
    """Plain text as a paragraph."""
    return _rendered("text.html.jinja", text=text)


def status_line(answer: Answer) -> str:
    """Who wrote it, how sure it is, what was searched and how long it took."""
    if not answer.seconds:
        return ""
    by = f"Written by {answer.model}" if answer.mode == "llm" else "Quotes only"
    sure = "" if answer.refused else f"confidence {answer.confidence:.0%}"
    papers = f"{papers} searched" if (papers := papers_text(answer.searched)) else ""
    return ", ".join(filter(None, [by, sure, papers, f"{sum(answer.seconds.values()):.1f} s"]))


@cache
def _environment() -> Environment:
    made = Environment(loader=PackageLoader("ui"), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    made.filters["with_code"] = _with_code
    return made


def _with_code(text: str) -> Markup:
    """The program's own words, with the commands that they tell to run as code."""
    return Markup(re.sub(r"`((?:footnote|ollama) [^`]+)`", r"<code>\1</code>", str(escape(text))))


def _rendered(template: str, **values: Any) -> str:
    """The template on one line: Gradio reads it as Markdown, to which a line without HTML is a text of its own.

    To Markdown a carriage return ends a line too.
    """
    html = _environment().get_template(template).render(values)
    return " ".join(line.strip() for line in re.split(r"[\r\n]", html) if line.strip())


def _with_ids(answer: Answer) -> list[tuple[Any, list[tuple[int, bool]]]]:
    """The sentences with their footnotes, of which the first of each number is the one that its card leads back to."""
    seen: set[int] = set()
    pairs = []
    for sentence in answer.sentences:
        pairs.append((sentence, [(number, number not in seen) for number in sentence.citations]))
        seen.update(sentence.citations)
    return pairs


def _unfinished(answer: Answer) -> str:
    """What a model has written after the last whole sentence."""
    if answer.mode != "llm" or answer.complete or answer.refused:
        return ""
    if not answer.sentences:
        return answer.text
    last = answer.sentences[-1].text
    rest = answer.text[answer.text.rfind(last) + len(last) :]
    return re.sub(r"^(?:\s*\[\d+\])+", "", rest).strip()


def _card(answer: Answer, citation: Citation, shelf: Shelf, drawable: Callable[[str], bool]) -> Card:
    passage = next((p for p in answer.passages if _holds(p, citation)), None)
    text, start = (passage.text, citation.start - passage.start) if passage else (citation.quote, 0)
    end = start + len(citation.quote)
    return Card(
        citation,
        readable(citation.title),
        _about(citation),
        _shown(text[:start]),
        _shown(citation.quote),
        _shown(text[end:]),
        _scores(answer, passage) if passage else "",
        tuple(_links(citation, shelf.papers.get(citation.paper_id))),
        _drawn(citation) if citation.page and drawable(citation.paper_id) else None,
        citation.quote == citation.title,
        quotation(citation),
        f"\\cite{{{shelf.keys[citation.paper_id]}}}" if citation.paper_id in shelf.keys else "",
    )


def _shown(text: str) -> str | Markup:
    """A passage in readable form. Its line breaks are written as such: see `_rendered`."""
    return Markup("&#10;").join(re.split(r"\r\n?|\n", readable(text)))


def _holds(passage: Passage, citation: Citation) -> bool:
    return passage.paper_id == citation.paper_id and passage.start <= citation.start and citation.end <= passage.end


def _about(place: Citation | Passage) -> str:
    """`Ada Lovelace et al., 2019 · 2 Method · p. 12 · paper.pdf`."""
    authors = place.authors
    by = ", ".join(authors) if len(authors) <= 3 else f"{authors[0]} et al."
    parts = [
        ", ".join(filter(None, [by, str(place.year) if place.year else ""])),
        short_section(place.section) if place.section else "",
        f"p. {place.page_label or place.page}" if place.page else "",
        place.source,
    ]
    return " · ".join(filter(None, parts))


def _scores(answer: Answer, passage: Passage) -> str:
    rank = next((n for n, p in enumerate(answer.passages, 1) if p is passage), None)
    parts = [f"rank {rank}, score {passage.score:.2f}"]
    for what, names in _LABELS.items():
        told = [f"{label} {passage.scores[name]:.2f}" for name, label in names.items() if name in passage.scores]
        parts += [f"{what}: {', '.join(told)}"] if told else []
    return "; ".join(parts)


def _links(citation: Citation, paper: Paper | None) -> list[Link]:
    """Links to the work at its own DOI, arXiv, URL or entry in Zotero, and to nothing else."""
    links = []
    if paper and paper.doi:
        links.append(Link("DOI", f"https://doi.org/{percent_encoded(paper.doi, safe='/:;().')}"))
    if paper and paper.arxiv_id:
        links.append(Link("arXiv", f"https://arxiv.org/abs/{percent_encoded(paper.arxiv_id, safe='/')}"))
    if paper and paper.url and _is_web(paper.url):
        links.append(Link("URL", paper.url))
    zotero = citation.link or (paper.zotero if paper else None)
    if zotero and zotero.startswith("zotero://"):
        links.append(Link("Zotero", zotero))
    return links


def _is_web(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in _WEB and bool(parts.hostname)


def _drawn(citation: Citation) -> str:
    return (
        f"drawn/{percent_encoded(citation.paper_id, safe='')}/{citation.page}.png"
        f"?start={citation.start}&end={citation.end}&check={zlib.crc32(citation.quote.encode())}"
    )
