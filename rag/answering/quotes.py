"""Quotes: the choice of sentences, and an answer made of them with its citations."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from ..models.weights import Weights
from ..retrieval.search import SearchResult
from ..retrieval.wanted import asks_for_paper
from ..text.readable import readable
from ..types import UNSURE, Answer, Citation, Paper, Sentence, Span
from .evidence import Evidence, sentence_logits
from .features import Candidate

_MAX_GAP = 2  # characters between sentences that are quoted as one


def quote_answers(base: Answer, result: SearchResult, chosen: Sequence[Candidate], unsure: bool) -> Iterator[Answer]:
    """Yield growing answers of the chosen sentences; the last one is complete."""
    sentences, citations = cite(result, chosen)
    opening = [Sentence(UNSURE, (), "unsupported")] if unsure else []
    for count in range(1, len(sentences) + 1):
        answer = _composed(base, [*opening, *sentences[:count]], citations[:count])
        yield replace(answer, complete=count == len(sentences))


def choose_sentences(evidence: Evidence, question: str, most: int, weights: Weights | None = None) -> list[Candidate]:
    """Return the best `most` sentences: papers in the order of their best sentence, sentences in the paper's order.

    A question for a paper is answered with its title first.
    """
    if not evidence.candidates:
        return []
    scores = sentence_logits(evidence, weights)
    order = np.argsort(-scores, kind="stable")
    chosen: list[int] = []
    seen: set[str] = set()
    if asks_for_paper(question):
        best = next((i for i in order if not evidence.candidates[i].is_title), order[0])
        chosen += [
            i
            for i, c in enumerate(evidence.candidates)
            if c.is_title and c.paper_key == evidence.candidates[best].paper_key
        ]
    for i in order:
        text = evidence.candidates[i].text.casefold()
        if len(chosen) < most and i not in chosen and text not in seen:
            chosen.append(int(i))
            seen.add(text)
    papers = list(dict.fromkeys(evidence.candidates[i].paper_key for i in chosen))
    picked = [evidence.candidates[i] for i in chosen]
    return sorted(picked, key=lambda c: (papers.index(c.paper_key), c.span.start))


def cite(result: SearchResult, chosen: Sequence[Candidate]) -> tuple[list[Sentence], list[Citation]]:
    """Return the chosen sentences as quoted sentences with their citations; adjacent ones are quoted as one."""
    sentences: list[Sentence] = []
    citations: list[Citation] = []
    for number, group in enumerate(_adjacent(chosen), start=1):
        paper = result.candidates.paper(group[0].paper_key)
        span = Span(group[0].span.start, group[-1].span.end)
        quote = result.candidates.paper_text(group[0].row)[span.start : span.end]
        citations.append(citation_of(paper, number, span, quote))
        sentences.append(Sentence(readable(quote), (number,), "quoted"))
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
    """Return runs of sentences that follow each other in one chunk."""
    groups: list[list[Candidate]] = []
    for candidate in chosen:
        last = groups[-1][-1] if groups else None
        if (
            last
            and not last.is_title
            and last.paper_key == candidate.paper_key
            and last.row == candidate.row
            and 0 <= candidate.span.start - last.span.end <= _MAX_GAP
        ):
            groups[-1].append(candidate)
        else:
            groups.append([candidate])
    return groups


def _composed(base: Answer, sentences: Sequence[Sentence], citations: Sequence[Citation]) -> Answer:
    titles = {citation.number for citation in citations if citation.quote == citation.title}
    text = ""
    for sentence in sentences:
        text += sentence.text + "".join(f" [{number}]" for number in sentence.citations)
        text += "\n" if titles.intersection(sentence.citations) else " "  # a title is on a line by itself
    return replace(base, text=text.rstrip(), sentences=tuple(sentences), citations=tuple(citations))
