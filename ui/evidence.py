"""Render the evidence of a conversation: a card for each quote, grouped by paper."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote as percent_encoded
from urllib.parse import urlsplit

from rag import Answer, Citation, Paper, Passage, QuotedTable, pages_text, quotation, readable, short_references
from rag.types import short_section

from .answer import quotes_below
from .html import readable_lines, render
from .paper_list import PaperList
from .tables import shown_table
from .view_address import checksum, citation_address, passage_address

_SCORES = {
    "similarity": {"chunk": "passage", "sentence": "its best sentence", "paper": "whole paper"},
    "words (BM25)": {"words": "passage", "paper_words": "whole paper"},
    "cross-encoder": {"read": "passage"},
}
_Place = TypeVar("_Place", Citation, Passage)


@dataclass(frozen=True)
class Sources:
    """What cards need to know of papers.

    Attributes:
        papers: the library's.
        can_draw: says whether the pages of the paper with an id can be drawn.
        table_of: returns the table some of whose rows a citation quotes.
    """

    papers: PaperList
    can_draw: Callable[[str], bool]
    table_of: Callable[[Citation], QuotedTable | None]


def evidence_html(answers: Sequence[Answer], sources: Sources, number: int | None = None) -> str:
    """Return the cards of a conversation, those of the last answer first; `number` is a stored conversation's."""
    turns = [{"turn": turn, "question": each.question, **_evidence(each, sources)} for turn, each in enumerate(answers)]
    return render("evidence", turns=turns[::-1], number=number)


def about_place(place: Citation | Passage) -> str:
    """Return a line such as `Ada Lovelace et al., 2019 · 2 Method · p. 12 · paper.pdf`."""
    return " · ".join(filter(None, [_by(place), short_section(place.section or ""), pages_text([place]), place.source]))


def _evidence(answer: Answer, sources: Sources) -> dict[str, Any]:
    """Return what the template shows of an answer: its papers with their cards, and those of passages not quoted."""
    citations = [*answer.citations, *quotes_below(answer)[1]]
    unused = [p for p in answer.passages if not any(_contains(p, c) for c in citations)]
    names = short_references([*citations, *unused])
    cards = {each.number: _card(answer, each, names, sources, citations) for each in citations}
    opened = next((each for each in citations if each.quote != each.title), next(iter(citations), None))
    return {
        "papers": [_paper(of, [cards[each.number] for each in of]) for of in _by_paper(citations)],
        "opened": opened and opened.number,
        "unused": [_paper(of, [_passage_card(answer, each, names) for each in of]) for of in _by_paper(unused)],
        "unused_count": len(unused),
    }


def _by_paper(places: Iterable[_Place]) -> list[list[_Place]]:
    """Return places grouped by paper, papers in order of first appearance."""
    groups: dict[str, list[_Place]] = {}
    for each in places:
        groups.setdefault(each.paper_id, []).append(each)
    return list(groups.values())


def _paper(places: Sequence[Citation | Passage], cards: list[dict[str, Any]]) -> dict[str, Any]:
    """Return what the template shows of a paper: its title and what is known of it, above its cards.

    If its title alone is cited, this is what its card says.
    """
    first = places[0]
    title, about = readable(first.title), " · ".join(filter(None, [_by(first), first.source]))
    if all(isinstance(each, Citation) and each.quote == each.title for each in places):
        return {"title": "", "cards": [{**card, "reference": title, "section": about} for card in cards]}
    return {"title": title, "about": about, "cards": cards}


def _by(place: Citation | Passage) -> str:
    authors = ", ".join(place.authors) if len(place.authors) <= 3 else f"{place.authors[0]} et al."
    return ", ".join(filter(None, [authors, str(place.year or "")]))


def _reference(place: Citation | Passage, names: dict[str, str]) -> dict[str, str]:
    """Return the short reference of a place, and its section."""
    reference = ", ".join(filter(None, [names[place.paper_id], pages_text([place])]))
    return {"reference": reference, "section": short_section(place.section or "")}


def _passage_card(answer: Answer, passage: Passage, names: dict[str, str]) -> dict[str, Any]:
    return {
        **_reference(passage, names),
        "text": readable_lines(passage.text),
        "view": passage_address(passage),
        "scores": _scores(answer, passage),
    }


def _card(
    answer: Answer, citation: Citation, names: dict[str, str], sources: Sources, citations: Sequence[Citation]
) -> dict[str, Any]:
    """Return what the template shows of a citation: the quote in its table or passage, scores, links, texts to copy."""
    passage = next((p for p in answer.passages if _contains(p, citation)), None)
    text, start = (passage.text, citation.start - passage.start) if passage else (citation.quote, 0)
    end = start + len(citation.quote)
    key = sources.papers.cite_keys.get(citation.paper_id)
    table = sources.table_of(citation)
    return {
        **_reference(citation, names),
        "number": citation.number,
        "view": citation_address(citation, citations),
        "title": readable(citation.title),
        "before": readable_lines(text[:start]),
        "quote": readable_lines(citation.quote),
        "after": readable_lines(text[end:]),
        "table": shown_table(table.table, table.quoted, left_out=table.left_out) if table else None,
        "scores": _scores(answer, passage) if passage else "",
        "links": _links(citation, sources.papers.papers.get(citation.paper_id)),
        "page": citation.page_label or citation.page,
        "page_url": _page_url(citation) if citation.page and sources.can_draw(citation.paper_id) else "",
        "quotation": quotation(citation),
        "cite": f"\\cite{{{key}}}" if key else "",  # empty if the paper was removed
    }


def _contains(passage: Passage, citation: Citation) -> bool:
    return passage.paper_id == citation.paper_id and passage.start <= citation.start and citation.end <= passage.end


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
