"""Export answers and conversations to Markdown."""

import re
from collections.abc import Iterator, Mapping, Sequence

from ..types import Answer, Citation, Paper, short_section
from .reference import best_address, one_line

_MAX_AUTHORS = 10  # named in a reference
# Syntax of CommonMark and its common extensions: tables, mathematics, tags, bare URLs.
_SYNTAX = re.compile(r"[\\`*_\[\]{}|~$#^]|<(?=[\w/!?])|&(?=#?\w+;)|^>|:(?=//)|(?<=\w)\.(?=[^\W\d_])|@(?=\w)|^[-+=:]")
_SUPPORT = {"unsupported": "not supported by the passages", "partly": "supported in part"}


def markdown(answers: Sequence[Answer], name: str = "", library: Sequence[Paper] = ()) -> str:
    """Return answers as Markdown: questions, texts, and numbered references with their quotes.

    Text from papers, people and models is escaped; the only links are the papers' own URLs.

    Args:
        answers: one answer, or those of a conversation. Equal quotes of a paper share one number.
        name: the heading.
        library: the papers, for venues and URLs. For a removed paper, what the citation knows is used.
    """
    cited: dict[tuple[str, str], Citation] = {}
    for citation in (citation for answer in answers for citation in answer.citations):
        cited.setdefault(_quote_key(citation), citation)
    numbers = {key: number for number, key in enumerate(cited, 1)}
    parts = [f"# {_escape(name)}"] if name.strip() else []
    for answer in answers:
        parts += [f"## {_escape(answer.question)}", *_answer_paragraphs(answer, numbers)]
    if cited:
        papers = {paper.id: paper for paper in cited_papers(answers, library)}
        parts.append("## References")
        for number, citation in enumerate(cited.values(), 1):
            parts += _reference_paragraphs(number, citation, papers[citation.paper_id])
    return "\n\n".join(parts) + "\n"


def cited_papers(answers: Sequence[Answer], library: Sequence[Paper] = ()) -> list[Paper]:
    """Return the papers that answers cite, in order of first citation; removed ones are rebuilt from the citation."""
    known = {paper.id: paper for paper in library}
    papers: dict[str, Paper] = {}
    for citation in (citation for answer in answers for citation in answer.citations):
        papers.setdefault(citation.paper_id, known.get(citation.paper_id) or _paper_of(citation))
    return list(papers.values())


def _paper_of(citation: Citation) -> Paper:
    return Paper(
        title=citation.title,
        text="",
        id=citation.paper_id,
        authors=citation.authors,
        year=citation.year,
        citekey=citation.citekey,
    )


def _quote_key(citation: Citation) -> tuple[str, str]:
    return citation.paper_id, citation.quote


def _answer_paragraphs(answer: Answer, numbers: Mapping[tuple[str, str], int]) -> Iterator[str]:
    """Yield the text of an answer, its notes, and who wrote it when."""
    if answer.sentences:
        yield from _sentence_paragraphs(answer, numbers)
    else:
        yield _escape(answer.text)
    if answer.refused and answer.passages:
        yield "Nearest papers:"
        yield "\n".join(f"- {_escape(title)}" for title in answer.nearest_titles())
    if not answer.complete:
        yield "The answer broke off here."
    if answer.standalone_question not in ("", answer.question):
        yield f"Searched for: {_escape(answer.standalone_question)}"
    if note := answer.scope_note():
        yield _escape(note)
    author = "Counted from the papers' metadata" if answer.is_counted else "Quoted from the papers"
    if answer.mode == "llm":
        author = f"Written by {_escape(answer.model or 'a model')}"
    yield ", ".join(filter(None, ["Refused" if answer.refused else author, answer.asked[:10]])) + "."


def _sentence_paragraphs(answer: Answer, numbers: Mapping[tuple[str, str], int]) -> list[str]:
    """Return the sentences with citation numbers and support, in the paragraphs of the text."""
    by_number = {citation.number: numbers[_quote_key(citation)] for citation in answer.citations}
    paragraphs: list[str] = []
    end = 0
    for sentence in answer.sentences:
        start = max(answer.text.find(sentence.text, end), end)
        begins_paragraph = not paragraphs or "\n" in answer.text[end:start]
        end = start + len(sentence.text)
        marks = dict.fromkeys(by_number[number] for number in sentence.citations if number in by_number)
        support = _SUPPORT.get(sentence.support) if answer.mode == "llm" else None
        pieces = [
            _escape(sentence.text),
            *(f"[{number}]" for number in marks),
            *([f"*({support})*"] if support else []),
        ]
        if begins_paragraph:
            paragraphs.append(" ".join(pieces))
        else:
            paragraphs[-1] += " " + " ".join(pieces)
    return paragraphs


def _reference_paragraphs(number: int, citation: Citation, paper: Paper) -> Iterator[str]:
    page = citation.page_label or citation.page
    et_al = ["et al."] if len(citation.authors) > _MAX_AUTHORS else []
    place = [
        f"**{_escape(citation.title)}**",
        _escape(", ".join([*citation.authors[:_MAX_AUTHORS], *et_al])),
        _escape(paper.venue or ""),
        str(citation.year or ""),
        _escape(short_section(citation.section or "")),
        f"p. {_escape(str(page))}" if page else "",
    ]
    address = best_address(paper)
    yield f"[{number}] {', '.join(filter(None, place))}." + (f" <{address}>" if address else "")
    if citation.quote != citation.title:
        yield f"> {_escape(citation.quote)}"


def _escape(text: str) -> str:
    """Return text on one line, escaped so that Markdown shows it literally."""
    return re.sub(r"^(\d+)([.)])", r"\1\\\2", _SYNTAX.sub(r"\\\g<0>", one_line(text)))
