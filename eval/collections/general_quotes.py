"""Ask general questions of single papers, and check that the quotes are in the papers in one piece.

If the publisher's XML is next to a PDF, a quote is right if the XML contains it in one piece; otherwise only its kind
is determined.
"""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rag.assistant import Assistant
from rag.errors import SourceError
from rag.reading.markup.xml import parse_xml
from rag.types import Citation, Paper

from .articles import key
from .quote_kinds import FAULTS, ArticleKinds, kind_by_shape

QUESTIONS = (
    "What is the aim of the paper?",
    "Which methods were used?",
    "What data were used?",
    "Who were the participants?",
    "What are the results?",
    "What is the main finding?",
    "What are the limitations?",
    "What is the conclusion?",
)
BROKEN = "not in one piece"


@dataclass(frozen=True, slots=True)
class Quote:
    """A quote other than a paper's title, with the kind of text it comes from; `BROKEN` if it is not in the XML."""

    file: str
    question: str
    text: str
    kind: str

    @property
    def is_right(self) -> bool:
        """Return whether the quote is in the paper in one piece, and from text that may be quoted."""
        return self.kind != BROKEN and self.kind not in FAULTS


def measure_quotes(assistant: Assistant, files: Mapping[str, Path]) -> list[Quote]:
    """Ask the general questions of each paper in `files` (by source); return the quotes of the answers."""
    return [quote for paper in assistant.papers() for quote in _quotes_of(assistant, paper.id, files)]


def _quotes_of(assistant: Assistant, paper_id: str, files: Mapping[str, Path]) -> Iterator[Quote]:
    paper = assistant.paper(paper_id)
    path = next((files[source] for source in paper.sources if source in files), None)
    if path is None:
        return
    article = _article_kinds(path.with_suffix(".xml"))
    for question in QUESTIONS:
        for citation in assistant.ask(question, papers=[paper_id]).citations:
            if key(citation.quote) != key(citation.title):
                yield Quote(path.name, question, citation.quote, _kind(citation, paper, article))


def _article_kinds(path: Path) -> ArticleKinds | None:
    try:
        return ArticleKinds(parse_xml(path.read_bytes())) if path.exists() else None
    except SourceError:
        return None


def _kind(citation: Citation, paper: Paper, article: ArticleKinds | None) -> str:
    """Return the kind of a quote: from the XML, else a fault shown by its shape, else `BROKEN`."""
    section = paper.section_at(citation.start)
    by_shape = kind_by_shape(citation.quote, section.kind if section else "body")
    if article is None:
        return by_shape
    fault = article.fault_of(citation.quote) or (by_shape if by_shape in FAULTS else BROKEN)
    return article.kind_of(citation.quote) or fault


def quote_figures(quotes: Sequence[Quote], with_xml: Container[str]) -> dict[str, float]:
    """Return how many quotes of papers with XML are in one piece, and how many quotes have each fault.

    Args:
        with_xml: The names of the files with XML next to them.
    """
    compared = [quote for quote in quotes if quote.file in with_xml]
    pieces = sum(quote.kind != BROKEN for quote in compared)
    kinds = Counter(quote.kind for quote in quotes)
    return {
        "quotes": len(quotes),
        "quotes compared": len(compared),
        "quotes in one piece": round(pieces / max(len(compared), 1), 4),
        **{f"quotes from {fault}": kinds[fault] for fault in FAULTS},
    }


def describe_quotes(quotes: Sequence[Quote]) -> list[str]:
    """Describe the wrong quotes by paper, papers with the most first."""
    wrong = [quote for quote in quotes if not quote.is_right]
    lines: list[str] = []
    for file, count in Counter(quote.file for quote in wrong).most_common():
        lines += ["", f"## {file}: {count} of {sum(quote.file == file for quote in quotes)} quotes are wrong"]
        lines += [f"{quote.kind}: {' '.join(quote.text.split())}" for quote in wrong if quote.file == file]
    return lines
