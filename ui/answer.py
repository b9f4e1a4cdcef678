"""Render an answer as the chat shows it: its sentences with footnotes, what it rests on, and how it was found.

The page's scripts use the ids and classes of the templates: `ref-2-1` is the first footnote of the third answer,
`card-2-1` its card.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from rag import Answer, Citation, Sentence, pages_text, readable, short_references
from rag.text.searched import papers_text
from rag.types import DOUBT, UNSURE

from .html import render

_MAX_FOOTNOTES = 10  # of a sentence; what is counted can rest on many papers, which have cards
_SUPPORT = {  # sign, label, tooltip
    "quoted": ("“ ”", "quoted", "The paper's own words."),
    "counted": ("Σ", "counted", "Counted from the metadata of the papers cited."),
    "supported": ("✓", "supported", "The quotes say this."),
    "partly": ("◐", "supported in part", "The quotes support part of this."),
    "unsupported": ("✗", "not supported", "The quotes do not support this."),
}

Footnotes = list[tuple[int, bool]]
"""The numbers of a sentence's footnotes, each with whether it is the first with this number."""


class Group(NamedTuple):
    """Sentences that quote one paper, under its short reference and title; both are "" for other sentences."""

    reference: str
    title: str
    sentences: list[tuple[Sentence, Footnotes]]


def answer_html(answer: Answer, turn: int) -> str:
    """Return an answer as the chat shows it; `turn` is its index in the conversation."""
    below, more = quotes_below(answer)
    citations = [*answer.citations, *more]
    seen: set[int] = set()
    is_done = bool(answer.seconds)
    return render(
        "answer",
        answer=answer,
        turn=turn,
        groups=_groups(answer.sentences, citations, seen, by_paper=answer.mode == "quote" and not answer.is_counted),
        quotes=_groups(below, citations, seen, by_paper=True),
        written=_hidden(answer),
        support=_SUPPORT,
        doubt=DOUBT,
        reach=_reach(answer) if is_done else ("", ""),
        notes=[note for note in answer.notes if not is_done or note not in answer.missing],
        status=_status_line(answer) if is_done else "",
        how=_how(answer) if is_done else [],
        scope=answer.scope_note() if answer.searched.get("filters") else "",
        plain=str(answer),
    )


def quotes_below(answer: Answer) -> tuple[list[Sentence], list[Citation]]:
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


def _groups(
    sentences: Sequence[Sentence], citations: Sequence[Citation], seen: set[int], *, by_paper: bool
) -> list[Group]:
    """Return sentences with their footnotes; if `by_paper`, grouped by the paper that each quotes first.

    `seen` has the numbers that footnotes before these have, and gets those of these.
    """
    cited = {each.number: each for each in citations}
    groups: dict[str, list[Sentence]] = {}
    for sentence in sentences:
        first = cited.get(sentence.citations[0]) if by_paper and sentence.citations else None
        groups.setdefault(first.paper_id if first else "", []).append(sentence)
    names = short_references(citations)
    made = []
    for paper, of_paper in groups.items():
        quoted = [cited[n] for each in of_paper for n in each.citations if n in cited and cited[n].paper_id == paper]
        reference, title = _heading(quoted, names[paper]) if paper else ("", "")
        made.append(Group(reference, title, [(each, _footnotes(each, seen)) for each in of_paper]))
    return made


def _heading(quoted: Sequence[Citation], name: str) -> tuple[str, str]:
    """Return the reference and the title above quotes of a paper; "" for what the quotes or the reference say."""
    in_text = [each for each in quoted if each.quote != each.title]
    quotes_title, has_authors = len(in_text) < len(quoted), bool(quoted[0].authors)
    reference = ", ".join(filter(None, [name, pages_text(in_text)])) if has_authors or not quotes_title else ""
    return reference, readable(quoted[0].title) if has_authors and not quotes_title else ""


def _footnotes(sentence: Sentence, seen: set[int]) -> Footnotes:
    numbers = sentence.citations[:_MAX_FOOTNOTES]
    footnotes = [(number, number not in seen) for number in numbers]
    seen.update(numbers)
    return footnotes


def _hidden(answer: Answer) -> tuple[Sentence, ...]:
    """Return all that the model wrote if not all of it is shown."""
    written = answer.written.sentences if answer.written else ()
    return () if {each.text for each in written} <= {each.text for each in answer.sentences} else written


def _reach(answer: Answer) -> tuple[str, str]:
    """Return how far the papers answer the question: a label if in part, and what the answer rests on and lacks."""
    is_unsure = bool(answer.sentences) and answer.sentences[0].text in (UNSURE, DOUBT)
    label = (
        ""
        if answer.refused
        else "Perhaps not answered."
        if is_unsure
        else "Answered in part."
        if answer.missing
        else ""
    )
    grounds = answer.grounds[:1].upper() + answer.grounds[1:]
    return label, " ".join(f"{each.rstrip('.')}." for each in (grounds, *answer.missing) if each)


def _status_line(answer: Answer) -> str:
    """Return who wrote the answer, and what was searched."""
    papers = papers_text(answer.searched)
    return " · ".join(filter(None, [_written_by(answer), f"{papers} searched" if papers else ""]))


def _written_by(answer: Answer) -> str:
    if answer.mode == "llm":
        return f"Written by {answer.model}"
    return "Counted from metadata" if answer.is_counted else "Quotes only"


def _how(answer: Answer) -> list[tuple[str, str]]:
    """Return how the answer was found, as (what, text)."""
    searched = answer.searched
    read = f", {searched['read']:,} read with the question" if searched.get("read") else ""
    retrieve, rest = answer.seconds.get("retrieve", 0.0), answer.seconds.get("answer", 0.0)
    rows = [
        ("Searched for", answer.standalone_question),
        ("Words", ", ".join(searched.get("terms", ()))),
        ("Passages", f"{searched['found']:,} found{read}" if "found" in searched else ""),
        ("Time", f"{retrieve + rest:.1f} s: {retrieve:.1f} s to search, {rest:.1f} s to answer"),
    ]
    return [(what, text) for what, text in rows if text]
