"""Answer questions about metadata from the record, by counting: without a search and without a model.

Each paper that is counted is cited by its title, up to `MOST_CITED`; the first `_MOST_NAMED` stand in the answer, a
line each. `[answer] max_sentences` does not limit them. A question whose answer the record does not know is searched
for like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..filters import Filters
from ..retrieval.corpus import Corpus
from ..retrieval.follow_ups import History, joined_question
from ..retrieval.metadata_questions import metadata_questions
from ..retrieval.names import named_papers
from ..store.papers import Records
from ..text.readable import readable
from ..types import Answer, Citation, Paper, Sentence, Span
from .evidence import sentence_logits
from .metadata_answers import MOST_SCOPED, Asked, Counted, counted_parts
from .quotes import citation_of
from .standalone import Reading

_MOST_NAMED = 10


def counted_answer(
    corpus: Corpus,
    question: str,
    history: History,
    filters: Filters,
    read: Callable[[str], Reading],
) -> Answer | None:
    """Return the answer to a question about metadata; None if it is none, or the record does not know.

    `read` searches for a standalone question, where a paper is described and not named. Raise EmptyLibrary,
    UnknownPaper or AmbiguousPaper as a search does.
    """
    if not (wanted := metadata_questions(question)):
        return None
    records = corpus.records
    scope = records.papers_matching(filters)
    asked = Asked(
        records,
        wanted[0],
        scope=None if scope is None else frozenset(scope),
        is_limited=0 < len(filters.papers) <= MOST_SCOPED,
        find=lambda description: _best_paper(records, read(description)),
        before=lambda: _paper_before(records, question, history, read),
    )
    found = counted_parts(asked, wanted)
    return _composed(records, question, found) if found else None


def _paper_before(records: Records, question: str, history: History, read: Callable[[str], Reading]) -> int | None:
    """Return the paper that the question before was about: the one that it names, else the best that is found."""
    if not history:
        return None
    earlier, answer = history[-1]
    for text in (earlier, answer):
        if len(named := named_papers(records, text)) == 1:
            return named[0].key
    return _best_paper(records, read(joined_question(question, history)))


def _best_paper(records: Records, reading: Reading) -> int | None:
    """Return the paper of the best sentence, None if the library may not answer."""
    candidates = reading.evidence.candidates
    if not candidates or reading.confidence.unsure:
        return None
    return candidates[int(np.argmax(sentence_logits(reading.evidence)))].paper_key


def _composed(records: Records, question: str, found: Sequence[Counted]) -> Answer:
    """Return the answer: each sentence, followed by a line for each of its papers if these are listed."""
    keys = list(dict.fromkeys(key for each in found for key in each.papers))
    papers = records.described(keys)
    numbers = {key: number for number, key in enumerate(papers, 1)}
    sentences: list[Sentence] = []
    text = ""
    for each in found:
        cited = [numbers[key] for key in each.papers if key in numbers]
        named = [key for key in each.papers[:_MOST_NAMED] if key in numbers]
        lines = [Sentence(_line(papers[key]), (numbers[key],), "counted") for key in named]
        more = each.count - len(lines)
        sentences.append(Sentence(each.sentence, tuple(cited), "counted"))
        text += each.sentence if each.listed else _marked(sentences[-1])
        if each.listed:
            rest = [Sentence(f"and {more:,} more", tuple(cited[_MOST_NAMED:]), "counted")] if more else []
            sentences += [*lines, *rest]
            text += "".join(f"\n{_marked(line)}" for line in lines) + "".join(f"\n{each.text}" for each in rest)
        text += "\n"
    return Answer(
        question=question,
        text=text.rstrip(),
        refused=False,
        complete=True,
        confidence=min(each.confidence for each in found),
        mode="quote",
        model=None,
        sentences=tuple(sentences),
        citations=tuple(_citation(numbers[key], paper) for key, paper in papers.items()),
        passages=(),
        standalone_question=question,
        notes=tuple(dict.fromkeys(note for each in found for note in each.notes)),
    )


def _citation(number: int, paper: Paper) -> Citation:
    return citation_of(paper, number, Span(0, len(paper.title)), paper.title)


def _line(paper: Paper) -> str:
    """Return `Title (Brook et al., 2019)`."""
    authors = [*paper.authors[:1], *(["et al."] if len(paper.authors) > 1 else [])]
    known = ", ".join(filter(None, [" ".join(authors), str(paper.year or "")]))
    return readable(paper.title) + (f" ({readable(known)})" if known else "")


def _marked(sentence: Sentence) -> str:
    return sentence.text + "".join(f" [{number}]" for number in sentence.citations)
