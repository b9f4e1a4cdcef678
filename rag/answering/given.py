"""The passages that a model writes from: the quotes of an answer, each with a sentence before and after it.

Small models follow a few sentences better than many passages, read them sooner, and cannot cite what is not to the
question. A row of a table comes with the passage that it was found in, since its header gives it its meaning; a title
is in the first line of each passage.
"""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import replace

from ..errors import UnknownPaper
from ..ingest.sentences import split_sentences
from ..text.kinds import TABLE
from ..types import Answer, Citation, Paper, Passage, Span

_REACH = 1000  # characters before and after a quote in which the neighbouring sentences are looked for


def passages_of_quotes(quoted: Answer, found: Sequence[Passage], paper_named: Callable[[str], Paper]) -> list[Passage]:
    """Return the passages of an answer in quotes, in its order; those that touch are one.

    `found` are the passages that it was chosen from. Where only titles are quoted, the best of these passages of their
    papers are given.
    """
    quotes = [each for each in quoted.citations if each.quote != each.title]
    if not quotes:
        cited = {each.paper_id for each in quoted.citations}
        return _first_of_each([each for each in found if each.paper_id in cited])
    passages: list[Passage] = []
    for citation in quotes:
        with contextlib.suppress(UnknownPaper):  # removed a moment ago
            _add(passages, _with_context(citation, found, paper_named(citation.paper_id)), paper_named)
    return passages


def _with_context(citation: Citation, found: Sequence[Passage], paper: Paper) -> Passage:
    holding = next((each for each in found if _holds(each, citation)), None)
    section = paper.section_at(citation.start)
    if section and section.kind == TABLE and holding:
        return holding
    low, high = (section.start, section.end) if section else (0, len(paper.text))
    before = split_sentences(paper.text, max(low, len(paper.title), citation.start - _REACH), citation.start)
    after = split_sentences(paper.text, citation.end, max(citation.end, min(high, citation.end + _REACH)))
    span = Span(before[-1].start if before else citation.start, after[0].end if after else citation.end)
    return _passage(paper, span, citation, holding.score if holding else 0.0)


def _passage(paper: Paper, span: Span, citation: Citation, score: float) -> Passage:
    page = paper.page_at(span.start)
    return Passage(
        title=citation.title,
        paper_id=citation.paper_id,
        page=page.number if page else citation.page,
        page_label=page.label if page else citation.page_label,
        section=citation.section,
        text=paper.text[span.start : span.end],
        score=score,
        start=span.start,
        end=span.end,
        authors=citation.authors,
        year=citation.year,
        source=citation.source,
    )


def _add(passages: list[Passage], new: Passage, paper_named: Callable[[str], Paper]) -> None:
    """Add a passage, as a part of one that it touches if there is such a one."""
    for at, each in enumerate(passages):
        if each.paper_id == new.paper_id and each.section == new.section and _touch(each, new):
            start, end = min(each.start, new.start), max(each.end, new.end)
            text = paper_named(each.paper_id).text[start:end]
            first = min(each, new, key=lambda passage: passage.start)
            passages[at] = replace(each, start=start, end=end, text=text, page=first.page, page_label=first.page_label)
            return
    passages.append(new)


def _touch(one: Passage, other: Passage) -> bool:
    return one.start <= other.end + 1 and other.start <= one.end + 1


def _holds(passage: Passage, citation: Citation) -> bool:
    return passage.paper_id == citation.paper_id and passage.start <= citation.start and citation.end <= passage.end


def _first_of_each(passages: Sequence[Passage]) -> list[Passage]:
    return list({each.paper_id: each for each in reversed(passages)}.values())[::-1]
