"""Quotes: an answer made of chosen sentences with their citations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..retrieval.search import SearchResult
from ..text.readable import readable
from ..types import UNSURE, Answer, Citation, Paper, Sentence, Span
from .features import Candidate

_MAX_GAP = 2  # characters between sentences that are quoted as one


def quote_answers(base: Answer, result: SearchResult, chosen: Sequence[Candidate], unsure: bool) -> Iterator[Answer]:
    """Yield growing answers of the chosen sentences; the last one is complete."""
    sentences, citations = cite(result, chosen)
    opening = [Sentence(UNSURE, (), "unsupported")] if unsure else []
    for count in range(1, len(sentences) + 1):
        answer = _composed(base, [*opening, *sentences[:count]], citations[:count])
        yield replace(answer, complete=count == len(sentences))


def cite(result: SearchResult, chosen: Sequence[Candidate]) -> tuple[list[Sentence], list[Citation]]:
    """Return the chosen sentences as quoted sentences with their citations; adjacent ones are quoted as one."""
    sentences: list[Sentence] = []
    citations: list[Citation] = []
    for number, group in enumerate(_adjacent(chosen), start=1):
        paper = result.candidates.paper(group[0].paper_key)
        span = Span(group[0].span.start, max(each.span.end for each in group))
        quote = result.candidates.paper_text(group[0].row)[span.start : span.end]
        citations.append(citation_of(paper, number, span, quote))
        sentences.append(Sentence(group[0].text if len(group) == 1 else readable(quote), (number,), "quoted"))
    return sentences, citations


def citation_of(paper: Paper, number: int, span: Span, quote: str) -> Citation:
    """Return the citation of `quote`, the paper's text in `span`, with the page and section where it begins."""
    page, section = paper.page_at(span.start), paper.section_at(span.start)
    return Citation(
        number=number,
        title=paper.title,
        paper_id=paper.id,
        authors=paper.authors,
        year=paper.year,
        citekey=paper.citekey,
        page=page.number if page else None,
        page_label=page.label if page else None,
        section=section.title if section else None,
        start=span.start,
        end=span.end,
        quote=quote,
        source=paper.source,
        link=paper.zotero,
    )


def _adjacent(chosen: Sequence[Candidate]) -> list[list[Candidate]]:
    """Return runs of sentences that follow each other in one chunk, each run where its best sentence stands."""
    rank = {id(candidate): at for at, candidate in enumerate(chosen)}
    runs: list[list[Candidate]] = []
    for candidate in sorted(chosen, key=lambda each: (each.paper_key, each.is_title, each.span.start)):
        if runs and _follows(runs[-1][-1], candidate):
            runs[-1].append(candidate)
        else:
            runs.append([candidate])
    return sorted(runs, key=lambda run: min(rank[id(each)] for each in run))


def _follows(one: Candidate, other: Candidate) -> bool:
    """Return whether a sentence follows another, so that both are quoted as one."""
    if one.is_title or other.is_title or one.cell_fit or other.cell_fit:
        return False
    gap = other.span.start - one.span.end
    is_near = gap < 0 or (gap <= _MAX_GAP and one.row == other.row)
    return is_near and one.paper_key == other.paper_key


def _composed(base: Answer, sentences: Sequence[Sentence], citations: Sequence[Citation]) -> Answer:
    """Return the answer with its text; titles, and the sentences of each paper, are on lines by themselves."""
    cited = {citation.number: citation for citation in citations}
    text, last = "", None
    for sentence in sentences:
        citation = cited[sentence.citations[0]] if sentence.citations else None
        begins_line = (
            citation and last and (last.paper_id != citation.paper_id or _is_title(last) or _is_title(citation))
        )
        text += "\n" if begins_line else " " if text else ""
        text += sentence.text + "".join(f" [{number}]" for number in sentence.citations)
        last = citation
    return replace(base, text=text, sentences=tuple(sentences), citations=tuple(citations))


def _is_title(citation: Citation) -> bool:
    return citation.quote == citation.title
