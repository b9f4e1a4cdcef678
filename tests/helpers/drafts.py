"""Define passages of three invented papers, numbered as in a prompt, and check the citations of a draft."""

from __future__ import annotations

from rag.answering.draft import CheckedAnswer
from rag.types import Paper, Passage

from .papers import PAPERS

STORE = {
    str(number): Paper(title=title, text=f"{title}\n\n{text}", id=str(number))
    for number, (title, text) in enumerate(PAPERS.items(), 1)
}
OTTERS, TIDES, BIRDS = STORE.values()


def passage_of(paper: Paper, start: int | None = None, end: int | None = None) -> Passage:
    start = len(paper.title) + 2 if start is None else start
    end = len(paper.text) if end is None else end
    return Passage(paper.title, paper.id, 3, None, paper.text[start:end], 1.0, start, end)


GIVEN = [passage_of(paper) for paper in STORE.values()]


def assert_citations_are_spans(answer: CheckedAnswer, store: dict[str, Paper] = STORE) -> None:
    """Check that citations quote their papers verbatim and are numbered in the order of first use."""
    assert [c.number for c in answer.citations] == list(range(1, len(answer.citations) + 1))
    for citation in answer.citations:
        assert citation.quote == store[citation.paper_id].text[citation.start : citation.end]
    cited = [number for sentence in answer.sentences for number in sentence.citations]
    assert list(dict.fromkeys(cited)) == list(range(1, len(answer.citations) + 1))
