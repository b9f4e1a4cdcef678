"""Use QASPER's questions on whole papers to fit the weights of answers from one or a few papers."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rag.answering.evidence import Evidence
from rag.assistant import Assistant
from rag.filters import Filters
from rag.retrieval.terms import search_terms
from rag.types import Span

from ..collections.qasper_papers import PaperQuestion, Places, QasperPaper, write_pages
from ..runs import add_papers, shown
from ..statistics import Array
from ..train.groups import HELD_PAPERS, Judge
from .confidence import KEYWORDS, Examples, Parts
from .sentences import Choice, Gather

_ASKED = 2  # answerable questions per paper, and questions about other papers asked of it
_EVERY_KEYWORDS = 3  # every third question is asked again, cut to a few words


class WholePaper(NamedTuple):
    """A QASPER paper in the library: its id there, and the positions of its paragraphs."""

    paper: QasperPaper
    id: str
    places: Places


def add_whole_papers(assistant: Assistant, papers: Sequence[QasperPaper], folder: Path) -> list[WholePaper]:
    """Add the papers on which the cross-encoder was not trained; return those added."""
    papers = papers[:HELD_PAPERS]
    add_papers(assistant, list(write_pages(papers, folder).values()))
    ids = {paper.source: paper.id for paper in assistant.papers()}
    known = [(paper, ids[name]) for paper in papers if (name := f"{paper.id}.html") in ids]
    text = assistant.library.records.paper
    return [WholePaper(paper, id_, Places(paper, text(id_).text)) for paper, id_ in known]


def whole_choices(papers: Sequence[WholePaper], gather: Gather) -> list[Choice]:
    """Gather the evidence for answerable questions in their papers, and mark the sentences that answer them."""
    return [
        choice
        for whole in shown(papers, "papers of QASPER")
        for asked in _answerable(whole)
        for choice in _choice(whole, asked, gather(asked.question, Filters(papers=(whole.id,)))[1])
    ]


def _answerable(whole: WholePaper) -> list[PaperQuestion]:
    asked = [each for each in whole.paper.questions if each.answerability == "answerable" and each.evidence]
    return asked[:_ASKED]


def _choice(whole: WholePaper, asked: PaperQuestion, evidence: Evidence) -> Iterator[Choice]:
    judge = Judge(asked.question, [each.answer for each in asked.annotations if each.type != "unanswerable"])
    inside = [bool(asked.evidence.intersection(whole.places.touched(Span(*each.span)))) for each in evidence.candidates]
    right = judge.right([each.text if is_in else "" for each, is_in in zip(evidence.candidates, inside, strict=True)])
    if any(right):
        yield Choice(whole.paper.id, False, evidence, np.array([right], bool))


def whole_examples(papers: Sequence[WholePaper], gather: Gather) -> Parts:
    """Gather the features of questions asked of their own paper, and of another paper."""
    rng = random.Random(0)
    made: list[tuple[str, Array]] = []
    for whole in shown(papers, "papers of QASPER"):
        other = rng.choice([each for each in papers if each is not whole])
        asked = [("elsewhere", each.question) for each in other.paper.questions[:_ASKED]]
        for each in whole.paper.questions:
            if each.answerability == "unanswerable":
                asked.append(("unanswerable", each.question))
        for each in _answerable(whole):
            asked.append(("right", each.question))
            words = " ".join(search_terms(each.question)[:KEYWORDS])
            if words and rng.randrange(_EVERY_KEYWORDS) == 0:
                asked.append(("keywords", words))
        scope = Filters(papers=(whole.id,))
        made += [(kind, gather(text, scope)[1].confidence_features) for kind, text in asked]
    kinds, features = zip(*made, strict=True)
    return Parts(Examples(np.array(kinds), np.array(features)), Examples(np.array([]), np.zeros((0, len(features[0])))))
